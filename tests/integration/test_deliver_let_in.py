"""A suspension is a transition: what somebody at Google undoes afterwards stays undone, and told.

Only a restore of our own whose answer was lost is no decision of anybody there.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation, organise
from reconciled import dry, listed, person, planned, reconcile

from gapps_hooks.model import Verdict

ALICE = "alice@example.org"
DAY = 86_400.0


def let_in(house: Organisation) -> None:
    """An administrator lifts the suspension in the Admin console, a day later."""
    house.clock.now += DAY
    house.console.users().patch(userKey=ALICE, body={"suspended": False}).execute()
    house.clock.now += DAY


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    """Alice was enabled, was not any more, and was let in at Google."""
    house = listed(tmp_path)
    house.people(person("alice"), person("bob"))
    reconcile(house)
    house.people(person("alice", enabled=False), person("bob"))
    house.fire("user-modify", "alice")
    assert house.user(ALICE).suspended
    let_in(house)
    return house


def test_a_reconcile_leaves_him_and_says_so_every_time(house: Organisation) -> None:
    for _ in range(2):
        looked = dry(house)
        assert planned(looked) == {}
        (piece,) = looked.whole.pieces
        assert "somebody let it in again at Google" in piece.plan.notes[0]
        assert reconcile(house).done == []
        assert not house.user(ALICE).suspended
        house.clock.now += DAY


def test_an_event_leaves_him_too_and_says_so(house: Organisation) -> None:
    outcome = house.fire("user-modify", "alice")
    assert outcome.verdict is Verdict.NOTHING
    assert "somebody let it in again at Google" in outcome.line
    assert not house.user(ALICE).suspended


@pytest.mark.parametrize("by", ["an event", "a reconcile"])
def test_he_is_suspended_when_he_is_deleted_here(house: Organisation, by: str) -> None:
    house.people(person("bob"))
    if by == "an event":
        house.fire("user-delete", "alice")
    else:
        reconcile(house)
    assert house.user(ALICE).suspended


def test_he_is_suspended_when_he_was_enabled_in_between(house: Organisation) -> None:
    house.people(person("alice"), person("bob"))
    reconcile(house)
    house.people(person("alice", enabled=False), person("bob"))
    reconcile(house)
    assert house.user(ALICE).suspended


def test_deleted_a_moment_after_he_was_let_in_he_is_suspended(tmp_path: Path) -> None:
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"id": "entryUUID:a"})
    house.fire("user-modify", "alice", {"enabled": False})
    house.console.users().patch(userKey=ALICE, body={"suspended": False}).execute()
    house.fire("user-delete", "alice")
    assert house.user(ALICE).suspended


@pytest.mark.parametrize("gone", ["user-delete", "user-modify"])
def test_one_whom_a_lost_answer_let_in_is_suspended_again(tmp_path: Path, gone: str) -> None:
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"id": "entryUUID:a"})
    house.fire("user-modify", "alice", {"enabled": False})
    house.fail(call="users.patch", fails="lost answer", times=0)
    house.record("user-modify", "alice", {"enabled": True})
    house.drain()
    assert not house.user(ALICE).suspended
    house.emulator.faults.clear()
    house.record(gone, "alice", {"enabled": False} if gone == "user-modify" else {})
    house.settle()
    assert house.user(ALICE).suspended


def test_one_who_came_back_by_a_lost_answer_and_left_is_suspended_again(tmp_path: Path) -> None:
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"id": "entryUUID:a"})
    house.fire("user-delete", "alice")
    house.fail(call="users.patch", fails="lost answer", times=0)
    house.record("user-add", "alice", {"id": "entryUUID:a"})
    house.drain()
    assert not house.user(ALICE).suspended
    house.emulator.faults.clear()
    house.record("user-delete", "alice")
    house.settle()
    assert house.user(ALICE).suspended
