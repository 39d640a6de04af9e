"""Delivery where a source is the truth: what it says is done, what it does not say never is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation, organise

from gapps_hooks.errors import NotFound
from gapps_hooks.model import Verdict
from gapps_hooks.outbox import entries

HASH = "$6$salt$" + "a" * 86
OTHER_HASH = "$6$salt$" + "b" * 86
YESCRYPT = "$y$j9T$salt$" + "c" * 43


def alice(**fields: object) -> dict[str, Any]:
    return {"username": "alice", "id": "entryUUID:a", "given_name": "Alice", **fields}


BOB = {"username": "bob", "id": "entryUUID:b"}


# --- a listing in JSON ---------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    house = organise(tmp_path, source=f'[source]\ntype = "json"\nfile = "{tmp_path}/accounts.json"')
    house.people(alice(), BOB)
    return house


def test_the_listing_is_the_truth_and_the_payload_only_fills_its_gaps(house: Organisation) -> None:
    outcome = house.fire("user-add", "alice", {"given_name": "Mallory", "family_name": "Archer"})
    assert outcome.verdict is Verdict.DONE
    user = house.user("alice@example.org")
    assert (user.given_name, user.family_name) == ("Alice", "Archer")


def test_a_bare_event_looks_and_does_what_the_listing_says(house: Organisation) -> None:
    house.fire("user-add", "alice")
    house.people(alice(family_name="Baker", phones=["+49 1"]), BOB)
    with house.calls() as made:
        house.fire("user-modify", "alice")
    assert "users.patch" in made
    assert house.user("alice@example.org").family_name == "Baker"
    house.people(alice(family_name="Baker", phones=["+49 1"], enabled=False), BOB)
    house.fire("user-modify", "alice")
    assert house.user("alice@example.org").suspended
    house.people(alice(family_name="Baker", phones=["+49 1"]), BOB)
    house.fire("user-modify", "alice")
    assert not house.user("alice@example.org").suspended


def test_one_who_is_listed_no_more_is_suspended(house: Organisation) -> None:
    house.fire("user-add", "alice")
    house.people(BOB)
    outcome = house.fire("user-delete", "alice")
    assert outcome.verdict is Verdict.DONE
    assert house.user("alice@example.org").suspended


@pytest.mark.parametrize("event", ["user-delete", "user-modify"])
@pytest.mark.parametrize(
    "listing",
    [
        None,
        "",
        "{}",
        '{"users": []}',
        '{"groups": []}',
        '{"users": [{"username": "bob"}',
        '{"users": [{"username": "bob"}, {"username": 7}]}',
        '{"users": [{"username": "bob"}, {"username": "bob"}]}',
        "[]",
    ],
)
def test_a_listing_that_cannot_be_trusted_suspends_nobody(
    house: Organisation, event: str, listing: str | None
) -> None:
    house.fire("user-add", "alice")
    file = house.folder / "accounts.json"
    file.unlink() if listing is None else file.write_text(listing)
    with house.calls() as made:
        outcome = house.fire(event, "alice")
        house.settle(1.0)
    assert outcome.verdict is Verdict.LATER
    assert made == []
    assert house.left() == {"alice": "waiting"}
    house.people(alice(), BOB)
    house.settle()
    assert not house.user("alice@example.org").suspended


@pytest.mark.parametrize(
    ("program", "waits"),
    [
        ("cat {folder}/accounts.json", False),
        ("echo broken >&2; exit 3", True),
        ("cat {folder}/accounts.json; exit 1", True),
        ("head -c 20 {folder}/accounts.json", True),
        ("sleep 9", True),
    ],
)
def test_a_program_is_believed_only_if_it_succeeds(
    tmp_path: Path,
    program: str,
    waits: bool,  # noqa: FBT001 - a case of the table
) -> None:
    script = program.format(folder=tmp_path)
    source = (
        f'[source]\ntype = "json"\ntimeout = 0.5\ncommand = ["/bin/sh", "-c", {json.dumps(script)}]'
    )
    house = organise(tmp_path, source=source)
    house.people(alice(), BOB)
    outcome = house.fire("user-add", "alice")
    assert outcome.verdict is (Verdict.LATER if waits else Verdict.DONE)
    assert (house.found_user("alice@example.org") is None) is waits


def test_a_listing_without_groups_delivers_people(house: Organisation) -> None:
    (house.folder / "accounts.json").write_text(json.dumps({"users": [alice(), BOB]}))
    assert house.fire("user-add", "alice").verdict is Verdict.DONE
    assert house.left() == {}


@pytest.mark.parametrize(
    "groups", [None, (), ({"name": "staff", "members": ["bob"]},)], ids=["no key", "none", "others"]
)
def test_a_listing_without_the_enabled_group_suspends_nobody(
    tmp_path: Path, groups: tuple[dict[str, Any], ...] | None
) -> None:
    house = organise(
        tmp_path,
        source=f'[source]\ntype = "json"\nfile = "{tmp_path}/accounts.json"',
        more='---\n[enabled]\ngroup = "google"\n',
    )
    house.people(alice(), BOB, groups=({"name": "google", "members": ["alice"]},))
    house.fire("user-add", "alice")
    listing: dict[str, Any] = {"users": [alice(), BOB]}
    listing |= {} if groups is None else {"groups": groups}
    (tmp_path / "accounts.json").write_text(json.dumps(listing))
    assert house.fire("user-modify", "alice").verdict is Verdict.NOTHING
    assert not house.user("alice@example.org").suspended
    house.people(alice(), BOB, groups=({"name": "google", "members": ["bob"]},))
    house.fire("user-modify", "alice")
    assert house.user("alice@example.org").suspended


def test_an_alias_or_a_group_in_the_listing_is_delivered_as_it_is_there(
    house: Organisation,
) -> None:
    team = {"name": "team", "members": ["alice"], "owners": ["bob"]}
    house.people(alice(aliases=["al@example.org"]), BOB, groups=(team,))
    house.fire("user-add", "alice")
    house.fire("user-add", "bob")
    house.fire("group-change", "team", {"members": ["nobody"]})
    assert house.roles("team@example.org") == {
        "alice@example.org": "MEMBER",
        "bob@example.org": "OWNER",
    }
    assert house.user("alice@example.org").aliases == ("al@example.org",)


def test_one_known_by_a_lasting_id_is_believed_renamed(house: Organisation) -> None:
    house.fire("user-add", "alice")
    google_id = house.user("alice@example.org").id
    house.people({**alice(), "username": "alicia"}, BOB)
    outcome = house.fire("user-add", "alicia")
    assert outcome.verdict is Verdict.DONE
    assert house.user("alicia@example.org").id == google_id
    house.settle()
    assert house.left() == {}


# --- contradictions ------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["user-add", "user-delete"])
def test_a_contradiction_is_looked_at_again_after_2_10_and_60_seconds_then_reported(
    house: Organisation, event: str
) -> None:
    house.fire("user-add", "alice")
    if event == "user-add":
        house.people(BOB)
    house.record(event, "alice")
    with house.calls() as made:
        verdicts = []
        for seconds in (0, 1.9, 0.1, 9.9, 0.1, 59.9, 0.1):
            house.clock.now += seconds
            verdicts.append([outcome.verdict for outcome in house.drain()])
    later, buried = [Verdict.LATER], [Verdict.BURIED]
    assert verdicts == [later, [], later, [], later, [], buried]
    assert made == []
    assert not house.user("alice@example.org").suspended
    assert len(house.troubles) == 1
    assert house.left() == {"alice": "buried"}


def test_a_contradiction_that_resolves_itself_is_delivered(house: Organisation) -> None:
    house.people(BOB)
    assert house.fire("user-add", "alice").verdict is Verdict.LATER
    house.people(alice(), BOB)
    house.settle()
    assert house.found_user("alice@example.org") is not None
    house.record("user-delete", "alice")
    house.drain()
    house.people(BOB)
    house.settle()
    assert house.user("alice@example.org").suspended
    assert house.left() == {}


def test_a_modification_of_one_who_is_gone_is_a_deletion_only_if_everybody_is_listed(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice")
    house.people(BOB)
    assert house.fire("user-modify", "alice").verdict is Verdict.DONE
    assert house.user("alice@example.org").suspended


def test_a_policy_that_breaks_makes_the_entry_wait(tmp_path: Path) -> None:
    (tmp_path / "policy.d").mkdir()
    policy = (
        "from gapps_hooks import hookimpl\n@hookimpl\ndef gapps_org_unit(account):\n    1 / 0\n"
    )
    (tmp_path / "policy.d" / "ours.py").write_text(policy)
    house = organise(tmp_path)
    with house.calls() as made:
        outcome = house.fire("user-add", "alice")
    assert (outcome.verdict, made) == (Verdict.LATER, [])
    assert house.left() == {"alice": "waiting"}


# --- the files of the system ---------------------------------------------------------------------


class Etc:
    """passwd, group, shadow and login.defs of a small system."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        self.people: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, tuple[int, list[str]]] = {"users": (100, [])}
        self._put("login.defs", "UID_MIN 1000\nUID_MAX 60000\nGID_MIN 1000\nGID_MAX 60000\n")
        self._put("nsswitch.conf", "passwd: files systemd\ngroup: files\n")
        self.add("bob", 1001)

    def add(self, name: str, uid: int, **fields: object) -> None:
        """Add or change a person: gecos, home, hash, expires."""
        before = self.people.get(name, {"home": f"/home/{name}", "gecos": "", "hash": "!"})
        self.people[name] = {**before, "uid": uid, **fields}
        self.write()

    def remove(self, name: str) -> dict[str, Any]:
        gone = self.people.pop(name)
        self.write()
        return gone

    def write(self) -> None:
        people: Mapping[str, Mapping[str, Any]] = {
            "root": {"uid": 0, "gecos": "", "home": "/root", "hash": "*"},
            **self.people,
        }
        self._put(
            "passwd",
            "".join(
                f"{name}:x:{one['uid']}:100:{one['gecos']}:{one['home']}:/bin/sh\n"
                for name, one in people.items()
            ),
        )
        self._put(
            "shadow",
            "".join(
                f"{name}:{one['hash']}:19000:0:99999:7::{one.get('expires', '')}:\n"
                for name, one in people.items()
            ),
        )
        self._put(
            "group",
            "".join(
                f"{name}:x:{gid}:{','.join(members)}\n"
                for name, (gid, members) in self.groups.items()
            ),
        )

    def _put(self, name: str, content: str) -> None:
        beside = self.directory / f"{name}+"
        beside.write_text(content)
        beside.rename(self.directory / name)


