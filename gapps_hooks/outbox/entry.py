"""One entry of the outbox, and how it is read from and written to its row.

It must not know when an entry is due or what is done with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from gapps_hooks.model import Identity, Kind, PasswordHash
from gapps_hooks.outbox.merging import VERSION, Words, combine, from_json, to_json
from gapps_hooks.outbox.state import State

Status = Literal["waiting", "held", "buried", "resting"]

_SELECT: Final = """
SELECT entries.*, subjects.kind, subjects.name, subjects.generation, secrets.function, secrets.value
FROM entries JOIN subjects USING (subject) LEFT JOIN secrets USING (subject)
"""
OF_SUBJECT: Final = "WHERE entries.subject = ?"
_STANDING: Final = """
SELECT entries.*, subjects.kind, subjects.name, subjects.generation,
    secrets.function, secrets.value,
    EXISTS (
        SELECT 1 FROM reservations
        WHERE reservations.subject = subjects.subject
            AND reservations.generation = subjects.generation
    ) AS reserved
FROM subjects LEFT JOIN entries USING (subject) LEFT JOIN secrets USING (subject)
WHERE subjects.subject = ?
"""
_SAVE: Final = """
INSERT INTO entries (
    subject, sequence, version, words, status, recorded_at, event_at, due_at, reason)
VALUES (:subject, :sequence, :version, :words, :status, :now, :now, :due_at, :reason)
ON CONFLICT (subject) DO UPDATE SET
    sequence = min(sequence, excluded.sequence), version = excluded.version,
    words = excluded.words, status = excluded.status, event_at = excluded.event_at,
    due_at = excluded.due_at, reason = excluded.reason,
    attempts = 0, contradictions = 0,
    released = CASE WHEN :same AND status <> 'resting' THEN released ELSE 0 END
"""
_KEEP_WORDS: Final = "UPDATE entries SET words = ? WHERE subject = ?"
_DELETE: Final = "DELETE FROM entries WHERE subject = ?"
_HASH: Final = "SELECT value FROM secrets WHERE subject = ?"
_FORGET_HASH: Final = "DELETE FROM secrets WHERE subject = ?"
_KEEP_HASH: Final = "INSERT INTO secrets (subject, function, value, kept_at) VALUES (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What still has to be delivered for one subject; times are wall-clock seconds."""

    subject: int
    kind: Kind
    #: The name that the subject has now, or had last.
    name: str
    #: Grows with every event on the subject, also beyond the entry's life.
    generation: int
    #: ``held`` and ``buried`` wait for a person, or for the next event; ``resting`` for that alone.
    status: Status
    #: The payloads' keys, each with its last value.
    patch: Mapping[str, Any]
    #: A user-add is among the events, after every deletion.
    added: bool
    #: The last word is that the subject is deleted.
    removed: bool
    password: PasswordHash | None = field(repr=False)
    #: Whose password it is, where that is known.
    owner: Identity | None = None
    #: Why a stored password that was set cannot be sent, as a sentence; "" if none was, or if a
    #: later one can.
    unsent: str = ""
    #: The name that the subject had, according to the last event that gave one.
    old_name: str | None
    #: The identity that the last event with one gave.
    identity: Identity | None
    #: When the first event was recorded that is not delivered yet, and the last one.
    recorded_at: float
    event_at: float
    #: When the last event came that wants the account active: a user-add, or one that says so.
    wished_at: float | None = None
    #: When delivery first saw, and did not lift, a suspension that is not ours.
    suspension_seen_at: float | None = None
    #: How often delivery was put off since the last event.
    attempts: int
    #: How often the source contradicted the events since the last of them.
    contradictions: int
    due_at: float
    #: Why it waits, is held or buried, as a sentence; "" if there was no attempt yet.
    reason: str
    #: A person has let it go beyond the bounds.
    released: bool

    @property
    def why(self) -> str:
        """Why it is not delivered, and which password cannot be, as sentences."""
        return "; ".join(dict.fromkeys(filter(None, (self.reason, self.unsent))))

    @property
    def idle(self) -> bool:
        """Whether there is nothing to deliver: it rests, or only tells of a password."""
        told = self.status == "buried" and bool(self.unsent) and self.reason == self.unsent
        return told or self.status == "resting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a subject stands before something more is said of it."""

    entry: Entry | None
    words: Words
    #: The hash that is kept for it, whether it has an entry or not.
    kept: str | None = field(repr=False)
    generation: int
    #: Whether something is counted for this generation, of which only so much may be done.
    reserved: bool


def entries_where(
    state: State, condition: str = "", parameters: Sequence[object] | Mapping[str, object] = ()
) -> tuple[Entry, ...]:
    """The entries that ``condition`` (SQL after the joins) selects."""
    return tuple(_entry(row) for row in state.rows(_SELECT + condition, parameters))


