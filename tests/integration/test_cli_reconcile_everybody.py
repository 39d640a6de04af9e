"""``gapps-hooks reconcile`` of everybody, as administrators use it: look, keep, do."""

from __future__ import annotations

import gc
import json
import os
import pty
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from command_line import ADMIN, CommandLine
from patience import eventually

from gapps_hooks.outbox import leases
from gapps_hooks.outbox.mending import LINKS_LOST

DIGEST = "qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"
HASH = f"$6$saltsalt${DIGEST}"
ALICE = {"username": "alice", "given_name": "Alice", "family_name": "Archer", "id": "entryUUID:a"}
BOB = {"username": "bob", "given_name": "Bob", "family_name": "Baker", "id": "entryUUID:b"}
STAFF = {"name": "staff", "members": ["alice", "bob"]}
ONE_LATER = "Notice: 1 of the new accounts gets a password that nobody knows"
FAILED, USAGE, CHANGES, TOO_MUCH, LATER, INTERRUPTED = 1, 2, 3, 4, 75, 130
PROGRAM = Path(sys.executable).with_name("gapps-hooks")


@pytest.fixture
def line(line: CommandLine) -> CommandLine:
    line.people(ALICE, BOB, groups=(STAFF,))
    return line


def saved(line: CommandLine) -> Path:
    file = line.folder / "plan.json"
    assert line.run("reconcile", "--dry-run", "--save", str(file)).exit_code == 0
    return file


def events_that_wait(line: CommandLine, *names: str) -> None:
    line.emulator.faults.script([{"call": "users.patch", "fails": "503", "times": 0}])
    for name in names:
        assert line.fire("user-modify", name).exit_code == 0
    line.emulator.faults.clear()
    assert {entry["name"] for entry in line.read("outbox", "list")} == set(names)


# --- the story -----------------------------------------------------------------------------------


def test_the_whole_story_of_a_first_synchronisation(line: CommandLine) -> None:
    line.people({**ALICE, "password_hash": HASH}, BOB, {"username": "abuse"}, groups=(STAFF,))
    look = line.run("reconcile", "--dry-run", "--exit-code")
    assert look.exit_code == FAILED
    assert "+ add   ~ change   - suspend or remove" in look.stdout
    assert "! abuse@example.org is a role address" in look.stdout
    assert f"account {ADMIN} cannot be suspended. Create it in the account manager" in look.stdout
    assert "2 to create" in look.stdout
    assert "      password: the stored one\n" in look.stdout
    assert "      password: one that nobody knows (none is stored)\n" in look.stdout
    assert ONE_LATER in look.stdout
    assert line.emulator.state()["groups"] == []

    line.people({**ALICE, "password_hash": HASH}, BOB, groups=(STAFF,))
    assert line.run("reconcile", "--dry-run", "--exit-code").exit_code == CHANGES
    file = saved(line)
    assert "one that nobody knows (none is stored)" in file.read_text()
    assert HASH not in file.read_text()
    done = line.run("reconcile", "--plan", str(file))
    assert done.exit_code == 0, done.output
    assert "alice: created alice@example.org; password: the stored one\n" in done.stdout
    assert ONE_LATER in done.stdout
    assert "Done: 2 x create, 1 x create group" in done.stdout

    again = line.run("reconcile", "--dry-run", "--exit-code")
    assert again.exit_code == 0
    assert "Nothing to do." in again.stdout
    assert "nothing had to be changed" in line.run("reconcile").stdout


LOOKING = """
import gc, pathlib
from gapps_hooks import hookimpl

@hookimpl
def gapps_org_unit(account):
    pathlib.Path(__file__).with_suffix(".txt").write_text(str(gc.get_threshold()))
"""


