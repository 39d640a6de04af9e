"""Groups whose names passed from one to the other: each stays the group that it was at Google."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation
from reconciled import dry, listed, person, planned, reconcile

PEOPLE = tuple(map(person, ("alice", "bob", "cid")))
STAFF = {"name": "staff", "members": ["alice"], "id": "entryUUID:s"}
CREW = {"name": "crew", "members": ["bob"], "id": "entryUUID:c"}
BAND = {"name": "band", "members": ["cid"], "id": "entryUUID:b"}
OUTER = {"name": "outer", "members": ["group:staff"], "id": "entryUUID:o"}
#: Each of the three has the next one's name now, and the last a new one.
MOVED = (
    {**STAFF, "name": "crew"},
    {**CREW, "name": "band"},
    {**BAND, "name": "tribe"},
    {**OUTER, "members": ["group:crew"]},
)
NEW_NAMES = {"staff": "crew", "crew": "band", "band": "tribe"}


@pytest.fixture
def organisation(tmp_path: Path) -> Organisation:
    """Three groups, one of them in a fourth, delivered from a listing."""
    found = listed(tmp_path)
    found.people(*PEOPLE, groups=(STAFF, CREW, BAND, OUTER))
    reconcile(found)
    return found


def ids(organisation: Organisation) -> dict[str, str]:
    groups = organisation.emulator.state()["groups"]
    return {group["email"].partition("@")[0]: group["id"] for group in groups}


def followed(organisation: Organisation, before: dict[str, str]) -> None:
    assert ids(organisation) == {NEW_NAMES.get(name, name): one for name, one in before.items()}
    assert organisation.roles("outer@example.org") == {"crew@example.org": "MEMBER"}
    assert planned(dry(organisation)) == {}


@pytest.mark.parametrize(
    "names", [*permutations(["staff", "crew", "band"]), ("tribe", "staff", "crew", "band")]
)
def test_events_follow_names_that_passed_on_in_whatever_order_they_come(
    organisation: Organisation, names: tuple[str, ...]
) -> None:
    before = ids(organisation)
    organisation.people(*PEOPLE, groups=MOVED)
    with organisation.calls() as calls:
        for name in names:
            organisation.fire("group-change", name)
        organisation.settle()
    assert not {"members.delete", "groups.insert"}.intersection(calls)
    assert organisation.left() == {}
    followed(organisation, before)


def test_a_reconcile_follows_names_that_passed_on(organisation: Organisation) -> None:
    before = ids(organisation)
    organisation.people(*PEOPLE, groups=MOVED)
    for _ in NEW_NAMES:
        with organisation.calls() as calls:
            reconcile(organisation)
        assert not {"members.delete", "groups.insert"}.intersection(calls)
    followed(organisation, before)


@pytest.mark.parametrize("names", [*permutations(["staff", "crew", "outer"])])
def test_who_has_the_name_of_one_that_is_gone_has_its_group_too(
    organisation: Organisation, names: tuple[str, ...]
) -> None:
    before = ids(organisation)
    left: tuple[dict[str, Any], ...] = ({**STAFF, "name": "crew"}, BAND)
    organisation.people(*PEOPLE, groups=(*left, {**OUTER, "members": ["group:crew"]}))
    for name in names:
        organisation.fire("group-change", name)
    organisation.settle()
    assert ids(organisation) == before
    assert organisation.roles("crew@example.org") == {"alice@example.org": "MEMBER"}
    assert organisation.roles("staff@example.org") == {}
    assert planned(dry(organisation)) == {}


@pytest.mark.parametrize("names", [*permutations(["staff", "crew", "outer"])])
def test_events_leave_two_groups_that_exchange_their_names_and_exchange_the_rest(
    organisation: Organisation, names: tuple[str, ...]
) -> None:
    before = ids(organisation)
    exchanged = ({**STAFF, "name": "crew"}, {**CREW, "name": "staff"}, BAND)
    organisation.people(*PEOPLE, groups=(*exchanged, {**OUTER, "members": ["group:crew"]}))
    for name in names:
        organisation.fire("group-change", name)
    organisation.settle()
    assert organisation.left() == {}
    assert ids(organisation) == before
    assert organisation.roles("crew@example.org") == {"alice@example.org": "MEMBER"}
    assert planned(dry(organisation)) == {}


# --- an alias that is given up -------------------------------------------------------------------


@pytest.fixture
def knot(organisation: Organisation) -> dict[str, str]:
    """The crew waits for the staff's address, and the staff for an alias that the crew gives up."""
    alias = "old@example.org"
    organisation.people(*PEOPLE, groups=(STAFF, {**CREW, "aliases": [alias]}, BAND, OUTER))
    reconcile(organisation)
    before = ids(organisation)
    moved = ({**STAFF, "name": "old"}, {**CREW, "name": "staff", "aliases": []}, BAND)
    organisation.people(*PEOPLE, groups=(*moved, {**OUTER, "members": ["group:old"]}))
    return {**before, "old": before["staff"], "staff": before["crew"]}


@pytest.mark.parametrize("names", [*permutations(["old", "staff"])])
def test_an_alias_that_is_given_up_unties_events_that_wait_for_each_other(
    organisation: Organisation, knot: dict[str, str], names: tuple[str, ...]
) -> None:
    for name in names:
        organisation.fire("group-change", name)
    organisation.settle()
    assert organisation.left() == {}
    assert ids(organisation) == {name: one for name, one in knot.items() if name != "crew"}
    assert planned(dry(organisation)) == {}


def test_an_alias_that_is_given_up_unties_a_reconcile(
    organisation: Organisation, knot: dict[str, str]
) -> None:
    reconcile(organisation)  # sees that the name was somebody else's
    assert planned(dry(organisation))["group:staff"] == ["remove-group-alias"]
    reconcile(organisation)
    assert ids(organisation) == {name: one for name, one in knot.items() if name != "crew"}
    assert planned(dry(organisation)) == {}
