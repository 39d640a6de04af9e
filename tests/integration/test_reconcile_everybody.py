"""A reconcile of everybody: what is planned and done, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation, organise
from reconciled import Run, delivered_elsewhere, dry, listed, person, planned, reconcile, refusals

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Kind, Outcome, Verb, Verdict
from gapps_hooks.outbox import bounds, entries, leases, links, memberships, subjects
from gapps_hooks.reconcile.applying import Applying
from gapps_hooks.reconcile.checking import TooMuch
from gapps_hooks.reconcile.everybody import AlreadyRunning, alone

ALICE, BOB, CAROL = person("alice"), person("bob"), person("carol")
STAFF = {"name": "staff", "members": ["alice", "bob"], "description": "All of us"}
LISTS = ["users.list", "groups.list"]


@pytest.fixture
def organisation(tmp_path: Path) -> Organisation:
    """Alice, Bob and their group, known to the account manager only."""
    found = listed(tmp_path)
    found.people(ALICE, BOB, groups=(STAFF,))
    return found


def many(number: int) -> list[dict[str, object]]:
    return [person(f"p{at:03}") for at in range(number)]


# --- nothing to do -------------------------------------------------------------------------------


def test_the_first_one_makes_everybody_and_the_second_reads_pages_and_writes_nothing(
    organisation: Organisation,
) -> None:
    first = reconcile(organisation)
    assert set(first.verdicts.values()) == {Verdict.DONE}
    assert organisation.roles("staff@example.org").keys() == {
        "alice@example.org",
        "bob@example.org",
    }
    assert organisation.left() == {}
    with organisation.calls() as calls:
        assert reconcile(organisation).progress.outcomes == []
    assert calls == [*LISTS, "members.list"]


def test_a_dry_run_writes_nothing_anywhere(organisation: Organisation) -> None:
    before = organisation.emulator.state()
    looked = dry(organisation)
    assert planned(looked) == {
        "alice": ["create"],
        "bob": ["create"],
        "group:staff": ["create-group", "set-group-settings", "add-member", "add-member"],
    }
    assert organisation.emulator.state() == before
    assert subjects.of_name(organisation.state, Kind.USER, "alice") is None
    assert links.all_links(organisation.state) == ()


def test_a_look_that_finds_nothing_confirms_what_was_delivered(organisation: Organisation) -> None:
    reconcile(organisation)
    organisation.clock.now += 7200.0
    reconcile(organisation)
    with organisation.calls() as calls:
        assert organisation.fire("user-modify", "alice").verdict is Verdict.NOTHING
    assert calls == []


def test_what_people_changed_at_google_is_put_right(organisation: Organisation) -> None:
    reconcile(organisation)
    state = organisation.emulator.state()
    for user in state["users"]:
        if user["primaryEmail"] == "alice@example.org":
            user["name"] = {"givenName": "Someone", "familyName": "Else"}
    for group in state["groups"]:
        group["description"] = "changed there"
        group["members"] = []
    organisation.emulator.restore(state)
    run = reconcile(organisation)
    assert set(run.done) == {
        ("alice@example.org", Verb.UPDATE),
        ("staff@example.org", Verb.UPDATE_GROUP),
        ("staff@example.org", Verb.ADD_MEMBER),
    }
    assert organisation.found_group("staff@example.org")["description"] == "All of us"
    assert planned(dry(organisation)) == {}


# --- who is whom ---------------------------------------------------------------------------------


def test_an_account_that_exists_is_adopted_and_its_group_only_added_to(
    organisation: Organisation,
) -> None:
    organisation.emulator.seed(
        {
            "users": [{"primaryEmail": "alice@example.org"}, {"primaryEmail": "zoe@example.org"}],
            "groups": [
                {
                    "email": "staff@example.org",
                    "name": "Our staff",
                    "members": ["zoe@example.org", {"email": "x@elsewhere.test", "role": "OWNER"}],
                }
            ],
        }
    )
    run = reconcile(organisation)
    assert run.verdicts["alice"] is Verdict.DONE
    assert organisation.roles("staff@example.org") == {
        "alice@example.org": "MEMBER",
        "bob@example.org": "MEMBER",
        "zoe@example.org": "MEMBER",
        "x@elsewhere.test": "OWNER",
    }
    assert planned(dry(organisation)) == {}
    assert organisation.found_group("staff@example.org")["name"] == "Our staff"


def test_one_with_a_new_name_and_the_same_lasting_id_keeps_the_account(
    organisation: Organisation,
) -> None:
    reconcile(organisation)
    before = organisation.user("alice@example.org").id
    organisation.people(
        person("alicia", id=ALICE["id"]), BOB, groups=({**STAFF, "members": ["alicia", "bob"]},)
    )
    assert planned(dry(organisation))["alicia"] == ["rename", "update"]
    run = reconcile(organisation)
    assert run.verdicts["alicia"] is Verdict.DONE
    assert organisation.user("alicia@example.org").id == before
    assert organisation.roles("staff@example.org").keys() == {
        "alicia@example.org",
        "bob@example.org",
    }
    assert planned(dry(organisation)) == {}


def test_an_address_that_another_gives_up_in_the_same_run_is_taken_after_it(
    organisation: Organisation,
) -> None:
    reconcile(organisation)
    organisation.people(
        person("alicia", id=ALICE["id"]), BOB, person("alice", id="entryUUID:new"), groups=(STAFF,)
    )
    run = reconcile(organisation)
    assert run.verdicts["alice"] is Verdict.DONE
    second = organisation.user("alice@example.org")
    assert second.id != organisation.user("alicia@example.org").id
    again = reconcile(organisation)
    assert planned(dry(organisation)) == {}, again.lines


def test_a_number_alone_is_never_a_proof(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(person("alice", id="uid:1003"))
    reconcile(organisation)
    organisation.people(person("mallory", id="uid:1003"))
    assert planned(dry(organisation)) == {"alice": ["suspend"], "mallory": ["create"]}


def test_a_name_with_another_lasting_id_is_put_before_a_person(organisation: Organisation) -> None:
    reconcile(organisation)
    organisation.people(person("alice", id="entryUUID:other"), BOB, groups=(STAFF,))
    assert "same person?" in refusals(dry(organisation))["alice"]


def test_groups_wait_for_a_new_name_and_keep_its_owner_if_it_does_not_come_about(
    organisation: Organisation,
) -> None:
    teams = tuple({"name": f"team{at}", "members": ["alice", "bob"]} for at in range(4))
    organisation.people(ALICE, BOB, groups=teams)
    reconcile(organisation)
    renamed = tuple({**team, "members": ["alicia", "bob"]} for team in teams)
    organisation.people({**ALICE, "username": "alicia"}, BOB, groups=renamed)
    elsewhere = delivered_elsewhere(organisation, Kind.USER, "alice")
    with elsewhere, organisation.calls() as calls:
        assert reconcile(organisation).verdicts["alicia"] is Verdict.LATER
    assert "members.delete" not in calls
    organisation.settle()
    for team in teams:
        assert set(organisation.roles(f"{team['name']}@example.org")) == {
            "alicia@example.org",
            "bob@example.org",
        }
    assert planned(dry(organisation)) == {}


def test_a_group_with_a_new_name_and_the_same_lasting_id_is_renamed(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    group = {"name": "staff", "members": ["alice"], "id": "entryUUID:g"}
    organisation.people(ALICE, groups=(group,))
    reconcile(organisation)
    organisation.people(ALICE, groups=({**group, "name": "team"},))
    run = reconcile(organisation)
    assert ("staff@example.org", Verb.RENAME_GROUP) in run.done
    assert organisation.roles("team@example.org") == {"alice@example.org": "MEMBER"}
    assert planned(dry(organisation)) == {}


def test_an_account_in_the_bin_is_named_and_not_made_anew(organisation: Organisation) -> None:
    reconcile(organisation)
    google_id = organisation.user("alice@example.org").id
    organisation.console.users().delete(userKey=google_id).execute()
    text = refusals(dry(organisation))["alice"]
    assert "was deleted at Google on" in text
    assert "gapps-hooks undelete alice" in text


def test_one_never_seen_whose_address_is_in_the_bin_is_named_too(
    organisation: Organisation,
) -> None:
    organisation.emulator.seed({"users": [{"primaryEmail": "alice@example.org"}]})
    organisation.console.users().delete(userKey="alice@example.org").execute()
    with organisation.calls() as calls:
        looked = dry(organisation)
    assert "was deleted at Google on" in refusals(looked)["alice"]
    assert calls == [*LISTS, "users.list"]


# --- who is left alone ---------------------------------------------------------------------------


def test_strangers_are_left_alone_unless_the_settings_say_otherwise(tmp_path: Path) -> None:
    organisation = listed(tmp_path, more='unknown_accounts = "suspend"\nprotected = ["p-*"]')
    organisation.people(ALICE, person("dan", enabled=False))
    elsewhere = {"type": "custom", "customType": "gapps-hooks", "value": "other:user:uid:1"}
    organisation.emulator.seed(
        {
            "users": [
                {"primaryEmail": "alice@example.org"},
                {"primaryEmail": "dan@example.org"},
                {"primaryEmail": "zoe@example.org"},
                {"primaryEmail": "p-boss@example.org"},
                {"primaryEmail": "root2@example.org", "isDelegatedAdmin": True},
                {"primaryEmail": "managed@example.org", "externalIds": [elsewhere]},
            ]
        }
    )
    run = reconcile(organisation)
    suspended = {address for address, verb in run.done if verb is Verb.SUSPEND}
    assert suspended == {"zoe@example.org", "dan@example.org"}
    assert bounds.used(organisation.state, Verb.SUSPEND) == 2
    assert planned(dry(organisation)) == {}


def test_whose_account_is_not_known_nobody_is_a_stranger(tmp_path: Path) -> None:
    organisation = listed(tmp_path, more='unknown_accounts = "suspend"')
    organisation.people(ALICE, BOB)
    addresses = ("alice@example.org", "bob@example.org")
    organisation.emulator.seed({"users": [{"primaryEmail": address} for address in addresses]})
    organisation.record("user-add", "alice")
    assert planned(dry(organisation)) == {"bob": ["adopt"]}
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d" / "ours.py").write_text(
        "from gapps_hooks import hookimpl\n\n\n@hookimpl\ndef gapps_choose_address(account):\n"
        "    return 1 / 0 if account.username == 'bob' else None\n"
    )
    organisation.wire()
    assert planned(dry(organisation)) == {}


def test_a_rename_to_an_address_that_another_keeps_is_refused_in_the_test(
    organisation: Organisation,
) -> None:
    reconcile(organisation)
    organisation.emulator.seed({"users": [{"primaryEmail": "alicia@example.org"}]})
    organisation.people(person("alicia", id=ALICE["id"]), BOB, groups=(STAFF,))
    looked = dry(organisation)
    assert "alicia@example.org is held by alicia@example.org" in refusals(looked)["alicia"]
    assert "alicia" not in planned(looked)


def test_strangers_are_left_alone(organisation: Organisation) -> None:
    organisation.emulator.seed({"users": [{"primaryEmail": "zoe@example.org"}]})
    run = reconcile(organisation)
    assert ("zoe@example.org", Verb.SUSPEND) not in run.done


def test_administrators_and_protected_accounts_are_never_suspended(tmp_path: Path) -> None:
    organisation = listed(tmp_path, more='protected = ["bob@*"]')
    organisation.people(ALICE, BOB, CAROL)
    organisation.emulator.seed({"users": [{"primaryEmail": "bob@example.org"}]})
    reconcile(organisation)
    organisation.console.users().makeAdmin(
        userKey="alice@example.org", body={"status": True}
    ).execute()
    organisation.people(CAROL)
    looked = dry(organisation)
    assert planned(looked) == {}
    assert (
        "The Google Workspace administrator account alice@example.org cannot be suspended"
        in (refusals(looked)["alice"])
    )
    reconcile(organisation, force=True)
    for name in ("alice", "bob"):
        assert not organisation.user(f"{name}@example.org").suspended


def test_the_reminder_of_the_administrator_is_in_every_look(organisation: Organisation) -> None:
    (notice,) = dry(organisation).notices
    assert notice == (
        "The Google Workspace administrator account admin@example.org cannot be suspended. Create "
        "it in the account manager and enable Google for it, or list it under protected."
    )


def test_owners_and_outsiders_of_a_group_of_ours_stay(organisation: Organisation) -> None:
    reconcile(organisation)
    group = organisation.group("staff@example.org").id
    members = organisation.console.members()
    for address, role in (("boss@elsewhere.test", "OWNER"), ("x@elsewhere.test", "MEMBER")):
        members.insert(groupKey=group, body={"email": address, "role": role}).execute()
    assert planned(dry(organisation)) == {}


def test_a_member_who_left_is_removed_and_an_alias_of_the_group_kept(
    organisation: Organisation,
) -> None:
    reconcile(organisation)
    group = organisation.group("staff@example.org").id
    aliases = organisation.console.groups().aliases()
    aliases.insert(groupKey=group, body={"alias": "everyone@example.org"}).execute()
    organisation.people(ALICE, BOB, groups=({**STAFF, "members": ["alice"]},))
    run = reconcile(organisation)
    assert run.done == [("staff@example.org", Verb.REMOVE_MEMBER)]
    assert organisation.group("everyone@example.org").id == group


def test_what_waits_is_left_to_delivery_and_what_is_buried_to_a_person(
    organisation: Organisation,
) -> None:
    organisation.record("user-add", "alice")
    entries.bury(
        organisation.state,
        entries.get(organisation.state, organisation.record("user-add", "bob").subject or 0),  # type: ignore[arg-type] # it is there
        "because",
    )
    looked = dry(organisation)
    (alice,) = [piece for piece in looked.whole.pieces if piece.name == "alice"]
    assert alice.plan.notes == ("an event waits for it, and it is left to delivery",)
    assert "buried: because" in refusals(looked)["bob"]
    assert reconcile(organisation).verdicts.keys() == {"staff"}
    assert organisation.left() == {"alice": "waiting", "bob": "buried"}


# --- suspended and restored ----------------------------------------------------------------------


def test_one_who_left_is_suspended_once_and_restored_when_back(organisation: Organisation) -> None:
    reconcile(organisation)
    organisation.people(BOB, groups=({**STAFF, "members": ["bob"]},))
    assert ("alice@example.org", Verb.SUSPEND) in reconcile(organisation).done
    assert planned(dry(organisation)) == {}
    organisation.people(ALICE, BOB, groups=(STAFF,))
    assert planned(dry(organisation))["alice"] == ["restore"]
    reconcile(organisation)
    assert not organisation.user("alice@example.org").suspended
    assert planned(dry(organisation)) == {}


@pytest.mark.parametrize(
    ("reason", "words"),
    [("ADMIN", "suspended at Google by an administrator"), ("ABUSE", "suspended by Google itself")],
)
def test_a_suspension_of_others_is_reported_and_stands(
    organisation: Organisation, reason: str, words: str
) -> None:
    organisation.emulator.seed({"users": [{"primaryEmail": "alice@example.org"}]})
    organisation.emulator.suspend("alice@example.org", reason)
    assert words in refusals(dry(organisation))["alice"]
    reconcile(organisation)
    assert organisation.user("alice@example.org").suspended


# --- too much ------------------------------------------------------------------------------------


def test_too_much_is_refused_before_the_first_change(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(*many(20))
    reconcile(organisation)
    organisation.people(*many(10), person("new"))
    with pytest.raises(TooMuch) as error:
        reconcile(organisation)
    assert "10 x suspend" in str(error.value)
    assert "bounds.suspend allows 3 in 24 hours" in str(error.value)
    assert "--force" in str(error.value)
    assert organisation.found_user("new@example.org") is None
    run = reconcile(organisation, force=True)
    assert [verb for _, verb in run.done].count(Verb.SUSPEND) == 10


def test_runs_and_events_are_counted_together(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(*many(6))
    reconcile(organisation)
    organisation.people(*many(5))
    assert organisation.fire("user-delete", "p005").verdict is Verdict.DONE
    organisation.people(*many(3))
    reconcile(organisation)
    organisation.people(*many(2))
    with pytest.raises(TooMuch, match="1 x suspend, and 3 were done in the last 24 hours"):
        reconcile(organisation)
    organisation.clock.now += 90_000.0
    assert [verb for _, verb in reconcile(organisation).done] == [Verb.SUSPEND]


def test_the_same_group_counts_again_in_the_next_run(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    names = [one["username"] for one in many(9)]
    organisation.people(*many(9), groups=({"name": "all", "members": names},))
    reconcile(organisation)
    for left in (6, 3):
        organisation.people(*many(9), groups=({"name": "all", "members": names[:left]},))
        reconcile(organisation)
    assert bounds.used(organisation.state, Verb.REMOVE_MEMBER) == 6


# --- one at a time, and beside events ------------------------------------------------------------


def test_only_one_runs_at_a_time(organisation: Organisation) -> None:
    second = alone(organisation.wiring)
    with alone(organisation.wiring), pytest.raises(AlreadyRunning, match="another reconcile"):
        second.__enter__()
    with alone(organisation.wiring):
        pass


def test_one_who_moved_since_the_look_is_left_to_delivery(organisation: Organisation) -> None:
    def event(_: object) -> None:
        organisation.record("user-modify", "bob")
        organisation.record("user-add", "alice")

    run = reconcile(organisation, started=event)
    assert "an event came meanwhile" in run.lines["alice"]
    assert "an event came meanwhile" in run.lines["bob"]
    assert organisation.left() == {"alice": "waiting", "bob": "waiting"}
    organisation.settle()
    assert organisation.roles("staff@example.org").keys() == {
        "alice@example.org",
        "bob@example.org",
    }


def test_one_whom_another_process_delivers_is_left_to_delivery(organisation: Organisation) -> None:
    reconcile(organisation)
    organisation.people(person("alice", family_name="Changed"), BOB, groups=(STAFF,))
    subject = subjects.of_name(organisation.state, Kind.USER, "alice")
    lease = leases.hold(organisation.settings.state.directory, subject or 0)
    assert lease is not None
    with lease:
        assert "another process" in reconcile(organisation).lines["alice"]
    organisation.drain()
    assert organisation.user("alice@example.org").family_name == "Changed"


def test_an_interrupted_run_finishes_what_is_under_way_and_the_next_goes_on(
    tmp_path: Path,
) -> None:
    organisation = listed(tmp_path)
    organisation.people(*many(60))
    running: list[Applying] = []

    def stop(_: Outcome) -> None:
        running[0].interrupt()

    run = reconcile(organisation, report=stop, started=running.append)
    made = [name for name, verdict in run.verdicts.items() if verdict is Verdict.DONE]
    assert 0 < len(made) < 60
    assert run.progress.interrupted
    assert all("interrupted" in run.lines[name] for name in run.verdicts if name not in made)
    again = reconcile(organisation)
    assert len(again.done) == 60 - len(made)
    assert planned(dry(organisation)) == {}


# --- passwords -----------------------------------------------------------------------------------

DIGEST = "qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"
HASH = f"$6$saltsalt${DIGEST}"
OTHER = f"$6$othersal${DIGEST}"


def test_the_first_sight_of_a_stored_hash_is_no_news(organisation: Organisation) -> None:
    organisation.emulator.seed({"users": [{"primaryEmail": "alice@example.org"}]})
    organisation.people(person("alice", password_hash=HASH))
    run = reconcile(organisation)
    assert ("alice@example.org", Verb.PASSWORD) not in run.done
    organisation.people(person("alice", password_hash=OTHER))
    assert planned(dry(organisation)) == {}, "nobody says when it was set"


def test_a_new_account_gets_its_stored_hash(organisation: Organisation) -> None:
    organisation.people(person("alice", password_hash=HASH))
    reconcile(organisation)
    assert planned(dry(organisation)) == {}


def test_every_stored_hash_is_sent_if_asked_for_within_the_bounds(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(*[person(f"p{at}", password_hash=HASH) for at in range(4)])
    reconcile(organisation)
    organisation.clock.now += 7200.0
    with pytest.raises(TooMuch, match=r"4 x password; bounds\.password allows 3"):
        reconcile(organisation, push_passwords=True)
    run = reconcile(organisation, push_passwords=True, force=True)
    assert [verb for _, verb in run.done] == [Verb.PASSWORD] * 4


def test_no_hash_is_sent_for_one_who_is_not_enabled(organisation: Organisation) -> None:
    organisation.people(person("alice", password_hash=HASH))
    reconcile(organisation)
    organisation.clock.now += 7200.0
    organisation.people(person("alice", password_hash=HASH, enabled=False))
    run = reconcile(organisation, push_passwords=True)
    assert run.done == [("alice@example.org", Verb.SUSPEND)]
    assert planned(dry(organisation, push_passwords=True)) == {}


# --- limits of Google's --------------------------------------------------------------------------


def test_without_seats_the_rest_of_the_plan_runs_and_the_missing_are_counted(
    tmp_path: Path,
) -> None:
    organisation = listed(tmp_path)
    organisation.people(ALICE)
    reconcile(organisation)
    seats = len(organisation.emulator.state()["users"]) + 2
    organisation.emulator.switches.seats = seats
    organisation.people(person("alice", family_name="Changed"), *many(40))
    run = reconcile(organisation)
    assert run.progress.seats == 38
    assert ("alice@example.org", Verb.UPDATE) in run.done
    assert [verb for _, verb in run.done].count(Verb.CREATE) == 2


def test_new_users_and_groups_that_settle_are_put_aside_and_tried_again(
    organisation: Organisation,
) -> None:
    switches = organisation.emulator.switches
    switches.group_window, switches.id_window, switches.creation_window = 30.0, 5.0, 40.0
    organisation.people(person("alice", aliases=["a@example.org"]), BOB, groups=(STAFF,))
    run: Run = reconcile(organisation)
    assert set(run.verdicts.values()) == {Verdict.DONE}, run.lines
    assert organisation.roles("staff@example.org").keys() == {
        "alice@example.org",
        "bob@example.org",
    }
    assert planned(dry(organisation)) == {}


def test_without_a_source_there_is_nothing_to_compare(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="without a source"):
        dry(organise(tmp_path))


def test_members_are_remembered_as_a_delivery_would(organisation: Organisation) -> None:
    reconcile(organisation)
    subject = subjects.of_name(organisation.state, Kind.GROUP, "staff")
    rows = memberships.of(organisation.state, subject or 0)
    assert {(row.reference, row.address) for row in rows} == {
        ("alice", "alice@example.org"),
        ("bob", "bob@example.org"),
    }
    organisation.people(ALICE, BOB, groups=({**STAFF, "members": ["alice", "bob", "carol"]},))
    reconcile(organisation)
    organisation.people(
        ALICE, BOB, CAROL, groups=({**STAFF, "members": ["alice", "bob", "carol"]},)
    )
    organisation.fire("user-add", "carol")
    organisation.settle()
    assert "carol@example.org" in organisation.roles("staff@example.org")


def test_a_member_whom_google_does_not_know_is_reported_and_holds_nobody_up(
    organisation: Organisation,
) -> None:
    reconcile(organisation)
    organisation.emulator.switches.unresolvable = ("ghost@*",)
    members = ["alice", "bob", "ghost@elsewhere.test", "nobody"]
    organisation.people(ALICE, BOB, groups=({**STAFF, "members": members},))
    before = organisation.clock.now
    run = reconcile(organisation)
    assert "ghost@elsewhere.test: Google knows no such account" in run.lines["staff"]
    assert "nobody: not at Google (yet); added when it is" in run.lines["staff"]
    assert organisation.clock.now - before < 5.0


def test_nested_groups_and_roles_are_delivered_whatever_their_order(tmp_path: Path) -> None:
    organisation = listed(tmp_path)
    organisation.people(
        ALICE,
        BOB,
        groups=(
            {"name": "a", "members": ["group:z"], "owners": ["alice"]},
            {"name": "z", "members": ["group:m"], "managers": ["bob"]},
            {"name": "m", "members": ["alice"]},
        ),
    )
    reconcile(organisation)
    assert organisation.roles("a@example.org") == {
        "z@example.org": "MEMBER",
        "alice@example.org": "OWNER",
    }
    assert organisation.roles("z@example.org") == {
        "m@example.org": "MEMBER",
        "bob@example.org": "MANAGER",
    }
    assert planned(dry(organisation)) == {}


EVERYBODY = {"alice@example.org", "bob@example.org"}


@pytest.fixture
def policed(tmp_path: Path) -> Organisation:
    """An organisation whose policy wants everybody in one group, which was brought about."""
    organisation = listed(tmp_path)
    organisation.people(ALICE, BOB, groups=({"name": "all", "members": []},))
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d" / "ours.py").write_text(
        "from gapps_hooks import hookimpl\n\n\n@hookimpl\ndef gapps_groups(account):\n"
        "    return ['all']\n"
    )
    organisation.wire()
    reconcile(organisation)
    return organisation


def test_the_policys_groups_are_planned_and_delivered(policed: Organisation) -> None:
    assert policed.roles("all@example.org").keys() == EVERYBODY
    assert planned(dry(policed)) == {}
    (policed.folder / "policy.d" / "ours.py").write_text("")
    policed.wire()
    reconcile(policed)
    assert policed.roles("all@example.org") == {}


@pytest.mark.parametrize("status", ["waiting", "buried"])
def test_one_whose_event_waits_stays_in_the_policys_groups(
    policed: Organisation, status: str
) -> None:
    policed.record("user-modify", "alice")
    if status == "buried":
        (entry,) = entries.all_entries(policed.state)
        entries.bury(policed.state, entry, "somebody has to decide")
    looked = dry(policed)
    assert "group:all" not in planned(looked)
    reconcile(policed)
    assert policed.roles("all@example.org").keys() == EVERYBODY


def test_one_who_is_forgotten_and_not_enabled_leaves_the_policys_groups(
    policed: Organisation,
) -> None:
    assert links.forget(policed.state, subjects.of_name(policed.state, Kind.USER, "alice") or 0)
    policed.people({**ALICE, "enabled": False}, BOB, groups=({"name": "all", "members": []},))
    reconcile(policed)
    assert policed.roles("all@example.org").keys() == {"bob@example.org"}


def test_one_who_cannot_be_planned_stays_in_the_policys_groups(policed: Organisation) -> None:
    with (policed.folder / "policy.d" / "ours.py").open("a") as policy:
        policy.write("\n\n@hookimpl\ndef gapps_org_unit(account):\n    raise ValueError\n")
    policed.wire()
    reconcile(policed)
    assert policed.roles("all@example.org").keys() == EVERYBODY


def test_a_newer_hash_is_sent_where_the_source_says_when_it_was_set(tmp_path: Path) -> None:
    for name, text in {
        "passwd": "alice:x:1001:1001:Alice Archer:/home/alice:/bin/sh\n",
        "group": "alice:x:1001:\n",
        "login.defs": "",
        "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\n",
    }.items():
        (tmp_path / name).write_text(text)
    shadow = tmp_path / "shadow"
    source = f'[source]\ntype = "nss"\ndirectory = "{tmp_path}"'
    organisation = organise(tmp_path, source=source)
    today = int(organisation.clock.now // 86_400)
    shadow.write_text(f"alice:{HASH}:{today - 30}:0:99999:7:::\n")
    organisation.emulator.seed({"users": [{"primaryEmail": "alice@example.org"}]})
    assert ("alice@example.org", Verb.PASSWORD) not in reconcile(organisation).done
    assert planned(dry(organisation)) == {}
    organisation.clock.now += 3 * 86_400.0
    shadow.write_text(f"alice:{OTHER}:{today + 2}:0:99999:7:::\n")
    assert reconcile(organisation).done == [("alice@example.org", Verb.PASSWORD)]
    assert planned(dry(organisation)) == {}
