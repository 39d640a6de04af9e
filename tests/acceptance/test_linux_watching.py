"""The watcher and Debian's own programs, most of which have no hook: what each of them tells."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Machine
from linux_chain import ALL, CHANGE, CREATE, Chain
from passlib.hash import sha512_crypt  # type: ignore[import-untyped] # libpass has no types

from gapps_hooks.model import Event, Kind
from gapps_hooks.outbox import State, entries, open_state, seen, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.record import Desk, record
from gapps_hooks.settings import Settings, load_settings
from gapps_hooks.sources import open_source
from gapps_hooks.watching import Watcher, open_watcher

SETTINGS = """\
domain = "example.org"
admin = "admin@example.org"
[google]
credentials = "/etc/gapps-hooks/service-account.json"
[source]
type = "nss"
[enabled]
group = "google"
[groups]
which = ["team*"]
[state]
directory = "{state}"
"""
FIRST = sha512_crypt.using(rounds=1000).hash("first-Word-1")
SECOND = sha512_crypt.using(rounds=1000).hash("second-Word-2")
PATIENCE = 20.0


class Watched:
    """The view's accounts, watched from here; events are recorded, and nobody delivers them."""

    def __init__(self, machine: Machine, folder: Path, settings: str = SETTINGS) -> None:
        self.machine = machine
        self.events: list[Event] = []
        self.sentences: list[str] = []
        self.settings = self._settings(folder, settings)
        self.state: State = open_state(folder / "state", domain="example.org")
        self._desk = Desk(
            settings=self.settings,
            state=self.state,
            source=open_source(self.settings),
            tell_trouble=self.sentences.append,
        )
        self.watcher = self.another_watcher()

    def _settings(self, folder: Path, text: str) -> Settings:
        file = folder / "gapps-hooks.toml"
        etc = f'type = "nss"\ndirectory = "{self.machine.path("/etc")}"'
        text = text.replace("{state}", str(folder / "state")).replace('type = "nss"', etc)
        file.write_text(text)
        return load_settings(file, check_files=False)

    def another_watcher(self) -> Watcher:
        """A watcher as the next start makes it."""
        watcher = open_watcher(self.settings, self.state, self._record, self.sentences.append)
        assert watcher is not None
        return watcher

    def _record(self, event: Event) -> None:
        record(self._desk, event)
        self.events.append(event)

    def begin(self) -> None:
        """Start, and wait for the first look."""
        self.watcher.start()
        _until(lambda: bool(seen.rule(self.state)))

    def told(self, line: str, *expected: tuple[str, str]) -> tuple[Event, ...]:
        """Run a line of shell; wait until all of that was told, and see that nothing else was."""
        before = len(self.events)
        self.machine.must(line)
        names = [f"{kind} {name}" for kind, name in expected]
        _until(lambda: len(self.events) >= before + len(expected), lambda: self._news(before))
        if not expected:
            time.sleep(1.5)
        assert self._news(before) == names
        return tuple(self.events[before:])

    def _news(self, before: int) -> list[str]:
        return [f"{event.kind} {event.name}" for event in self.events[before:]]

    def entry(self, name: str, kind: Kind = Kind.USER) -> Entry:
        """What the outbox holds of somebody."""
        subject = subjects.of_name(self.state, kind, name)
        found = None if subject is None else entries.get(self.state, subject)
        assert found is not None
        return found

    def end(self) -> None:
        self.watcher.stop()
        self.state.close()


def _until(condition: Callable[[], bool], news: Callable[[], object] = list) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"it never came; there was {news()}"
        time.sleep(0.02)


@pytest.fixture
def watched(machine: Machine, tmp_path: Path) -> Iterator[Watched]:
    machine.must("groupadd google && useradd -m -c 'Alice Ng' -G google alice")
    machine.must("groupadd team-red && useradd -c 'Bob Lee' bob")
    assert machine.run("/usr/sbin/chpasswd", "-e", text=f"alice:{FIRST}\n").returncode == 0
    watched = Watched(machine, tmp_path)
    try:
        watched.begin()
        yield watched
    finally:
        watched.end()


