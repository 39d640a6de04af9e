"""Rows that were salvaged -> a new state file: corrected where they cannot be read, and counted.

It must not know where they come from, nor where the files are.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from gapps_hooks.model import Kind, Role
from gapps_hooks.outbox.merging import VERSION, Words, from_json, to_json
from gapps_hooks.outbox.pages import Value
from gapps_hooks.outbox.salvage import Salvaged, Table

#: In this order, so that what is pointed to comes before what points to it.
_ORDER: Final = (
    "meta",
    "subjects",
    "identities",
    "events",
    "entries",
    "secrets",
    "links",
    "creations",
    "memberships",
    "reservations",
    "history",
)
#: Where the numbers of rows go on; far beyond any that was used and could not be read.
_GAP: Final = 1_000_000
_COUNTED: Final = ("subjects", "events", "history")


def fill(
    connection: sqlite3.Connection, found: Salvaged, known: Sequence[Table]
) -> Mapping[str, int]:
    """Write what was read into the new file; return how many rows each table got.

    The caller has begun a transaction. What does not fit is counted as broken.
    """
    by_name = {table.name: table for table in known}
    _add_lost_subjects(found)
    _date_secrets(found)
    for name, correct in _CORRECTIONS.items():
        rows = [_corrected(row, by_name[name], correct) for row in _of(found, name)]
        found.rows[name] = [row for row in rows if row is not None]
    written: dict[str, int] = {}
    for name in (*_ORDER, *(by_name.keys() - set(_ORDER))):
        table = by_name.get(name)
        if table is not None:
            written[name] = sum(_insert(connection, table, row, found) for row in _of(found, name))
    _count_on(connection, found)
    return written


def _of(found: Salvaged, name: str) -> list[tuple[Value, ...]]:
    return found.rows.get(name, [])


def _insert(
    connection: sqlite3.Connection, table: Table, row: tuple[Value, ...], found: Salvaged
) -> bool:
    columns = table.columns[: len(row)]
    marks = ", ".join("?" * len(row))
    verb = "REPLACE" if table.name == "meta" else "INSERT"
    statement = f"{verb} INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"
    try:
        connection.execute(statement, row)
    except (sqlite3.IntegrityError, sqlite3.OperationalError):
        found.broken += 1
        return False
    return True


def _corrected(
    row: tuple[Value, ...], table: Table, correct: Callable[[dict[str, Any]], bool]
) -> tuple[Value, ...] | None:
    named: dict[str, Any] = dict(zip(table.columns, row, strict=False))
    return tuple(named.values()) if correct(named) else None


def _correct_subject(row: dict[str, Any]) -> bool:
    row["traces"] = _json_object(row["traces"])
    return row["kind"] in set(Kind)


def _correct_entry(row: dict[str, Any]) -> bool:
    """Without readable words somebody still looks, as if nothing new had been said."""
    try:
        from_json(row["words"], None)
    except (ValueError, KeyError, TypeError):
        row |= {"words": to_json(Words()), "version": VERSION}
    return True


def _correct_link(row: dict[str, Any]) -> bool:
    row["delivered"] = _json_object(row["delivered"])
    return True


def _correct_history(row: dict[str, Any]) -> bool:
    row["details"] = _json_object(row["details"])
    # "" is said of the file itself
    return row["kind"] in {"", *Kind}


def _json_object(text: str) -> str:
    try:
        return text if isinstance(json.loads(text), dict) else "{}"
    except ValueError:
        return "{}"


_CORRECTIONS: Final[Mapping[str, Callable[[dict[str, Any]], bool]]] = {
    "subjects": _correct_subject,
    "entries": _correct_entry,
    "links": _correct_link,
    "memberships": lambda row: row["role"] in set(Role),
    "history": _correct_history,
}


def _add_lost_subjects(found: Salvaged) -> None:
    """Find the names of subjects that are lost where else they stand: history, and links."""
    present = {row[0] for row in _of(found, "subjects")}
    names = {(row[1], row[2]) for row in _of(found, "subjects") if row[3]}
    told = {subject: named for subject, named in _told(found) if subject not in present}
    for subject, (kind, name) in told.items():
        named = int((kind, name) not in names)
        names.add((kind, name))
        found.rows.setdefault("subjects", []).append((subject, kind, name, named, 0, "{}", None))
    # One that was merged points to the other: first come those that point to nobody.
    _of(found, "subjects").sort(key=lambda row: row[-1] is not None)


def _date_secrets(found: Salvaged) -> None:
    """Say of a hash of the first release since when it is kept, as the migration would."""
    dates = {row[0]: row[6] for row in _of(found, "entries")}
    found.rows["secrets"] = [
        (*row, dates.get(row[0], 0.0)) if len(row) == 3 else row  # noqa: PLR2004 - the columns of version 1
        for row in _of(found, "secrets")
    ]


def _told(found: Salvaged) -> Iterator[tuple[int, tuple[str, str]]]:
    for row in _of(found, "history"):
        if isinstance(row[2], int) and row[3] in {"user", "group"}:
            yield row[2], (str(row[3]), str(row[4]))
    for row in _of(found, "links"):
        # Google's ids of users are digits alone, those of groups are not.
        if isinstance(row[0], int):
            yield row[0], ("user" if str(row[1]).isdecimal() else "group", str(row[3]))


def _count_on(connection: sqlite3.Connection, found: Salvaged) -> None:
    for name in _COUNTED:
        used = _numbers(found, name)
        statement = "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)"
        connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
        connection.execute(statement, (name, max(used, default=0) + _GAP))


def _numbers(found: Salvaged, name: str) -> list[int]:
    rows: Iterable[tuple[Value, ...]] = _of(found, name)
    numbers = [row[0] for row in rows if isinstance(row[0], int)]
    if name == "subjects":
        others = ("entries", "links", "identities", "memberships", "creations")
        numbers += [row[0] for one in others for row in _of(found, one) if isinstance(row[0], int)]
    if name == "events":
        for row in _of(found, "entries"):
            numbers += [row[1]] if isinstance(row[1], int) else []
            with suppress(ValueError, TypeError):
                words = json.loads(str(row[3]))
                numbers += [word[0] for word in words["keys"].values()]
                numbers += [words[key] for key in ("added_by", "present_by", "removed_by")]
    return numbers