@pytest.mark.parametrize("words", [("--dry-run",), ()])
def test_garbage_is_looked_for_seldom_and_afterwards_as_before(
    line: CommandLine, words: tuple[str, ...]
) -> None:
    (line.folder / "policy.d").mkdir()
    (line.folder / "policy.d" / "looking.py").write_text(LOOKING)
    before = gc.get_threshold()
    line.run("reconcile", *words)
    seen = (line.folder / "policy.d" / "looking.txt").read_text()
    assert seen == str((50_000, *before[1:]))
    assert gc.get_threshold() == before


def test_json_tells_programs_the_same(line: CommandLine) -> None:
    look = line.read("reconcile", "--dry-run")
    assert [plan["name"] for plan in look["plans"]] == ["alice", "bob", "group:staff"]
    assert look["counts"]["create"] == 2
    assert look["incomplete"] == []
    done = line.read("reconcile")
    assert {one["verdict"] for one in done["outcomes"]} == {"done"}
    assert done["missing_seats"] == 0


def test_status_tells_when_it_was_and_what_it_came_to(line: CommandLine) -> None:
    line.run("reconcile", "--dry-run")
    assert line.read("status")["last_reconcile"] is None
    line.run("reconcile")
    assert "2 x create" in line.read("status")["last_reconcile"]["line"]


def test_a_whole_run_ends_the_search_for_lost_links(line: CommandLine) -> None:
    with line.state() as state, state.transaction():
        state.set_meta(LINKS_LOST, "yes")
    line.run("reconcile", "--dry-run")
    with line.state() as state:
        assert state.meta(LINKS_LOST)
    assert line.run("reconcile").exit_code == 0
    with line.state() as state:
        assert not state.meta(LINKS_LOST)


def test_a_run_that_leaves_somebody_does_not_end_it(line: CommandLine) -> None:
    line.run("reconcile")
    line.people({**ALICE, "family_name": "Waiting"}, BOB, groups=(STAFF,))
    events_that_wait(line, "alice")
    with line.state() as state, state.transaction():
        state.set_meta(LINKS_LOST, "yes")
    assert line.run("reconcile").exit_code == LATER
    with line.state() as state:
        assert state.meta(LINKS_LOST)


def test_what_was_done_is_in_the_log(line: CommandLine) -> None:
    line.run("reconcile")
    lines = line.run("log", "alice", "--json").stdout.splitlines()
    assert any("created alice@example.org" in json.loads(one)["line"] for one in lines)


# --- a reviewed plan -----------------------------------------------------------------------------


def test_a_saved_plan_is_private_and_holds_no_secret(line: CommandLine) -> None:
    line.people({**ALICE, "password_hash": HASH}, groups=(STAFF,))
    file = line.folder / "plan.json"
    line.run("reconcile", "--dry-run", "--passwords", "--save", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "saltsalt" not in file.read_text()
    pieces = json.loads(file.read_text())["pieces"]
    assert {"generation", "actual", "desired", "fingerprint"} <= pieces[0].keys()


def test_what_changed_here_or_there_is_refused_by_name_and_the_rest_is_done(
    line: CommandLine,
) -> None:
    carol, dora = (
        {**BOB, "username": name, "id": f"entryUUID:{name}"} for name in ("carol", "dora")
    )
    line.people(ALICE, BOB, carol, groups=())
    line.run("reconcile")
    changed = [{**one, "family_name": "Reviewed"} for one in (ALICE, BOB, carol)]
    line.people(*changed, dora)
    file = saved(line)
    line.people({**changed[0], "family_name": "Unreviewed"}, *changed[1:], dora)
    state = line.emulator.state()
    for user in state["users"]:
        if user["primaryEmail"] == "bob@example.org":
            user["name"]["givenName"] = "Robert"
    line.emulator.restore(state)
    line.fire("user-add", "dora")
    done = line.run("reconcile", "--plan", str(file))
    assert done.exit_code == FAILED
    assert "alice: refused: not as it was reviewed: the account manager has" in done.stderr
    assert "bob: refused: not as it was reviewed: Google has something else now" in done.stderr
    assert "dora: nothing is left to do here" in done.stdout
    assert line.user("carol")["name"]["familyName"] == "Reviewed"
    assert line.user("alice")["name"]["familyName"] == "Archer"


def test_nothing_is_done_that_was_not_reviewed(line: CommandLine) -> None:
    line.people(ALICE)
    file = saved(line)
    line.people(ALICE, BOB)
    assert line.run("reconcile", "--plan", str(file)).exit_code == 0
    assert line.user("alice")
    assert not line.user("bob")


@pytest.mark.parametrize("place", ["nowhere/plan.json", "accounts.json/plan.json"])
def test_where_no_plan_can_be_kept_is_told_before_anything_is_asked(
    line: CommandLine, place: str
) -> None:
    before = len(line.emulator.requests.calls())
    run = line.run("reconcile", "--dry-run", "--save", str(line.folder / place))
    assert run.exit_code == FAILED
    assert f"{line.folder / place}: " in run.output
    assert len(line.emulator.requests.calls()) == before
    assert not list(line.folder.glob(".plan.json*"))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 1, "pieces": [], "digest": "x"}', '{"digest": 1}']
)
def test_what_is_no_plan_is_refused(line: CommandLine, text: str) -> None:
    file = line.folder / "plan.json"
    file.write_text(text)
    result = line.run("reconcile", "--plan", str(file))
    assert result.exit_code == FAILED
    assert "review anew" in result.stderr
    assert not line.user("alice")


