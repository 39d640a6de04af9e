"""The transactions of one open state file, one inside another.

It must not know what is written in them; whoever uses it keeps other threads out meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from gapps_hooks.outbox.acknowledged import Numbers

#: How far a transaction reaches: what survives a power cut, and what survives the process.
_DISK: Final = "FULL"
_PROCESS: Final = "NORMAL"


class Transactions:
    """At most one transaction is open, and others are parts of it."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        run: Callable[[str], object],
        *,
        assured: Callable[[], AbstractContextManager[None]],
        numbers: Numbers,
    ) -> None:
        self._connection = connection
        #: Runs a statement on it, and tells what is wrong in our own words.
        self._run = run
        #: Keeps the file in its place.
        self._assured = assured
        self._numbers = numbers
        self.is_open = False
        #: Whether a part of the one that is open has failed.
        self._failed = False
        #: How far one reaches the disk now; "" if that is not known.
        self._reach = ""

    def enter(self, *, durable: bool) -> AbstractContextManager[None]:
        """Begin one, or a part of the one that is open."""
        return self._part() if self.is_open else self._whole(_DISK if durable else _PROCESS)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Undo by itself what fails in here; the transaction around it goes on."""
        # SQLite would begin one of its own, also after it has rolled back ours by itself.
        if not self._connection.in_transaction:
            raise RuntimeError("there is no transaction in which this could be attempted")
        failed = self._failed
        self._run("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._undo("ROLLBACK TO attempt", "RELEASE attempt")
            self._failed = failed
            raise
        self._run("RELEASE attempt")

    @contextmanager
    def _part(self) -> Iterator[None]:
        # SQLite is not told of it: each statement lets another thread have the interpreter.
        try:
            yield
        except BaseException:
            self._failed = True
            raise

    @contextmanager
    def _whole(self, reach: str) -> Iterator[None]:
        with self._assured():
            self._set_reach(reach)
            self._numbers.begin()
            self.is_open, self._failed = True, False
            try:
                self._run("BEGIN IMMEDIATE")
                yield
                count = self._numbers.added() if reach == _DISK else 0
                self._commit()
            except BaseException:
                self._undo("ROLLBACK")
                raise
            finally:
                self.is_open = False
            self._numbers.acknowledge(count)

    def _set_reach(self, reach: str) -> None:
        if reach != self._reach:
            self._reach = ""  # until SQLite is known to have it
            self._run(f"PRAGMA synchronous = {reach}")
            self._reach = reach

    def _commit(self) -> None:
        if self._failed:
            raise RuntimeError("a part of the transaction failed, and the rest went on")
        self._run("COMMIT")

    def _undo(self, *statements: str) -> None:
        # SQLite has rolled back by itself after some errors, such as a full disk.
        for statement in statements if self._connection.in_transaction else ():
            self._run(statement)