@pytest.fixture
def etc(tmp_path: Path) -> Etc:
    return Etc(tmp_path / "etc")


@pytest.fixture
def linux(tmp_path: Path, etc: Etc) -> Organisation:
    return organise(tmp_path, source=f'[source]\ntype = "nss"\ndirectory = "{etc.directory}"')


def test_a_person_of_the_system_comes_changes_is_locked_and_goes(
    linux: Organisation, etc: Etc
) -> None:
    etc.add("alice", 1002, gecos="Alice Archer,Room 7", hash=HASH)
    with linux.calls() as made:
        assert linux.fire("user-add", "alice").verdict is Verdict.DONE
    assert made == ["users.insert"]
    user = linux.user("alice@example.org")
    assert (user.given_name, user.family_name) == ("Alice", "Archer")
    assert linux.emulator.password_of("alice@example.org") == ("crypt", HASH)
    etc.add("alice", 1002, gecos="Alice Baker")
    linux.fire("user-modify", "alice")
    assert linux.user("alice@example.org").family_name == "Baker"
    etc.add("alice", 1002, hash=f"!{HASH}")
    linux.fire("user-modify", "alice")
    assert linux.user("alice@example.org").suspended
    etc.add("alice", 1002, hash=HASH)
    linux.fire("user-modify", "alice")
    assert not linux.user("alice@example.org").suspended
    etc.add("alice", 1002, expires="1")
    linux.fire("user-modify", "alice")
    assert linux.user("alice@example.org").suspended
    etc.add("alice", 1002, expires="")
    linux.fire("user-modify", "alice")
    assert not linux.user("alice@example.org").suspended
    etc.remove("alice")
    linux.fire("user-delete", "alice")
    assert linux.user("alice@example.org").suspended
    assert linux.left() == {}


