"""The right to deliver a subject: an operating-system lock that dies with its holder.

It must not know the database; a deadline in a table could outlive or betray its holder.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from gapps_hooks.errors import StateUnusable
from gapps_hooks.outbox.place import LEASES

#: The byte that stands for the creation and migration of the file; subjects begin at 1.
GATE: Final = 0
#: The byte that stands for the one resident agent; no subject's number gets so far.
AGENT: Final = 1 << 62
#: The byte that stands for the file itself: whoever writes shares it, whoever mends holds it alone.
WRITERS: Final = AGENT + 1
#: The byte that stands for a reconcile of everybody.
EVERYBODY: Final = AGENT + 2

_POLL_SECONDS: Final = 0.01


class Lease:
    """A held lease; leaving its ``with`` block, or the process's death, gives it back."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.give_back()

    def give_back(self) -> None:
        """Let others have it; doing so twice does no harm."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class Turnstile:
    """Lets many write into the file while nobody puts another one in its place.

    One serves one thread at a time.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / LEASES
        self._descriptor = _open(self._path)

    @property
    def closed(self) -> bool:
        """Whether everything was given back."""
        return self._descriptor < 0

    def enter(self, patience: float) -> None:
        """Share the file, as soon as nobody mends it any more; wait for so many seconds.

        Raises:
            StateUnusable: it is still being mended.
        """
        shared = _one_byte(WRITERS, fcntl.F_RDLCK)
        if not wait_until(lambda: _lock(self._path, self._descriptor, shared), patience):
            raise StateUnusable(f"{self._path.parent}: is being mended; try again when it is done")

    def leave(self) -> None:
        """Share it no more."""
        fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, _one_byte(WRITERS, fcntl.F_UNLCK))

    def close(self) -> None:
        """Give everything back; doing so twice does no harm."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def wait_until(done: Callable[[], bool], patience: float) -> bool:
    """Ask again and again for so many seconds; False if the answer never was yes."""
    deadline = time.monotonic() + patience
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def hold(directory: Path, subject: int) -> Lease | None:
    """Take the lease of ``subject``; None if another thread or process has it. Never waits.

    Open-file-description locks (fcntl(2)) belong to the open file, not to the process, so two
    threads exclude each other like two processes do.

    Raises:
        StateUnusable: the file with the locks cannot be opened.
    """
    path = directory / LEASES
    descriptor = _open(path)
    try:
        if _lock(path, descriptor, _one_byte(subject)):
            return Lease(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def is_held(directory: Path, subject: int) -> bool:
    """Whether anybody holds the lease of ``subject``; looking takes it from nobody.

    Raises:
        StateUnusable: the file with the locks cannot be opened.
    """
    descriptor = _open(directory / LEASES)
    try:
        found = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _one_byte(subject))
    finally:
        os.close(descriptor)
    kind: int = struct.unpack_from("@h", found)[0]
    return kind != fcntl.F_UNLCK


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise StateUnusable(f"{path}: {error.strerror}; it is made when the state opens") from error


def _lock(path: Path, descriptor: int, what: bytes) -> bool:
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, what)
    except BlockingIOError:
        return False
    except OSError as error:
        raise StateUnusable(f"{path}: cannot be locked ({error.strerror})") from error
    return True


def _one_byte(offset: int, how: int = fcntl.F_WRLCK) -> bytes:
    """Linux's ``struct flock`` for a lock of one byte; l_pid has to be 0."""
    return struct.pack("@hhqqi0q", how, os.SEEK_SET, offset, 1, 0)
