"""A hash that is never delivered does not rest for ever."""

from __future__ import annotations

import itertools

from disk import written_in
from organisation import Clock

from gapps_hooks.model import Event, EventKind, PasswordHash
from gapps_hooks.outbox import State, entries, history
from gapps_hooks.outbox.keeping import wipe_old_hashes

DAY = 86_400.0
HASH = "$6$salt$" + "0123456789abcdef" * 5
numbers = itertools.count(1)


def event(kind: EventKind, password: str | None = None) -> Event:
    kept = None if password is None else PasswordHash("crypt", password)
    return Event(id=f"{next(numbers):032x}", kind=kind, name="alice", password=kept)


def buried(state: State) -> entries.Entry:
    recorded = entries.record(state, event(EventKind.PASSWORD_SET, HASH))
    entry = entries.get(state, recorded.subject)
    assert entry is not None
    entries.bury(state, entry, "Google refused it")
    return entry


def on_disk(state: State) -> bool:
    raw = written_in(state.directory)
    return HASH[-40:].encode() in raw


def test_it_is_wiped_from_every_file_and_its_entry_says_so(state: State, clock: Clock) -> None:
    entry = buried(state)
    clock.now += 29.9 * DAY
    assert wipe_old_hashes(state, 30 * DAY) == 0
    assert on_disk(state)
    clock.now += 0.1 * DAY
    assert wipe_old_hashes(state, 30 * DAY) == 1
    assert not on_disk(state)
    left = entries.get(state, entry.subject)
    assert left is not None
    assert (left.status, left.password) == ("buried", None)
    assert left.reason == (
        "Google refused it; its password was not delivered for 30 d and is wiped; set it again"
    )
    (line,) = history.read(state, entry.subject)
    assert (line.verdict, line.name) == ("wiped", "alice")
    assert wipe_old_hashes(state, 30 * DAY) == 0


def test_another_event_makes_an_old_hash_no_younger(state: State, clock: Clock) -> None:
    buried(state)
    clock.now += 20 * DAY
    entries.record(state, event(EventKind.USER_MODIFY))
    clock.now += 10 * DAY
    assert wipe_old_hashes(state, 30 * DAY) == 1
    assert not on_disk(state)


def test_a_newer_password_has_its_own_time(state: State, clock: Clock) -> None:
    buried(state)
    clock.now += 20 * DAY
    entries.record(state, event(EventKind.PASSWORD_SET, "$6$newer$hash"))
    clock.now += 10 * DAY
    assert wipe_old_hashes(state, 30 * DAY) == 0


def test_a_hash_of_unknown_age_counts_from_now_on(state: State, clock: Clock) -> None:
    buried(state)
    with state.transaction():
        state.execute("UPDATE secrets SET kept_at = 0")
    assert wipe_old_hashes(state, 30 * DAY) == 0
    clock.now += 30 * DAY
    assert wipe_old_hashes(state, 30 * DAY) == 1


def test_a_clock_that_was_set_back_keeps_no_hash_for_longer(state: State, clock: Clock) -> None:
    buried(state)
    clock.now -= 1000 * DAY
    assert wipe_old_hashes(state, 30 * DAY) == 0
    clock.now += 30 * DAY
    assert wipe_old_hashes(state, 30 * DAY) == 1
    assert not on_disk(state)
