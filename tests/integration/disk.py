"""What stands in a directory's files, also while others open and close a database there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def written_in(directory: Path) -> bytes:
    """Return the bytes of all its files; SQLite takes some away when the last one closes it."""
    pieces = []
    for path in directory.iterdir():
        with suppress(FileNotFoundError):
            pieces.append(path.read_bytes())
    return b"".join(pieces)
