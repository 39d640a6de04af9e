"""How much was acknowledged, kept beside the database, which may lose its end.

It must not know what that was. SQLite drops the end of a log that makes no sense, as after any
crash; only somebody who remembers what was acknowledged can tell that more than that is gone.

Written after each commit and never synced: what stands here is at most what is on disk, so that
a power cut, which may take this back, makes nobody believe that something is lost.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from gapps_hooks.outbox.place import LEASES

#: Behind what founding keeps in the same file.
_PLACE: Final = 2048
#: The version of the file and how many rows were numbered, and the sum of both.
_FORM: Final = struct.Struct(">IQ")
_SUM: Final = struct.Struct(">I")

#: What SQLite itself keeps of AUTOINCREMENT: the numbers outlive their rows. An event is numbered
#: when it is recorded, and a line of history when it is delivered and its link is known.
NUMBERED: Final = "SELECT sum(seq) FROM sqlite_sequence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the database has to be at least."""

    #: The version of its tables (user_version).
    version: int = 0
    #: How many rows had a number when something was acknowledged last.
    numbered: int = 0


def read(directory: Path) -> Mark:
    """What was written here last; a mark of nothing if nothing was, or not wholly."""
    with suppress(OSError, struct.error):
        descriptor = os.open(directory / LEASES, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            stored = os.pread(descriptor, _FORM.size + _SUM.size, _PLACE)
        finally:
            os.close(descriptor)
        told, sum_of_it = stored[: _FORM.size], stored[_FORM.size :]
        if _SUM.unpack(sum_of_it)[0] == zlib.crc32(told):
            version, numbered = _FORM.unpack(told)
            return Mark(version=version, numbered=numbered)
    return Mark()


def write(directory: Path, mark: Mark) -> None:
    """Write the mark; it helps to notice a damage and nothing else, so that it may fail.

    Of two that write at once the lower one may stay: that is still true.
    """
    told = _FORM.pack(mark.version, mark.numbered)
    with suppress(OSError):
        descriptor = os.open(directory / LEASES, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.pwrite(descriptor, told + _SUM.pack(zlib.crc32(told)), _PLACE)
        finally:
            os.close(descriptor)


class Numbers:
    """The numbers of one open file: how many there are, and that they were acknowledged."""

    def __init__(self, directory: Path, row: Callable[[str], sqlite3.Row | None]) -> None:
        self._directory = directory
        self._row = row
        #: What this file's owner has acknowledged last.
        self._told = 0
        #: Whether the transaction that is open gave a number to a row.
        self._noted = False

    def begin(self) -> None:
        """Say that a transaction begins."""
        self._noted = False

    def note(self) -> None:
        """Say that the transaction that is open gives a number to a row."""
        self._noted = True

    def added(self) -> int:
        """How many rows have a number now; 0 if the transaction that is open gave none.

        One that changed nothing leaves what others wrote without a sync as it was: a power cut may
        take it back, and must not take less back of the mark.
        """
        return self.count() if self._noted else 0

    def count(self) -> int:
        """How many rows have a number, with those of the transaction that is open."""
        return count_in(self._row(NUMBERED))

    def acknowledge(self, count: int) -> None:
        """Keep in mind that so many numbers are on disk."""
        if count > self._told:
            write(self._directory, replace(read(self._directory), numbered=count))
            self._told = count

    def reach(self, mark: Mark) -> bool:
        """Whether everything is here that was acknowledged.

        The mark has to be read before: whoever records meanwhile makes only the file newer.
        """
        return not mark.numbered or self.count() >= mark.numbered


def count_in(row: Sequence[Any] | None) -> int:
    """The count that was found; 0 if nothing was ever numbered."""
    return int(row[0] or 0) if row else 0
