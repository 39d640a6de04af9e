"""A suspension of ours whose answer was lost is ours: whoever is enabled again is let in."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation, organise
from reconciled import listed, person, reconcile

from gapps_hooks.model import Verdict
from gapps_hooks.outbox import links

ALICE = "alice@example.org"
DAY = 86_400.0


def lose_answers(house: Organisation) -> None:
    """Let Google suspend and restore, and nobody hear of it."""
    house.fail(call="users.patch", fails="lost answer", times=0)


def enabled(tmp_path: Path) -> Organisation:
    """Alice has an account, and no source says so."""
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"id": "entryUUID:a"})
    house.clock.now += DAY
    return house


def suspended_unheard(tmp_path: Path, event: str = "user-modify") -> Organisation:
    """Alice is suspended by us, whose answer was lost."""
    house = enabled(tmp_path)
    lose_answers(house)
    house.record(event, "alice", {"enabled": False} if event == "user-modify" else {})
    house.drain()
    assert house.user(ALICE).suspended
    house.emulator.faults.clear()
    return house


@pytest.mark.parametrize("retried", [True, False], ids=["after the retry", "before the retry"])
@pytest.mark.parametrize(
    ("gone", "back"),
    [("user-modify", "user-modify"), ("user-modify", "user-add"), ("user-delete", "user-add")],
)
def test_whoever_is_enabled_again_by_an_event_is_restored(
    tmp_path: Path, gone: str, back: str, *, retried: bool
) -> None:
    house = suspended_unheard(tmp_path, gone)
    if retried:
        house.settle()
        house.clock.now += DAY
    payload = {"id": "entryUUID:a", "enabled": True}
    house.record(back, "alice", payload if back == "user-modify" else {"id": "entryUUID:a"})
    house.settle()
    assert house.left() == {}
    assert not house.user(ALICE).suspended


@pytest.mark.parametrize("by", ["an event", "a reconcile"])
@pytest.mark.parametrize("again", ["an event", "a reconcile"])
def test_whoever_is_enabled_again_in_a_listing_is_restored(
    tmp_path: Path, by: str, again: str
) -> None:
    house = listed(tmp_path)
    house.people(person("alice"), person("bob"))
    reconcile(house)
    house.clock.now += DAY
    house.people(person("alice", enabled=False), person("bob"))
    lose_answers(house)
    if by == "an event":
        house.record("user-modify", "alice")
        house.drain()
    else:
        reconcile(house)
    assert house.user(ALICE).suspended
    house.emulator.faults.clear()
    house.settle()
    house.clock.now += DAY
    house.people(person("alice"), person("bob"))
    if again == "an event":
        house.fire("user-modify", "alice")
    else:
        assert reconcile(house).verdicts == {"alice": Verdict.DONE}
    assert not house.user(ALICE).suspended


def test_a_reconcile_restores_whom_the_listing_has_again_before_the_retry(tmp_path: Path) -> None:
    house = listed(tmp_path)
    house.people(person("alice"), person("bob"))
    reconcile(house)
    house.clock.now += DAY
    house.people(person("alice", enabled=False), person("bob"))
    lose_answers(house)
    reconcile(house)
    house.emulator.faults.clear()
    house.people(person("alice"), person("bob"))
    house.settle()
    reconcile(house)
    assert not house.user(ALICE).suspended


def test_a_restore_whose_answer_is_lost_too_is_tried_again(tmp_path: Path) -> None:
    house = suspended_unheard(tmp_path)
    house.fail(call="users.patch", fails="503", times=0)
    house.record("user-modify", "alice", {"enabled": True})
    house.drain()
    house.emulator.faults.clear()
    house.settle()
    assert not house.user(ALICE).suspended


def test_an_administrator_who_suspended_long_after_is_not_taken_for_us(tmp_path: Path) -> None:
    house = enabled(tmp_path)
    house.fail(call="users.patch", fails="503", times=0)
    house.record("user-modify", "alice", {"enabled": False})
    house.drain()
    assert not house.user(ALICE).suspended
    house.emulator.faults.clear()
    house.clock.now += DAY
    house.console.users().patch(userKey=ALICE, body={"suspended": True}).execute()
    house.settle()
    assert "suspended by us: no" in shown(house)
    house.clock.now += DAY
    assert "by us" not in house.fire("user-modify", "alice", {"family_name": "Liddell"}).line


def test_a_refused_suspension_leaves_nothing_behind(tmp_path: Path) -> None:
    house = enabled(tmp_path)
    house.fail(call="users.patch", fails="403", times=0)
    house.fire("user-modify", "alice", {"enabled": False})
    assert "suspended by us: no" in shown(house)


def shown(house: Organisation) -> str:
    """What the link says of it, as people see it."""
    (link,) = links.all_links(house.state)
    return f"suspended by us: {'yes' if link.suspended_by_us else 'no'}"
