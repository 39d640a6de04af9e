"""A bell that wakes one thread, and that settles a burst of rings into one.

It must not know who rings, nor why.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Bell:
    """Rung from any thread; one thread waits."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._rung = False
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether it is over."""
        return self._closed

    def ring(self) -> None:
        """Wake who waits, or who will."""
        with self._changed:
            self._rung = True
            self._changed.notify_all()

    def close(self) -> None:
        """Wake who waits for good."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait for a ring, which is used up by that; False if there was none in this time."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung or self._closed, max(0.0, seconds))
            rung, self._rung = self._rung, False
            return rung

    def settle(self, quiet: float, longest: float) -> None:
        """Wait until nobody has rung for ``quiet`` seconds, but no longer than ``longest``."""
        end = self._monotonic() + longest
        while not self._closed and (left := end - self._monotonic()) > 0:
            if not self.wait(min(quiet, left)):
                return
