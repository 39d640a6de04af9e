"""The agent's life: its start, its signals, its end, and what it costs while nothing happens."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from command_line import ServedGoogle
from patience import eventually
from real_hooks import CLEAN, Site
from resident import FIRE, Resident, resident

from gapps_hooks.outbox import breaker, entries, leases

STRACE = shutil.which("strace")
#: Starts a program with a listening socket at descriptor 3, as systemd.socket(5) does.
ACTIVATE = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(sys.argv[1])
listener.listen(8)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""


def waiting(site: Site) -> list[str]:
    with site.wiring() as wiring:
        return [one.name for one in entries.all_entries(wiring.state)]


def connections_of(process: int) -> int:
    """Count its connections by TCP that are open (proc_net_tcp(5): state 01)."""
    rows = Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]
    numbers = {row.split()[9] for row in rows if row.split()[3] == "01"}
    names: list[str] = []
    for each in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            names.append(str(each.readlink()))
    return len(numbers & {name[8:-1] for name in names if name.startswith("socket:")})


# --- start and end -------------------------------------------------------------------------------


def test_it_says_where_it_listens_and_takes_the_socket_away_at_its_end(agent: Resident) -> None:
    assert eventually(lambda: f"taking events at {agent.socket}" in agent.said())
    assert agent.stop() == 0
    assert not agent.socket.exists()


def test_what_is_under_way_is_finished_and_hooks_go_on_by_themselves(agent: Resident) -> None:
    agent.site.emulator.switches.latency = 0.8
    with agent.hook("user-add", "alice") as hook:
        assert eventually(lambda: waiting(agent.site) == ["alice"])
        time.sleep(0.2)
        assert agent.stop() == 0
        output, complaint = hook.communicate(timeout=20)
    assert (hook.returncode, complaint) == (0, b"")
    assert output == b"alice: created alice@example.org\n"
    agent.site.emulator.switches.latency = 0.0
    agent.site.configure(wait=30.0)  # a whole program has to start, beside whatever else runs
    assert agent.fire("user-add", "bob") == (0, "bob: created bob@example.org\n")
    assert waiting(agent.site) == []


def test_a_turn_that_is_waited_for_does_not_hold_up_the_end(site: Site) -> None:
    site.configure(wait=0.0)
    text = site.settings.read_text().replace("[google]", "[google]\ncreation_rate = 0.05")
    site.settings.write_text(text)
    with resident(site) as agent:
        for name in ("alice", "bob", "carl"):
            agent.fire("user-add", name)
        time.sleep(0.5)
        began = time.monotonic()
        assert agent.stop() == 0
        assert time.monotonic() - began < 5.0
    assert len(waiting(site)) == 2


def test_a_second_agent_says_so_and_leaves(agent: Resident) -> None:
    second = agent.launch()
    assert second.wait(20) == 75
    assert "another agent serves" in agent.said()
    assert agent.fire("user-add", "alice") == (0, "alice: created alice@example.org\n")


def test_without_descriptors_hooks_record_by_themselves_and_that_is_told_in_a_line(
    site: Site,
) -> None:
    few = ("sh", "-c", 'ulimit -n 40; exec "$@"', "sh")
    with resident(site, prefix=few) as agent, ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(agent.call())
        assert eventually(lambda: "hooks record by themselves" in agent.said())
        assert agent.fire("user-add", "alice")[0] == 0
        stack.close()
        assert eventually(lambda: waiting(site) == [])
        assert agent.said().count("Too many open files") == 1
        assert "Traceback" not in agent.said()
        assert agent.fire("user-add", "bob")[0] == 0
    assert site.created() == ["alice", "bob"]


def test_whether_an_agent_is_there_can_be_asked(agent: Resident) -> None:
    directory = agent.site.state
    assert leases.is_held(directory, leases.AGENT)
    agent.kill()
    assert not leases.is_held(directory, leases.AGENT)


def test_after_a_kill_the_next_one_takes_over_the_socket_and_what_waits(agent: Resident) -> None:
    agent.site.google.go_away()
    agent.fire("user-add", "alice")
    agent.kill()
    agent.site.google.come_back()
    agent.start()
    assert eventually(lambda: waiting(agent.site) == [])
    assert agent.site.created() == ["alice"]


def test_settings_that_are_wrong_are_said_with_the_remedy(site: Site) -> None:
    site.configure(more='[agent]\nallow_groups = ["no-such-group"]\n')
    agent = Resident(site)
    assert agent.launch().wait(20) == 1
    assert "agent.allow_groups = no-such-group: is not a group of this system" in agent.said()


def test_a_google_that_accepts_and_never_answers_is_an_outage_and_its_end_is_noticed(
    site: Site,
) -> None:
    text = site.settings.read_text().replace("[google]", "[google]\ntimeout = 0.5")
    site.settings.write_text(text)
    with resident(site) as agent:
        site.google.go_away()
        with socket.create_server(("127.0.0.1", int(site.google.url.rpartition(":")[2]))):
            agent.fire("user-add", "alice")
            with site.wiring() as wiring:
                assert eventually(lambda: breaker.current(wiring.state))
            time.sleep(1.0)
        site.google.come_back()
        began = time.monotonic()
        assert eventually(lambda: waiting(site) == [])
        assert time.monotonic() - began < 0.5 + 2.0 + 4.0  # the last is for a busy machine
    assert site.created() == ["alice"]


# --- new settings --------------------------------------------------------------------------------


def test_hangup_reads_the_settings_again(agent: Resident) -> None:
    assert agent.tell(agent.message("user-add", "alice"))[0]["wait"] == 3.0
    agent.site.configure(wait=7.0)
    agent.running.send_signal(signal.SIGHUP)
    assert eventually(lambda: "were opened again" in agent.said())
    assert agent.tell(agent.message("user-modify", "alice"))[0]["wait"] == 7.0
    assert agent.fire("user-add", "bob") == (0, "bob: created bob@example.org\n")
    assert agent.stop() == 0


@pytest.mark.parametrize(
    ("wrong", "because"),
    [("surprise = 1\n", "surprise"), ("[state]\ndirectory = 7\n", "is not TOML")],
)
def test_bad_settings_are_refused_and_the_old_ones_stay(
    agent: Resident, wrong: str, because: str
) -> None:
    agent.site.settings.write_text(agent.site.settings.read_text() + wrong)
    agent.running.send_signal(signal.SIGHUP)
    assert eventually(lambda: "the settings stay as they were" in agent.said())
    assert because in agent.said()
    assert agent.tell(agent.message("user-add", "alice"))[0]["wait"] == 3.0


def test_another_state_directory_needs_a_restart(agent: Resident) -> None:
    text = agent.site.settings.read_text()
    agent.site.settings.write_text(text.replace(str(agent.site.state), f"{agent.site.state}2"))
    agent.running.send_signal(signal.SIGHUP)
    assert eventually(lambda: "cannot change while the agent runs" in agent.said())


def test_settings_that_change_while_others_are_taken_over_are_read_too(agent: Resident) -> None:
    """The old shift takes its time, because a delivery hangs."""
    agent.site.emulator.faults.script([{"fails": "hang", "seconds": 4.0, "times": 1}])
    slow = agent.hook("user-add", "alice")
    time.sleep(0.7)
    for wait in (7.0, 9.0):
        agent.site.configure(wait=wait)
        agent.running.send_signal(signal.SIGHUP)
        time.sleep(1.0)
    slow.communicate(timeout=30)
    agent.site.emulator.faults.clear()
    assert eventually(lambda: agent.said().count("were opened again") == 2)
    assert agent.tell(agent.message("user-modify", "alice"))[0]["wait"] == 9.0


def test_events_that_come_during_a_change_of_settings_are_all_delivered(agent: Resident) -> None:
    hooks = []
    for number in range(12):
        hooks.append(agent.hook("user-add", f"user{number}"))
        if number % 4 == 1:
            agent.running.send_signal(signal.SIGHUP)
    for hook in hooks:
        output, complaint = hook.communicate(timeout=30)
        assert (hook.returncode, complaint) == (0, b""), output
    assert eventually(lambda: waiting(agent.site) == [])
    assert sorted(agent.site.created()) == sorted(f"user{number}" for number in range(12))
    assert agent.stop() == 0


# --- the service manager -------------------------------------------------------------------------


def test_the_service_manager_hears_of_readiness_life_new_settings_and_the_end(
    site: Site, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        environment = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "400000"}
        with resident(site, **environment) as agent:
            heard_first = {manager.recv(1000).split(b"\n")[0] for _ in range(4)}
            assert {b"READY=1", b"WATCHDOG=1"} <= heard_first
            agent.running.send_signal(signal.SIGHUP)
            while not manager.recv(1000).startswith(b"RELOADING=1\nMONOTONIC_USEC="):
                pass
            while not manager.recv(1000).startswith(b"READY=1"):
                pass
            site.settings.write_text("nonsense = 1\n")
            agent.running.send_signal(signal.SIGHUP)
            while not (heard := manager.recv(1000)).startswith(b"READY=1"):
                pass
            assert b"STATUS=taking events; the settings stay as they were: " in heard
            agent.stop()
            while not manager.recv(1000).startswith(b"STOPPING=1"):
                pass


def test_a_socket_that_the_service_manager_made_is_used_and_left(site: Site) -> None:
    agent = Resident(site)
    agent.process = agent.launch(prefix=(sys.executable, "-c", ACTIVATE, str(agent.socket)))
    try:
        assert eventually(lambda: "taking events" in agent.said())
        assert agent.fire("user-add", "alice") == (0, "alice: created alice@example.org\n")
        agent.running.send_signal(signal.SIGSTOP)
        with ExitStack() as stack:  # as many may wait there as at a socket of our own
            for _ in range(20):
                stack.enter_context(agent.call())
            agent.running.send_signal(signal.SIGCONT)
        assert agent.stop() == 0
        assert agent.socket.exists()
    finally:
        agent.kill()


def test_connections_are_open_before_anybody_needs_them_and_cost_no_request(
    agent: Resident, google: ServedGoogle
) -> None:
    assert eventually(lambda: connections_of(agent.running.pid) >= 4)
    assert eventually(lambda: google.emulator.requests.counts() == {"token": 1})


# --- what it costs, and what it keeps to itself --------------------------------------------------


@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
def test_while_nothing_happens_it_does_next_to_nothing(agent: Resident, tmp_path: Path) -> None:
    agent.fire("user-add", "alice")
    time.sleep(2.5)
    seconds = 5
    trace = tmp_path / "trace"
    command = [str(STRACE), "-f", "-o", str(trace), "-p", str(agent.running.pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as tracing:
        time.sleep(seconds)
        tracing.terminate()
        tracing.communicate(timeout=20)
    calls = trace.read_text().splitlines()
    if not calls:
        pytest.skip("processes may not be traced here")
    assert len(calls) / seconds < 100


def test_there_is_no_core_dump_and_no_access_to_its_memory(agent: Resident) -> None:
    limits = Path(f"/proc/{agent.running.pid}/limits").read_text()
    found = re.search(r"Max core file size +(\d+)", limits)
    assert found is not None
    assert int(found[1]) <= 1
    # the files of a process that may not be dumped belong to root, proc_pid(5)
    assert Path(f"/proc/{agent.running.pid}/mem").stat().st_uid == 0


def test_files_and_memory_stay_as_they_are(agent: Resident) -> None:
    agent.fire("user-add", "alice")
    before = agent.descriptors()
    for number in range(150):
        agent.tell(agent.message("user-modify", "alice", {"given_name": f"A{number % 2}"}))
    assert agent.descriptors() <= before + 16  # each worker may have its connection by now
    assert agent.memory() < 90


def as_nobody(layer: Path) -> tuple[str, ...]:
    """Become another user, before whom the interpreter may not be hidden in root's own home."""
    become = ("setpriv", "--reuid=nobody", "--clear-groups")
    if not Path(sys.base_prefix).is_relative_to("/root"):
        return become
    layer.mkdir()
    view = (
        f"mount -t tmpfs none '{layer}' && mkdir '{layer}/up' '{layer}/work' && "
        f"mount -t overlay none /root -o 'lowerdir=/root,upperdir={layer}/up,"
        f'workdir={layer}/work\' && chmod 711 /root && exec "$@"'
    )
    return ("unshare", "--mount", "sh", "-ec", view, "sh", *become)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_one_of_its_own_user_leaves_stored_hashes_to_the_hook_that_root_runs(
    site: Site, tmp_path: Path
) -> None:
    """With state.owner the agent may not read shadow; a hook of root may, and records itself."""
    etc = tmp_path / "etc"
    etc.mkdir()
    hashed = "$6$salt$" + "a" * 86
    (etc / "passwd").write_text("alice:x:1001:1001:Alice Example:/home/alice:/bin/sh\n")
    (etc / "group").write_text("alice:x:1001:\n")
    (etc / "shadow").write_text(f"alice:{hashed}:20000:0:99999:7:::\n")
    (etc / "shadow").chmod(0o600)
    for parent in tmp_path.parents:
        if parent.name.startswith(("pytest-", "popen-")):
            parent.chmod(0o711)
    tmp_path.chmod(0o711)
    site.configure()
    text = site.settings.read_text().replace('type = "none"', f'type = "nss"\ndirectory = "{etc}"')
    site.settings.write_text(text.replace("[state]", '[state]\nowner = "nobody"'))
    shutil.chown(site.folder / "key.json", "nobody")
    with site.wiring():
        pass  # root comes first, and hands the state over
    agent = Resident(site)
    place = tmp_path / "run"
    place.mkdir()
    shutil.chown(place, "nobody")
    site.settings.chmod(0o644)
    agent.socket = place / "agent.sock"
    home = {"GAPPS_HOOKS_SOCKET": str(agent.socket)}
    agent.start(prefix=as_nobody(tmp_path / "layer"), **home)
    try:
        assert Path(f"/proc/{agent.running.pid}/status").read_text().count("\nUid:\t65534") == 1
        # on a busy machine the agent may come to it too late, and leaves it to the hook
        tries = (agent.tell(agent.message("password-set", "alice")) for _ in range(20))
        (answer,) = next(filter(None, tries))
        assert "shadow cannot be read" in answer["declined"]
        for event in ("user-add", "password-set"):
            command = [sys.executable, "-I", "-S", str(FIRE), "--settings", str(site.settings)]
            finished = subprocess.run(
                [*command, "--no-stdin", event, "alice"],
                env={**CLEAN, **home},
                capture_output=True,
                check=False,
                timeout=60,
            )
            assert (finished.returncode, finished.stderr) == (0, b"")
        assert eventually(
            lambda: site.emulator.password_of("alice@example.org") == ("crypt", hashed)
        )
    finally:
        agent.kill()
