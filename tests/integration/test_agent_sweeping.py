"""The agent's sweeper wipes what it was rung for, however long somebody reads the file."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from disk import written_in
from patience import eventually

from gapps_hooks.agent.sweeping import Sweeper
from gapps_hooks.model import Event, EventKind, PasswordHash
from gapps_hooks.outbox import entries, open_state
from gapps_hooks.outbox.keeping import DAY

SECRET = "$6$salt$" + "s" * 86


def test_what_a_long_reader_prevents_is_done_when_it_has_ended(tmp_path: Path) -> None:
    directory = tmp_path / "state"

    def on_disk() -> bool:
        return SECRET.encode() in written_in(directory)

    with (
        open_state(directory, domain="example.org") as state,
        open_state(directory, domain="example.org") as wiping,
    ):
        sweeper = Sweeper(wiping, 30 * DAY, patience=0.1)
        state.leave_wiping_to(sweeper.ring)
        password = PasswordHash("crypt", SECRET)
        event = Event(id="1" * 32, kind=EventKind.PASSWORD_SET, name="alice", password=password)
        entries.record(state, event)
        with closing(sqlite3.connect(directory / "state.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM secrets").fetchall()
            (entry,) = entries.all_entries(state)
            entries.settle(state, entry)
            time.sleep(1.5)  # it has tried, in vain
            assert on_disk()
        assert eventually(lambda: not on_disk())
        sweeper.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_one_that_is_gone_is_not_alive(tmp_path: Path) -> None:
    """Nobody else of the agent wipes, so that the watchdog has to know."""
    gone = False

    def clock() -> float:
        if gone:
            raise SystemExit
        return time.time()

    with open_state(tmp_path / "state", domain="example.org", clock=clock) as state:
        sweeper = Sweeper(state, 30 * DAY)
        assert sweeper.alive
        sweeper.close()
        gone = True
        assert eventually(lambda: not Sweeper(state, 30 * DAY).alive)
