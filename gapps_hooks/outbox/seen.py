"""What was last seen of the local accounts and groups, in keyed digests that tell nothing else.

It must not know where they are read, nor what follows from a difference.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gapps_hooks.model import Kind
from gapps_hooks.outbox.state import State

#: The row of ``meta`` that says under which rule it was seen; there is none before the first look.
_RULE: Final = "seen-under"

_ALL: Final = "SELECT * FROM seen"
_FORGET: Final = "DELETE FROM seen WHERE kind = ? AND key = ?"
_KEEP: Final = "INSERT OR REPLACE INTO seen (kind, key, identity, marks) VALUES (?, ?, ?, ?)"
_NAMES: Final = "SELECT kind, name FROM subjects WHERE named = 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One person or group as last seen; everything but ``kind`` is a keyed digest."""

    kind: Kind
    #: Of its name.
    key: str
    #: Of its number.
    identity: str
    #: Of everything that may change, by what it is.
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> tuple[Kind, str]:
        """What it is found by."""
        return self.kind, self.key


def key_of(state: State, kind: Kind, name: str) -> str:
    """The digest under which a name is kept."""
    return state.digest([kind, name])


def all_seen(state: State) -> dict[tuple[Kind, str], Seen]:
    """Everything that was seen, by its place."""
    found = (
        Seen(
            kind=Kind(row["kind"]),
            key=row["key"],
            identity=row["identity"],
            marks=json.loads(row["marks"]),
        )
        for row in state.rows(_ALL)
    )
    return {one.place: one for one in found}


def rule(state: State) -> str:
    """The digest of the rule under which the last look was taken; "" before the first one.

    So it is too where the key is another, after a damage to the file: no digest means anything.
    """
    key, _, told = state.meta(_RULE).partition(" ")
    return told if key == _key_mark(state) else ""


def _key_mark(state: State) -> str:
    return state.digest(_RULE)


def remember(
    state: State, *, rule: str, seen: Iterable[Seen], gone: Iterable[tuple[Kind, str]] = ()
) -> None:
    """Keep what was seen by a look, and forget what is no longer there.

    Raises:
        StateUnusable: nothing was changed.
    """
    # Lost in a power cut it is only seen anew: what it led to is on disk already.
    with state.transaction(durable=False):
        for place in gone:
            state.execute(_FORGET, place)
        for one in seen:
            state.execute(_KEEP, (one.kind, one.key, one.identity, json.dumps(dict(one.marks))))
        state.set_meta(_RULE, f"{_key_mark(state)} {rule}")


def names(state: State, places: frozenset[tuple[Kind, str]]) -> dict[tuple[Kind, str], str]:
    """The names behind these digests, as far as they are subjects: the others concern nobody."""
    if not places:
        return {}
    known = ((Kind(row["kind"]), str(row["name"])) for row in state.rows(_NAMES))
    placed = (((kind, key_of(state, kind, name)), name) for kind, name in known)
    return {place: name for place, name in placed if place in places}
