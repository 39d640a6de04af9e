"""What changes between the look and somebody's turn, in a run that takes long."""

from __future__ import annotations

from pathlib import Path

from organisation import Organisation
from reconciled import Run, dry, listed, person, planned, reconcile, refusals

from gapps_hooks import pausing
from gapps_hooks.model import Outcome, Verb, Verdict
from gapps_hooks.outbox import bounds
from gapps_hooks.reconcile.everybody import Looked, carry_out, everything, look


def looked_at(organisation: Organisation) -> Looked:
    return look(organisation.wiring, dry=False)


def go_on(looked: Looked) -> Run:
    progress = carry_out(looked, everything(looked), force=False, report=lambda _: None)
    return Run(looked=looked, progress=progress)


def edit(organisation: Organisation, address: str, **fields: object) -> None:
    state = organisation.emulator.state()
    for user in state["users"]:
        if user["primaryEmail"] == address:
            user.update(fields)
    organisation.emulator.restore(state)


def suspended(organisation: Organisation, name: str) -> bool:
    user = organisation.found_user(f"{name}@example.org")
    return user is not None and bool(user["suspended"])


def test_a_stranger_is_looked_at_again_before_anything_is_sent(tmp_path: Path) -> None:
    organisation = listed(tmp_path, more='unknown_accounts = "suspend"')
    addresses = [f"{name}@example.org" for name in ("bob", "zoe", "max")]
    organisation.emulator.seed({"users": [{"primaryEmail": one} for one in addresses]})
    organisation.people(person("alice"))
    looked = looked_at(organisation)
    organisation.people(person("alice"), person("bob"))
    organisation.fire("user-add", "bob")
    edit(organisation, "zoe@example.org", isAdmin=True)
    assert go_on(looked).done[1:] == [("max@example.org", Verb.SUSPEND)]
    assert [suspended(organisation, name) for name in ("bob", "zoe", "max")] == [False, False, True]


def test_a_stranger_for_whom_an_event_waits_is_left_alone(tmp_path: Path) -> None:
    organisation = listed(tmp_path, more='unknown_accounts = "suspend"')
    organisation.emulator.seed({"users": [{"primaryEmail": "bob@example.org"}]})
    organisation.people(person("alice"))
    looked = looked_at(organisation)
    organisation.record("user-add", "bob")
    go_on(looked)
    assert not suspended(organisation, "bob")


def test_strangers_that_were_not_suspended_use_nothing_of_the_bound(tmp_path: Path) -> None:
    organisation = listed(tmp_path, more='unknown_accounts = "suspend"')
    organisation.emulator.seed({"users": [{"primaryEmail": "bob@example.org"}]})
    organisation.people(person("alice"))
    looked = looked_at(organisation)
    organisation.fail(call="users.patch", fails="403", times=9)
    go_on(looked)
    assert bounds.used(organisation.state, Verb.SUSPEND) == 0


