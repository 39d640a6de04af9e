"""A person who wants as alias what a rename of ours left with another gets it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation, organise
from reconciled import dry, listed, person, planned, reconcile

from gapps_hooks.model import Verdict

OLD = "alice@example.org"
NEW = "alicia@example.org"
BOB = "bob@example.org"


def renamed(house: Organisation) -> Organisation:
    """Let Alice be Alicia by now, so that Google keeps her old address as an alias."""
    house.fire("user-add", "alice", {"id": "entryUUID:a"})
    house.fire("user-add", "bob", {"id": "entryUUID:b"})
    house.fire("user-modify", "alicia", {"old_username": "alice"})
    assert aliases(house, NEW) == {OLD}
    return house


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    return renamed(organise(tmp_path))


def aliases(house: Organisation, address: str) -> set[str]:
    return set(house.user(address).aliases)


def test_one_who_is_there_gets_it(house: Organisation) -> None:
    said = {"aliases": ["b@example.org", OLD, "c@example.org"]}
    outcome = house.fire("user-modify", "bob", said)
    assert outcome.verdict is Verdict.DONE, outcome.line
    assert f"removed alias {OLD}" in outcome.line
    assert aliases(house, BOB) == set(said["aliases"])
    assert aliases(house, NEW) == set()
    assert house.fire("user-modify", "bob", said).verdict is Verdict.NOTHING


def test_a_newcomer_gets_it(house: Organisation) -> None:
    outcome = house.fire("user-add", "cid", {"id": "entryUUID:c", "aliases": [OLD]})
    assert outcome.verdict is Verdict.DONE, outcome.line
    assert aliases(house, "cid@example.org") == {OLD}
    assert aliases(house, NEW) == set()


def test_one_that_somebody_declared_or_gave_stays_and_its_holder_is_named(
    house: Organisation,
) -> None:
    house.fire("user-modify", "alicia", {"aliases": [OLD]})
    house.google.insert_user_alias(house.user(NEW).id, "given@example.org")
    for taken in (OLD, "given@example.org"):
        outcome = house.fire("user-modify", "bob", {"aliases": [taken]})
        assert outcome.verdict is Verdict.BURIED
        assert f"the alias {taken} is held by {NEW} at Google" in outcome.line
    assert aliases(house, NEW) == {OLD, "given@example.org"}


def test_one_that_somebody_gave_back_stays(house: Organisation) -> None:
    house.fire("user-modify", "bob", {"aliases": [OLD]})
    house.fire("user-modify", "bob", {"aliases": []})
    house.google.insert_user_alias(house.user(NEW).id, OLD)
    assert house.fire("user-modify", "bob", {"aliases": [OLD]}).verdict is Verdict.BURIED
    assert aliases(house, NEW) == {OLD}


def test_what_an_administrator_has_stays(house: Organisation) -> None:
    house.console.users().makeAdmin(userKey=NEW, body={"status": True}).execute()
    outcome = house.fire("user-modify", "bob", {"aliases": [OLD]})
    assert outcome.verdict is Verdict.BURIED
    assert aliases(house, NEW) == {OLD}


def test_to_release_one_counts_as_an_alias_taken_away(tmp_path: Path) -> None:
    house = renamed(organise(tmp_path, more="---\n[bounds.remove_alias]\nleast = 0\nmost = 0\n"))
    outcome = house.fire("user-modify", "bob", {"aliases": [OLD]})
    assert outcome.verdict is Verdict.HELD, outcome.line
    assert aliases(house, NEW) == {OLD}


def test_a_reconcile_shows_the_release_and_makes_it(tmp_path: Path) -> None:
    house = listed(tmp_path)
    alice, bob = person("alice"), person("bob")
    house.people(alice, bob)
    reconcile(house)
    house.people({**alice, "username": "alicia"}, bob)
    reconcile(house)
    wanting = ({**bob, "aliases": [OLD]}, person("cid"))
    house.people({**alice, "username": "alicia"}, *wanting)
    assert planned(dry(house))["bob"] == ["remove-alias", "add-alias"]
    reconcile(house)
    assert (aliases(house, BOB), aliases(house, NEW)) == ({OLD}, set())
    assert planned(dry(house)) == {}
