"""A group's event that comes before its member's new name: the member stays what it is."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import dry, listed, person, planned, reconcile

ALICE, BOB = person("alice"), person("bob")
STAFF = {"name": "staff", "members": ["alice"], "id": "entryUUID:s"}
CREW = {"name": "crew", "members": ["bob"], "id": "entryUUID:c"}
OUTER = {"name": "outer", "members": ["group:staff"], "id": "entryUUID:o"}


@pytest.fixture
def organisation(tmp_path: Path) -> Organisation:
    """Two groups, one of them in a third, delivered from a listing."""
    found = listed(tmp_path)
    found.people(ALICE, BOB, groups=(STAFF, CREW, OUTER))
    reconcile(found)
    return found


def told(organisation: Organisation, *events: tuple[str, str]) -> None:
    """Tell of each, and see that nobody left a group or came twice."""
    with organisation.calls() as calls:
        for event, name in events:
            organisation.fire(event, name)
        organisation.settle()
    assert not {"members.delete", "members.insert"}.intersection(calls)
    assert organisation.left() == {}
    assert planned(dry(organisation)) == {}


def test_a_person_with_a_new_name_stays_a_member(organisation: Organisation) -> None:
    alicia = {**ALICE, "username": "alicia"}
    organisation.people(alicia, BOB, groups=({**STAFF, "members": ["alicia"]}, CREW, OUTER))
    told(organisation, ("group-change", "staff"), ("user-modify", "alicia"))
    assert organisation.roles("staff@example.org") == {"alicia@example.org": "MEMBER"}


def test_a_group_with_a_new_name_stays_a_member(organisation: Organisation) -> None:
    outer = {**OUTER, "members": ["group:team"]}
    organisation.people(ALICE, BOB, groups=({**STAFF, "name": "team"}, CREW, outer))
    told(organisation, ("group-change", "outer"), ("group-change", "team"))
    assert organisation.roles("outer@example.org") == {"team@example.org": "MEMBER"}


@pytest.mark.parametrize("names", [*permutations(["outer", "staff", "crew"])])
def test_a_group_whose_name_was_anothers_is_not_taken_for_that_one(
    organisation: Organisation, names: tuple[str, ...]
) -> None:
    moved = ({**STAFF, "name": "crew"}, {**CREW, "name": "band"})
    organisation.people(ALICE, BOB, groups=(*moved, {**OUTER, "members": ["group:crew"]}))
    told(organisation, *(("group-change", name) for name in names))
    assert organisation.roles("outer@example.org") == {"crew@example.org": "MEMBER"}
    assert organisation.roles("crew@example.org") == {"alice@example.org": "MEMBER"}


def test_one_who_leaves_while_another_comes_is_taken_out(organisation: Organisation) -> None:
    organisation.people(ALICE, BOB, groups=({**STAFF, "members": ["bob"]}, CREW, OUTER))
    organisation.fire("group-change", "staff")
    assert organisation.roles("staff@example.org") == {"bob@example.org": "MEMBER"}
