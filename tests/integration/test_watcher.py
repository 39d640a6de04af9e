"""The watcher's thread: it looks when files are replaced, settles bursts, and stops at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from local_files import LocalFiles, hashed
from organisation import Organisation, organise

from gapps_hooks.model import Event
from gapps_hooks.outbox import seen
from gapps_hooks.settings import AgentSettings, Settings
from gapps_hooks.sources import NssSource
from gapps_hooks.watching import Rhythm, Watcher, WatchingCompanion, open_watcher
from gapps_hooks.watching.bell import Bell
from gapps_hooks.watching.looking import Looker

SOON = Rhythm(quiet=0.15, longest=1.0, poll=0.05, glance=0.5, again=0.05, again_at_most=0.2)
PATIENCE = 10.0


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that is going to be so; how long it takes says nothing here."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


class Office:
    """An installation with a watcher, and what that tells."""

    def __init__(self, organisation: Organisation, files: LocalFiles) -> None:
        self.organisation = organisation
        self.files = files
        self.events: list[Event] = []
        self.sentences: list[str] = []
        self.watcher = self.make(files.directory)

    def make(self, noticed: Path) -> Watcher:
        """Make a watcher; in a directory that is not there nothing can be noticed."""
        source = NssSource(self.files.directory)
        looker = Looker(
            settings=self.organisation.settings,
            state=self.organisation.state,
            source=source,
            record=self.events.append,
        )
        return Watcher(looker, noticed, tell=self.sentences.append, rhythm=SOON)

    def begin(self) -> None:
        self.watcher.start()
        until(lambda: bool(seen.rule(self.organisation.state)))

    def names(self) -> list[str]:
        return [event.name for event in self.events]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    directory = tmp_path / "etc"
    directory.mkdir()
    files = LocalFiles(directory)
    files.person("alice", 1001, "Alice Ng", hashed("old"))
    organisation = organise(tmp_path, source=f'[source]\ntype = "nss"\ndirectory = "{directory}"')
    office = Office(organisation, files)
    yield office
    office.watcher.stop()


def test_a_file_that_is_replaced_is_looked_at(office: Office) -> None:
    office.begin()
    office.files.person("bob", 1002, "Bob Lee")
    until(lambda: office.names() == ["bob"])
    assert office.sentences == []


def test_a_file_that_is_written_in_place_is_looked_at(office: Office) -> None:
    office.begin()
    passwd = office.files.directory / "passwd"
    passwd.write_text(passwd.read_text().replace("Alice Ng", "Alice Ngo"))
    until(lambda: office.names() == ["alice"])


def test_a_burst_is_told_once(office: Office) -> None:
    office.begin()
    for number in range(10):
        office.files.person("bob", 1002, f"Bob Lee {number}")
    until(lambda: office.names() == ["bob"])
    time.sleep(SOON.quiet * 2)
    assert office.names() == ["bob"]


def test_what_cannot_be_read_is_looked_at_again_and_told_once(office: Office) -> None:
    office.begin()
    (office.files.directory / "group").unlink()
    until(lambda: len(office.sentences) == 1)
    assert "group cannot be read" in office.sentences[0]
    office.files.person("bob", 1002, "Bob Lee")
    until(lambda: office.names() == ["bob"])
    assert len(office.sentences) == 1


def test_what_inotify_does_not_tell_is_found_by_a_glance(office: Office) -> None:
    """It goes on watching a directory that was renamed away."""
    office.begin()
    directory = office.files.directory
    shutil.copytree(directory, directory.with_name("new"))
    directory.rename(directory.with_name("old"))
    directory.with_name("new").rename(directory)
    office.files.person("bob", 1002, "Bob Lee")
    until(lambda: office.names() == ["bob"])


def test_of_many_doubts_the_first_are_named(office: Office) -> None:
    for number in range(9):
        office.files.person(f"user{number}", 2000 + number)
        office.organisation.fire("user-add", f"user{number}")
    office.begin()
    office.files.replace("passwd", "".join(office.files.passwd().splitlines(keepends=True)[:2]))
    until(lambda: bool(office.sentences))
    assert office.sentences[0].count("still in shadow") == 3
    assert "; and 6 more; it is looked at again" in office.sentences[0]


WITHOUT_WATCHDOG = """
import sys
from pathlib import Path
sys.modules["watchdog"] = None  # as if it were not installed
from gapps_hooks.watching import Watcher
class Looker:
    def look(self): raise SystemExit
