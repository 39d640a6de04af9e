"""Specifies how one request is sent, judged, repeated and given up; HTTP is a script."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable, MutableMapping
from typing import Any, cast

import httplib2
import pytest
from googleapiclient.http import HttpRequest
from googleapiclient.model import JsonModel
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.errors import (
    AlreadyExists,
    GoogleFault,
    NotFound,
    NotYet,
    Outage,
    Passing,
    Refused,
    SignInRefused,
    Throttled,
    Unreachable,
)
from gapps_hooks.google.boundaries import HttpObject
from gapps_hooks.google.calls import Caller, object_of, pause, worth_another_try
from gapps_hooks.google.sign_in import SignIn
from gapps_hooks.google.token_verdicts import SignInBusy

Step = Exception | tuple[int, bytes] | tuple[int, bytes, dict[str, str]]


class Clock:
    """Time that passes only while somebody sleeps or waits for an answer."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class ScriptedHttp:
    """Answers requests from a script; each answer takes some time of the clock."""

    def __init__(self, clock: Clock, steps: list[Step], takes: float = 0.0) -> None:
        self.timeout = 0.0
        self.timeouts: list[float] = []
        self.tokens: list[str] = []
        self._clock = clock
        self._steps = steps
        self._takes = takes

    def request(
        self, _uri: str, *_rest: object, headers: dict[str, str], **_more: object
    ) -> tuple[httplib2.Response[str], bytes]:
        self.timeouts.append(self.timeout)
        self.tokens.append(headers["authorization"])
        self._clock.now += self._takes
        step = self._steps.pop(0)
        if isinstance(step, Exception):
            raise step
        status, content, *more = step
        return httplib2.Response({"status": str(status), **(more[0] if more else {})}), content


class SignedIn:
    """A sign-in that always has a token, and a new one after each refresh."""

    def __init__(self) -> None:
        self.serial = 0

    def before_request(
        self, _request: object, _method: str, _url: str, headers: MutableMapping[str, str]
    ) -> None:
        headers["authorization"] = f"token {self.serial}"

    def refresh(self, _request: object) -> None:
        self.serial += 1


class RecordedPace:
    """A rate limit that notes who asked, and lets everybody pass."""

    def __init__(self) -> None:
        self.turns: list[tuple[str, ...]] = []
        self.slowed: list[float] = []
        self.causes: list[tuple[str, str]] = []

    def wait_turn(self, kinds: tuple[str, ...], longest: float) -> None:  # noqa: ARG002 - the protocol's
        self.turns.append(kinds)

    def slow_down(self, seconds: float, kind: str, *, about: str) -> None:
        self.slowed.append(seconds)
        self.causes.append((kind, about))


class Line:
    """A caller on a scripted line."""

    def __init__(self, *steps: Step, takes: float = 0.0, budget: float = 10.0) -> None:
        self.clock = Clock()
        self.http = ScriptedHttp(self.clock, list(steps), takes)
        self.pace = RecordedPace()
        self.caller = Caller(
            pace=self.pace,
            http_factory=lambda: cast("HttpObject", self.http),
            budget=budget,
            clock=self.clock,
            sleep=self.clock.sleep,
            random=lambda: 0.5,
        )

    def perform(
        self,
        kinds: tuple[str, ...] = ("request",),
        secrets: tuple[str, ...] = (),
        until: float = float("inf"),
    ) -> dict[str, Any]:
        request = HttpRequest(
            cast("httplib2.Http", None),
            JsonModel().response,
            "http://127.0.0.1/x",
            method="POST",
            body="{}",
            methodId="directory.users.insert",
        )
        return self.caller.perform(
            request, cast("SignIn", SignedIn()), kinds=kinds, secrets=secrets, until=until
        )

    def fault(self, secrets: tuple[str, ...] = (), until: float = float("inf")) -> GoogleFault:
        with pytest.raises(GoogleFault) as caught:
            self.perform(secrets=secrets, until=until)
        return caught.value


def error(status: int, reason: str, message: str = "") -> tuple[int, bytes]:
    entry = {"message": message, "domain": "global", "reason": reason}
    body = {"error": {"code": status, "message": message, "errors": [entry]}}
    return status, json.dumps(body).encode()


DONE: Step = (200, b'{"id": "1"}')
QUOTA = error(403, "quotaExceeded", "Request rate higher than configured.")


def test_an_answer_is_returned_and_the_request_waited_its_turn_once() -> None:
    line = Line(DONE)

    assert line.perform() == {"id": "1"}
    assert line.pace.turns == [("request",)]


