"""When nothing can be delivered: one breaker for all, one probe at a time, nobody kept waiting."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

import httplib2
import pytest
from organisation import Organisation

from gapps_hooks.deliver.subject import deliver
from gapps_hooks.model import Verdict
from gapps_hooks.outbox import binding, breaker, open_state

NAMES = ("alice", "bob", "carol")
CUTS = {
    "refused": ConnectionRefusedError(111, "Connection refused"),
    "no route": OSError(113, "No route to host"),
    "name": httplib2.ServerNotFoundError("Unable to find the server"),
    "look-up": socket.gaierror(-3, "Temporary failure in name resolution"),
    "certificate": ssl.SSLCertVerificationError(1, "certificate verify failed"),
}


def record(house: Organisation, *names: str) -> None:
    for name in names:
        house.record("user-add", name, {"id": f"entryUUID:{name}"})


def users(house: Organisation) -> set[str]:
    everybody = house.emulator.state()["users"]
    return {one["primaryEmail"].partition("@")[0] for one in everybody} - {"admin"}


# --- no connection -------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", CUTS)
def test_without_a_connection_one_subject_is_tried_and_no_other(
    house: Organisation, cut: str
) -> None:
    house.cut = CUTS[cut]
    record(house, *NAMES)
    outcomes = house.drain()
    assert [outcome.verdict for outcome in outcomes] == [Verdict.LATER]
    assert house.attempts == 1
    for name in NAMES:
        outcome = house.fire("user-modify", name, {"family_name": "Late"})
        assert outcome.verdict is Verdict.LATER
        assert outcome.line.startswith("waiting: ")
    assert house.attempts == 1
    assert house.left() == dict.fromkeys(NAMES, "waiting")
    assert house.troubles == []


def test_each_second_one_connection_is_tried(house: Organisation) -> None:
    house.cut = CUTS["refused"]
    record(house, *NAMES)
    house.drain()
    house.attempts = 0
    for _ in range(100):
        house.clock.now += 0.1
        assert house.drain() == []
    assert 9 <= house.attempts <= 10


def test_when_the_connection_is_back_everything_is_due_at_once_oldest_first(
    house: Organisation,
) -> None:
    house.fail(fails="503", call="users.insert", times=0)
    record(house, *NAMES)
    for _ in range(6):
        house.settle(0.1)
    house.emulator.faults.clear()
    house.cut = CUTS["refused"]
    record(house, "dora")
    house.drain()
    house.clock.now += 7200
    house.drain()
    house.cut = None
    house.clock.now += 1.0
    outcomes = house.drain()
    assert [outcome.name for outcome in outcomes] == [*NAMES, "dora"]
    assert users(house) == {*NAMES, "dora"}
    assert breaker.current(house.state) is None


def test_a_connection_that_breaks_again_stops_the_rest_again(house: Organisation) -> None:
    house.cut = CUTS["refused"]
    record(house, *NAMES)
    house.drain()
    house.cut = None
    house.clock.now += 1.0
    assert deliver(house.wiring, 1) is not None
    house.cut = CUTS["name"]
    outcomes = house.drain()
    assert [outcome.verdict for outcome in outcomes] == [Verdict.LATER]
    assert users(house) == {"alice"}


def test_a_clock_set_back_does_not_stop_the_probes(house: Organisation) -> None:
    house.cut = CUTS["refused"]
    record(house, *NAMES)
    house.drain()
    house.cut = None
    house.clock.now -= 86_400
    house.drain()
    assert users(house) == set(NAMES)


# --- not let in ----------------------------------------------------------------------------------


def _forget_key(house: Organisation) -> Callable[[], None]:
    (client,) = house.emulator.sign_in.clients.values()
    keys = dict(client.keys)
    client.keys.clear()
    return lambda: client.keys.update(keys)


def _suspend_admin(house: Organisation) -> Callable[[], None]:
    house.emulator.suspend("admin@example.org")
    user = house.emulator.workspace.user_at("admin@example.org")
    assert user is not None

    def restore() -> None:
        user.suspension_reason = ""

    return restore


def _withdraw_scopes(house: Organisation) -> Callable[[], None]:
    (client,) = house.emulator.sign_in.clients.values()
    granted = client.granted
    house.emulator.grant()

    def restore() -> None:
        client.granted = granted

    return restore


def _switch_api_off(house: Organisation) -> Callable[[], None]:
    house.emulator.switches.disabled_apis = ("admin",)

    def restore() -> None:
        house.emulator.switches.disabled_apis = ()

    return restore


def _set_clock_wrong(house: Organisation) -> Callable[[], None]:
    house.clock.skew = 7200.0

    def restore() -> None:
        house.clock.skew = 0.0

    return restore


REFUSALS = {
    "key": (_forget_key, "does not know the key"),
    "admin": (_suspend_admin, "admin@example.org"),
    "scopes": (_withdraw_scopes, "Domain-wide delegation"),
    "api": (_switch_api_off, "API"),
    "clock": (_set_clock_wrong, "clock"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refused_sign_in_stops_all_says_who_must_do_what_and_is_asked_twice_a_minute(
    house: Organisation, refusal: str
) -> None:
    begin, sentence = REFUSALS[refusal]
    end = begin(house)
    record(house, *NAMES)
    outcomes = house.drain()
    assert [outcome.verdict for outcome in outcomes] == [Verdict.LATER]
    assert sentence in outcomes[0].line
    house.attempts = 0
    for _ in range(120):
        house.clock.now += 1.0
        house.drain()
    assert house.attempts <= 9
    assert users(house) == set()
    assert set(house.left().values()) == {"waiting"}
    end()
    house.settle(0.2)
    assert users(house) == set(NAMES)
    assert house.left() == {}


# --- stopped by a person, or not ours ------------------------------------------------------------


def test_a_pause_records_and_sends_nothing(house: Organisation) -> None:
    with house.state.transaction():
        house.state.set_meta("paused", "yes")
    record(house, *NAMES)
    outcome = house.fire("user-modify", "alice", {"family_name": "Archer"})
    assert outcome.verdict is Verdict.LATER
    assert "paused" in outcome.line
    assert house.attempts == 0
    with house.state.transaction():
        house.state.set_meta("paused", "")
    house.drain()
    assert users(house) == set(NAMES)


def test_a_state_directory_that_belongs_elsewhere_sends_nothing_until_adopted(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", {"id": "entryUUID:a"})
    house.state.close()
    directory = house.settings.state.directory
    house.state = open_state(directory, domain="example.net", clock=house.clock)
    house.wire()
    house.attempts = 0
    outcome = house.fire("user-add", "bob", {"id": "entryUUID:b"})
    house.settle(0.1)
    assert outcome.verdict is Verdict.LATER
    assert "adopt-state" in outcome.line
    assert house.attempts == 0
    binding.adopt(house.state)
    house.drain()
    assert users(house) == {"alice", "bob"}
