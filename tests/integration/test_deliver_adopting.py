"""An adoption whose answer was lost: the account is ours, and whoever leaves is suspended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation, organise
from reconciled import listed, person, reconcile

from gapps_hooks.model import Verb
from gapps_hooks.outbox import links

ALICE = "alice@example.org"
DAY = 86_400.0
IDENTITY = {"id": "entryUUID:a"}


def there(house: Organisation, *, suspended: bool) -> Organisation:
    """Alice has an account that somebody made at Google."""
    name = {"givenName": "Alice", "familyName": "Liddell"}
    body: dict[str, Any] = {"primaryEmail": ALICE, "name": name, "password": "x" * 12}
    house.console.users().insert(body=body).execute()
    if suspended:
        house.console.users().patch(userKey=ALICE, body={"suspended": True}).execute()
    house.clock.now += DAY
    return house


def adopted_unheard(tmp_path: Path, *, suspended: bool, fails: str = "lost answer") -> Organisation:
    """Google took the adoption, and nobody heard of it."""
    house = there(organise(tmp_path), suspended=suspended)
    house.fail(call="users.patch", fails=fails, times=0)
    house.record("user-add", "alice", IDENTITY)
    house.drain()
    house.emulator.faults.clear()
    return house


@pytest.mark.parametrize("suspended", [True, False], ids=["a restored one", "an active one"])
@pytest.mark.parametrize("gone", ["user-modify", "user-delete"])
def test_whoever_leaves_before_the_next_try_is_suspended(
    tmp_path: Path, gone: str, *, suspended: bool
) -> None:
    house = adopted_unheard(tmp_path, suspended=suspended)
    assert not house.user(ALICE).suspended
    house.record(gone, "alice", {"enabled": False} if gone == "user-modify" else {})
    house.settle()
    assert house.user(ALICE).suspended


@pytest.mark.parametrize("gone", ["user-modify", "user-delete"])
def test_an_active_account_that_the_adoption_did_not_reach_is_left(
    tmp_path: Path, gone: str
) -> None:
    house = adopted_unheard(tmp_path, suspended=False, fails="503")
    house.record(gone, "alice", {"enabled": False} if gone == "user-modify" else {})
    house.settle()
    assert house.left().get("alice") != "waiting"
    assert not house.user(ALICE).suspended


@pytest.mark.parametrize("suspended", [True, False], ids=["a restored one", "an active one"])
@pytest.mark.parametrize("fails", ["lost answer", "503"])
def test_the_next_try_adopts(tmp_path: Path, fails: str, *, suspended: bool) -> None:
    house = adopted_unheard(tmp_path, suspended=suspended, fails=fails)
    (outcome,) = house.settle()
    assert Verb.ADOPT in outcome.done[0].verbs
    (link,) = links.all_links(house.state)
    assert not link.created
    assert not house.user(ALICE).suspended
    with house.calls() as calls:
        house.fire("user-modify", "alice", {"family_name": "Liddell"})
    assert calls.count("users.get") == 0


def test_a_refused_adoption_leaves_no_link(tmp_path: Path) -> None:
    house = adopted_unheard(tmp_path, suspended=True, fails="403")
    assert links.all_links(house.state) == ()


def test_a_reconcile_suspends_whom_it_adopted_unheard(tmp_path: Path) -> None:
    house = there(listed(tmp_path), suspended=False)
    house.people(person("alice"), person("bob"))
    house.fail(call="users.patch", fails="lost answer", times=0)
    reconcile(house)
    house.emulator.faults.clear()
    house.people(person("alice", enabled=False), person("bob"))
    reconcile(house)
    house.settle()
    assert house.user(ALICE).suspended


def test_one_disabled_by_a_lost_creation_is_restored_though_its_suspension_was_not_heard_of(
    tmp_path: Path,
) -> None:
    house = organise(tmp_path)
    house.fail(call="users.insert", fails="lost answer", times=0)
    house.record("user-add", "alice", IDENTITY)
    house.drain()
    house.emulator.faults.clear()
    house.fail(call="users.patch", fails="lost answer", times=0)
    house.record("user-modify", "alice", {"enabled": False})
    house.drain()
    house.clock.now += 60.0
    house.drain()
    house.emulator.faults.clear()
    house.settle()
    assert house.user(ALICE).suspended
    (link,) = links.all_links(house.state)
    assert link.suspended_by_us
