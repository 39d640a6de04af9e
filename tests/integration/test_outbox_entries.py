"""The life of an entry, from the event to its settling."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from organisation import START, Clock

from gapps_hooks.model import Event, EventKind, Identity, Kind, PasswordHash
from gapps_hooks.outbox import State, entries, subjects
from gapps_hooks.outbox.entries import Entry

numbers = itertools.count(1)


def event(kind: EventKind, name: str = "alice", **fields: Any) -> Event:  # noqa: ANN401 - any of the fields
    return Event(id=f"{next(numbers):032x}", kind=kind, name=name, **fields)


ADD = EventKind.USER_ADD
MODIFY = EventKind.USER_MODIFY
DELETE = EventKind.USER_DELETE


def recorded(state: State, *events: Event) -> Entry:
    """Record the events; return the entry of the last one's subject."""
    for each in events:
        receipt = entries.record(state, each)
    return got(state, receipt.subject)


def got(state: State, subject: int) -> Entry:
    entry = entries.get(state, subject)
    assert entry is not None
    return entry


def test_an_event_becomes_an_entry_that_is_due_at_once(state: State) -> None:
    password = PasswordHash("crypt", "$6$salt$hash")
    entry = recorded(
        state,
        event(ADD, patch={"given_name": "Alice"}, password=password, identity=Identity("uid", "7")),
    )
    assert entry == Entry(
        subject=entry.subject,
        kind=Kind.USER,
        name="alice",
        generation=1,
        status="waiting",
        patch={"given_name": "Alice"},
        added=True,
        removed=False,
        password=password,
        old_name=None,
        identity=Identity("uid", "7"),
        recorded_at=START,
        event_at=START,
        wished_at=START,
        attempts=0,
        contradictions=0,
        due_at=START,
        reason="",
        released=False,
    )
    assert entries.due(state, START) == (entry,)


def test_an_entrys_text_does_not_show_the_hash(state: State) -> None:
    entry = recorded(state, event(ADD, password=PasswordHash("crypt", "$6$salt$hash")))
    assert "$6$" not in repr(entry)


def test_the_same_event_twice_changes_nothing_for_a_day(state: State, clock: Clock) -> None:
    first = event(MODIFY, patch={"given_name": "Old"})
    receipt = entries.record(state, first)
    entries.record(state, event(MODIFY, patch={"given_name": "New"}))
    clock.now += 86_300.0
    again = entries.record(state, first)
    assert (again.duplicate, again.subject, again.generation) == (True, receipt.subject, 2)
    assert got(state, receipt.subject).patch == {"given_name": "New"}
    clock.now += 200.0
    entries.record(state, event(MODIFY, "bob"))
    assert not entries.record(state, first).duplicate


def test_events_of_which_nobody_needs_to_know_are_not_kept(state: State, clock: Clock) -> None:
    for _ in range(100):
        recorded(state, event(MODIFY))
    clock.now += 86_500.0
    for _ in range(64):
        recorded(state, event(MODIFY))
    (kept,) = state.rows("SELECT count(*) FROM events")
    assert kept[0] <= 64


def test_an_entry_keeps_its_place_in_the_queue_and_the_oldest_comes_first(
    state: State, clock: Clock
) -> None:
    for name in ("carol", "alice", "bob"):
        recorded(state, event(MODIFY, name))
    clock.now -= 50.0  # the clock's order is not the events' order
    recorded(state, event(MODIFY, "dave"))
    recorded(state, event(MODIFY, "carol"))
    assert [entry.name for entry in entries.due(state, START)] == ["carol", "alice", "bob", "dave"]
    assert [entry.name for entry in entries.due(state, START, 2)] == ["carol", "alice"]


def test_an_announced_event_is_due_later(state: State) -> None:
    entry = recorded(state, event(ADD, defer=3.0))
    assert entry.due_at == START + 3.0
    assert entries.due(state, START + 2.9) == ()
    assert entries.due(state, START + 3.0) == (entry,)


def test_a_clock_set_back_harms_nothing(state: State) -> None:
    entry = recorded(state, event(ADD))
    entries.postpone(state, entry, due_at=START + 3600.0, reason="later")
    assert entries.due(state, START) == ()
    assert len(entries.due(state, START - 10.0)) == 1
    assert len(entries.due(state, START + 3600.0)) == 1


def test_settling_clears_the_entry_and_keeps_the_generation(state: State) -> None:
    entry = recorded(state, event(ADD), event(MODIFY))
    assert entries.settle(state, entry)
    assert entries.get(state, entry.subject) is None
    assert subjects.generation_of(state, entry.subject) == 2
    assert recorded(state, event(MODIFY)).generation == 3


def test_a_delivered_key_is_cleared_and_what_is_left_is_due_now(state: State, clock: Clock) -> None:
    entry = recorded(
        state,
        event(MODIFY, patch={"family_name": "Baker"}),
        event(MODIFY, patch={"enabled": False}, defer=60.0),
    )
    assert entries.settle_key(state, entry, "enabled")
    left = got(state, entry.subject)
    assert (left.patch, left.generation) == ({"family_name": "Baker"}, entry.generation)
    assert (left.status, left.due_at) == ("waiting", clock.now)
    assert entries.settle_key(state, left, "family_name")
    assert entries.get(state, entry.subject) is None


