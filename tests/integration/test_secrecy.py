"""What a password passes through, from the hook's stdin to Google: nobody else ever sees it."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from disk import written_in
from real_hooks import CLEAN, Message, Site

SECRET = "correct-horse-battery"
FIRE = Path(__file__).resolve().parents[2] / "gapps_hooks" / "fire.py"
STRACE = shutil.which("strace")


@pytest.fixture
def site(site: Site) -> Site:
    site.run(Message.of("user-add", "alice", {"id": "entryUUID:a"}))
    return site


def set_password(site: Site, *prefix: str) -> subprocess.Popen[bytes]:
    """Run the hook as an account manager does, with the password on stdin."""
    process = subprocess.Popen(
        [
            *(*prefix, sys.executable, "-I", "-S", str(FIRE), "--settings", str(site.settings)),
            *("password-set", "alice"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=CLEAN,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"password": SECRET}).encode())
    process.stdin.close()
    process.stdin = None
    return process


def on_disk(site: Site, secret: str) -> bool:
    """Whether a secret, or its tail that would do as well, stands in any file of the state."""
    raw = written_in(site.state)
    return secret.encode() in raw or secret[-40:].encode() in raw


@dataclass
class Spy:
    """Looks at a running process as anybody on the machine can."""

    process: subprocess.Popen[bytes]
    seen: bytes = b""
    programs: set[bytes] = field(default_factory=set)
    core: set[int] = field(default_factory=set)

    def look(self) -> None:
        for name in ("cmdline", "environ", "comm", "limits"):
            try:
                text = Path(f"/proc/{self.process.pid}/{name}").read_bytes()
            except OSError:
                return
            self.seen += text
            if name == "cmdline" and text:
                self.programs.add(text)
            if name == "limits" and (found := re.search(rb"Max core file size +(\d+)", text)):
                self.core.add(int(found[1]))


def test_nobody_sees_the_password_while_it_is_on_its_way(site: Site) -> None:
    site.emulator.switches.latency = 0.3
    process = set_password(site)
    spy, found = Spy(process), False
    while process.poll() is None:
        spy.look()
        found = found or on_disk(site, SECRET)
        time.sleep(0.01)
    output, complaint = process.communicate()
    assert (process.returncode, complaint) == (0, b"")
    assert any(b"gapps_hooks.hook" in program for program in spy.programs)
    assert not found
    assert not on_disk(site, SECRET)
    assert SECRET.encode() not in spy.seen + output
    assert min(spy.core) <= 1
    known = site.emulator.password_of("alice@example.org")
    assert known is not None
    assert known[0] == "crypt"
    assert SECRET not in known[1]


@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
def test_the_password_leaves_the_hook_in_no_system_call(site: Site, tmp_path: Path) -> None:
    """Files, sockets, the syslog, arguments and environment: all of it passes the kernel."""
    trace = tmp_path / "trace"
    options = ("-f", "-yy", "-v", "-s", "200000", "-o", str(trace))
    calls = "trace=write,pwrite64,writev,sendto,sendmsg,sendmmsg,execve,connect,openat,mmap"
    process = set_password(site, str(STRACE), *options, "-e", calls)
    output, complaint = process.communicate(timeout=60)
    if b"ptrace" in complaint:
        pytest.skip("processes may not be traced here")
    assert process.returncode == 0, complaint
    assert SECRET.encode() not in output + complaint
    lines = trace.read_text(errors="replace").splitlines()
    leaks = [line for line in lines if SECRET in line]
    handed_over = [line for line in leaks if "memfd:gapps-hooks-event" in line]
    assert len(handed_over) == 1
    assert leaks == handed_over
    assert sum("execve(" in line for line in lines) >= 2


@pytest.mark.parametrize("kind", ["delivered", "failed first"])
def test_a_hash_is_on_disk_only_until_it_is_delivered(site: Site, kind: str) -> None:
    if kind == "failed first":
        site.emulator.faults.script([{"fails": "503", "times": 0}])
    site.configure(wait=0.5 if kind == "failed first" else 5.0)
    process = set_password(site)
    process.communicate(timeout=60)
    if kind == "failed first":
        assert re.search(rb"\$6\$", written_in(site.state))
        assert not on_disk(site, SECRET)
        site.emulator.faults.clear()
        site.drain()
    known = site.emulator.password_of("alice@example.org")
    assert known is not None
    end = time.monotonic() + 10
    while on_disk(site, known[1]) and time.monotonic() < end:
        time.sleep(0.1)
    assert not on_disk(site, known[1])


def test_what_google_refuses_or_breaks_shows_no_hash(site: Site) -> None:
    site.configure(wait=0.3)
    message = Message.of("password-set", "alice", {"password_hash": "$6$salt$" + "a" * 86})
    shown = ""
    for fails in ("403", "500", "502", "truncated"):
        site.emulator.faults.clear()
        site.emulator.faults.script([{"fails": fails, "call": "users.patch", "times": 0}])
        shown += site.run(replace(message, id=secrets.token_hex(16)))[1]
    with site.wiring() as wiring:
        rows = wiring.state.rows("SELECT line, details FROM history")
    shown += "".join(map(str, (value for row in rows for value in tuple(row))))
    assert "alice" in shown
    assert "$6$" not in shown
    assert "a" * 40 not in shown


def test_a_password_that_is_refused_is_not_repeated(site: Site) -> None:
    for password in (SECRET[:7], SECRET * 9, SECRET + "é", SECRET + "\n"):
        status, said = site.run(Message.of("password-set", "alice", {"password": password}))
        assert status == 64, said
        assert SECRET[:7] not in said
        assert not on_disk(site, SECRET[:7])


def test_a_program_error_shows_neither_password_nor_traceback(site: Site) -> None:
    """A message of another form than fire.py's is a mistake of the program itself."""
    message = json.dumps({"event": "password-set", "payload": {"password": SECRET}})
    finished = subprocess.run(
        site.command(),
        input=message.encode(),
        capture_output=True,
        env={**CLEAN, "GAPPS_HOOKS_CONFIG": os.devnull},
        check=False,
        timeout=30,
    )
    assert finished.returncode == 1
    assert b"Traceback" not in finished.stderr
    assert SECRET.encode() not in finished.stdout + finished.stderr
