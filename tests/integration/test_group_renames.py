"""Groups that have another name now: known again by a lasting id, and never by a number alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation, organise
from reconciled import dry, listed, person, planned, reconcile, refusals

from gapps_hooks.model import Verb

ALICE = person("alice")
STAFF = {"name": "staff", "members": ["alice"], "id": "entryUUID:g", "aliases": ["us@example.org"]}
TEAM = {**STAFF, "name": "team"}
MEMBERS = {"alice@example.org": "MEMBER"}


@pytest.fixture
def organisation(tmp_path: Path) -> Organisation:
    """Alice and her group, delivered from a listing."""
    found = listed(tmp_path)
    found.people(ALICE, groups=(STAFF,))
    reconcile(found)
    return found


def groups(organisation: Organisation) -> list[str]:
    return sorted(group["email"] for group in organisation.emulator.state()["groups"])


def renamed(organisation: Organisation, google_id: str) -> None:
    assert groups(organisation) == ["team@example.org"]
    assert organisation.group("team@example.org").id == google_id
    assert organisation.roles("team@example.org") == MEMBERS


# --- by events -----------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [["team"], ["staff"], ["staff", "team"], ["team", "staff"]])
def test_an_event_on_either_name_renames_a_group_with_the_same_lasting_id(
    organisation: Organisation, names: list[str]
) -> None:
    google_id = organisation.group("staff@example.org").id
    organisation.people(ALICE, groups=(TEAM,))
    for name in names:
        organisation.fire("group-change", name)
    organisation.settle()
    renamed(organisation, google_id)
    assert planned(dry(organisation)) == {}


def test_a_group_that_is_told_to_be_gone_and_is_listed_under_another_name_is_renamed(
    organisation: Organisation,
) -> None:
    google_id = organisation.group("staff@example.org").id
    organisation.people(ALICE, groups=(TEAM,))
    organisation.fire("group-change", "staff", {"deleted": True})
    organisation.settle()
    renamed(organisation, google_id)


def test_a_deletion_of_the_old_name_that_waits_or_comes_late_empties_nothing(
    organisation: Organisation,
) -> None:
    google_id = organisation.group("staff@example.org").id
    organisation.people(ALICE, groups=(TEAM,))
    organisation.record("group-change", "staff", {"deleted": True})
    organisation.fire("group-change", "team")
    organisation.fire("group-change", "staff", {"deleted": True})
    organisation.settle()
    renamed(organisation, google_id)
    assert organisation.left() == {}


def test_an_id_that_two_listed_groups_have_is_no_proof(organisation: Organisation) -> None:
    organisation.people(ALICE, groups=(STAFF, {**TEAM, "aliases": []}))
    organisation.fire("group-change", "team")
    assert "staff@example.org" in groups(organisation)


def test_without_a_source_only_the_old_name_renames(tmp_path: Path) -> None:
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"id": "entryUUID:alice"})
    said: dict[str, Any] = {"members": ["alice"], "id": "entryUUID:g"}
    house.fire("group-change", "staff", said)
    google_id = house.group("staff@example.org").id
    house.fire("group-change", "team", {**said, "old_name": "staff"})
    renamed(house, google_id)
    house.fire("group-change", "crew", said)
    assert groups(house) == ["crew@example.org", "team@example.org"]


def test_a_number_is_no_proof_without_the_old_name(tmp_path: Path) -> None:
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"id": "entryUUID:alice"})
    said: dict[str, Any] = {"members": ["alice"], "id": "gid:100"}
    house.fire("group-change", "staff", said)
    house.fire("group-change", "team", said)
    assert groups(house) == ["staff@example.org", "team@example.org"]


def test_a_number_and_the_old_name_rename(tmp_path: Path) -> None:
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"id": "entryUUID:alice"})
    said: dict[str, Any] = {"members": ["alice"], "id": "gid:100"}
    house.fire("group-change", "staff", said)
    google_id = house.group("staff@example.org").id
    house.fire("group-change", "team", {**said, "old_name": "staff"})
    renamed(house, google_id)


# --- by a reconcile ------------------------------------------------------------------------------


def test_a_reconcile_renames_by_the_lasting_id_and_by_the_key_at_google(
    organisation: Organisation,
) -> None:
    google_id = organisation.group("staff@example.org").id
    organisation.people(ALICE, groups=(TEAM,))
    run = reconcile(organisation)
    assert run.done[0] == ("staff@example.org", Verb.RENAME_GROUP)
    renamed(organisation, google_id)
    assert set(organisation.group(google_id).aliases) == {"us@example.org", "staff@example.org"}
    assert planned(dry(organisation)) == {}


def test_a_group_whose_address_alone_changed_is_renamed(organisation: Organisation) -> None:
    google_id = organisation.group("staff@example.org").id
    organisation.people(ALICE, groups=({**STAFF, "email": "team@example.org"},))
    reconcile(organisation)
    renamed(organisation, google_id)


def test_a_reconcile_makes_a_group_with_a_known_number_and_another_name_anew(
    tmp_path: Path,
) -> None:
    organisation = listed(tmp_path)
    organisation.people(ALICE, groups=({**STAFF, "id": "gid:100", "aliases": []},))
    reconcile(organisation)
    organisation.people(ALICE, groups=({**TEAM, "id": "gid:100", "aliases": []},))
    reconcile(organisation)
    assert groups(organisation) == ["staff@example.org", "team@example.org"]
    assert organisation.roles("staff@example.org") == {}
    assert organisation.roles("team@example.org") == MEMBERS


def test_two_groups_that_exchange_their_names_stay_where_they_are_and_exchange_the_rest(
    organisation: Organisation,
) -> None:
    other = {"name": "other", "members": [], "id": "entryUUID:o", "aliases": []}
    organisation.people(ALICE, groups=(STAFF, other))
    reconcile(organisation)
    ids = [organisation.group(f"{name}@example.org").id for name in ("staff", "other")]
    organisation.people(ALICE, groups=({**STAFF, "name": "other"}, {**other, "name": "staff"}))
    reconcile(organisation)
    assert [organisation.group(f"{name}@example.org").id for name in ("staff", "other")] == ids
    assert organisation.roles("staff@example.org") == {}
    assert organisation.roles("other@example.org") == MEMBERS
    assert organisation.group("other@example.org").aliases == ("us@example.org",)
    assert planned(dry(organisation)) == {}


# --- the address that a rename leaves ------------------------------------------------------------


@pytest.mark.parametrize("by", ["an event", "a reconcile"])
def test_a_new_group_gets_the_address_that_a_rename_of_ours_left_as_an_alias(
    organisation: Organisation, by: str
) -> None:
    organisation.people(ALICE, groups=({**TEAM, "aliases": []},))
    reconcile(organisation)
    assert "staff@example.org" in organisation.group("team@example.org").aliases
    new = {"name": "staff", "members": ["alice"], "id": "entryUUID:new"}
    organisation.people(ALICE, groups=({**TEAM, "aliases": []}, new))
    if by == "an event":
        organisation.fire("group-change", "staff")
    else:
        reconcile(organisation)
    assert groups(organisation) == ["staff@example.org", "team@example.org"]
    assert organisation.roles("staff@example.org") == MEMBERS
    assert planned(dry(organisation)) == {}


@pytest.mark.parametrize("holder", ["group", "person"])
def test_a_name_whose_address_another_keeps_is_refused_in_the_dry_run(
    organisation: Organisation, holder: str
) -> None:
    if holder == "group":
        organisation.google.insert_group({"email": "team@example.org"})
    else:
        organisation.emulator.seed({"users": [{"primaryEmail": "team@example.org"}]})
    organisation.people(ALICE, groups=(TEAM,))
    looked = dry(organisation)
    assert planned(looked) == {}
    assert "team@example.org is held by" in refusals(looked)["group:team"]


def test_a_group_that_comes_back_renamed_gets_what_a_rename_left_with_another(
    tmp_path: Path,
) -> None:
    house = organise(tmp_path, more='---\n[groups]\nwhich = "all"')
    for name in ("staff", "crew"):
        house.fire("group-change", name, {"members": [], "aliases": []})
    crew = house.group("crew@example.org").id
    house.fire("group-change", "team", {"old_name": "staff", "members": []})
    house.fire("group-change", "crew", {"deleted": True})
    house.fire("group-change", "staff", {"old_name": "crew", "members": []})
    house.settle()
    assert house.left() == {}
    assert house.group("staff@example.org").id == crew
    assert "staff@example.org" not in house.group("team@example.org").aliases
