"""Whole reads or no removals: what is not read to its end takes nothing away from anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation
from reconciled import Run, dry, listed, person, planned, reconcile

from gapps_hooks.errors import Refused, SourceUnreadable, Unreachable
from gapps_hooks.model import Verb
from gapps_hooks.plan.whole import REMOVING

PEOPLE = [person(name) for name in ("alice", "bob", "carol", "dora")]
STAFF = {"name": "staff", "members": ["alice", "bob", "carol"]}


@pytest.fixture
def organisation(tmp_path: Path) -> Organisation:
    """Four people and a group at Google; then one left, one came, one left the group."""
    found = listed(tmp_path)
    found.people(*PEOPLE, groups=(STAFF,))
    reconcile(found)
    found.clock.now += 7200.0
    alice, bob, *_ = PEOPLE
    changed = {**bob, "family_name": "Changed"}
    found.people(
        alice, changed, PEOPLE[2], person("eve"), groups=({**STAFF, "members": ["alice"]},)
    )
    return found


def nothing_is_taken_away(organisation: Organisation, run: Run) -> None:
    assert run.looked.whole.incomplete
    assert not REMOVING.intersection(verb for _, verb in run.done)
    assert not any(user["suspended"] for user in organisation.emulator.state()["users"])
    assert len(organisation.roles("staff@example.org")) == 3


def test_read_whole_the_one_who_left_is_suspended(organisation: Organisation) -> None:
    run = reconcile(organisation)
    assert run.looked.whole.incomplete == ()
    assert set(run.done) == {
        ("eve@example.org", Verb.CREATE),
        ("bob@example.org", Verb.UPDATE),
        ("dora@example.org", Verb.SUSPEND),
        ("staff@example.org", Verb.REMOVE_MEMBER),
    }


BROKEN = {
    "a page fails": [{"fails": "short page"}, {"fails": "503", "nth": 2, "times": 0}],
    "a page token is repeated": [{"fails": "repeated token", "times": 0}],
    "a page token expires": [{"fails": "short page"}, {"fails": "expired token", "times": 0}],
    "an answer is cut short": [
        {"fails": "short page"},
        {"fails": "truncated", "nth": 2, "times": 0},
    ],
}


@pytest.mark.parametrize("call", ["users.list", "groups.list", "members.list"])
@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN)
def test_a_list_that_breaks_off(
    organisation: Organisation, call: str, script: list[dict[str, Any]]
) -> None:
    for fault in script:
        organisation.fail(call=call, **fault)
    run = reconcile(organisation)
    nothing_is_taken_away(organisation, run)
    assert ("eve@example.org", Verb.CREATE) in run.done
    organisation.emulator.faults.clear()
    assert ("dora@example.org", Verb.SUSPEND) in reconcile(organisation).done


def test_a_bin_that_cannot_be_read(organisation: Organisation) -> None:
    state = organisation.emulator.state()
    state["users"] = [u for u in state["users"] if u["primaryEmail"] != "dora@example.org"]
    organisation.emulator.restore(state)
    organisation.fail(call="users.list", fails="503", nth=2, times=0)
    run = reconcile(organisation)
    (why,) = run.looked.whole.incomplete
    assert why.startswith("Google's list of deleted users could not be read")
    nothing_is_taken_away(organisation, run)
    organisation.emulator.faults.clear()
    assert set(reconcile(organisation).done) == {("staff@example.org", Verb.REMOVE_MEMBER)}


def test_a_list_without_anybody(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(PEOPLE[0])
    organisation.fail(call="users.list", fails="stale list", seconds=10_000.0)
    assert dry(organisation).whole.incomplete == (
        "Google listed no user at all, not even the administrator",
    )


def test_a_fault_in_the_middle_that_passes_is_none(organisation: Organisation) -> None:
    organisation.fail(call="users.list", fails="short page")
    organisation.fail(call="users.list", fails="503", nth=2)
    assert reconcile(organisation).looked.whole.incomplete == ()


def test_a_list_that_lacks_somebody_who_is_there(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(PEOPLE[0])
    reconcile(organisation)
    organisation.clock.now += 300.0
    organisation.people(*PEOPLE, groups=())
    reconcile(organisation)
    organisation.clock.now += 300.0
    organisation.people(PEOPLE[1])
    organisation.fail(call="users.list", fails="stale list", seconds=400.0)
    run = reconcile(organisation)
    assert any("which is there" in why for why in run.looked.whole.incomplete)
    assert run.done == []


@pytest.mark.parametrize("listing", [{"users": []}, {"groups": []}, {"users": [], "groups": []}])
def test_a_source_that_lists_nobody(organisation: Organisation, listing: dict[str, Any]) -> None:
    (organisation.folder / "accounts.json").write_text(json.dumps(listing))
    run = reconcile(organisation)
    assert run.looked.whole.incomplete
    assert not any(user["suspended"] for user in organisation.emulator.state()["users"])
    assert len(organisation.roles("staff@example.org")) == 3


def test_a_source_that_cannot_be_read(organisation: Organisation) -> None:
    (organisation.folder / "accounts.json").write_text("{")
    with pytest.raises(SourceUnreadable):
        dry(organisation)


def test_one_bad_line_makes_the_whole_source_unreadable(organisation: Organisation) -> None:
    file = organisation.folder / "accounts.json"
    document = json.loads(file.read_text())
    document["users"][0]["email"] = "no address"
    file.write_text(json.dumps(document))
    with pytest.raises(SourceUnreadable):
        reconcile(organisation)


def test_google_cannot_be_reached(organisation: Organisation) -> None:
    organisation.cut = OSError("no route")
    with pytest.raises(Unreachable):
        dry(organisation)


def test_google_refuses_to_list(organisation: Organisation) -> None:
    organisation.fail(call="users.list", fails="403", times=0)
    with pytest.raises(Refused):
        dry(organisation)


def test_an_alias_stays_ours_while_it_cannot_be_removed(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    alice = person("alice", aliases=["a@example.org", "al@example.org"])
    organisation.people(alice)
    reconcile(organisation)
    organisation.people({**alice, "aliases": ["al@example.org"], "family_name": "Changed"})
    organisation.fail(call="groups.list", fails="repeated token", times=0)
    run = reconcile(organisation)
    assert run.done == [("alice@example.org", Verb.UPDATE)]
    organisation.emulator.faults.clear()
    assert planned(dry(organisation)) == {"alice": ["remove-alias"]}


def test_strangers_are_not_suspended_while_it_is_not_known_who_is_here(tmp_path: Path) -> None:
    organisation = listed(tmp_path, more='unknown_accounts = "suspend"')
    organisation.emulator.seed({"users": [{"primaryEmail": "zoe@example.org"}]})
    organisation.people(PEOPLE[0])
    organisation.fail(call="groups.list", fails="repeated token", times=0)
    assert "zoe@example.org" not in planned(dry(organisation))
    organisation.emulator.faults.clear()
    assert "zoe@example.org" in planned(dry(organisation))
