"""What of a damaged state file can be carried over into a new one.

It must not know where the files are, nor how they come into each other's place.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from gapps_hooks.model import Kind, Role
from gapps_hooks.outbox import pages as raw
from gapps_hooks.outbox.merging import VERSION, Words, from_json, to_json
from gapps_hooks.outbox.pages import Pages, Record, Value

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
#: Worth nothing after a damage: what they say is found anew within a minute.
_PASSED_OVER: Final = frozenset({"limiter", "breaker"})
#: Where the numbers of rows go on; far beyond any that was used and could not be read.
_GAP: Final = 1_000_000
_COUNTED: Final = ("subjects", "events", "history")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How the rows of a table look in the file."""

    name: str
    columns: tuple[str, ...]
    #: SQLite's declared type of each column, and whether it may be NULL.
    types: tuple[tuple[str, bool], ...]
    #: Which column is the rowid, and so stands as NULL in the record.
    number: int | None
    #: How few of the columns a record of an older release may have.
    least: int

    @property
    def in_index(self) -> bool:
        """Whether it is WITHOUT ROWID, which is kept as an index is."""
        return self.number is None


@dataclass(slots=True)
class Salvaged:
    """What could be read."""

    rows: dict[str, list[tuple[Value, ...]]] = field(default_factory=dict)
    #: Rows and pages that could not.
    broken: int = 0


def tables(connection: sqlite3.Connection) -> tuple[Table, ...]:
    """Say how the tables of a sound file look, the history's triggers aside."""
    names = [
        row[0]
        for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        if row[0] not in _PASSED_OVER
    ]
    return tuple(_table(connection, name) for name in names)


def _table(connection: sqlite3.Connection, name: str) -> Table:
    columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
    keys = [index for index, one in enumerate(columns) if one["pk"]]
    lone = len(keys) == 1 and columns[keys[0]]["type"] == "INTEGER"
    optional = [bool(one["dflt_value"]) or not (one["notnull"] or one["pk"]) for one in columns]
    least = len(columns)
    while least and optional[least - 1]:
        least -= 1
    return Table(
        name=name,
        columns=tuple(one["name"] for one in columns),
        types=tuple((one["type"], not (one["notnull"] or one["pk"])) for one in columns),
        number=keys[0] if lone else None,
        least=least,
    )


def read(database: bytes, log: bytes, known: Sequence[Table]) -> Salvaged:
    """Read all rows of all pages; a page that no tree leads to is known by how its rows look."""
    pages = raw.read_pages(database, log)
    owners = _owners(pages, known)
    found = Salvaged()
    for number in sorted(pages.content):
        for record in raw.records(pages, number):
            table = None if record is None else _table_of(record, owners.get(number), known)
            if record is None:
                found.broken += 1
            elif table is not None:
                found.rows.setdefault(table.name, []).append(_row(table, record))
        found.broken += raw.kind_of(pages, number) not in _KINDS and number not in owners
    return found


_KINDS: Final = frozenset(
    {0, raw.INNER_INDEX, raw.INNER_TABLE, raw.LEAF_INDEX, raw.LEAF_TABLE}
)


def _owners(pages: Pages, known: Sequence[Table]) -> Mapping[int, str]:
    """Whose each page is, as far as the table of tables on the first page can be read."""
    names = {table.name for table in known}
    owners: dict[int, str] = {}
    for number in raw.pages_below(pages, 1):
        for record in raw.records(pages, number):
            root = record.values[3] if record and len(record.values) == 5 else None  # noqa: PLR2004 - sqlite_master
            if record is None or not isinstance(root, int):
                continue
            mine = record.values[0] == "table" and record.values[2] in names
            owner = str(record.values[2]) if mine else ""
            owners.update(dict.fromkeys(raw.pages_below(pages, root), owner))
    return owners


def _table_of(record: Record, owner: str | None, known: Sequence[Table]) -> Table | None:
    fitting = [table for table in known if _fits(record, table)]
    if owner is not None:
        fitting = [table for table in fitting if table.name == owner]
    exact = [table for table in fitting if len(table.columns) == len(record.values)]
    return next(iter(exact or fitting), None)


def _fits(record: Record, table: Table) -> bool:
    values = record.values
    if (record.number is None) is not table.in_index:
        return False
    if not table.least <= len(values) <= len(table.columns):
        return False
    return all(
        value is None if index == table.number else _is_of(value, *table.types[index])
        for index, value in enumerate(values)
    )


def _is_of(value: Value, declared: str, optional: bool) -> bool:  # noqa: FBT001 - a pair of a table's types
    if value is None:
        return optional
    wanted: dict[str, tuple[type, ...]] = {"TEXT": (str,), "INTEGER": (int,), "REAL": (int, float)}
    return isinstance(value, wanted.get(declared, (object,)))


def _row(table: Table, record: Record) -> tuple[Value, ...]:
    return tuple(
        record.number if index == table.number else value
        for index, value in enumerate(record.values)
    )


# --- into a new file -----------------------------------------------------------------------------


def fill(
    connection: sqlite3.Connection, found: Salvaged, known: Sequence[Table]
) -> Mapping[str, int]:
    """Write what was read into the new file; return how many rows each table got.

    The caller has begun a transaction. What does not fit is counted as broken.
    """
    by_name = {table.name: table for table in known}
    _add_lost_subjects(found)
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
    statement = f"{verb} INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names of our own schema
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
    return row["kind"] in set(Kind)


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
