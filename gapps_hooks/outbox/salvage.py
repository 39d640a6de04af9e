"""What rows of a damaged state file can be read, and which table each belongs to.

It must not know where the file is, nor what becomes of the rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gapps_hooks.outbox import pages as raw
from gapps_hooks.outbox.pages import Pages, Record, Value

#: Worth nothing after a damage: what they say is found anew within a minute.
_PASSED_OVER: Final = frozenset({"limiter", "breaker"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How the rows of a table look in the file."""

    name: str
    columns: tuple[str, ...]
    #: SQLite's declared type of each column, and whether it may be NULL.
    types: tuple[tuple[str, bool], ...]
    #: Which column is the rowid, and so stands as NULL in the record.
    number: int | None
    #: How many columns it had in each version: a record of an older release has no more.
    counts: frozenset[int]

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


def tables(
    connection: sqlite3.Connection, counts: Mapping[str, frozenset[int]]
) -> tuple[Table, ...]:
    """Say how the tables of a sound file look, with the ``counts`` that schema.counts tells."""
    names = [
        row[0]
        for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        if row[0] not in _PASSED_OVER
    ]
    return tuple(_table(connection, name, counts[name]) for name in names)


def _table(connection: sqlite3.Connection, name: str, counts: frozenset[int]) -> Table:
    columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
    keys = [index for index, one in enumerate(columns) if one["pk"]]
    lone = len(keys) == 1 and columns[keys[0]]["type"] == "INTEGER"
    return Table(
        name=name,
        columns=tuple(one["name"] for one in columns),
        types=tuple((one["type"], not (one["notnull"] or one["pk"])) for one in columns),
        number=keys[0] if lone else None,
        counts=counts,
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


def version(database: bytes, log: bytes) -> int:
    """The version (user_version) that the header tells; 0 where it is no header of ours."""
    first = raw.read_pages(database, log).content.get(1, b"")
    sound = first.startswith(b"SQLite format 3\0") and first[68:72] == b"gApH"
    return int.from_bytes(first[60:64], "big") if sound else 0


_KINDS: Final = frozenset({0, raw.INNER_INDEX, raw.INNER_TABLE, raw.LEAF_INDEX, raw.LEAF_TABLE})


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
    if len(values) not in table.counts:
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
