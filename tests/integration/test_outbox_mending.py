"""A damaged state file: what can be read lives on, and nothing is acknowledged into the old one."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from disk import written_in

from gapps_hooks.errors import StateDamaged, StateUnusable
from gapps_hooks.model import (
    Event,
    EventKind,
    Identity,
    Kind,
    Link,
    Membership,
    PasswordHash,
    Role,
    Verb,
)
from gapps_hooks.outbox import (
    State,
    bounds,
    creations,
    entries,
    history,
    leases,
    links,
    memberships,
    mending,
    open_state,
    subjects,
)

HASH = "$6$salt$" + "h" * 86
PEOPLE = 200


class Told:
    """Collects what the system's log would get."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state"


def opened(directory: Path, told: Told | None = None) -> State:
    return open_state(directory, domain="example.org", tell_trouble=told or Told())


def an_event(number: int, *, name: str | None = None, password: str | None = None) -> Event:
    return Event(
        id=f"{number:032x}",
        kind=EventKind.USER_MODIFY,
        name=name or f"user{number}",
        identity=Identity("entryUUID", str(number)),
        patch={"family_name": f"Family {number}" * (1 + 300 * (number % 50 == 7))},
        password=PasswordHash("crypt", password) if password else None,
    )


def lived_in(directory: Path) -> State:
    """A state in which something of every sort is remembered."""
    state = opened(directory)
    with state.transaction():
        for number in range(PEOPLE):
            entries.record(state, an_event(number, password=HASH if number % 10 == 0 else None))
            link = Link(
                subject=number + 1,
                google_id=str(10**20 + number),
                address=f"user{number}@example.org",
                name=f"user{number}",
                identity=Identity("entryUUID", str(number)),
                delivered={"enabled": state.digest(number), "aliases": ("a", "b")},
            )
            links.save(state, link)
            history.write(
                state,
                subject=number + 1,
                kind=Kind.USER,
                name=f"user{number}",
                what="delivery",
                verdict="done",
                line="created",
            )
        group = entries.touch(state, Kind.GROUP, "team").subject
        rows = [
            Membership(reference=f"user{number}", role=Role.MANAGER, address=f"user{number}@e.org")
            for number in range(PEOPLE)
        ]
        memberships.replace(state, group, rows)
        creations.begin(state, 5)
        bounds.reserve(state, 3, 1, Verb.SUSPEND, 7, None)
    return state


def everything(state: State) -> dict[str, object]:
    group = subjects.of_name(state, Kind.GROUP, "team")
    return {
        "entries": entries.all_entries(state),
        "links": links.all_links(state),
        "memberships": memberships.of(state, group) if group else (),
        "history": [one for one in history.read(state, limit=9999) if one.what != "mending"],
        "creations": creations.was_begun(state, 5),
        "bounds": bounds.used(state, Verb.SUSPEND),
        "instance": state.instance,
        "digest": state.digest("x"),
        "binding": state.binding_problem(),
    }


def sizes(state: State) -> dict[str, int]:
    found = everything(state)
    return {key: len(value) for key, value in found.items() if isinstance(value, tuple | list)}


def is_sound(state: State) -> bool:
    row = state.row("PRAGMA integrity_check")
    return row is not None and row[0] == "ok" and not state.rows("PRAGMA foreign_key_check")


def set_aside(directory: Path) -> list[Path]:
    return sorted(directory.glob("state.db.damaged-*"))


def damage(directory: Path, change: Callable[[bytearray], None], ending: str = "") -> None:
    path = directory / f"state.db{ending}"
    raw = bytearray(path.read_bytes())
    change(raw)
    path.write_bytes(raw)


def torn_header(raw: bytearray) -> None:
    raw[:100] = os.urandom(100)


def torn_first_page(raw: bytearray) -> None:
    raw[:4096] = os.urandom(4096)


def no_table_of_tables(raw: bytearray) -> None:
    raw[100:4096] = bytes(3996)


