"""Deleting groups and taking aliases away are bounded as whatever else takes something away."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import listed, person, reconcile

from gapps_hooks.reconcile.checking import TooMuch

PEOPLE = tuple(map(person, ("alice", "bob", "carol")))


def groups(number: int) -> tuple[dict[str, object], ...]:
    return tuple({"name": f"g{at}", "members": ["alice", "bob", "carol"]} for at in range(number))


@pytest.fixture
def organisation(tmp_path: Path) -> Organisation:
    organisation = listed(tmp_path, tables='[groups]\nremoved = "delete"')
    organisation.people(*PEOPLE, groups=groups(30))
    reconcile(organisation)
    organisation.clock.now += 90_000.0
    return organisation


def test_many_groups_are_not_deleted_at_once(organisation: Organisation) -> None:
    organisation.people(*PEOPLE, groups=groups(1))
    with pytest.raises(TooMuch) as refused:
        reconcile(organisation)
    assert "29 x delete group" in str(refused.value)
    assert "87 x remove member" in str(refused.value)
    assert len(organisation.emulator.state()["groups"]) == 30


def test_a_few_are(organisation: Organisation) -> None:
    organisation.people(*PEOPLE, groups=groups(29))
    reconcile(organisation)
    assert len(organisation.emulator.state()["groups"]) == 29


def test_many_aliases_are_not_taken_away_at_once(tmp_path: Path) -> None:
    organisation = listed(tmp_path, tables="[bounds.remove_alias]\nleast = 3")
    many = [f"a{number}@example.org" for number in range(8)]
    organisation.people(person("alice", aliases=many))
    reconcile(organisation)
    organisation.clock.now += 90_000.0
    organisation.people(person("alice", aliases=[]))
    with pytest.raises(TooMuch, match="8 x remove alias"):
        reconcile(organisation)
