"""Performs a Google request: waits its turn, sends it, says what became of it, tries again.

It must not know what the requests mean, nor the outbox behind the rate limit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, cast

from google_auth_httplib2 import AuthorizedHttp, Request  # type: ignore[import-untyped] # it has no types
from googleapiclient.errors import HttpError
from googleapiclient.http import HttpRequest
from tenacity import RetryCallState, Retrying, retry_if_exception

from gapps_hooks.errors import GoogleFault, NotYet, OutOfTime, Passing, Throttled
from gapps_hooks.google.boundaries import REQUEST, HttpObject, Observer, Pace, Warmable, unobserved
from gapps_hooks.google.sign_in import SignIn
from gapps_hooks.google.token_verdicts import SignInBusy
from gapps_hooks.google.transport import verdict_of
from gapps_hooks.google.verdicts import parse, verdict

#: Below this rest of the budget an attempt is not worth making (seconds).
SHORTEST_ATTEMPT: Final = 0.05
#: Google's advice after a quota answer: 1, 2, 4 … seconds and up to one more.
SLOW_START: Final = 1.0
QUICK_START: Final = 0.25
LONGEST_PAUSE: Final = 16.0
#: The reason of a refusal that is not about requests in general.
_OF_ONE_OPERATION: Final = "quotaExceeded"
#: What the library accepts for a method that answers nothing, such as a deletion.
_ANYTHING: Final = "*/*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Sends requests; one for all threads, with an HTTP object for each.

    ``budget`` is the seconds that a call may take with all its tries, counted from its first
    turn at the rate limit.
    """

    pace: Pace
    http_factory: Callable[[], HttpObject]
    budget: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    observe: Observer = unobserved
    threads: threading.local = field(default_factory=threading.local, repr=False)

    def perform(
        self,
        request: HttpRequest,
        sign_in: SignIn,
        *,
        kinds: tuple[str, ...] = REQUEST,
        secrets: Collection[str] = (),
        until: float = float("inf"),
    ) -> dict[str, Any]:
        """Send ``request`` and return its parsed answer.

        Args:
            request: One of googleapiclient's requests.
            sign_in: Whose access token it carries.
            kinds: What it counts as at the rate limit.
            secrets: Values of its body that must never appear in an error.
            until: The reading of ``clock`` at which the call must be over.

        Raises:
            GoogleFault: What it came to, other than done. ``tried_before`` says that an earlier
                try may have taken effect: AlreadyExists after an insert, or NotFound after a
                delete, can be our own doing.
        """
        doubtful: list[BaseException | None] = []
        self._wait_turn(kinds, until)
        deadline = min(self.clock() + self.budget, until)
        retrying = Retrying(
            retry=retry_if_exception(worth_another_try),
            wait=lambda state: pause(state.attempt_number, _fault(state), self.random()),
            stop=lambda state: self.clock() + state.upcoming_sleep >= deadline,
            sleep=lambda seconds: self._rest(seconds, kinds, deadline),
            before_sleep=lambda state: doubtful.append(_fault(state)),
            reraise=True,
        )
        try:
            return retrying(self._attempt, request, sign_in, deadline, secrets, kinds)
        except GoogleFault as fault:
            fault.tried_before = any(map(_may_have_worked, doubtful))
            raise

    def keep_fresh(self, sign_in: SignIn, ahead: float) -> None:
        """Renew a token that is not good for ``ahead`` seconds more; raises Outage."""
        connection = self._connection()
        connection.timeout = self.budget
        sign_in.keep_fresh(Request(connection), ahead)

    def keep_warm(self, uri: str) -> None:
        """Have an open connection of this thread for the next request to ``uri``; costs no quota.

        Raises what the HTTP object raises.
        """
        connection = self._connection()
        connection.timeout = self.budget
        if isinstance(connection, Warmable):
            connection.warm(uri)

    def _rest(self, seconds: float, kinds: tuple[str, ...], deadline: float) -> None:
        self.sleep(seconds)
        self._wait_turn(kinds, deadline)

    def _wait_turn(self, kinds: tuple[str, ...], until: float) -> None:
        left = until - self.clock()
        if left < SHORTEST_ATTEMPT:
            raise OutOfTime("There was no time left to ask Google; it is tried again.")
        self.pace.wait_turn(kinds, left)

    def _attempt(
        self,
        request: HttpRequest,
        sign_in: SignIn,
        deadline: float,
        secrets: Collection[str],
        kinds: tuple[str, ...],
    ) -> dict[str, Any]:
        left = deadline - self.clock()
        if left < SHORTEST_ATTEMPT:
            raise OutOfTime("There was no time left to ask Google; it is tried again.")
        connection = self._connection()
        connection.timeout = left
        signed = AuthorizedHttp(sign_in, http=connection, max_refresh_attempts=1)
        answer = _exchange(request, signed, secrets)
        self.observe(str(request.methodId), _reason(answer))
        if isinstance(answer, Throttled):
            seconds, kind = answer.retry_after or SLOW_START, too_much_of(kinds, answer)
            self.pace.slow_down(seconds, kind, about=object_of(request, answer))
        if isinstance(answer, GoogleFault):
            raise answer
        return answer

    def _connection(self) -> HttpObject:
        # httplib2 is not safe for threads.
        if not hasattr(self.threads, "connection"):
            self.threads.connection = self.http_factory()
        return cast("HttpObject", self.threads.connection)


