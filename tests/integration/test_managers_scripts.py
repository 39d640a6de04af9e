"""The scripts that account managers run: exact about names, deaf to callers, always content."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gapps_hooks.managers.script import Script, hook_of
from gapps_hooks.managers.site import Callee

Recorded = Callable[[], list[dict[str, Any]]]
Events = Callable[[], list[tuple[str, str]]]

SCRIPT = Script(
    manager="shadow", purpose="Tells of a person.", event="user-add", subject="$SUBJECT"
)


def callee(hooks: Path, *, settings_file: Path | None = None) -> Callee:
    return Callee(hooks=hooks, program=Path("/usr/bin/true"), settings=settings_file)


@pytest.fixture
def script(installation: Path, tmp_path: Path) -> Path:
    """A script that calls the made-up installation, with settings that have no agent."""
    path = tmp_path / "script"
    hooks = installation / "share" / "gapps-hooks" / "hooks.d"
    settings_file = tmp_path / "it's a $place" / "gapps-hooks.toml"
    path.write_text(SCRIPT.text(callee(hooks, settings_file=settings_file)))
    path.chmod(0o755)
    return path


def run(script: Path, subject: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [script],
        env={"SUBJECT": subject, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    "subject", ["alice", "-n", "--defer", "a b", "$(x)", "`x`", "'\"", "*", "%s"]
)
def test_a_name_arrives_as_it_is(script: Path, events: Events, subject: str) -> None:
    assert run(script, subject).returncode == 0
    assert events() == [("user-add", subject)]


def test_the_settings_file_is_passed_on(script: Path, recorded: Recorded, tmp_path: Path) -> None:
    run(script, "alice")
    (note,) = recorded()
    named = json.loads(note["message"])["settings"]
    assert named == str(tmp_path / "it's a $place" / "gapps-hooks.toml")


def test_nothing_of_the_callers_environment_arrives(script: Path, recorded: Recorded) -> None:
    run(script, "alice", PATH="/nowhere", PYTHONHOME="/nowhere", IFS="a", ENV="/nowhere", LANG="x")
    (note,) = recorded()
    assert set(note["environment"]) <= {"PATH", "LC_CTYPE"}


@pytest.mark.parametrize("status", [0, 1, 64])
def test_it_is_always_content_and_silent(installation: Path, script: Path, status: int) -> None:
    (installation / "status").write_text(str(status))
    result = run(script, "alice")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_it_is_content_when_our_program_is_gone(installation: Path, script: Path) -> None:
    shutil.rmtree(installation)
    result = run(script, "alice")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_it_is_content_with_closed_descriptors(script: Path, events: Events, closed: str) -> None:
    line = ["/bin/sh", "-c", f'exec "$0" {closed}', str(script)]
    assert subprocess.run(line, env={"SUBJECT": "alice"}, timeout=30, check=False).returncode == 0
    assert events() == [("user-add", "alice")]


def test_it_leaves_its_callers_stdin_alone(script: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"the next line of a list\n")
    os.close(writer)
    subprocess.run([script], env={"SUBJECT": "alice"}, stdin=reader, timeout=30, check=True)
    assert os.read(reader, 100) == b"the next line of a list\n"
    os.close(reader)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.text(st.characters(codec="utf-8", exclude_characters="\0\n/"), min_size=1))
def test_any_directory_of_hooks_is_read_back_and_is_one_word_to_a_shell(place: str) -> None:
    text = SCRIPT.text(callee(Path("/opt") / place))
    assert hook_of(text) == Path("/opt") / place / "user-add"
    done = subprocess.run(["/bin/sh", "-n"], input=text.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
