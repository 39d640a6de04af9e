"""The command line as a process: closed pipes, odd terminals, signals; managers; the emulator."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from command_line import CommandLine

from gapps_hooks.installation import hooks_directory
from gapps_hooks.model import Kind
from gapps_hooks.outbox import leases, subjects

PROGRAM = (sys.executable, "-I", "-m", "gapps_hooks")


def start(
    line: CommandLine, *words: str, shell: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the program; ``shell`` is what a shell does to its descriptors."""
    command = ["/bin/sh", "-c", f'exec "$@" {shell}', "sh", *PROGRAM, *words]
    settings = {"GAPPS_HOOKS_CONFIG": str(line.settings), "PATH": os.defpath}
    return subprocess.run(
        command, capture_output=True, env=settings | environment, timeout=60, check=False
    )


# --- the process ---------------------------------------------------------------------------------


def test_the_module_is_the_program_and_settings_come_from_the_environment(
    line: CommandLine,
) -> None:
    done = start(line, "status")
    assert (done.returncode, done.stderr) == (0, b"")
    assert str(line.settings).encode() in done.stdout


@pytest.mark.parametrize("shell", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors_change_nothing(line: CommandLine, shell: str) -> None:
    done = start(line, "fire", "user-add", "alice", shell=shell)
    assert done.returncode == 0
    assert line.user("alice")


def test_what_is_piped_into_fire_is_read_as_a_hook_reads_it(line: CommandLine) -> None:
    piped = line.folder / "piped.json"
    piped.write_text('{"family_name": "Archer"}')
    assert start(line, "fire", "user-add", "alice", shell=f"<{piped}").returncode == 0
    assert line.user("alice")["name"]["familyName"] == "Archer"
    piped.write_text('{"password": "correct horse battery"}')
    done = start(line, "fire", "password-set", "alice", shell=f"<{piped}")
    assert done.stdout == b"alice: password set\n"
    piped.write_text("alice\nbob\n")
    done = start(line, "fire", "user-modify", "alice", shell=f"<{piped}")
    assert (done.returncode, done.stdout) == (64, b"")


@pytest.mark.parametrize(("key", "status"), [(b"\x03", 130), (b"\x04", 1)])
def test_whoever_goes_away_at_a_password_prompt_is_not_shown_the_program(
    line: CommandLine, key: bytes, status: int
) -> None:
    controller, terminal = pty.openpty()
    command = [*PROGRAM, "fire", "password-set", "alice", "--password"]
    environment = {"GAPPS_HOOKS_CONFIG": str(line.settings), "PATH": os.defpath}
    asking = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *command],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment,
    )
    os.close(terminal)
    shown = os.read(controller, 4096)
    os.write(controller, key)
    with suppress(OSError):  # how Linux tells that the other end is closed
        while piece := os.read(controller, 4096):
            shown += piece
    os.close(controller)
    assert asking.wait(timeout=60) == status
    assert b"Password: " in shown
    assert b"Traceback" not in shown
    assert b"Aborted" not in shown


def test_a_full_disk_under_stdout_is_a_sentence(line: CommandLine) -> None:
    done = start(line, "status", shell=">/dev/full")
    assert done.returncode == 1
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_trouble(line: CommandLine) -> None:
    done = start(line, "status", shell="| true")
    assert done.stderr == b""


@pytest.mark.parametrize("form", [["--json"], []])
def test_a_log_that_is_followed_goes_on_until_it_is_interrupted(
    line: CommandLine, form: list[str]
) -> None:
    line.fire("user-add", "alice")
    command = [*PROGRAM, "--settings", str(line.settings), "log", "--follow", "--since", "1h"]
    command += form
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as followed:
        assert followed.stdout is not None
        try:
            assert b"created alice@example.org" in followed.stdout.readline()
            line.fire("user-add", "bob")
            assert b"created bob@example.org" in followed.stdout.readline()
            followed.send_signal(signal.SIGINT)
            assert followed.wait(10) == 130
        finally:
            followed.kill()