def words_of(state: State, subject: int) -> Words:
    """What the subject's entry says; nothing if it has none."""
    row = state.row(_SELECT + OF_SUBJECT, (subject,))
    return _words(row) if row else Words()


def standing(state: State, subject: int) -> Standing:
    """Read with one question how a subject stands; recording asks it for every event."""
    row = state.row(_STANDING, (subject,))
    assert row is not None  # noqa: S101 - whoever asks has found or made it
    waits = row["status"] is not None
    return Standing(
        entry=_entry(row) if waits else None,
        words=_words(row) if waits else Words(),
        kept=row["value"],
        generation=row["generation"],
        reserved=bool(row["reserved"]),
    )


def save(  # noqa: PLR0913 - the row's fields
    state: State,
    subject: int,
    words: Words,
    *,
    sequence: int,
    due_at: float,
    status: Status = "waiting",
    reason: str = "",
    same: bool = False,
    before: Standing | None = None,
) -> None:
    """Write the subject's entry as after a new event; inside a transaction.

    ``same`` says that nothing else is asked for than before, so that a release goes on until that
    is delivered; ``before`` is how it stands, if that is known.
    """
    state.execute(
        _SAVE,
        {
            "subject": subject,
            "sequence": sequence,
            "version": VERSION,
            "words": to_json(words),
            "status": status,
            "now": state.clock(),
            "due_at": due_at,
            "reason": reason,
            "same": same,
        },
    )
    kept = _kept(state, subject) if before is None else before.kept
    _save_secret(state, subject, words.password[1] if words.password else None, kept)


def save_unsent(state: State, subject: int, unsent: tuple[int, str]) -> None:
    """Leave of an entry only that a password cannot be sent; inside a transaction."""
    sequence, reason = unsent
    words = Words(unsent=unsent)
    now = state.clock()
    save(state, subject, words, sequence=sequence, due_at=now, status="buried", reason=reason)


def lift_removal(state: State, subject: int) -> None:
    """Let the subject exist after all, as it was a rename that was told as a deletion.

    Inside a transaction.
    """
    words = words_of(state, subject)
    exists = combine(words, Words(present_by=words.removed_by))
    save(state, subject, exists, sequence=words.removed_by, due_at=state.clock())


def delete(state: State, subject: int) -> bool:
    """Remove the entry and wipe its hash; inside a transaction. False if there is none."""
    forget_secret(state, subject)
    return state.execute(_DELETE, (subject,)) == 1


def keep_words(state: State, subject: int, words: Words) -> None:
    """Let the entry say no more than these words, and stand as it is; inside a transaction."""
    state.execute(_KEEP_WORDS, (to_json(words), subject))
    password = words.password[1] if words.password else None
    _save_secret(state, subject, password, _kept(state, subject))


def note_suspension(state: State, subject: int) -> None:
    """Remember when a suspension was first seen: of some Google does not say since when."""
    with state.transaction():
        words = words_of(state, subject)
        if words.suspension_seen_at is None:
            keep_words(state, subject, replace(words, suspension_seen_at=state.clock()))


def forget_secret(state: State, subject: int) -> None:
    """Wipe the entry's hash and keep the rest; inside a transaction."""
    _save_secret(state, subject, None, _kept(state, subject))


def _kept(state: State, subject: int) -> str | None:
    row = state.row(_HASH, (subject,))
    return None if row is None else str(row["value"])


def _save_secret(
    state: State, subject: int, password: PasswordHash | None, kept: str | None
) -> None:
    if kept is not None and (password is None or password.value != kept):
        state.execute(_FORGET_HASH, (subject,))
        state.want_wipe()
        kept = None
    if password is not None and kept is None:
        values = (subject, password.function, password.value, state.clock())
        state.execute(_KEEP_HASH, values)


def _words(row: sqlite3.Row) -> Words:
    password = PasswordHash(row["function"], row["value"]) if row["value"] else None
    return from_json(row["words"], password)


def _entry(row: sqlite3.Row) -> Entry:
    words = _words(row)
    return Entry(
        subject=row["subject"],
        kind=Kind(row["kind"]),
        name=row["name"],
        generation=row["generation"],
        status=row["status"],
        patch=words.patch,
        added=words.added,
        removed=words.removed,
        password=words.password and words.password[1],
        owner=words.owner and words.owner[1],
        unsent=words.unsent[1] if words.unsent else "",
        old_name=words.old_name and words.old_name[1],
        identity=words.identity and words.identity[1],
        recorded_at=row["recorded_at"],
        event_at=row["event_at"],
        wished_at=words.wished_at and words.wished_at[1],
        suspension_seen_at=words.suspension_seen_at,
        attempts=row["attempts"],
        contradictions=row["contradictions"],
        due_at=row["due_at"],
        reason=row["reason"],
        released=bool(row["released"]),
    )
