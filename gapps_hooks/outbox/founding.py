"""What an installation is, kept a second time beside the database, which may be damaged or lost.

It must not know what is in the database apart from that.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from gapps_hooks.outbox.place import LEASES

#: Rows of ``meta``: without the first two, nothing at Google and nothing in the links would be
#: known again.
ROWS: Final = ("digest-key", "instance", "domain", "machine")
#: What follows in the file is the mark of acknowledged.
_LONGEST: Final = 2048


def read(directory: Path) -> Mapping[str, str] | None:
    """What was written here last; None if nothing was, or not wholly.

    It stands in the file of the leases, whose content means nothing else: a lock needs none.
    """
    with suppress(OSError, ValueError, TypeError, AttributeError):
        descriptor = os.open(directory / LEASES, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            stored = json.loads(os.read(descriptor, _LONGEST).rstrip(b"\0"))
        finally:
            os.close(descriptor)
        if all(isinstance(stored[name], str) and stored[name] for name in ROWS[:3]):
            return {name: str(stored[name]) for name in ROWS}
    return None


def write(directory: Path, rows: Mapping[str, str]) -> None:
    """Write these rows, if they are not what stands there.

    It helps a later mending and nothing else, so that it may fail.
    """
    if read(directory) == rows:
        return
    with suppress(OSError):
        descriptor = os.open(directory / LEASES, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            text = json.dumps(dict(rows)).encode()
            os.pwrite(descriptor, text.ljust(_LONGEST, b"\0"), 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
