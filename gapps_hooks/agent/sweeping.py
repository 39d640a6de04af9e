"""Wipes delivered hashes from the state file in a thread of its own, so that nobody waits for it.

It must not know where the hashes were.
"""

from __future__ import annotations

import threading
from typing import Final

from gapps_hooks.outbox import State
from gapps_hooks.outbox.state import WIPE_SECONDS

#: Seconds in which hashes that are delivered one after the other are gathered; with them and the
#: wiping itself, nothing stays for ten seconds.
PAUSE: Final = 0.5


class Sweeper:
    """Empties the write-ahead log soon after it was rung; ``state`` is its own."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._rung = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._sweep, name="sweeper", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        """Ask for a sweep."""
        self._rung.set()

    def close(self) -> None:
        """Sweep what is left, and end."""
        self._closing.set()
        self._rung.set()
        self._thread.join()
        self._state.finish_wiping()

    def _sweep(self) -> None:
        while not self._closing.is_set():
            self._rung.wait()
            self._rung.clear()
            self._closing.wait(PAUSE)
            if not self._state.finish_wiping(WIPE_SECONDS):
                self._rung.set()