def test_whoever_became_an_administrator_meanwhile_is_left_alone(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    names = ("alice", "bob", "carol")
    organisation.people(*map(person, names))
    reconcile(organisation)
    organisation.clock.now += 90_000.0
    organisation.people(
        person("alice", family_name="New"), person("carol", enabled=False), person("dora")
    )
    looked = looked_at(organisation)
    for name in names:
        edit(organisation, f"{name}@example.org", isAdmin=True)
    organisation.clock.now += 3_600.0
    run = go_on(looked)
    assert {address for address, _ in run.done} == {"dora@example.org"}
    assert run.verdicts["bob"] is Verdict.REFUSED
    assert not any(suspended(organisation, name) for name in names)


def test_a_suspension_never_rests_on_the_list_alone(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(person("alice"), person("bob"))
    reconcile(organisation)
    organisation.clock.now += 90_000.0
    organisation.people(person("alice"))
    looked = looked_at(organisation)
    edit(organisation, "bob@example.org", isDelegatedAdmin=True)
    assert go_on(looked).done == []
    assert not suspended(organisation, "bob")


def test_a_pause_stops_a_run_at_the_next_turn(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(*(person(f"p{number:02}") for number in range(60)))
    looked = looked_at(organisation)
    told: list[Outcome] = []

    def report(outcome: Outcome) -> None:
        told.append(outcome)
        pausing.pause(organisation.state)

    progress = carry_out(looked, everything(looked), force=False, report=report)
    assert progress.stopped.startswith("paused")
    assert {outcome.verdict for outcome in told} == {Verdict.DONE, Verdict.LATER}
    assert sum(outcome.verdict is Verdict.DONE for outcome in told) < 40


def test_one_member_that_is_refused_keeps_no_other_out(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    people = [person(f"p{number}") for number in range(8)]
    organisation.people(*people, groups=({"name": "staff", "members": []},))
    reconcile(organisation)
    organisation.clock.now += 90_000.0
    everybody = [f"p{number}" for number in range(8)]
    organisation.people(*people, groups=({"name": "staff", "members": everybody},))
    organisation.fail(call="members.insert", fails="403", times=1)
    run = reconcile(organisation)
    assert len(organisation.roles("staff@example.org")) == 7
    assert run.verdicts["staff"] is Verdict.REFUSED
    assert run.lines["staff"].startswith("added 7 members to staff@example.org; ")


def test_one_member_that_is_refused_keeps_nobody_out_who_is_made_later(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(person("alice"))
    reconcile(organisation)
    people = [person(name) for name in ("alice", "bob", "carol", "dora")]
    members = [one["username"] for one in people]
    organisation.people(*people, groups=({"name": "staff", "members": members},))
    organisation.fail(call="members.insert", fails="403", times=1)
    reconcile(organisation)
    assert len(organisation.roles("staff@example.org")) == 4


VETO = """
from gapps_hooks import hookimpl

@hookimpl
def gapps_veto(change, account):
    if "alice@example.org" in (change.body.get("email"), change.address) and change.body.keys() & {
        "email", "alias"
    }:
        return "not alice"
"""


def test_what_the_policy_refuses_keeps_nothing_else_from_being_planned_and_done(
    tmp_path: Path,
) -> None:
    organisation = listed(tmp_path)
    people = [person("alice"), person("bob")]
    organisation.people(*people, groups=({"name": "staff", "members": []},))
    reconcile(organisation)
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d" / "ours.py").write_text(VETO)
    organisation.restart()
    alice = person("alice", aliases=["al@example.org"], family_name="Archer")
    staff = {"name": "staff", "members": ["alice", "bob"]}
    organisation.people(alice, people[1], groups=(staff,))
    for looked in (dry(organisation), reconcile(organisation).looked):
        assert planned(looked) == {"alice": ["update"], "group:staff": ["add-member"]}
        assert set(refusals(looked)) == {"alice", "group:staff"}
    assert set(organisation.roles("staff@example.org")) == {"bob@example.org"}
    assert organisation.user("alice@example.org").family_name == "Archer"
    assert set(refusals(dry(organisation))) == {"alice", "group:staff"}


def test_nobody_is_suspended_before_the_others_have_had_their_turn(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(person("alice"), person("bob"))
    reconcile(organisation)
    organisation.clock.now += 90_000.0
    aliases = [f"a{number}@example.org" for number in range(12)]
    organisation.people(person("alice", aliases=aliases))
    done = reconcile(organisation).done
    assert done[-1] == ("bob@example.org", Verb.SUSPEND)
    assert len(done) == 13


def test_a_group_whose_turn_comes_late_is_read_anew(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    people = tuple(map(person, ("alice", "bob", "carol")))
    organisation.people(*people, groups=({"name": "staff", "members": ["alice", "bob"]},))
    reconcile(organisation)
    organisation.clock.now += 90_000.0
    everybody = ["alice", "bob", "carol"]
    organisation.people(*people, groups=({"name": "staff", "members": everybody},))
    looked = looked_at(organisation)
    organisation.console.members().delete(
        groupKey="staff@example.org", memberKey="bob@example.org"
    ).execute()
    organisation.clock.now += 3_600.0
    go_on(looked)
    assert organisation.roles("staff@example.org").keys() == {
        f"{name}@example.org" for name in everybody
    }
