"""A day of Linux accounts: Debian's own programs, our hooks, Google's own client, the emulator.

Nothing between a person's terminal and the requests that reach Google is stood in for.
"""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from passlib.hash import sha512_crypt  # type: ignore[import-untyped] # libpass has no types

if TYPE_CHECKING:
    from linux_chain import Chain

ALL = ("shadow", "adduser", "pam")
CREATE, CHANGE = "users.insert", "users.patch"

#: Patterns of files; not the whole of /etc, where others may be installing something meanwhile.
TOUCHABLE = (
    *("etc/*passwd*", "etc/*shadow*", "etc/*group*", "etc/sub[ug]id*", "etc/.pwd.lock"),
    *("etc/pam.d/**/*", "etc/security/**/*", "etc/shadow-maint/**/*", "etc/gapps-hooks/**/*"),
    *("etc/cron.d/**/*", "etc/systemd/system/gapps*", "usr/share/pam-configs/*", "home/**/*"),
    *("usr/local/sbin/*", "usr/local/lib/gapps*", "var/lib/pam/*", "var/lib/gapps*", "var/mail/*"),
)


@pytest.fixture(scope="module", autouse=True)
def _untouched_outside() -> Iterator[None]:
    before = fingerprint()
    yield
    assert fingerprint() == before


def fingerprint() -> dict[str, str]:
    """Mode, owner and digest of every file that account programs and ``enable`` could touch."""
    return {str(file): _digest(file) for pattern in TOUCHABLE for file in Path("/").glob(pattern)}


def _digest(file: Path) -> str:
    status = file.lstat()
    content = file.read_bytes() if stat.S_ISREG(status.st_mode) else b""
    digest = hashlib.sha256(content).hexdigest()
    return f"{status.st_mode:o} {status.st_uid}:{status.st_gid} {digest}"


def adduser(chain: Chain, name: str, full_name: str, password: str) -> None:
    """Add a person as an administrator does who sits at a terminal."""
    typed = [("New password: ", password), ("Retype.*: ", password)]
    command = ["/usr/sbin/adduser", "--gecos", full_name, name]
    assert chain.machine.talk(command, typed) == 0


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Assert that what is done in it takes no longer."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


# --- a person comes, changes and goes ----------------------------------------------------------


def test_adduser_makes_one_account_that_has_name_and_password_at_once(chain: Chain) -> None:
    chain.enable(*ALL)
    adduser(chain, "alice", "Alice Ng", "correct-horse-7")
    assert chain.calls() == [CREATE]
    assert len(chain.writes()) == 1
    assert chain.writes()[0].body["name"] == {"givenName": "Alice", "familyName": "Ng"}
    assert chain.accounts() == {"alice": "active"}
    assert chain.accepts("alice", "correct-horse-7")
    assert chain.waiting() == {}


def test_deluser_suspends_and_deletes_nothing(chain: Chain) -> None:
    chain.enable(*ALL)
    adduser(chain, "alice", "Alice Ng", "correct-horse-7")
    chain.machine.must("deluser --remove-home alice")
    assert chain.accounts() == {"alice": "suspended"}
    assert chain.calls() == [CREATE, CHANGE]


def test_what_a_killed_adduser_leaves_is_delivered_by_the_retry(chain: Chain) -> None:
    """Until then it is only noted, because adduser itself would have told us more."""
    chain.enable(*ALL)
    killed = ["/usr/bin/timeout", "--foreground", "--signal", "KILL", "2"]
    assert chain.machine.talk([*killed, "/usr/sbin/adduser", "--gecos", "Al Ng", "alice"], []) != 0
    assert "alice" in chain.machine.accounts()
    assert chain.accounts() == {}
    assert chain.command("deliver").returncode == 0
    assert chain.accounts() == {"alice": "active"}


