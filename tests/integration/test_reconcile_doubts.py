"""What Google does not show is not gone, and whom nobody knows is not a stranger."""

from __future__ import annotations

from pathlib import Path

from organisation import Organisation
from reconciled import dry, listed, person, planned, reconcile, refusals

from gapps_hooks.model import Kind, Link, Verb
from gapps_hooks.outbox import links, subjects

MANY = tuple(person(f"p{number:02}") for number in range(25))
STAFF = {"name": "staff", "members": ["alice"]}
CREW = {"name": "crew", "members": ["alice"]}


def link(organisation: Organisation, name: str) -> Link:
    subject = subjects.of_name(organisation.state, Kind.USER, name)
    found = links.of(organisation.state, subject or 0)
    assert found is not None
    return found


def suspended(organisation: Organisation, name: str) -> bool:
    user = organisation.found_user(f"{name}@example.org")
    return user is not None and bool(user["suspended"])


def half_listed(organisation: Organisation, call: str) -> None:
    """Google lists what it had some time ago, without what came since."""
    organisation.fail(call=call, fails="stale list", seconds=400.0, times=1)


def test_a_list_that_lacks_many_ends_no_link(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(person("alice"))
    reconcile(organisation)
    organisation.clock.now += 300.0
    organisation.people(person("alice"), *MANY)
    reconcile(organisation)
    organisation.clock.now += 300.0
    organisation.people(person("alice"), *MANY[1:])
    half_listed(organisation, "users.list")
    first = reconcile(organisation)
    assert "Google's list lacks 25 linked accounts" in first.looked.whole.incomplete
    assert link(organisation, "p00").ended_at is None
    texts = [text for piece in first.looked.whole.pieces for text in piece.plan.notes]
    assert not any("deleted" in text or "forget" in text for text in texts)
    assert refusals(first.looked) == {}
    assert reconcile(organisation).done == [("p00@example.org", Verb.SUSPEND)]
    assert suspended(organisation, "p00")


def test_one_false_answer_ends_no_link(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(person("alice"))
    reconcile(organisation)
    organisation.clock.now += 300.0
    organisation.people(person("alice"), person("bob"))
    reconcile(organisation)
    organisation.clock.now += 300.0
    organisation.people(person("alice"))
    half_listed(organisation, "users.list")
    organisation.fail(call="users.get", fails="404", times=1)
    run = reconcile(organisation)
    assert run.done == [("bob@example.org", Verb.SUSPEND)]
    assert suspended(organisation, "bob")


def test_a_leaver_whose_account_is_gone_for_good_is_let_go_in_the_end(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(person("alice"), person("bob"))
    reconcile(organisation)
    organisation.clock.now += 300.0
    state = organisation.emulator.state()
    state["users"] = [u for u in state["users"] if u["primaryEmail"] != "bob@example.org"]
    organisation.emulator.restore(state)
    organisation.people(person("alice"))
    looked = dry(organisation)
    assert planned(looked) == {}
    assert link(organisation, "bob").ended_at is None
    assert reconcile(organisation).done == []
    assert link(organisation, "bob").ended_at is not None


def test_a_list_of_groups_that_lacks_one_that_is_there(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(person("alice"), groups=(STAFF,))
    reconcile(organisation)
    organisation.clock.now += 300.0
    organisation.people(person("alice"), groups=(STAFF, CREW))
    reconcile(organisation)
    organisation.clock.now += 300.0
    organisation.people(person("alice"), groups=(STAFF,))
    half_listed(organisation, "groups.list")
    run = reconcile(organisation)
    assert any("crew@example.org, which is there" in why for why in run.looked.whole.incomplete)
    assert "alice@example.org" in organisation.roles("crew@example.org")
    reconcile(organisation)
    assert "alice@example.org" not in organisation.roles("crew@example.org")


def test_nobody_is_a_stranger_while_it_is_not_known_who_is_enabled(tmp_path: Path) -> None:
    organisation = listed(
        tmp_path,
        more='unknown_accounts = "suspend"',
        tables='[enabled]\nattribute = "employee_id"\nvalue = "google"',
    )
    organisation.emulator.seed({"users": [{"primaryEmail": "alice@example.org"}]})
    organisation.people(person("alice"))
    run = reconcile(organisation)
    assert not suspended(organisation, "alice")
    assert "it is not known whether they are to have one (alice)" in run.looked.remarks[0]
