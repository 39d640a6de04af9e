"""How far the events were acknowledged, kept beside the database, which may lose its end.

It must not know what an event is. SQLite drops the end of a log that makes no sense, as after any
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
#: The version of the file and the last event's number, and the sum of both.
_FORM: Final = struct.Struct(">IQ")
_SUM: Final = struct.Struct(">I")

#: What SQLite itself keeps of AUTOINCREMENT: the number outlives its row.
LAST_EVENT: Final = "SELECT seq FROM sqlite_sequence WHERE name = 'events'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the database has to be at least."""

    #: The version of its tables (user_version).
    version: int = 0
    #: The highest sequence number of an event that was acknowledged.
    event: int = 0


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
            version, event = _FORM.unpack(told)
            return Mark(version=version, event=event)
    return Mark()


def write(directory: Path, mark: Mark) -> None:
    """Write the mark; it helps to notice a damage and nothing else, so that it may fail.

    Of two that write at once the lower one may stay: that is still true.
    """
    told = _FORM.pack(mark.version, mark.event)
    with suppress(OSError):
        descriptor = os.open(directory / LEASES, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.pwrite(descriptor, told + _SUM.pack(zlib.crc32(told)), _PLACE)
        finally:
            os.close(descriptor)


class Events:
    """The events of one open file: which is the last one, and that it was acknowledged."""

    def __init__(self, directory: Path, row: Callable[[str], sqlite3.Row | None]) -> None:
        self._directory = directory
        self._row = row
        self._noted = False

    def note(self) -> None:
        """Say that the transaction that is open records an event."""
        self._noted = True

    def last(self) -> int:
        """The last number of the transaction that is open; 0 if it records no event."""
        noted, self._noted = self._noted, False
        return number_of(self._row(LAST_EVENT)) if noted else 0

    def acknowledge(self, event: int) -> None:
        """Keep in mind that all events up to this one are on disk; 0: there is none."""
        if event:
            write(self._directory, replace(read(self._directory), event=event))

    def reach(self, mark: Mark) -> bool:
        """Whether all events are here that were acknowledged.

        The mark has to be read before: whoever records meanwhile makes only the file newer.
        """
        return not mark.event or number_of(self._row(LAST_EVENT)) >= mark.event


def number_of(row: Sequence[Any] | None) -> int:
    """The number that was found; 0 if no event was ever recorded."""
    return int(row[0]) if row else 0
