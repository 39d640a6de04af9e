"""A reconcile after links were lost with a damaged state file: nobody is made twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import dry, listed, person, planned, reconcile, refusals

from gapps_hooks.outbox.mending import LINKS_LOST


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    house = listed(tmp_path)
    house.people(person("alice"), person("bob"))
    reconcile(house)
    return house


def lose_links(house: Organisation) -> None:
    with house.state.transaction():
        house.state.execute("DELETE FROM links")
        house.state.set_meta(LINKS_LOST, "yes")


def test_accounts_of_ours_are_linked_again_and_none_is_made(house: Organisation) -> None:
    lose_links(house)
    with house.calls() as made:
        reconcile(house)
    assert "users.insert" not in made
    assert planned(dry(house)) == {}


def test_one_who_was_disabled_meanwhile_is_suspended(house: Organisation) -> None:
    lose_links(house)
    house.people(person("alice"), person("bob", enabled=False))
    reconcile(house)
    assert house.user("bob@example.org").suspended
    assert not house.user("alice@example.org").suspended


def test_without_a_loss_the_same_account_is_a_strangers(house: Organisation) -> None:
    with house.state.transaction():
        house.state.execute("DELETE FROM links")
    house.people(person("alice"), person("bob", enabled=False))
    reconcile(house)
    assert not house.user("bob@example.org").suspended


def test_whose_account_has_another_address_by_now_is_asked_about(house: Organisation) -> None:
    lose_links(house)
    found = house.user("alice@example.org")
    house.google.patch_user(found.id, {"primaryEmail": "alison@example.org"})
    house.google.delete_user_alias(found.id, "alice@example.org")
    said = refusals(dry(house))
    assert "gapps-hooks links bind alice alison@example.org" in said["alice"]
    reconcile(house)
    assert house.found_user("alice@example.org") is None
