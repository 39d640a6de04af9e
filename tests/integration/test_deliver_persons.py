"""Whose account it is: nobody's event acts on another person's account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation, organise
from reconciled import listed as founded
from reconciled import person, reconcile

from gapps_hooks.model import Kind, Verdict
from gapps_hooks.outbox import entries, links, subjects

ALICE = {"given_name": "Alice", "family_name": "Archer", "id": "entryUUID:a1"}
OTHER = "entryUUID:another"
LISTED: dict[str, Any] = {"username": "alice", "id": "entryUUID:a", "given_name": "Alice"}
BOB = {"username": "bob", "id": "entryUUID:b"}
SHADOW = "$6$salt$" + "a" * 86
OTHER_SHADOW = "$6$salt$" + "b" * 86


@pytest.fixture
def listed(tmp_path: Path) -> Organisation:
    """An organisation whose account manager keeps a listing, in which Alice and Bob are."""
    house = organise(tmp_path, source=f'[source]\ntype = "json"\nfile = "{tmp_path}/accounts.json"')
    house.people(LISTED, BOB)
    return house


class Files:
    """The passwd and shadow of a small system on which only Alice comes and goes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        self._put("group", "users:x:100:\n")
        self._put("nsswitch.conf", "passwd: files\ngroup: files\n")
        self.write()

    def write(self, passwd: str = "", shadow: str = "") -> None:
        self._put("passwd", f"root:x:0:0::/root:/bin/sh\nbob:x:1001:100::/:/bin/sh\n{passwd}")
        self._put("shadow", f"root:*:1::::::\nbob:*:1::::::\n{shadow}")

    def alice(self, *, gecos: str, stored: str, home: str = "/home/alice") -> None:
        self.write(f"alice:x:1002:100:{gecos}:{home}:/bin/sh\n", f"alice:{stored}:1::::::\n")

    def _put(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "etc")


@pytest.fixture
def linux(tmp_path: Path, files: Files) -> Organisation:
    return organise(tmp_path, source=f'[source]\ntype = "nss"\ndirectory = "{files.directory}"')


# --- another one's events ------------------------------------------------------------------------


