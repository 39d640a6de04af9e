"""What a reconcile says of the password of a new account, and which stored ones it sends."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation, organise
from reconciled import dry, listed, person, planned, reconcile

from gapps_hooks.first_passwords import signing_in_later
from gapps_hooks.model import Kind, Verb, Verdict
from gapps_hooks.outbox import entries, links
from gapps_hooks.preview import entry_of, preview_entry
from gapps_hooks.report.plans import change_as_json

HASH = "$6$salt$" + "a" * 86
YESCRYPT = "$y$j9T$salt$" + "c" * 43
BCRYPTED = "$2b$12$" + "d" * 53
WORDS = {
    "alice": "the stored one",
    "bob": "one that nobody knows (yescrypt, which Google does not take)",
    "carol": "one that nobody knows (none is stored)",
    "dora": "one that nobody knows (bcrypt, which Google does not take)",
    "emil": "one that nobody knows (the stored one is of a kind that Google does not take)",
}


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    """Nobody has an account yet."""
    house = listed(tmp_path)
    stored = {"alice": HASH, "bob": YESCRYPT, "dora": BCRYPTED, "emil": "{UNHEARD}x"}
    house.people(
        *[person(n, **({"password_hash": stored[n]} if n in stored else {})) for n in WORDS]
    )
    return house


def test_a_plan_says_which_password_each_new_account_gets(house: Organisation) -> None:
    pieces = dry(house).whole.pieces
    changes = {piece.name: piece.plan.changes[0] for piece in pieces}
    assert {name: change.first_password for name, change in changes.items()} == WORDS
    assert {change_as_json(change)["first_password"] for change in changes.values()} == {
        *WORDS.values()
    }


@pytest.mark.parametrize("name", WORDS)
def test_a_look_at_one_person_says_the_same(house: Organisation, name: str) -> None:
    entry = entry_of(house.wiring, Kind.USER, name)
    (change,) = preview_entry(house.wiring, entry).changes
    assert change.first_password == WORDS[name]


def test_the_run_says_the_same_and_plans_nothing_afterwards(house: Organisation) -> None:
    run = reconcile(house)
    for name, words in WORDS.items():
        assert run.lines[name] == f"created {name}@example.org; password: {words}"
    done = [change for outcome in run.progress.outcomes for change in outcome.done]
    assert signing_in_later(done) == (
        "4 of the new accounts get a password that nobody knows; they sign in after it is set"
    )
    assert planned(dry(house)) == {}


def test_nothing_is_counted_where_everybody_knows_their_password(house: Organisation) -> None:
    house.people(person("alice", password_hash=HASH))
    done = [change for outcome in reconcile(house).progress.outcomes for change in outcome.done]
    assert signing_in_later(done) == ""


# --- every stored hash ---------------------------------------------------------------------------


def test_what_was_delivered_before_is_sent_again(house: Organisation) -> None:
    reconcile(house)
    house.clock.now += 7200.0
    assert planned(dry(house)) == {}
    run = reconcile(house, push_passwords=True, force=True)
    assert run.done == [("alice@example.org", Verb.PASSWORD)]


def test_what_was_sent_within_the_hour_is_left_and_told(house: Organisation) -> None:
    reconcile(house)
    looked = dry(house, push_passwords=True)
    assert planned(looked) == {}
    notes = {piece.name: piece.plan.notes for piece in looked.whole.pieces}
    assert notes["alice"] == (
        "the stored password was sent less than an hour ago, and is not sent again yet",
    )


# --- words ---------------------------------------------------------------------------------------


def test_what_an_event_made_names_the_remedy_and_no_field_of_a_payload(house: Organisation) -> None:
    house.record("user-add", "bob")
    (outcome,) = house.drain()
    assert outcome.line.startswith(f"created bob@example.org; password: {WORDS['bob']}; ")
    assert "gapps-hooks enable pam --set-sha512" in outcome.line
    assert "password_hash" not in outcome.line


@pytest.mark.parametrize("name", WORDS)
def test_a_run_of_one_person_says_the_same(house: Organisation, name: str) -> None:
    entries.touch(house.state, Kind.USER, name)
    (outcome,) = house.drain()
    assert outcome.line.startswith(f"created {name}@example.org; password: {WORDS[name]}")


def test_nothing_is_said_of_the_password_of_one_who_is_adopted(house: Organisation) -> None:
    house.emulator.seed({"users": [{"primaryEmail": "bob@example.org"}]})
    house.record("user-add", "bob")
    (outcome,) = house.drain()
    assert outcome.line == "adopted bob@example.org"


def test_without_a_source_no_password_is_missed(tmp_path: Path) -> None:
    house = organise(tmp_path)
    house.record("user-add", "bob")
    (outcome,) = house.drain()
    assert outcome.line == "created bob@example.org"
    assert [change.first_password for change in outcome.done] == [""]


def test_one_that_cannot_be_sent_is_told_without_a_field_of_a_payload(house: Organisation) -> None:
    reconcile(house)
    pieces = dry(house, push_passwords=True).whole.pieces
    (note,) = {piece.name: piece.plan.notes for piece in pieces}["bob"]
    start = "the stored password cannot be sent: it is yescrypt, which Google cannot take; "
    assert note.startswith(start)


def test_those_who_have_none_stored_are_told_in_one_sentence(house: Organisation) -> None:
    reconcile(house)
    house.people(
        person("alice", password_hash=HASH), *map(person, ("bob", "carol", "dora", "emil"))
    )
    looked = dry(house, push_passwords=True)
    assert [piece.name for piece in looked.whole.pieces] == ["alice"]
    (remark,) = looked.remarks
    assert remark.startswith("no password is stored that could be sent: of 4 (bob, carol, dora …)")


def test_one_who_changes_and_has_none_stored_is_told_both(house: Organisation) -> None:
    reconcile(house)
    house.people(*map(person, ("alice", "carol", "dora", "emil")), person("bob", family_name="New"))
    (piece,) = dry(house, push_passwords=True).whole.pieces
    assert (piece.name, piece.plan.notes) == ("bob", ("no password is stored that could be sent",))


@pytest.mark.parametrize("push", [False, True])
def test_of_one_whose_alias_is_refused_the_stored_one_is_remembered_all_the_same(
    tmp_path: Path, *, push: bool
) -> None:
    house = listed(tmp_path)
    house.emulator.seed({"users": [{"primaryEmail": "alice@example.org"}]})
    house.people(person("alice", aliases=["al@example.org"], password_hash=HASH))
    house.fail(call="users.aliases.insert", fails="403")
    run = reconcile(house, push_passwords=push)
    assert run.verdicts == {"alice": Verdict.REFUSED}
    link = links.of_name(house.state, Kind.USER, "alice")
    assert link is not None
    assert link.delivered["stored"] == house.state.digest(HASH)
    assert ("password" in link.delivered) is push