def test_twice_told_is_once_done(linux: Organisation, etc: Etc) -> None:
    """adduser(8) runs useradd(8), and both have hooks."""
    etc.add("alice", 1002, gecos="Alice Archer")
    linux.record("user-add", "alice")
    linux.record("user-add", "alice")
    with linux.calls() as made:
        linux.drain()
        linux.fire("user-add", "alice")
    assert made == ["users.insert"]


def test_a_system_account_is_never_at_google(linux: Organisation, etc: Etc) -> None:
    etc.add("postgres", 115)
    with linux.calls() as made:
        linux.record("user-add", "postgres")
        linux.settle(1.0)
    assert made == []


@pytest.mark.parametrize("damage", ["passwd", "shadow", "half", "broken"])
def test_files_that_cannot_be_read_suspend_nobody(
    linux: Organisation, etc: Etc, damage: str
) -> None:
    etc.add("alice", 1002, hash=HASH)
    linux.fire("user-add", "alice")
    passwd = etc.directory / "passwd"
    whole = passwd.read_text()
    if damage in {"passwd", "shadow"}:
        (etc.directory / damage).unlink()
    elif damage == "half":
        passwd.write_text("root:x:0:0::/root:/bin/sh\n")
    else:
        passwd.write_text("root:x:0:0::/root:/bin/sh\nbob:x:1001:100:::\nali")
    for event in ("user-modify",) if damage == "half" else ("user-modify", "user-delete"):
        linux.record(event, "alice")
        with linux.calls() as made:
            linux.settle(0.5)
        assert made == []
    passwd.write_text(whole)
    etc.write()
    linux.fire("user-modify", "alice")
    assert not linux.user("alice@example.org").suspended


