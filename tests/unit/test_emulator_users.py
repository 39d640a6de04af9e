"""The emulator's rules of users."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_workspace import START, World, refused, user_body, without

from gapps_hooks.emulator.state import aliases, users

DUPLICATE = (409, "duplicate", "Entity already exists.")
FORBIDDEN = (403, "forbidden", "Not Authorized to access this resource/api")
DAY = 86400


@pytest.fixture
def world() -> World:
    return World()


def test_a_user_is_found_by_id_address_and_alias_in_any_case(world: World) -> None:
    known = world.insert("Alice")
    aliases.insert(world.workspace, world.workspace.users[known["id"]], {"alias": "al@example.org"})
    found = {world.get(key)["id"] for key in (known["id"], "ALICE@Example.Org", "Al@example.org")}
    assert found == {known["id"]}
    assert known["primaryEmail"] == "alice@example.org"


def test_the_answer_to_an_insert_is_shorter_than_that_to_a_get(world: World) -> None:
    inserted = world.insert("alice")
    absent = {"emails", "agreedToTerms", "lastLoginTime", "includeInGlobalAddressList"}
    assert absent.isdisjoint(inserted)
    assert "fullName" not in inserted["name"]
    read = world.get("alice@example.org")
    assert absent <= read.keys()
    assert read["name"]["fullName"] == "alice Example"
    assert read["lastLoginTime"] == "1970-01-01T00:00:00.000Z"
    assert read["creationTime"] == "2026-09-21T14:13:20.000Z"


def test_an_id_is_21_digits_and_an_etag_changes_with_the_user(world: World) -> None:
    known = world.insert("alice")
    assert len(known["id"]) == 21
    assert known["id"].isdigit()
    before = world.get(known["id"])["etag"]
    assert world.get(known["id"])["etag"] == before
    world.patch(known["id"], orgUnitPath="/", suspended=True)
    assert world.get(known["id"])["etag"] != before


@pytest.mark.parametrize(
    ("body", "status", "reason", "message"),
    [
        (without(user_body("a"), "primaryEmail"), 400, "invalid",
         "Invalid Input: primary_user_email"),
        (user_body("a..b"), 400, "invalid", "Invalid Input: primary_user_email"),
        (user_body(".a"), 400, "invalid", "Invalid Input: primary_user_email"),
        (user_body("a+b"), 400, "invalid", "Invalid Input: primary_user_email"),
        (user_body("Ünal"), 400, "invalid", "Invalid Input: primary_user_email"),
        (user_body("x" * 65, name={"givenName": "X", "familyName": "X"}), 400, "invalid",
         "Invalid Input: primary_user_email"),
        (user_body("postmaster"), 400, "invalid", "Invalid Input: primary_user_email"),
        (user_body("abuse"), 400, "invalid", "Invalid Input: primary_user_email"),
        (without(user_body("a"), "name"), 400, "invalid",
         "Invalid Given/Family Name: FamilyName"),
        (user_body("a", name={"givenName": "A"}), 400, "invalid",
         "Invalid Given/Family Name: FamilyName"),
        (user_body("a", name={"familyName": "A"}), 400, "invalid",
         "Invalid Given/Family Name: GivenName"),
        (user_body("a", name={"givenName": "A", "familyName": "<b>"}), 400, "invalid",
         "Invalid Given/Family Name: FamilyName"),
        (user_body("a", name={"givenName": "A" * 61, "familyName": "B"}), 400, "invalid",
         "Invalid Given/Family Name: GivenName"),
        (without(user_body("a"), "password"), 400, "invalid", "Invalid Password"),
        (user_body("a", password="short"), 400, "invalid", "Invalid Password"),
        (user_body("a", orgUnitPath="/nowhere"), 400, "invalid", "Invalid Input: INVALID_OU_ID"),
        (user_body("a", suspended="yes"), 400, "invalid", "Invalid Input: suspended"),
        (user_body("a", phones={"value": "1"}), 400, "invalid", "Invalid Input: phones"),
        (user_body("a", externalIds=[{"value": "x" * 3000}]), 400, "invalid",
         "Invalid Input: externalIds"),
        (user_body("a", recoveryPhone="0123"), 400, "invalid", "Invalid Input: recoveryPhone"),
        (user_body("a", primaryEmail="a@example.com"), 404, "notFound", "Domain not found."),
        (user_body("boss"), *DUPLICATE),
    ],
)  # fmt: skip
def test_a_wrong_insert_is_refused_in_googles_words_and_leaves_nothing(
    world: World, body: dict[str, Any], status: int, reason: str, message: str
) -> None:
    count = len(world.workspace.users)
    assert refused(users.insert, world.workspace, body) == (status, reason, message)
    assert len(world.workspace.users) == count


def test_a_patch_keeps_what_is_absent_clears_null_and_replaces_lists(world: World) -> None:
    known = world.insert("alice", phones=[{"value": "1"}, {"value": "2"}], recoveryEmail="a@b.c")
    world.patch(known["id"], name={"givenName": "Alicia"}, phones=[{"value": "3"}])
    read = world.get(known["id"])
    assert read["name"]["familyName"] == "Example"
    assert read["name"]["givenName"] == "Alicia"
    assert read["phones"] == [{"value": "3"}]
    assert read["recoveryEmail"] == "a@b.c"
    assert "phones" not in world.patch(known["id"], phones=None)


def test_fields_that_cannot_be_written_are_ignored(world: World) -> None:
    known = world.insert("alice", isAdmin=True, id="1", suspensionReason="ABUSE")
    assert known["isAdmin"] is False
    assert known["id"] != "1"
    assert "suspensionReason" not in known


def test_a_refused_patch_changes_nothing(world: World) -> None:
    known = world.insert("alice")
    before = world.get(known["id"])
    assert refused(world.patch, known["id"], suspended=True, orgUnitPath="/no")[0] == 400
    assert refused(world.patch, known["id"], suspended=True, password="short")[0] == 400
    assert (
        refused(world.patch, known["id"], suspended=True, primaryEmail="boss@example.org")[0] == 409
    )
    assert world.get(known["id"]) == before


def test_a_put_needs_no_name_but_a_name_needs_a_part(world: World) -> None:
    known = world.insert("alice")
    expected = (400, "required", "Required parameter: [resource.name.field]")
    for name in ({}, None, {"familyname": "B"}, {"givenName": ""}):
        body = {"suspended": True, "name": name}
        assert refused(users.update, world.workspace, world.boss, known["id"], body) == expected
    assert users.update(world.workspace, world.boss, known["id"], {"suspended": True})["suspended"]
    part = {"name": {"familyName": "B"}}
    shown = users.update(world.workspace, world.boss, known["id"], part)
    assert shown["name"] | part["name"] == shown["name"]
    assert shown["name"]["givenName"] == known["name"]["givenName"]


def test_a_rename_keeps_the_old_address_as_an_alias_that_nobody_else_can_take(world: World) -> None:
    known = world.insert("alice")
    renamed = world.patch(known["id"], primaryEmail="alicia@example.org")
    assert renamed["aliases"] == ["alice@example.org"]
    assert refused(world.insert, "alice") == DUPLICATE
    assert world.get("alice@example.org")["primaryEmail"] == "alicia@example.org"
    assert {"address": "alice@example.org"} in renamed["emails"]


def test_a_rename_onto_ones_own_alias_swaps_the_two(world: World) -> None:
    known = world.insert("alice")
    world.patch(known["id"], primaryEmail="alicia@example.org")
    back = world.patch(known["id"], primaryEmail="alice@example.org")
    assert back["aliases"] == ["alicia@example.org"]


@pytest.mark.parametrize("taken", ["bob", "bobby", "team", "crew"])
def test_an_address_in_use_in_any_way_cannot_be_taken(world: World, taken: str) -> None:
    bob = world.workspace.users[world.insert("bob")["id"]]
    aliases.insert(world.workspace, bob, {"alias": "bobby@example.org"})
    team = world.workspace.groups[world.group("team")["id"]]
    aliases.insert(world.workspace, team, {"alias": "crew@example.org"})
    alice = world.insert("alice")
    address = f"{taken}@example.org"
    assert refused(world.insert, taken) == DUPLICATE
    assert refused(world.group, taken) == DUPLICATE
    assert refused(world.patch, alice["id"], primaryEmail=address) == DUPLICATE
    assert refused(aliases.insert, world.workspace, team, {"alias": address}) == DUPLICATE


def test_a_deleted_user_is_gone_at_once_and_restorable_for_20_days(world: World) -> None:
    known = world.insert("alice", suspended=True)
    users.delete(world.workspace, world.boss, known["id"])
    assert refused(world.get, "alice@example.org") == (
        404, "notFound", "Resource Not Found: userKey",
    )  # fmt: skip
    assert refused(world.get, known["id"]) == (412, "conditionNotMet", "User is deleted.")
    world.time += 20 * DAY - 1
    users.undelete(world.workspace, world.boss, known["id"], {"orgUnitPath": "/"})
    assert world.get("alice@example.org")["id"] == known["id"]
    assert world.get("alice@example.org")["suspended"]


def test_after_20_days_there_is_nothing_to_restore(world: World) -> None:
    known = world.insert("alice")
    users.delete(world.workspace, world.boss, known["id"])
    world.time += 20 * DAY
    status, reason, message = refused(users.undelete, world.workspace, world.boss, known["id"], {})
    assert (status, reason) == (412, "conditionNotMet")
    assert "undelete" in message


def test_a_deleted_users_address_is_free_and_then_blocks_the_restoration(world: World) -> None:
    known = world.insert("alice")
    users.delete(world.workspace, world.boss, known["id"])
    again = world.insert("alice")
    assert again["id"] != known["id"]
    assert refused(users.undelete, world.workspace, world.boss, known["id"], {}) == DUPLICATE


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (412, (412, "conditionNotMet", "User is deleted.")),
        (400, (400, "badRequest", "Type not supported: userKey")),
        (404, (404, "notFound", "Resource Not Found: userKey")),
    ],
)
def test_how_a_deleted_user_reads_is_a_switch(
    world: World, status: int, expected: tuple[int, str, str]
) -> None:
    known = world.insert("alice")
    users.delete(world.workspace, world.boss, known["id"])
    world.switches.deleted_user_status = status
    assert refused(world.get, known["id"]) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("nobody@example.org", (404, "notFound", "Resource Not Found: userKey")),
        ("nobody", (404, "notFound", "Resource Not Found: userKey")),
        ("123456", (404, "notFound", "Resource Not Found: 123456")),
        ("a@example.com", FORBIDDEN),
        ("team@example.org", (400, "badRequest", "Type not supported: userKey")),
    ],
)
def test_an_unknown_key_is_refused_by_its_kind(
    world: World, key: str, expected: tuple[int, str, str]
) -> None:
    world.group("team")
    assert refused(world.get, key) == expected


def test_a_delegated_administrator_cannot_change_a_super_administrator(world: World) -> None:
    boss, helper, it = world.boss, world.helper, world.workspace
    assert refused(users.patch, it, helper, boss.id, {"suspended": True}) == FORBIDDEN
    assert refused(users.patch, it, helper, boss.id, {"password": "long enough"}) == FORBIDDEN
    assert refused(users.delete, it, helper, boss.id) == FORBIDDEN
    assert refused(users.make_admin, it, helper, helper.id, {"status": True}) == FORBIDDEN
    assert users.patch(it, helper, helper.id, {"suspended": True})["suspended"]
    assert users.patch(it, boss, boss.id, {"changePasswordAtNextLogin": True})


def test_suspending_says_why_and_when_and_keeps_it_until_restored(world: World) -> None:
    known = world.insert("alice")
    suspended = world.patch(known["id"], suspended=True)
    assert suspended["suspensionReason"] == "ADMIN"
    assert suspended["suspensionTime"] == "2026-09-21T14:13:20.000Z"
    world.time += 60
    assert (
        world.patch(known["id"], suspended=True)["suspensionTime"] == (suspended["suspensionTime"])
    )
    restored = world.patch(known["id"], suspended=False)
    assert restored["suspended"] is False
    assert {"suspensionReason", "suspensionTime"}.isdisjoint(restored)


@pytest.mark.parametrize("reason", ["ABUSE", "WEB_LOGIN_REQUIRED"])
def test_what_google_suspended_an_administrator_cannot_restore(world: World, reason: str) -> None:
    known = world.insert("alice")
    users.suspend_by_google(world.workspace, world.workspace.users[known["id"]], reason)
    assert world.patch(known["id"], suspended=True)["suspensionReason"] == reason
    assert refused(world.patch, known["id"], suspended=False) == (
        412, "adminCannotUnsuspend", "Cannot restore a user suspended for abuse.",
    )  # fmt: skip


def test_new_accounts_may_need_a_first_login_on_the_web(world: World) -> None:
    world.switches.web_login_required = True
    known = world.insert("alice")
    assert known["suspended"]
    assert known["suspensionReason"] == "WEB_LOGIN_REQUIRED"


def test_without_a_free_seat_nobody_is_created(world: World) -> None:
    world.switches.seats = 3
    known = world.insert("alice")
    expected = (412, "limitExceeded", "Domain user limit reached. Contact Support.")
    assert refused(world.insert, "bob") == expected
    users.delete(world.workspace, world.boss, known["id"])
    assert refused(world.insert, "bob") == expected
    world.switches.deleted_users_take_seats = False
    world.insert("bob")
    assert refused(users.undelete, world.workspace, world.boss, known["id"], {}) == expected


def test_a_user_cannot_be_changed_while_its_creation_is_not_complete(world: World) -> None:
    world.switches.creation_window = 40.0
    known = world.insert("alice")
    expected = (412, "conditionNotMet", "User creation is not complete.")
    assert refused(world.patch, known["id"], suspended=True) == expected
    assert refused(users.delete, world.workspace, world.boss, known["id"]) == expected
    assert world.get("alice@example.org")
    world.time = START + 40.0
    assert world.patch(known["id"], suspended=True)


def test_a_new_user_may_be_unknown_by_id_but_not_by_address(world: World) -> None:
    world.switches.id_window = 5.0
    known = world.insert("alice")
    assert refused(world.get, known["id"]) == (
        404, "notFound", f"Resource Not Found: {known['id']}",
    )  # fmt: skip
    assert world.get("alice@example.org")["id"] == known["id"]
    world.time += 5.0
    assert world.get(known["id"])


def test_after_a_rename_every_change_may_meet_a_conflict(world: World) -> None:
    world.switches.rename_window = 60.0
    known = world.insert("alice")
    world.patch(known["id"], primaryEmail="alicia@example.org")
    assert refused(world.patch, known["id"], suspended=True) == DUPLICATE
    assert refused(users.delete, world.workspace, world.boss, known["id"]) == DUPLICATE
    world.time += 60.0
    assert world.patch(known["id"], suspended=True)


def test_a_password_is_kept_for_tests_and_never_shown(world: World) -> None:
    known = world.insert("alice", password="a" * 40, hashFunction="SHA-1")
    assert world.workspace.users[known["id"]].password == ("SHA-1", "a" * 40)
    world.patch(known["id"], password="correct horse 2")
    assert world.workspace.users[known["id"]].password == (None, "correct horse 2")
    assert {"password", "hashFunction"}.isdisjoint(world.get(known["id"]))
    assert "horse" not in repr(world.workspace.users[known["id"]])


def test_a_user_has_at_most_30_aliases_listed_in_order(world: World) -> None:
    user = world.workspace.users[world.insert("alice")["id"]]
    for number in range(30, 0, -1):
        aliases.insert(world.workspace, user, {"alias": f"a{number:02}@example.org"})
    assert refused(aliases.insert, world.workspace, user, {"alias": "b@example.org"})[0] == 412
    shown = aliases.listed(world.workspace, user)["aliases"]
    assert [entry["alias"] for entry in shown] == [f"a{n:02}@example.org" for n in range(1, 31)]
    aliases.delete(world.workspace, user, "A01@example.org")
    assert world.insert("a01")
    assert refused(aliases.delete, world.workspace, user, "a01@example.org") == (
        404, "notFound", "Resource Not Found: alias",
    )  # fmt: skip
