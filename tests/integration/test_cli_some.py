"""Named people compared with Google: their stored passwords, and what is too much at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_line import CommandLine

DIGEST = "qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"
HASH = f"$6$saltsalt${DIGEST}"
YESCRYPT = "$y$j9T$salt$" + "c" * 43
CHANGES, HELD = 3, 4
NAMES = tuple(f"p{at}" for at in range(8))


@pytest.fixture
def line(line: CommandLine) -> CommandLine:
    """Eight people at Google; three of each bounded kind of change are allowed in a day."""
    line.people(*map(person, NAMES))
    line.run("reconcile")
    return line


def person(name: str, **more: object) -> dict[str, Any]:
    return {"username": name, "family_name": "Archer", "id": f"entryUUID:{name}", **more}


def planned(line: CommandLine, *words: str) -> dict[str, list[str]]:
    plans = line.read("reconcile", *words, "--dry-run")["plans"]
    return {plan["name"]: [v for one in plan["changes"] for v in one["verbs"]] for plan in plans}


def done(line: CommandLine, *words: str) -> dict[str, list[str]]:
    """What a run has done, for each by its name."""
    found: dict[str, list[str]] = {}
    for one in line.read("reconcile", *words)["outcomes"]:
        verbs = [verb for change in one["done"] for verb in change["verbs"]]
        found.setdefault(one["name"], []).extend(verbs)
    return found


# --- stored passwords ----------------------------------------------------------------------------


def stored(line: CommandLine, *names: str) -> None:
    line.people(
        *(person(name, password_hash=HASH) if name in names else person(name) for name in NAMES)
    )


def test_the_stored_password_of_one_who_is_named_is_sent_as_the_test_shows(
    line: CommandLine,
) -> None:
    stored(line, "p0", "p1")
    words = ("p0", "--passwords")
    assert planned(line, *words) == {"p0": ["password"]}
    assert done(line, *words) == {"p0": ["password"]}
    assert line.read("outbox", "list") == []
    for more in ((), ("--dry-run",)):
        assert "was sent less than an hour ago" in line.run("reconcile", *words, *more).stdout
    assert planned(line, *words) == {"p0": []}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "no password is stored"),
        ({"password_hash": YESCRYPT}, "the stored password cannot be sent: it is yescrypt"),
        ({"password_hash": HASH, "enabled": False}, "not enabled for Google, and so the stored"),
    ],
)
def test_whose_stored_password_is_not_sent_is_told_why(
    line: CommandLine, more: dict[str, Any], told: str
) -> None:
    line.people(person("p0", **more), *map(person, NAMES[1:]))
    words = ("reconcile", "p0", "--passwords")
    assert line.run(*words, "--dry-run").stdout.count(told) == 1
    result = line.run(*words)
    assert (result.exit_code, result.stdout.count(told)) == (0, 1), result.output
    assert line.read("outbox", "list") == []
    assert line.read("status")["last_24_hours"]["password"] == 0


def test_without_a_source_that_is_told(line: CommandLine) -> None:
    line.configure()
    assert "without a [source]" in line.run("reconcile", "p0", "--passwords").stdout


def test_what_a_run_did_is_in_the_log_once(line: CommandLine) -> None:
    line.people(person("new"), *map(person, NAMES))
    assert line.run("reconcile", "new").exit_code == 0
    logged = line.run("log", "new", "--json").stdout.splitlines()
    assert [json.loads(one)["verdict"] for one in logged] == ["done"]
    assert line.run("reconcile", "new").exit_code == 0
    logged = line.run("log", "new", "--json").stdout.splitlines()
    assert [json.loads(one)["verdict"] for one in logged] == ["done", "nothing"]


def test_a_new_account_gets_the_stored_password_once(line: CommandLine) -> None:
    line.people(person("new", password_hash=HASH), *map(person, NAMES))
    (outcome,) = line.read("reconcile", "new", "--passwords")["outcomes"]
    assert (outcome["line"], outcome["done"][0]["first_password"]) == (
        "created new@example.org; password: the stored one",
        "the stored one",
    )


def test_an_account_that_is_taken_up_gets_the_stored_password(line: CommandLine) -> None:
    line.emulator.seed({"users": [{"primaryEmail": "old@example.org"}]})
    line.people(person("old", password_hash=HASH), *map(person, NAMES))
    assert planned(line, "old", "--passwords") == {"old": ["adopt", "password"]}
    assert done(line, "old", "--passwords") == {"old": ["adopt", "password"]}


def test_too_many_passwords_are_refused_before_the_first_change(line: CommandLine) -> None:
    stored(line, *NAMES)
    words = ("reconcile", *NAMES[:4], "--passwords")
    told = line.read(*words, "--dry-run")
    assert "4 x password; bounds.password allows 3" in told["too_much"][0]
    assert line.run(*words, "--dry-run", "--exit-code").exit_code == HELD
    result = line.run(*words)
    assert (result.exit_code, result.stdout) == (HELD, "")
    assert "4 x password; bounds.password allows 3" in result.stderr
    assert line.run(*words, "--force", "--dry-run", "--exit-code").exit_code == CHANGES
    assert line.run(*words, "--force").exit_code == 0
    assert line.read("status")["last_24_hours"]["password"] == 4


def test_passwords_that_were_pushed_before_count(line: CommandLine) -> None:
    stored(line, *NAMES)
    assert line.run("reconcile", *NAMES[:3], "--passwords").exit_code == 0
    assert line.run("reconcile", "p3", "--passwords").exit_code == HELD


def test_what_google_refuses_is_not_counted(line: CommandLine) -> None:
    stored(line, "p0")
    line.emulator.faults.script([{"call": "users.patch", "fails": "403", "times": 0}])
    assert line.run("reconcile", "p0", "--passwords").exit_code == 1
    line.emulator.faults.clear()
    assert line.read("status")["last_24_hours"]["password"] == 0


def test_what_is_left_alone_is_not_counted(line: CommandLine) -> None:
    stored(line, "p0")
    file = line.folder / "accounts.json"
    line.configure(source=f'type = "json"\nfile = "{file}"', top='protected = ["p0@example.org"]')
    assert planned(line, "p0", "--passwords") == {"p0": []}
    assert done(line, "p0", "--passwords") == {"p0": []}
    assert line.read("status")["last_24_hours"]["password"] == 0


# --- too much ------------------------------------------------------------------------------------


def test_a_test_shows_who_would_be_held_by_those_before(line: CommandLine) -> None:
    line.people(*map(person, NAMES[4:]))
    words = ("reconcile", *NAMES[:4])
    result = line.run(*words, "--dry-run")
    assert result.exit_code == 0
    assert line.run(*words, "--dry-run", "--exit-code").exit_code == HELD
    assert "3 to suspend. 1 would be held." in result.stdout
    shown = result.stdout.partition("\np3\n")[2]
    excess = "4 x suspend within 24 hours is more than the bound of 3"
    assert shown.startswith(f"  ! would be held: {excess}; if it is right, reconcile with --force,")
    assert line.run(*words).exit_code == HELD
    assert [entry["name"] for entry in line.read("outbox", "list")] == ["p3"]


def test_a_test_with_the_bound_used_up_does_not_say_that_there_is_nothing_to_do(
    line: CommandLine,
) -> None:
    line.people(*map(person, NAMES[4:]))
    line.run("reconcile", *NAMES[:3])
    result = line.run("reconcile", "p3", "--dry-run")
    assert result.exit_code == 0
    assert result.stdout.endswith("\n\nNothing is within [bounds]. 1 would be held.\n")
    (plan,) = line.read("reconcile", "p3", "--dry-run")["plans"]
    assert (plan["held"], len(plan["would_be_held"])) == ([], 1)


def test_who_is_held_is_shown_so_until_force_lets_it_go(line: CommandLine) -> None:
    line.people(*map(person, NAMES[4:]))
    line.run("reconcile", *NAMES[:4])
    assert planned(line, "p3") == {"p3": []}
    assert "outbox release p3" in line.run("reconcile", "p3", "--dry-run").stdout
    assert planned(line, "p3", "--force") == {"p3": ["suspend"]}
    assert done(line, "p3", "--force") == {"p3": ["suspend"]}
    assert line.read("outbox", "list") == []


def test_who_was_held_and_is_within_the_bounds_by_now_is_shown_so(line: CommandLine) -> None:
    line.people(*map(person, NAMES[4:]))
    line.run("reconcile", *NAMES[:4])
    with line.state() as state, state.transaction():
        state.execute("DELETE FROM reservations")
    assert (
        "was held, and is within the bounds by now: 4 x suspend"
        in line.run("reconcile", "p3", "--dry-run").stdout
    )
    assert done(line, "p3") == {"p3": ["suspend"]}
