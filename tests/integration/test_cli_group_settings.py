"""The Groups Settings API as check looks at it, and what a reconcile does while it is off."""

from __future__ import annotations

import pytest
from command_line import CommandLine

ALICE = {"username": "alice", "family_name": "Archer", "id": "entryUUID:a"}
STAFF = {"name": "staff", "members": ["alice"]}
OFF = {"disabled_apis": ["groupssettings"]}


@pytest.fixture
def line(line: CommandLine) -> CommandLine:
    line.people(ALICE, groups=(STAFF,))
    return line


def findings(line: CommandLine) -> dict[str, tuple[bool, str]]:
    return {one["what"]: (one["fine"], one["text"]) for one in line.read("check")}


def closed(line: CommandLine) -> bool:
    """Whether nobody from outside may post to the group at Google."""
    (group,) = line.emulator.state()["groups"]
    return bool(group["settings"]["whoCanPostMessage"] == "ALL_IN_DOMAIN_CAN_POST")


def test_groups_and_their_settings_are_tried_with_one_that_is_there(line: CommandLine) -> None:
    line.run("reconcile")
    assert findings(line)["groups"] == (True, "groups can be read, and the settings of one")


def test_without_a_group_it_is_said_that_settings_could_not_be_tried(line: CommandLine) -> None:
    fine, text = findings(line)["groups"]
    assert (fine, text) == (
        True,
        "groups can be read; there is none yet whose settings could be tried, but Google answers",
    )


@pytest.mark.parametrize("there", [False, True])
def test_a_groups_settings_api_that_is_off_is_a_problem(line: CommandLine, *, there: bool) -> None:
    if there:
        line.run("reconcile")
    line.emulator.switches.set(OFF)
    fine, text = findings(line)["groups"]
    assert not fine
    assert "enable the Groups Settings API" in text
    assert text.endswith('; or keep no groups: groups.which = "none"')
    assert line.run("check").exit_code == 1


def test_where_no_groups_are_kept_none_are_tried(line: CommandLine) -> None:
    settings = line.settings.read_text() + '[groups]\nwhich = "none"\n'
    line.settings.write_text(settings)
    line.emulator.switches.set(OFF)
    assert "groups" not in findings(line)


def test_a_new_group_that_could_not_be_closed_is_closed_by_the_next_reconcile(
    line: CommandLine,
) -> None:
    line.emulator.switches.set(OFF)
    result = line.run("reconcile")
    assert result.exit_code == 1
    assert "staff: refused: " in result.stderr
    assert not closed(line)
    status = line.read("status")
    assert status["last_reconcile"]["trouble"].startswith("1 refused: group:staff; ")
    assert line.run("reconcile").exit_code == 1
    line.emulator.switches.reset()
    planned = line.run("reconcile", "--dry-run").stdout
    assert "~ set group settings staff@example.org" in planned
    assert line.run("reconcile").exit_code == 0
    assert closed(line)
    assert line.read("status")["last_reconcile"]["trouble"] == ""
