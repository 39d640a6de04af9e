"""What waits, is held or buried: listed, retried, dropped, released, tried."""

from __future__ import annotations

import pytest
from command_line import CommandLine

from gapps_hooks.model import Kind
from gapps_hooks.outbox import entries, subjects

HELD, LATER = 4, 75


@pytest.fixture
def waiting(line: CommandLine) -> CommandLine:
    """Alice waits with a password, because nothing is sent."""
    line.run("pause")
    line.fire("user-add", "alice", {"password": "correct horse"})
    return line


def hold(line: CommandLine, name: str, reason: str) -> None:
    with line.state() as state:
        entries.touch(state, Kind.USER, name)
        subject = subjects.of_name(state, Kind.USER, name)
        assert subject is not None
        entry = entries.get(state, subject)
        assert entry is not None
        assert entries.hold(state, entry, reason)


def test_an_empty_outbox_says_so(line: CommandLine) -> None:
    result = line.run("outbox")
    assert (result.exit_code, result.stdout) == (0, "Nothing waits.\n")


def test_what_waits_for_a_policy_to_load_says_so(line: CommandLine) -> None:
    (line.folder / "policy.d").mkdir()
    (line.folder / "policy.d" / "ours.py").write_text("import nothing_of_the_kind\n")
    line.fire("user-add", "alice")
    (entry,) = line.read("outbox")
    assert "ours.py" in entry["reason"]
    assert "nothing_of_the_kind" in entry["reason"]


def test_what_waits_is_listed(waiting: CommandLine) -> None:
    result = waiting.run("outbox", "list")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split()[:3] == ["alice", "user", "waiting"]


def test_json_tells_of_a_password_but_never_shows_its_hash(waiting: CommandLine) -> None:
    result = waiting.run("outbox", "list", "--json")
    (entry,) = waiting.read("outbox", "list")
    assert (entry["name"], entry["password"], entry["added"]) == ("alice", True, True)
    assert "$6$" not in result.stdout


def test_a_dropped_entry_is_gone_and_google_was_not_told(waiting: CommandLine) -> None:
    assert waiting.run("outbox", "drop", "alice").exit_code == 0
    assert waiting.read("outbox", "list") == []
    assert not waiting.user("alice")


@pytest.mark.parametrize("verb", ["retry", "drop", "release"])
def test_naming_somebody_for_whom_nothing_waits_is_an_error(line: CommandLine, verb: str) -> None:
    result = line.run("outbox", verb, "nobody")
    assert result.exit_code == 1
    assert "nothing waits for nobody" in result.stderr


@pytest.mark.parametrize("words", [(), ("alice", "--all")])
def test_retry_wants_subjects_or_all(waiting: CommandLine, words: tuple[str, ...]) -> None:
    assert waiting.run("outbox", "retry", *words).exit_code == 2


def test_a_retried_entry_is_due_at_once(waiting: CommandLine) -> None:
    with waiting.state() as state:
        (entry,) = entries.all_entries(state)
        entries.bury(state, entry, "refused")
    assert waiting.run("outbox", "retry", "--all").exit_code == 0
    (entry_now,) = waiting.read("outbox", "list")
    assert (entry_now["status"], entry_now["attempts"]) == ("waiting", 0)


def test_a_held_entry_is_not_retried_but_released(line: CommandLine) -> None:
    hold(line, "bob", "too much")
    refused = line.run("outbox", "retry", "bob")
    assert refused.exit_code == HELD
    assert "outbox release bob" in refused.stderr
    assert line.read("outbox", "list")[0]["status"] == "held"
    assert line.run("outbox", "release").stdout.startswith("1 released, due now, tried when")
    (entry,) = line.read("outbox", "list")
    assert (entry["status"], entry["reason"]) == ("waiting", "released; due now")


@pytest.mark.parametrize("names", [(), ("bob",)])
def test_a_release_of_nothing_says_so(line: CommandLine, names: tuple[str, ...]) -> None:
    hold(line, "bob", "too much")
    line.run("outbox", "release")
    result = line.run("outbox", "release", *names)
    assert (result.exit_code, result.stdout) == (0, "Nothing is held.\n")


