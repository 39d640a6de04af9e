"""A stored password that Google cannot take: in the history, and told until one comes that can."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import dry, listed, person, planned, reconcile

from gapps_hooks.model import Verb
from gapps_hooks.outbox import entries, history

HASH = "$6$salt$" + "a" * 86
OTHER_HASH = "$6$salt$" + "b" * 86
YESCRYPT = "$y$j9T$salt$" + "c" * 43


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    """Alice is at Google; the password that she set then is one that Google cannot take."""
    house = listed(tmp_path)
    house.people(person("alice", password_hash=HASH), person("bob"))
    house.fire("user-add", "alice")
    house.people(person("alice", password_hash=YESCRYPT), person("bob"))
    house.record("password-set", "alice")
    return house


def told(house: Organisation) -> list[str]:
    return [entry.name for entry in entries.all_entries(house.state) if "yescrypt" in entry.why]


def test_it_is_in_the_history(house: Organisation) -> None:
    (line,) = [one for one in history.read(house.state) if one.what == "password"]
    assert (line.name, line.verdict) == ("alice", "buried")
    assert "yescrypt" in line.line


@pytest.mark.parametrize("event", ["user-modify", "user-add"])
def test_it_stays_told_whatever_else_is_delivered(house: Organisation, event: str) -> None:
    house.record(event, "alice", {"phones": ["+49 1"]})
    assert told(house) == ["alice"]
    assert house.left() == {"alice": "waiting"}
    house.drain()
    assert house.left() == {"alice": "buried"}
    assert told(house) == ["alice"]


def test_a_retry_does_not_take_it_for_delivered(house: Organisation) -> None:
    (entry,) = entries.all_entries(house.state)
    entries.retry(house.state, entry.subject)
    (outcome,) = house.drain()
    assert "yescrypt" in outcome.line
    assert house.left() == {"alice": "buried"}
    assert told(house) == ["alice"]


def test_one_beside_other_events_is_told_when_these_are_delivered(house: Organisation) -> None:
    house.people(person("alice"), person("bob", password_hash=YESCRYPT))
    house.record("user-add", "bob")
    house.record("password-set", "bob")
    assert told(house) == ["alice", "bob"]
    house.drain()
    assert house.user("bob@example.org")
    assert house.left()["bob"] == "buried"


def test_a_look_that_waits_is_not_buried_with_it(house: Organisation) -> None:
    house.people(person("alice", family_name="Brown", password_hash=YESCRYPT), person("bob"))
    house.record("user-modify", "alice")
    house.record("password-set", "alice")
    house.drain()
    assert house.user("alice@example.org").family_name == "Brown"
    assert told(house) == ["alice"]


def test_it_is_gone_with_its_owner(house: Organisation) -> None:
    house.people(person("bob"))
    house.fire("user-delete", "alice")
    assert house.left() == {}


def test_it_is_gone_when_a_password_comes_that_can_be_sent(house: Organisation) -> None:
    house.people(person("alice", password_hash=OTHER_HASH), person("bob"))
    house.record("password-set", "alice")
    assert told(house) == []
    house.drain()
    assert house.left() == {}


def test_a_reconcile_looks_at_its_owner_all_the_same(house: Organisation) -> None:
    house.people(person("alice", family_name="Brown", password_hash=YESCRYPT), person("bob"))
    assert "alice" in planned(dry(house))
    reconcile(house)
    assert house.user("alice@example.org").family_name == "Brown"
    assert told(house) == ["alice"]


def test_a_password_that_a_reconcile_has_sent_is_told_no_longer(house: Organisation) -> None:
    house.people(person("alice", password_hash=OTHER_HASH), person("bob"))
    ran = reconcile(house, push_passwords=True)
    assert ("alice@example.org", Verb.PASSWORD) in ran.done
    assert house.left() == {}
