"""An account that was suspended at Google before anybody knew it, of which no time is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import listed, person, reconcile

from gapps_hooks.model import Kind, Outcome, Verb, Verdict
from gapps_hooks.outbox import links
from gapps_hooks.reconcile.named import Look
from gapps_hooks.reconcile.named import reconcile as reconcile_named

ALICE = "alice@example.org"
REMEDY = "or with gapps-hooks fire user-add alice"


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    house = listed(tmp_path)
    house.people(person("alice"), person("bob"))
    house.emulator.seed({"users": [{"primaryEmail": ALICE, "suspended": True}]})
    assert house.user(ALICE).suspension_time is None
    return house


def look(house: Organisation) -> Outcome:
    house.clock.now += 60.0
    return next(iter(reconcile_named(house.wiring, Look(named=((Kind.USER, "alice"),)))))


def test_a_user_add_after_the_suspension_was_told_restores_and_adopts(house: Organisation) -> None:
    assert REMEDY in look(house).line
    house.clock.now += 60.0
    outcome = house.fire("user-add", "alice")
    assert outcome.verdict is Verdict.DONE
    assert {Verb.ADOPT, Verb.RESTORE} <= set(outcome.done[0].verbs)
    assert not house.user(ALICE).suspended


def test_the_user_add_that_came_before_is_not_newer(house: Organisation) -> None:
    assert house.fire("user-add", "alice").verdict is Verdict.BURIED
    for _ in range(2):
        assert look(house).verdict is Verdict.BURIED
    assert house.user(ALICE).suspended
    house.fire("user-add", "alice")
    assert not house.user(ALICE).suspended


def test_looks_alone_never_restore(house: Organisation) -> None:
    for _ in range(3):
        assert look(house).verdict is Verdict.BURIED
        house.fire("user-modify", "alice")
    reconcile(house)
    assert house.user(ALICE).suspended
    assert [link.name for link in links.all_links(house.state)] == ["bob"]


def test_an_account_that_google_suspended_is_not_restored(house: Organisation) -> None:
    state = house.emulator.state()
    (user,) = [one for one in state["users"] if one["primaryEmail"] == ALICE]
    user["suspensionReason"] = "ABUSE"
    house.emulator.restore(state)
    look(house)
    house.clock.now += 60.0
    assert "suspended by Google itself" in house.fire("user-add", "alice").line
    assert house.user(ALICE).suspended


def test_an_administrator_is_not_restored(house: Organisation) -> None:
    state = house.emulator.state()
    (user,) = [one for one in state["users"] if one["primaryEmail"] == ALICE]
    user["isAdmin"] = True
    house.emulator.restore(state)
    look(house)
    house.clock.now += 60.0
    house.fire("user-add", "alice")
    assert house.user(ALICE).suspended
