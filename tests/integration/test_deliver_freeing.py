"""A person's alias that cannot be had: it is told, and all else of the person is delivered."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from organisation import Organisation, organise

from gapps_hooks.model import Verb, Verdict

AL = "al@example.org"
ALICE = "alice@example.org"
EVERYBODY = """
from gapps_hooks import hookimpl

@hookimpl
def gapps_groups(account):
    return ["everybody"]
"""


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    """Al is there, and so is Alice, who is to be in the group of everybody."""
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d" / "ours.py").write_text(textwrap.dedent(EVERYBODY))
    house = organise(tmp_path)
    house.fire("user-add", "al", {"id": "entryUUID:al"})
    return house


@pytest.fixture
def refused(house: Organisation) -> Organisation:
    """Alice may not have Al's address as an alias, which is told of her at each event."""
    outcome = house.fire("user-add", "alice", {"id": "entryUUID:a", "aliases": [AL]})
    assert outcome.verdict is Verdict.BURIED
    return house


def hashes(house: Organisation) -> int:
    return len(house.state.rows("SELECT * FROM secrets"))


def test_the_person_comes_into_the_groups_of_the_policy(refused: Organisation) -> None:
    refused.settle()
    assert set(refused.roles("everybody@example.org")) == {AL, ALICE}


def test_a_password_that_google_took_is_kept_no_longer(refused: Organisation) -> None:
    outcome = refused.fire("password-set", "alice", {"password": "a secret of hers"})
    assert outcome.verdict is Verdict.BURIED
    assert [change.verbs for change in outcome.done] == [(Verb.PASSWORD,)]
    assert hashes(refused) == 0


def test_a_password_is_not_sent_again_over_what_was_set_at_google_since(
    refused: Organisation,
) -> None:
    refused.fire("password-set", "alice", {"password": "a secret of hers"})
    refused.clock.now += 7_200.0
    outcome = refused.fire("user-modify", "alice", {"given_name": "Alice"})
    assert [change.verbs for change in outcome.done] == [(Verb.UPDATE,)]


def test_a_password_that_google_did_not_take_waits_on(refused: Organisation) -> None:
    refused.fail(fails="503", call="users.patch", times=0)
    outcome = refused.fire("password-set", "alice", {"password": "a secret of hers"})
    assert outcome.verdict is Verdict.LATER
    assert hashes(refused) == 1
    refused.emulator.faults.clear()
    done = [change.verbs for outcome in refused.settle() for change in outcome.done]
    assert (Verb.PASSWORD,) in done
    assert hashes(refused) == 0


def test_a_newer_password_that_came_meanwhile_is_delivered(refused: Organisation) -> None:
    refused.record("password-set", "alice", {"password": "a secret of hers"})
    newer: list[str] = []

    def observe(*_: object) -> None:
        if not newer:
            newer.append("a newer secret of hers")
            refused.record("password-set", "alice", {"password": newer[0]})

    refused.observe = observe
    refused.wire()
    outcomes = refused.settle()
    sent = [Verb.PASSWORD in one.verbs for outcome in outcomes for one in outcome.done]
    assert sent == [True, True]
    assert hashes(refused) == 0


def test_a_restore_whose_answer_was_lost_is_known_to_be_done(house: Organisation) -> None:
    """Else a suspension that an administrator makes later would be lifted as one of ours."""
    house.fire("user-add", "alice", {"id": "entryUUID:a", "aliases": ["old@example.org"]})
    house.fire("user-modify", "alice", {"enabled": False})
    house.fail(fails="lost answer", call="users.patch", times=0)
    house.fire("user-modify", "alice", {"enabled": True, "aliases": [AL]})
    house.emulator.faults.clear()
    house.settle()
    assert house.left() == {"alice": "buried"}
    assert not house.user(ALICE).suspended
    house.clock.now += 60.0
    suspended = {"suspended": True}
    house.console.users().patch(userKey=ALICE, body=suspended).execute()
    house.clock.now += 60.0
    house.fire("user-modify", "alice", {"given_name": "Alice"})
    assert house.user(ALICE).suspended


def test_an_alias_that_may_be_settling_is_tried_again_whatever_else_is_refused(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", {"id": "entryUUID:a"})
    house.fail(fails="409 renamed", call="users.aliases.insert", nth=2)
    outcome = house.fire("user-modify", "alice", {"aliases": [AL, "new@example.org"]})
    assert outcome.verdict is Verdict.LATER
    house.settle()
    assert house.user(ALICE).aliases == ("new@example.org",)
    assert house.left() == {"alice": "buried"}


def test_an_account_that_google_does_not_know_yet_gets_its_alias_later(
    house: Organisation,
) -> None:
    house.fail(fails="404", call="users.aliases.insert")
    said = {"id": "entryUUID:a", "aliases": ["new@example.org"]}
    assert house.fire("user-add", "alice", said).verdict is Verdict.LATER
    house.settle()
    assert house.user(ALICE).aliases == ("new@example.org",)
    assert house.left() == {}


KEEPING = """
from gapps_hooks import hookimpl

@hookimpl
def gapps_veto(change, account):
    if "remove-alias" in change.verbs:
        return "addresses are kept"
"""


def test_an_alias_that_may_not_be_taken_away_keeps_no_other_change_from_being_made(
    tmp_path: Path,
) -> None:
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d" / "ours.py").write_text(textwrap.dedent(KEEPING))
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"id": "entryUUID:a", "aliases": ["old@example.org"]})
    said = {"old_username": "alice", "aliases": ["new@example.org"]}
    outcome = house.fire("user-modify", "alicia", said)
    assert outcome.verdict is Verdict.BURIED
    assert "addresses are kept" in outcome.line
    found = house.user("alicia@example.org").aliases
    assert set(found) == {ALICE, "new@example.org", "old@example.org"}
    (house.folder / "policy.d" / "ours.py").unlink()
    house.restart()
    assert house.fire("user-modify", "alicia", said).verdict is Verdict.DONE
    assert set(house.user("alicia@example.org").aliases) == {ALICE, "new@example.org"}


def test_an_alias_that_may_not_be_freed_keeps_no_other_one_away_but_nobody_is_renamed_to_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d" / "ours.py").write_text(textwrap.dedent(KEEPING))
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"id": "entryUUID:a"})
    house.fire("user-modify", "alicia", {"old_username": "alice"})
    house.fire("user-add", "bob", {"id": "entryUUID:b"})
    said = {"aliases": [ALICE, "new@example.org"]}
    assert house.fire("user-modify", "bob", said).verdict is Verdict.BURIED
    assert house.user("bob@example.org").aliases == ("new@example.org",)
    for event, name in (("user-add", "alice"), ("user-modify", "bob")):
        more = {"email": ALICE, "aliases": ["new@example.org"]} if name == "bob" else {}
        outcome = house.fire(event, name, {"family_name": "New", **more})
        assert outcome.verdict is Verdict.BURIED
        assert "addresses are kept" in outcome.line
    assert house.user("alicia@example.org").aliases == (ALICE,)
