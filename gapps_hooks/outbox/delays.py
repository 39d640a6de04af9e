"""How long an entry waits before it is tried again: seconds at first, an hour at last.

It must not know entries, clocks or a source of randomness.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

#: Seconds; also tells a time that is really far off from one that a clock set back left behind.
LONGEST_DELAY: Final = 3600.0

_FIRST_DELAY: Final = 2.0
_MOST_DOUBLINGS: Final = 16


def next_delay(attempts: int, random: Callable[[], float]) -> float:
    """Seconds until the next try after ``attempts`` earlier ones.

    It doubles each time up to an hour; ``random`` (0 ≤ value < 1) takes away up to half of it,
    so that entries that failed together do not come back together.
    """
    full = min(LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(attempts, _MOST_DOUBLINGS))
    return full * (1.0 - 0.5 * random())
