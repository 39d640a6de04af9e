"""Scripted faults reach Google's own client through both doors."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httplib2
import pytest
from emulator_client import Door, body, in_process, refusal
from googleapiclient.errors import HttpError

from gapps_hooks.emulator import Emulator, RunningServer, ServiceAccountKey, new_key, serve
from gapps_hooks.emulator.faults import KINDS

JSON_FAULTS = {
    "401": (401, "authError"),
    "403": (403, "forbidden"),
    "403 quota": (403, "quotaExceeded"),
    "403 rate": (403, "rateLimitExceeded"),
    "403 user rate": (403, "userRateLimitExceeded"),
    "404": (404, "notFound"),
    "409 conflict": (409, "conflict"),
    "409 renamed": (409, "duplicate"),
    "412 creation": (412, "conditionNotMet"),
    "429": (429, "rateLimitExceeded"),
    "500": (500, "backendError"),
    "500 internal": (500, "internalError"),
    "503": (503, "backendError"),
    "503 unavailable": (503, "backendError"),
}
TEXT_FAULTS = {
    "403 text": (403, "text/plain", "Request rate higher than configured"),
    "429 text": (429, "text/plain", "Quota exceeded for quota metric 'Queries'"),
    "500 empty": (500, "application/json", ""),
    "502": (502, "text/html", "<!DOCTYPE html>"),
    "503 text": (503, "text/plain", "Quota exceeded for the current request"),
    "504": (504, "text/html", "<html>"),
}
WIRE_FAULTS = {"reset", "lost answer", "closed", "hang", "truncated"}
LIST_FAULTS = {"stale list", "short page", "repeated token", "expired token"}


@pytest.fixture(scope="module")
def key() -> ServiceAccountKey:
    return new_key("4" * 40)


@pytest.fixture(scope="module")
def server(key: ServiceAccountKey) -> Iterator[RunningServer]:
    with serve(Emulator(account_key=key, sleep=lambda _: None)) as it:
        yield it


@pytest.fixture(params=["in-process", "over HTTP"])
def door(request: pytest.FixtureRequest, server: RunningServer) -> Iterator[Door]:
    server.emulator.reset()
    http = httplib2.Http(timeout=0.2)
    in_process = request.param == "in-process"
    yield Door(
        server.emulator,
        (lambda: server.emulator.transport(timeout=0.2)) if in_process else (lambda: http),
        None if in_process else server.url,
    )
    http.close()


def insert(door: Door) -> Any:  # noqa: ANN401 - a request made at run time
    return door.directory().users().insert(body=body("alice"))


def exists(door: Door) -> bool:
    return any(
        user["primaryEmail"] == "alice@example.org" for user in door.emulator.state()["users"]
    )


def test_every_kind_of_fault_is_tested_here() -> None:
    assert {*JSON_FAULTS, *TEXT_FAULTS, *WIRE_FAULTS, *LIST_FAULTS} == KINDS


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fails", JSON_FAULTS)
def test_an_error_comes_before_or_after_the_write_took_effect(
    door: Door, fails: str, when: str
) -> None:
    # The client signs in anew after a 401, twice at most.
    times = 3 if fails == "401" else 1
    door.emulator.faults.script(
        [{"fails": fails, "call": "users.insert", "when": when, "times": times}]
    )
    assert refusal(insert(door))[:2] == JSON_FAULTS[fails]
    assert exists(door) is (when == "after")
    assert list(door.emulator.requests)[-1].fault == fails


@pytest.mark.parametrize("fails", TEXT_FAULTS)
def test_an_error_may_be_no_json(door: Door, fails: str) -> None:
    door.emulator.faults.script([{"fails": fails, "call": "users.insert"}])
    status, content_type, text = TEXT_FAULTS[fails]
    with pytest.raises(HttpError) as caught:
        insert(door).execute()
    assert caught.value.status_code == status
    assert caught.value.resp["content-type"].startswith(content_type)
    assert caught.value.content.decode().startswith(text)
    assert not exists(door)


@pytest.mark.parametrize(
    ("fails", "when", "written"),
    [("reset", "before", False), ("reset", "after", True), ("lost answer", "before", True)],
)
def test_a_connection_may_break(door: Door, fails: str, when: str, *, written: bool) -> None:
    door.emulator.faults.script([{"fails": fails, "call": "users.insert", "when": when}])
    with pytest.raises(ConnectionResetError):
        insert(door).execute()
    assert exists(door) is written
    assert list(door.emulator.requests)[-1].status == 0
    users = door.directory().users()
    assert users.get(userKey="admin@example.org").execute()


def test_httplib2_sends_again_what_was_closed_without_an_answer(door: Door) -> None:
    door.emulator.faults.script([{"fails": "closed", "call": "users.insert", "when": "after"}])
    assert refusal(insert(door))[1] == "duplicate"
    assert door.emulator.requests.counts()["users.insert"] == 2


def test_a_connection_closed_twice_is_an_error(door: Door) -> None:
    door.emulator.faults.script([{"fails": "closed", "call": "users.insert", "times": 2}])
    with pytest.raises(http.client.RemoteDisconnected):
        insert(door).execute()
    assert not exists(door)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_client_that_is_kept_waiting_gives_up(door: Door, when: str) -> None:
    request = door.directory().users().insert(body=body("alice"))
    door.directory().users().get(userKey="admin@example.org").execute()
    door.emulator.faults.script(
        [{"fails": "hang", "call": "users.insert", "seconds": 30.0, "when": when}]
    )
    with pytest.raises(TimeoutError):
        request.execute()
    assert exists(door) is (when == "after")


def test_a_short_wait_is_waited_out(door: Door) -> None:
    door.emulator.faults.script([{"fails": "hang", "call": "users.insert", "seconds": 0.01}])
    assert insert(door).execute()["primaryEmail"] == "alice@example.org"


@pytest.fixture
def forgetful(key: ServiceAccountKey) -> Door:
    """An emulator that begins anew, and lets in again who was in, while it keeps one waiting."""

    def begin_anew(_: float) -> None:
        emulator.reset()
        sign_in(door)

    emulator = Emulator(account_key=key, sleep=begin_anew)
    door = in_process(emulator)
    return door


def sign_in(door: Door) -> Any:  # noqa: ANN401 - a resource made at run time
    users = door.directory().users()
    users.get(userKey="admin@example.org").execute()
    return users


ONE_SIGN_IN = {"token": 1, "users.get": 1}


@pytest.mark.parametrize("keeps_waiting", ["latency", "hang"])
def test_what_was_asked_before_a_reset_is_not_done_after_it(
    forgetful: Door, keeps_waiting: str
) -> None:
    users = sign_in(forgetful)
    if keeps_waiting == "hang":
        forgetful.emulator.faults.script([{"fails": "hang", "call": "users.insert", "seconds": 1}])
    else:
        forgetful.emulator.switches.latency = 1.0

    with pytest.raises(ConnectionResetError):
        users.insert(body=body("alice")).execute()
    assert not exists(forgetful)
    assert forgetful.emulator.requests.counts() == ONE_SIGN_IN


def test_of_a_batch_nothing_is_done_after_a_reset(forgetful: Door) -> None:
    api = forgetful.directory()
    api.users().get(userKey="admin@example.org").execute()
    batch = api.new_batch_http_request()
    for name in ("bob", "alice"):
        batch.add(api.users().insert(body=body(name)))
    hang = {"fails": "hang", "call": "users.insert", "seconds": 1, "when": "after"}
    forgetful.emulator.faults.script([hang])

    with pytest.raises(ConnectionResetError):
        batch.execute()
    assert not exists(forgetful)
    assert forgetful.emulator.requests.counts() == ONE_SIGN_IN


def test_half_an_answer_is_no_json(door: Door) -> None:
    door.emulator.faults.script([{"fails": "truncated", "call": "users.insert"}])
    request = insert(door)
    request.postproc = lambda _, content: content
    with pytest.raises(json.JSONDecodeError):
        json.loads(request.execute())
    assert exists(door)


def test_a_listing_may_be_short_repeated_stale_or_end(door: Door) -> None:
    door.emulator.seed({"users": [{"primaryEmail": f"u{n}@example.org"} for n in range(5)]})
    users = door.directory().users()

    def page(token: str = "") -> dict[str, Any]:
        answer: dict[str, Any] = users.list(customer="my_customer", pageToken=token).execute()
        return answer

    door.emulator.faults.script([{"fails": "short page"}])
    first = page()
    assert len(first["users"]) == 3
    assert len(page(first["nextPageToken"])["users"]) == 3
    door.emulator.faults.script([{"fails": "repeated token"}])
    again = page()
    assert page(again["nextPageToken"])["users"] == again["users"]
    door.emulator.advance(100)
    users.delete(userKey="u0@example.org").execute()
    door.emulator.faults.script([{"fails": "stale list", "seconds": 60.0}])
    assert len(page()["users"]) == 6
    assert len(page()["users"]) == 5
    door.emulator.faults.script([{"fails": "expired token"}])
    assert page()
    assert refusal(users.list(customer="my_customer", pageToken=first["nextPageToken"])) == (
        400, "invalid", "Invalid Input: pageToken",
    )  # fmt: skip


def test_a_sign_in_can_fail_too(door: Door) -> None:
    door.emulator.faults.script([{"fails": "reset", "call": "token"}])
    with pytest.raises(ConnectionResetError):
        insert(door).execute()
    assert not exists(door)


def test_one_call_of_a_batch_can_fail(door: Door) -> None:
    api = door.directory()
    api.users().get(userKey="admin@example.org").execute()
    door.emulator.faults.script(
        [{"fails": "403 quota", "body": {"primaryEmail": "bob@example.org"}}]
    )
    failed: list[str] = []
    batch = api.new_batch_http_request(
        callback=lambda name, _, error: failed.append(name) if error else None
    )
    for name in ("alice", "bob", "carol"):
        batch.add(api.users().insert(body=body(name)), request_id=name)
    batch.execute()
    assert failed == ["bob"]


def test_every_request_takes_the_latency_that_is_switched_on(key: ServiceAccountKey) -> None:
    waited: list[float] = []
    door = in_process(Emulator(account_key=key, sleep=waited.append))
    door.emulator.switches.latency = 0.1
    insert(door).execute()
    assert waited == [0.1, 0.1]


def test_over_http_keep_alive_and_many_clients_go_together(key: ServiceAccountKey) -> None:
    emulator = Emulator(account_key=key)
    with serve(emulator) as crowded, ThreadPoolExecutor(16) as pool:
        opened: list[httplib2.Http] = []

        def create(number: int) -> str:
            http = httplib2.Http()
            opened.append(http)
            users = Door(emulator, lambda: http, crowded.url).directory().users()
            made = users.insert(body=body(f"u{number}")).execute()
            for _ in range(3):
                users.get(userKey=made["id"]).execute()
            return str(made["id"])

        ids = set(pool.map(create, range(48)))
        for http in opened:
            http.close()
    assert len(ids) == 48
    assert emulator.requests.counts() == {"token": 48, "users.insert": 48, "users.get": 144}
