"""What is acknowledged is on disk: kills, full disks, locks, damage, and many at once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from disk import written_in

from gapps_hooks.errors import StateUnusable
from gapps_hooks.model import Event, EventKind, Kind, PasswordHash
from gapps_hooks.outbox import State, entries, open_state, subjects

# Records one event after the other and says so, until it is killed.
RECORDER = """
import itertools, pathlib, sys
from gapps_hooks.model import Event, EventKind
from gapps_hooks.outbox import entries, open_state
directory, prefix, most = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with open_state(directory, domain="example.org") as state:
    for number in range(most):
        event = Event(id=f"{prefix}{number}", kind=EventKind.USER_MODIFY, name=f"{prefix}{number}",
                      patch={"given_name": str(number)})
        entries.record(state, event)
        print(event.name, flush=True)
"""
# Dies by SIGKILL at the n-th statement that it runs on the open file.
DYING = """
import gc, os, pathlib, signal, sqlite3, sys
from gapps_hooks.model import Event, EventKind, PasswordHash
from gapps_hooks.outbox import entries, open_state
left = int(sys.argv[2])
def count(statement):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
event = Event(id="1" * 32, kind=EventKind.USER_MODIFY, name="carol", old_name="bob",
              patch={"given_name": "C"}, password=PasswordHash("crypt", "$6$new"))
with open_state(pathlib.Path(sys.argv[1]), domain="example.org") as state:
    for each in gc.get_objects():
        if isinstance(each, sqlite3.Connection):
            each.set_trace_callback(count)
    entries.record(state, event)
    print("acknowledged", flush=True)
"""
# Migrates a file of which it may not write a copy.
MIGRATING = """
import pathlib, resource, sys
from gapps_hooks.errors import StateUnusable
from gapps_hooks.outbox import open_state
from gapps_hooks.outbox.schema import SCHEMA, Schema
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    open_state(pathlib.Path(sys.argv[1]), domain="example.org",
               schema=Schema((*SCHEMA.scripts, sys.argv[2])))
except StateUnusable as error:
    print(error)
"""
# Tries to record more than the process may write.
LIMITED = """
import pathlib, resource, sys
from gapps_hooks.errors import StateUnusable
from gapps_hooks.model import Event, EventKind
from gapps_hooks.outbox import entries, open_state
state = open_state(pathlib.Path(sys.argv[1]), domain="example.org")
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
for number in range(100):
    event = Event(id=str(number), kind=EventKind.USER_MODIFY, name=f"u{number}",
                  patch={"description": "x" * 20_000})
    try:
        entries.record(state, event)
    except StateUnusable as error:
        print(f"refused {error}", flush=True)
        sys.exit(0)
    print(event.name, flush=True)
