"""The life of entries: recorded, merged, due, put off, held, buried, settled.

It must not know Google, the sources, or how long an entry has to wait.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gapps_hooks.model import Event, Kind
from gapps_hooks.outbox import bounds, owning, subjects
from gapps_hooks.outbox import entry as rows
from gapps_hooks.outbox.delays import LONGEST_DELAY
from gapps_hooks.outbox.entry import Entry, Status
from gapps_hooks.outbox.merging import Words, asks_the_same, combine, said
from gapps_hooks.outbox.naming import Meant, subject_meant
from gapps_hooks.outbox.numbering import next_sequence, subject_told
from gapps_hooks.outbox.state import State

__all__ = [
    "Entry",
    "Recorded",
    "all_entries",
    "bury",
    "drop",
    "due",
    "get",
    "hold",
    "next_due",
    "of_name",
    "password_came",
    "postpone",
    "record",
    "release",
    "rest",
    "retry",
    "settle",
    "settle_key",
    "touch",
]

_OF_NAME: Final = "WHERE kind = ? AND name = ? AND named = 1"
_ALL: Final = "WHERE status <> 'resting' ORDER BY entries.sequence"
_DUE: Final = """
WHERE status = 'waiting' AND (due_at <= :now OR due_at > :now + :longest)
ORDER BY entries.sequence LIMIT :limit
"""
_NEXT_DUE: Final = """
SELECT min(due_at) FROM entries
WHERE status = 'waiting' AND due_at > :now AND due_at <= :now + :longest
"""
_POSTPONE: Final = """
UPDATE entries SET due_at = ?, reason = ?, attempts = attempts + ?,
    contradictions = contradictions + ?
WHERE subject = ?
"""
_STOP: Final = "UPDATE entries SET status = ?, reason = ? WHERE subject = ?"
_RETRY: Final = """
UPDATE entries SET status = 'waiting', due_at = ?, attempts = 0, contradictions = 0
WHERE subject = ?
"""
_RELEASE: Final = """
UPDATE entries SET status = 'waiting', due_at = :now, released = 1, reason = ''
WHERE status = 'held' AND (:subject IS NULL OR subject = :subject)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The receipt for an event that is on disk."""

    subject: int
    generation: int
    #: The same event had been recorded before; nothing was changed.
    duplicate: bool


def record(state: State, event: Event, unsent: str = "") -> Recorded:
    """Merge the event into its subject's entry; on return it is on disk.

    ``unsent`` says why the stored password that it tells of cannot be sent. It stays told until a
    password comes that can be, or somebody drops the entry.

    Raises:
        StateUnusable: nothing was recorded.
    """
    with state.transaction():
        told = subject_told(state, event.id)
        if told is not None:
            subject = subjects.final(state, told)
            generation = subjects.generation_of(state, subject)
            return Recorded(subject=subject, generation=generation, duplicate=True)
        meant = subject_meant(state, event)
        sequence = next_sequence(state, event.id, meant.subject)
        words = said(event, sequence, state.clock(), unsent)
        for group in meant.named_in:
            touch(state, Kind.GROUP, subjects.name_of(state, group))
        return _add(state, meant, words, sequence, event.defer)


def touch(state: State, kind: Kind, name: str, *, defer: float = 0.0) -> Recorded:
    """Record that somebody has to look at the subject, of whom nothing new was said.

    Raises:
        StateUnusable: nothing was recorded.
    """
    with state.transaction():
        subject = subjects.of_name(state, kind, name)
        if subject is None:
            subject = subjects.create(state, kind, name)
        sequence = next_sequence(state, secrets.token_hex(16), subject)
        return _add(state, Meant(subject=subject), Words(), sequence, defer)


def due(state: State, now: float, limit: int = -1) -> tuple[Entry, ...]:
    """The waiting entries whose time has come, oldest first, at most ``limit`` (-1: all).

    A time further off than the longest delay was left behind by a clock that has been set back.
    """
    return rows.entries_where(state, _DUE, {"now": now, "longest": LONGEST_DELAY, "limit": limit})


def next_due(state: State, now: float) -> float | None:
    """When the next entry comes due that is not due yet; None if there is none."""
    found = state.row(_NEXT_DUE, {"now": now, "longest": LONGEST_DELAY})
    return None if found is None or found[0] is None else float(found[0])


def get(state: State, subject: int) -> Entry | None:
    """The subject's entry, if there is something to deliver."""
    found = rows.entries_where(state, rows.OF_SUBJECT, (subject,))
    return found[0] if found else None


def of_name(state: State, kind: Kind, name: str) -> Entry | None:
    """The entry of the subject that has this name now, if there is something to deliver."""
    found = rows.entries_where(state, _OF_NAME, (kind, name))
    return found[0] if found else None


def all_entries(state: State) -> tuple[Entry, ...]:
    """Every entry that somebody or something has to care for, oldest first."""
    return rows.entries_where(state, _ALL)


