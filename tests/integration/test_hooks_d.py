"""The scripts of hooks.d: they find their program, and nothing of their caller reaches it."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Recorded = Callable[[], list[dict[str, Any]]]
Events = Callable[[], list[tuple[str, str]]]

EVENTS = ("user-add", "user-modify", "user-delete", "group-change", "password-set")
STRACE = shutil.which("strace")
CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def hooks(installation: Path) -> Path:
    return installation / "share" / "gapps-hooks" / "hooks.d"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """An environment that keeps the tests away from this machine's own agent."""
    return {"GAPPS_HOOKS_CONFIG": str(tmp_path / "a place" / "gapps-hooks.toml")}


def run(
    hook: Path | str, *words: str, environment: dict[str, str], payload: bytes = b"", cwd: str = "/"
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [hook, *words],
        input=payload,
        capture_output=True,
        env=environment,
        cwd=cwd,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("event", EVENTS)
def test_each_script_hands_over_its_own_event(
    hooks: Path, settings: dict[str, str], events: Events, event: str
) -> None:
    result = run(hooks / event, "alice", environment=settings)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"recorded here\n", b"")
    assert events() == [(event, "alice")]


def test_reconcile_runs_the_command_line(
    hooks: Path, settings: dict[str, str], recorded: Recorded
) -> None:
    assert run(hooks / "reconcile", "--dry-run", environment=settings).returncode == 0
    (note,) = recorded()
    assert note["arguments"][-3:] == ["gapps_hooks", "reconcile", "--dry-run"]


def test_settings_come_from_the_environment_and_the_payload_from_stdin(
    hooks: Path, settings: dict[str, str], recorded: Recorded
) -> None:
    run(hooks / "user-add", "alice", environment=settings, payload=b'{"email": "a@example.org"}')
    (note,) = recorded()
    assert f'"settings": "{settings["GAPPS_HOOKS_CONFIG"]}"' in note["message"]
    assert '"payload": {"email": "a@example.org"}' in note["message"]


@pytest.mark.parametrize("subject", ["a b", "$(touch x)", "a'b\"c", "*", "a;b", "--", "-n"])
def test_a_name_is_never_read_by_a_shell(
    hooks: Path, settings: dict[str, str], events: Events, tmp_path: Path, subject: str
) -> None:
    result = run(hooks / "user-add", "--", subject, environment=settings, cwd=str(tmp_path))
    assert result.returncode == 0
    assert events() == [("user-add", subject)]
    assert not (tmp_path / "x").exists()


def test_a_hook_is_found_through_links_in_other_directories(
    hooks: Path, settings: dict[str, str], events: Events, tmp_path: Path
) -> None:
    (tmp_path / "other place").mkdir()
    first = tmp_path / "other place" / "50-whatever"
    first.symlink_to(hooks / "user-delete")
    second = tmp_path / "second"
    second.symlink_to(Path("other place", "50-whatever"))
    assert run(second, "alice", environment=settings).returncode == 0
    assert run("./second", "bob", environment=settings, cwd=str(tmp_path)).returncode == 0
    assert events() == [("user-delete", "alice"), ("user-delete", "bob")]


@pytest.mark.parametrize("part", ["", "share", "gapps-hooks", "hooks.d", "user-add and launch"])
def test_a_hook_below_a_link_starts_what_lies_beside_the_linked_one(
    hooks: Path, settings: dict[str, str], events: Events, installation: Path, part: str
) -> None:
    """Of another prefix, with an installation of its own, only ``part`` leads here."""
    prefix = installation.parent / "another prefix"
    if part:
        (package,) = installation.glob("lib/python3.*/site-packages/gapps_hooks")
        wrong = prefix / package.relative_to(installation)
        wrong.mkdir(parents=True)
        (wrong / "fire.py").write_text("raise SystemExit('the wrong one')\n")
        (prefix / "bin").symlink_to(installation / "bin")
    here = prefix / hooks.relative_to(installation)
    place = {"": prefix, "share": here.parents[1], "gapps-hooks": here.parent, "hooks.d": here}
    for link in [place[part]] if part in place else [here / name for name in part.split(" and ")]:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(installation / link.relative_to(prefix))
    result = run(here / "user-add", "alice", environment=settings)
    assert (result.returncode, result.stderr) == (0, b"")
    assert events() == [("user-add", "alice")]


