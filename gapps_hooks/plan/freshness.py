"""For how long Google's last answer is believed.

It must not know what was asked.
"""

from __future__ import annotations

from typing import Final

#: For this long Google's last answer is trusted without asking again.
TRUST_SECONDS: Final = 3600.0
#: For this long it is trusted that an account did not become an administrator: one that was found
#: at Google, and one that we created.
ADOPTED_SECONDS: Final = 600.0
CREATED_SECONDS: Final = 86_400.0


def is_stale(since: float, now: float, seconds: float) -> bool:
    """Whether an answer is older than that, or from a future that a clock set back left behind."""
    return not 0 <= now - since <= seconds
