"""What a password passes through on its way through hook and agent: nobody else ever sees it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from real_hooks import Site
from resident import Resident

SECRET = "correct-horse-battery"
STRACE = shutil.which("strace")
CALLS = "trace=write,pwrite64,writev,sendto,sendmsg,sendmmsg,execve,connect,openat"


@pytest.fixture
def agent(agent: Resident) -> Resident:
    agent.fire("user-add", "alice", {"id": "entryUUID:a"})
    return agent


def on_disk(site: Site, secret: str) -> bool:
    """Whether a secret, or its tail that would do as well, stands in any file of the site."""
    raw = b"".join(path.read_bytes() for path in site.folder.rglob("*") if path.is_file())
    return secret.encode() in raw or secret[-40:].encode() in raw


@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
def test_the_clear_text_goes_from_hook_to_agent_and_nowhere_else(
    agent: Resident, tmp_path: Path
) -> None:
    """Files, sockets, the syslog, arguments and environment: all of it passes the kernel."""
    options = ("-f", "-yy", "-v", "-s", "200000", "-e", CALLS)
    traces = {name: tmp_path.parent / f"{tmp_path.name}-{name}" for name in ("agent", "hook")}
    attached = [str(STRACE), *options, "-o", str(traces["agent"]), "-p", str(agent.running.pid)]
    with subprocess.Popen(attached, stderr=subprocess.PIPE) as tracing:
        time.sleep(1.0)
        prefix = (str(STRACE), *options, "-o", str(traces["hook"]))
        with agent.hook("password-set", "alice", {"password": SECRET}, prefix=prefix) as hook:
            output, complaint = hook.communicate(timeout=60)
        tracing.terminate()
        tracing.communicate(timeout=20)
    if b"ptrace" in complaint:
        pytest.skip("processes may not be traced here")
    assert (hook.returncode, output) == (0, b"alice: password set\n"), complaint
    seen = {name: trace.read_text(errors="replace") for name, trace in traces.items()}
    assert "$6$" in seen["agent"]
    assert SECRET not in seen["agent"]
    (line,) = (line for line in seen["hook"].splitlines() if SECRET in line)
    assert re.search(r"(sendto|write)\(\d+<UNIX", line), line[:80]


def test_neither_clear_text_nor_hash_stays_after_the_delivery(agent: Resident) -> None:
    agent.fire("password-set", "alice", {"password": SECRET})
    known = agent.site.emulator.password_of("alice@example.org")
    assert known is not None
    end = time.monotonic() + 10
    while on_disk(agent.site, known[1]) and time.monotonic() < end:
        time.sleep(0.1)
    assert not on_disk(agent.site, known[1])
    assert not on_disk(agent.site, SECRET)


def test_a_hash_that_a_newer_one_replaces_goes_too(agent: Resident) -> None:
    agent.site.google.go_away()
    old, new = ("$6$salt$" + letter * 86 for letter in "ab")
    for hashed in (old, new):
        assert agent.fire("password-set", "alice", {"password_hash": hashed})[0] == 0
    end = time.monotonic() + 10
    while on_disk(agent.site, old) and time.monotonic() < end:
        time.sleep(0.1)
    assert not on_disk(agent.site, old)
    assert on_disk(agent.site, new)


def test_what_goes_wrong_shows_neither_clear_text_nor_hash(agent: Resident) -> None:
    shown = ""
    for fails in ("403", "500", "truncated"):
        agent.site.emulator.faults.clear()
        agent.site.emulator.faults.script([{"fails": fails, "call": "users.patch", "times": 0}])
        shown += agent.fire("password-set", "alice", {"password": SECRET + fails})[1]
    for wrong in (SECRET[:7], SECRET * 9, SECRET + "é"):
        status, said = agent.fire("password-set", "alice", {"password": wrong})
        assert status == 64
        shown += said
    with agent.site.wiring() as wiring:
        rows = wiring.state.rows("SELECT line, details FROM history")
    shown += agent.said() + "".join(str(value) for row in rows for value in tuple(row))
    assert "alice" in shown
    assert SECRET[:7] not in shown
    assert "$6$" not in shown


def test_nobody_sees_it_in_the_agents_arguments_or_environment(agent: Resident) -> None:
    agent.fire("password-set", "alice", {"password": SECRET})
    place = Path(f"/proc/{agent.running.pid}")
    if os.geteuid() == 0:
        assert (
            SECRET.encode()
            not in (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
        )