def test_useradd_makes_an_account_under_the_full_name(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd -m -c 'Alice van Ng,Room 7,,' alice")
    found = chain.account("alice")
    assert found is not None
    assert found["name"] == {"givenName": "Alice van", "familyName": "Ng"}


def test_a_person_changes_the_own_password_and_google_takes_it(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd -m alice")
    chain.set_passwords("alice:first-Word-1")
    assert chain.accepts("alice", "first-Word-1")
    assert chain.machine.passwd("alice", "first-Word-1", "second-Word-2") == 0
    assert chain.accepts("alice", "second-Word-2")
    assert not chain.accepts("alice", "first-Word-1")


def test_a_password_that_comes_while_google_still_makes_the_account_arrives(chain: Chain) -> None:
    chain.google.switches.set({"creation_window": 3.0})
    chain.enable(*ALL)
    chain.machine.must("useradd alice")
    chain.set_passwords("alice:first-Word-1")
    assert chain.accepts("alice", "first-Word-1")
    assert {request.status for request in chain.writes()} == {200, 412}


def test_a_hash_that_useradd_was_given_is_the_new_accounts_password(chain: Chain) -> None:
    chain.enable(*ALL)
    given = sha512_crypt.using(rounds=5000).hash("first-Word-1")
    assert chain.machine.run("/usr/sbin/useradd", "-p", given, "alice").returncode == 0
    assert chain.accepts("alice", "first-Word-1")


def test_newusers_which_calls_no_hook_of_useradd_tells_by_the_passwords(chain: Chain) -> None:
    chain.enable(*ALL)
    lines = "ann:the-Word-1:::Ann Ng::/bin/sh\nbob:the-Word-2:::Bob Ng::/bin/sh\n"
    assert chain.machine.run("/usr/sbin/newusers", text=lines).returncode == 0
    assert chain.accepts("ann", "the-Word-1")
    assert chain.accepts("bob", "the-Word-2")
    found = chain.account("bob")
    assert found is not None
    assert found["name"] == {"givenName": "Bob", "familyName": "Ng"}


def test_chpasswd_for_several_reaches_each_of_them(chain: Chain) -> None:
    chain.machine.must("for u in ann bob cat; do useradd $u; done")
    chain.enable(*ALL)
    chain.set_passwords("ann:the-Word-1", "bob:the-Word-2", "cat:the-Word-3")
    for name, password in (("ann", "the-Word-1"), ("bob", "the-Word-2"), ("cat", "the-Word-3")):
        assert chain.accepts(name, password)
    assert chain.calls() == [CREATE] * 3


def test_a_delivered_hash_is_nowhere_in_the_state_directory(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd alice")
    chain.set_passwords("alice:first-Word-1")
    assert chain.accepts("alice", "first-Word-1")
    _, _, salt, secret = chain.machine.stored_hash("alice").split("$")
    held = chain.state_bytes()
    assert b"alice" in held
    assert salt.encode() not in held
    assert secret.encode() not in held


def test_a_list_of_people_read_by_a_shell_loop_arrives_whole(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.write("/var/tmp/list", "ann\nbob\ncat\ndan\n")
    chain.machine.must('while read u; do useradd "$u"; done </var/tmp/list')
    assert chain.accounts() == dict.fromkeys(("ann", "bob", "cat", "dan"), "active")
    assert chain.calls() == [CREATE] * 4


# --- what no hook sees -------------------------------------------------------------------------


def test_a_look_brings_what_programs_without_hooks_have_changed(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd -m -c 'Alice Ng' alice && groupadd team-red")
    before = chain.account("alice")
    chain.machine.must("usermod -l alison -c 'Alison Ng' alice && gpasswd -a alison team-red")
    looked = chain.command("reconcile", "--only", "alison", "group:team-red")
    assert looked.returncode == 0, looked.stdout + looked.stderr
    after = chain.account("alison")
    assert before is not None
    assert after is not None
    assert after["id"] == before["id"]
    assert after["name"] == {"givenName": "Alison", "familyName": "Ng"}
    assert chain.members("team-red") == {"alison@example.org"}
    assert chain.accounts() == {"alison": "active"}


@pytest.mark.parametrize(
    ("off", "on"),
    [
        ("usermod -L alice", "usermod -U alice"),
        ("chage -E 1 alice", "chage -E -1 alice"),
    ],
)
def test_a_lock_is_seen_by_a_look_and_so_is_its_end(chain: Chain, off: str, on: str) -> None:
    chain.machine.must("useradd alice && groupadd others")
    chain.set_passwords("alice:first-Word-1")
    assert chain.hook("user-add", "alice").returncode == 0
    chain.machine.must(off)
    assert chain.command("reconcile", "--only", "alice").returncode == 0
    assert chain.accounts() == {"alice": "suspended"}
    chain.machine.must(on)
    assert chain.hook("user-modify", "alice").returncode == 0
    assert chain.accounts() == {"alice": "active"}


def test_the_members_of_a_group_follow_and_a_removed_group_is_emptied(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd alice && useradd bob && groupadd team-red && groupadd rest")
    chain.machine.must("gpasswd -M alice,bob team-red")
    assert chain.hook("group-change", "team-red").returncode == 0
    assert chain.members("team-red") == {"alice@example.org", "bob@example.org"}
    chain.machine.must("gpasswd -d bob team-red")
    assert chain.command("reconcile", "--only", "group:team-red").returncode == 0
    assert chain.members("team-red") == {"alice@example.org"}
    chain.machine.must("groupdel team-red")
    assert chain.command("reconcile", "--only", "group:team-red").returncode == 0
    assert chain.members("team-red") == set()


def test_the_local_group_that_switches_google_on_brings_people_in_and_out(chain: Chain) -> None:
    chain.settle(enabled='group = "google"')
    chain.machine.must("groupadd google")
    chain.enable(*ALL)
    chain.machine.must("useradd alice")
    chain.set_passwords("alice:first-Word-1")
    assert chain.accounts() == {}
    chain.machine.must("gpasswd -a alice google")
    assert chain.hook("group-change", "google").returncode == 0
    assert chain.accounts() == {"alice": "active"}
    assert chain.accepts("alice", "first-Word-1")
    chain.machine.must("gpasswd -d alice google")
    assert chain.hook("group-change", "google").returncode == 0
    assert chain.command("deliver").returncode == 0
    assert chain.accounts() == {"alice": "suspended"}


# --- whose account it is -----------------------------------------------------------------------


@pytest.mark.parametrize("google", ["here", "away", "refusing"])
def test_a_reused_number_never_hands_an_account_over(chain: Chain, google: str) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd -u 1777 -c 'Ng' alice")
    if google == "away":
        chain.google_leaves()
    if google == "refusing":
        chain.google.faults.script([{"fails": "403", "call": CHANGE, "times": 0}])
    chain.machine.must("userdel alice && useradd -u 1777 -c 'Ng' bob")
    if google == "away":
        chain.google_returns()
        assert chain.command("deliver").returncode == 0
    left = "active" if google == "refusing" else "suspended"
    assert chain.accounts() == {"alice": left, "bob": "active"}
    alice, bob = chain.account("alice"), chain.account("bob")
    assert alice is not None
    assert bob is not None
    assert alice["id"] != bob["id"]


def test_a_reused_name_is_asked_about_and_the_same_person_is_taken_up_again(chain: Chain) -> None:
    chain.enable(*ALL)
    chain.machine.must("useradd -u 1777 alice && userdel alice && useradd -u 1888 alice")
    assert chain.accounts() == {"alice": "suspended"}
    assert "same person?" in chain.waiting()["alice"]["reason"]
    chain.machine.must("userdel alice && useradd -u 1777 alice")
    assert chain.accounts() == {"alice": "active"}


def test_one_of_twenty_is_enabled_and_the_others_are_left_alone(chain: Chain) -> None:
    names = [f"user{number:02}" for number in range(1, 21)]
    others = [name for name in names if name != "user07"]
    chain.google.seed({"users": [{"primaryEmail": f"{name}@example.org"} for name in names]})
    chain.settle(enabled='group = "google"')
    chain.machine.must(f"for u in {' '.join(names)}; do useradd $u; done")
    chain.machine.must("groupadd google && gpasswd -a user07 google")
    chain.enable(*ALL)
    before = {name: chain.account(name) for name in others}

    chain.set_passwords("user12:others-Word-1", "user07:first-Word-1")
    chain.machine.must("userdel user13 && deluser user14 && usermod -L user15")
    chain.command("reconcile", "--only", "user15")

    assert chain.accepts("user07", "first-Word-1")
    assert {name: chain.account(name) for name in others} == before
    assert not any(name in request.path for request in chain.google.requests for name in others)
    assert [request.call for request in chain.writes()] == [CHANGE]
    assert b"$6$" not in chain.state_bytes()


def test_an_administrator_at_google_is_left_alone_whatever_is_done_here(chain: Chain) -> None:
    chain.google.seed({"users": [{"primaryEmail": "boss@example.org", "isAdmin": True}]})
    before = chain.account("boss")
    chain.enable(*ALL)
    chain.machine.must("useradd -m -c 'Other Name' boss")
    chain.set_passwords("boss:first-Word-1")
    chain.machine.must("userdel boss")
    assert chain.account("boss") == before
    assert chain.calls() == []
    assert (
        "The Google Workspace administrator account boss@example.org cannot be suspended. Create "
        "it in the account manager and enable Google for it, or list it under protected."
    ) in chain.waiting()["boss"]["reason"]


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
    adduser(chain, "alice", "Alice Ng", "correct-horse-7")
    assert chain.calls() == [CREATE]
    assert not chain.accepts("alice", "correct-horse-7")
    assert "a password that nobody knows" in chain.command("log", "alice").stdout
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

    come_back = leave(chain)
    with within(4.0):
        adduser(chain, "alice", "Alice Ng", "correct-horse-7")
    with within(4.0):
        assert chain.machine.passwd("bob", "first-Word-1", "second-Word-2") == 0
    with within(4.0):
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
