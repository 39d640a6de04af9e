"""Hashes rest only until they are delivered, and are then gone from every file."""

from __future__ import annotations

import itertools
import random
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from disk import written_in

from gapps_hooks.model import Event, EventKind, PasswordHash
from gapps_hooks.outbox import State, entries, open_state
from gapps_hooks.outbox.entries import Entry

HASH = "$6$salt$" + "0123456789abcdef" * 5
numbers = itertools.count(1)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def state(directory: Path) -> Iterator[State]:
    with open_state(directory, domain="example.org") as opened:
        yield opened


def event(kind: EventKind, name: str = "alice", password: str | None = None) -> Event:
    return Event(
        id=f"{next(numbers):032x}",
        kind=kind,
        name=name,
        password=None if password is None else PasswordHash("crypt", password),
    )


def set_password(state: State, password: str = HASH, name: str = "alice") -> Entry:
    receipt = entries.record(state, event(EventKind.PASSWORD_SET, name, password))
    entry = entries.get(state, receipt.subject)
    assert entry is not None
    return entry


def on_disk(directory: Path, secret: str = HASH) -> bool:
    """Whether the secret, or its tail that would do as well, stands in any file."""
    raw = written_in(directory)
    return secret.encode() in raw or secret[-40:].encode() in raw


def drop(state: State, entry: Entry) -> None:
    entries.drop(state, entry.subject)


def delete_user(state: State, _: Entry) -> None:
    entries.record(state, event(EventKind.USER_DELETE))


def replace(state: State, _: Entry) -> None:
    set_password(state, "$6$another$hash")


def rename_over(state: State, _: Entry) -> None:
    set_password(state, "$6$another$hash", "carol")
    entries.record(
        state, Event(id="f" * 32, kind=EventKind.USER_MODIFY, name="carol", old_name="alice")
    )


@pytest.mark.parametrize("end", [entries.settle, drop, delete_user, replace, rename_over])
def test_a_hash_is_gone_from_every_file_when_its_time_is_over(
    state: State, directory: Path, end: Callable[[State, Entry], object]
) -> None:
    entry = set_password(state)
    assert on_disk(directory)
    end(state, entry)
    assert not on_disk(directory)


def test_many_hashes_of_all_lengths_leave_nothing_behind(state: State, directory: Path) -> None:
    chance = random.Random(7)
    waiting: dict[str, tuple[Entry, str]] = {}
    over: list[str] = []
    with state.transaction():
        for number in range(600):
            secret = f"{chance.getrandbits(800):0200x}"[: chance.randrange(60, 200)]
            name = f"user{chance.randrange(200)}"
            if name in waiting:
                over.append(waiting.pop(name)[1])
            waiting[name] = (set_password(state, secret, name), secret)
            if number % 3 == 0:
                entry, secret = waiting.pop(chance.choice(sorted(waiting)))
                entries.settle(state, entry)
                over.append(secret)
    raw = written_in(directory)
    assert len(over) > 300
    assert [secret for secret in over if secret[-40:].encode() in raw] == []
    assert all(secret.encode() in raw for _, secret in waiting.values())


def test_hashes_that_come_and_go_for_long_leave_no_piece_behind(
    state: State, directory: Path
) -> None:
    """As they move from page to page; a beginning, too, can be guessed against."""
    chance = random.Random(3)  # of a few that were tried, one by which a piece was left
    waiting: dict[str, Entry] = {}
    hashes: dict[str, str] = {}
    for step in range(24):
        growing = step // 6 % 2 == 0
        with state.transaction():
            for _ in range(100):
                if chance.random() < (0.8 if growing else 0.2) or not waiting:
                    name = f"user{chance.randrange(600)}"
                    hashes[name] = f"{chance.getrandbits(400):0100x}"[: chance.choice((50, 100))]
                    waiting[name] = set_password(state, hashes[name], name)
                else:
                    name = chance.choice(sorted(waiting))
                    entries.settle(state, waiting.pop(name))
                    del hashes[name]
        assert state.finish_wiping()
        raw = written_in(directory)
        found = re.findall(rb"crypt([0-9a-f]{20})[0-9a-f]*", raw)
        assert {each.decode() for each in found} == {each[:20] for each in hashes.values()}