def test_where_other_services_are_looked_up_too_absence_concludes_nothing(
    linux: Organisation, etc: Etc
) -> None:
    etc.add("gapps-hooks-nobody", 1002)
    linux.fire("user-add", "gapps-hooks-nobody")
    (etc.directory / "nsswitch.conf").write_text("passwd: files sss\ngroup: files\n")
    etc.remove("gapps-hooks-nobody")
    linux.record("user-modify", "gapps-hooks-nobody")
    linux.settle(1.0)
    assert not linux.user("gapps-hooks-nobody@example.org").suspended
    assert linux.left() == {"gapps-hooks-nobody": "buried"}
    assert "sss" in linux.troubles[0]


def test_the_one_who_was_told_to_be_gone_is_suspended_though_others_cannot_be_listed(
    linux: Organisation, etc: Etc
) -> None:
    etc.add("gapps-hooks-nobody", 1002)
    linux.fire("user-add", "gapps-hooks-nobody")
    (etc.directory / "nsswitch.conf").write_text("passwd: files sss\ngroup: files\n")
    etc.remove("gapps-hooks-nobody")
    linux.fire("user-delete", "gapps-hooks-nobody")
    assert linux.user("gapps-hooks-nobody@example.org").suspended


@pytest.mark.parametrize(("services", "suspended"), [("files sss", False), ("files", True)])
def test_one_missing_from_the_enabled_group_is_suspended_only_if_the_files_alone_tell(
    tmp_path: Path,
    etc: Etc,
    services: str,
    suspended: bool,  # noqa: FBT001 - a case of the table
) -> None:
    house = organise(
        tmp_path,
        source=f'[source]\ntype = "nss"\ndirectory = "{etc.directory}"',
        more='---\n[enabled]\ngroup = "gapps-hooks-google"\n',
    )
    (etc.directory / "nsswitch.conf").write_text(f"passwd: files\ngroup: {services}\n")
    etc.groups["gapps-hooks-google"] = (2000, ["alice"])
    etc.add("alice", 1002)
    assert house.fire("user-add", "alice").verdict is Verdict.DONE
    etc.groups["gapps-hooks-google"] = (2000, [])
    etc.write()
    house.fire("user-modify", "alice")
    assert house.user("alice@example.org").suspended is suspended


