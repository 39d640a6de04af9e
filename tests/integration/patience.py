"""Waiting for what others do, as long as a busy machine needs; it must not know what that is."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(holds: Callable[[], object], within: float = 30.0) -> bool:
    """Whether it becomes true within so many seconds."""
    end = time.monotonic() + within
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
