"""The open state file: transactions, digests, and the wiping of what must not stay.

It must not know what the tables mean, apart from ``meta``.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn, Self

from gapps_hooks.errors import StateDamaged, StateUnusable
from gapps_hooks.outbox import acknowledged, mending, wiping
from gapps_hooks.outbox.connection import complain
from gapps_hooks.outbox.digests import keyed_digest
from gapps_hooks.outbox.presence import Presence
from gapps_hooks.outbox.transactions import Transactions

#: Seconds in which a deleted hash has to be gone from the file and its write-ahead log.
WIPE_SECONDS: Final = 5.0

_META: Final = "SELECT value FROM meta WHERE name = ?"
_SET_META: Final = (
    "INSERT INTO meta (name, value) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


class State:
    """One installation's open state file; to be shared by the threads of a process.

    Other modules of the outbox are its verbs. A process that forks must open its own.
    """

    def __init__(  # noqa: PLR0913 - open_state is the only caller
        self,
        connection: sqlite3.Connection,
        *,
        directory: Path,
        path: Path,
        clock: Callable[[], float],
        domain: str,
        machine: str,
        presence: Presence,
        patience: float,
    ) -> None:
        self.directory: Final = directory
        #: Wall clock, seconds since the epoch.
        self.clock: Final = clock
        self._connection, self._path = connection, path
        self._presence = presence
        self._patience = patience
        #: What became of a damage when the file was opened, as a sentence; None: it was sound.
        self.notice: str | None = None
        self._lock = threading.RLock()
        self._wipe_wanted = False
        #: Up to which wanted wipe the hashes that stay were written anew.
        self._rewritten = ""
        self._ring_to_wipe: Callable[[], object] | None = None
        self.numbers: Final = acknowledged.Numbers(directory, self.row)
        self._transactions = Transactions(
            connection, self._run, assured=self._assured, numbers=self.numbers
        )
        self._key = bytes.fromhex(self.meta("digest-key"))
        #: Names this installation in the marks that it leaves at Google.
        self.instance: Final = self.meta("instance")
        #: Where this process runs: the domain of the settings, and a digest of the machine's id.
        self.domain: Final = domain
        self.machine: Final = self.digest(machine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        with self._lock, self._presence.ending(self._patience):
            self._connection.close()

    def wait_at_most(self, seconds: float) -> None:
        """Wait for no more than so long from now on, each time that the file is locked."""
        self._patience = seconds
        self._wait_when_busy(seconds)

    def _fail(self, error: sqlite3.DatabaseError | UnicodeDecodeError) -> NoReturn:
        """Turn SQLite's error into a sentence, and a damage into the next one's task."""
        try:
            complain(self._path, error)
        except StateDamaged:
            mending.suspect(self._path)
            raise
        except sqlite3.OperationalError:
            if not str(error).startswith("no such table"):
                raise
            mending.suspect(self._path)
            raise StateDamaged(f"{self._path}: {error}, though it was made with it") from error

    # --- statements -----------------------------------------------------------------------

    def rows(
        self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[sqlite3.Row]:
        """All rows of a query; nothing stays open behind it.

        Raises:
            StateUnusable: the file cannot be read.
        """
        return self._run(statement, parameters)[1]

    def row(
        self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        found = self.rows(statement, parameters)
        return found[0] if found else None

    def execute(self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        """Run a statement inside a transaction; return the number of rows that it changed.

        Raises:
            StateUnusable: the file cannot be written.
        """
        return self._run(statement, parameters)[0].rowcount

    def insert(self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        """Run an INSERT of a numbered row inside a transaction; return the new row's number."""
        self.numbers.note()
        return self._run(statement, parameters)[0].lastrowid or 0

    def _run(
        self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> tuple[sqlite3.Cursor, list[sqlite3.Row]]:
        # Every event runs a dozen statements: no context manager but the lock.
        with self._lock:
            try:
                cursor = self._connection.execute(statement, parameters)
                return cursor, cursor.fetchall()
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                self._fail(error)

    def version(self) -> int:
        """A number that moves whenever anybody else has changed the file.

        Raises:
            StateDamaged: another file is in its place; it has to be opened anew.
        """
        self._presence.check()
        found = self.row("PRAGMA data_version")
        return int(found[0]) if found else 0

    # --- transactions ---------------------------------------------------------------------

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """Everything inside happens wholly or not at all, and no other process writes meanwhile.

        On leaving the outermost one it is on disk (fsync); with ``durable=False`` it survives
        the process but perhaps not a power cut. One inside another is a part of it, and nothing
        of the whole happens if that fails; ``attempt`` is for what may fail alone.

        Raises:
            StateUnusable: the file cannot be written, or is locked for more than 5 seconds.
        """
        with self._lock:
            with self._transactions.enter(durable=durable):
                yield
            wipe = self._wipe_wanted and not self._transactions.is_open
            self._wipe_wanted = self._wipe_wanted and not wipe
        if wipe:
            (self._ring_to_wipe or self.finish_wiping)()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Inside a transaction: undo by itself what fails in here, so that the rest goes on."""
        with self._lock, self._transactions.attempt():
            yield

    def _wait_when_busy(self, seconds: float) -> None:
        self._run(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")

    def _assured(self) -> AbstractContextManager[None]:
        return self._presence.assured(self._patience)

    # --- meta -----------------------------------------------------------------------------

    def meta(self, name: str) -> str:
        """A row of ``meta``; "" if there is none."""
        found = self.row(_META, (name,))
        return str(found["value"]) if found else ""

    def set_meta(self, name: str, value: str) -> None:
        """Set a row of ``meta``, inside a transaction."""
        self.execute(_SET_META, (name, value))

    def binding_problem(self) -> str | None:
        """Why this file may not be sent from here, as a sentence; None if it may.

        A copy of the file would deliver everything a second time and fight with the original.
        """
        remedy = "nothing is sent until you say that this is right: gapps-hooks adopt-state"
        if (bound := self.meta("domain")) != self.domain:
            return f"{self._path}: is the state of {bound}, not of {self.domain}; {remedy}"
        if self.meta("machine") != self.machine:
            return f"{self._path}: was copied from another machine; {remedy}"
        return None

    def digest(self, value: Any) -> str:  # noqa: ANN401 - anything that JSON can say
        """A digest under this file's own key, which never leaves it (see keyed_digest)."""
        return keyed_digest(self._key, value)

    # --- wiping ---------------------------------------------------------------------------

    def want_wipe(self) -> None:
        """Note, inside the transaction that deletes a hash, that its old pages have to go too."""
        self.execute(wiping.WANT)
        self._wipe_wanted = True

    def leave_wiping_to(self, ring: Callable[[], object]) -> None:
        """Call ``ring`` instead of wiping oneself, which can take seconds.

        Whoever is rung sees to it that another State of the same file finishes within seconds.
        """
        self._ring_to_wipe = ring

    def finish_wiping(
        self,
        seconds: float = WIPE_SECONDS,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> bool:
        """Empty the write-ahead log, where deleted hashes still stand; True if nothing is left.

        A long reader can keep us from it; then, after ``seconds``, the mark stays, and the next
        transaction of this kind or the next process that opens the file goes on.
        """
        deadline = monotonic() + seconds
        while not (done := self._try_wipe()) and monotonic() < deadline:
            sleep(0.02)
        return done

    def _try_wipe(self) -> bool:
        with self._lock:
            self._wipe_wanted = False
            return self._wipe()

    def _wipe(self) -> bool:
        try:
            wanted = self.meta("wipes-wanted")
            if self.meta("wipes-done") == wanted:
                return True
            if self._rewritten != wanted:
                with self.transaction(durable=False):
                    wiping.write_anew(self.execute)
                self._rewritten = wanted
            if not self._empty_log():
                return False
            with self.transaction(durable=False):
                self.execute(wiping.DONE, (wanted, int(wanted)))
        except StateUnusable:
            # What was to be recorded is recorded; the mark tells the next one to try again.
            return False
        return True

    def _empty_log(self) -> bool:
        # A long wait in here would keep recorders out: SQLite holds the writers' lock meanwhile.
        self._wait_when_busy(0.1)
        try:
            with self._assured():
                found = self.row("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self._wait_when_busy(self._patience)
        return found is not None and found[0] == 0