# --- what is found again -------------------------------------------------------------------------


@pytest.mark.parametrize("how", [torn_header, torn_first_page, no_table_of_tables])
@pytest.mark.parametrize("where", ["written back", "in the log"])
def test_a_file_whose_beginning_is_lost_loses_nothing_else(
    directory: Path, told: Told, how: Callable[[bytearray], None], where: str
) -> None:
    before = lived_in(directory)
    known = everything(before)
    if where == "written back":
        before.close()
    else:
        with closing(sqlite3.connect(directory / "state.db")) as other:
            other.execute("PRAGMA wal_checkpoint(PASSIVE)")
        with before.transaction():
            subjects.create(before, Kind.USER, "late")
    damage(directory, how)
    if where == "in the log":
        # the log still holds the first page, if it was written since
        (directory / "state.db-shm").unlink()
    with opened(directory, told) as state:
        assert everything(state) == known
        assert is_sound(state)
        assert not entries.record(state, an_event(9999)).duplicate
        assert entries.record(state, an_event(3)).duplicate
    before.close()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("how", [torn_header, torn_first_page, no_table_of_tables])
def test_a_damaged_file_of_every_release_is_mended(
    directory: Path, told: Told, how: Callable[[bytearray], None], version: int
) -> None:
    lived_in(directory).close()
    with closing(sqlite3.connect(directory / "state.db")) as other:
        times = dict(other.execute("SELECT subject, event_at FROM entries").fetchall())
        if version == 1:
            make_first_release(other)
    damage(directory, how)
    with opened(directory, told) as state:
        found = entries.all_entries(state)
        assert {entry.name for entry in found} == {
            "team",
            *(f"user{number}" for number in range(PEOPLE)),
        }
        assert sum(entry.password == PasswordHash("crypt", HASH) for entry in found) == PEOPLE // 10
        kept = state.rows("SELECT subject, kept_at FROM secrets")
        if version == 1:
            assert {row[0]: row[1] for row in kept} == {row[0]: times[row[0]] for row in kept}
        assert not state.rows("SELECT 1 FROM subjects WHERE name LIKE '$%'")
        assert is_sound(state)


def make_first_release(connection: sqlite3.Connection) -> None:
    """Take back what version 2 brought: its records have one value less, not an empty one."""
    connection.executescript(
        "CREATE TABLE older (subject INTEGER PRIMARY KEY REFERENCES entries ON DELETE CASCADE,"
        " function TEXT NOT NULL, value TEXT NOT NULL);"
        "INSERT INTO older SELECT subject, function, value FROM secrets;"
        "DROP TABLE secrets; ALTER TABLE older RENAME TO secrets; DROP TABLE seen;"
        "PRAGMA user_version = 1; VACUUM;"
    )


def test_what_was_only_in_the_log_is_found(directory: Path, told: Told) -> None:
    with lived_in(directory) as before:
        known = everything(before)
        copied = directory.with_name("copied")
        shutil.copytree(directory, copied)
    damage(copied, torn_header)
    with opened(copied, told) as state:
        assert everything(state) == known


