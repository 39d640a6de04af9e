"""Linux accounts on a bad day: Google away, disks full, hooks killed, somebody looking on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from linux_chain import ALL, CHANGE, CREATE, Chain


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Assert that what is done in it takes no longer."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


# --- passwords that Google cannot take ---------------------------------------------------------


def test_a_password_hashed_by_yescrypt_is_buried_with_its_remedy(chain: Chain) -> None:
    chain.machine.must("useradd -m alice")
    assert chain.command("enable", "pam").returncode == 0
    chain.set_passwords("alice:first-Word-1")
    assert chain.machine.passwd("alice", "first-Word-1", "second-Word-2") == 0
    assert chain.machine.stored_hash("alice").startswith("$y$")
    buried = chain.waiting()["alice"]
    assert buried["status"] == "buried"
    assert "yescrypt" in buried["reason"]
    assert "sha512" in buried["reason"]
    told = [line for line in chain.machine.syslog().splitlines() if "password not sent" in line]
    assert len(told) == 1
    assert "alice" in told[0]
    assert b"$y$" not in chain.state_bytes()
    assert chain.writes() == []


def test_adduser_with_yescrypt_makes_the_account_and_says_what_is_missing(chain: Chain) -> None:
    for manager in ALL:
        assert chain.command("enable", manager).returncode == 0
    chain.adduser("alice", "Alice Ng", "correct-horse-7")
    assert chain.calls() == [CREATE]
    assert not chain.accepts("alice", "correct-horse-7")
    assert "password: one that nobody knows (yescrypt, " in chain.command("log", "alice").stdout
    assert "password not sent" in chain.machine.syslog()


# --- Google is away ----------------------------------------------------------------------------


def disappear(chain: Chain) -> Callable[[], None]:
    chain.google_leaves()
    return chain.google_returns


def fall_silent(chain: Chain) -> Callable[[], None]:
    chain.google.faults.script([{"fails": "hang", "times": 0, "seconds": 60}])
    return chain.google.faults.clear


@pytest.mark.parametrize("leave", [disappear, fall_silent])
def test_programs_go_on_while_google_is_away_and_all_arrives_in_order(
    chain: Chain, leave: Callable[[Chain], Callable[[], None]]
) -> None:
    chain.settle(wait=2.0)
    chain.enable(*ALL)
    chain.machine.must("useradd -m bob && useradd -m carol")
    chain.set_passwords("bob:first-Word-1")
    assert chain.command("deliver").returncode == 0
    chain.google.requests.clear()

    come_back = leave(chain)  # for a minute; hooks wait 2 s, the rest is for a busy machine
    with within(6.0):
        chain.adduser("alice", "Alice Ng", "correct-horse-7")
    with within(6.0):
        assert chain.machine.passwd("bob", "first-Word-1", "second-Word-2") == 0
    with within(6.0):
        chain.machine.must("userdel carol")
    assert list(chain.waiting()) == ["alice", "bob", "carol"]
    assert chain.accounts() == {"bob": "active", "carol": "active"}

    come_back()
    delivered = chain.command("deliver")
    assert delivered.returncode == 0, delivered.stdout + delivered.stderr
    assert chain.accounts() == {"alice": "active", "bob": "active", "carol": "suspended"}
    assert chain.calls() == [CREATE, CHANGE, CHANGE]
    assert [request.body.get("suspended", False) for request in chain.writes()][-1] is True
    assert chain.accepts("alice", "correct-horse-7")
    assert chain.accepts("bob", "second-Word-2")
    assert chain.waiting() == {}


def test_who_comes_and_goes_while_google_is_away_never_was_there(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.google_leaves()
    chain.machine.must("useradd alice")
    chain.set_passwords("alice:first-Word-1")
    chain.machine.must("userdel alice")
    assert b"$6$" not in chain.state_bytes()
    chain.google_returns()
    assert chain.command("deliver").returncode == 0
    assert chain.accounts() == {}


def test_the_retry_that_cron_runs_each_minute_delivers_what_waits(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.google_leaves()
    chain.machine.must("useradd alice")
    chain.google_returns()
    time.sleep(1.0)  # an outage is probed each second
    lines = chain.machine.path("/etc/cron.d/gapps-hooks").read_text().splitlines()
    (entry,) = [line for line in lines if line.startswith("* * * * * root ")]
    chain.machine.must(entry.removeprefix("* * * * * root "))
    assert chain.accounts() == {"alice": "active"}


def test_a_hook_that_is_killed_while_it_delivers_makes_one_account(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.google.faults.script([{"fails": "hang", "call": CREATE, "when": "after", "seconds": 60}])
    with ThreadPoolExecutor() as beside:
        killed = beside.submit(kill_hook, chain)
        chain.machine.must("useradd alice")
    assert killed.result() == 1
    assert list(chain.waiting()) == ["alice"]
    assert chain.command("deliver").returncode == 0
    assert chain.accounts() == {"alice": "active"}
    assert chain.waiting() == {}
    chain.machine.must("userdel alice")
    assert chain.accounts() == {"alice": "suspended"}


def kill_hook(chain: Chain) -> int:
    """Kill the hooks that run in the view once Google has an account; return how many."""
    end = time.monotonic() + 30
    while not chain.accounts() and time.monotonic() < end:
        time.sleep(0.01)
    view, killed = chain.machine.root.parent / "ns" / "mnt", 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            inside = (process / "ns" / "mnt").readlink() == view.readlink()
            if inside and is_hook((process / "cmdline").read_bytes()):
                os.kill(int(process.name), signal.SIGKILL)
                killed += 1
    return killed


def is_hook(command: bytes) -> bool:
    return b"\0-m\0gapps_hooks.hook\0" in command


def test_hooks_that_run_side_by_side_for_the_first_time_all_arrive(chain: Chain) -> None:
    names = ("ann", "bob", "cat", "dan")
    chain.machine.must(f"for u in {' '.join(names)}; do useradd $u; done")
    hook = chain.prefix / "share" / "gapps-hooks" / "hooks.d" / "user-add"
    chain.machine.must(
        f"for u in {' '.join(names)}; do {hook} $u </dev/null & {hook} $u & done; wait"
    )
    assert chain.accounts() == dict.fromkeys(names, "active")
    assert chain.calls() == [CREATE] * 4
    assert chain.waiting() == {}


# --- nothing can be recorded -------------------------------------------------------------------


def freeze(chain: Chain) -> None:
    chain.machine.freeze("/var/lib/gapps-hooks")


def fill(chain: Chain) -> None:
    chain.machine.fill("/var/lib/gapps-hooks")


@pytest.mark.parametrize("damage", [freeze, fill])
def test_programs_succeed_and_nothing_is_claimed_where_nothing_can_be_recorded(
    chain: Chain, damage: Callable[[Chain], None]
) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd -m alice")
    damage(chain)
    with within(20.0):
        chain.machine.must("useradd -m bob")
        chain.set_passwords("bob:first-Word-1")
        assert chain.machine.passwd("bob", "first-Word-1", "second-Word-2") == 0
        chain.machine.must("userdel alice")
    assert chain.accounts() == {"alice": "active"}
    by_hand = chain.hook("user-add", "bob")
    assert by_hand.returncode == 1
    assert by_hand.stderr.startswith("not recorded: ")
    log = chain.machine.syslog()
    for event in ("user-add bob: ", "password-set bob: ", "user-delete alice: "):
        assert f"{event}not recorded: " in log
    assert "-Word-" not in log


# --- clear text --------------------------------------------------------------------------------


@dataclass
class Eyes:
    """What anybody on the machine could have read, looked at again and again."""

    chain: Chain
    secrets: tuple[bytes, ...]
    #: Where a secret was seen.
    seen: set[str] = field(default_factory=set)
    #: Whether the program that records and delivers was looked at while it ran.
    met: bool = False

    def look(self) -> None:
        for process in Path("/proc").glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                with suppress(OSError):
                    self._read(f"{process}/{name}", (process / name).read_bytes())
        with suppress(OSError):
            self._read("the state directory", self.chain.state_bytes())
        self._read("the system's log", self.chain.machine.syslog().encode())

    def _read(self, place: str, content: bytes) -> None:
        self.met = self.met or is_hook(content)
        self.seen |= {place for secret in self.secrets if secret in content}


@contextmanager
def watching(chain: Chain, *secrets: str) -> Iterator[Eyes]:
    """Look everywhere, without a pause, for as long as it lasts."""
    eyes, over = Eyes(chain, tuple(secret.encode() for secret in secrets)), threading.Event()

    def look_on() -> None:
        while not over.is_set():
            eyes.look()

    watcher = threading.Thread(target=look_on)
    watcher.start()
    try:
        yield eyes
    finally:
        over.set()
        watcher.join()


def test_no_clear_text_is_to_be_seen_anywhere_while_google_is_slow(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd -m alice")
    chain.set_passwords("alice:first-Word-1")
    chain.google.switches.set({"latency": 0.7})
    with watching(chain, "second-Word-2", "third-Word-3") as eyes:
        assert chain.machine.passwd("alice", "first-Word-1", "second-Word-2") == 0
        chain.set_passwords("alice:third-Word-3")
    assert eyes.met
    assert eyes.seen == set()
    assert chain.accepts("alice", "third-Word-3")