def test_a_log_that_is_followed_begins_with_what_comes(line: CommandLine) -> None:
    line.fire("user-add", "alice")
    command = [*PROGRAM, "--settings", str(line.settings), "log", "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as followed:
        assert followed.stdout is not None
        try:
            for number in range(30):
                line.fire("user-add", f"later{number}")
                if select.select([followed.stdout], [], [], 1.0)[0]:
                    break
            assert b"created later" in followed.stdout.readline()
        finally:
            followed.kill()


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1", "xx_XX"])
def test_an_odd_locale_changes_the_letters_at_most(line: CommandLine, locale: str) -> None:
    line.fire("user-add", "alice")
    environment = {"LC_ALL": locale, "PYTHONIOENCODING": "latin-1"} if "8859" in locale else {}
    payload = line.folder / "rename.json"
    payload.write_text('{"old_username": "alice"}')
    words = ("fire", "user-modify", "zoë", "--payload", str(payload))
    done = start(line, *words, **{"LC_ALL": locale, **environment})
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


def test_an_interrupted_command_ends_without_a_traceback(line: CommandLine) -> None:
    line.run("pause")
    line.fire("user-add", "alice")
    line.run("resume")
    line.emulator.switches.set({"latency": 8.0})
    environment = {"GAPPS_HOOKS_CONFIG": str(line.settings), "PATH": os.defpath}
    with subprocess.Popen(
        [*PROGRAM, "deliver"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        while line.run("outbox").exit_code == 0 and not busy(line):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, b"\n")
    line.emulator.switches.reset()
    assert line.run("deliver").exit_code == 0
    assert line.user("alice")


def busy(line: CommandLine) -> bool:
    """Whether somebody is delivering alice right now."""
    with line.state() as state:
        subject = subjects.of_name(state, Kind.USER, "alice")
        assert subject is not None
        lease = leases.hold(state.directory, subject)
    if lease is not None:
        lease.give_back()
    return lease is None


def test_the_hooks_are_run_without_colours(line: CommandLine) -> None:
    line.fire("user-add", "alice")
    assert b"\x1b" not in start(line, "links", NO_COLOR="1").stdout


def test_the_hook_reconcile_is_the_command_of_that_name(line: CommandLine) -> None:
    line.people({"username": "alice"}, groups=({"name": "staff", "members": []},))
    hook = str(hooks_directory() / "reconcile")
    words = [hook, "--only", "alice", "--dry-run", "--exit-code"]
    settings = {"GAPPS_HOOKS_CONFIG": str(line.settings)}
    done = subprocess.run(words, capture_output=True, env=settings, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (3, b"")
    assert b"+ create alice@example.org" in done.stdout


# --- account managers ----------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A file system in which useradd runs hooks and adduser is installed."""
    root = tmp_path / "root"
    (root / "usr" / "sbin").mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "usr" / "sbin" / "useradd").write_bytes(b"\x7fELF /etc/shadow-maint/useradd-post.d")
    (root / "usr" / "sbin" / "adduser").write_text("#!/usr/bin/perl\n")
    return root


def standing(line: CommandLine, root: Path) -> dict[str, bool]:
    answer = json.loads(line.run("managers", "--root", str(root), "--json").stdout)
    return {state["name"]: state["enabled"] for state in answer["managers"]}


def test_an_account_manager_is_enabled_and_disabled(line: CommandLine, root: Path) -> None:
    assert not standing(line, root)["shadow"]
    enabled = line.run("enable", "shadow", "--root", str(root))
    assert enabled.exit_code == 0, enabled.output
    assert standing(line, root)["shadow"]
    (script, *_) = (root / "etc" / "shadow-maint").rglob("*gapps-hooks")
    assert str(line.settings) in script.read_text()
    assert line.run("disable", "shadow", "--root", str(root)).exit_code == 0
    assert not standing(line, root)["shadow"]
    assert not [*(root / "etc").rglob("*gapps-hooks*")]


def test_what_keeps_an_account_manager_from_calling_us_is_said(
    line: CommandLine, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    result = line.run("enable", "adduser", "--root", str(empty))
    assert "adduser is not installed" in result.stderr


def test_the_list_tells_where_the_hooks_are(line: CommandLine, root: Path) -> None:
    text = line.run("managers", "--root", str(root)).stdout
    assert "shadow: off" in text
    assert "hooks.d" in text


def test_an_unknown_account_manager_is_wrong_usage(line: CommandLine) -> None:
    assert line.run("enable", "nonsense").exit_code == 2


# --- the emulator --------------------------------------------------------------------------------


def test_the_emulator_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    words = ["emulate", "--port", "0", "--control-port", "0", "--key-file", str(key)]
    with subprocess.Popen([*PROGRAM, *words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "answers at http://127.0.0.1:" in first
        while "stops it" not in process.stdout.readline():
            assert process.poll() is None
        assert json.loads(key.read_text())["type"] == "service_account"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_port_that_is_taken_is_a_sentence(line: CommandLine, tmp_path: Path) -> None:
    port = line.google.url.rpartition(":")[2]
    words = ("emulate", "--port", port, "--key-file", str(tmp_path / "key.json"))
    done = start(line, *words)
    assert done.returncode == 1
    assert b"in use" in done.stderr
    assert b"Traceback" not in done.stderr
