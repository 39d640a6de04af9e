"""The links between subjects and Google's immutable ids, no two of which claim the same.

It must not know Google's client or what decides that a link is right.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.model import Identity, Kind, Link
from gapps_hooks.outbox import subjects
from gapps_hooks.outbox.mending import LINKS_LOST
from gapps_hooks.outbox.state import State

_OF: Final = "SELECT * FROM links WHERE subject = ?"
_OF_NAME: Final = """
SELECT links.* FROM subjects JOIN links USING (subject)
WHERE subjects.kind = ? AND subjects.name = ? AND named = 1
"""
_LIVE: Final = """
SELECT 1 FROM subjects JOIN links USING (subject)
WHERE subjects.kind = ? AND subjects.name = ? AND named = 1 AND ended_at IS NULL
"""
_BY_GOOGLE_ID: Final = "SELECT * FROM links WHERE google_id = ?"
_BY_ADDRESS: Final = "SELECT * FROM links WHERE address = ?"
_ALL: Final = "SELECT * FROM links ORDER BY subject"
_KINDS: Final = "SELECT subject, kind FROM links JOIN subjects USING (subject)"
_COUNT: Final = """
SELECT count(*) AS number FROM links JOIN subjects USING (subject)
WHERE kind = ? AND ended_at IS NULL
"""
#: Written so that each part has an index: otherwise every link saved reads all the others.
_RIVALS: Final = """
SELECT * FROM links
WHERE (subject = :subject AND google_id <> :google_id)
   OR (google_id = :google_id AND subject <> :subject)
   OR (address = :address AND subject <> :subject)
ORDER BY subject
"""
_SAVE: Final = """
INSERT OR REPLACE INTO links (
    subject, google_id, address, name, identity, delivered, created, administrator,
    suspended_by_us, created_at, confirmed_at, administrator_checked_at, ended_at)
VALUES (
    :subject, :google_id, :address, :name, :identity, :delivered, :created, :administrator,
    :suspended_by_us, :created_at, :confirmed_at, :administrator_checked_at, :ended_at)
"""
_END: Final = "UPDATE links SET ended_at = ? WHERE subject = ? AND ended_at IS NULL"
_FORGET: Final = "DELETE FROM links WHERE subject = ?"


class Claimed(GappsHooksError):
    """The Google account or address belongs to another link, which ``other`` is."""

    def __init__(self, link: Link, other: Link) -> None:
        self.other = other
        super().__init__(
            f"{link.address} (Google id {link.google_id}) cannot be linked to {link.name}:"
            f" {other.name} is linked to {other.address} (Google id {other.google_id});"
            f" if that is wrong, run: gapps-hooks links forget {other.name}"
        )


def of(state: State, subject: int) -> Link | None:
    """The subject's link, ended or not."""
    return _one(state, _OF, subject)


def of_name(state: State, kind: Kind, name: str) -> Link | None:
    """The link, ended or not, of the subject that has this name now."""
    row = state.row(_OF_NAME, (kind, name))
    return None if row is None else read(row)


def is_live(state: State, kind: Kind, name: str) -> bool:
    """Whether the subject that has this name now is linked, and that has not ended."""
    return state.row(_LIVE, (kind, name)) is not None


def by_google_id(state: State, google_id: str) -> Link | None:
    """The link to the object with Google's immutable id."""
    return _one(state, _BY_GOOGLE_ID, google_id)


def by_address(state: State, address: str) -> Link | None:
    """The link whose account or group has this address (in any case of letters)."""
    return _one(state, _BY_ADDRESS, address.lower())


def count(state: State, kind: Kind = Kind.USER) -> int:
    """How many people, or groups, are linked, without those whose link has ended."""
    row = state.row(_COUNT, (kind,))
    return 0 if row is None else int(row["number"])


def all_links(state: State) -> tuple[Link, ...]:
    """Every link, ended ones too, in the order of their subjects."""
    return tuple(read(row) for row in state.rows(_ALL))


def kinds(state: State) -> Mapping[int, Kind]:
    """Say of each linked subject whether it is a person or a group."""
    return {row["subject"]: Kind(row["kind"]) for row in state.rows(_KINDS)}


def save(state: State, link: Link) -> None:
    """Write the link, anew or in place of the subject's present one.

    A subject that was merged meanwhile passes it on to the one that it became.

    Raises:
        Claimed: the id or the address belongs to another subject, or the subject is linked to
            another id; nothing was changed.
    """
    with state.transaction():
        values = _values(link) | {"subject": subjects.final(state, link.subject)}
        rival = state.row(_RIVALS, values)
        if rival is not None:
            raise Claimed(link, read(rival))
        state.execute(_SAVE, values)


def end(state: State, subject: int, now: float) -> bool:
    """Mark the link as that of a deleted account; False if there is none that lives."""
    with state.transaction():
        return state.execute(_END, (now, subject)) == 1


def rename_ended(state: State, subject: int, name: str) -> None:
    """Let an ended link follow the name of its owner, whose address is still made of the old one.

    The old name stays known as ``named`` until another address was delivered.
    """
    with state.transaction():
        link = of(state, subject)
        if link is not None and link.ended_at is not None and link.name != name:
            named = link.delivered.get("named") or link.name
            save(state, replace(link, name=name, delivered={**link.delivered, "named": named}))


def are_whole(state: State) -> None:
    """Say that every account that a lost link may have named was looked for since the damage."""
    if state.meta(LINKS_LOST):
        with state.transaction():
            state.set_meta(LINKS_LOST, "")


def forget(state: State, subject: int) -> bool:
    """Remove the link, as if the object at Google had never been seen; False if there is none."""
    with state.transaction():
        return state.execute(_FORGET, (subject,)) == 1


def _one(state: State, statement: str, key: object) -> Link | None:
    row = state.row(statement, (key,))
    return None if row is None else read(row)


def _values(link: Link) -> dict[str, Any]:
    return {
        "subject": link.subject,
        "google_id": link.google_id,
        "address": link.address.lower(),
        "name": link.name,
        "identity": None if link.identity is None else str(link.identity),
        "delivered": json.dumps(dict(link.delivered)),
        "created": link.created,
        "administrator": link.administrator,
        "suspended_by_us": link.suspended_by_us,
        "created_at": link.created_at,
        "confirmed_at": link.confirmed_at,
        "administrator_checked_at": link.administrator_checked_at,
        "ended_at": link.ended_at,
    }


def read(row: sqlite3.Row) -> Link:
    """Read a row of the table of links."""
    return Link(
        subject=row["subject"],
        google_id=row["google_id"],
        address=row["address"],
        name=row["name"],
        identity=None if row["identity"] is None else Identity.parse(row["identity"]),
        delivered=_delivered(row["delivered"]),
        created=bool(row["created"]),
        administrator=bool(row["administrator"]),
        suspended_by_us=bool(row["suspended_by_us"]),
        created_at=row["created_at"],
        confirmed_at=row["confirmed_at"],
        administrator_checked_at=row["administrator_checked_at"],
        ended_at=row["ended_at"],
    )


def _delivered(text: str) -> Mapping[str, Any]:
    """The digests; what JSON made a list of was a tuple."""
    stored = json.loads(text)
    return {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