def test_a_link_above_the_installation_may_be_changed_while_a_hook_waits(
    hooks: Path, settings: dict[str, str], events: Events, installation: Path
) -> None:
    current = installation.parent / "current"
    current.symlink_to(installation)
    hook = current / hooks.relative_to(installation) / "user-add"
    with subprocess.Popen([hook, "alice"], env=settings, stdin=subprocess.PIPE) as process:
        while b"fire.py" not in Path(f"/proc/{process.pid}/cmdline").read_bytes():
            assert process.poll() is None
            time.sleep(0.01)
        current.unlink()
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert events() == [("user-add", "alice")]


@pytest.mark.parametrize(
    "line",
    [
        "./user-add alice",
        "sh user-add alice",
        "sh ../hooks.d/user-add alice",
        "sh -- -x/user-add alice",
        "PATH=$PWD:$PATH; user-add alice",
        "./x/../user-add alice",
        "$PWD/../../gapps-hooks/hooks.d/user-add alice",
        "${PWD%/*/*}/./gapps-hooks/hooks.d/user-add alice",
        "${PWD%/*/*}//gapps-hooks/hooks.d/user-add alice",
        "${PWD%/*/*}/gapps-hooks/../gapps-hooks/hooks.d/user-add alice",
    ],
)
def test_a_hook_is_found_by_any_path_to_it(
    hooks: Path, settings: dict[str, str], events: Events, line: str
) -> None:
    (hooks / "x").mkdir()
    (hooks / "-x").symlink_to(hooks)
    assert run("/bin/sh", "-c", line, environment=settings, cwd=str(hooks)).returncode == 0
    assert events() == [("user-add", "alice")]


@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
def test_a_hook_called_by_its_real_path_starts_no_process_and_loads_no_locale_on_its_way(
    hooks: Path, settings: dict[str, str], events: Events, tmp_path: Path
) -> None:
    trace, watched = tmp_path / "trace", "trace=execve,openat,clone,?clone3,?fork,?vfork"
    # what is assigned to LC_ALL reaches nobody without export where there was only LANG
    environment = {"LANG": "C.UTF-8", **settings}
    command = ["/usr/bin/env", "strace", "-f", "-qq", "-e", watched, "-o", str(trace)]
    result = run(*command, str(hooks / "user-add"), "alice", environment=environment)
    assert (result.returncode, events()) == (0, [("user-add", "alice")])
    _, script, cleaner, interpreter, *_ = trace.read_text().split("execve(")
    assert script.startswith(f'"{hooks}/user-add"')
    assert cleaner.startswith('"/usr/bin/env"')
    assert "/bin/python3" in interpreter
    assert not re.search("fork|clone", script + cleaner)
    assert "/locale/" not in cleaner


def test_the_scripts_differ_in_nothing_but_their_event() -> None:
    scripts = {name: (CHECKOUT / "hooks.d" / name).read_text() for name in (*EVENTS, "reconcile")}
    rest = {
        (first, *(line.replace(f"event={name} ", "event=… ") for line in lines))
        for name, (first, _, *lines) in (
            (name, text.splitlines()) for name, text in scripts.items()
        )
    }
    assert len(rest) == 1
    assert "event=… " in "".join(*rest)


def test_a_hostile_environment_has_no_effect(
    hooks: Path, settings: dict[str, str], recorded: Recorded, tmp_path: Path
) -> None:
    for name in ("env", "readlink", "python3", "logger", "json.py", "os.py", "sitecustomize.py"):
        trap = tmp_path / "traps" / name
        trap.parent.mkdir(exist_ok=True)
        trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/caught\n")
        trap.chmod(0o755)
    hostile = dict.fromkeys(("PATH", "PYTHONPATH", "PYTHONHOME", "HOME"), str(trap.parent))
    hostile |= {"LD_LIBRARY_PATH": str(trap.parent), "LC_ALL": "xx_XX", "IFS": "o/-u", "ENV": "x"}
    hostile |= {"PYTHONINSPECT": "1", "PYTHONSTARTUP": str(trap), "CDPATH": "/", "TMPDIR": "/x"}
    result = run(hooks / "user-add", "alice", environment=hostile | settings, cwd=str(trap.parent))
    (note,) = recorded()
    assert (result.returncode, result.stderr) == (0, b"")
    assert not (tmp_path / "caught").exists()
    assert set(note["environment"]) <= {"PATH", "LC_CTYPE"}


def test_closed_descriptors_change_nothing(
    hooks: Path, settings: dict[str, str], events: Events
) -> None:
    line = 'exec "$0" alice <&- >&- 2>&-'
    result = subprocess.run(
        ["/bin/sh", "-c", line, hooks / "user-add"], env=settings, check=False, timeout=30
    )
    assert result.returncode == 0
    assert events() == [("user-add", "alice")]


