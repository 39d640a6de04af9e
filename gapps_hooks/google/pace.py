"""What Google's calls want of the rate limit that all processes of an installation share.

It must not know where the limit is kept, nor import anything heavy.
"""

from __future__ import annotations

from typing import Final, Protocol

#: What a request counts as.
REQUEST: Final = ("request",)
#: Google allows ten user creations a second, apart from the number of requests ("Limits and
#: quotas" of the Directory API).
CREATION: Final = ("request", "creation")


class Pace(Protocol):
    """The rate limit that all processes of an installation share."""

    def wait_turn(self, kinds: tuple[str, ...]) -> None:
        """Block until one more request of these kinds may be sent."""

    def slow_down(self, seconds: float) -> None:
        """Let nobody send anything for this many seconds."""
