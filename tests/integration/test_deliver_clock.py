"""A clock that jumps a year ahead or back: what waits is delivered, and nothing is done twice."""

from __future__ import annotations

import pytest
from organisation import Organisation

from gapps_hooks.model import Verdict
from gapps_hooks.outbox import breaker, entries

YEAR = 31_536_000.0
EACH_JUMP = pytest.mark.parametrize("jump", [YEAR, -YEAR, 7_200.0, -7_200.0])
ALICE = {"id": "entryUUID:a", "given_name": "Alice", "family_name": "Archer"}


def jump_by(house: Organisation, seconds: float) -> None:
    """Set our clock; Google's goes on as it did."""
    house.clock.now += seconds
    house.emulator.advance(-seconds)


def family(house: Organisation) -> str:
    return house.user("alice@example.org").family_name


@EACH_JUMP
def test_what_was_put_off_is_tried_again(house: Organisation, jump: float) -> None:
    house.fire("user-add", "alice", ALICE)
    house.fail(fails="503", call="users.patch", times=0)
    house.record("user-modify", "alice", {"family_name": "Baker"})
    for _ in range(12):
        house.drain(whole=True)
    house.emulator.faults.clear()
    jump_by(house, jump)
    house.settle(2.0)
    assert (family(house), house.left()) == ("Baker", {})


@EACH_JUMP
def test_an_outage_ends_when_it_is_over(house: Organisation, jump: float) -> None:
    house.fire("user-add", "alice", ALICE)
    house.cut = ConnectionRefusedError(111, "Connection refused")
    house.record("user-modify", "alice", {"family_name": "Baker"})
    house.drain()
    assert breaker.current(house.state) is not None
    jump_by(house, jump)
    house.cut = None
    house.settle(0.1)
    assert (family(house), breaker.current(house.state)) == ("Baker", None)


@EACH_JUMP
def test_a_deferred_event_does_not_wait_for_ever(house: Organisation, jump: float) -> None:
    house.fire("user-add", "alice", ALICE)
    receipt = house.record("user-modify", "alice", {"family_name": "Baker"})
    entry = entries.get(house.state, receipt.subject or 0)
    assert entry is not None
    entries.postpone(house.state, entry, due_at=house.clock.now + 3000.0, reason="later")
    jump_by(house, jump)
    house.settle(2.0)
    assert family(house) == "Baker"


@EACH_JUMP
def test_order_and_repeats_are_as_before(house: Organisation, jump: float) -> None:
    house.fire("user-add", "alice", ALICE)
    house.record("user-modify", "alice", {"family_name": "Baker"})
    jump_by(house, jump)
    house.record("user-modify", "alice", {"family_name": "Cooper"})
    house.settle(2.0)
    assert family(house) == "Cooper"
    with house.calls() as calls:
        house.fire("user-modify", "alice", {"family_name": "Cooper"})
    assert [call for call in calls if not call.endswith(".get")] == []


@EACH_JUMP
def test_a_leaver_is_suspended_and_comes_back(house: Organisation, jump: float) -> None:
    house.fire("user-add", "alice", ALICE)
    jump_by(house, jump)
    assert house.fire("user-modify", "alice", {"enabled": False}).verdict is Verdict.DONE
    assert house.user("alice@example.org").suspended
    jump_by(house, -jump)
    assert house.fire("user-modify", "alice", {"enabled": True}).verdict is Verdict.DONE
    assert not house.user("alice@example.org").suspended


def test_the_bounds_of_a_day_are_neither_lifted_nor_closed_for_ever(house: Organisation) -> None:
    for number in range(8):
        house.fire("user-add", f"u{number}", {"id": f"entryUUID:{number}"})

    def leave(number: int) -> Verdict:
        return house.fire("user-modify", f"u{number}", {"enabled": False}).verdict

    assert [leave(number) for number in range(4)] == [Verdict.DONE] * 3 + [Verdict.HELD]
    jump_by(house, -3_600.0)
    assert leave(4) is Verdict.HELD
    jump_by(house, -YEAR)
    assert leave(5) is Verdict.DONE
    jump_by(house, 2 * YEAR)
    assert leave(6) is Verdict.DONE
