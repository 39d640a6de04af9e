"""Everybody whom the state knows, in few queries: what a reconcile of all would ask one by one.

It must not know what is compared with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from gapps_hooks.model import Identity, Kind, Link
from gapps_hooks.outbox import links
from gapps_hooks.outbox.state import State

_Item = TypeVar("_Item")
#: Subjects asked for at once; SQLite takes 999 parameters everywhere.
_AT_ONCE: Final = 500
_OUTLINES: Final = """
SELECT subjects.subject, subjects.name, named, generation,
    google_id, address, identity, ended_at
FROM subjects LEFT JOIN links USING (subject)
WHERE kind = ? AND merged_into IS NULL
ORDER BY subjects.subject
"""
_KNOWN: Final = """
SELECT subjects.name, identity FROM links CROSS JOIN subjects USING (subject)
WHERE identity IN ({}) AND ended_at IS NULL
    AND kind = ? AND named = 1 AND merged_into IS NULL
"""
_IDENTIFIED: Final = """
SELECT 1 FROM links JOIN subjects USING (subject)
WHERE kind = ? AND identity IS NOT NULL LIMIT 1
"""
_LINKS: Final = "SELECT * FROM links WHERE subject IN ({})"
_CREATIONS: Final = "SELECT subject FROM creations"
_CONFIRM: Final = """
UPDATE links SET confirmed_at = max(confirmed_at, ?), administrator_checked_at = ?
WHERE subject = ? AND google_id = ? AND confirmed_at = ? AND administrator = ?
"""


@dataclass(frozen=True, slots=True)
class Outline:
    """A subject and the least of its link, where it has one."""

    subject: int
    name: str
    #: Whether the name still points to it.
    named: bool
    generation: int
    google_id: str | None
    address: str | None
    identity: Identity | None
    #: Whether it is linked, and the link has not ended.
    live: bool


def names_by_identity(
    state: State, kind: Kind, identities: Iterable[Identity]
) -> dict[Identity, str]:
    """The names of those who are linked, by those of these ids by which they are known."""
    found: dict[Identity, str] = {}
    for some in _pieces(tuple(map(str, identities))):
        rows = state.rows(_KNOWN.format(",".join("?" * len(some))), (*some, kind))
        found.update((Identity.parse(row["identity"]), row["name"]) for row in rows)
    return found


def knows_identities(state: State, kind: Kind) -> bool:
    """Whether anybody who is linked is known by an id."""
    return state.row(_IDENTIFIED, (kind,)) is not None


def outlines(state: State, kind: Kind) -> tuple[Outline, ...]:
    """All subjects of a kind, without those that were merged into another."""
    return tuple(
        Outline(
            subject=row["subject"],
            name=row["name"],
            named=bool(row["named"]),
            generation=row["generation"],
            google_id=row["google_id"],
            address=row["address"],
            identity=None if row["identity"] is None else Identity.parse(row["identity"]),
            live=row["google_id"] is not None and row["ended_at"] is None,
        )
        for row in state.rows(_OUTLINES, (kind,))
    )


def links_of(state: State, subjects: Sequence[int]) -> dict[int, Link]:
    """The links of these subjects, by subject."""
    found: dict[int, Link] = {}
    for some in _pieces(subjects):
        marks = ",".join("?" * len(some))
        rows = state.rows(_LINKS.format(marks), some)
        found.update((row["subject"], links.read(row)) for row in rows)
    return found


def begun_creations(state: State) -> frozenset[int]:
    """The subjects for whom a creation was sent of which nothing is remembered since."""
    return frozenset(row["subject"] for row in state.rows(_CREATIONS))


def confirm(state: State, unchanged: Iterable[Link], now: float) -> None:
    """Note that Google showed these links to be right; who was changed meanwhile is left as is.

    Losing it costs one more question, so that the disk is not waited for.
    """
    for some in _pieces(tuple(unchanged)):
        with state.transaction(durable=False):
            for link in some:
                seen = (link.subject, link.google_id, link.confirmed_at, link.administrator)
                state.execute(_CONFIRM, (now, now, *seen))


def save_unchanged(state: State, before: Link | None, after: Link) -> bool:
    """Write a link, unless another has written it since ``before`` was read."""
    with state.transaction(durable=False):
        if links.of(state, after.subject) != before:
            return False
        links.save(state, after)
    return True


def _pieces(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    yield from (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))


def in_pieces(
    names: Sequence[str], known: Mapping[str, Outline]
) -> Iterator[dict[str, Outline | None]]:
    """Who is known under each name, for so many names at a time as are asked for at once."""
    for start in range(0, len(names), _AT_ONCE):
        yield {name: known.get(name) for name in names[start : start + _AT_ONCE]}
