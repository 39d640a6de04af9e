"""What a subject that was not brought to its end has used of the bounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import listed, person, reconcile

from gapps_hooks.model import Verb, Verdict
from gapps_hooks.outbox import bounds
from gapps_hooks.reconcile.applying import Applying

EVERYBODY = tuple(person(f"p{number}") for number in range(20))
REFUSED = ConnectionRefusedError(111, "refused")


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    """Twenty people of whom two have left; two are what the bound allows."""
    house = listed(tmp_path, tables="[bounds.suspend]\nleast = 2")
    house.people(*EVERYBODY)
    reconcile(house)
    house.clock.now += 90_000.0
    house.people(*EVERYBODY[2:])
    return house


def suspended(house: Organisation) -> int:
    return sum(user["suspended"] for user in house.emulator.state()["users"])


def used(house: Organisation) -> int:
    return bounds.used(house.state, Verb.SUSPEND)


def test_what_is_left_to_delivery_counts_once(house: Organisation) -> None:
    for call in ("users.update", "users.patch"):
        house.fail(call=call, fails="503", times=100)
    assert set(reconcile(house).verdicts.values()) == {Verdict.LATER}
    assert used(house) == 2
    house.emulator.faults.clear()
    house.settle()
    assert (house.left(), suspended(house), used(house)) == ({}, 2, 2)


def test_what_an_event_overtakes_counts_once(house: Organisation) -> None:
    house.people(*EVERYBODY[1:])
    for call in ("users.update", "users.patch"):
        house.fail(call=call, fails="503", times=100)

    def sleep(seconds: float) -> None:
        house.clock.now += seconds
        house.record("user-delete", "p0")

    house.wiring = replace(house.wiring, sleep=sleep)
    assert "event came meanwhile" in reconcile(house).lines["p0"]
    assert used(house) == 1
    house.emulator.faults.clear()
    house.settle()
    assert (house.left(), suspended(house), used(house)) == ({}, 1, 1)


def test_an_outage_uses_nothing(tmp_path: Path) -> None:
    house = listed(tmp_path, tables="[bounds]\ncreate = 3")
    house.people(*EVERYBODY[:3])

    def cut(_: Applying) -> None:
        house.cut = REFUSED

    run = reconcile(house, started=cut)
    assert run.progress.stopped
    assert bounds.used(house.state, Verb.CREATE) == 0
    house.cut = None
    house.clock.now += 60.0
    house.drain()
    assert [verb for _, verb in reconcile(house).done] == [Verb.CREATE] * 3


def test_an_outage_after_a_lost_answer_may_have_used_it(house: Organisation) -> None:
    house.people(*EVERYBODY[1:])
    for call in ("users.update", "users.patch"):
        house.fail(call=call, fails="lost answer", times=1)
    seen: list[int] = []

    def sleep(seconds: float) -> None:
        house.clock.now += seconds
        if suspended(house):
            seen.append(1)
            house.cut = REFUSED

    house.clock.sleep = sleep  # type: ignore[method-assign] # time passes, and the line is cut
    house.wire()
    reconcile(house)
    assert seen
    assert (suspended(house), used(house)) == (1, 1)


def test_who_finds_no_seat_uses_nothing(tmp_path: Path) -> None:
    house = listed(tmp_path, tables="[bounds]\ncreate = 3")
    house.people(*EVERYBODY[:3])
    house.emulator.switches.seats = len(house.emulator.state()["users"])
    assert reconcile(house).progress.seats == 3
    assert bounds.used(house.state, Verb.CREATE) == 0
    house.emulator.switches.seats = 100
    assert [verb for _, verb in reconcile(house).done] == [Verb.CREATE] * 3