def test_a_plan_that_was_tampered_with_is_refused(line: CommandLine) -> None:
    file = saved(line)
    file.write_text(file.read_text().replace("alice@example.org", "mallory@example.org"))
    result = line.run("reconcile", "--plan", str(file))
    assert result.exit_code == FAILED
    assert "not as it was saved" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--save", "x"),
        ("--plan", "x", "--dry-run", "--save", "y"),
        ("--plan", "x", "--passwords"),
        ("alice", "--plan", "x"),
        ("alice", "--dry-run", "--save", "x"),
    ],
)
def test_switches_that_contradict_each_other_are_wrong_usage(
    line: CommandLine, words: tuple[str, ...]
) -> None:
    assert line.run("reconcile", *words).exit_code == USAGE


# --- exit statuses -------------------------------------------------------------------------------


def test_too_much_is_4_and_force_lifts_it(line: CommandLine) -> None:
    people = [{"username": f"p{at}", "id": f"entryUUID:{at}"} for at in range(8)]
    line.people(*people)
    line.run("reconcile")
    line.people(*people[:3])
    assert "bounds.suspend allows 3" in line.run("reconcile", "--dry-run").stdout
    result = line.run("reconcile")
    assert result.exit_code == TOO_MUCH
    assert "--force" in result.stderr
    assert line.run("reconcile", "--force").exit_code == 0
    assert line.user("p7")["suspended"]


def test_an_incomplete_read_is_1_and_says_so(line: CommandLine) -> None:
    line.run("reconcile")
    (line.folder / "accounts.json").write_text(json.dumps({"users": [], "groups": [STAFF]}))
    sentence = "Nobody is suspended and nothing is removed"
    look = line.run("reconcile", "--dry-run")
    assert (look.exit_code, sentence in look.stdout) == (FAILED, True)
    done = line.run("reconcile")
    assert (done.exit_code, sentence in done.stderr) == (FAILED, True)
    assert "not whole" in line.read("status")["last_reconcile"]["trouble"]
    assert not line.user("alice").get("suspended")


def test_where_nobody_could_be_read_it_is_said_once_and_nothing_else(line: CommandLine) -> None:
    line.run("reconcile")
    line.people()
    look = line.run("reconcile", "--dry-run")
    assert look.exit_code == FAILED
    assert look.stdout.startswith("Nothing could be compared.")
    assert look.stdout.count("has no users") == 1
    assert "Nothing to do" not in look.stdout
    assert "Notice" not in look.stdout
    done = line.run("reconcile")
    assert (done.exit_code, done.stderr.count("has no users")) == (FAILED, 1)
    assert done.stdout == "Nothing could be compared.\n"