Watcher(Looker(), Path("/etc"), tell=print).start()
"""


def test_without_its_packages_it_says_how_to_get_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_WATCHDOG], capture_output=True, text=True, check=True
    )
    assert "/etc is looked at every few seconds" in done.stdout
    assert f"{sys.prefix}/bin/pip install '.[agent]'" in done.stdout


def test_without_inotify_the_files_are_looked_at_now_and_then(office: Office) -> None:
    looker = Looker(
        settings=office.organisation.settings,
        state=office.organisation.state,
        source=NssSource(office.files.directory),
        record=office.events.append,
    )
    # what inotify cannot watch: a way that is not there yet
    away = office.files.directory.parent / "later"
    office.watcher = Watcher(looker, away, tell=office.sentences.append, rhythm=SOON)
    office.begin()
    assert "for want of inotify" in office.sentences[0]
    away.symlink_to(office.files.directory)
    office.files.person("bob", 1002, "Bob Lee")
    until(lambda: office.names() == ["bob"])


@pytest.mark.parametrize("polling", [True, False])
def test_it_stops_when_it_is_told(office: Office, polling: bool) -> None:  # noqa: FBT001 - one of two cases
    if polling:
        office.watcher = office.make(office.files.directory / "missing")
    office.begin()
    office.watcher.stop()
    # its stop waits for a second at most, which a busy machine may overstay
    until(lambda: "watcher" not in {thread.name for thread in threading.enumerate()})


def test_it_is_made_only_where_it_is_wanted(tmp_path: Path) -> None:
    def made(folder: str, source: str, more: str = "") -> Watcher | None:
        place = tmp_path / folder
        place.mkdir()
        office = organise(place, source=f"[source]\n{source}", more=more)
        return open_watcher(office.settings, office.state, lambda _: None, lambda _: None)

    assert made("one", 'type = "nss"') is not None
    assert made("two", 'type = "none"') is None
    assert made("three", 'type = "nss"', "---[agent]\nwatch = false") is None


@dataclass
class Surroundings:
    """What the agent gives its companions."""

    settings: Settings
    record: Callable[[Event], object]


def test_the_agent_may_start_it_anew_with_other_settings(office: Office) -> None:
    settings = office.organisation.settings
    companion = WatchingCompanion(office.sentences.append)
    companion.start(Surroundings(settings, office.events.append))
    until(lambda: bool(seen.rule(office.organisation.state)))
    companion.stop()
    office.files.person("bob", 1002, "Bob Lee")
    silent = replace(settings, agent=AgentSettings(watch=False))
    companion.start(Surroundings(silent, office.events.append))
    companion.stop()
    assert office.events == []
    companion.start(Surroundings(settings, office.events.append))
    until(lambda: office.names() == ["bob"])
    companion.stop()
    assert office.sentences == []


# --- the bell ------------------------------------------------------------------------------------


def test_a_ring_before_the_waiting_counts() -> None:
    bell = Bell()
    bell.ring()
    assert bell.wait(0.0)
    assert not bell.wait(0.0)


def test_a_bell_that_never_rests_is_not_waited_for_longer_than_said() -> None:
    moments = iter(range(100))
    bell = Bell(monotonic=lambda: float(next(moments)))
    bell.ring()
    bell.settle(quiet=0.0, longest=3.0)
    assert next(moments) <= 5


def test_closing_ends_every_wait() -> None:
    bell = Bell()
    waiter = threading.Thread(target=bell.wait, args=(60.0,))
    waiter.start()
    bell.close()
    waiter.join(5.0)
    assert not waiter.is_alive()
