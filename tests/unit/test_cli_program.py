"""The program's frame: its list of commands, its help, its names, its way with errors."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks._version import VERSION
from gapps_hooks.cli.named import Named, subject
from gapps_hooks.cli.program import program, without_extra
from gapps_hooks.model import Kind

CONTEXT = click.Context(program)
COMMANDS = program.list_commands(CONTEXT)
HEAVY = ("pydantic", "googleapiclient", "google.auth", "sqlite3", "rich", "flask")


def commands() -> list[tuple[str, click.Command]]:
    """All commands and their subcommands, by the words that call them."""
    found = []
    for name in COMMANDS:
        command = program.get_command(CONTEXT, name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {sub}", one) for sub, one in command.commands.items()]
    return found


ALL = pytest.mark.parametrize(
    ("words", "command"), commands(), ids=[name for name, _ in commands()]
)
ONCE = {"outbox list"}


@ALL
def test_every_command_says_what_it_is_for_and_shows_how_it_is_used(
    words: str, command: click.Command
) -> None:
    result = CliRunner().invoke(program, [*words.split(), "--help"], prog_name="gapps-hooks")
    assert result.exit_code == 0
    assert command.help
    if words not in ONCE:  # its group shows it
        assert "Example:" in result.stdout
        assert f"gapps-hooks {words}" in result.stdout


@pytest.mark.parametrize("group", ["outbox", "links"])
def test_what_a_subcommand_is_for_fits_on_its_line(group: str) -> None:
    text = CliRunner().invoke(program, [group, "--help"], terminal_width=80).stdout
    assert "..." not in text.partition("Commands:")[2]


def test_the_list_of_commands_names_them_all() -> None:
    text = CliRunner().invoke(program, ["--help"]).stdout
    for name in COMMANDS:
        assert f"\n  {name} " in text


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(program, ["--version"]).stdout == f"gapps-hooks {VERSION}\n"


@pytest.mark.parametrize("words", [["nonsense"], ["deliver", "--nonsense"], ["links", "nonsense"]])
def test_what_is_not_known_is_wrong_usage(words: list[str]) -> None:
    assert CliRunner().invoke(program, words).exit_code == 2


def test_a_mistyped_command_is_told_what_it_resembles() -> None:
    assert "Is it gapps-hooks reconcile?" in CliRunner().invoke(program, ["reconcil"]).stderr


@pytest.mark.parametrize("option", ["--settings", "--config"])
def test_the_settings_option_behind_a_command_is_told_its_place(option: str) -> None:
    result = CliRunner().invoke(program, ["status", option, "x"])
    assert result.exit_code == 2
    assert f"{option} stands before the command" in result.stderr


def test_the_emulators_packages_are_installed_into_this_environment() -> None:
    hint = without_extra("emulator", ModuleNotFoundError(name="flask")).message
    assert f"{sys.prefix}/bin/pip install '.[emulator]'" in hint


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["nonsense"]])
def test_help_and_a_mistyped_word_load_nothing_heavy(words: list[str]) -> None:
    line = (
        "import sys; from contextlib import suppress; from gapps_hooks.cli import main\n"
        "with suppress(SystemExit): main()\n"
        f"print(*[name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", line, *words], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stderr.splitlines()[-1] == ""


@given(st.from_regex(r"[a-z_][a-z0-9_.-]{0,30}", fullmatch=True))
def test_a_bare_name_is_a_person_and_a_marked_one_a_group(name: str) -> None:
    assert subject(name) == Named(Kind.USER, name)
    assert subject(f"group:{name}") == Named(Kind.GROUP, name)
    assert subject(str(Named(Kind.GROUP, name))) == Named(Kind.GROUP, name)


@pytest.mark.parametrize("text", ["", "group:", "a\nb", "a\0b", "x" * 300])
def test_what_nobody_can_be_called_is_no_subject(text: str) -> None:
    with pytest.raises(click.BadParameter):
        subject(text)