def test_a_group_that_another_service_may_have_is_not_emptied_for_a_system_account_of_its_name(
    tmp_path: Path, etc: Etc
) -> None:
    house = organise(
        tmp_path,
        source=f'[source]\ntype = "nss"\ndirectory = "{etc.directory}"',
        more='---\n[groups]\nwhich = "all"\n',
    )
    etc.groups |= {"gapps-hooks-proj": (2000, ["bob"]), "crew": (2001, ["bob"])}
    etc.add("gapps-hooks-proj", 115)
    house.fire("user-add", "bob")
    house.fire("group-change", "gapps-hooks-proj")
    del etc.groups["gapps-hooks-proj"]
    etc.write()
    (etc.directory / "nsswitch.conf").write_text("group: files sss\n")
    assert house.fire("group-change", "gapps-hooks-proj").verdict is Verdict.LATER
    house.settle(1.0)
    assert set(house.roles("gapps-hooks-proj@example.org")) == {"bob@example.org"}
    assert house.left() == {"gapps-hooks-proj": "buried"}


def test_the_last_group_of_the_system_is_emptied_when_it_goes(tmp_path: Path, etc: Etc) -> None:
    house = organise(
        tmp_path,
        source=f'[source]\ntype = "nss"\ndirectory = "{etc.directory}"',
        more='---\n[groups]\nwhich = "all"\n',
    )
    etc.groups["staff"] = (2000, ["bob"])
    etc.write()
    house.fire("user-add", "bob")
    house.fire("group-change", "staff")
    del etc.groups["staff"]
    etc.write()
    house.fire("group-change", "staff")
    assert house.roles("staff@example.org") == {}


# --- renames -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"gecos": "Alice Archer"}, {"gecos": "Alice Archer", "home": "/home/alicia"}),
        ({"hash": HASH}, {"hash": HASH, "home": "/home/alicia"}),
        ({}, {"home": "/home/alice"}),
    ],
)
@pytest.mark.parametrize("event", ["user-add", "user-modify"])
def test_a_rename_is_believed_from_the_number_and_one_more_trace(
    linux: Organisation, etc: Etc, before: dict[str, str], after: dict[str, str], event: str
) -> None:
    etc.add("alice", 1002, **before)
    linux.fire("user-add", "alice")
    google_id = linux.user("alice@example.org").id
    etc.remove("alice")
    etc.add("alicia", 1002, **after)
    linux.fire(event, "alicia")
    assert linux.user("alicia@example.org").id == google_id
    assert linux.left() == {}


def test_one_who_is_looked_at_under_the_old_name_is_followed_to_the_new_one(
    linux: Organisation, etc: Etc
) -> None:
    etc.add("alice", 1002, hash=HASH)
    linux.fire("user-add", "alice")
    google_id = linux.user("alice@example.org").id
    etc.remove("alice")
    etc.add("alicia", 1002, hash=HASH)
    linux.fire("user-modify", "alice")
    alicia = linux.user("alicia@example.org")
    assert (alicia.id, alicia.suspended) == (google_id, False)
    assert linux.left() == {}


def test_one_who_is_gone_without_a_word_is_not_taken_for_the_next_one_of_that_number(
    linux: Organisation, etc: Etc
) -> None:
    etc.add("alice", 1002, gecos="Alice Archer", hash=HASH)
    linux.fire("user-add", "alice")
    etc.remove("alice")
    etc.add("mallory", 1002, gecos="Mallory", hash=OTHER_HASH)
    linux.fire("user-modify", "alice")
    assert linux.user("alice@example.org").suspended


def test_one_who_is_locked_and_renamed_at_once_keeps_the_account(
    linux: Organisation, etc: Etc
) -> None:
    etc.add("alice", 1002, hash=HASH)
    linux.fire("user-add", "alice")
    google_id = linux.user("alice@example.org").id
    etc.remove("alice")
    etc.add("alicia", 1002, hash=f"!{HASH}", home="/home/alicia")
    linux.fire("user-modify", "alicia")
    assert linux.user(google_id).suspended
    etc.add("alicia", 1002, hash=HASH)
    linux.fire("user-modify", "alicia")
    alicia = linux.user("alicia@example.org")
    assert (alicia.id, alicia.suspended) == (google_id, False)