def test_a_creation_waits_for_both_of_its_turns() -> None:
    line = Line(QUOTA, DONE)
    line.perform(kinds=("request", "creation"))

    assert line.pace.turns == [("request", "creation")] * 2


@pytest.mark.parametrize(
    "step",
    [
        error(500, "backendError"),
        (502, b"<html>Bad Gateway</html>"),
        error(503, "backendError"),
        error(409, "conflict", "Conflicting requests. Please try again"),
        error(412, "conditionNotMet", "User creation is not complete."),
        QUOTA,
        (403, b"Request rate higher than configured"),
        error(429, "rateLimitExceeded"),
        ConnectionResetError(104, "Connection reset by peer"),
        http.client.IncompleteRead(b"{"),
        BrokenPipeError(),
        ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
        TimeoutError("timed out"),
        (200, b'{"id": "1", "prim'),
        (200, b""),
        (200, b"[]"),
        SignInBusy("the token endpoint answered 503"),
    ],
    ids=repr,
)
def test_a_passing_fault_is_tried_again_within_the_call(step: Step) -> None:
    line = Line(step, DONE)

    assert line.perform() == {"id": "1"}
    assert len(line.clock.slept) == 1


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (error(403, "forbidden"), Refused),
        (error(400, "invalid", "Invalid Password"), Refused),
        (error(400, "invalid", "Invalid Input: pageToken"), Passing),
        (error(404, "notFound"), NotFound),
        (error(409, "duplicate", "Entity already exists."), AlreadyExists),
        (error(403, "accessNotConfigured"), SignInRefused),
        (ConnectionRefusedError(111, "Connection refused"), Unreachable),
        (socket.gaierror(-2, "Name or service not known"), Unreachable),
        (httplib2.ServerNotFoundError("Unable to find the server"), Unreachable),
        (OSError(113, "No route to host"), Unreachable),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), Unreachable),
    ],
    ids=repr,
)
def test_anything_else_is_reported_at_once(step: Step, expected: type[GoogleFault]) -> None:
    line = Line(step)

    assert type(line.fault()) is expected
    assert line.clock.slept == []


def test_an_exception_that_is_no_fault_of_google_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        Line(ZeroDivisionError()).perform()


def test_a_token_that_is_not_accepted_is_replaced_once() -> None:
    line = Line(error(401, "authError"), DONE)

    assert line.perform() == {"id": "1"}
    assert line.http.tokens == ["token 0", "token 1"]


def test_a_second_token_that_is_not_accepted_ends_it() -> None:
    line = Line(error(401, "authError"), error(401, "authError"))

    assert type(line.fault()) is SignInRefused
    assert line.http.tokens == ["token 0", "token 1"]


def test_the_rests_grow_and_the_call_ends_within_its_budget() -> None:
    line = Line(*[error(503, "backendError")] * 99)
    started = line.clock.now
    fault = line.fault()

    assert type(fault) is Passing
    assert line.clock.slept == sorted(line.clock.slept)
    assert 5.0 < line.clock.now - started <= 10.0


def test_each_try_has_only_what_is_left_of_the_budget() -> None:
    line = Line(TimeoutError(), DONE, takes=4.0)
    line.perform()

    assert line.http.timeouts[0] == 10.0
    assert line.http.timeouts[1] == pytest.approx(10.0 - 4.0 - line.clock.slept[0])


def test_a_hang_that_used_the_budget_up_is_not_tried_again() -> None:
    line = Line(TimeoutError(), takes=10.0)

    assert type(line.fault()) is Passing
    assert len(line.http.timeouts) == 1


def test_a_call_ends_when_its_caller_must_be_done() -> None:
    line = Line(*[error(503, "backendError")] * 99)
    line.fault(until=line.clock.now + 2.0)

    assert line.clock.now - 1000.0 <= 2.0
    assert line.http.timeouts[0] == 2.0


def test_nothing_is_sent_when_the_time_is_over_already() -> None:
    line = Line()

    assert "no time left" in str(line.fault(until=line.clock.now))
    assert line.http.timeouts == []


def test_the_budget_starts_when_the_turn_has_come() -> None:
    line = Line(DONE)

    class SlowPace(RecordedPace):
        def wait_turn(self, kinds: tuple[str, ...], longest: float) -> None:
            super().wait_turn(kinds, longest)
            line.clock.now += 60.0

    slow = Caller(
        pace=SlowPace(),
        http_factory=line.caller.http_factory,
        budget=10.0,
        clock=line.clock,
        sleep=line.clock.sleep,
        random=lambda: 0.0,
    )
    line.caller = slow

    assert line.perform() == {"id": "1"}