def pause(attempt: int, fault: BaseException | None, random: float) -> float:
    """Seconds to rest before trying again: exponential with jitter, or what Google asks for.

    Args:
        attempt: How many times it was tried, from 1.
        fault: What the last try came to.
        random: A number in [0, 1).
    """
    slow = isinstance(fault, Throttled | NotYet | SignInBusy)
    start = SLOW_START if slow else QUICK_START
    waited: float = min(start * 2 ** (attempt - 1), LONGEST_PAUSE) + start * random
    asked = fault.retry_after if isinstance(fault, GoogleFault) else None
    return max(waited, asked or 0.0)


def too_much_of(kinds: tuple[str, ...], fault: Throttled) -> str:
    """Which of the kinds that a request counts as Google has had too much of.

    ``quotaExceeded`` is about the one operation, such as the creation of users; the reasons that
    name a rate limit are about all requests ("Limits and quotas" of the Directory API).
    """
    return kinds[-1] if fault.reason == _OF_ONE_OPERATION else kinds[0]


def object_of(request: HttpRequest, fault: Throttled) -> str:
    """Name what was asked for too often, where it may have been that one object alone; else "".

    403 is about the installation's own quota. 429 may be about one account that many change.
    """
    everybody = str(request.methodId).endswith((".insert", ".list"))
    if fault.status != HTTPStatus.TOO_MANY_REQUESTS or everybody:
        return ""
    return str(request.uri).partition("?")[0]


def worth_another_try(fault: BaseException) -> bool:
    """Whether the very same request may do better in seconds (a lost page token will not)."""
    return isinstance(fault, SignInBusy) or (
        isinstance(fault, Passing) and fault.status != HTTPStatus.BAD_REQUEST
    )


def _reason(answer: dict[str, Any] | GoogleFault) -> str:
    """What an answer came to, in one of few words: Google's own, else its status, else ours."""
    if not isinstance(answer, GoogleFault):
        return "ok"
    return answer.reason or str(answer.status or type(answer).__name__)


def _may_have_worked(fault: BaseException | None) -> bool:
    return isinstance(fault, Passing) and not isinstance(fault, Throttled | NotYet | OutOfTime)


def _fault(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _exchange(
    request: HttpRequest, signed: AuthorizedHttp, secrets: Collection[str]
) -> dict[str, Any] | GoogleFault:
    """Return the answer or the fault; raised here, the fault would drag the body along."""
    try:
        answer: Any = request.execute(http=signed, num_retries=0)
    except HttpError as error:
        return verdict(parse(error.status_code, error.content, error.resp), secrets=secrets)
    except Exception as error:
        fault = verdict_of(error)
        if fault is None:
            raise
        return fault
    if (request.headers or {}).get("accept") == _ANYTHING:
        return {}
    if not isinstance(answer, dict):
        # The library hands a body that is no JSON on as text.
        return Passing("Google's answer broke off; what was asked may have been done.")
    return answer
