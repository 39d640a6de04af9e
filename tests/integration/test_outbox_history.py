"""History is only ever added to, until it is 400 days old."""

from __future__ import annotations

import sqlite3

import pytest
from organisation import START, Clock

from gapps_hooks.model import Kind, Verdict
from gapps_hooks.outbox import State, history

DAY = 86_400.0


def write(state: State, line: str, subject: int | None = 1) -> None:
    history.write(
        state,
        subject=subject,
        kind=Kind.USER,
        name="alice",
        what="update",
        verdict=Verdict.DONE,
        line=line,
        details={"changes": [line]},
    )


def test_lines_are_read_in_the_order_they_were_written(state: State) -> None:
    for line in ("one", "two", "three"):
        write(state, line)
    write(state, "of another", subject=2)
    write(state, "of nobody", subject=None)
    assert [each.line for each in history.read(state, 1)] == ["one", "two", "three"]
    assert [each.line for each in history.read(state, limit=2)] == ["of another", "of nobody"]
    assert history.read(state, 1)[0] == history.Line(
        sequence=1,
        written_at=START,
        subject=1,
        kind=Kind.USER,
        name="alice",
        what="update",
        verdict="done",
        line="one",
        details={"changes": ["one"]},
    )


@pytest.mark.parametrize(
    "statement", ["UPDATE history SET line = 'another'", "DELETE FROM history"]
)
def test_it_cannot_be_rewritten(state: State, statement: str) -> None:
    write(state, "one")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), state.transaction():
        state.execute(statement)
    assert [each.line for each in history.read(state)] == ["one"]


def test_what_is_older_than_400_days_is_purged_and_nothing_else_can_be(
    state: State, clock: Clock
) -> None:
    write(state, "old")
    clock.now += 10 * DAY
    write(state, "young")
    clock.now = START + 399 * DAY
    assert history.purge(state) == 0
    clock.now = START + 401 * DAY
    assert history.purge(state) == 1
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), state.transaction():
        state.execute("DELETE FROM history")
    assert [each.line for each in history.read(state)] == ["young"]