def test_the_newest_python_whose_interpreter_is_there_is_taken(
    hooks: Path, settings: dict[str, str], events: Events, installation: Path
) -> None:
    """After an upgrade of Python the old version's files, or a removed one's, may lie about."""
    minor = sys.version_info.minor
    (package,) = installation.glob("lib/python3.*/site-packages/gapps_hooks")
    for leftover in (minor - 2, minor + 1):
        copy = installation / "lib" / f"python3.{leftover}" / "site-packages" / "gapps_hooks"
        shutil.copytree(package, copy)
        (copy / "fire.py").write_text("raise SystemExit('the wrong one')\n")
    older = installation / "bin" / f"python3.{minor - 2}"
    older.symlink_to(installation / "bin" / f"python3.{minor}")
    result = run(hooks / "user-add", "alice", environment=settings)
    assert (result.returncode, result.stderr) == (0, b"")
    assert events() == [("user-add", "alice")]


def test_a_package_imported_from_elsewhere_is_asked_for(
    hooks: Path, settings: dict[str, str], events: Events, installation: Path, tmp_path: Path
) -> None:
    """As with an editable installation, where a .pth file leads to the checkout."""
    (package,) = installation.glob("lib/python3.*/site-packages/gapps_hooks")
    elsewhere = tmp_path / "checkout of it"
    elsewhere.mkdir()
    (package.parent / "elsewhere.pth").write_text(f"{elsewhere}\n")
    package.rename(elsewhere / "gapps_hooks")
    (interpreter,) = (installation / "bin").iterdir()
    (installation / "bin" / "python3").symlink_to(interpreter)
    result = run(hooks / "user-add", "alice", environment=settings)
    assert (result.returncode, result.stderr) == (0, b"")
    assert events() == [("user-add", "alice")]


@pytest.mark.parametrize("version", ["python3", "python3.11"])
def test_debians_own_layout_is_known(
    hooks: Path, settings: dict[str, str], installation: Path, version: str
) -> None:
    """There packages are in dist-packages, and a package of Debian's has no minor version."""
    (package,) = installation.glob("lib/python3.*/site-packages/gapps_hooks")
    home = installation / "lib" / version / "dist-packages"
    home.mkdir(parents=True)
    package.rename(home / "gapps_hooks")
    for interpreter in (installation / "bin").iterdir():
        interpreter.replace(installation / "bin" / version)
    # what fire.py itself refuses shows that it was found, whoever could import the package
    result = run(hooks / "user-add", environment=settings)
    assert (result.returncode, b"give one user or group name" in result.stderr) == (64, True)


def test_outside_a_virtual_environment_the_systems_interpreter_will_do(
    hooks: Path, settings: dict[str, str], installation: Path
) -> None:
    """As in /usr/local where the system's own Python installs into site-packages."""
    system = Path("/usr/bin/python3").resolve().name
    (package,) = installation.glob("lib/python3.*/site-packages/gapps_hooks")
    home = installation / "lib" / system / "site-packages"
    home.parent.mkdir(parents=True, exist_ok=True)
    if not home.exists():
        package.parent.rename(home)
    shutil.rmtree(installation / "bin")
    (installation / "pyvenv.cfg").unlink()
    result = run(hooks / "user-add", environment=settings)
    assert (result.returncode, b"give one user or group name" in result.stderr) == (64, True)


@pytest.mark.parametrize("missing", ["program", "interpreter"])
def test_what_is_missing_is_said_and_is_not_success(
    hooks: Path, settings: dict[str, str], installation: Path, missing: str
) -> None:
    shutil.rmtree(installation / ("lib" if missing == "program" else "bin"))
    result = run(hooks / "user-add", "alice", environment=settings)
    assert result.returncode == 1
    assert b"not recorded" in result.stderr
    assert b"install it again" in result.stderr


def test_a_copy_without_its_program_names_the_way_to_the_installed_one(
    settings: dict[str, str], tmp_path: Path
) -> None:
    copy = shutil.copytree(CHECKOUT / "hooks.d", tmp_path / "hooks.d")
    result = run(copy / "user-add", "alice", environment=settings)
    assert result.returncode == 1
    assert b"call the installed hook" in result.stderr
    assert b"gapps-hooks managers" in result.stderr


def test_the_scripts_are_executable_and_the_shared_part_is_not() -> None:
    modes = {file.name: file.stat().st_mode for file in (CHECKOUT / "hooks.d").iterdir()}
    runnable = {name for name, mode in modes.items() if mode & stat.S_IXUSR}
    assert runnable == {*EVENTS, "reconcile"}
    assert os.access(CHECKOUT / "hooks.d" / "launch", os.R_OK)
