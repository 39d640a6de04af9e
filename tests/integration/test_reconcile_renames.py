"""Members whose own name changes in the same run: their groups wait for it, and lose nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import delivered_elsewhere, dry, listed, person, planned, reconcile

from gapps_hooks.model import Kind, Verdict

ALICE, BOB = person("alice"), person("bob")
#: Named so that it is the first to have its turn.
ALL = {"name": "all", "members": ["group:staff"], "id": "entryUUID:all"}
STAFF = {"name": "staff", "members": ["alice"], "id": "entryUUID:staff"}
TEAM = {**STAFF, "name": "team"}


@pytest.fixture
def organisation(tmp_path: Path) -> Organisation:
    """A group in another one, delivered from a listing."""
    found = listed(tmp_path)
    found.people(ALICE, BOB, groups=(ALL, STAFF))
    reconcile(found)
    return found


def test_a_group_stays_in_the_other_while_it_is_renamed(organisation: Organisation) -> None:
    organisation.people(ALICE, BOB, groups=({**ALL, "members": ["group:team", "bob"]}, TEAM))
    with organisation.calls() as calls:
        reconcile(organisation)
    assert "members.delete" not in calls
    expected = {"team@example.org": "MEMBER", "bob@example.org": "MEMBER"}
    assert organisation.roles("all@example.org") == expected
    assert planned(dry(organisation)) == {}


def test_a_group_stays_in_the_other_if_its_new_name_does_not_come_about(
    organisation: Organisation,
) -> None:
    organisation.people(ALICE, BOB, groups=({**ALL, "members": ["group:team", "bob"]}, TEAM))
    elsewhere = delivered_elsewhere(organisation, Kind.GROUP, "staff")
    with elsewhere, organisation.calls() as calls:
        assert reconcile(organisation).verdicts["team"] is Verdict.LATER
    assert "members.delete" not in calls


def test_groups_that_are_in_each_other_do_not_wait_for_each_other(
    organisation: Organisation,
) -> None:
    everybody = {**ALL, "name": "everybody", "members": ["group:team", "bob"]}
    inner = {**TEAM, "members": ["alice", "group:everybody"]}
    organisation.people(ALICE, BOB, groups=(everybody, inner))
    assert set(reconcile(organisation).verdicts) == {"everybody", "team"}
    addresses = {group["email"] for group in organisation.emulator.state()["groups"]}
    assert addresses == {"everybody@example.org", "team@example.org"}


def test_whose_new_address_google_refuses_stays_in_the_group(organisation: Organisation) -> None:
    alicia = {**ALICE, "username": "alicia"}
    moved = {**STAFF, "members": ["alicia", "bob"]}
    organisation.people(alicia, BOB, groups=(ALL, moved))
    organisation.fail(call="users.patch", fails="403", times=1)
    with organisation.calls() as calls:
        run = reconcile(organisation)
    assert run.verdicts["alicia"] is Verdict.REFUSED
    assert "members.delete" not in calls
    assert run.lines["staff"] == "added bob@example.org to staff@example.org"
    assert "alice@example.org" in organisation.roles("staff@example.org")
