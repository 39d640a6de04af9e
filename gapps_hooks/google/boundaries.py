"""What Google's calls want of the world around them: a rate limit, and something that speaks HTTP.

It must not know who offers them, nor import anything heavy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, runtime_checkable

#: What a request counts as.
REQUEST: Final = ("request",)
#: Google allows ten user creations a second, apart from the number of requests ("Limits and
#: quotas" of the Directory API).
CREATION: Final = ("request", "creation")
#: One change of org units a second is allowed (the same page).
ORG_UNIT: Final = ("request", "org-unit")


#: Is told of each request that was sent: Google's name of its method, and what it came to.
Observer = Callable[[str, str], None]


def unobserved(method: str, reason: str) -> None:
    """Nobody wants to know."""


class Pace(Protocol):
    """The rate limit that all processes of an installation share."""

    def wait_turn(self, kinds: tuple[str, ...], longest: float) -> None:
        """Block until one more request of these kinds may be sent, ``longest`` seconds at most.

        Raises:
            Passing: the turn would come later; none was taken.
        """

    def slow_down(self, seconds: float, kind: str, *, about: str) -> None:
        """Let nobody send for this many seconds, and everybody more slowly for a while.

        Args:
            seconds: For how long nobody sends.
            kind: What there was too much of.
            about: The one object that was asked for too often, if it may be that one alone; "".
        """


class HttpObject(Protocol):
    """What is used of an httplib2.Http; one serves one thread. ``timeout`` is in seconds."""

    timeout: float | None

    def request(  # noqa: PLR0913, PLR0917 - httplib2's own signature
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,  # noqa: ANN401 - as httplib2 has it
        headers: Any = None,  # noqa: ANN401 - as httplib2 has it
        redirections: int = 5,
        connection_type: Any = None,  # noqa: ANN401 - as httplib2 has it
    ) -> Any:  # noqa: ANN401 - as httplib2 has it
        """Send one request; return (httplib2.Response, bytes) or raise what httplib2 raises."""

    def close(self) -> None:
        """Close its connections."""


@runtime_checkable
class Warmable(Protocol):
    """An HTTP object whose connections can be opened before they are needed."""

    def warm(self, uri: str) -> None:
        """Have an open connection for the next request to ``uri``; nothing is sent on it."""