def test_a_reused_number_alone_is_another_person(linux: Organisation, etc: Etc) -> None:
    etc.add("alice", 1002, gecos="Alice Archer", hash=HASH)
    linux.fire("user-add", "alice")
    google_id = linux.user("alice@example.org").id
    etc.remove("alice")
    etc.add("mallory", 1002, gecos="Mallory", hash=OTHER_HASH)
    linux.fire("user-add", "mallory")
    assert linux.user("mallory@example.org").id != google_id
    assert linux.user(google_id).primary_email == "alice@example.org"


def test_empty_traces_are_no_proof(linux: Organisation, etc: Etc) -> None:
    etc.add("alice", 1002, gecos="", hash="!")
    linux.fire("user-add", "alice")
    google_id = linux.user("alice@example.org").id
    etc.remove("alice")
    etc.add("mallory", 1002, gecos="", hash="!")
    linux.fire("user-add", "mallory")
    assert linux.user("mallory@example.org").id != google_id


def test_a_home_that_everybody_has_is_no_proof(linux: Organisation, etc: Etc) -> None:
    etc.add("alice", 1002, home="/nonexistent")
    linux.fire("user-add", "alice")
    google_id = linux.user("alice@example.org").id
    etc.remove("alice")
    etc.add("mallory", 1002, home="/nonexistent")
    linux.fire("user-add", "mallory")
    assert linux.user("mallory@example.org").id != google_id


def test_one_whose_account_has_ended_is_not_followed_by_the_next_one_of_that_number(
    linux: Organisation, etc: Etc
) -> None:
    etc.add("alice", 1002, gecos="Sales", hash=HASH)
    linux.fire("user-add", "alice")
    google_id = linux.user("alice@example.org").id
    etc.remove("alice")
    linux.fire("user-delete", "alice")
    etc.add("mallory", 1002, gecos="Sales", hash=OTHER_HASH)
    linux.fire("user-add", "mallory")
    assert linux.user("mallory@example.org").id != google_id
    assert linux.user(google_id).suspended


def test_one_whose_deletion_still_waits_is_not_followed_by_the_next_one_of_that_number(
    linux: Organisation, etc: Etc
) -> None:
    etc.add("alice", 1002, gecos="Sales", hash=HASH)
    linux.fire("user-add", "alice")
    google_id = linux.user("alice@example.org").id
    etc.remove("alice")
    linux.fail(fails="403", call="users.patch", body={"suspended": True})
    assert linux.fire("user-delete", "alice").verdict is Verdict.BURIED
    etc.add("mallory", 1002, gecos="Sales", hash=OTHER_HASH)
    linux.fire("user-add", "mallory")
    assert linux.user("mallory@example.org").id != google_id
    assert linux.user(google_id).primary_email == "alice@example.org"


def test_the_next_one_of_a_name_with_another_number_does_not_get_the_account(
    linux: Organisation, etc: Etc
) -> None:
    etc.add("alice", 1002, gecos="Alice Archer")
    linux.fire("user-add", "alice")
    etc.remove("alice")
    linux.fire("user-delete", "alice")
    etc.add("alice", 1007, gecos="Alice Another")
    outcome = linux.fire("user-add", "alice")
    assert outcome.verdict is Verdict.BURIED
    assert "same person?" in outcome.line
    assert linux.user("alice@example.org").suspended


# --- passwords -----------------------------------------------------------------------------------


def test_a_hash_that_google_cannot_take_makes_a_password_that_nobody_knows(
    linux: Organisation, etc: Etc
) -> None:
    etc.add("alice", 1002, hash=YESCRYPT)
    outcome = linux.fire("user-add", "alice")
    assert outcome.verdict is Verdict.DONE
    assert any("yescrypt" in note for note in outcome.notes)
    assert linux.emulator.password_of("alice@example.org") != ("crypt", YESCRYPT)
    assert "c" * 43 not in outcome.line