def test_what_the_accounts_programs_without_hooks_do_is_told(watched: Watched) -> None:
    modified = ("user-modify", "alice")
    watched.told("usermod -c 'Alice Ngo' alice", modified)
    watched.told("usermod -L alice", modified)
    watched.told("usermod -U alice", modified)
    watched.told("chage -E 2001-01-01 alice", modified)
    watched.told("usermod -e '' alice", modified)
    watched.told("gpasswd -d alice google", modified)
    watched.told("gpasswd -a alice google", modified)
    watched.told("usermod -s /bin/sh alice")
    assert watched.entry("alice").patch == {"enabled": True}
    assert watched.sentences == []


def test_groups_and_their_members_are_told(watched: Watched) -> None:
    watched.told("groupadd team-blue", ("group-change", "team-blue"))
    watched.told("gpasswd -a bob team-blue", ("group-change", "team-blue"))
    watched.told("usermod -aG team-red bob", ("group-change", "team-red"))
    (renamed,) = watched.told("groupmod -n team-navy team-blue", ("group-change", "team-navy"))
    assert renamed.old_name == "team-blue"
    watched.told("groupdel team-navy", ("group-change", "team-navy"))
    assert watched.entry("team-navy", Kind.GROUP).removed
    assert watched.sentences == []


def test_a_hash_that_no_pam_module_has_seen_is_recorded(watched: Watched) -> None:
    line = f"printf '%s\\n' 'alice:{SECOND}' 'bob:{SECOND}' | chpasswd -e"
    watched.told(line, ("password-set", "alice"))
    password = watched.entry("alice").password
    assert password is not None
    assert password.value == SECOND


def test_people_come_are_renamed_and_go(watched: Watched) -> None:
    add = f"useradd -c 'Carol Oh' -G google,team-red -p '{FIRST}' carol"
    watched.told(add, ("user-add", "carol"), ("group-change", "team-red"))
    assert watched.entry("carol").added
    (renamed, _) = watched.told(
        "usermod -l caroline carol", ("user-modify", "caroline"), ("group-change", "team-red")
    )
    assert renamed.old_name == "carol"
    watched.told("userdel caroline", ("user-delete", "caroline"), ("group-change", "team-red"))
    assert watched.entry("caroline").removed
    watched.told("useradd -c 'Dan Ox' dan")
    assert watched.sentences == []


def test_what_happened_while_nobody_watched_is_told_at_the_next_start(watched: Watched) -> None:
    watched.watcher.stop()
    watched.machine.must("usermod -c 'Alice Ngo' alice && userdel bob")
    watched.watcher = watched.another_watcher()
    watched.begin()
    _until(lambda: [event.name for event in watched.events] == ["alice"])


# --- beside the hooks ----------------------------------------------------------------------------


@pytest.fixture
def beside(chain: Chain, tmp_path: Path) -> Iterator[Watched]:
    """A watcher on the same state as the hooks, which deliver to an emulated Google."""
    file = chain.machine.path("/etc/gapps-hooks/gapps-hooks.toml")
    text = file.read_text().replace("/var/lib/gapps-hooks", str(tmp_path / "state"))
    file.write_text(text)
    chain.enable(*ALL)
    watched = Watched(chain.machine, tmp_path, text)
    try:
        watched.begin()
        yield watched
    finally:
        watched.end()


def test_what_the_hooks_tell_the_watcher_does_not_make_dearer(
    chain: Chain, beside: Watched
) -> None:
    chain.adduser("alice", "Alice Ng", "correct-horse-7")
    _until(lambda: bool(beside.events))
    time.sleep(1.5)
    assert chain.command("deliver").returncode == 0
    assert chain.calls() == [CREATE]
    assert chain.accepts("alice", "correct-horse-7")
    chain.set_passwords("alice:second-Word-2")
    time.sleep(1.5)
    assert chain.command("deliver").returncode == 0
    assert chain.calls() == [CREATE, CHANGE]
    assert chain.accepts("alice", "second-Word-2")
    chain.machine.must("deluser alice")
    time.sleep(1.5)
    assert chain.command("deliver").returncode == 0
    assert chain.calls() == [CREATE, CHANGE, CHANGE]
    assert chain.accounts() == {"alice": "suspended"}
