"""Firing an event by hand: as a hook does, and no password where others can read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import CommandLine

from gapps_hooks.cli.program import program

BAD_INPUT = 64


def test_an_event_is_recorded_and_delivered(line: CommandLine) -> None:
    result = line.run("fire", "user-add", "alice")
    assert result.exit_code == 0
    assert "created alice@example.org" in result.stdout
    assert line.user("alice")


def test_a_payload_may_come_from_a_file(line: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "alice.json"
    file.write_text('{"given_name": "Alice", "family_name": "Archer"}')
    line.run("fire", "user-add", "alice", "--payload", str(file))
    assert line.user("alice")["name"] == {"givenName": "Alice", "familyName": "Archer"}


def test_json_tells_the_status_and_the_line(line: CommandLine) -> None:
    answer = line.read("fire", "user-add", "alice")
    assert answer["exit"] == 0
    assert "created" in answer["line"]


@pytest.mark.parametrize("payload", ["[]", "{", '{"nickname": "x"}', '{"enabled": "perhaps"}'])
def test_bad_input_has_the_status_of_the_hooks(line: CommandLine, payload: str) -> None:
    result = line.run("fire", "user-add", "alice", "--payload", "-", text=payload)
    assert result.exit_code == BAD_INPUT
    assert result.stderr
    assert result.stdout == ""


def test_a_password_is_asked_for_twice_and_not_shown(line: CommandLine) -> None:
    words = ("fire", "user-add", "alice", "--password")
    result = line.run(*words, text="correct horse\ncorrect horse\n")
    assert result.exit_code == 0
    assert "correct horse" not in result.output
    function, value = line.emulator.password_of("alice@example.org") or ("", "")
    assert (function, value[:3]) == ("crypt", "$6$")


def test_two_different_answers_are_no_password(line: CommandLine) -> None:
    text = "correct horse\nwrong horse\n"
    assert line.run("fire", "user-add", "alice", "--password", text=text).exit_code == 1
    assert not line.user("alice")


def test_a_password_may_be_piped(line: CommandLine) -> None:
    line.run("fire", "user-add", "alice", "--password-stdin", text="correct horse\n")
    assert (line.emulator.password_of("alice@example.org") or ("",))[0] == "crypt"


def test_an_empty_password_is_refused(line: CommandLine) -> None:
    result = line.run("fire", "password-set", "alice", "--password-stdin", text="")
    assert result.exit_code == BAD_INPUT
    assert "password" in result.stderr


def test_a_password_has_one_way_in(line: CommandLine) -> None:
    assert line.run("fire", "user-add", "a", "--password", "--password-stdin").exit_code == 2


def test_there_is_no_option_for_a_password_in_an_argument(line: CommandLine) -> None:
    assert line.run("fire", "password-set", "alice", "--password", "secret").exit_code == 2
    assert line.run("fire", "password-set", "alice", "--password=secret").exit_code == 2


def test_an_unknown_event_is_wrong_usage(line: CommandLine) -> None:
    assert line.run("fire", "user-vanish", "alice").exit_code == 2


def test_without_settings_nothing_is_recorded(line: CommandLine) -> None:
    line.settings.unlink()
    result = line.run("fire", "user-add", "alice")
    assert result.exit_code == 1
    assert "cannot be read" in result.stderr


def test_the_program_and_the_hook_mean_the_same_installation(line: CommandLine) -> None:
    assert program.name == "program"
    line.run("fire", "user-add", "alice")
    assert json.loads(line.run("links", "show", "alice", "--json").stdout)[0]["name"] == "alice"
