"""Named people and groups compared with Google: first as a test, then for real."""

from __future__ import annotations

import pytest
from command_line import ADMIN, CommandLine

ALICE = {"username": "alice", "given_name": "Alice", "family_name": "Archer", "id": "entryUUID:a"}
BOB = {"username": "bob", "given_name": "Bob", "family_name": "Baker", "id": "entryUUID:b"}
STAFF = {"name": "staff", "members": ["alice", "bob"]}
CHANGES, HELD, LATER = 3, 4, 75


@pytest.fixture
def source(line: CommandLine) -> CommandLine:
    """An account manager with Alice, Bob and the group of both, none of them at Google."""
    line.people(ALICE, BOB, groups=(STAFF,))
    return line


def test_subjects_are_named_with_or_without_an_option(source: CommandLine) -> None:
    words = (("alice", "group:staff"), ("--only", "alice", "--only", "group:staff"))
    (plain, option) = (source.read("reconcile", *some, "--dry-run")["plans"] for some in words)
    assert plain == option
    assert [plan["name"] for plan in plain] == ["alice", "group:staff"]


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_name_that_nothing_is_known_of_is_a_sentence_and_nothing_is_done(
    source: CommandLine, more: tuple[str, ...]
) -> None:
    result = source.run("reconcile", "alice", "alcie", "group:stuff", *more)
    assert result.exit_code == 1
    assert "nothing is known of alcie, group:stuff: neither in the source" in result.stderr
    assert not source.user("alice")


def test_a_name_that_no_person_has_means_the_group(source: CommandLine) -> None:
    source.people(ALICE, BOB, groups=(STAFF, {"name": "alice", "members": []}))
    plans = source.read("reconcile", "staff", "alice", "group:staff", "--dry-run")["plans"]
    assert [plan["name"] for plan in plans] == ["alice", "group:staff"]
    assert source.run("reconcile", "staff").stdout.startswith("staff: created group staff@")


def test_a_name_that_is_only_linked_or_only_waits_is_known(line: CommandLine) -> None:
    line.fire("user-add", "alice")
    line.run("pause")
    line.fire("user-add", "bob")
    assert line.run("reconcile", "alice", "bob", "--dry-run").exit_code == 0


# --- the test ------------------------------------------------------------------------------------


def test_a_dry_run_shows_what_would_be_done_and_does_and_records_nothing(
    source: CommandLine,
) -> None:
    before = source.emulator.state()
    result = source.run("reconcile", "--only", "alice", "--dry-run")
    assert result.exit_code == 0
    assert "+ create alice@example.org" in result.stdout
    assert "1 to create" in result.stdout
    assert source.emulator.state() == before
    assert source.read("outbox", "list") == []
    assert source.read("links", "show") == []
    assert source.run("log").stdout == "Nothing yet.\n"


def test_a_dry_run_tells_a_program_by_its_status_if_it_asks(source: CommandLine) -> None:
    words = ("reconcile", "--only", "alice", "--dry-run", "--exit-code")
    assert source.run(*words).exit_code == CHANGES
    source.run("reconcile", "--only", "alice")
    assert source.run(*words).exit_code == 0


def test_a_dry_run_sees_an_account_that_would_be_adopted(source: CommandLine) -> None:
    source.emulator.seed({"users": [{"primaryEmail": "alice@example.org"}]})
    result = source.run("reconcile", "--only", "alice", "--dry-run")
    assert "adopt" in result.stdout
    assert "create" not in result.stdout


def test_a_dry_run_of_a_group_names_its_members(source: CommandLine) -> None:
    source.run("reconcile", "--only", "alice", "--only", "bob")
    result = source.run("reconcile", "--only", "group:staff", "--dry-run")
    assert "+ create group staff@example.org" in result.stdout
    assert "+ add member staff@example.org: alice@example.org as member" in result.stdout


def test_a_dry_run_sees_what_was_changed_at_google(source: CommandLine) -> None:
    source.run("reconcile", "--only", "alice")
    state = source.emulator.state()
    for user in state["users"]:
        user["name"] = {"givenName": "Someone", "familyName": "Else"}
    source.emulator.restore(state)
    result = source.run("reconcile", "--only", "alice", "--dry-run")
    assert "given name: Someone -> Alice" in result.stdout
    source.run("reconcile", "--only", "alice")
    assert source.user("alice")["name"] == {"givenName": "Alice", "familyName": "Archer"}


def test_what_would_be_refused_makes_the_test_fail(source: CommandLine) -> None:
    source.people({"username": "abuse"}, groups=(STAFF,))
    result = source.run("reconcile", "--only", "abuse", "--dry-run", "--exit-code")
    assert result.exit_code == 1
    assert "! abuse@example.org is a role address" in result.stdout


POLICY = """
from gapps_hooks import hookimpl

@hookimpl
def gapps_org_unit(account):
    if account.username == "bob":
        raise ValueError("bob is nowhere")
"""


def test_what_cannot_be_planned_for_one_does_not_hide_the_others(source: CommandLine) -> None:
    (source.folder / "policy.d").mkdir()
    (source.folder / "policy.d" / "ours.py").write_text(POLICY)
    result = source.run("reconcile", "--only", "alice", "bob", "--dry-run")
    assert result.exit_code == 1
    assert "+ create alice@example.org" in result.stdout
    assert "bob is nowhere" in result.stdout