def test_the_first_sight_of_a_hash_is_not_sent_to_an_account_that_exists(
    linux: Organisation, etc: Etc
) -> None:
    etc.add("alice", 1002, hash=HASH)
    body = {"primaryEmail": "alice@example.org", "name": {"givenName": "A", "familyName": "A"}}
    linux.google.insert_user(body, linux.wiring.make_password())
    before = linux.emulator.password_of("alice@example.org")
    linux.fire("user-add", "alice")
    linux.fire("user-modify", "alice")
    assert linux.emulator.password_of("alice@example.org") == before


def test_a_password_set_reads_the_stored_hash_and_sends_it_once(
    linux: Organisation, etc: Etc
) -> None:
    etc.add("alice", 1002, hash=HASH)
    linux.fire("user-add", "alice")
    etc.add("alice", 1002, hash=OTHER_HASH)
    with linux.calls() as made:
        linux.fire("password-set", "alice")
        linux.fire("password-set", "alice")
    assert made == ["users.patch"]
    assert linux.emulator.password_of("alice@example.org") == ("crypt", OTHER_HASH)
    assert all(entry.password is None for entry in entries.all_entries(linux.state))


def test_a_password_set_to_what_google_cannot_take_is_buried_and_told_once(
    linux: Organisation, etc: Etc
) -> None:
    for name, uid in (("alice", 1002), ("carol", 1003)):
        etc.add(name, uid, hash=HASH)
        linux.fire("user-add", name)
        etc.add(name, uid, hash=YESCRYPT)
        linux.record("password-set", name)
        linux.record("password-set", name)
    assert linux.left() == {"alice": "buried", "carol": "buried"}
    assert len(linux.troubles) == 1
    assert "yescrypt" in linux.troubles[0]
    etc.add("alice", 1002, hash=OTHER_HASH)
    linux.fire("password-set", "alice")
    assert linux.left() == {"carol": "buried"}
    assert linux.emulator.password_of("alice@example.org") == ("crypt", OTHER_HASH)


def test_a_locked_hash_and_an_unknown_person_send_nothing(linux: Organisation, etc: Etc) -> None:
    etc.add("alice", 1002, hash=HASH)
    linux.fire("user-add", "alice")
    etc.add("alice", 1002, hash=f"!{OTHER_HASH}")
    assert linux.record("password-set", "alice").subject is None
    assert linux.record("password-set", "nobody").subject is None
    assert linux.left() == {}


# --- groups of the system ------------------------------------------------------------------------


def test_groups_of_the_system_count_primary_members_and_leave_private_groups_out(
    tmp_path: Path, etc: Etc
) -> None:
    house = organise(
        tmp_path,
        source=f'[source]\ntype = "nss"\ndirectory = "{etc.directory}"',
        more='---\n[groups]\nwhich = "all"\n',
    )
    etc.groups |= {"staff": (1500, ["bob", "postgres"]), "alice": (1002, [])}
    etc.add("postgres", 115)
    etc.add("alice", 1002)
    etc.add("bob", 1001)
    house.fire("user-add", "alice")
    house.fire("user-add", "bob")
    house.fire("group-change", "staff")
    assert house.roles("staff@example.org") == {"bob@example.org": "MEMBER"}
    etc.groups["staff"] = (1500, ["bob", "alice"])
    etc.write()
    house.fire("group-change", "staff")
    assert set(house.roles("staff@example.org")) == {"alice@example.org", "bob@example.org"}
    for name in ("users", "root"):
        house.record("group-change", name)
    house.settle(1.0)
    assert [group["name"] for group in house.emulator.state()["groups"]] == ["staff"]
    del etc.groups["staff"]
    etc.groups["crew"] = (1501, [])
    etc.write()
    house.fire("group-change", "staff", {"deleted": True})
    assert house.roles("staff@example.org") == {}


def test_without_a_setting_no_group_of_the_system_is_kept(linux: Organisation, etc: Etc) -> None:
    etc.groups["staff"] = (1500, ["bob"])
    etc.write()
    with linux.calls() as made:
        linux.fire("group-change", "staff")
    assert made == []
    with pytest.raises(NotFound):
        linux.group("staff@example.org")