def test_too_fast_slows_everybody_down() -> None:
    line = Line(QUOTA, DONE)
    line.perform()

    assert line.pace.slowed == [1.0]


@pytest.mark.parametrize(
    ("step", "kinds", "kind"),
    [
        (QUOTA, ("request", "creation"), "creation"),
        (QUOTA, ("request",), "request"),
        (error(403, "rateLimitExceeded"), ("request", "creation"), "request"),
        (error(403, "userRateLimitExceeded"), ("request", "creation"), "request"),
        (error(429, "rateLimitExceeded"), ("request", "creation"), "request"),
    ],
)
def test_what_there_was_too_much_of_is_told(step: Step, kinds: tuple[str, ...], kind: str) -> None:
    line = Line(step, DONE)
    line.perform(kinds=kinds)

    assert line.pace.causes == [(kind, "")]


@pytest.mark.parametrize(
    ("method_id", "status", "about"),
    [
        ("directory.users.patch", 429, "http://127.0.0.1/users/7"),
        ("directory.users.patch", 403, ""),
        ("directory.users.insert", 429, ""),
        ("directory.users.list", 429, ""),
    ],
)
def test_a_429_may_be_about_one_object_that_many_change(
    method_id: str, status: int, about: str
) -> None:
    request = HttpRequest(
        cast("httplib2.Http", None),
        JsonModel().response,
        "http://127.0.0.1/users/7?alt=json",
        methodId=method_id,
    )

    assert object_of(request, Throttled("", status=status)) == about


def test_retry_after_is_honoured_by_everybody() -> None:
    line = Line((429, b"", {"retry-after": "4"}), DONE)
    line.perform()

    assert line.pace.slowed == [4.0]
    assert line.clock.slept == [4.0]


def test_a_retry_after_beyond_the_budget_is_handed_on_instead_of_waited_for() -> None:
    line = Line((429, b"", {"retry-after": "60"}))
    fault = line.fault()

    assert type(fault) is Throttled
    assert fault.retry_after == 60.0
    assert line.clock.slept == []


def test_a_secret_that_google_echoes_is_in_no_part_of_the_error() -> None:
    secret = "abJnggxhB/yWI"
    line = Line(error(400, "invalid", f"Invalid Input: {secret}"))
    fault: BaseException | None = line.fault(secrets=(secret,))

    while fault is not None:
        assert secret not in f"{fault!s}{fault!r}{vars(fault)}"
        fault = fault.__cause__ or fault.__context__


def test_every_thread_has_an_http_object_of_its_own(
    in_threads: Callable[[Callable[[], None], int], None],
) -> None:
    made: list[ScriptedHttp] = []
    line = Line()

    def factory() -> HttpObject:
        made.append(ScriptedHttp(line.clock, [DONE, DONE]))
        return cast("HttpObject", made[-1])

    line.caller = Caller(
        pace=line.pace,
        http_factory=factory,
        budget=10.0,
        clock=line.clock,
        sleep=line.clock.sleep,
        random=lambda: 0.0,
    )

    def twice() -> None:
        line.perform()
        line.perform()

    in_threads(twice, 3)

    assert [len(http.timeouts) for http in made] == [2, 2, 2]


@pytest.fixture
def in_threads() -> Callable[[Callable[[], None], int], None]:
    from threading import Thread  # noqa: PLC0415 - used by this fixture only

    def run(task: Callable[[], None], count: int) -> None:
        threads = [Thread(target=task) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return run


@given(
    attempt=st.integers(min_value=1, max_value=60),
    random=st.floats(min_value=0.0, max_value=1.0, exclude_max=True),
    asked=st.none() | st.floats(min_value=0.0, max_value=1000.0),
)
def test_a_rest_is_never_shorter_than_google_asks_nor_without_bound(
    attempt: int, random: float, asked: float | None
) -> None:
    rest = pause(attempt, Throttled("", retry_after=asked), random)

    assert rest >= (asked or 0.0)
    assert rest <= max(17.0, asked or 0.0)


def test_too_fast_and_not_yet_rest_longer_than_a_broken_connection() -> None:
    assert pause(1, Throttled(""), 0.0) == pause(1, NotYet(""), 0.0) == 1.0
    assert pause(1, Passing(""), 0.0) == 0.25


def test_an_outage_is_the_breakers_business_not_this_calls() -> None:
    assert not worth_another_try(Outage(""))
    assert not worth_another_try(SignInRefused(""))
    assert worth_another_try(SignInBusy(""))