def reminders(source: CommandLine, *words: str) -> list[str]:
    """What a look says of the administrator as whom we work."""
    notices = source.read(*words)["notices"]
    return [notice for notice in notices if "administrator account" in notice]


def test_a_dry_run_of_everybody_ends_with_the_administrator_who_is_nobody_here(
    source: CommandLine,
) -> None:
    sentence = (
        f"The Google Workspace administrator account {ADMIN} cannot be suspended. Create it in the "
        "account manager and enable Google for it, or list it under protected."
    )
    plan = str(source.folder / "plan.json")
    words = ("reconcile", "--dry-run", "--save", plan)
    assert source.run(*words).stdout.splitlines()[-1] == f"Notice: {sentence}"
    assert reminders(source, *words) == [sentence]


def test_a_dry_run_of_others_does_not_remind_of_the_administrator(source: CommandLine) -> None:
    words = ("reconcile", "alice", "--only", "group:staff", "--dry-run")
    assert source.read(*words)["notices"] == []
    source.people(ALICE, {"username": "chief", "email": ADMIN, "enabled": False}, groups=(STAFF,))
    assert source.read(*words)["notices"] == []
    assert len(source.read("reconcile", "chief", "alice", "--dry-run")["notices"]) == 1


def test_the_reminder_ends_when_the_administrator_is_protected(source: CommandLine) -> None:
    file = source.folder / "accounts.json"
    source.configure(source=f'type = "json"\nfile = "{file}"', top=f'protected = ["{ADMIN}"]')
    assert reminders(source, "reconcile", "--dry-run") == []


def test_the_reminder_ends_when_the_administrator_is_somebody_here(source: CommandLine) -> None:
    source.people(ALICE, {"username": "admin"}, groups=(STAFF,))
    assert reminders(source, "reconcile", "--dry-run") == []


def test_the_reminder_is_there_while_the_administrator_is_linked_but_not_enabled(
    source: CommandLine,
) -> None:
    source.people(ALICE, {"username": "admin"}, groups=(STAFF,))
    source.run("links", "bind", "admin", ADMIN)
    words = ("reconcile", "alice", "admin", "group:staff", "--dry-run")
    assert source.read(*words)["notices"] == []
    source.people(ALICE, {"username": "admin", "enabled": False}, groups=(STAFF,))
    shown = source.run(*words).stdout
    assert shown.count("cannot be suspended") == 1
    assert "! The Google Workspace administrator account" in shown
    shown = source.run("reconcile", "--dry-run").stdout
    assert shown.count("cannot be suspended") == 1


def test_json_holds_the_plans(source: CommandLine) -> None:
    (plan,) = source.read("reconcile", "--only", "alice", "--dry-run")["plans"]
    assert plan["name"] == "alice"
    assert [change["verbs"] for change in plan["changes"]] == [["create"]]


# --- for real ------------------------------------------------------------------------------------


def test_people_come_before_the_groups_that_they_are_in(source: CommandLine) -> None:
    result = source.run("reconcile", "--only", "group:staff", "alice", "bob")
    assert result.exit_code == 0
    names = [line.partition(":")[0] for line in result.stdout.splitlines()]
    assert names[:3] == ["alice", "bob", "staff"]
    (group,) = source.emulator.state()["groups"]
    assert {member["email"] for member in group["members"]} == {
        "alice@example.org",
        "bob@example.org",
    }
    assert source.read("outbox", "list") == []


def test_a_second_look_finds_nothing(source: CommandLine) -> None:
    source.run("reconcile", "--only", "alice", "group:staff")
    answers = source.read("reconcile", "--only", "alice", "group:staff")["outcomes"]
    assert {answer["verdict"] for answer in answers} == {"nothing"}


def test_nobody_elses_entries_are_delivered(source: CommandLine) -> None:
    source.run("pause")
    source.fire("user-add", "bob")
    source.run("resume")
    source.run("reconcile", "--only", "alice")
    assert source.user("alice")
    assert not source.user("bob")


def test_one_who_is_gone_is_suspended(source: CommandLine) -> None:
    source.run("reconcile", "--only", "alice")
    source.people(BOB, groups=(STAFF,))
    assert source.run("reconcile", "--only", "alice").exit_code == 0
    assert source.user("alice")["suspended"]


def test_a_source_that_cannot_be_read_suspends_nobody(source: CommandLine) -> None:
    source.run("reconcile", "--only", "alice")
    (source.folder / "accounts.json").write_text("{")
    assert source.run("reconcile", "--only", "alice").exit_code == LATER
    assert not source.user("alice").get("suspended")


def test_without_google_it_waits(source: CommandLine) -> None:
    source.google.go_away()
    assert source.run("reconcile", "--only", "alice").exit_code == LATER
    assert source.run("reconcile", "--only", "alice", "--dry-run").exit_code == LATER


@pytest.mark.parametrize("name", ["", "group:", "a\nb", "\x00"])
def test_what_nobody_can_be_called_is_wrong_usage(source: CommandLine, name: str) -> None:
    assert source.run("reconcile", "--only", name).exit_code == 2
