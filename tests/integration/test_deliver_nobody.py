"""What is said of people of whom nothing is to be at Google: who left, and who never was."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import listed, person

from gapps_hooks.model import Kind
from gapps_hooks.reconcile.named import Look
from gapps_hooks.reconcile.named import reconcile as reconcile_named


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    house = listed(tmp_path)
    house.people(person("alice"), person("bob"))
    house.fire("user-add", "alice")
    return house


def look(house: Organisation, name: str) -> str:
    (outcome,) = reconcile_named(house.wiring, Look(named=((Kind.USER, name),)))
    return outcome.line


def test_one_who_left_and_is_suspended_is_said_to_be_at_every_look(house: Organisation) -> None:
    house.people(person("bob"))
    house.fire("user-delete", "alice")
    house.people(person("alice", enabled=False), person("bob"))
    for _ in range(2):
        assert look(house, "alice") == "nothing to send; already suspended"
    assert house.user("alice@example.org").suspended


def test_a_name_that_nobody_has_is_said_to_be_nobodys(house: Organisation) -> None:
    line = house.fire("user-modify", "nosuch").line
    assert line.startswith("nothing to send; no person here is called nosuch")


def test_one_who_is_not_enabled_is_not_said_to_be_nobody(house: Organisation) -> None:
    house.people(person("bob", enabled=False), person("alice"))
    line = house.fire("user-modify", "bob").line
    assert line == "nothing to send; not enabled for Google, nothing of it is there"
