"""Judge whether others could have written, or can read, a file that we are told to believe.

It must not know what is in the file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_regular(path: Path, longest: int) -> tuple[bytes, os.stat_result]:
    """Read a whole regular file; what is returned is of the same opened file.

    Raises:
        OSError: it cannot be read, is no regular file, or is longer than ``longest`` bytes.
    """
    # not blocking: opening a pipe would otherwise wait for a writer
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - it is open already
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "it is not a regular file")
        raw = file.read(longest + 1)
    if len(raw) > longest:
        raise OSError(0, f"it is longer than {longest} bytes")
    return raw, status


def distrust(status: os.stat_result, owners: frozenset[int], *, private: bool) -> str | None:
    """Say why a file is not to be believed, with the remedy; None if it may be.

    Args:
        status: of the opened file.
        owners: the user ids that may own it.
        private: whether others may not even read it.
    """
    if status.st_uid not in owners:
        return f"belongs to user {status.st_uid}; make root its owner (chown root)"
    if private and status.st_mode & _OTHERS:
        return "may be read or written by others; keep it private (chmod 600)"
    # in a sticky directory, such as /tmp, nobody can replace what belongs to another
    sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    if status.st_mode & _OTHERS_WRITE and not sticky:
        return "may be written by others; take that away (chmod go-w)"
    return None


def distrusted_parents(path: Path, owners: frozenset[int]) -> Iterator[tuple[Path, str]]:
    """Name each directory above a path, or above what it points to, that others may write."""
    places = (path.absolute(), path.resolve())
    for parent in dict.fromkeys(parent for place in places for parent in place.parents):
        reason = distrust(parent.stat(), owners, private=False)
        if reason:
            yield parent, reason
