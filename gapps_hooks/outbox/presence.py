"""Whether the file that is open is still the one that everybody else opens, and stays so.

It must not know what is written into it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gapps_hooks.errors import StateDamaged, StateUnusable
from gapps_hooks.outbox import mending
from gapps_hooks.outbox.leases import Turnstile


class Presence:
    """One open file; made while its ``turnstile`` is entered, so that it is the one in place."""

    def __init__(self, path: Path, turnstile: Turnstile) -> None:
        self._path = path
        self._turnstile = turnstile
        self._file = _file(path)
        self._successor = mending.successor(path)

    @contextmanager
    def assured(self, patience: float) -> Iterator[None]:
        """Keep the file in its place inside; wait for so many seconds while it is being mended.

        What is written into one that was set aside would be acknowledged and lost.

        Raises:
            StateDamaged: another one is in its place.
            StateUnusable: it is still being mended.
        """
        self._turnstile.enter(patience)
        try:
            self.check()
            yield
        finally:
            self._turnstile.leave()

    def check(self) -> None:
        """Raise StateDamaged if another file is in its place, or is about to be."""
        if self._file != _file(self._path) or self._successor.exists():
            raise StateDamaged(
                f"{self._path}: another file is in its place by now; nothing was changed"
            )

    @contextmanager
    def ending(self, patience: float) -> Iterator[None]:
        """Close the file inside: the last one who does writes back its log, and nobody mends."""
        with suppress(StateUnusable):
            if not self._turnstile.closed:
                self._turnstile.enter(patience)
        try:
            yield
        finally:
            self._turnstile.close()


def _file(path: Path) -> tuple[int, int] | None:
    """Which file stands at the path; None if there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