def test_an_incomplete_read_is_1_though_all_that_was_tried_is_done(line: CommandLine) -> None:
    line.emulator.faults.script([{"call": "groups.list", "fails": "repeated token", "times": 0}])
    assert line.run("reconcile").exit_code == FAILED
    line.emulator.faults.clear()
    assert line.user("alice")["name"]["familyName"] == "Archer"


def test_another_reconcile_is_75_and_a_pause_too(line: CommandLine) -> None:
    with line.state() as state:
        lease = leases.hold(state.directory, leases.EVERYBODY)
        assert lease is not None
        with lease:
            result = line.run("reconcile")
    assert result.exit_code == LATER
    assert "another reconcile is under way" in result.stderr
    line.run("pause")
    assert line.run("reconcile").exit_code == LATER
    line.run("resume")
    line.google.go_away()
    assert line.run("reconcile").exit_code == LATER
    assert line.run("reconcile", "--dry-run").exit_code == LATER


def test_a_wrong_administrator_is_1_as_no_time_puts_that_right(line: CommandLine) -> None:
    line.settings.write_text(line.settings.read_text().replace(f'"{ADMIN}"', '"typo@example.org"'))
    result = line.run("reconcile", "--dry-run")
    assert result.exit_code == FAILED
    assert "typo@example.org" in result.stderr


def test_whom_an_event_waits_for_is_left_to_delivery_counted_and_75(line: CommandLine) -> None:
    line.run("reconcile")
    changed = [{**one, "family_name": "Waiting"} for one in (ALICE, BOB)]
    line.people(*changed, groups=(STAFF,))
    events_that_wait(line, "alice", "bob")
    assert line.run("reconcile", "--dry-run").exit_code == 0
    assert line.run("reconcile", "--dry-run", "--exit-code").exit_code == LATER
    carol = {"username": "carol", "id": "entryUUID:c", "family_name": "Cook"}
    line.people(*changed, carol, groups=(STAFF,))
    result = line.run("reconcile")
    assert result.exit_code == LATER, result.output
    assert "alice: an event waits for it, and it is left to delivery" in result.stdout
    assert result.stderr == ""
    assert "Done: 1 x create. 2 left for later." in result.stdout
    told = line.read("reconcile")["outcomes"]
    assert [(one["name"], one["verdict"]) for one in told] == [("alice", "later"), ("bob", "later")]
    assert "2 left for later" in line.read("status")["last_reconcile"]["line"]


def test_what_is_refused_is_worse_than_what_waits(line: CommandLine) -> None:
    line.run("reconcile")
    changed = {**ALICE, "family_name": "Waiting"}
    line.people(changed, BOB, {"username": "abuse"}, groups=(STAFF,))
    events_that_wait(line, "alice")
    assert line.run("reconcile").exit_code == FAILED


def test_an_event_that_waits_since_the_review_is_named(line: CommandLine) -> None:
    line.run("reconcile")
    line.people({**ALICE, "family_name": "Reviewed"}, BOB, groups=(STAFF,))
    file = saved(line)
    events_that_wait(line, "alice")
    result = line.run("reconcile", "--plan", str(file))
    assert result.exit_code == FAILED
    assert "alice: refused: not as it was reviewed: it was changed, or an event" in result.stderr


def test_observing_shows_and_sends_nothing(line: CommandLine) -> None:
    file = line.folder / "accounts.json"
    line.configure(source=f'type = "json"\nfile = "{file}"', top='mode = "observe"')
    result = line.run("reconcile")
    assert result.exit_code == 0
    assert "+ create alice@example.org" in result.stdout
    assert "nothing is sent" in result.stdout
    assert not line.user("alice")


def test_without_a_source_it_says_what_to_do(line: CommandLine) -> None:
    line.configure()
    result = line.run("reconcile", "--dry-run")
    assert result.exit_code == FAILED
    assert "set [source] type, or name people and groups" in result.stderr