def test_pages_full_of_garbage_cost_what_stood_on_them_and_no_more(
    directory: Path, told: Told
) -> None:
    dice = random.Random(4)
    with lived_in(directory) as before:
        known = sizes(before)
    pages = (directory / "state.db").stat().st_size // 4096
    hit = dice.sample(range(1, pages), pages // 10)

    def scatter(raw: bytearray) -> None:
        for page in hit:
            raw[page * 4096 : (page + 1) * 4096] = dice.randbytes(4096)

    damage(directory, scatter)
    (directory / "state.db.suspect").touch()
    with opened(directory, told) as state:
        left = sizes(state)
        assert is_sound(state)
        assert all(left[key] >= known[key] * 0.5 for key in ("entries", "links", "history"))
        assert state.binding_problem() is None
    assert "could not be read" in told.lines[0]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_torn_the_file_is_sound_again(directory: Path, told: Told, seed: int) -> None:
    dice = random.Random(seed)
    with lived_in(directory) as before:
        instance = before.instance

    def tear(raw: bytearray) -> None:
        for _ in range(dice.randrange(1, 200)):
            at, length = dice.randrange(len(raw)), dice.randrange(1, 300)
            raw[at : at + length] = dice.randbytes(len(raw[at : at + length]))
        if dice.random() < 0.3:
            del raw[dice.randrange(len(raw)) :]

    damage(directory, tear)
    (directory / "state.db.suspect").touch()
    with opened(directory, told) as state:
        assert is_sound(state)
        assert state.instance == instance
        everything(state)
        entries.record(state, an_event(7777))
        assert entries.get(state, subjects.of_name(state, Kind.USER, "user7777") or 0) is not None


def test_one_whose_row_is_lost_is_known_from_history_and_link(directory: Path, told: Told) -> None:
    with lived_in(directory) as before:
        known = {entry.name for entry in entries.all_entries(before)}
        before.rows("PRAGMA foreign_keys = OFF")
        with before.transaction():
            before.execute("DELETE FROM subjects WHERE subject IN (4, 9)")
            before.execute("DELETE FROM links WHERE subject = 9")
    damage(directory, torn_header)
    with opened(directory, told) as state:
        assert {entry.name for entry in entries.all_entries(state)} == known


@pytest.mark.parametrize("how", ["empty", "away", "all garbage"])
def test_of_a_file_that_is_lost_the_installation_is_known(
    directory: Path, told: Told, how: str
) -> None:
    with lived_in(directory) as before:
        instance, digest = before.instance, before.digest("x")
    path = directory / "state.db"
    if how == "away":
        path.unlink()
    else:
        path.write_bytes(b"" if how == "empty" else os.urandom(40_000))
    with opened(directory, told) as state:
        assert (state.instance, state.digest("x")) == (instance, digest)
        assert state.meta(mending.LINKS_LOST)
        assert entries.all_entries(state) == ()
    assert "0 links and 0 waiting entries" in told.lines[0]


def test_a_log_that_vanished_costs_what_was_only_there(directory: Path, told: Told) -> None:
    copied = directory.with_name("copied")
    with lived_in(directory) as before:
        instance = before.instance
        shutil.copytree(directory, copied)
    (copied / "state.db-wal").unlink()
    (copied / "state.db-shm").unlink()
    with opened(copied, told) as state:
        assert state.instance == instance
        assert is_sound(state)


# --- what is set aside, and how it is told -------------------------------------------------------


def test_the_damaged_file_is_kept_without_hashes_and_closed_to_others(
    directory: Path, told: Told
) -> None:
    lived_in(directory).close()
    with opened(directory) as state:
        entries.record(state, an_event(301, password=HASH))
        copied = directory.with_name("copied")
        shutil.copytree(directory, copied)
    assert HASH.encode() in (copied / "state.db-wal").read_bytes()
    damage(copied, torn_header)
    (copied / "state.db.suspect").touch()
    with opened(copied, told) as state:
        assert entries.all_entries(state)[0].password == PasswordHash("crypt", HASH)
    kept = set_aside(copied)
    assert [path.name.endswith("-wal") for path in kept] == [False, True]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept)
    assert not any(b"$6$salt$hhhh" in path.read_bytes() for path in kept)
    assert b"user17" in b"".join(path.read_bytes() for path in kept)
    names = {path.name for path in copied.iterdir()} - {path.name for path in kept}
    assert names <= {"state.db", "state.db-wal", "state.db-shm", "leases.lock"}


DES = "abJnggxhB/yWI"


