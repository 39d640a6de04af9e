"""System accounts and groups, which the source leaves out: whoever names one is told so."""

from __future__ import annotations

import pytest
from command_line import CommandLine
from local_files import LocalFiles

WHICH = '[groups]\nwhich = ["staff", "nope-*", "team-*"]'
UIDS, GIDS = "UID_MIN to UID_MAX of login.defs", "GID_MIN to GID_MAX of login.defs"


@pytest.fixture
def local(line: CommandLine) -> CommandLine:
    """An installation on local files with a system account and two groups, one of the system."""
    etc = line.folder / "etc"
    etc.mkdir()
    files = LocalFiles(etc)
    files.person("alice", 1000)
    files.person("old500", 500)
    files.group("staff", 50, "alice")
    files.group("team-a", 1100, "alice")
    line.configure(source=f'type = "nss"\ndirectory = "{etc}"', more=WHICH)
    return line


@pytest.mark.parametrize("look", [("reconcile", "--dry-run"), ("reconcile",)])
@pytest.mark.parametrize(
    ("name", "said"), [("old500", "a system account"), ("staff", "a system group or a user's")]
)
def test_a_look_at_one_by_name_says_so(
    local: CommandLine, look: tuple[str, ...], name: str, said: str
) -> None:
    shown = local.run(*look, name)
    assert shown.exit_code == 0
    assert said in shown.stdout
    assert (UIDS if name == "old500" else GIDS) in shown.stdout
    assert "no person here" not in shown.stdout


@pytest.mark.parametrize(
    ("event", "name", "said"), [("user-add", "old500", UIDS), ("group-change", "staff", GIDS)]
)
def test_an_event_of_one_says_so(local: CommandLine, event: str, name: str, said: str) -> None:
    assert said in local.fire(event, name).stdout


def test_a_group_to_be_kept_that_is_none_is_noted(local: CommandLine) -> None:
    found = next(one for one in local.read("check") if one["what"] == "groups.which")
    assert (found["fine"], found["note"]) == (True, True)
    assert found["text"].startswith("staff is a system group")
    assert found["text"].endswith("; nope-* fits no group here: make one, or correct it")
    assert "team" not in found["text"]


def test_groups_that_are_all_there_need_no_note(local: CommandLine) -> None:
    local.settings.write_text(local.settings.read_text().replace('"staff", "nope-*", ', ""))
    assert "groups.which" not in {one["what"] for one in local.read("check")}
