"""The emulator's rules of groups, members and Groups Settings."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_workspace import World, refused

from gapps_hooks.emulator import seeds
from gapps_hooks.emulator.state import groups, lists, members, settings, users
from gapps_hooks.emulator.state.pages import Distortion
from gapps_hooks.emulator.switches import Switches

UNKNOWN_GROUP = (404, "notFound", "Resource Not Found: groupKey")
UNRESOLVED = (400, "required", "Missing required field: memberKey")
NOT_A_MEMBER = (404, "notFound", "Resource Not Found: memberKey")
BAD_MEMBER = (400, "invalid", "Invalid Input: memberKey")


@pytest.fixture
def world() -> World:
    it = World()
    it.insert("alice")
    it.group("team")
    return it


def add(world: World, group: str, **body: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of a member
    return members.insert(world.workspace, f"{group}@example.org", body)


def listed(world: World, **parameters: str) -> list[str]:
    wish = lists.Wish(parameters=parameters)
    shown = lists.group_members(world.workspace, "team@example.org", wish)
    return [entry["email"] for entry in shown.get("members", [])]


def test_a_group_needs_only_an_address_and_is_named_for_it(world: World) -> None:
    shown = world.group("crew")
    assert shown["name"] == "crew"
    assert shown["description"] == ""
    assert shown["adminCreated"] is True
    assert "directMembersCount" not in shown
    assert len(shown["id"]) == 15
    assert groups.get(world.workspace, shown["id"])["directMembersCount"] == "0"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "invalid", "Invalid Input: groupKey")),
        ({"email": "no address"}, (400, "invalid", "Invalid Input: groupKey")),
        ({"email": "x@example.com"}, (404, "notFound", "Domain not found.")),
        ({"email": "alice@example.org"}, (409, "duplicate", "Entity already exists.")),
        ({"email": "x@example.org", "name": "n" * 76}, (400, "invalid", "Invalid Input: name")),
        (
            {"email": "x@example.org", "description": "d" * 4097},
            (400, "invalid", "Invalid Input: description"),
        ),
    ],
)
def test_a_wrong_group_is_refused_in_googles_words(
    world: World, body: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    assert refused(groups.insert, world.workspace, body) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("nobody@example.org", UNKNOWN_GROUP),
        ("0abc", UNKNOWN_GROUP),
        ("x@example.com", (403, "forbidden", "Not Authorized to access this resource/api")),
        ("alice@example.org", (403, "forbidden", "Not Authorized to access this resource/api")),
    ],
)
def test_an_unknown_group_is_refused_by_its_kind(
    world: World, key: str, expected: tuple[int, str, str]
) -> None:
    assert refused(groups.get, world.workspace, key) == expected


@pytest.mark.parametrize("keeps", [True, False])
def test_whether_a_renamed_group_keeps_its_old_address_is_a_switch(
    world: World, *, keeps: bool
) -> None:
    world.switches.group_rename_keeps_alias = keeps
    renamed = groups.patch(
        world.workspace, "team@example.org", {"email": "crew@example.org", "name": None}
    )
    assert renamed["email"] == "crew@example.org"
    assert renamed["name"] == ""
    assert renamed.get("aliases", []) == (["team@example.org"] if keeps else [])
    assert (world.workspace.addresses.owner("team@example.org") is not None) is keeps


def test_a_deleted_group_leaves_no_membership_on_either_side(world: World) -> None:
    world.group("outer")
    add(world, "outer", email="team@example.org")
    add(world, "team", email="alice@example.org")
    groups.delete(world.workspace, "team@example.org")
    assert groups.get(world.workspace, "outer@example.org")["directMembersCount"] == "0"
    assert not any(world.workspace.groups_of.values())
    assert refused(groups.get, world.workspace, "team@example.org") == UNKNOWN_GROUP


def test_a_member_is_shown_by_its_present_address_and_status(world: World) -> None:
    member = add(world, "team", email="ALICE@example.org", role="MANAGER")
    assert member["type"] == "USER"
    assert member["role"] == "MANAGER"
    assert member["status"] == "ACTIVE"
    world.patch(member["id"], primaryEmail="zoe@example.org", suspended=True)
    again = members.get(world.workspace, "team@example.org", "zoe@example.org")
    assert again["email"] == "zoe@example.org"
    assert again["status"] == "SUSPENDED"


def test_a_member_may_be_named_by_id(world: World) -> None:
    user = world.get("alice@example.org")
    assert add(world, "team", id=user["id"])["email"] == "alice@example.org"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "required", "Missing required field: member")),
        ({"email": ""}, UNRESOLVED),
        ({"email": "nobody@example.org"}, UNRESOLVED),
        ({"email": "nobody@example.net"}, UNRESOLVED),
        ({"email": "not an address"}, UNRESOLVED),
        ({"email": "ghost@gmail.example"}, UNRESOLVED),
        ({"email": "alice@example.org", "role": "KING"}, (400, "invalid", "Invalid Input: role")),
        ({"email": "boss@example.org"}, (409, "duplicate", "Member already exists.")),
        ({"email": "inner@example.org", "role": "OWNER"}, BAD_MEMBER),
        ({"email": "team@example.org"}, (412, "conditionNotMet", "Cyclic memberships not allowed")),
        ({"email": "outer@example.org"},
         (412, "conditionNotMet", "Cyclic memberships not allowed")),
    ],
)  # fmt: skip
def test_a_wrong_member_is_refused_in_googles_words(
    world: World, body: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    world.switches.unresolvable = ("ghost@*",)
    world.group("inner")
    world.group("outer")
    add(world, "outer", email="team@example.org")
    add(world, "team", email="boss@example.org")
    assert refused(members.insert, world.workspace, "team@example.org", body) == expected


def test_the_status_of_a_cycle_is_a_switch(world: World) -> None:
    world.switches.cycle_status = 400
    assert refused(add, world, "team", email="team@example.org")[0] == 400


def test_somebody_outside_can_be_a_member_and_has_no_status(world: World) -> None:
    outside = add(world, "team", email="Friend@gmail.example")
    assert outside["email"] == "friend@gmail.example"
    assert "status" not in outside
    assert members.get(world.workspace, "team@example.org", outside["id"]) == outside
    members.delete(world.workspace, "team@example.org", "friend@gmail.example")
    assert listed(world) == []


def test_the_whole_customer_can_be_a_member_without_an_address(world: World) -> None:
    whole = add(world, "team", id=world.workspace.ids.customer)
    assert whole["type"] == "CUSTOMER"
    assert "email" not in whole


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("alice@example.org", NOT_A_MEMBER),
        ("nobody@example.org", UNRESOLVED),
        ("friend@gmail.example", UNRESOLVED),
        ("123456", NOT_A_MEMBER),
    ],
)
def test_who_is_no_member_is_refused_by_who_it_is(
    world: World, key: str, expected: tuple[int, str, str]
) -> None:
    for call in (members.get, members.delete):
        assert refused(call, world.workspace, "team@example.org", key) == expected


def test_has_member_counts_nesting_and_refuses_outsiders(world: World) -> None:
    world.group("outer")
    add(world, "outer", email="team@example.org")
    add(world, "team", email="alice@example.org")
    add(world, "team", email="friend@gmail.example")

    def ask(key: str) -> dict[str, Any]:
        return members.has_member(world.workspace, "outer@example.org", key)

    assert ask("alice@example.org") == {"isMember": True}
    assert ask("boss@example.org") == {"isMember": False}
    assert refused(ask, "friend@gmail.example") == BAD_MEMBER


def test_a_role_can_be_changed_but_a_group_stays_a_plain_member(world: World) -> None:
    world.group("inner")
    add(world, "team", email="alice@example.org")
    add(world, "team", email="inner@example.org")

    def change(key: str, role: str) -> dict[str, Any]:
        address = f"{key}@example.org"
        return members.patch(world.workspace, "team@example.org", address, {"role": role})

    assert change("alice", "OWNER")["role"] == "OWNER"
    assert refused(change, "inner", "OWNER") == BAD_MEMBER
    assert listed(world, roles="OWNER,MANAGER") == ["alice@example.org"]


def test_suspended_users_stay_members_and_deleted_ones_do_not(world: World) -> None:
    known = add(world, "team", email="alice@example.org")
    world.patch(known["id"], suspended=True)
    assert listed(world) == ["alice@example.org"]
    users.delete(world.workspace, world.boss, known["id"])
    assert listed(world) == []


def test_a_new_group_may_not_be_ready_for_members_and_settings(world: World) -> None:
    world.switches.group_window = 30.0
    world.group("new")
    assert refused(add, world, "new", email="alice@example.org") == UNKNOWN_GROUP
    assert refused(groups.ready, world.workspace, "new@example.org") == UNKNOWN_GROUP
    assert groups.get(world.workspace, "new@example.org")
    world.time += 30.0
    assert add(world, "new", email="alice@example.org")


def test_a_new_member_may_not_be_seen_yet(world: World) -> None:
    world.switches.member_lag = 5.0
    add(world, "team", email="alice@example.org")
    get = (members.get, world.workspace, "team@example.org", "alice@example.org")
    assert refused(*get) == (404, "notFound", "Resource Not Found")
    assert listed(world) == []
    world.time += 5.0
    assert listed(world) == ["alice@example.org"]


def test_a_stale_listing_of_members_is_what_it_was(world: World) -> None:
    add(world, "team", email="alice@example.org")
    world.time += 100.0
    members.delete(world.workspace, "team@example.org", "alice@example.org")
    add(world, "team", email="boss@example.org")
    wish = lists.Wish(parameters={}, distortion=Distortion.STALE, age=60.0)
    shown = lists.group_members(world.workspace, "team@example.org", wish)
    assert [entry["email"] for entry in shown["members"]] == ["alice@example.org"]
    assert listed(world) == ["boss@example.org"]


def change(world: World, *, private: bool = False, **body: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the rule takes
    group = groups.find(world.workspace, "team@example.org")
    return settings.change(group, body, Switches(private_groups=private))


def test_settings_start_as_google_starts_them_with_booleans_as_strings(world: World) -> None:
    shown = settings.show(groups.find(world.workspace, "team@example.org"))
    assert shown["whoCanPostMessage"] == "ANYONE_CAN_POST"
    assert shown["whoCanJoin"] == "CAN_REQUEST_TO_JOIN"
    assert shown["allowExternalMembers"] == "false"
    assert shown["includeInGlobalAddressList"] == "true"
    assert shown["email"] == "team@example.org"
    assert not [value for value in shown.values() if isinstance(value, bool)]


def test_an_archive_lets_nobody_post_and_its_end_lets_managers(world: World) -> None:
    assert change(world, archiveOnly="true")["whoCanPostMessage"] == "NONE_CAN_POST"
    assert change(world, archiveOnly="false")["whoCanPostMessage"] == "ALL_MANAGERS_CAN_POST"


@pytest.mark.parametrize(
    ("body", "reason", "message"),
    [
        ({"allowExternalMembers": True}, "invalid", "Invalid attribute value"),
        ({"whoCanJoin": "EVERYBODY"}, "invalid", "Invalid attribute value"),
        ({"whoCanPostMessage": "NONE_CAN_POST"}, "invalidArgument", "WHO_CAN_POST_MESSAGE"),
        (
            {"whoCanViewMembership": "ALL_IN_DOMAIN_CAN_VIEW",
             "whoCanViewGroup": "ALL_MEMBERS_CAN_VIEW"},
            "invalidArgument",
            "WHO_CAN_VIEW_MEMBERSHIP_CANNOT_BE_BROADER_THAN_WHO_CAN_SEE_GROUP",
        ),
    ],
)  # fmt: skip
def test_settings_that_contradict_each_other_are_refused_and_change_nothing(
    world: World, body: dict[str, Any], reason: str, message: str
) -> None:
    before = change(world)
    status, given, text = refused(change, world, **body)
    assert (status, given) == (400, reason)
    assert message in text
    assert change(world) == before


def test_an_organisation_may_keep_its_groups_private(world: World) -> None:
    world.switches.private_groups = True
    shown = settings.show(groups.find(world.workspace, world.group("new")["email"]))
    assert shown["whoCanPostMessage"] == "ALL_IN_DOMAIN_CAN_POST"
    group = groups.find(world.workspace, "new@example.org")
    body = {"whoCanPostMessage": "ANYONE_CAN_POST"}
    assert refused(settings.change, group, body, Switches(private_groups=True))[0] == 400


# --- how many groups somebody can be in -----------------------------------------------------------

TOO_MANY = (412, "conditionNotMet", "Limit reached: memberships")


def fill(world: World, *, nested: int, direct: int) -> None:
    """Put one group into ``nested`` others, and alice into ``direct`` more."""
    inner = ["inner@example.org"]
    outer = [{"email": f"o{number}@example.org", "members": inner} for number in range(nested)]
    mine = [
        {"email": f"d{number}@example.org", "members": ["alice@example.org"]}
        for number in range(direct)
    ]
    groups_ = [{"email": inner[0]}, *outer, *mine]
    seeds.load(world.workspace, {"groups": groups_})


def test_a_user_has_3000_direct_memberships_and_an_owners_counts_twice(world: World) -> None:
    fill(world, nested=0, direct=2999)
    assert refused(add, world, "team", email="alice@example.org", role="OWNER") == TOO_MANY
    add(world, "team", email="alice@example.org")
    assert refused(add, world, "inner", email="alice@example.org") == TOO_MANY


def test_a_user_has_7500_memberships_with_those_through_other_groups(world: World) -> None:
    fill(world, nested=7490, direct=10)
    assert refused(add, world, "inner", email="alice@example.org") == TOO_MANY
    world.workspace.remove_group(groups.find(world.workspace, "o0@example.org"))
    assert refused(add, world, "inner", email="alice@example.org", role="OWNER") == TOO_MANY
    add(world, "inner", email="alice@example.org")
    assert refused(add, world, "team", email="alice@example.org") == TOO_MANY
    add(world, "team", email="boss@example.org")


def test_no_group_joins_another_that_is_too_much_for_somebody_in_it(world: World) -> None:
    fill(world, nested=7490, direct=10)
    add(world, "team", email="alice@example.org")
    assert refused(add, world, "inner", email="team@example.org") == TOO_MANY
    members.delete(world.workspace, "team@example.org", "alice@example.org")
    add(world, "inner", email="team@example.org")


@pytest.mark.parametrize("audience", ["ALL_MEMBERS_CAN_VIEW", "ALL_IN_DOMAIN_CAN_VIEW"])
def test_who_sees_the_members_of_a_new_group_can_be_either_of_two(
    world: World, audience: str
) -> None:
    assert world.switches.members_visible_to == "ALL_MEMBERS_CAN_VIEW"
    world.switches.members_visible_to = audience
    world.group("crew")
    crew = groups.find(world.workspace, "crew@example.org")
    assert settings.show(crew)["whoCanViewMembership"] == audience
    assert settings.change(crew, {"whoCanViewMembership": "ALL_MEMBERS_CAN_VIEW"}, Switches())
