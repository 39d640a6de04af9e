"""Which tables a state file has, and how an older file is brought forward.

It must not know what the tables are used for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gapps_hooks.errors import StateDamaged, StateUnusable
from gapps_hooks.outbox.connection import connect, translated

#: Marks a file as ours (sqlite.org/pragma.html#pragma_application_id): "gApH".
APPLICATION_ID: Final = 0x67417048


@dataclass(frozen=True, slots=True)
class Schema:
    """The scripts that lead from nothing to today's tables; their number is the version."""

    #: File names beside this module, or absolute paths, in the order they are run.
    scripts: tuple[str, ...]

    @property
    def version(self) -> int:
        """The version that a file has when every script was run."""
        return len(self.scripts)


SCHEMA: Final = Schema(("schema.sql", "version_2.sql"))


def is_current(
    connection: sqlite3.Connection, path: Path, schema: Schema, *, known: bool = False
) -> bool:
    """Whether the file has today's tables; ``known`` says that it is or was one of ours.

    Raises:
        StateDamaged: it is one of ours no more, or has lost everything.
        StateUnusable: the file belongs to another program or to a newer release of this one.
    """
    with translated(path):
        # One snapshot, so that a file that is created meanwhile is seen before or after it.
        connection.execute("BEGIN")
        application = _number(connection, "application_id")
        version = _number(connection, "user_version")
        empty = not _number(connection, "schema_version")
        connection.execute("COMMIT")
    if known and (empty or application != APPLICATION_ID):
        raise StateDamaged(f"{path}: holds nothing of what this program kept in it")
    if application != APPLICATION_ID and not (application == 0 and empty):
        raise StateUnusable(
            f"{path}: belongs to another program; move it away, or set state.directory"
            " to a directory of its own"
        )
    refuse_newer(path, version, schema)
    return version == schema.version


def refuse_newer(path: Path, version: int, schema: Schema) -> None:
    """Raise StateUnusable if the file of that version is of a newer release of this program."""
    if version > schema.version:
        raise StateUnusable(
            f"{path}: was written by a newer release of gapps-hooks (file version {version}, this"
            f" release knows {schema.version}); install that release again"
        )


def bring_forward(
    connection: sqlite3.Connection, path: Path, schema: Schema, founding: Mapping[str, str]
) -> None:
    """Create or migrate the tables, after a backup; each version is one transaction.

    The caller keeps other processes out. ``founding`` are the rows that a new file gets in
    ``meta``.

    Raises:
        StateUnusable: the disk does not let us.
    """
    with translated(path):
        version = _number(connection, "user_version")
        if version == 0:
            connection.execute("PRAGMA journal_mode = WAL")
        else:
            _back_up(connection, path, version)
        for number in range(version, schema.version):
            _run(connection, schema, number, founding if number == 0 else {})


def _run(
    connection: sqlite3.Connection, schema: Schema, number: int, founding: Mapping[str, str]
) -> None:
    script = Path(__file__).parent.joinpath(schema.scripts[number]).read_text(encoding="utf-8")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _statements(script):
            connection.execute(statement)
        connection.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", founding.items())
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def counts(schema: Schema) -> Mapping[str, frozenset[int]]:
    """How many columns each table had in each of the versions that had it."""
    found: dict[str, frozenset[int]] = {}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as trial:
        for number in range(schema.version):
            _run(trial, schema, number, {})
            for (name,) in trial.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).fetchall():
                columns = len(trial.execute(f"PRAGMA table_info({name})").fetchall())
                found[name] = found.get(name, frozenset()) | {columns}
    return found


def _statements(script: str) -> Iterator[str]:
    """Split a script; unlike executescript this leaves the transaction to us."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy the file beside itself, without the hashes: those must not outlive their delivery."""
    target = path.with_name(f"{path.name}.version-{version}")
    try:
        target.unlink(missing_ok=True)
        target.touch(mode=0o600)
    except OSError as error:
        raise StateUnusable(
            f"{target}: no backup can be written before the migration ({error.strerror})"
        ) from error
    copy = connect(target)
    try:
        connection.backup(copy)
        # The copy's journal would hold the pages as they were.
        copy.execute("PRAGMA journal_mode = MEMORY")
        copy.execute("DELETE FROM secrets")
    except BaseException:
        target.unlink()
        raise
    finally:
        copy.close()


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])