"""


def an_event(number: int, *, name: str = "alice") -> Event:
    return Event(
        id=f"{number:032x}",
        kind=EventKind.USER_MODIFY,
        name=name,
        patch={f"key{number}": number},
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def state(directory: Path) -> Iterator[State]:
    with open_state(directory, domain="example.org") as opened:
        yield opened


def started(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def names_in(directory: Path) -> set[str]:
    with open_state(directory, domain="example.org") as state:
        return {entry.name for entry in entries.all_entries(state)}


def is_sound(directory: Path) -> bool:
    with open_state(directory, domain="example.org") as state:
        row = state.row("PRAGMA integrity_check")
        return row is not None and row[0] == "ok" and not state.rows("PRAGMA foreign_key_check")


def test_an_event_is_acknowledged_only_after_the_disk_has_it(
    directory: Path, tmp_path: Path
) -> None:
    """A kill loses nothing that the kernel has; against a power cut only fdatasync helps."""
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-o", str(trace), "-e", "trace=fdatasync,fsync,write"]
    recorder = [sys.executable, "-c", RECORDER, str(directory), "x", "3"]
    subprocess.run([*command, *recorder], check=True, stdout=subprocess.PIPE)
    told = trace.read_text().split('write(1, "x')
    assert len(told) == 4
    assert all("sync(" in before for before in told[:3])


@pytest.mark.parametrize("seconds", [0.0, 0.003, 0.011, 0.02, 0.05])
def test_whatever_was_acknowledged_survives_a_kill_at_any_time(
    directory: Path, seconds: float
) -> None:
    process = started(RECORDER, directory, "u", 1_000_000)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip()]
    time.sleep(seconds)
    process.kill()
    acknowledged += process.stdout.read().split("\n")[:-1]
    process.wait()
    process.stdout.close()
    present = names_in(directory)
    assert set(acknowledged) <= present
    assert len(present) <= len(acknowledged) + 1
    assert is_sound(directory)


def test_a_kill_between_any_two_statements_leaves_all_or_nothing(directory: Path) -> None:
    with open_state(directory, domain="example.org") as state:
        entries.record(
            state,
            Event(
                id="b" * 32,
                kind=EventKind.PASSWORD_SET,
                name="bob",
                password=PasswordHash("crypt", "$6$old"),
            ),
        )
        entries.record(state, an_event(1, name="carol"))
    before = names_in(directory)
    outcomes = []
    for statements in range(0, 150, 2):
        process = started(DYING, directory, statements)
        output, _ = process.communicate()
        outcomes.append("acknowledged" in output)
        assert process.returncode in (0, -signal.SIGKILL)
        present = names_in(directory)
        assert present in ({"carol"}, before)
        assert present == {"carol"} or not outcomes[-1]
        if process.returncode == 0:
            break
    assert outcomes.count(False) > 10
    assert outcomes[-1]
    with open_state(directory, domain="example.org") as state:
        (entry,) = entries.all_entries(state)
        assert entry.password == PasswordHash("crypt", "$6$new")
        assert subjects.of_name(state, Kind.USER, "bob") is None
    assert is_sound(directory)
    raw = written_in(directory)
    assert b"$6$old" not in raw


def test_a_disk_that_takes_no_more_refuses_and_keeps_what_it_has(directory: Path) -> None:
    process = started(LIMITED, directory)
    output, _ = process.communicate()
    *acknowledged, refusal = output.split("\n")[:-1]
    assert process.returncode == 0
    assert refusal.startswith(f"refused {directory}/state.db: the disk")
    assert acknowledged
    assert names_in(directory) == set(acknowledged)


def test_a_migration_without_room_for_its_backup_changes_nothing(
    directory: Path, tmp_path: Path
) -> None:
    with open_state(directory, domain="example.org") as state:
        entries.record(state, an_event(1))
    (tmp_path / "next.sql").write_text("ALTER TABLE subjects ADD COLUMN remark TEXT;\n")
    output, _ = started(MIGRATING, directory, tmp_path / "next.sql").communicate()
    assert output.startswith(f"{directory}/state.db: the disk")
    assert names_in(directory) == {"alice"}
    assert {path.name for path in directory.iterdir()} == {"state.db", "leases.lock"}


def test_a_file_that_may_grow_no_more_is_told_as_a_full_disk(state: State) -> None:
    row = state.row("PRAGMA page_count")
    assert row is not None
    state.rows(f"PRAGMA max_page_count = {row[0]}")
    big = Event(id="0", kind=EventKind.USER_ADD, name="a", patch={"full_name": "x" * 100_000})
    with pytest.raises(StateUnusable, match="the disk is full: free some space"):
        entries.record(state, big)
    assert entries.all_entries(state) == ()
    assert not entries.record(state, an_event(1)).duplicate


def test_a_file_that_cannot_be_written_is_named(state: State) -> None:
    state.rows("PRAGMA query_only = ON")
    with pytest.raises(StateUnusable, match=r"state\.db: it cannot be written"):
        entries.record(state, an_event(1))


def test_a_file_that_stays_locked_is_refused_after_five_seconds(
    state: State, directory: Path
) -> None:
    with closing(sqlite3.connect(directory / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begin = time.monotonic()
        with pytest.raises(StateUnusable, match="kept it locked for too long"):
            entries.record(state, an_event(1))
        assert 4.5 < time.monotonic() - begin < 7.0
        other.execute("ROLLBACK")
    assert not entries.record(state, an_event(1)).duplicate


def test_a_damaged_file_is_mended_and_that_is_told(directory: Path) -> None:
    with open_state(directory, domain="example.org") as state:
        for number in range(300):
            with state.transaction(durable=False):
                entries.record(state, an_event(number, name=f"user{number}"))
    raw = bytearray((directory / "state.db").read_bytes())
    raw[4096:] = os.urandom(len(raw) - 4096)
    (directory / "state.db").write_bytes(raw)
    told: list[str] = []
    with open_state(directory, domain="example.org", tell_trouble=told.append) as state:
        assert not entries.record(state, an_event(1)).duplicate
    assert "was damaged and has been made anew" in told[0]


def test_fifty_recorders_at_once_lose_nothing(state: State, directory: Path) -> None:
    problems: list[Exception] = []

    def work(number: int) -> None:
        try:
            with open_state(directory, domain="example.org") as own:
                entries.record(own, an_event(number))
                entries.record(state, an_event(1000 + number, name="bob"))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test has to show it
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    alice, bob = sorted(entries.all_entries(state), key=lambda entry: entry.name)
    assert (alice.generation, bob.generation) == (50, 50)
    assert alice.patch == {f"key{number}": number for number in range(50)}


def test_two_processes_that_record_at_the_same_instant_both_count(directory: Path) -> None:
    with open_state(directory, domain="example.org"):
        pass
    pair = [started(RECORDER, directory, prefix, 60) for prefix in ("a", "b")]
    acknowledged = [line for process in pair for line in process.communicate()[0].split()]
    assert [process.returncode for process in pair] == [0, 0]
    assert len(acknowledged) == 120
    assert names_in(directory) == set(acknowledged)
