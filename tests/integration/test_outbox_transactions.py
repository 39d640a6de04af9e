"""What happens together, and what becomes of a part that fails."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing, nullcontext, suppress
from pathlib import Path

import pytest

from gapps_hooks.model import Event, EventKind
from gapps_hooks.outbox import State, entries
from gapps_hooks.outbox.acknowledged import Numbers
from gapps_hooks.outbox.transactions import Transactions

numbers = itertools.count(1)


def record(state: State, name: str) -> int:
    """Record an event of that name; return its subject's generation."""
    event = Event(id=f"{next(numbers):032x}", kind=EventKind.USER_ADD, name=name)
    return entries.record(state, event).generation


def fail(state: State, name: str) -> None:
    """Record an event in a part of a transaction that then fails."""
    with state.transaction():
        record(state, name)
        raise ArithmeticError


def attempt(state: State, name: str) -> None:
    with state.attempt():
        record(state, f"{name}-before")
        fail(state, name)


def names(state: State) -> list[str]:
    return [entry.name for entry in entries.all_entries(state)]


def test_several_events_share_one_commit(state: State) -> None:
    with state.transaction():
        assert [record(state, name) for name in ("alice", "bob")] == [1, 1]
    assert names(state) == ["alice", "bob"]


def test_nothing_of_a_transaction_that_fails_has_happened(state: State) -> None:
    with pytest.raises(ArithmeticError):
        fail(state, "alice")
    assert names(state) == []


def test_an_attempt_that_fails_takes_nothing_else_with_it(state: State) -> None:
    with state.transaction():
        record(state, "alice")
        with pytest.raises(ArithmeticError):
            attempt(state, "bob")
        record(state, "carol")
    assert names(state) == ["alice", "carol"]


def test_an_attempt_that_succeeds_is_a_part_like_any_other(state: State) -> None:
    def fail_after_it() -> None:
        with state.transaction():
            with state.attempt():
                record(state, "alice")
            fail(state, "bob")

    with state.transaction(), state.attempt():
        record(state, "carol")
    with pytest.raises(ArithmeticError):
        fail_after_it()
    assert names(state) == ["carol"]


@pytest.mark.parametrize("fails", [False, True])
def test_an_attempt_inside_another_ends_before_it(state: State, *, fails: bool) -> None:
    with state.transaction():
        record(state, "alice")
        with suppress(ArithmeticError), state.attempt():
            record(state, "bob")
            with suppress(LookupError), state.attempt():
                record(state, "carol")
                if fails:
                    raise LookupError
            raise ArithmeticError
    assert names(state) == ["alice"]


def test_a_transaction_of_which_a_part_failed_does_not_happen_whatever_follows(
    state: State,
) -> None:
    def go_on() -> None:
        with state.transaction():
            record(state, "alice")
            with pytest.raises(ArithmeticError):
                fail(state, "bob")
            with state.attempt():
                record(state, "carol")
            with pytest.raises(ArithmeticError):
                attempt(state, "dora")

    with pytest.raises(RuntimeError, match="a part of the transaction failed"):
        go_on()
    assert names(state) == []
    record(state, "emil")
    assert names(state) == ["emil"]


def test_after_sqlite_took_everything_back_nothing_is_written_alone(state: State) -> None:
    """As it does by itself when there is no memory, say, whatever was open."""

    def go_on() -> None:
        with state.transaction():
            record(state, "alice")
            with suppress(ArithmeticError), state.attempt():
                state.execute("ROLLBACK")
                raise ArithmeticError
            with state.attempt():
                record(state, "bob")

    with pytest.raises(RuntimeError, match="no transaction"):
        go_on()
    assert names(state) == []
    record(state, "carol")
    assert names(state) == ["carol"]


def test_there_is_no_attempt_without_a_transaction(state: State) -> None:
    with pytest.raises(RuntimeError, match="no transaction"):
        attempt(state, "alice")
    assert names(state) == []


@pytest.mark.parametrize("cut_off", ["PRAGMA synchronous = NORMAL", "BEGIN IMMEDIATE", "COMMIT"])
def test_the_next_one_reaches_the_disk_wherever_one_is_cut_off(
    tmp_path: Path, cut_off: str
) -> None:
    """A person's Ctrl-C may come between what SQLite was told and what is known of it."""
    connection = sqlite3.connect(tmp_path / "file", isolation_level=None)
    coming: list[str] = []

    def run(statement: str) -> None:
        connection.execute(statement)
        if statement in coming:
            coming.remove(statement)
            raise KeyboardInterrupt

    transactions = Transactions(
        connection, run, assured=nullcontext, numbers=Numbers(tmp_path, lambda _: None)
    )
    with closing(connection):
        with transactions.enter(durable=True):
            pass
        coming.append(cut_off)
        with pytest.raises(KeyboardInterrupt), transactions.enter(durable=False):
            pass
        with transactions.enter(durable=True):
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
