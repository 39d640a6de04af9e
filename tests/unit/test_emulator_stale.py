"""The emulator's stale listings answer the question that was asked, by how things were."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_workspace import World, refused

from gapps_hooks.emulator.state import aliases, groups, lists, members, schemas, users
from gapps_hooks.emulator.state.pages import Distortion

ALICE, TEAM, ME = "alice@example.org", "team@example.org", "my_customer"
FORBIDDEN = (403, "forbidden", "Not Authorized to access this resource/api")


@pytest.fixture
def world() -> World:
    """Tell what was so a while ago; each test changes some of it just now."""
    it = World()
    for name in ("alice", "bob", "carol"):
        it.insert(name, givenName=name)
    for name in ("team", "crew", "inner"):
        it.group(name)
    add(it, "team", email=ALICE, role="OWNER")
    add(it, "team", email="bob@example.org")
    add(it, "team", email="inner@example.org")
    add(it, "inner", email="carol@example.org")
    it.time += 100
    return it


def add(world: World, group: str, **body: str) -> None:
    members.insert(world.workspace, f"{group}@example.org", body)


def wish(parameters: dict[str, str]) -> lists.Wish:
    return lists.Wish(parameters=parameters, distortion=Distortion.STALE, age=60.0)


def stale_users(world: World, **parameters: str) -> list[str]:
    answer = lists.users(world.workspace, wish({"customer": ME, **parameters}))
    return [user["primaryEmail"].partition("@")[0] for user in answer.get("users", [])]


def stale_groups(world: World, **parameters: str) -> list[str]:
    answer = lists.groups(world.workspace, wish(parameters))
    return [group["email"].partition("@")[0] for group in answer.get("groups", [])]


def stale_members(world: World, **parameters: str) -> list[str]:
    answer = lists.group_members(world.workspace, TEAM, wish(parameters))
    return [member["email"].partition("@")[0] for member in answer.get("members", [])]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"query": f"email={ALICE}"}, ["alice"]),
        ({"query": "email=al@example.org"}, []),
        ({"query": "isSuspended=true"}, []),
        ({"query": "isAdmin=true"}, ["boss"]),
        ({"domain": "example.net", "customer": ""}, []),
        ({"sortOrder": "DESCENDING"}, ["helper", "carol", "boss", "bob", "alice"]),
        ({"maxResults": "2"}, ["alice", "bob"]),
    ],
)
def test_of_users_only_those_are_listed_that_were_asked_for(
    world: World, parameters: dict[str, str], expected: list[str]
) -> None:
    alice = users.find(world.workspace, ALICE)
    aliases.insert(world.workspace, alice, {"alias": "al@example.org"})
    world.patch(ALICE, suspended=True)
    world.insert("zoe")
    assert stale_users(world, **parameters) == expected


def test_users_are_shown_as_far_as_they_may_be(world: World) -> None:
    world.patch(ALICE, suspended=True)
    public = {"customer": ME, "viewType": "domain_public", "query": f"email={ALICE}"}
    [shown] = lists.users(world.workspace, wish(public))["users"]
    assert not shown.keys() & {"suspended", "isAdmin", "orgUnitPath"}
    [shown] = lists.users(world.workspace, wish({"customer": ME, "query": f"email={ALICE}"}))[
        "users"
    ]
    assert shown["suspended"] is False


def test_the_bin_is_listed_as_it_was(world: World) -> None:
    bob, carol = (users.find(world.workspace, f"{name}@example.org") for name in ("bob", "carol"))
    users.delete(world.workspace, world.boss, bob.id)
    world.time += 100
    users.undelete(world.workspace, world.boss, bob.id, {})
    users.delete(world.workspace, world.boss, carol.id)
    assert stale_users(world, showDeleted="true") == ["bob"]
    assert stale_users(world, showDeleted="true", query="email:c*") == []
    world.time += 100
    assert stale_users(world, showDeleted="true") == ["carol"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ["crew", "inner", "team"]),
        ({"userKey": "bob@example.org"}, ["team"]),
        ({"query": "memberKey=bob@example.org"}, ["team"]),
        ({"query": "email:c*"}, ["crew"]),
        ({"query": "name=renamed"}, []),
        ({"domain": "example.net"}, []),
    ],
)
def test_of_groups_only_those_are_listed_that_were_asked_for(
    world: World, parameters: dict[str, str], expected: list[str]
) -> None:
    members.delete(world.workspace, TEAM, "bob@example.org")
    add(world, "crew", email="bob@example.org")
    groups.patch(world.workspace, TEAM, {"name": "renamed"})
    assert stale_groups(world, **parameters) == expected


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ["alice", "bob", "inner"]),
        ({"roles": "OWNER"}, ["alice"]),
        ({"roles": "MANAGER"}, []),
        ({"includeDerivedMembership": "true"}, ["alice", "bob", "carol", "inner"]),
        ({"includeDerivedMembership": "true", "roles": "OWNER"}, ["alice"]),
    ],
)
def test_of_members_only_those_are_listed_that_were_asked_for(
    world: World, parameters: dict[str, str], expected: list[str]
) -> None:
    members.patch(world.workspace, TEAM, "bob@example.org", {"role": "MANAGER"})
    members.delete(world.workspace, "inner@example.org", "carol@example.org")
    add(world, "inner", email="boss@example.org")
    assert stale_members(world, **parameters) == expected


# --- what holds for every listing -----------------------------------------------------------------


def live(world: World, **parameters: str) -> list[dict[str, Any]]:
    answer = lists.users(world.workspace, lists.Wish(parameters={"customer": ME, **parameters}))
    return list(answer.get("users", []))


@pytest.mark.parametrize(
    "parameters", [{"showDeleted": "true"}, {"query": "isAdmin=true"}, {"query": "orgUnitPath=/"}]
)
def test_the_public_view_tells_nothing_that_is_not_public(
    world: World, parameters: dict[str, str]
) -> None:
    assert refused(live, world, viewType="domain_public", **parameters) == FORBIDDEN
    assert live(world, viewType="domain_public", query=f"email={ALICE}")


def test_nor_is_a_custom_field_searched_in_it_that_only_administrators_read(world: World) -> None:
    fields = [
        {"fieldName": "open", "fieldType": "STRING"},
        {"fieldName": "own", "fieldType": "STRING", "readAccessType": "ADMINS_AND_SELF"},
    ]
    schemas.insert(world.workspace, ME, {"schemaName": "Desk", "fields": fields})
    world.patch(ALICE, customSchemas={"Desk": {"open": "1", "own": "1"}})
    assert live(world, viewType="domain_public", query="Desk.open=1")
    asked = {"viewType": "domain_public", "query": "Desk.own=1"}
    assert refused(live, world, **asked) == FORBIDDEN


def test_the_deleted_are_ordered_and_projected_as_all_users_are(world: World) -> None:
    schemas.insert(
        world.workspace, ME,
        {"schemaName": "Desk", "fields": [{"fieldName": "no", "fieldType": "STRING"}]},
    )  # fmt: skip
    for name in ("alice", "bob"):
        world.patch(f"{name}@example.org", customSchemas={"Desk": {"no": name}})
        users.delete(world.workspace, world.boss, f"{name}@example.org")
    shown = live(world, showDeleted="true", orderBy="givenName", sortOrder="DESCENDING")
    assert [user["name"]["givenName"] for user in shown] == ["bob", "alice"]
    assert not any("customSchemas" in user for user in shown)
    shown = live(world, showDeleted="true", projection="custom", customFieldMask="Desk")
    assert [user["customSchemas"]["Desk"]["no"] for user in shown] == ["alice", "bob"]


def test_an_unknown_role_is_refused(world: World) -> None:
    asked = lists.Wish(parameters={"roles": "OWNER,CHIEF"})
    expected = (400, "invalid", "Invalid Input: roles")
    assert refused(lists.group_members, world.workspace, TEAM, asked) == expected


def test_a_new_member_is_not_seen_through_other_groups_either(world: World) -> None:
    world.switches.member_lag = 5.0
    add(world, "inner", email="boss@example.org")

    def derived() -> list[str]:
        asked = lists.Wish(parameters={"includeDerivedMembership": "true"})
        shown = lists.group_members(world.workspace, TEAM, asked)["members"]
        return [member["email"].partition("@")[0] for member in shown]

    def is_member() -> object:
        return members.has_member(world.workspace, TEAM, "boss@example.org")["isMember"]

    assert (derived(), is_member()) == (["alice", "bob", "carol", "inner"], False)
    world.time += 5
    assert (derived(), is_member()) == (["alice", "bob", "boss", "carol", "inner"], True)


def test_a_walk_through_groups_may_take_its_time(world: World) -> None:
    first = lists.groups(world.workspace, lists.Wish(parameters={"maxResults": "1"}))
    world.time += 3601
    more = {"maxResults": "1", "pageToken": first["nextPageToken"]}
    assert lists.groups(world.workspace, lists.Wish(parameters=more))["groups"]
