"""The one place that opens a database file, and that turns SQLite's errors into sentences.

It must not know the schema or what is stored.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, NoReturn

from gapps_hooks.errors import StateDamaged, StateUnusable

#: Seconds for which a writer waits for another one before it gives up.
BUSY_SECONDS: Final = 5.0

#: What is set on every connection; all of it is forgotten when the connection closes.
#: temp_store keeps copies of pages (which may hold a hash) out of temporary files.
_PRAGMAS: Final = """
PRAGMA foreign_keys = ON;
PRAGMA secure_delete = ON;
PRAGMA synchronous = FULL;
PRAGMA temp_store = MEMORY;
"""

_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_LOCKED: Final = (
    "another process has kept it locked for too long: try again, or see who holds it with: fuser -v"
)
_REMEDIES: Final = {
    sqlite3.SQLITE_FULL: "the disk is full: free some space, then try again",
    sqlite3.SQLITE_READONLY: "it cannot be written: mount the file system read-write",
    sqlite3.SQLITE_CORRUPT: "it is damaged, and is mended by the next one who opens it",
    sqlite3.SQLITE_NOTADB: (
        "it is no database of this program: move it away, or set state.directory"
    ),
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_IOERR: (
        "the disk does not take or give the data: look for disk or quota errors in the kernel's log"
    ),
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: check the owner and mode of its directory",
}


def connect(path: Path, patience: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open the database file ``path`` with everything set that this program relies on.

    ``patience`` is for how many seconds a locked file is waited for. Transactions are begun and
    ended by hand, and the caller sees to it that only one thread uses the connection at a time.

    Raises:
        StateUnusable: the file cannot be opened.
        StateDamaged: it can, and makes no sense.
    """
    with translated(path):
        connection = sqlite3.connect(
            path, timeout=patience, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            connection.executescript(_PRAGMAS)
        except BaseException:
            connection.close()
            raise
        return connection


def is_whole(connection: sqlite3.Connection) -> bool:
    """Whether everything in the database can be read; some of SQLite's errors say that it cannot.

    To its own check text that is no UTF-8 is as good as any other.
    """
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in tables:
        deque(connection.execute(f"SELECT * FROM {name}"), maxlen=0)  # noqa: S608 - its own table
    return bool(connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")


@contextmanager
def log_kept(path: Path) -> Iterator[None]:
    """Keep the write-ahead log of the database as it is, whoever closes the file inside.

    The last one who closes it does away with the log, also with what follows a damage in there
    and was not read. Inside there is another one, who may only read, and so does not either.
    """
    reader = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    with closing(reader):
        with suppress(sqlite3.DatabaseError, UnicodeDecodeError):
            reader.execute("PRAGMA schema_version").fetchone()
        yield


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's operational errors about ``path`` into StateUnusable; others pass."""
    try:
        yield
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        complain(path, error)


def complain(path: Path, error: sqlite3.DatabaseError | UnicodeDecodeError) -> NoReturn:
    """Raise what SQLite's error about ``path`` means to those who rely on the file.

    A broken constraint or a wrong statement is a mistake of ours and stays what it is.

    Raises:
        StateUnusable: the text says what to do.
        sqlite3.DatabaseError: it was a mistake.
    """
    if isinstance(error, UnicodeDecodeError) or str(error).startswith("Could not decode to UTF-8"):
        # It would show what stands there, which may be the hash of a password.
        raise StateDamaged(f"{path}: {_REMEDIES[sqlite3.SQLITE_CORRUPT]}") from None
    # Extended result codes keep the primary one in their low byte (sqlite.org/rescode.html).
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    remedy = _REMEDIES.get(code)
    if remedy is None:
        raise error
    verdict = StateDamaged if code in _DAMAGE else StateUnusable
    raise verdict(f"{path}: {remedy} ({error})") from error