def test_help_teaches_the_steps(line: CommandLine) -> None:
    text = line.run("reconcile", "--help").stdout
    for word in ("--dry-run --save plan.json", "--plan plan.json", "Exit status", "Ctrl-C"):
        assert word in text


# --- a real process ------------------------------------------------------------------------------


def start(line: CommandLine, *words: str) -> subprocess.Popen[str]:
    command: list[Any] = [PROGRAM, "--settings", line.settings, "reconcile", *words]
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def test_ctrl_c_finishes_what_is_under_way_reports_and_the_next_goes_on(line: CommandLine) -> None:
    people = [{"username": f"p{at}", "id": f"entryUUID:{at}"} for at in range(35)]
    line.people(*people)
    process = start(line)
    try:
        while not line.user("p0") and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said, trouble = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == INTERRUPTED, (said, trouble)
    assert "the next run goes on" in said
    assert "Traceback" not in trouble
    made = [user for user in line.emulator.state()["users"] if user["primaryEmail"] != ADMIN]
    assert said.count(": created ") == len(made) < 35
    assert line.read("status")["last_reconcile"]["line"].startswith(
        "Interrupted; the next run goes on. Done: "
    )


def test_ctrl_c_while_both_sides_are_read_says_that_nothing_was_changed(line: CommandLine) -> None:
    line.people({"username": "p0", "id": "entryUUID:0"})
    line.emulator.faults.script([{"call": "users.list", "fails": "hang", "seconds": 3.0}])
    process = start(line)
    try:
        assert eventually(lambda: "token" in line.emulator.requests.calls())
        process.send_signal(signal.SIGINT)
        _, trouble = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == INTERRUPTED, trouble
    assert "Interrupted before the first change; nothing was changed\n" in trouble
    assert not line.user("p0")


def test_a_terminal_gets_a_bar_with_rate_and_remaining_time(line: CommandLine) -> None:
    line.emulator.switches.latency = 0.1
    line.people(*({"username": f"p{at}", "id": f"entryUUID:{at}"} for at in range(15)))
    ours, theirs = pty.openpty()
    command: list[Any] = [PROGRAM, "--settings", line.settings, "reconcile"]
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # a terminal that nobody writes to any more ends so
        while piece := os.read(ours, 1 << 16):
            shown += piece
    os.close(ours)
    line.emulator.switches.latency = 0.0
    assert process.wait() == 0, shown
    text = shown.decode()
    assert "changing" in text
    assert "/15" in text
    assert "/s" in text
    assert "left:" in text


def test_a_killed_run_loses_nothing_and_does_nothing_twice(line: CommandLine) -> None:
    people = [{"username": f"p{at}", "id": f"entryUUID:{at}"} for at in range(8)]
    line.people(*people)
    process = start(line)
    while not line.user("p0") and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    assert line.run("reconcile").exit_code == 0
    users = line.emulator.state()["users"]
    assert len([user for user in users if user["primaryEmail"] != ADMIN]) == 8
    assert "Nothing to do." in line.run("reconcile", "--dry-run").stdout


def test_a_run_that_fails_as_a_whole_is_remembered_and_advised_about(line: CommandLine) -> None:
    line.people()
    (line.folder / "accounts.json").write_text("no JSON")
    result = line.run("reconcile")
    assert result.exit_code == 1
    status = line.read("status")
    assert status["last_reconcile"]["trouble"].startswith("Failed: ")
    assert any(text.startswith("The last reconcile") for text in status["advice"])


def test_a_run_that_is_refused_as_too_much_is_remembered(line: CommandLine) -> None:
    line.people(*({**ALICE, "username": f"p{n}", "id": f"entryUUID:{n}"} for n in range(8)))
    line.run("reconcile")
    line.people({**ALICE, "username": "p0", "id": "entryUUID:0"})
    assert line.run("reconcile").exit_code == TOO_MUCH
    assert line.read("status")["last_reconcile"]["trouble"].startswith("Refused: too much")
