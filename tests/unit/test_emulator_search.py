"""The search languages of users.list and groups.list, without HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_workspace import World, refused
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.emulator.state import lists, members, org_units, schemas
from gapps_hooks.emulator.state.query import parse

BAD = (400, "invalid", "Invalid Input: query")
FIELDS = [
    {"fieldName": "level", "fieldType": "INT64"},
    {"fieldName": "since", "fieldType": "DATE"},
    {"fieldName": "tags", "fieldType": "STRING", "multiValued": True},
    {"fieldName": "active", "fieldType": "BOOL"},
    {"fieldName": "hidden", "fieldType": "STRING", "indexed": False},
]


@pytest.fixture(scope="module")
def world() -> World:
    """Three people, whom no test changes."""
    world = World()
    org_units.insert(world.workspace, "my_customer", {"name": "Sales"})
    body = {"name": "North", "parentOrgUnitPath": "/Sales"}
    org_units.insert(world.workspace, "my_customer", body)
    schemas.insert(world.workspace, "my_customer", {"schemaName": "Job", "fields": FIELDS})
    world.insert(
        "ann", name={"givenName": "Ann Marie", "familyName": "O'Neill"}, orgUnitPath="/Sales",
        phones=[{"value": "+491"}], externalIds=[{"value": "uid:7", "type": "custom"}],
        organizations=[{"name": "Acme", "title": "Head of Sales", "department": "D1"}],
        customSchemas={"Job": {"level": 3, "since": "2020-01-31", "active": True}},
    )  # fmt: skip
    world.insert(
        "bob", name={"givenName": "Bob", "familyName": "Marsh"}, orgUnitPath="/Sales/North",
        suspended=True, relations=[{"type": "manager", "value": "ann@example.org"}],
        addresses=[{"locality": "Kiel", "countryCode": "DE"}],
        customSchemas={"Job": {"level": 12, "tags": [{"value": "red"}, {"value": "blue"}]}},
    )  # fmt: skip
    world.insert("cem", name={"givenName": "Cem", "familyName": "Anders"}, archived=True)
    return world


def found(world: World, query: str, **parameters: str) -> list[str]:
    wish = lists.Wish(parameters={"customer": "my_customer", "query": query, **parameters})
    shown = lists.users(world.workspace, wish).get("users", ())
    names = [user["primaryEmail"].partition("@")[0] for user in shown]
    return [name for name in names if name in {"ann", "bob", "cem"}]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("email=ann@example.org", "ann"),
        ("email:BOB*", "bob"),
        ("email:bob", ""),
        ("givenName='Ann Marie'", "ann"),
        ('givenName="ann marie"', "ann"),
        ("givenName:marie", "ann"),
        ("givenName:'ann mar*'", "ann"),
        ("givenName=marie", ""),
        (r"familyName='O\'Neill'", "ann"),
        ("name:'bob marsh'", "bob"),
        ("familyName:mar*", "bob"),
        ("isSuspended=true", "bob"),
        ("isSuspended=false email:c*", "cem"),
        ("isArchived=true", "cem"),
        ("isEnrolledIn2Sv=true", ""),
        ("orgUnitPath=/Sales", "ann bob"),
        ("orgUnitPath='/Sales/North'", "bob"),
        ("orgUnitPath=/Sal", ""),
        ("orgUnitPath=/", "ann bob cem"),
        ("externalId=uid:7", "ann"),
        ("externalId='uid:7'", "ann"),
        ("phone=+491", "ann"),
        ("orgName=acme", "ann"),
        ("orgTitle:sales", "ann"),
        ("orgTitle:'head of'", "ann"),
        ("orgTitle:'head sales'", ""),
        ("orgDepartment=D1 orgName=Acme", "ann"),
        ("addressLocality=kiel", "bob"),
        ("address:kiel", "bob"),
        ("directManager='ann@example.org'", "bob"),
        ("manager:ann@example.org", "bob"),
        ("any:acme", "ann"),
        ("Job.level=3", "ann"),
        ("Job.level>3", "bob"),
        ("Job.level>=3 Job.level<12", "ann"),
        ("Job.since<'2021-01-01'", "ann"),
        ("Job.tags=blue", "bob"),
        ("Job.active=true", "ann"),
        ("", "ann bob cem"),
    ],
)
def test_a_query_finds_those_that_it_describes(world: World, query: str, names: str) -> None:
    assert found(world, query) == names.split()


@pytest.mark.parametrize(
    "query",
    [
        "nonsense",
        "email=",
        "shoe=43",
        "email>a",
        "isAdmin=perhaps",
        "orgUnitPath:/Sales",
        "orgUnitPath=Sales",
        "Job.no=1",
        "No.level=1",
        "Job.hidden=x",
        "givenName='open",
        "givenName='a'b",
    ],
)
def test_a_wrong_query_is_refused(world: World, query: str) -> None:
    assert refused(found, world, query) == BAD


@given(st.text(min_size=1))
def test_whatever_is_quoted_comes_out_as_it_went_in(value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    assert [clause.value for clause in parse(f"name='{escaped}'")] == [value]


def groups(world: World, **parameters: str) -> list[str]:
    shown = lists.groups(world.workspace, lists.Wish(parameters=parameters)).get("groups", ())
    return [group["email"].partition("@")[0] for group in shown]


@pytest.fixture
def grouped() -> World:
    world = World()
    for name in ("alpha", "beta", "gamma"):
        world.group(name, name=f"The {name}")
    world.insert("ann")
    for group, member in (("alpha", "ann"), ("beta", "alpha"), ("gamma", "ann")):
        body = {"email": f"{member}@example.org"}
        members.insert(world.workspace, f"{group}@example.org", body)
    return world


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({}, "alpha beta gamma"),
        ({"orderBy": "email", "sortOrder": "DESCENDING"}, "gamma beta alpha"),
        ({"sortOrder": "DESCENDING"}, "alpha beta gamma"),
        ({"query": "email:b*"}, "beta"),
        ({"query": "email=gamma@example.org"}, "gamma"),
        ({"query": "name='the alpha'"}, "alpha"),
        ({"query": "name:the*"}, "alpha beta gamma"),
        ({"query": "memberKey=ann@example.org"}, "alpha gamma"),
        ({"userKey": "ann@example.org"}, "alpha gamma"),
        ({"userKey": "alpha@example.org"}, "beta"),
        ({"domain": "example.net"}, ""),
        ({"domain": "example.org", "customer": "my_customer"}, "alpha beta gamma"),
    ],
)
def test_groups_are_found_and_put_in_order(
    grouped: World, parameters: dict[str, str], names: str
) -> None:
    assert groups(grouped, **parameters) == names.split()


@pytest.mark.parametrize("query", ["memberKey=a@b.c email:x*", "memberKey:a*", "shoe=43"])
def test_a_wrong_query_of_groups_is_refused(grouped: World, query: str) -> None:
    assert refused(groups, grouped, query=query) == BAD


def everybody(world: World, group: str, **parameters: str) -> list[tuple[str, str]]:
    wish = lists.Wish(parameters={"includeDerivedMembership": "true", **parameters})
    shown = lists.group_members(world.workspace, f"{group}@example.org", wish)
    return [(entry["email"], entry["role"]) for entry in shown.get("members", ())]


def test_derived_members_are_listed_once_and_as_members(grouped: World) -> None:
    ann, alpha = "ann@example.org", "alpha@example.org"
    members.patch(grouped.workspace, alpha, ann, {"role": "OWNER"})
    assert everybody(grouped, "beta") == [(alpha, "MEMBER"), (ann, "MEMBER")]
    assert everybody(grouped, "alpha") == [(ann, "OWNER")]
    assert everybody(grouped, "beta", roles="OWNER") == []


def test_a_group_of_the_whole_customer_has_everybody(grouped: World) -> None:
    body: dict[str, Any] = {"id": grouped.workspace.ids.customer}
    members.insert(grouped.workspace, "beta@example.org", body)
    shown = members.has_member(grouped.workspace, "beta@example.org", "boss@example.org")
    assert shown == {"isMember": True}


def test_a_user_has_3000_memberships_of_which_managing_counts_twice(grouped: World) -> None:
    workspace = grouped.workspace
    for number in range(2996):
        grouped.group(f"g{number}")
        members.insert(workspace, f"g{number}@example.org", {"email": "ann@example.org"})
    grouped.group("last")
    add = (members.insert, workspace, "last@example.org")
    managing = {"email": "ann@example.org", "role": "MANAGER"}
    members.patch(workspace, "g0@example.org", "ann@example.org", {"role": "OWNER"})
    assert refused(*add, managing)[:2] == (412, "conditionNotMet")
    members.insert(workspace, "last@example.org", {"email": "ann@example.org"})
