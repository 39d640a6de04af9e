"""What SQLite passes over in silence, the end of a log that makes no sense, is noticed and told."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from gapps_hooks.errors import StateUnusable
from gapps_hooks.model import Event, EventKind, Kind, Link
from gapps_hooks.outbox import State, acknowledged, entries, history, links, mending, open_state

EVENTS = 20
FRAME = 24 + 4096
SOUND_NAMES = {"state.db", "state.db-wal", "state.db-shm", "leases.lock"}


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def opened(told: list[str]) -> Callable[[Path], State]:
    def opened(directory: Path) -> State:
        return open_state(directory, domain="example.org", tell_trouble=told.append)

    return opened


def record(state: State, number: int) -> None:
    event = Event(
        id=f"{number:032x}",
        kind=EventKind.USER_MODIFY,
        name=f"user{number}",
        patch={"family_name": f"Family {number}"},
    )
    entries.record(state, event)


def names(state: State) -> set[str]:
    return {entry.name for entry in entries.all_entries(state)}


EVERYBODY = {f"user{number}" for number in range(EVENTS)}


@pytest.fixture
def left(tmp_path: Path, opened: Callable[[Path], State]) -> Path:
    """What a power cut leaves: a database, and a log into which nobody looks any more."""
    with opened(tmp_path / "state") as state:
        for number in range(EVENTS):
            record(state, number)
        shutil.copytree(tmp_path / "state", tmp_path / "left")
    (tmp_path / "left" / "state.db-shm").unlink()
    return tmp_path / "left"


def frames(log: bytes) -> int:
    return (len(log) - 32) // FRAME


def tear(directory: Path, at: int, what: bytes) -> None:
    path = directory / "state.db-wal"
    log = bytearray(path.read_bytes())
    place = at if at >= 0 else len(log) + at
    log[place : place + len(what)] = what
    path.write_bytes(log)


def test_a_sound_log_is_told_by_nobody(
    left: Path, opened: Callable[[Path], State], told: list[str]
) -> None:
    with opened(left) as state:
        assert names(state) == EVERYBODY
    assert told == []


def test_a_damage_in_the_very_last_frame_is_told(
    left: Path, opened: Callable[[Path], State], told: list[str]
) -> None:
    tear(left, -100, b"\x5a" * 50)
    with opened(left) as state:
        # what the last frame held is gone, and no more than that
        assert EVERYBODY - names(state) <= {f"user{EVENTS - 1}"}
        assert state.notice == told[0]
        assert state.meta(mending.LINKS_LOST)
        record(state, 500)
    with opened(left) as state:
        assert "user500" in names(state)
    assert len(told) == 1


def test_a_log_that_vanished_is_told(
    left: Path, opened: Callable[[Path], State], told: list[str]
) -> None:
    (left / "state.db-wal").unlink()
    with opened(left) as state:
        assert names(state) == set()
        record(state, 500)
    opened(left).close()
    assert ["0 waiting entries" in line for line in told] == [True]


DAMAGES: dict[str, tuple[int, bytes]] = {
    "a page in the middle": (32 + 5 * FRAME + 2000, b"\x5a" * 100),
    "the salts of a frame": (32 + 5 * FRAME + 8, b"\x5a" * 8),
    "the sum of a frame": (32 + 5 * FRAME + 16, b"\x5a" * 8),
    "the log's magic number": (0, b"\x5a" * 4),
    "the log's page size": (8, struct.pack(">I", 1024)),
    "no page size at all": (8, b"\x5a" * 4),
    "the log's salts": (16, b"\x5a" * 8),
    "the log's own sum": (24, b"\x5a" * 8),
    "the whole beginning of the log": (0, b"\x5a" * 32),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_follows_a_damage_in_a_log_that_nobody_doubts_is_found_again(
    left: Path, opened: Callable[[Path], State], told: list[str], damage: str
) -> None:
    tear(left, *DAMAGES[damage])
    with opened(left) as state:
        assert len(names(state)) >= EVENTS - 1
        assert f"user{EVENTS - 1}" in names(state)
    assert len(told) == 1


@pytest.mark.parametrize("room", [40_000, 400_000])
def test_a_mending_for_which_there_is_no_room_leaves_the_log_as_it_is(
    left: Path, opened: Callable[[Path], State], room: int
) -> None:
    """For the new file, or for the copy of the old one; whoever closes it last keeps its log."""
    tear(left, *DAMAGES["a page in the middle"])
    before = (left / "state.db-wal").read_bytes()
    script = (
        "import pathlib, resource, sys\n"
        "from gapps_hooks.errors import StateUnusable\n"
        "from gapps_hooks.outbox import open_state\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "try:\n    open_state(pathlib.Path(sys.argv[1]), domain='example.org')\n"
        "except StateUnusable as error:\n    print(error)\n"
    )
    for _ in range(2):
        command = [sys.executable, "-c", script, str(left), str(room)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        assert "disk" in done.stdout
        assert (left / "state.db-wal").read_bytes() == before
        assert {file.name for file in left.iterdir()} <= SOUND_NAMES
    with opened(left) as state:
        assert f"user{EVENTS - 1}" in names(state)
        assert len(names(state)) >= EVENTS - 1


def test_salts_that_are_damaged_cost_nothing(
    left: Path, opened: Callable[[Path], State], told: list[str]
) -> None:
    for number in (3, 9):
        tear(left, 32 + number * FRAME + 8, b"\x5a" * 8)
    with opened(left) as state:
        assert names(state) == EVERYBODY
    assert len(told) == 1


def test_a_link_that_is_lost_with_the_end_is_told(
    tmp_path: Path, opened: Callable[[Path], State], told: list[str]
) -> None:
    """Unheard, the account of somebody who is renamed next would be made a second time."""
    directory, left = tmp_path / "state", tmp_path / "left"
    with opened(directory) as state:
        record(state, 0)
        before = (directory / "state.db-wal").stat().st_size
        (entry,) = entries.all_entries(state)
        link = Link(subject=entry.subject, google_id="1", address="user0@example.org", name="user0")
        links.save(state, link)
        with state.transaction():
            entries.settle(state, entry)
            history.write(
                state,
                subject=entry.subject,
                kind=Kind.USER,
                name="user0",
                what="delivery",
                verdict="done",
                line="user0: created",
            )
        shutil.copytree(directory, left)
    (left / "state.db-shm").unlink()
    with (left / "state.db-wal").open("r+b") as log:
        log.truncate(before)
    with opened(left) as state:
        assert links.of(state, entry.subject) is None
        assert state.meta(mending.LINKS_LOST)
    assert len(told) == 1


def test_an_older_copy_in_the_place_of_the_file_is_told(
    tmp_path: Path, opened: Callable[[Path], State], told: list[str]
) -> None:
    directory = tmp_path / "state"
    with opened(directory) as state:
        record(state, 0)
    shutil.copy2(directory / "state.db", tmp_path / "older")
    with opened(directory) as state:
        record(state, 1)
    shutil.copy2(tmp_path / "older", directory / "state.db")
    with opened(directory) as state:
        assert names(state) == {"user0"}
    assert "changes that were not delivered yet may be lost" in told[0]


# --- no false alarms -----------------------------------------------------------------------------


def test_what_a_power_cut_takes_back_of_the_mark_alarms_nobody(
    left: Path, opened: Callable[[Path], State], told: list[str]
) -> None:
    acknowledged.write(left, acknowledged.Mark(version=2, numbered=EVENTS - 5))
    with opened(left) as state:
        assert names(state) == EVERYBODY
    assert told == []


def test_an_event_that_was_taken_back_was_never_acknowledged(
    tmp_path: Path, opened: Callable[[Path], State], told: list[str]
) -> None:
    with opened(tmp_path / "state") as state, state.transaction():
        record(state, 1)
        with suppress(ZeroDivisionError), state.attempt():
            record(state, 2)
            raise ZeroDivisionError
    # an event and its subject
    assert acknowledged.read(tmp_path / "state").numbered == 2
    with opened(tmp_path / "state") as state:
        assert names(state) == {"user1"}
    assert told == []


def test_what_may_get_lost_in_a_power_cut_is_not_taken_for_acknowledged(
    tmp_path: Path, opened: Callable[[Path], State]
) -> None:
    with opened(tmp_path / "state") as state:
        record(state, 1)
        before = acknowledged.read(tmp_path / "state")
        with state.transaction(durable=False):
            entries.touch(state, Kind.USER, "bob")
        assert acknowledged.read(tmp_path / "state") == before


def empty(state: State) -> None:
    with state.transaction():
        pass


def unchanged(state: State) -> None:
    with state.transaction():
        state.execute("UPDATE subjects SET named = named")


def after_one_that_failed(state: State) -> None:
    with suppress(ZeroDivisionError), state.transaction():
        record(state, 2)
        raise ZeroDivisionError
    empty(state)


@pytest.mark.parametrize("follows", [empty, unchanged, after_one_that_failed])
def test_one_that_writes_nothing_acknowledges_nothing_that_others_left_to_the_disk(
    tmp_path: Path, opened: Callable[[Path], State], follows: Callable[[State], None]
) -> None:
    """SQLite syncs nothing then, and a power cut may take back the log, but not the mark."""
    with opened(tmp_path / "state") as state:
        record(state, 1)
        with state.transaction(durable=False):
            entries.touch(state, Kind.USER, "bob")
        before = acknowledged.read(tmp_path / "state")
        follows(state)
        assert acknowledged.read(tmp_path / "state") == before
        record(state, 3)
        assert acknowledged.read(tmp_path / "state").numbered == before.numbered + 4


@pytest.mark.parametrize("torn", [b"", b"\x5a", b"\x5a" * 16])
def test_a_mark_that_is_damaged_says_nothing(
    left: Path, opened: Callable[[Path], State], told: list[str], torn: bytes
) -> None:
    leases = left / "leases.lock"
    content = leases.read_bytes()
    leases.write_bytes(content[:2048] + torn + content[2048 + len(torn) :] * bool(torn))
    with opened(left) as state:
        assert names(state) == EVERYBODY
    assert told == []


# --- of a newer release --------------------------------------------------------------------------


def test_a_newer_releases_file_without_its_beginning_is_refused_by_name(
    left: Path, opened: Callable[[Path], State]
) -> None:
    opened(left).close()
    acknowledged.write(left, acknowledged.Mark(version=99, numbered=EVENTS))
    path = left / "state.db"
    content = bytes(4096) + path.read_bytes()[4096:]
    path.write_bytes(content)
    with pytest.raises(StateUnusable, match=r"newer release.*file version 99"):
        opened(left)
    assert path.read_bytes() == content
