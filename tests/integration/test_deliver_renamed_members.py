"""A group's event that comes before its member's new name: the member stays what it is."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import dry, listed, person, planned, reconcile

from gapps_hooks.linking import bind
from gapps_hooks.model import Kind

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


# --- names that pass on --------------------------------------------------------------------------

CID = person("cid")
#: Alice is called bob now, and Bob is called carol.
BOB_WAS_ALICE = person("bob", id=ALICE["id"])
CAROL_WAS_BOB = person("carol", id=BOB["id"])


def passed_on(tmp_path: Path, before: list[str], after: list[str]) -> Organisation:
    """One group, whose event comes first, and then those of the two who have other names."""
    found = listed(tmp_path)
    team = {"name": "team", "members": before, "id": "entryUUID:t"}
    found.people(ALICE, BOB, CID, groups=(team,))
    reconcile(found)
    ids = {one["id"]: one["primaryEmail"] for one in found.emulator.state()["users"]}
    found.people(BOB_WAS_ALICE, CAROL_WAS_BOB, CID, groups=({**team, "members": after},))
    for event, name in (("group-change", "team"), ("user-modify", "carol"), ("user-modify", "bob")):
        found.fire(event, name)
    found.settle()
    assert found.left() == {}
    now = {ids[one["id"]]: one["primaryEmail"] for one in found.emulator.state()["users"]}
    assert (now["alice@example.org"], now["bob@example.org"]) == (
        "bob@example.org",
        "carol@example.org",
    )
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["cid"], ["cid", "bob"]),
        (["alice", "bob"], ["bob", "carol"]),
        (["alice", "bob"], ["bob"]),
        (["alice", "bob"], ["carol"]),
        (["alice"], ["bob"]),
        (["bob"], ["carol", "bob"]),
        ([], ["bob", "carol"]),
    ],
)
def test_who_has_a_name_that_was_anothers_is_in_and_nobody_else(
    tmp_path: Path, before: list[str], after: list[str]
) -> None:
    found = passed_on(tmp_path, before, after)
    assert set(found.roles("team@example.org")) == {f"{name}@example.org" for name in after}
    assert planned(dry(found)) == {}


def test_those_who_stay_while_their_names_pass_on_are_not_taken_out(tmp_path: Path) -> None:
    found = passed_on(tmp_path, ["alice", "bob"], ["bob", "carol"])
    assert "members.delete" not in found.emulator.requests.calls()


def test_a_namesake_of_one_who_has_another_name_now_gets_in(tmp_path: Path) -> None:
    found = listed(tmp_path)
    found.people(ALICE, BOB, groups=(STAFF,))
    reconcile(found)
    alicia, namesake = person("alicia", id=ALICE["id"]), person("alice", id="entryUUID:other")
    staff = {**STAFF, "members": ["alicia", "alice"]}
    found.people(alicia, namesake, BOB, groups=(staff,))
    for event, name in (
        ("group-change", "staff"),
        ("user-modify", "alicia"),
        ("user-add", "alice"),
    ):
        found.fire(event, name)
    found.settle()
    assert found.left() == {}
    assert set(found.roles("staff@example.org")) == {"alicia@example.org", "alice@example.org"}
    assert planned(dry(found)) == {}


@pytest.mark.parametrize("old_name", [None, {"old_username": "alice"}])
def test_one_who_left_while_a_namesake_came_is_taken_out_once_the_new_name_is_known(
    tmp_path: Path, old_name: dict[str, str] | None
) -> None:
    found = listed(tmp_path)
    found.people(ALICE, BOB, groups=(STAFF,))
    reconcile(found)
    alicia, namesake = person("alicia", id=ALICE["id"]), person("alice", id="entryUUID:other")
    found.people(alicia, {**namesake, "enabled": False}, BOB, groups=(STAFF,))
    found.fire("group-change", "staff")
    found.fire("user-modify", "alicia", old_name)
    found.settle()
    assert found.left() == {}
    assert found.roles("staff@example.org") == {}
    assert planned(dry(found)) == {}


@pytest.mark.parametrize("names", [*permutations(["alice", "bob", "carol"])])
def test_who_left_while_names_were_passed_on_in_the_same_list_is_taken_out(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    found = listed(tmp_path)
    team = {"name": "team", "members": ["alice", "bob"], "id": "entryUUID:t"}
    found.people(ALICE, BOB, groups=(team,))
    reconcile(found)
    namesake = person("alice", id="entryUUID:other", enabled=False)
    found.people(BOB_WAS_ALICE, CAROL_WAS_BOB, namesake, groups=(team,))
    found.fire("group-change", "team")
    for name in names:
        found.fire("user-modify", name)
    found.settle()
    assert found.left() == {}
    assert found.roles("team@example.org") == {"bob@example.org": "MEMBER"}


def test_groups_whose_names_pass_on_and_that_are_in_another_stay(
    organisation: Organisation,
) -> None:
    outer = {**OUTER, "members": ["group:staff", "group:crew"]}
    organisation.people(ALICE, BOB, groups=(STAFF, CREW, outer))
    organisation.fire("group-change", "outer")
    moved = ({**STAFF, "name": "crew"}, {**CREW, "name": "band"})
    outer = {**OUTER, "members": ["group:crew", "group:band"]}
    organisation.people(ALICE, BOB, groups=(*moved, outer))
    told(organisation, *(("group-change", name) for name in ("outer", "staff", "crew", "band")))
    assert set(organisation.roles("outer@example.org")) == {"crew@example.org", "band@example.org"}


def test_one_who_was_left_out_gets_in_when_a_person_says_who_he_is(tmp_path: Path) -> None:
    found = listed(tmp_path)
    found.people(ALICE, BOB, groups=({**STAFF, "members": []},))
    reconcile(found)
    found.people(person("alice", id="entryUUID:new"), BOB, groups=(STAFF,))
    found.fire("group-change", "staff")
    assert found.roles("staff@example.org") == {}
    bind(found.wiring, Kind.USER, "alice", "alice@example.org")
    found.settle()
    assert found.roles("staff@example.org") == {"alice@example.org": "MEMBER"}


# --- where nothing but the event tells of the new name -------------------------------------------


def test_a_member_who_was_not_known_by_the_new_name_gets_in_when_it_comes(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", {"given_name": "Alice", "family_name": "Example"})
    house.fire("group-change", "staff", {"members": ["alice"]})
    house.fire("group-change", "staff", {"members": ["alicia"]})
    house.fire("user-modify", "alicia", {"old_username": "alice"})
    house.settle()
    assert house.roles("staff@example.org") == {"alicia@example.org": "MEMBER"}
    assert house.left() == {}