def settle(state: State, entry: Entry, *, password_sent: bool = False) -> bool:
    """Clear a delivered entry and wipe its hash; False if a newer event has come meanwhile.

    That a password cannot be sent stays told, unless another one was sent.
    """
    with state.transaction():
        if not _unmoved(state, entry):
            return False
        return rows.delete(state, entry.subject) if password_sent else _clear(state, entry.subject)


def password_came(state: State, subject: int) -> None:
    """Tell no longer that a password cannot be sent, since another one was."""
    with state.transaction():
        words = rows.words_of(state, subject)
        if words.tells_only:
            rows.delete(state, subject)
        elif words.unsent is not None:
            rows.keep_words(state, subject, replace(words, unsent=None))


def settle_key(state: State, entry: Entry, key: str) -> bool:
    """Clear one delivered key of an entry; if anything else was said, that is due now.

    False if a newer event has come meanwhile.
    """
    with state.transaction():
        words = rows.words_of(state, entry.subject)
        if key not in words.keys or not _unmoved(state, entry):
            return False
        left = {name: word for name, word in words.keys.items() if name != key}
        if not left and words.password is None:
            return _clear(state, entry.subject)
        rest = replace(words, keys=left)
        last = words.keys[key][0]
        rows.save(state, entry.subject, rest, sequence=last, due_at=state.clock())
        return True


def postpone(
    state: State, entry: Entry, *, due_at: float, reason: str, contradiction: bool = False
) -> bool:
    """Try again at ``due_at``; counts an attempt, or a contradiction of the source.

    False if a newer event has come meanwhile, which is due by its own time.
    """
    counts = (0, 1) if contradiction else (1, 0)
    # Lost in a power cut it would only be tried too early.
    with state.transaction(durable=False):
        return _change(state, entry, _POSTPONE, (due_at, reason, *counts))


def hold(state: State, entry: Entry, reason: str) -> bool:
    """Keep it until a person releases it; False if a newer event has come meanwhile."""
    return _stop(state, entry, "held", reason)


def bury(state: State, entry: Entry, reason: str) -> bool:
    """Keep it until a person or a new event digs it up; False if one has come meanwhile."""
    return _stop(state, entry, "buried", reason)


def rest(state: State, entry: Entry, reason: str) -> bool:
    """Keep what was said, without the password, for the next event on the subject to add to.

    False if a newer event has come meanwhile.
    """
    with state.transaction():
        if not _stop(state, entry, "resting", reason):
            return False
        rows.forget_secret(state, entry.subject)
        return True


def retry(state: State, subject: int) -> bool:
    """Make the entry waiting and due now, whatever its status; False if there is none."""
    with state.transaction():
        return state.execute(_RETRY, (state.clock(), subject)) == 1


def drop(state: State, subject: int) -> bool:
    """Throw the entry away undelivered and wipe its hash; False if there is none."""
    with state.transaction():
        return rows.delete(state, subject)


def release(state: State, subject: int | None = None) -> int:
    """Let one held entry, or all of them, go beyond the bounds; return how many there were."""
    with state.transaction():
        return state.execute(_RELEASE, {"now": state.clock(), "subject": subject})


def _add(state: State, meant: Meant, words: Words, sequence: int, defer: float) -> Recorded:
    standing = rows.standing(state, meant.subject)
    before, gift = standing.words, Words()
    if words.owner is not None and words.owner[1].lasting:
        before, gift = owning.part(before, (words.owner[1],))
    together = combine(before, words)
    unfinished = standing.entry is not None and not standing.entry.idle
    # Of a password alone that cannot be sent nobody has to look, unless something else waits.
    told = words.unsent[1] if words.unsent and together.tells_only and not unfinished else ""
    problem = meant.problem or told
    rows.save(
        state,
        meant.subject,
        together,
        sequence=sequence,
        due_at=state.clock() + defer,
        status="buried" if problem else "waiting",
        reason=problem,
        same=asks_the_same(before, together),
        before=standing,
    )
    subjects.count_event(state, meant.subject)
    generation = standing.generation + 1
    if gift.owner is not None:  # to another subject: here the newer password stands already
        home, name = owning.linked_as(state, gift.owner[1]), subjects.name_of(state, meant.subject)
        owning.pass_on(state, gift, home, subject=meant.subject, name=name)
    if unfinished and standing.reserved:
        number = meant.subject
        bounds.carry_over(state, number, standing.generation, heir=number, newer=generation)
    return Recorded(subject=meant.subject, generation=generation, duplicate=False)


def _clear(state: State, subject: int) -> bool:
    """Remove an entry, but for the news that a password cannot be sent; False if there is none."""
    unsent = rows.words_of(state, subject).unsent
    if unsent is None:
        return rows.delete(state, subject)
    rows.save_unsent(state, subject, unsent)
    return True


def _unmoved(state: State, entry: Entry) -> bool:
    return subjects.generation_of(state, entry.subject) == entry.generation


def _change(state: State, entry: Entry, statement: str, values: Sequence[object]) -> bool:
    if not _unmoved(state, entry):
        return False
    return state.execute(statement, (*values, entry.subject)) == 1


def _stop(state: State, entry: Entry, status: Status, reason: str) -> bool:
    with state.transaction():
        return _change(state, entry, _STOP, (status, reason))
