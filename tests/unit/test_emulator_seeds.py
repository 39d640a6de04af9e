"""What may be put into the emulator: whole or not at all, and by the rules of the APIs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from emulator_workspace import World, refused, user_body

from gapps_hooks.emulator import Emulator, ServiceAccountKey, new_key, seeds
from gapps_hooks.emulator.state import groups, members, users

Json = dict[str, Any]
ALICE, ADMIN, TEAM = "alice@example.org", "admin@example.org", "team@example.org"
SEED: Json = {
    "orgUnits": [{"orgUnitPath": "/Staff"}],
    "schemas": [
        {"schemaName": "Desk", "fields": [{"fieldName": "no", "fieldType": "STRING"}]},
    ],
    "domainAliases": [{"domainAliasName": "example.com", "parentDomainName": "example.org"}],
    "users": [
        {"primaryEmail": ALICE, "orgUnitPath": "/Staff", "aliases": ["al@example.org"],
         "password": "correct horse", "customSchemas": {"Desk": {"no": "7"}}},
        {"primaryEmail": "bob@example.org", "suspended": True, "suspensionReason": "ABUSE"},
    ],
    "deletedUsers": [{"primaryEmail": "gone@example.org", "orgUnitPath": "/Former"}],
    "groups": [
        {"email": TEAM, "name": "The team", "aliases": ["crew@example.org"],
         "settings": {"whoCanJoin": "INVITED_CAN_JOIN"},
         "members": [{"email": ALICE, "role": "OWNER"}, "x@gmail.example", "inner@example.org"]},
        {"email": "inner@example.org", "members": ["bob@example.org"]},
    ],
    "licences": [{"productId": "p", "skuId": "s", "userId": ALICE}],
}  # fmt: skip


@pytest.fixture(scope="module")
def key() -> ServiceAccountKey:
    return new_key("7" * 40)


@pytest.fixture
def emulator(key: ServiceAccountKey) -> Emulator:
    it = Emulator(account_key=key)
    it.seed(SEED)
    return it


# --- a state is a seed ----------------------------------------------------------------------------


def test_a_state_can_be_seeded_where_it_came_from_and_changes_nothing(emulator: Emulator) -> None:
    before = json.loads(json.dumps(emulator.state()))
    emulator.seed(before)
    assert emulator.state() == before
    assert emulator.password_of(ALICE) == (None, "correct horse")


def test_a_state_can_be_seeded_and_restored_elsewhere(
    emulator: Emulator, key: ServiceAccountKey
) -> None:
    state = emulator.state()
    for take in ("restore", "seed"):
        other = Emulator(account_key=key, admins=(), seed=3)
        getattr(other, take)(state)
        known, again = set(state["spentIds"]), other.state()
        # Only the root had an id of its own already where it was seeded.
        assert len(set(again["spentIds"]) - known) <= (take == "seed")
        assert again | {"spentIds": []} == state | {"spentIds": []}


def test_a_seed_changes_what_is_there_as_far_as_it_tells(emulator: Emulator) -> None:
    [alice] = [user for user in emulator.state()["users"] if user["primaryEmail"] == ALICE]
    emulator.seed(
        {
            "users": [{"primaryEmail": ALICE, "isAdmin": True, "aliases": ["ann@example.org"]}],
            "groups": [{"email": TEAM, "members": [{"email": ALICE, "role": "MEMBER"}, ADMIN]}],
        }
    )
    state = emulator.state()
    [again] = [user for user in state["users"] if user["primaryEmail"] == ALICE]
    assert again["aliases"] == ["al@example.org", "ann@example.org"]
    untold = alice.keys() - {"aliases", "isAdmin"}
    assert again["isAdmin"]
    assert {key: again[key] for key in untold} == {key: alice[key] for key in untold}
    [team] = [group for group in state["groups"] if group["email"] == TEAM]
    assert team["name"] == "The team"
    assert (team["members"][0]["email"], team["members"][0]["role"]) == (ALICE, "MEMBER")
    assert len(team["members"]) == 4


def test_people_are_made_up_again_and_more_of_them(emulator: Emulator) -> None:
    def count() -> tuple[int, int]:
        state = emulator.state()
        return len(state["users"]), len(state["groups"])

    emulator.seed({"people": 5, "groups": 1})
    assert count() == (8, 3)
    emulator.seed({"people": 5, "groups": 1})
    assert count() == (8, 3)
    emulator.seed({"people": 9, "groups": 2, "users": [{"primaryEmail": "zoe@example.org"}]})
    assert count() == (13, 4)


@pytest.mark.parametrize("take", ["seed", "restore"])
def test_a_seed_that_fails_leaves_everything_as_it_was(emulator: Emulator, take: str) -> None:
    before = emulator.state()
    bad = {"users": [{"primaryEmail": "new@example.org"}, {"primaryEmail": "a@elsewhere.example"}]}
    with pytest.raises(ValueError, match=r"a@elsewhere.example.*Domain not found"):
        getattr(emulator, take)(bad)
    assert emulator.state() == before
    assert emulator.password_of(ALICE) == (None, "correct horse")


# --- what a seed cannot hold ----------------------------------------------------------------------

WRONG: dict[str, tuple[Json, str]] = {
    "one id for two users": (
        {"users": [{"primaryEmail": "a@example.org", "id": "9"},
                   {"primaryEmail": "b@example.org", "id": "9"}]},
        r"b@example.org.*id = '9' is somebody else's; leave it out",
    ),
    "one id for a user and a group": (
        {"users": [{"primaryEmail": "a@example.org", "id": "9"}],
         "groups": [{"email": "b@example.org", "id": "9"}]},
        "id = '9' is somebody else's",
    ),
    "another id for a known user": (
        {"users": [{"primaryEmail": ALICE, "id": "9"}]}, "it is there with the id 1",
    ),
    "an id of other signs": (
        {"users": [{"primaryEmail": "a@example.org", "id": "a b"}]}, "letters and digits",
    ),
    "a user at a domain alias": (
        {"users": [{"primaryEmail": "a@example.com"}]}, "a@example.com.*Domain not found",
    ),
    "no such org unit": (
        {"users": [{"primaryEmail": "a@example.org", "orgUnitPath": "/No"}]},
        "a@example.org.*INVALID_OU_ID",
    ),
    "a reserved address": (
        {"users": [{"primaryEmail": "abuse@example.org"}]}, "abuse@example.org.*Invalid Input",
    ),
    "an address of somebody else": (
        {"users": [{"primaryEmail": "al@example.org"}]}, f"an alias of {ALICE}",
    ),
    "a user where a group is": ({"users": [{"primaryEmail": TEAM}]}, "Entity already exists"),
    "an alias that is taken": (
        {"users": [{"primaryEmail": "a@example.org", "aliases": ["al@example.org"]}]},
        "a@example.org.*Entity already exists",
    ),
    "a weak password": (
        {"users": [{"primaryEmail": "a@example.org", "password": "short"}]}, "Invalid Password",
    ),
    "an undeclared custom field": (
        {"users": [{"primaryEmail": "a@example.org", "customSchemas": {"No": {"a": "b"}}}]},
        "custom_schema",
    ),
    "a time that is none": (
        {"users": [{"primaryEmail": "a@example.org", "creationTime": "yesterday"}]}, "yesterday",
    ),
    "a misspelt list": ({"user": []}, "a seed has no 'user'; it may have .*users"),
    "no list": ({"users": {}}, "users = {}: give a list"),
    "no entry": ({"users": ["a@example.org"]}, r"users\[0\] = 'a@example.org': give an object"),
    "no address": ({"users": [{}]}, r"users\[0\]: primaryEmail is missing"),
    "a misspelt field": (
        {"users": [{"primaryEmail": "a@example.org", "suspend": True}]},
        r"users\[0\]: a User has no field 'suspend'",
    ),
    "a field of another type": (
        {"users": [{"primaryEmail": "a@example.org", "suspended": "no"}]},
        r"users\[0\]: suspended = 'no': give a boolean",
    ),
    "a group in itself": (
        {"groups": [{"email": "inner@example.org", "members": [TEAM]}]}, "Cyclic memberships",
    ),
    "a member that is nobody": (
        {"groups": [{"email": TEAM, "members": ["nobody@example.org"]}]},
        rf"members\[0\] of {TEAM}, 'nobody@example.org'",
    ),
    "a group as owner": (
        {"groups": [{"email": TEAM, "members": [{"email": "inner@example.org",
                                                 "role": "OWNER"}]}]},
        "Invalid Input: memberKey",
    ),
    "a misspelt setting": (
        {"groups": [{"email": TEAM, "settings": {"whoMayJoin": "X"}}]}, "no field 'whoMayJoin'",
    ),
    "too long a group name": (
        {"groups": [{"email": TEAM, "name": "x" * 76}]}, "Invalid Input: name",
    ),
    "people as a text": ({"people": "5"}, "people = '5': give a whole number from 0"),
    "fewer people than none": ({"people": -1}, "people = -1"),
    "groups of nobody": ({"groups": 2}, "need people"),
    "groups of no people": ({"people": 0, "groups": 2}, "made-up groups are of made-up people"),
    "locales as a text": ({"people": 1, "locales": "de_DE"}, "locales = 'de_DE': give a list"),
}  # fmt: skip


@pytest.mark.parametrize(("seed", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_what_google_would_not_hold_is_refused_by_name(
    emulator: Emulator, seed: Json, sentence: str
) -> None:
    before = emulator.state()
    with pytest.raises(ValueError, match=sentence):
        emulator.seed(seed)
    assert emulator.state() == before


def test_a_refused_password_is_not_told(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="password: give a string") as caught:
        emulator.seed({"users": [{"primaryEmail": "a@example.org", "password": 4711}]})
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize("admin", ["abuse@example.org", "a b<@example.org", "admin@example.net"])
def test_nobody_is_an_administrator_who_cannot_be_a_user(
    key: ServiceAccountKey, admin: str
) -> None:
    with pytest.raises(ValueError, match="users"):
        Emulator(account_key=key, admins=(admin,))


# --- what lasts from one run to the next ----------------------------------------------------------


def flags(emulator: Emulator) -> dict[str, tuple[bool, bool]]:
    return {
        user["primaryEmail"].partition("@")[0]: (user["isAdmin"], user["isDelegatedAdmin"])
        for user in emulator.state()["users"]
    }


def test_administrators_exist_in_a_restored_state_too(
    emulator: Emulator, key: ServiceAccountKey
) -> None:
    state = emulator.state()
    other = Emulator(account_key=key, admins=(ALICE, "new@example.org"))
    other.restore(state)
    assert flags(other) == {
        "admin": (True, False), "alice": (True, False), "bob": (False, False), "new": (True, False),
    }  # fmt: skip
    other = Emulator(account_key=key, admins=("al@example.org",))
    before = other.state()
    with pytest.raises(ValueError, match=f"an alias of {ALICE}"):
        other.restore(state)
    assert other.state() == before
    other = Emulator(account_key=key, admins=(), delegated_admins=(ADMIN,))
    other.restore(state)
    assert flags(other)["admin"] == (True, True)


def test_no_id_is_given_out_twice_over_a_restart(key: ServiceAccountKey) -> None:
    first = Emulator(account_key=key)
    workspace, boss = first.workspace, first.workspace.user_at(ADMIN)
    spent = {users.insert(workspace, user_body(f"u{number}"))["id"] for number in range(5)}
    for gone in spent:
        users.delete(workspace, boss, gone)
    first.advance(21 * 86400.0)
    again = Emulator(account_key=key)
    again.restore(first.state())
    assert spent <= set(again.state()["spentIds"])
    given = {users.insert(again.workspace, user_body(f"v{number}"))["id"] for number in range(5)}
    assert not given & spent
    assert first.workspace.ids.token() != again.workspace.ids.token()


def test_the_clock_and_the_age_of_the_customer_last(key: ServiceAccountKey) -> None:
    first = Emulator(account_key=key, clock=lambda: 1_790_000_000.0)
    first.advance(500.0)
    again = Emulator(account_key=key, clock=lambda: 1_790_000_100.0)
    again.restore(first.state())
    assert again.now() == 1_790_000_600.0
    assert again.workspace.created_at == first.workspace.created_at


def test_members_of_a_seed_are_held_to_the_limits_and_a_role_that_rises_too() -> None:
    world = World()
    boss, load = "boss@example.org", world.workspace
    owners = [{"email": boss, "role": "OWNER"}]
    many = [{"email": f"g{number}@example.org", "members": owners} for number in range(1500)]
    seeds.load(load, {"groups": many})
    with pytest.raises(ValueError, match=f"{boss}.*Limit reached: memberships"):
        seeds.load(load, {"groups": [{"email": TEAM, "members": [boss]}]})
    load.remove_group(groups.find(load, "g0@example.org"))
    members.insert(load, TEAM, {"email": boss})
    members.patch(load, TEAM, boss, {"role": "OWNER"})
    members.patch(load, TEAM, boss, {"role": "MEMBER"})
    seeds.load(load, {"groups": [{"email": "inner@example.org", "members": [boss]}]})
    raised = refused(members.patch, load, TEAM, boss, {"role": "MANAGER"})
    assert raised == (412, "conditionNotMet", "Limit reached: memberships")
    assert members.get(load, TEAM, boss)["role"] == "MEMBER"
