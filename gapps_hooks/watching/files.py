"""The local files that are watched, and what changes about them when they do.

It must not know what is in them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

WATCHED: Final = frozenset({"passwd", "group", "shadow", "gshadow", "login.defs", "nsswitch.conf"})


def signature(directory: Path) -> tuple[tuple[int, ...], ...]:
    """Return numbers of which some are others when any of the files was replaced or written."""
    return tuple(_mark(directory / name) for name in sorted(WATCHED))


def _mark(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except OSError:
        return ()
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
