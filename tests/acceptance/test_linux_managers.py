"""What Debian's own programs do once they call our hooks; nothing of ours can stop them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Machine

Recorded = Callable[[], list[dict[str, Any]]]
Events = Callable[[], list[tuple[str, str]]]

WITNESS = '#!/bin/sh\necho "$SUBJECT" >>/var/tmp/witness\n'


def deferrals(recorded: Recorded) -> list[tuple[str, float]]:
    messages = [json.loads(note["message"]) for note in recorded()]
    return [(message["event"], message["defer"]) for message in messages]


def witnesses(machine: Machine) -> list[str]:
    file = machine.path("/var/tmp/witness")
    return file.read_text().split() if file.exists() else []


@pytest.fixture(autouse=True)
def _untouched_outside() -> Iterator[None]:
    files = [Path("/etc") / name for name in ("passwd", "shadow", "group", "pam.d/common-password")]
    before = [file.read_bytes() for file in files]
    yield
    assert [file.read_bytes() for file in files] == before
    assert not Path("/etc/shadow-maint").exists()


# --- which events -----------------------------------------------------------------------------


def test_useradd_and_userdel_call_us(machine: Machine, events: Events) -> None:
    machine.enable("shadow")
    machine.must("useradd -m alice && userdel -r alice")
    assert events() == [("user-add", "alice"), ("user-delete", "alice")]


def test_the_hook_runs_after_the_entry_is_written_and_unlocked(
    machine: Machine, events: Events
) -> None:
    machine.enable("shadow")
    machine.write(
        "/etc/shadow-maint/useradd-post.d/60-look", "#!/bin/sh\nusermod -c seen $SUBJECT\n"
    )
    machine.must("useradd alice")
    assert ":seen:" in machine.must("getent passwd alice")
    assert events() == [("user-add", "alice")]


def test_a_list_of_people_read_by_a_shell_loop_is_added_to_the_end(
    machine: Machine, events: Events
) -> None:
    machine.enable("shadow")
    machine.write("/var/tmp/list", "ann\nbob\ncat\ndan\n")
    machine.must('while read u; do useradd "$u"; done </var/tmp/list')
    assert {"ann", "bob", "cat", "dan"} <= machine.accounts()
    assert [name for _, name in events()] == ["ann", "bob", "cat", "dan"]


def test_adduser_and_deluser_tell_once_they_are_done(machine: Machine, events: Events) -> None:
    machine.enable("adduser")
    machine.must("adduser --disabled-password --gecos 'Alice Ng' alice && deluser alice")
    assert events() == [("user-add", "alice"), ("user-delete", "alice")]


def test_useradd_inside_adduser_only_notes_what_adduser_will_tell(
    machine: Machine, recorded: Recorded
) -> None:
    for manager in ("shadow", "adduser", "pam"):
        machine.enable(manager)
    typed = [("New password: ", "correct-horse-7"), ("Retype.*: ", "correct-horse-7")]
    assert machine.talk(["/usr/sbin/adduser", "--gecos", "Alice Ng", "alice"], typed) == 0
    assert deferrals(recorded) == [("user-add", 60.0), ("password-set", 60.0), ("user-add", 0.0)]
    machine.must("deluser alice")
    assert deferrals(recorded)[3:] == [("user-delete", 60.0), ("user-delete", 0.0)]


def test_useradd_inside_adduser_tells_itself_where_adduser_does_not(
    machine: Machine, recorded: Recorded
) -> None:
    machine.enable("shadow")
    machine.write("/usr/local/sbin/adduser.local", "#!/bin/sh\n# of the administrator\n")
    machine.must("adduser --disabled-password --gecos 'Alice Ng' alice")
    assert deferrals(recorded) == [("user-add", 0.0)]


def test_every_way_through_pam_tells_of_a_new_password(
    machine: Machine, recorded: Recorded, events: Events
) -> None:
    machine.enable("pam", set_sha512=True)
    machine.must("useradd -m alice && echo alice:first-Word-1 | chpasswd")
    by_root = machine.stored_hash("alice")
    assert machine.passwd("alice", "first-Word-1", "second-Word-2") == 0
    by_herself = machine.stored_hash("alice")
    assert by_root.startswith("$6$")
    assert by_herself.startswith("$6$")
    assert by_root != by_herself
    assert events() == [("password-set", "alice")] * 2
    assert [note["user"] for note in recorded()] == [[0, 0]] * 2
    assert not any("Word" in json.dumps(note) for note in recorded())


def test_a_password_that_was_not_changed_is_not_told(machine: Machine, events: Events) -> None:
    machine.enable("pam")
    machine.must("useradd -m alice && echo alice:first-Word-1 | chpasswd")
    before = machine.stored_hash("alice")
    prompts = [("[Cc]urrent password: ", "wrong-Word-9")]
    assert machine.talk(["/usr/bin/passwd"], prompts, user="alice") != 0
    assert machine.stored_hash("alice") == before
    assert events() == [("password-set", "alice")]


def test_programs_that_have_no_hooks_call_none(machine: Machine, events: Events) -> None:
    """As the check of this account manager says; a reconcile sees what they change."""
    for manager in ("shadow", "adduser", "pam"):
        machine.enable(manager)
    machine.must("useradd alice && groupadd staff2 && gpasswd -a alice staff2")
    machine.must("usermod -L alice && usermod -l alice2 alice && groupdel staff2")
    assert events() == [("user-add", "alice")]


# --- nothing of ours stops them ----------------------------------------------------------------


def vanish(_machine: Machine, installation: Path) -> None:
    shutil.rmtree(installation)


def lose_interpreter(_machine: Machine, installation: Path) -> None:
    for interpreter in (installation / "bin").iterdir():
        interpreter.unlink()
        interpreter.symlink_to("/nowhere/python3")


def break_package(_machine: Machine, installation: Path) -> None:
    for package in installation.glob("lib/*/site-packages/gapps_hooks"):
        (package / "hook.py").write_text("raise SystemError('broken')\n")


def freeze_state(machine: Machine, installation: Path) -> None:
    machine.freeze(installation / "recorded")


def fill_state(machine: Machine, installation: Path) -> None:
    machine.fill(installation / "recorded")


def refuse(_machine: Machine, installation: Path) -> None:
    (installation / "status").write_text("64")


@pytest.mark.parametrize(
    "damage", [vanish, lose_interpreter, break_package, freeze_state, fill_state, refuse]
)
def test_account_programs_succeed_whatever_becomes_of_us(
    machine: Machine, installation: Path, damage: Callable[[Machine, Path], None]
) -> None:
    for manager in ("shadow", "adduser", "pam"):
        machine.enable(manager)
    machine.write("/etc/shadow-maint/useradd-post.d/90-witness", WITNESS)
    machine.write("/etc/shadow-maint/userdel-post.d/90-witness", WITNESS)
    damage(machine, installation)
    machine.must("useradd -m alice && echo alice:first-Word-1 | chpasswd")
    assert machine.passwd("alice", "first-Word-1", "second-Word-2") == 0
    machine.must("userdel -r alice")
    typed = [("New password: ", "correct-horse-7"), ("Retype.*: ", "correct-horse-7")]
    assert machine.talk(["/usr/sbin/adduser", "--gecos", "Bob Ng", "bob"], typed) == 0
    machine.must("deluser bob")
    assert witnesses(machine) == ["alice", "alice", "bob", "bob"]
    log = machine.syslog()
    for event in ("user-add alice: ", "password-set alice: ", "user-delete alice: "):
        assert event in log
    assert "-Word-" not in log
    assert "Traceback" not in log


def test_a_list_of_people_is_added_to_the_end_while_nothing_can_be_recorded(
    machine: Machine, installation: Path
) -> None:
    machine.enable("shadow")
    machine.fill(installation / "recorded")
    machine.write("/var/tmp/list", "ann\nbob\ncat\n")
    machine.must('set -e; while read u; do useradd "$u"; done </var/tmp/list')
    assert {"ann", "bob", "cat"} <= machine.accounts()


def test_a_missing_dev_null_does_not_stop_useradd(machine: Machine) -> None:
    machine.enable("shadow")
    machine.must("rm /dev/null && useradd alice")
    assert "alice" in machine.accounts()


# --- enable and disable ------------------------------------------------------------------------


def snapshot(machine: Machine) -> dict[str, tuple[int, bytes]]:
    """Every file that account programs and their hooks are configured by."""
    places = ("/etc", "/usr/local", "/usr/share/pam-configs", "/var/lib/pam")
    taken = {}
    for place in places:
        for folder, folders, files in os.walk(machine.path(place)):
            for name in files:
                file = Path(folder, name)
                if file.is_file() and not file.is_symlink():
                    taken[str(file)] = (file.stat().st_mode, file.read_bytes())
            taken |= {str(Path(folder, name)): (0, b"") for name in folders}
    return taken


@pytest.mark.parametrize("options", [{}, {"set_sha512": True}], ids=["plain", "sha512"])
def test_disable_leaves_everything_as_it_was(machine: Machine, options: dict[str, bool]) -> None:
    machine.must("pam-auth-update --package")
    before = snapshot(machine)
    for manager in ("shadow", "adduser", "pam"):
        machine.enable(manager, **options)
    assert snapshot(machine).keys() > before.keys()
    for manager in ("shadow", "adduser", "pam"):
        machine.disable(manager)
    assert snapshot(machine) == before


def test_enabling_pam_twice_is_enabling_it_once(machine: Machine) -> None:
    machine.enable("pam", set_sha512=True)
    once = snapshot(machine)
    machine.enable("pam", set_sha512=True)
    machine.enable("pam")
    assert snapshot(machine) == once


def test_a_password_stack_edited_by_hand_is_left_alone_and_said_so(
    machine: Machine, events: Events
) -> None:
    stack = machine.path("/etc/pam.d/common-password")
    stack.write_text(stack.read_text().replace("pam_permit.so", "pam_permit.so debug") + "\n")
    own = "password\toptional\tpam_echo.so changed\n"
    stack.write_text(
        stack.read_text().replace("# end of pam-auth-update", own + "# end of pam-auth-update")
    )
    before = stack.read_bytes()
    said = machine.enable("pam")
    assert stack.read_bytes() == before
    assert "edited by hand" in said
    assert "optional\tpam_exec.so seteuid quiet" in said
    machine.disable("pam")
    assert stack.read_bytes() == before
    assert events() == []