def test_a_deletion_with_another_lasting_id_suspends_nobody(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    outcome = house.fire("user-delete", "alice", {"id": OTHER})
    assert outcome.verdict is Verdict.BURIED
    assert "same person?" in outcome.line
    assert "outbox drop alice" in outcome.line
    assert not house.user("alice@example.org").suspended


def test_another_one_of_that_name_who_is_disabled_gives_the_account_neither_suspension_nor_password(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", ALICE)
    before = house.emulator.password_of("alice@example.org")
    house.record("password-set", "alice", {"password": "battery staple"})
    outcome = house.fire("user-modify", "alice", {"id": OTHER, "enabled": False})
    assert outcome.verdict is Verdict.BURIED
    assert not house.user("alice@example.org").suspended
    assert house.emulator.password_of("alice@example.org") == before


def test_a_password_of_the_next_one_with_another_number_is_not_sent(house: Organisation) -> None:
    house.fire("user-add", "alice", {"id": "uid:1002"})
    before = house.emulator.password_of("alice@example.org")
    house.record("password-set", "alice", {"password": "battery staple"})
    house.fire("user-modify", "alice", {"id": "uid:1003", "enabled": False})
    assert house.user("alice@example.org").suspended
    assert house.emulator.password_of("alice@example.org") == before


def test_another_one_of_that_name_gets_an_account_as_the_question_says(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", ALICE)
    old = house.user("alice@example.org").id
    outcome = house.fire("user-add", "alice", {"id": OTHER, "family_name": "Other"})
    assert "rename alice@example.org at Google and take away the alias" in outcome.line
    assert "gapps-hooks links forget alice; gapps-hooks outbox retry alice" in outcome.line
    house.google.patch_user(old, {"primaryEmail": "alice.old@example.org"})
    house.google.delete_user_alias(old, "alice@example.org")
    subject = subjects.of_name(house.state, Kind.USER, "alice")
    assert subject is not None
    assert links.forget(house.state, subject)
    assert entries.retry(house.state, subject)
    house.settle()
    assert house.left() == {}
    assert house.user("alice@example.org").id != old


# --- two who exchanged their names ---------------------------------------------------------------


def test_two_who_exchanged_their_names_are_told_how_each_keeps_the_own_account(
    tmp_path: Path,
) -> None:
    found = founded(tmp_path)
    found.people(person("alice"), person("bob"))
    reconcile(found)
    before = {one["id"]: one["primaryEmail"] for one in found.emulator.state()["users"]}
    alice, bob = person("alice", id="entryUUID:bob"), person("bob", id="entryUUID:alice")
    found.people(alice, bob)
    for name in ("alice", "bob"):
        outcome = found.fire("user-modify", name)
        assert outcome.verdict is Verdict.BURIED
        assert "exchanged their names" in outcome.line
    found.people({**alice, "username": "third"}, bob)
    for name in ("third", "bob"):
        found.fire("user-modify", name)
    found.settle()
    found.people(alice, bob)
    found.fire("user-modify", "alice")
    found.settle()
    assert found.left() == {}
    after = {one["id"]: one["primaryEmail"] for one in found.emulator.state()["users"]}
    exchanged = {"alice@example.org": "bob@example.org", "bob@example.org": "alice@example.org"}
    assert {before[one]: after[one] for one in after if one in before} == {
        address: exchanged.get(address, address) for address in before.values()
    }


# --- a number is no proof ------------------------------------------------------------------------


def test_the_next_one_of_that_name_and_number_does_not_get_the_account(
    linux: Organisation, files: Files
) -> None:
    files.alice(gecos="Alice Archer", stored=SHADOW)
    linux.fire("user-add", "alice")
    files.write()
    linux.fire("user-delete", "alice")
    files.alice(gecos="Alice Baker", stored=OTHER_SHADOW)
    for event in ("user-add", "user-modify"):  # the second look remembers the first person too
        outcome = linux.fire(event, "alice")
        assert outcome.verdict is Verdict.BURIED
        assert "same person?" in outcome.line
    assert linux.user("alice@example.org").suspended


@pytest.mark.parametrize(
    ("gecos", "stored"), [("Alice Archer", OTHER_SHADOW), ("Alice Baker", SHADOW), ("", "!")]
)
def test_one_who_comes_back_with_name_and_number_and_nothing_against_it_gets_the_account_back(
    linux: Organisation, files: Files, gecos: str, stored: str
) -> None:
    files.alice(gecos="Alice Archer", stored=SHADOW)
    linux.fire("user-add", "alice")
    files.write()
    linux.fire("user-delete", "alice")
    files.alice(gecos=gecos, stored=stored)
    outcome = linux.fire("user-add", "alice")
    assert "by name and number" in outcome.line
    assert not linux.user("alice@example.org").suspended


# --- a rename told as a deletion and an addition -------------------------------------------------


def test_one_who_is_told_to_be_gone_and_is_listed_under_another_name_is_renamed(
    listed: Organisation,
) -> None:
    listed.fire("user-add", "alice")
    google_id = listed.user("alice@example.org").id
    listed.people({**LISTED, "username": "alicia"}, BOB)
    listed.fire("user-delete", "alice")
    alicia = listed.user("alicia@example.org")
    assert (alicia.id, alicia.suspended) == (google_id, False)
    listed.fire("user-add", "alicia")
    assert listed.left() == {}


def test_one_who_comes_back_under_another_name_is_asked_about_truly(listed: Organisation) -> None:
    listed.fire("user-add", "alice")
    listed.people(BOB)
    listed.fire("user-delete", "alice")
    listed.people({**LISTED, "username": "alicia"}, BOB)
    outcome = listed.fire("user-add", "alicia")
    assert outcome.verdict is Verdict.BURIED
    assert "the same id, but another name" in outcome.line


# --- addresses that move -------------------------------------------------------------------------


def test_the_address_that_a_rename_of_ours_left_is_free_for_another_rename(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", ALICE)
    house.fire("user-add", "bob", {"id": "entryUUID:b2"})
    house.fire("user-modify", "alicia", {"old_username": "alice"})
    house.clock.now += 600
    assert house.fire("user-modify", "alice", {"old_username": "bob"}).verdict is Verdict.DONE
    renamed = house.user("alicia@example.org")
    assert house.user("alice@example.org").id != renamed.id
    assert "alice@example.org" not in renamed.aliases


def test_an_alias_that_somebody_gave_is_not_free_for_a_rename(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.fire("user-add", "bob", {"id": "entryUUID:b2"})
    house.google.insert_user_alias(house.user("alice@example.org").id, "ali@example.org")
    outcome = house.fire("user-modify", "ali", {"old_username": "bob"})
    assert outcome.verdict is Verdict.BURIED
    assert "ali@example.org is an alias of alice@example.org" in outcome.line


def test_a_member_whose_address_another_has_by_now_is_added_by_id(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    google_id = house.user("alice@example.org").id
    house.google.patch_user(google_id, {"primaryEmail": "moved@example.org"})
    house.google.delete_user_alias(google_id, "alice@example.org")
    house.clock.now += 600
    stranger = {"primaryEmail": "alice@example.org", "name": {"givenName": "X", "familyName": "Y"}}
    house.google.insert_user(stranger, house.wiring.make_password())
    house.fire("group-change", "staff", {"members": ["alice"]})
    assert list(house.roles("staff@example.org")) == ["moved@example.org"]


# --- what a delivery that broke off must not lose -------------------------------------------------


def test_one_who_left_before_a_rename_was_delivered_comes_back_under_the_new_name(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", {"id": "entryUUID:a"})
    house.fail(fails="503", call="users.patch", times=0)
    house.record("user-modify", "alina", {"old_username": "alice"})
    house.drain()
    house.emulator.faults.clear()
    house.record("user-delete", "alina")
    house.settle()
    house.fire("user-add", "alina", {"id": "entryUUID:a"})
    assert not house.user("alina@example.org").suspended


def test_one_who_comes_back_and_is_renamed_in_one_breath_is_the_same_person(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", {"id": "entryUUID:a"})
    house.fire("user-delete", "alice")
    house.record("user-add", "alice", {"id": "entryUUID:a"})
    house.record("user-modify", "alina", {"old_username": "alice"})
    house.settle()
    assert house.left() == {}
    assert not house.user("alina@example.org").suspended


def test_one_who_came_back_lives_again_though_only_an_alias_was_left_to_deliver(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", {"id": "entryUUID:a"})
    house.fire("user-delete", "alice")
    house.console.users().patch(userKey="alice@example.org", body={"suspended": False}).execute()
    house.clock.now += 4000
    house.fire("user-add", "alice", {"id": "entryUUID:a", "aliases": ["al@example.org"]})
    house.fire("user-modify", "alice", {"enabled": False})
    assert house.user("alice@example.org").suspended


def test_a_password_of_one_who_came_back_disabled_is_not_recorded(house: Organisation) -> None:
    house.fire("user-add", "alice", {"id": "entryUUID:a"})
    house.fire("user-delete", "alice")
    house.fire("user-add", "alice", {"id": "entryUUID:a", "enabled": False})
    receipt = house.record("password-set", "alice", {"password_hash": "$6$salt$" + "b" * 86})
    assert receipt.subject is None
    house.fire("user-modify", "alice", {"enabled": True})
    assert not house.user("alice@example.org").suspended


@pytest.mark.parametrize("what", [["al@example.org"], []])
def test_an_alias_that_follows_a_rename_waits_until_google_has_settled(
    house: Organisation, what: list[str]
) -> None:
    house.fire("user-add", "alice", {"id": "entryUUID:a", "aliases": ["a1@example.org"]})
    house.emulator.switches.rename_window = 60.0
    house.fire("user-modify", "alina", {"old_username": "alice", "aliases": what})
    house.settle()
    assert house.left() == {}
    aliases = house.user("alina@example.org").aliases
    assert {one for one in aliases if one != "alice@example.org"} == set(what)
