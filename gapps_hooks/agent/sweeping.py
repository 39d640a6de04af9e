"""Keeps the state file clean in a thread of its own, so that nobody waits for it.

Delivered hashes are wiped; now and then what has been kept for too long goes, too. It must not
know where any of it was.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Final

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.outbox import State, history
from gapps_hooks.outbox.keeping import wipe_old_hashes
from gapps_hooks.outbox.state import WIPE_SECONDS

#: Seconds in which hashes that are delivered one after the other are gathered; with them and the
#: wiping itself, nothing stays for ten seconds.
PAUSE: Final = 0.5
#: Seconds between two looks for what has been kept for too long.
HOUR: Final = 3600.0


class Sweeper:
    """Empties the write-ahead log soon after it was rung; ``state`` is its own.

    ``keep`` are the seconds for which a hash may wait for its delivery; one wipe is tried for
    ``patience`` seconds, and then again.
    """

    def __init__(self, state: State, keep: float, *, patience: float = WIPE_SECONDS) -> None:
        self._state, self._keep, self._patience = state, keep, patience
        self._rung = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._sweep, name="sweeper", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it sweeps when it is rung."""
        return self._thread.is_alive()

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
        tidy_at = time.monotonic()
        while not self._closing.is_set():
            if time.monotonic() >= tidy_at:
                self._tidy()
                tidy_at = time.monotonic() + HOUR
            if not self._rung.wait(tidy_at - time.monotonic()):
                continue
            self._rung.clear()
            self._closing.wait(PAUSE)
            if not self._state.finish_wiping(self._patience):
                self._rung.set()

    def _tidy(self) -> None:
        with suppress(GappsHooksError):  # the next hour, or the next command, tries again
            wipe_old_hashes(self._state, self._keep)
            history.purge(self._state)
