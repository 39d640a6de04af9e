"""The persons and groups that events are about: numbers, to which names and identities point.

It must not know what is delivered or who decides that two subjects are the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.model import Identity, Kind
from gapps_hooks.outbox import entry, owning
from gapps_hooks.outbox.merging import combine
from gapps_hooks.outbox.state import State

_OF_NAME: Final = "SELECT subject FROM subjects WHERE kind = ? AND name = ? AND named = 1"
_FORMER: Final = """
SELECT subject FROM subjects JOIN identities USING (subject)
WHERE subjects.kind = ? AND name = ? AND named = 0 AND merged_into IS NULL
    AND identities.kind = ? AND identities.value = ?
ORDER BY subject DESC
"""
_GET: Final = "SELECT * FROM subjects WHERE subject = ?"
_CREATE: Final = "INSERT INTO subjects (kind, name) VALUES (?, ?)"
_ADVANCE: Final = "UPDATE subjects SET generation = generation + 1 WHERE subject = ?"
_OUTGROW: Final = "UPDATE subjects SET generation = max(generation, ?) WHERE subject = ?"
_TAKE_NAME: Final = "UPDATE subjects SET name = ?, named = 1 WHERE subject = ?"
_LOSE_NAME: Final = "UPDATE subjects SET named = 0 WHERE subject = ?"
_WITH_IDENTITY: Final = """
SELECT subject FROM identities JOIN subjects USING (subject)
WHERE subjects.kind = ? AND identities.kind = ? AND identities.value = ? AND merged_into IS NULL
ORDER BY subject
"""
_IDENTITIES: Final = "SELECT kind, value FROM identities WHERE subject = ? ORDER BY kind"
_SET_IDENTITY: Final = "INSERT OR REPLACE INTO identities (subject, kind, value) VALUES (?, ?, ?)"
_COPY_IDENTITIES: Final = """
INSERT OR IGNORE INTO identities (subject, kind, value)
SELECT ?, kind, value FROM identities WHERE subject = ?
"""
_SET_TRACES: Final = "UPDATE subjects SET traces = ? WHERE subject = ?"
_ABSORB: Final = "UPDATE subjects SET named = 0, merged_into = ? WHERE subject = ?"
_LINKED: Final = "SELECT subject FROM links WHERE subject = ?"
_MOVE_LINK: Final = "UPDATE links SET subject = ? WHERE subject = ?"
_MOVE_MEMBERS: Final = "UPDATE OR IGNORE memberships SET group_subject = ? WHERE group_subject = ?"
_COPY_CREATION: Final = """
INSERT OR IGNORE INTO creations (subject) SELECT ? FROM creations WHERE subject = ?
"""
_LEAVE_MEMBERS: Final = "DELETE FROM memberships WHERE group_subject = ?"
_FIRST_SEQUENCE: Final = "SELECT min(sequence) AS first FROM entries WHERE subject IN (?, ?)"


class NameTaken(GappsHooksError):
    """The name belongs to another subject that cannot give it up; ``other`` is its number."""

    def __init__(self, name: str, other: int) -> None:
        self.other = other
        super().__init__(
            f"{name} is already another account or group that is linked to Google; if that one is"
            f" gone for good, run: gapps-hooks links forget {name} - and send the rename again"
        )


class BothLinked(GappsHooksError):
    """Two subjects cannot be one: each is linked to an object of its own at Google."""


def of_name(state: State, kind: Kind, name: str) -> int | None:
    """The subject that has this name now."""
    return _number(state, _OF_NAME, kind, name)


def of_former_name(state: State, kind: Kind, name: str, identity: Identity) -> int | None:
    """The last subject that had this name, has lost it to another, and is known by the identity."""
    return _number(state, _FORMER, kind, name, identity.kind, identity.value)


def name_of(state: State, subject: int) -> str:
    """The name that the subject has, or had last."""
    return str(_get(state, subject, "name"))


def generation_of(state: State, subject: int) -> int:
    """How many events there were on the subject; it never falls, also when nothing waits."""
    return int(str(_get(state, subject, "generation")))


def final(state: State, subject: int) -> int:
    """The subject that this one was merged into in the end, or itself."""
    while (into := _get(state, subject, "merged_into")) is not None:
        subject = int(str(into))
    return subject


def with_identity(state: State, kind: Kind, identity: Identity) -> tuple[int, ...]:
    """All subjects that are or were known by this identity."""
    rows = state.rows(_WITH_IDENTITY, (kind, identity.kind, identity.value))
    return tuple(row["subject"] for row in rows)


def identities(state: State, subject: int) -> tuple[Identity, ...]:
    """What the subject is known by, at most one identity of each kind."""
    return tuple(Identity(row[0], row[1]) for row in state.rows(_IDENTITIES, (subject,)))


def traces(state: State, subject: int) -> Mapping[str, str]:
    """Digests of what tells the same person under a new name (see Account.traces)."""
    stored: dict[str, str] = json.loads(str(_get(state, subject, "traces")))
    return stored


def note(
    state: State, subject: int, identity: Identity | None, digests: Mapping[str, str] | None = None
) -> None:
    """Remember by what the subject is known; the last identity of each kind is kept.

    ``digests`` are those of its traces; None leaves them as they are.
    """
    if _is_known(state, subject, identity, digests):
        return
    with state.transaction():
        if identity is not None:
            state.execute(_SET_IDENTITY, (subject, identity.kind, identity.value))
        if digests is not None:
            state.execute(_SET_TRACES, (json.dumps(dict(digests)), subject))


def _is_known(
    state: State, subject: int, identity: Identity | None, digests: Mapping[str, str] | None
) -> bool:
    # Most deliveries find what they knew; each write would cost them a wait for the disk.
    same_identity = identity is None or identity in identities(state, subject)
    return same_identity and (digests is None or dict(digests) == dict(traces(state, subject)))


def create(state: State, kind: Kind, name: str) -> int:
    """Make a subject that has the name; who had it keeps everything but the name."""
    with state.transaction():
        _free(state, kind, name)
        return state.insert(_CREATE, (kind, name))


def take_name(state: State, subject: int, name: str) -> None:
    """Let the name point to this subject; who had it keeps everything but the name."""
    with state.transaction():
        _free(state, _kind(state, subject), name)
        state.execute(_TAKE_NAME, (name, subject))


def count_event(state: State, subject: int) -> None:
    """Count one more event on the subject, inside a transaction."""
    state.execute(_ADVANCE, (subject,))


def advance(state: State, subject: int) -> int:
    """Count one more event on the subject, inside a transaction; return its new generation."""
    count_event(state, subject)
    return generation_of(state, subject)


def rename(state: State, subject: int, new_name: str) -> None:
    """Let the new name point to the subject and the old one nowhere.

    A subject without a link that had the new name is merged into this one.

    Raises:
        NameTaken: the one that has the new name is linked; nothing was changed.
    """
    with state.transaction():
        holder = of_name(state, _kind(state, subject), new_name)
        if holder is not None and holder != subject:
            if state.row(_LINKED, (holder,)):
                raise NameTaken(new_name, holder)
            merge(state, subject, holder)
        state.execute(_TAKE_NAME, (new_name, subject))


def merge(state: State, into: int, absorbed: int) -> None:
    """Make one subject of two that are the same person or group; ``into`` keeps its name.

    Their entries become one, in the order of their events; it is due at once.

    Raises:
        BothLinked: nothing was changed.
    """
    with state.transaction():
        if state.row(_LINKED, (absorbed,)):
            if state.row(_LINKED, (into,)):
                raise BothLinked(
                    f"{name_of(state, into)} and {name_of(state, absorbed)} are linked to"
                    " different accounts or groups at Google; forget one of the links first"
                )
            state.execute(_MOVE_LINK, (into, absorbed))
        _merge_entries(state, into, absorbed)
        state.execute(_COPY_IDENTITIES, (into, absorbed))
        if not traces(state, into):
            note(state, into, None, traces(state, absorbed))
        state.execute(_COPY_CREATION, (into, absorbed))
        state.execute(_MOVE_MEMBERS, (into, absorbed))
        state.execute(_LEAVE_MEMBERS, (absorbed,))
        state.execute(_OUTGROW, (generation_of(state, absorbed), into))
        advance(state, into)
        advance(state, absorbed)
        state.execute(_ABSORB, (into, absorbed))


def _merge_entries(state: State, into: int, absorbed: int) -> None:
    found = state.row(_FIRST_SEQUENCE, (into, absorbed))
    if found is None or found["first"] is None:
        return
    known = owning.known_as(state, into) or owning.known_as(state, absorbed)
    own, gift = owning.part(entry.words_of(state, into), known)
    more, other_gift = owning.part(entry.words_of(state, absorbed), known)
    entry.delete(state, absorbed)
    together = combine(own, more)
    entry.save(state, into, together, sequence=found["first"], due_at=state.clock())
    for each in (gift, other_gift):
        home = owning.linked_as(state, each.owner[1]) if each.owner else None
        owning.pass_on(state, each, home, subject=into, name=name_of(state, absorbed))


def _free(state: State, kind: Kind, name: str) -> None:
    holder = of_name(state, kind, name)
    if holder is not None:
        state.execute(_LOSE_NAME, (holder,))


def _kind(state: State, subject: int) -> Kind:
    return Kind(str(_get(state, subject, "kind")))


def _get(state: State, subject: int, column: str) -> object:
    row = state.row(_GET, (subject,))
    if row is None:
        raise LookupError(f"there is no subject {subject}")
    value: object = row[column]
    return value


def _number(state: State, statement: str, *parameters: str) -> int | None:
    row = state.row(statement, parameters)
    return None if row is None else int(row["subject"])