def test_copies_that_sqlite_makes_for_itself_stay_in_memory(state: State) -> None:
    found = state.row("PRAGMA temp_store")  # 2 is MEMORY, sqlite.org/pragma.html
    assert found is not None
    assert found[0] == 2


def test_a_wipe_that_others_hold_up_does_not_let_the_log_grow(
    state: State, directory: Path
) -> None:
    entry = set_password(state)
    set_password(state, "$6$another$hash", "bob")
    with closing(sqlite3.connect(directory / "state.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM subjects").fetchall()
        state.leave_wiping_to(lambda: None)
        entries.settle(state, entry)
        assert not state.finish_wiping(0.0)
        before = (directory / "state.db-wal").stat().st_size
        assert not state.finish_wiping(0.3)
        assert (directory / "state.db-wal").stat().st_size == before
    assert state.finish_wiping()


def test_other_readers_delay_the_wiping_but_do_not_prevent_it(
    state: State, directory: Path
) -> None:
    entry = set_password(state)
    stop = threading.Event()

    def read() -> None:
        with open_state(directory, domain="example.org") as other:
            while not stop.is_set():
                entries.all_entries(other)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        begin = time.monotonic()
        entries.settle(state, entry)
        assert not on_disk(directory)
        assert time.monotonic() - begin < 5.0
    finally:
        stop.set()
        for reader in readers:
            reader.join()


def test_what_a_long_reader_prevented_the_next_process_finishes(directory: Path) -> None:
    state = open_state(directory, domain="example.org")
    entry = set_password(state)
    with closing(sqlite3.connect(directory / "state.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM secrets").fetchall()
        begin = time.monotonic()
        assert entries.settle(state, entry)
        assert 4.9 < time.monotonic() - begin < 7.0
        assert on_disk(directory)
        assert not state.finish_wiping(0.0)
        reader.execute("COMMIT")
        # The first process has died without another word, as far as the mark is concerned.
        with open_state(directory, domain="example.org"):
            assert not on_disk(directory)
    state.close()


def test_a_wipe_that_is_done_is_not_done_again(state: State) -> None:
    entries.settle(state, set_password(state))
    assert state.meta("wipes-wanted") == state.meta("wipes-done") == "1"
    assert state.finish_wiping(0.0)


def test_recorders_are_not_kept_out_while_a_wipe_waits(state: State, directory: Path) -> None:
    entry = set_password(state)
    done = threading.Event()

    def settle() -> None:
        entries.settle(state, entry)
        done.set()

    with closing(sqlite3.connect(directory / "state.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM secrets").fetchall()
        settling = threading.Thread(target=settle)
        settling.start()
        time.sleep(0.2)
        begin = time.monotonic()
        entries.record(state, event(EventKind.USER_MODIFY, "bob"))
        took = time.monotonic() - begin
        assert not done.is_set()
        reader.execute("COMMIT")
    settling.join()
    assert took < 1.0
    assert not on_disk(directory)


def test_a_wipe_that_fails_is_left_to_the_next_and_nothing_else_fails(
    state: State, directory: Path
) -> None:
    entry = set_password(state)
    with state.transaction():
        entries.settle(state, entry)
        state.rows("PRAGMA query_only = ON")  # from here on the marks cannot be written
    assert state.meta("wipes-wanted") == "1"
    assert state.meta("wipes-done") == "0"
    assert entries.all_entries(state) == ()
    with open_state(directory, domain="example.org") as another:
        assert another.meta("wipes-done") == "1"
    assert not on_disk(directory)


def test_a_hash_that_is_set_again_is_not_wiped(state: State) -> None:
    set_password(state)
    assert set_password(state).password == PasswordHash("crypt", HASH)
    assert state.meta("wipes-wanted") == "0"
