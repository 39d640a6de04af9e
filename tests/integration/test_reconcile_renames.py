"""Members whose own name changes in the same run: their groups wait for it, and lose nobody."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import delivered_elsewhere, dry, listed, person, planned, reconcile

from gapps_hooks.model import Kind, Outcome, Verb, Verdict
from gapps_hooks.reconcile import saving
from gapps_hooks.reconcile.everybody import carry_out, reviewed
from gapps_hooks.reconcile.named import Look, foresee_all
from gapps_hooks.reconcile.named import reconcile as reconcile_some

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
    run = reconcile(organisation)
    assert set(run.verdicts) == {"everybody", "team"}
    addresses = {group["email"] for group in organisation.emulator.state()["groups"]}
    assert addresses == {"everybody@example.org", "team@example.org"}
    assert Verb.REMOVE_MEMBER not in {verb for _, verb in run.done}


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


# --- whose new name does not come in this run ----------------------------------------------------


ALICIA = {**ALICE, "username": "alicia"}
MOVED = {**STAFF, "members": ["alicia", "bob"]}


def waits(organisation: Organisation) -> None:
    organisation.record("user-modify", "alice")


def is_buried(organisation: Organisation) -> None:
    organisation.people({**ALICE, "family_name": "Baker"}, BOB, groups=(ALL, STAFF))
    organisation.fail(call="users.patch", fails="403", times=1)
    assert organisation.fire("user-modify", "alice").verdict is Verdict.BURIED


def has_no_unit(organisation: Organisation) -> None:
    (organisation.folder / "policy.d").mkdir()
    (organisation.folder / "policy.d" / "ours.py").write_text(
        "from gapps_hooks import hookimpl\n\n\n@hookimpl\ndef gapps_org_unit(account):\n"
        "    return 1 / 0 if account.username == 'alicia' else None\n"
    )
    organisation.wire()


@pytest.fixture(params=[waits, is_buried, has_no_unit])
def renamed(request: pytest.FixtureRequest, organisation: Organisation) -> Organisation:
    """Alice is called alicia now, and nothing is done for her in a run; bob joins her group."""
    request.param(organisation)
    organisation.people(ALICIA, BOB, groups=(ALL, MOVED))
    return organisation


@pytest.fixture
def inner(organisation: Organisation) -> Organisation:
    """The inner group has another name now, but an event waits for it; bob joins the outer one."""
    organisation.record("group-change", "staff")
    organisation.people(ALICE, BOB, groups=({**ALL, "members": ["group:team", "bob"]}, TEAM))
    return organisation


def test_whoever_is_left_alone_stays_in_the_group_run_after_run(renamed: Organisation) -> None:
    assert planned(dry(renamed)) == {"group:staff": ["add-member"]}
    assert reconcile(renamed).done == [("staff@example.org", Verb.ADD_MEMBER)]
    assert renamed.roles("staff@example.org").keys() == {"alice@example.org", "bob@example.org"}
    renamed.clock.now += 7200.0
    assert planned(dry(renamed)) == {}
    with renamed.calls() as calls:
        assert reconcile(renamed).told == []
    assert not any(call.startswith("members.") and call != "members.list" for call in calls)


def test_what_was_reviewed_is_what_is_done(renamed: Organisation) -> None:
    (outcome,) = carry_out_reviewed(renamed)
    assert (outcome.verdict, outcome.line) == (
        Verdict.DONE,
        "added bob@example.org to staff@example.org",
    )


def test_a_look_at_the_group_alone_takes_nobody_out(renamed: Organisation) -> None:
    look = Look(named=((Kind.GROUP, "staff"),))
    (piece,) = foresee_all(renamed.wiring, look)
    assert [change.verbs for change in piece.plan.changes] == [(Verb.ADD_MEMBER,)]
    outcomes = list(reconcile_some(renamed.wiring, look))
    done = [verb for one in outcomes for change in one.done for verb in change.verbs]
    assert done == [Verb.ADD_MEMBER]


def test_an_inner_group_that_is_left_alone_stays(inner: Organisation) -> None:
    assert planned(dry(inner)) == {"group:all": ["add-member"]}
    assert reconcile(inner).done == [("all@example.org", Verb.ADD_MEMBER)]
    assert inner.roles("all@example.org").keys() == {"staff@example.org", "bob@example.org"}
    assert planned(dry(inner)) == {}


def test_of_an_inner_group_what_was_reviewed_is_done(inner: Organisation) -> None:
    (outcome,) = carry_out_reviewed(inner)
    assert outcome.line == "added bob@example.org to all@example.org"
    assert outcome.verdict is Verdict.DONE


def test_a_look_at_the_outer_group_alone_keeps_the_inner_one(inner: Organisation) -> None:
    list(reconcile_some(inner.wiring, Look(named=((Kind.GROUP, "all"),))))
    assert "bob@example.org" in inner.roles("all@example.org")
    assert len(inner.roles("all@example.org")) == 2


def test_who_waited_is_in_the_group_under_the_new_name_afterwards(
    organisation: Organisation,
) -> None:
    waits(organisation)
    organisation.people(ALICIA, BOB, groups=(ALL, MOVED))
    reconcile(organisation)
    with organisation.calls() as calls:
        organisation.settle()
        reconcile(organisation)
    assert "members.delete" not in calls
    expected = {"alicia@example.org", "bob@example.org"}
    assert organisation.roles("staff@example.org").keys() == expected
    assert planned(dry(organisation)) == {}


def test_a_new_name_that_changes_nothing_at_google_is_in_no_plan_and_takes_nobody_out(
    tmp_path: Path,
) -> None:
    organisation, mail = listed(tmp_path), {"email": "alice@example.org"}
    organisation.people({**ALICE, **mail}, BOB, groups=(STAFF,))
    reconcile(organisation)
    organisation.people({**ALICIA, **mail}, BOB, groups=(MOVED,))
    (outcome,) = carry_out_reviewed(organisation)
    assert outcome.line == "added bob@example.org to staff@example.org"
    assert outcome.verdict is Verdict.DONE


def test_a_role_is_changed_as_planned_though_the_new_name_waits(
    organisation: Organisation,
) -> None:
    organisation.people(ALICE, BOB, groups=(ALL, {**STAFF, "members": [], "owners": ["alice"]}))
    reconcile(organisation)
    waits(organisation)
    organisation.people(ALICIA, BOB, groups=(ALL, {**STAFF, "members": ["alicia"], "owners": []}))
    assert planned(dry(organisation)) == {"group:staff": ["change-role"]}
    assert reconcile(organisation).done == [("staff@example.org", Verb.CHANGE_ROLE)]
    assert organisation.roles("staff@example.org") == {"alice@example.org": "MEMBER"}


def test_a_newcomer_is_not_mistaken_for_whoever_still_has_the_name(
    organisation: Organisation,
) -> None:
    waits(organisation)
    newcomer = person("alice", id="entryUUID:newcomer", email="new@example.org")
    both = ({**ALL, "members": ["alice"]}, {**STAFF, "members": ["alice"]})
    organisation.people(ALICIA, BOB, newcomer, groups=both)
    reconcile(organisation)
    assert organisation.roles("all@example.org") == {}
    assert organisation.roles("staff@example.org") == {}
    organisation.settle()
    reconcile(organisation)
    for group in ("all@example.org", "staff@example.org"):
        assert organisation.roles(group) == {"new@example.org": "MEMBER"}
    assert planned(dry(organisation)) == {}


def settled_in_runs(found: Organisation) -> dict[str, str]:
    """Carry out as many runs as names passed on, and tell which address became which."""
    before = {one["id"]: one["primaryEmail"] for one in found.emulator.state()["users"]}
    for _ in range(3):
        reconcile(found)
    assert planned(dry(found)) == {}
    after = {before.get(one["id"], "new"): one for one in found.emulator.state()["users"]}
    return {was: one["primaryEmail"] for was, one in after.items()}


@pytest.mark.parametrize("members", [["bob", "carol"], ["alice", "bob"], ["alice"], ["carol"]])
def test_somebody_new_under_a_name_that_passed_on_is_nobody_else(
    tmp_path: Path, members: list[str]
) -> None:
    found = listed(tmp_path)
    team = {**TEAM, "members": ["alice", "bob"]}
    found.people(ALICE, BOB, groups=(team,))
    reconcile(found)
    moved = person("bob", id=ALICE["id"]), person("carol", id=BOB["id"])
    newcomer = person("alice", id="entryUUID:other")
    found.people(*moved, newcomer, groups=({**team, "members": members},))
    now = settled_in_runs(found)
    assert now["alice@example.org"] == "bob@example.org"
    assert now["bob@example.org"] == "carol@example.org"
    assert now["new"] == "alice@example.org"
    assert set(found.roles("team@example.org")) == {f"{name}@example.org" for name in members}


def test_three_names_that_passed_on_are_followed_one_a_run(tmp_path: Path) -> None:
    found, names = listed(tmp_path), ["alice", "bob", "carol", "dora"]
    found.people(*map(person, names[:3]), groups=({**TEAM, "members": names[:3]},))
    reconcile(found)
    moved = [person(new, id=person(old)["id"]) for old, new in pairwise(names)]
    found.people(*moved, groups=({**TEAM, "members": names[1:]},))
    now = settled_in_runs(found)
    assert {old: now[f"{old}@example.org"] for old in names[:3]} == {
        old: f"{new}@example.org" for old, new in pairwise(names)
    }
    assert "members.delete" not in found.emulator.requests.calls()


def test_many_who_wait_do_not_stop_a_run_that_takes_nobody_out(tmp_path: Path) -> None:
    house = listed(tmp_path)
    names = [f"p{at}" for at in range(120)]
    house.people(*map(person, names), BOB, groups=({**STAFF, "members": names},))
    reconcile(house)
    for name in names:
        house.record("user-modify", name)
    new = [person(f"new{name}", id=person(name)["id"]) for name in names]
    members = [*(f"new{name}" for name in names), "bob"]
    house.people(*new, BOB, groups=({**STAFF, "members": members},))
    assert planned(dry(house)) == {"group:staff": ["add-member"]}
    assert reconcile(house).done == [("staff@example.org", Verb.ADD_MEMBER)]


def carry_out_reviewed(organisation: Organisation) -> list[Outcome]:
    """Save a dry run's plan, and do exactly that."""
    file = organisation.folder / "plan.json"
    digest = organisation.state.digest
    saving.save(file, dry(organisation).whole.pieces, digest, passwords=False)
    looked = dry(organisation)
    works, changed = reviewed(looked, saving.load(file, digest))
    assert changed == {}
    told = carry_out(looked, works, force=False, reviewed_only=True, report=lambda _: None)
    return told.outcomes