@pytest.mark.parametrize("torn", [0, 3, 40])
def test_no_hash_is_left_however_it_looks_or_is_damaged(
    directory: Path, told: Told, torn: int
) -> None:
    with opened(directory) as state:
        entries.record(state, an_event(1, password=DES))
        entries.record(state, an_event(2, password=HASH))

    def tear(raw: bytearray) -> None:
        torn_header(raw)
        at = raw.index(HASH.encode()) + torn
        raw[at : at + 3] = b"\xff" * 3

    damage(directory, tear)
    with opened(directory, told):
        pass
    kept = b"".join(path.read_bytes() for path in set_aside(directory))
    assert DES.encode() not in kept
    assert b"h" * 8 not in kept


def test_a_damage_in_the_log_alone_is_told_and_costs_no_more_than_it_hit(
    directory: Path, told: Told
) -> None:
    copied = directory.with_name("copied")
    with opened(directory) as state:
        for number in range(20):
            entries.record(state, an_event(number))
        shutil.copytree(directory, copied)
    (copied / "state.db-shm").unlink()
    frames = ((copied / "state.db-wal").stat().st_size - 32) // 4120

    def tear(raw: bytearray) -> None:
        at = 32 + (frames // 2) * 4120 + 2024
        raw[at : at + 100] = b"\x5a" * 100

    damage(copied, tear, "-wal")
    mending.suspect(copied / "state.db")
    with opened(copied, told) as state:
        assert "user19" in {entry.name for entry in entries.all_entries(state)}
        assert is_sound(state)
    assert len(told.lines) == 1


def test_a_damaged_file_of_a_newer_release_is_refused_by_name(directory: Path) -> None:
    lived_in(directory).close()
    with closing(sqlite3.connect(directory / "state.db")) as other:
        other.execute("PRAGMA user_version = 99")
    damage(directory, no_table_of_tables)
    before = (directory / "state.db").read_bytes()
    with pytest.raises(StateUnusable, match=r"newer release.*file version 99"):
        opened(directory)
    assert (directory / "state.db").read_bytes() == before
    assert not set_aside(directory)


def test_it_is_told_once_and_kept_in_history_until_the_old_file_is_removed(
    directory: Path, told: Told
) -> None:
    lived_in(directory).close()
    damage(directory, torn_header)
    with opened(directory, told) as state:
        assert state.notice == told.lines[0]
        assert "was damaged and has been made anew with 200 links and 201 waiting" in told.lines[0]
        last = history.read(state)[-1]
        assert (last.kind, last.name, last.line) == (None, "state.db", state.notice)
        assert mending.notice(directory, state.meta(mending.NOTICE)) == state.notice
    with opened(directory, told) as state:
        assert state.notice is None
    assert len(told.lines) == 1
    for path in set_aside(directory):
        path.unlink()
    assert mending.notice(directory, told.lines[0]) is None


def test_a_hash_in_the_new_file_is_wiped_when_its_time_is_over(directory: Path, told: Told) -> None:
    lived_in(directory).close()
    damage(directory, torn_header)
    with opened(directory, told) as state:
        for entry in entries.all_entries(state):
            entries.settle(state, entry)
        raw = written_in(directory)
    assert HASH.encode() not in raw


# --- others who have the file open ---------------------------------------------------------------


def test_nothing_is_acknowledged_into_a_file_whose_successor_is_whole(directory: Path) -> None:
    """Whoever wrote it was cut off before it was in place, and the next one puts it there."""
    with lived_in(directory) as state:
        successor = mending.successor(directory / "state.db")
        successor.touch()
        with pytest.raises(StateDamaged, match="another file is in its place by now"):
            entries.record(state, an_event(5001))
        successor.unlink()
        assert not entries.record(state, an_event(5001)).duplicate


def test_nothing_is_acknowledged_into_a_file_that_was_set_aside(
    directory: Path, told: Told
) -> None:
    old = lived_in(directory)
    old.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(directory, torn_header)
    (directory / "state.db.suspect").touch()
    with opened(directory, told) as new:
        entries.record(new, an_event(5001))
        with pytest.raises(StateDamaged, match="another file is in its place by now"):
            entries.record(old, an_event(5002))
        old.close()
        assert (directory / "state.db-wal").exists()  # the old one's farewell takes nothing along
        entries.record(new, an_event(5003))
    with opened(directory) as state:
        names = {entry.name for entry in entries.all_entries(state)}
        assert {"user5001", "user5003"} <= names
        assert "user5002" not in names
        assert is_sound(state)


def test_a_file_that_is_taken_away_takes_no_event_along(directory: Path) -> None:
    with lived_in(directory) as state:
        shutil.move(directory / "state.db", directory.with_name("elsewhere"))
        with pytest.raises(StateDamaged):
            entries.record(state, an_event(5001))


def test_nobody_mends_while_somebody_writes(directory: Path, told: Told) -> None:
    with lived_in(directory) as writing:
        damage(directory, torn_header)
        (directory / "state.db.suspect").touch()
        with (
            suppress(StateUnusable),
            writing.transaction(),
            pytest.raises(StateUnusable, match="others are still using it"),
        ):
            open_state(directory, domain="example.org", patience=0.1, tell_trouble=told)


def test_nobody_writes_while_somebody_mends(directory: Path) -> None:
    with lived_in(directory) as state:
        state.wait_at_most(0.1)
        lease = leases.hold(directory, leases.WRITERS)
        assert lease is not None
        with lease, pytest.raises(StateUnusable, match="is being mended; try again"):
            entries.record(state, an_event(5001))
        assert not entries.record(state, an_event(5001)).duplicate


# Opens, records and says so, again and again, and begins anew when the file was damaged.
PERSISTENT = """
import pathlib, sys, time
from gapps_hooks.errors import StateDamaged
from gapps_hooks.model import Event, EventKind
from gapps_hooks.outbox import entries, open_state
directory, prefix = pathlib.Path(sys.argv[1]), sys.argv[2]
number, state = 0, None
while number < 150:
    try:
        state = state or open_state(directory, domain="example.org", tell_trouble=lambda _: None)
        event = Event(id=f"{prefix}{number}", kind=EventKind.USER_MODIFY, name=f"{prefix}{number}",
                      patch={"given_name": str(number)})
        entries.record(state, event)
        print(event.name, flush=True)
        number += 1
    except StateDamaged:
        if state is not None:
            state.close()
        state = None
"""


def lose_an_index(directory: Path) -> None:
    """Do a damage that costs no row, so that whatever is missing in the end was lost by us."""
    with closing(sqlite3.connect(directory / "state.db", timeout=10)) as other:
        other.execute("PRAGMA writable_schema = ON")
        other.execute("DELETE FROM sqlite_master WHERE name = 'entry_order'")
        other.commit()
    (directory / "state.db.suspect").touch()


def test_of_many_at_once_one_mends_and_no_acknowledged_event_is_lost(directory: Path) -> None:
    lived_in(directory).close()
    command = [sys.executable, "-c", PERSISTENT, str(directory)]
    running = [
        subprocess.Popen([*command, prefix], stdout=subprocess.PIPE, text=True) for prefix in "abc"
    ]
    acknowledged: list[str] = []
    threads = [
        threading.Thread(target=lambda one=one: acknowledged.extend(one.stdout or ()))
        for one in running
    ]
    for thread in threads:
        thread.start()
    for turn in range(1, 5):
        while len(acknowledged) < turn * 80:
            threading.Event().wait(0.005)
        lose_an_index(directory)
        opened(directory).close()
    for thread in threads:
        thread.join()
    for one in running:
        with one:
            assert one.wait() == 0
    with opened(directory) as state:
        names = {entry.name for entry in entries.all_entries(state)}
        assert is_sound(state)
    assert {line.strip() for line in acknowledged} <= names
    assert len(acknowledged) == 450
    assert len([path for path in set_aside(directory) if not path.name.endswith("-wal")]) == 4


# --- what stops it -------------------------------------------------------------------------------


@pytest.mark.parametrize("left", ["state.db.mending", "state.db.mended"])
def test_a_mending_that_was_cut_off_is_gone_on_with(directory: Path, told: Told, left: str) -> None:
    lived_in(directory).close()
    sound = (directory / "state.db").read_bytes()
    damage(directory, torn_header)
    (directory / left).write_bytes(sound if left == "state.db.mended" else b"half")
    (directory / left).chmod(0o600)
    with opened(directory, told) as state:
        assert sizes(state)["links"] == PEOPLE
        assert is_sound(state)
    assert not (directory / left).exists()
    assert len(told.lines) == 1


def test_a_disk_without_room_for_a_new_file_leaves_the_old_one_as_it_is(directory: Path) -> None:
    lived_in(directory).close()
    damage(directory, torn_header)
    before = (directory / "state.db").read_bytes()
    script = (
        "import pathlib, resource, sys\n"
        "from gapps_hooks.errors import StateUnusable\n"
        "from gapps_hooks.outbox import open_state\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n"
        "try:\n    open_state(pathlib.Path(sys.argv[1]), domain='example.org')\n"
        "except StateUnusable as error:\n    print(error)\n"
    )
    command = [sys.executable, "-c", script, str(directory)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert "the disk" in done.stdout or "cannot be mended" in done.stdout
    assert (directory / "state.db").read_bytes() == before
    with opened(directory) as state:
        assert sizes(state)["links"] == PEOPLE


def test_a_sound_file_that_was_doubted_stays_what_it_is(directory: Path, told: Told) -> None:
    with lived_in(directory) as state:
        known = everything(state)
    (directory / "state.db.suspect").touch()
    with opened(directory, told) as state:
        assert everything(state) == known
    assert told.lines == []
    assert not (directory / "state.db.suspect").exists()


def test_a_doubt_that_cannot_be_noted_is_the_damage_that_it_is(tmp_path: Path) -> None:
    mending.suspect(tmp_path / "nothing" / "state.db")
    assert not mending.beside(tmp_path / "nothing" / "state.db", ".suspect").exists()


def test_a_damage_that_shows_while_the_file_is_used_is_mended_at_the_next_opening(
    directory: Path, told: Told
) -> None:
    lived_in(directory).close()

    def overwrite(raw: bytearray) -> None:
        for page in range(len(raw) // 4096 - 1, 2, -1):
            raw[page * 4096 : page * 4096 + 8] = b"\xff" * 8

    damage(directory, overwrite)
    with suppress(StateDamaged), opened(directory, told) as state:
        links.all_links(state)
        entries.all_entries(state)
    with opened(directory, told) as state:
        assert is_sound(state)
    assert len(told.lines) == 1


@pytest.mark.parametrize(
    ("table", "column"), [("secrets", "value"), ("entries", "words"), ("links", "delivered")]
)
def test_text_that_is_none_is_mended_and_what_stands_there_is_shown_to_nobody(
    directory: Path, told: Told, table: str, column: str
) -> None:
    lived_in(directory).close()
    with closing(sqlite3.connect(directory / "state.db", isolation_level=None)) as plain:
        plain.execute(
            f"UPDATE {table} SET {column} = CAST(CAST({column} AS BLOB) || x'ff' AS TEXT)"
            f" WHERE rowid = (SELECT min(rowid) FROM {table})"
        )
    with pytest.raises(StateDamaged) as failure, opened(directory, told) as state:
        state.rows(f"SELECT {column} FROM {table}")
    shown = "".join(traceback.format_exception(failure.value))
    assert "Could not decode" not in shown
    assert HASH not in shown
    with opened(directory, told) as state:
        assert is_sound(state)
        assert len(entries.all_entries(state)) >= PEOPLE
    assert len(told.lines) == 1


@pytest.fixture(autouse=True)
def no_traces(directory: Path) -> Iterator[None]:
    yield
    assert not list(directory.glob("*.mend*"))