def outcomes() -> list[Any]:
    return [
        pytest.param(entries.settle, id="settle"),
        pytest.param(lambda s, e: entries.settle_key(s, e, "enabled"), id="settle_key"),
        pytest.param(lambda s, e: entries.postpone(s, e, due_at=0.0, reason="r"), id="postpone"),
        pytest.param(lambda s, e: entries.hold(s, e, "r"), id="hold"),
        pytest.param(lambda s, e: entries.bury(s, e, "r"), id="bury"),
        pytest.param(lambda s, e: entries.rest(s, e, "r"), id="rest"),
    ]


@pytest.mark.parametrize("outcome", outcomes())
def test_an_outcome_of_an_older_generation_changes_nothing(
    state: State, outcome: Callable[[State, Entry], bool]
) -> None:
    older = recorded(state, event(ADD, patch={"enabled": False}))
    newer = recorded(state, event(MODIFY, password=PasswordHash("crypt", "$6$new")))
    assert not outcome(state, older)
    assert got(state, older.subject) == newer


@pytest.mark.parametrize("outcome", outcomes())
def test_an_outcome_of_a_settled_entry_changes_nothing(
    state: State, outcome: Callable[[State, Entry], bool]
) -> None:
    entry = recorded(state, event(ADD))
    entries.settle(state, entry)
    assert not outcome(state, entry)
    assert entries.all_entries(state) == ()


def test_postponing_counts_attempts_and_contradictions_apart(state: State) -> None:
    entry = recorded(state, event(ADD))
    assert entries.postpone(state, entry, due_at=START + 5, reason="Google said 503")
    assert entries.postpone(state, entry, due_at=START + 9, reason="absent", contradiction=True)
    assert got(state, entry.subject) == replace(
        entry, attempts=1, contradictions=1, due_at=START + 9, reason="absent"
    )


def test_a_new_event_digs_up_what_is_buried_and_starts_counting_anew(state: State) -> None:
    entry = recorded(state, event(ADD))
    entries.postpone(state, entry, due_at=START + 5, reason="r", contradiction=True)
    entries.postpone(state, entry, due_at=START + 5, reason="r")
    entries.bury(state, entry, "refused")
    assert got(state, entry.subject).status == "buried"
    assert entries.due(state, START + 60) == ()
    again = recorded(state, event(MODIFY))
    assert (again.status, again.reason, again.due_at) == ("waiting", "", START)
    assert (again.attempts, again.contradictions, again.generation) == (0, 0, 2)


def test_retry_makes_an_entry_due_whatever_its_status(state: State, clock: Clock) -> None:
    entry = recorded(state, event(ADD))
    entries.bury(state, entry, "refused")
    clock.now += 7.0
    assert entries.retry(state, entry.subject)
    assert got(state, entry.subject).due_at == START + 7.0
    assert len(entries.due(state, clock.now)) == 1
    assert not entries.retry(state, 4711)


def test_a_held_entry_goes_on_when_released_and_another_change_is_held_again(state: State) -> None:
    alice = recorded(state, event(DELETE, "alice"))
    bob = recorded(state, event(DELETE, "bob"))
    for entry in (alice, bob):
        entries.hold(state, entry, "too many suspensions")
    assert entries.release(state, bob.subject) == 1
    assert got(state, alice.subject).status == "held"
    assert entries.release(state) == 1
    assert entries.release(state) == 0
    assert all(entry.released for entry in entries.due(state, START))
    assert recorded(state, event(DELETE, "bob")).released
    assert not recorded(state, event(ADD, "bob")).released


def test_a_release_lasts_for_the_same_change_and_not_beyond_its_delivery(state: State) -> None:
    entry = recorded(state, event(MODIFY, "bob", patch={"enabled": False}))
    entries.hold(state, entry, "too many suspensions")
    entries.release(state)
    entries.touch(state, Kind.USER, "bob")
    again = recorded(state, event(MODIFY, "bob", patch={"enabled": False}))
    assert again.released
    entries.rest(state, again, "delivered")
    entries.touch(state, Kind.USER, "bob")
    assert not got(state, again.subject).released


def test_dropping_forgets_the_entry_and_not_the_subject(state: State) -> None:
    entry = recorded(state, event(ADD))
    assert entries.drop(state, entry.subject)
    assert not entries.drop(state, entry.subject)
    assert entries.all_entries(state) == ()
    assert subjects.of_name(state, Kind.USER, "alice") == entry.subject


def test_a_touch_is_a_bare_look_that_says_nothing_new(state: State) -> None:
    entry = recorded(state, event(DELETE))
    entries.bury(state, entry, "refused")
    entries.touch(state, Kind.USER, "alice")
    again = got(state, entry.subject)
    assert (again.status, again.removed, again.generation) == ("waiting", True, 2)
    receipt = entries.touch(state, Kind.GROUP, "staff", defer=2.0)
    assert (got(state, receipt.subject).patch, got(state, receipt.subject).due_at) == (
        {},
        START + 2,
    )


def test_a_user_and_a_group_of_one_name_are_two_subjects(state: State) -> None:
    user = recorded(state, event(ADD, "staff"))
    group = recorded(state, event(EventKind.GROUP_CHANGE, "staff", patch={"members": []}))
    assert user.subject != group.subject
    assert (user.kind, group.kind) == (Kind.USER, Kind.GROUP)
