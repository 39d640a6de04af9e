"""The emulator's rules of org units, domain aliases, custom schemas and licences, without HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_workspace import World, refused, user_body
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.emulator import seeds
from gapps_hooks.emulator.people import UnknownLocale, made_up
from gapps_hooks.emulator.state import (
    aliases,
    groups,
    licences,
    lists,
    org_units,
    organisation,
    schemas,
    users,
    views,
)
from gapps_hooks.emulator.state.addresses import AddressBook

Json = dict[str, Any]
ME = "my_customer"
NO_UNIT = (404, "notFound", "Resource Not Found: orgUnitPath")
BAD_UNIT = (400, "invalid", "Invalid Input: INVALID_OU_ID")
BAD_VALUE = (400, "invalid", "Invalid Input: custom_schema")


@pytest.fixture
def world() -> World:
    return World()


def unit(world: World, path: str) -> Json:
    parent, _, name = path.rpartition("/")
    body = {"name": name, "parentOrgUnitPath": parent or "/"}
    return org_units.insert(world.workspace, ME, body)


def paths(world: World, start: str = "", which: str = "all") -> list[str]:
    shown = org_units.listed(world.workspace, ME, start, which)
    return [entry["orgUnitPath"] for entry in shown.get("organizationUnits", ())]


# --- org units ------------------------------------------------------------------------------------


def test_org_units_make_a_tree(world: World) -> None:
    for path in ("/a", "/a/b", "/a/b/c", "/d"):
        unit(world, path)
    assert paths(world) == ["/a", "/a/b", "/a/b/c", "/d"]
    assert paths(world, which="children") == ["/a", "/d"]
    assert paths(world, "/a", "allIncludingParent") == ["/a", "/a/b", "/a/b/c"]
    assert paths(world, "d") == []


def test_an_org_unit_is_found_by_path_and_by_id_and_made_below_either(world: World) -> None:
    known = unit(world, "/a")
    assert org_units.get(world.workspace, ME, known["orgUnitId"]) == known
    assert org_units.get(world.workspace, ME, "a") == known
    body = {"name": "b", "parentOrgUnitId": known["orgUnitId"]}
    assert org_units.insert(world.workspace, ME, body)["orgUnitPath"] == "/a/b"


def test_a_moved_org_unit_takes_everything_along(world: World) -> None:
    for path in ("/a", "/a/b", "/a/b/c", "/d", "/ab"):
        unit(world, path)
    alice = world.insert("alice", orgUnitPath="/a/b/c")
    body = {"name": "x", "parentOrgUnitPath": "/d"}
    moved = org_units.patch(world.workspace, ME, "a/b", body)
    assert (moved["orgUnitPath"], moved["parentOrgUnitPath"]) == ("/d/x", "/d")
    assert paths(world) == ["/a", "/ab", "/d", "/d/x", "/d/x/c"]
    assert world.get(alice["id"])["orgUnitPath"] == "/d/x/c"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("a", {"parentOrgUnitPath": "/a/b"}, BAD_UNIT),
        ("a", {"parentOrgUnitPath": "/a"}, BAD_UNIT),
        ("a", {"parentOrgUnitPath": "/no"}, BAD_UNIT),
        ("a", {"name": "x/y"}, BAD_UNIT),
        ("a", {"name": ""}, BAD_UNIT),
        ("a", {"name": "d"}, (409, "duplicate", "Org unit already exists")),
        ("no", {"name": "d"}, NO_UNIT),
    ],
)
def test_a_wrong_change_of_an_org_unit_changes_nothing(
    world: World, path: str, body: Json, expected: tuple[int, str, str]
) -> None:
    for made in ("/a", "/a/b", "/d"):
        unit(world, made)
    assert refused(org_units.patch, world.workspace, ME, path, body) == expected
    assert paths(world) == ["/a", "/a/b", "/d"]


def test_only_an_empty_org_unit_can_be_deleted(world: World) -> None:
    unit(world, "/a")
    unit(world, "/a/b")
    alice = world.insert("alice", orgUnitPath="/a/b")
    delete = (org_units.delete, world.workspace, ME)
    for path in ("a", "a/b", "/"):
        assert refused(*delete, path)[:2] == (412, "conditionNotMet")
    world.patch(alice["id"], orgUnitPath="/")
    org_units.delete(world.workspace, ME, "a/b")
    org_units.delete(world.workspace, ME, "a")
    assert paths(world) == []
    assert refused(*delete, "a") == NO_UNIT


def test_the_tree_is_35_levels_deep(world: World) -> None:
    for depth in range(1, 36):
        unit(world, "/x" * depth)
    assert refused(unit, world, "/x" * 36) == BAD_UNIT


# --- domain aliases -------------------------------------------------------------------------------


def add_alias(world: World, alias: str = "example.com", parent: str = "example.org") -> Json:
    body = {"domainAliasName": alias, "parentDomainName": parent}
    return organisation.insert_domain_alias(world.workspace, ME, body)


def test_everybody_is_found_at_a_domains_other_name_but_nobody_is_made_there(world: World) -> None:
    alice = world.insert("alice")
    add_alias(world)
    assert world.get("alice@example.com")["id"] == alice["id"]
    foreign = (404, "notFound", "Domain not found.")
    body = user_body("bob") | {"primaryEmail": "bob@example.com"}
    assert refused(users.insert, world.workspace, body) == foreign
    organisation.delete_domain_alias(world.workspace, ME, "EXAMPLE.COM")
    assert refused(world.get, "alice@example.com")[0] == 403


def test_everybodys_addresses_at_a_domains_other_name_are_shown_and_cannot_be_edited(
    world: World,
) -> None:
    alice = world.insert("alice")
    aliases.insert(world.workspace, world.workspace.users[alice["id"]], {"alias": "al@example.org"})
    world.group("team")
    add_alias(world)
    add_alias(world, "example.info", "example.net")
    shown = world.get(alice["id"])
    expected = ["alice@example.com", "al@example.com", "alice@example.org.test-google-a.com"]
    assert shown["nonEditableAliases"] == expected
    assert shown["aliases"] == ["al@example.org"]
    assert {entry["address"] for entry in shown["emails"]} > set(expected)
    team = groups.get(world.workspace, "team@example.org")
    assert team["nonEditableAliases"][0] == "team@example.com"
    organisation.delete_domain_alias(world.workspace, ME, "example.com")
    assert world.get(alice["id"])["nonEditableAliases"] == expected[2:]


def test_an_account_has_twenty_domain_aliases_whichever_domains_they_are_of(world: World) -> None:
    for number in range(20):
        add_alias(world, f"a{number}.com", ("example.org", "example.net")[number % 2])
    assert refused(add_alias, world)[:2] == (412, "conditionNotMet")


def test_an_account_has_at_most_600_domains() -> None:
    domains = tuple(f"d{number}.example" for number in range(601))
    assert AddressBook(domains[:600]).domains == domains[:600]
    with pytest.raises(ValueError, match="domains: at most 600"):
        AddressBook(domains)


@pytest.mark.parametrize(
    ("alias", "parent", "status"),
    [
        ("example.com", "example.com", 404),
        ("example.net", "example.org", 409),
        ("taken.com", "example.org", 409),
        ("nonsense", "example.org", 400),
    ],
)
def test_a_wrong_domain_alias_is_refused(
    world: World, alias: str, parent: str, status: int
) -> None:
    add_alias(world, "taken.com")
    assert refused(add_alias, world, alias, parent)[0] == status


# --- custom schemas -------------------------------------------------------------------------------

FIELDS = [
    {"fieldName": "level", "fieldType": "INT64"},
    {"fieldName": "secret", "fieldType": "STRING", "readAccessType": "ADMINS_AND_SELF"},
    {"fieldName": "tags", "fieldType": "STRING", "multiValued": True},
    {"fieldName": "hidden", "fieldType": "STRING", "indexed": False},
]
VALUES = {"level": "3", "secret": "x", "tags": [{"value": "red"}, {"value": "blue"}]}


@pytest.fixture
def skilled(world: World) -> World:
    schemas.insert(world.workspace, ME, {"schemaName": "Skills", "fields": FIELDS})
    schemas.insert(world.workspace, ME, {"schemaName": "Other", "fields": FIELDS[:1]})
    world.insert("alice", customSchemas={"Skills": VALUES, "Other": {"level": 1}})
    return world


def seen(world: World, **parameters: str) -> Any:  # noqa: ANN401 - any JSON value
    user = world.workspace.user_at("alice@example.org")
    assert user is not None
    return views.show(world.workspace, user, parameters).get("customSchemas")


def test_custom_fields_are_shown_only_to_those_who_ask(skilled: World) -> None:
    assert seen(skilled) is None
    assert seen(skilled, projection="full") == {"Skills": VALUES, "Other": {"level": 1}}
    assert seen(skilled, projection="custom", customFieldMask="Other,No") == {"Other": {"level": 1}}
    public = seen(skilled, projection="full", viewType="domain_public")
    assert public["Skills"].keys() == {"level", "tags"}


def test_a_write_keeps_what_is_absent_and_null_clears_at_each_level(skilled: World) -> None:
    skilled.patch("alice@example.org", customSchemas={"Skills": {"level": 4, "secret": None}})
    expected = {"level": 4, "tags": VALUES["tags"]}
    assert seen(skilled, projection="full") == {"Skills": expected, "Other": {"level": 1}}
    skilled.patch("alice@example.org", customSchemas={"Skills": None})
    assert seen(skilled, projection="full") == {"Other": {"level": 1}}
    skilled.patch("alice@example.org", customSchemas=None)
    assert seen(skilled, projection="full") is None


@pytest.mark.parametrize(
    "values",
    [
        {"No": {"level": 1}},
        {"Skills": {"no": 1}},
        {"Skills": {"level": [1]}},
        {"Skills": {"level": True}},
        {"Skills": {"tags": "red"}},
        {"Skills": {"tags": ["red"]}},
        {"Skills": "x"},
        "x",
    ],
)
def test_a_wrong_value_is_refused(skilled: World, values: object) -> None:
    assert refused(skilled.patch, "alice@example.org", customSchemas=values) == BAD_VALUE


def test_a_field_that_goes_takes_its_values_along_and_others_keep_their_ids(skilled: World) -> None:
    workspace = skilled.workspace
    before = schemas.get(workspace, ME, "Skills")
    body = {"schemaName": "Abilities", "fields": FIELDS[:1]}
    after = schemas.patch(workspace, ME, before["schemaId"], body)
    assert after["fields"] == [before["fields"][0]]
    assert seen(skilled, projection="full") == {"Other": {"level": 1}, "Abilities": {"level": "3"}}
    schemas.delete(workspace, ME, "Abilities")
    assert refused(schemas.get, workspace, ME, "Abilities")[0] == 404
    assert seen(skilled, projection="full") == {"Other": {"level": 1}}


def test_a_restored_user_has_no_values_of_a_schema_that_went_meanwhile(skilled: World) -> None:
    known = skilled.get("alice@example.org")["id"]
    users.delete(skilled.workspace, skilled.boss, known)
    schemas.delete(skilled.workspace, ME, "Skills")
    users.undelete(skilled.workspace, skilled.boss, known, {})
    assert seen(skilled, projection="full", viewType="domain_public") == {"Other": {"level": 1}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"schemaName": "Skills", "fields": FIELDS}, (409, "duplicate")),
        ({"schemaName": "a b", "fields": FIELDS}, (400, "invalid")),
        ({"schemaName": "New"}, (400, "required")),
        ({"schemaName": "New", "fields": [{"fieldName": "a"}]}, (400, "invalid")),
        ({"schemaName": "New", "fields": FIELDS[:1] * 2}, (409, "duplicate")),
    ],
)
def test_a_wrong_schema_is_refused(skilled: World, body: Json, expected: tuple[int, str]) -> None:
    assert refused(schemas.insert, skilled.workspace, ME, body)[:2] == expected


# --- licences -------------------------------------------------------------------------------------

SEAT = ("Google-Apps", "1010020027")


def give(world: World, name: str) -> Json:
    return licences.insert(world.workspace, *SEAT, {"userId": f"{name}@example.org"})


def held(world: World, sku: str = "") -> list[str]:
    wish = lists.Wish(parameters={"customerId": "example.org"})
    shown = licences.listed(world.workspace, SEAT[0], sku, wish)
    return [entry["userId"] for entry in shown.get("items", ())]


def test_licences_are_given_listed_in_order_and_taken_away(world: World) -> None:
    for name in ("boss", "alice"):
        if name == "alice":
            world.insert(name)
        give(world, name)
    assert held(world) == held(world, SEAT[1]) == ["alice@example.org", "boss@example.org"]
    assert held(world, "other") == []
    licences.delete(world.workspace, *SEAT, "alice@example.org")
    assert held(world) == ["boss@example.org"]
    gone = refused(licences.get, world.workspace, *SEAT, "alice@example.org")
    assert gone[:2] == (404, "notFound")


def test_a_second_licence_and_one_too_many_are_refused(world: World) -> None:
    give(world, "boss")
    assert refused(give, world, "boss")[:2] == (412, "conditionNotMet")
    world.switches.licence_seats = {SEAT[1]: 1}
    assert refused(give, world, "helper")[:2] == (412, "conditionNotMet")


def test_a_deleted_user_leaves_its_licences(world: World) -> None:
    known = world.insert("alice")
    give(world, "alice")
    users.delete(world.workspace, world.boss, known["id"])
    assert held(world) == []


# --- seeds ----------------------------------------------------------------------------------------


def test_what_is_dumped_can_be_loaded_again(skilled: World) -> None:
    unit(skilled, "/a")
    add_alias(skilled)
    give(skilled, "boss")
    other = World()
    for user in list(other.workspace.users):
        users.delete(other.workspace, other.boss, user)
    seeds.load(other.workspace, seeds.dump(skilled.workspace) | {"deletedUsers": []})
    assert held(other) == ["boss@example.org"]
    assert paths(other) == ["/a"]
    assert other.get("alice@example.com")["primaryEmail"] == "alice@example.org"
    assert seen(other, projection="full") == {"Skills": VALUES, "Other": {"level": 1}}


def test_a_locale_that_is_none_is_told() -> None:
    with pytest.raises(UnknownLocale, match="xx_YY"):
        made_up(1, 0, ("xx_YY",), "example.org")


@given(st.integers(0, 60), st.integers(0, 5), st.integers(0, 3))
def test_made_up_people_all_have_addresses_that_google_takes(
    people: int, groups: int, seed: int
) -> None:
    locales = ("de_DE", "ja_JP", "ar_SA")
    document = made_up(people, groups, locales, "example.org", seed=seed)
    world = World()
    seeds.load(world.workspace, document)
    assert len(world.workspace.users) == people + 2
    assert len(world.workspace.groups) == groups
    assert document == made_up(people, groups, locales, "example.org", seed=seed)
