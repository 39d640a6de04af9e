"""The right to deliver a subject: an operating-system lock that dies with its holder.

It must not know the database; a deadline in a table could outlive or betray its holder.
"""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from gapps_hooks.errors import StateUnusable
from gapps_hooks.outbox.place import LEASES

#: The byte that stands for the creation and migration of the file; subjects begin at 1.
GATE: Final = 0
#: The byte that stands for a reconcile of everybody, far beyond every subject.
EVERYBODY: Final = 1 << 62


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


def hold(directory: Path, subject: int) -> Lease | None:
    """Take the lease of ``subject``; None if another thread or process has it. Never waits.

    Open-file-description locks (fcntl(2)) belong to the open file, not to the process, so two
    threads exclude each other like two processes do.

    Raises:
        StateUnusable: the file with the locks cannot be opened.
    """
    path = directory / LEASES
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise StateUnusable(f"{path}: {error.strerror}; it is made when the state opens") from error
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _one_byte(subject))
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError as error:
        os.close(descriptor)
        raise StateUnusable(f"{path}: cannot be locked ({error.strerror})") from error
    return Lease(descriptor)


def _one_byte(offset: int) -> bytes:
    """Linux's ``struct flock`` for a write lock of one byte; l_pid has to be 0."""
    return struct.pack("@hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, offset, 1, 0)
