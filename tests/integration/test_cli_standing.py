"""How things stand: status, log, check, pause, a moved state file."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import ADMIN, CommandLine

from gapps_hooks.outbox import leases
from gapps_hooks.outbox.limiter import Rate, slow_down, take

CHECKOUT = Path(__file__).resolve().parents[2]


HELD, LATER = 4, 75
WRITTEN = """
INSERT INTO history (written_at, subject, kind, name, what, verdict, line, details)
VALUES (?, NULL, 'user', ?, 'delivery', 'done', 'as it should be', '{}')
"""


# --- status --------------------------------------------------------------------------------------


def test_all_is_well_at_first(line: CommandLine) -> None:
    result = line.run("status")
    assert result.exit_code == 0
    assert f"connected as:      {ADMIN}" in result.stdout
    assert "sending:           yes" in result.stdout


def test_what_is_buried_is_told_with_its_remedy(line: CommandLine) -> None:
    line.fire("user-add", "abuse")
    result = line.run("status")
    assert result.exit_code == 1
    assert "! abuse: buried:" in result.stdout
    assert "role_addresses" in result.stdout


def test_an_outage_is_told(line: CommandLine) -> None:
    line.google.go_away()
    line.fire("user-add", "alice")
    answer = line.read("status")
    assert (answer["waiting"], answer["exit"]) == (1, LATER)
    assert "No connection" in answer["outage"]
    assert any(one.startswith("Nothing can be sent: No connection") for one in answer["advice"])
    assert "no: outage since" in line.run("status").stdout


def test_a_refused_sign_in_is_no_lost_connection(line: CommandLine) -> None:
    line.emulator.grant("https://example.org/another.scope")
    line.fire("user-add", "alice")
    (sentence, *_) = line.read("status")["advice"]
    assert sentence.startswith("Nothing can be sent: ")
    assert "cannot be reached" not in sentence


def test_whether_a_retry_is_installed_is_told(line: CommandLine) -> None:
    shown = line.run("status").stdout
    retried = line.read("status")["retried"]
    assert ("retry:             each minute" in shown) is retried
    assert ("deliver" in shown) is not retried


def test_counts_are_those_of_the_last_day(line: CommandLine) -> None:
    line.fire("user-add", "alice")
    line.fire("user-delete", "alice")
    answer = line.read("status")
    assert answer["last_24_hours"]["suspend"] == 1
    assert (answer["linked"], answer["buried"], answer["exit"]) == (0, 0, 0)


def test_people_and_groups_that_are_linked_are_counted_apart(line: CommandLine) -> None:
    line.fire("user-add", "alice")
    line.fire("user-add", "bob")
    line.fire("group-change", "staff", {"members": ["alice"]})
    assert "linked:            2 people, 1 group\n" in line.run("status").stdout
    answer = line.read("status")
    assert (answer["linked"], answer["linked_groups"]) == (2, 1)


def test_what_is_wrong_with_the_settings_is_said_with_their_file(line: CommandLine) -> None:
    line.configure(top='mode = "dream"\nprotected = 3')
    for command in ("status", "check"):
        result = line.run(command)
        assert result.exit_code == 1
        assert f"{line.settings}: mode = 'dream'" in result.output
        assert f"{line.settings}: protected = 3" in result.output


def test_a_monitor_is_not_woken_by_a_deliberate_pause(line: CommandLine) -> None:
    line.run("pause")
    line.fire("user-add", "alice")
    result = line.run("status")
    assert result.exit_code == 0
    assert "sending:           paused" in result.stdout
    assert "gapps-hooks resume" in result.stdout


def test_a_missing_settings_file_is_a_sentence(line: CommandLine) -> None:
    line.settings.unlink()
    result = line.run("status")
    assert result.exit_code == 1
    assert result.stderr.startswith("gapps-hooks: settings = ")
    assert "Traceback" not in result.output


def test_whether_an_agent_runs_is_told(line: CommandLine) -> None:
    assert line.read("status")["agent"] is False
    assert "agent:             not running" in line.run("status").stdout
    with line.state() as state, leases.hold(state.directory, leases.AGENT) or pytest.fail("alone"):
        assert line.read("status")["agent"] is True
        assert "agent:             running" in line.run("status").stdout


def test_the_last_reconcile_is_told(line: CommandLine) -> None:
    assert line.read("status")["last_reconcile"] is None
    assert "last reconcile:    never" in line.run("status").stdout
    with line.state() as state, state.transaction():
        said = {"at": state.clock() - 60.0, "line": "3 changes in 120 accounts"}
        state.set_meta("last-reconcile", json.dumps(said))
    told = line.read("status")["last_reconcile"]
    assert datetime.fromisoformat(told["at"]).timestamp() == pytest.approx(said["at"], abs=0.001)
    assert (told["line"], told["trouble"]) == (said["line"], "")
    assert ": 3 changes in 120 accounts" in line.run("status").stdout


def test_whom_the_last_reconcile_refused_is_told(line: CommandLine) -> None:
    line.people({"username": "alice"}, {"username": "abuse"})
    assert line.run("reconcile").exit_code == 1
    trouble = "1 refused: abuse; why is shown by gapps-hooks reconcile --dry-run"
    answer = line.read("status")
    assert (answer["last_reconcile"]["trouble"], answer["exit"]) == (trouble, 0)
    assert f"! The last reconcile of everybody: {trouble}\n" in line.run("status").stdout
    line.people({"username": "alice"})
    line.run("reconcile")
    assert line.read("status")["last_reconcile"]["trouble"] == ""


def test_of_many_who_were_refused_the_first_are_named(line: CommandLine) -> None:
    names = ("abuse", "hostmaster", "noc", "postmaster", "webmaster")
    line.people(*({"username": name} for name in names))
    line.run("reconcile")
    trouble = line.read("status")["last_reconcile"]["trouble"]
    assert trouble.startswith("5 refused: abuse, hostmaster, noc and 2 more; ")


def test_how_much_of_the_quota_is_in_use_is_told(line: CommandLine) -> None:
    quota = line.read("status")["quota"]
    assert (quota["used"], quota["burst"], quota["per_second"]) == (0, 100, 38)
    rates = {"request": Rate(38.0, 100)}
    with line.state() as state:
        slow_down(state, 30.0)
        for _ in range(50):
            take(state, ("request",), rates)
    quota = line.read("status")["quota"]
    assert 0 < quota["used"] <= 100
    assert 0 < quota["paused"] <= 30
    assert "in use; Google asked for a pause of" in line.run("status").stdout


def test_the_page_on_operating_shows_what_is_printed(line: CommandLine) -> None:
    page = (CHECKOUT / "docs" / "operating.md").read_text()
    shown = page.partition("# gapps-hooks status\n")[2].partition("```")[0]
    line.fire("user-add", "webmaster")
    printed = line.run("status").stdout
    assert labels(shown) == labels(printed)
    assert printed.splitlines()[-1] == shown.splitlines()[-1]


def labels(page: str) -> list[tuple[str, int]]:
    """What stands on the left of a page of facts, with the column in which the right begins."""
    facts = [row for row in page.splitlines() if not row.startswith("!")]
    return [
        (label, len(label) + 1 + len(rest) - len(rest.lstrip()))
        for label, _, rest in (row.partition(":") for row in facts)
    ]


@pytest.fixture
def damaged(line: CommandLine) -> CommandLine:
    """An installation whose state file lost its beginning."""
    line.run("status")
    path = line.folder / "state" / "state.db"
    path.write_bytes(b"x" * 100 + path.read_bytes()[100:])
    return line


def test_a_damaged_state_file_is_1_until_somebody_has_looked(damaged: CommandLine) -> None:
    for _ in range(2):
        result = damaged.run("status")
        assert result.exit_code == 1
        assert "changes that were not delivered yet may be lost" in result.stdout
    (aside,) = damaged.folder.glob("state/state.db.damaged-*")
    aside.unlink()
    assert damaged.run("status").exit_code == 0


def test_the_log_tells_of_a_damage_as_of_nobody(damaged: CommandLine) -> None:
    damaged.run("status")
    (entry,) = logged(damaged)
    assert (entry["kind"], entry["name"], entry["what"]) == (None, "state.db", "mending")
    assert " state.db  done " in damaged.run("log").stdout


# --- pause and resume ----------------------------------------------------------------------------


def test_while_paused_events_are_recorded_and_nothing_is_sent(line: CommandLine) -> None:
    assert line.run("pause").exit_code == 0
    result = line.fire("user-add", "alice")
    assert result.exit_code == 0
    assert "paused" in result.stdout
    assert not line.user("alice")
    assert line.run("resume").exit_code == 0
    assert line.run("deliver").exit_code == 0
    assert line.user("alice")


def test_the_way_that_holds_now_is_told_for_what_waits(line: CommandLine) -> None:
    line.run("pause")
    by_hand = line.run("resume").stdout
    assert by_hand == "Resumed: what waits is tried when you call: gapps-hooks deliver\n"
    with line.state() as state:
        lease = leases.hold(state.directory, leases.AGENT)
        assert lease is not None
        with lease:
            line.run("pause")
            assert "tried within seconds, by the agent" in line.run("resume").stdout
            retried = line.run("outbox", "retry", "--all").stdout
            assert retried == "0 due now, tried within seconds, by the agent\n"
    assert "when you call: gapps-hooks deliver" in line.run("outbox", "retry", "--all").stdout


def test_doing_so_twice_is_said(line: CommandLine) -> None:
    line.run("pause")
    assert line.run("pause").stdout == "It is paused already.\n"
    line.run("resume")
    assert line.run("resume").stdout == "It was not paused.\n"


# --- log -----------------------------------------------------------------------------------------


def test_nothing_was_done_at_first(line: CommandLine) -> None:
    assert line.run("log").stdout == "Nothing yet.\n"


def test_what_was_done_is_told_oldest_first(line: CommandLine) -> None:
    line.fire("user-add", "alice", {"password": "correct horse"})
    line.fire("user-delete", "alice")
    text = line.run("log").stdout
    assert text.index("created alice@example.org") < text.index("suspended")
    assert "$6$" not in text


def test_the_log_of_one_person_is_theirs_alone(line: CommandLine) -> None:
    line.fire("user-add", "alice")
    line.fire("user-add", "bob")
    assert {entry["name"] for entry in logged(line, "bob")} == {"bob"}
    assert len(logged(line, "--limit", "1")) == 1
    assert line.run("log", "carol").exit_code == 1


def test_a_group_is_named_as_one_in_the_log(line: CommandLine) -> None:
    line.fire("group-change", "staff", {"members": []})
    line.fire("user-add", "alice")
    shown = line.run("log", "group:staff").stdout.splitlines()[1:]
    assert shown
    assert all(" group:staff " in row for row in shown)
    assert not any("group:alice" in row for row in line.run("log").stdout.splitlines())


def logged(line: CommandLine, *words: str) -> list[dict[str, Any]]:
    """The log as a program reads it: one JSON object a line."""
    return [json.loads(one) for one in line.run("log", "--json", *words).stdout.splitlines()]


def test_a_program_reads_one_object_a_line(line: CommandLine) -> None:
    assert logged(line) == []
    line.fire("user-add", "alice", {"password": "correct horse"})
    (entry,) = logged(line)
    assert (entry["name"], entry["kind"], entry["verdict"]) == ("alice", "user", "done")
    at = datetime.fromisoformat(entry["at"])
    assert entry["at"].endswith("+00:00")
    assert at.timestamp() == pytest.approx(time.time(), abs=60.0)
    assert "$6$" not in json.dumps(entry)


@pytest.mark.parametrize(("since", "names"), [("90m", ["bob"]), ("2d", ["alice", "bob"])])
def test_only_what_was_done_since_then_is_told(
    line: CommandLine, since: str, names: list[str]
) -> None:
    with line.state() as state:
        for name, hours in (("alice", 3), ("bob", 1)):
            earlier = state.clock() - hours * 3600.0
            with state.transaction():
                state.execute(WRITTEN, (earlier, name))
    assert [entry["name"] for entry in logged(line, "--since", since)] == names
    moment = datetime.now(UTC).astimezone() - timedelta(hours=2)
    shown = logged(line, "--since", moment.strftime("%Y-%m-%d %H:%M"))
    assert [entry["name"] for entry in shown] == ["bob"]


def test_a_moment_that_is_none_is_named(line: CommandLine) -> None:
    result = line.run("log", "--since", "yesterday")
    assert result.exit_code == 2
    assert "write 90s, 15m, 2h, 7d or 2026-09-21 08:00" in result.stderr


# --- check ---------------------------------------------------------------------------------------


def findings(line: CommandLine) -> dict[str, tuple[bool, str]]:
    return {one["what"]: (one["fine"], one["text"]) for one in line.read("check")}


def test_a_right_installation_has_no_problem(line: CommandLine) -> None:
    result = line.run("check")
    assert result.exit_code == 0, result.output
    assert "PROBLEM" not in result.stdout
    assert {"settings", "credentials", "source", "policy", "state", "sign-in", "directory"} <= set(
        findings(line)
    )
    assert "delegated administrator" in findings(line)["administrator"][1]


def test_every_complaint_about_the_settings_is_a_line(line: CommandLine) -> None:
    line.configure(top='mode = "sometimes"\nnonsense = 1')
    result = line.run("check")
    assert result.exit_code == 1
    assert result.stdout.count("PROBLEM") == 2


def test_a_super_administrator_is_advised_against(line: CommandLine) -> None:
    state = line.emulator.state()
    state["users"][0] |= {"isAdmin": True, "isDelegatedAdmin": False}
    line.emulator.restore(state)
    fine, text = findings(line)["administrator"]
    assert fine
    assert "recommended is a delegated one" in text


def test_google_out_of_reach_is_a_problem(line: CommandLine) -> None:
    line.google.go_away()
    result = line.run("check")
    assert result.exit_code == 1
    assert "PROBLEM  Google: No connection" in result.stdout


def test_a_source_that_cannot_be_read_is_a_problem(line: CommandLine) -> None:
    line.configure(source=f'type = "json"\nfile = "{line.folder}/missing.json"')
    fine, text = findings(line)["source"]
    assert not fine
    assert "missing.json" in text


def test_writing_is_tried_in_directories_only(line: CommandLine) -> None:
    words = ("--ordinary-user", "uid=bob,dc=example,dc=org", "--password-file", "bob.password")
    result = line.run("check", *words)
    assert result.exit_code == 2
    assert "--ordinary-user and --password-file are only for a source of the type ldap" in (
        result.stderr
    )
    assert result.stdout == ""


def test_a_source_that_lists_nobody_is_a_problem(line: CommandLine) -> None:
    line.people()
    fine, text = findings(line)["source"]
    assert not fine
    assert text.startswith("json, 0 accounts; not all of them: ")
    assert line.run("check").exit_code == 1


def test_a_protected_pattern_of_another_domain_is_a_problem(line: CommandLine) -> None:
    line.configure(top='protected = ["boss-*", "ceo@*", "*@example.org"]')
    assert "protected" not in findings(line)
    line.configure(top='protected = ["ceo@exmaple.org", "*@example.org"]')
    fine, text = findings(line)["protected"]
    assert not fine
    assert text.startswith("ceo@exmaple.org: of none of the domains (example.org), so that")


STAFF = {"name": "google", "members": ["alice"]}


def only_google(line: CommandLine, *groups: Mapping[str, object]) -> None:
    line.people({"username": "alice"}, {"username": "bob"}, groups=groups)
    text = line.settings.read_text().replace("all = true", 'group = "google"')
    line.settings.write_text(text)


def test_those_who_are_enabled_are_counted(line: CommandLine) -> None:
    assert findings(line)["enabled"] == (True, "everybody who is active")
    only_google(line, STAFF)
    assert findings(line)["enabled"] == (True, "group google, 1 of 2 accounts")


def test_an_enabled_group_that_is_not_there_is_a_problem(line: CommandLine) -> None:
    only_google(line, {"name": "goggle", "members": ["alice"]})
    fine, text = findings(line)["enabled"]
    assert not fine
    assert "the group google, which [enabled] names, does not exist in the listing of " in text


def test_an_enabled_group_that_is_empty_is_a_problem_while_people_are_linked(
    line: CommandLine,
) -> None:
    only_google(line, {"name": "google", "members": []})
    assert findings(line)["enabled"] == (True, "group google, 0 of 2 accounts")
    only_google(line, STAFF)
    assert line.fire("user-add", "alice").exit_code == 0
    only_google(line, {"name": "google", "members": []})
    fine, text = findings(line)["enabled"]
    assert not fine
    assert text.startswith("group google: 0 of 2 accounts enabled while 1 are linked; ")


def test_the_policy_files_are_listed(line: CommandLine) -> None:
    assert findings(line)["policy"] == (True, f"none (no *.py in {line.folder}/policy.d)")
    (line.folder / "policy.d").mkdir()
    (line.folder / "policy.d" / "ours.py").write_text("")
    assert findings(line)["policy"] == (True, f"ours.py in {line.folder}/policy.d")


def test_a_policy_that_does_not_load_is_a_problem(line: CommandLine) -> None:
    (line.folder / "policy.d").mkdir()
    (line.folder / "policy.d" / "ours.py").write_text("import nothing_of_the_kind\n")
    fine, text = findings(line)["policy"]
    assert not fine
    assert "ours.py" in text


def test_a_policy_that_does_not_load_stops_delivery_and_status_says_so(line: CommandLine) -> None:
    (line.folder / "policy.d").mkdir()
    (line.folder / "policy.d" / "ours.py").write_text("import nothing_of_the_kind\n")
    shown = line.run("status")
    assert shown.exit_code == 1
    assert "no: the policy does not load" in shown.stdout
    assert "! Nothing is delivered until the policy loads: " in shown.stdout
    assert "ours.py" in line.read("status")["policy"]


def test_a_domain_that_is_not_ours_at_google_is_a_problem(line: CommandLine) -> None:
    line.configure(top='domains = ["example.net"]')
    fine, text = findings(line)["domains"]
    assert not fine
    assert "example.net" in text


def test_an_endpoint_that_speaks_no_tls_is_named(line: CommandLine) -> None:
    text = line.settings.read_text()
    line.settings.write_text(
        text.replace(line.google.url, line.google.url.replace("http", "https"))
    )
    (problem,) = [one["text"] for one in line.read("check") if not one["fine"]]
    assert "if it does not speak TLS, write http:// in google.api_endpoint" in problem


def test_what_could_not_be_looked_at_is_a_note(line: CommandLine) -> None:
    line.google.emulator.faults.script([{"fails": "403", "call": "domains.list", "times": 0}])
    try:
        result = line.run("check")
    finally:
        line.google.emulator.faults.clear()
    assert result.exit_code == 0
    assert "\nnote     domains: example.org; not looked up" in result.stdout


# --- a moved state file --------------------------------------------------------------------------


def test_a_state_of_another_machine_sends_nothing_until_it_is_adopted(line: CommandLine) -> None:
    line.fire("user-add", "alice")
    with line.state() as state, state.transaction():
        state.set_meta("machine", "another one's")
    assert line.run("status").exit_code == LATER
    assert "adopt-state" in line.fire("user-add", "bob").stdout
    assert not line.user("bob")
    assert line.run("adopt-state").exit_code == 0
    assert line.run("deliver").exit_code == 0
    assert line.user("bob")


def test_ones_own_state_needs_no_adoption(line: CommandLine) -> None:
    assert "already" in line.run("adopt-state").stdout
