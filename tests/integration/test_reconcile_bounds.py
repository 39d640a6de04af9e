"""Deleting groups and taking aliases away are bounded as whatever else takes something away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import listed, person, reconcile

from gapps_hooks.model import Verb, Verdict
from gapps_hooks.outbox import bounds
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


def test_what_a_group_takes_away_in_several_turns_counts_together(tmp_path: Path) -> None:
    house = listed(tmp_path, tables="[bounds.remove_member]\nleast = 5\nmost = 5")
    everybody = [person(name) for name in ("alice", "bob", "carol", "dora")]
    names = [one["username"] for one in everybody]
    red, blue = ({"name": name, "members": names} for name in ("red", "blue"))
    house.people(*everybody, groups=(red, blue))
    reconcile(house)
    house.clock.now += 90_000.0
    house.people(*everybody, groups=({"name": "red", "members": ["alice"]}, blue))
    house.wiring = replace(house.wiring, sleep=lambda _: added_again(house))
    house.fail(
        call="members.delete", path=f"*{house.user('dora@example.org').id}", fails="503", times=0
    )
    reconcile(house)
    assert set(house.members("red@example.org")) == {"alice@example.org"}
    assert bounds.used(house.state, Verb.REMOVE_MEMBER) == 5
    house.people(
        *everybody, groups=({"name": "red", "members": ["alice"]}, {**blue, "members": names[:3]})
    )
    assert house.fire("group-change", "blue").verdict is Verdict.HELD
    assert "dora@example.org" in house.members("blue@example.org")


def added_again(house: Organisation) -> None:
    """Between two turns somebody at Google adds two whom the first one took out."""
    house.clock.now += 10.0
    if house.emulator.faults:
        house.emulator.faults.clear()
        group = house.group("red@example.org").id
        for name in ("bob", "carol"):
            body = {"email": f"{name}@example.org"}
            house.console.members().insert(groupKey=group, body=body).execute()
