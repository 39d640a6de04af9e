"""What was held before a reconcile of everybody: planned anew, ended, or let go by force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation
from reconciled import dry, listed, person, planned, reconcile, refusals

from gapps_hooks.model import Verb, Verdict
from gapps_hooks.outbox import bounds, entries
from gapps_hooks.reconcile.held import go_on, lifted
from gapps_hooks.reconcile.waiting import OVER

ALICE, BOB, CAROL = map(person, ("alice", "bob", "carol"))


def off(name: str) -> dict[str, Any]:
    return person(name, enabled=False)


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    """Alice is suspended, and Bob is held as the second within a day."""
    house = listed(tmp_path, tables="[bounds.suspend]\nleast = 1\nmost = 1")
    house.people(ALICE, BOB, CAROL)
    reconcile(house)
    house.clock.now += 90_000.0
    house.people(off("alice"), off("bob"), CAROL)
    house.fire("user-modify", "alice")
    assert house.fire("user-modify", "bob").verdict is Verdict.HELD
    return house


def suspended(house: Organisation, name: str) -> bool:
    return house.user(f"{name}@example.org").suspended


def test_what_is_still_wanted_stays_held(house: Organisation) -> None:
    assert "outbox release bob" in refusals(dry(house))["bob"]
    reconcile(house)
    assert house.left() == {"bob": "held"}
    assert not suspended(house, "bob")


def test_what_is_not_wanted_any_more_is_shown_so_and_changes_nothing(house: Organisation) -> None:
    house.people(off("alice"), BOB, CAROL)
    looked = dry(house)
    assert refusals(looked) == {}
    assert [piece.plan.notes for piece in looked.whole.pieces if piece.name == "bob"] == [(OVER,)]
    assert house.left() == {"bob": "held"}


def test_what_is_not_wanted_any_more_ends(house: Organisation) -> None:
    house.people(off("alice"), BOB, CAROL)
    reconcile(house)
    assert house.left() == {}
    assert not suspended(house, "bob")


def test_a_deletion_that_the_source_contradicts_stays_held(house: Organisation) -> None:
    house.people(off("alice"), CAROL)
    assert house.fire("user-delete", "bob").verdict is Verdict.HELD
    house.people(off("alice"), BOB, CAROL)
    reconcile(house)
    assert house.left() == {"bob": "held"}


def test_force_lets_go_what_is_held_and_counts_it(house: Organisation) -> None:
    run = reconcile(house, force=True)
    assert run.verdicts["bob"] is Verdict.DONE
    assert suspended(house, "bob")
    assert house.left() == {}
    assert bounds.used(house.state, Verb.SUSPEND) == 2


def test_force_as_a_test_shows_what_it_would_let_go(house: Organisation) -> None:
    looked = dry(house)
    shown = lifted(looked.wiring, looked.held, looked.whole)
    assert planned(dry(house)) == {}
    assert [piece.plan.changes[0].verbs for piece in shown.pieces] == [(Verb.SUSPEND,)]
    assert house.left() == {"bob": "held"}


def test_force_lets_go_only_what_was_held_when_it_looked(house: Organisation) -> None:
    run = dry(house)
    entries.touch(house.state, run.held[0].kind, "bob")
    (now,) = entries.all_entries(house.state)
    entries.hold(house.state, now, "held anew")
    assert list(go_on(house.wiring, run.held, force=True)) == []
    assert not suspended(house, "bob")


def test_force_takes_nothing_away_after_a_read_that_was_not_whole(house: Organisation) -> None:
    house.fail(call="groups.list", fails="503", times=0)
    reconcile(house, force=True)
    assert house.left() == {"bob": "held"}
    assert not suspended(house, "bob")