def test_release_lets_only_those_named_go(line: CommandLine) -> None:
    hold(line, "bob", "too much")
    hold(line, "carol", "too much")
    line.run("outbox", "release", "carol")
    status = {entry["name"]: entry["status"] for entry in line.read("outbox", "list")}
    assert status == {"bob": "held", "carol": "waiting"}


def test_a_group_is_found_by_its_bare_name_where_no_person_has_it(line: CommandLine) -> None:
    line.run("pause")
    line.fire("group-change", "staff", {"members": []})
    assert line.run("outbox", "drop", "staff").exit_code == 0
    assert line.read("outbox", "list") == []


# --- deliver -------------------------------------------------------------------------------------


def test_deliver_with_nothing_to_do_is_well(line: CommandLine) -> None:
    result = line.run("deliver")
    assert (result.exit_code, result.stdout) == (0, "Nothing waits.\n")


def test_deliver_prints_a_line_for_each_entry(waiting: CommandLine) -> None:
    waiting.fire("user-add", "bob")
    waiting.run("resume")
    result = waiting.run("deliver")
    assert result.exit_code == 0
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == ["alice", "bob"]
    assert waiting.user("alice")
    assert waiting.user("bob")


def test_deliver_says_why_it_may_not_send(waiting: CommandLine) -> None:
    result = waiting.run("deliver")
    assert result.exit_code == LATER
    assert "1 waiting: paused" in result.stdout


def test_deliver_tells_programs_in_json(waiting: CommandLine) -> None:
    assert "paused" in waiting.read("deliver")["closed"]
    waiting.run("resume")
    answer = waiting.read("deliver")
    assert answer["closed"] is None
    assert [(one["name"], one["verdict"]) for one in answer["outcomes"]] == [("alice", "done")]


def test_a_quiet_delivery_tells_by_its_status_only(waiting: CommandLine) -> None:
    result = waiting.run("deliver", "--due", "--quiet")
    assert (result.exit_code, result.output) == (LATER, "")


def test_due_leaves_what_backs_off_and_a_person_does_not(waiting: CommandLine) -> None:
    with waiting.state() as state:
        (entry,) = entries.all_entries(state)
        entries.postpone(state, entry, due_at=state.clock() + 600.0, reason="later")
    waiting.run("resume")
    assert waiting.run("deliver", "--due").stdout == "Nothing is due; 1 waits.\n"
    assert not waiting.user("alice")
    assert waiting.run("deliver").exit_code == 0
    assert waiting.user("alice")


def test_after_an_outage_a_person_need_not_wait_for_the_next_probe(line: CommandLine) -> None:
    line.google.go_away()
    assert "waiting" in line.fire("user-add", "alice").stdout
    result = line.run("deliver")
    assert result.exit_code == LATER
    assert "No connection" in result.stdout
    line.google.come_back()
    assert line.run("deliver").exit_code == 0
    assert line.user("alice")


def test_what_is_buried_makes_the_delivery_fail(waiting: CommandLine) -> None:
    waiting.fire("user-add", "abuse")
    waiting.run("resume")
    result = waiting.run("deliver")
    assert result.exit_code == 1
    assert "abuse: buried:" in result.stdout


def test_the_list_speaks_json_without_its_name_too(line: CommandLine) -> None:
    line.run("pause")
    line.fire("user-add", "alice")
    assert [entry["name"] for entry in line.read("outbox")] == ["alice"]
    assert line.run("outbox", "--json", "list").exit_code == 2
    assert line.read("links") == []


def test_a_password_that_was_never_delivered_is_wiped_after_the_days_that_are_set(
    line: CommandLine,
) -> None:
    line.configure(more="keep_hashes = 2")
    line.google.go_away()
    line.fire("user-add", "alice", {"password": "correct horse"})
    with line.state() as state, state.transaction():
        state.execute("UPDATE secrets SET kept_at = kept_at - 2.5 * 86400")
    assert line.run("deliver").exit_code != 0
    (entry,) = line.read("outbox", "list")
    assert not entry["password"]
    assert "its password was not delivered for 2 d and is wiped" in entry["reason"]


def test_while_nothing_can_be_sent_the_list_says_why(line: CommandLine) -> None:
    line.run("pause")
    line.fire("user-add", "alice")
    (entry,) = line.read("outbox", "list")
    assert entry["reason"] == "paused; go on with: gapps-hooks resume"
