"""How a state directory becomes an open state: place, file, tables, binding.

It must not know what is recorded in it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gapps_hooks.errors import StateDamaged, StateUnusable
from gapps_hooks.outbox import acknowledged, founding, leases, mending, place
from gapps_hooks.outbox.connection import BUSY_SECONDS, connect, log_kept
from gapps_hooks.outbox.presence import Presence
from gapps_hooks.outbox.schema import SCHEMA, Schema, bring_forward, is_current
from gapps_hooks.outbox.state import State
from gapps_hooks.trouble import tell_syslog

_MACHINE_ID: Final = Path("/etc/machine-id")
_MOUNTS: Final = Path("/proc/self/mountinfo")


def open_state(  # noqa: PLR0913 - the world around it comes in as arguments
    directory: Path,
    *,
    domain: str,
    clock: Callable[[], float] = time.time,
    owner: str | None = None,
    patience: float = BUSY_SECONDS,
    tell_trouble: Callable[[str], None] = tell_syslog,
    machine_id: Path = _MACHINE_ID,
    mounts: Path = _MOUNTS,
    schema: Schema = SCHEMA,
) -> State:
    """Open the state in ``directory``; create, migrate or mend it first if need be.

    ``owner`` is the system account that has to own it (None: the one that this process runs as);
    a root process hands over what it creates. ``clock`` gives wall-clock seconds. ``patience`` is
    for how many seconds a locked file is waited for. Of a damage ``tell_trouble`` is told.

    Raises:
        StateUnusable: the place, the file or its version is not right; nothing was changed.
    """
    account = place.find_owner(owner, process_uid=os.geteuid())
    path = place.prepare(directory, account, mounts=mounts)
    machine = _read_machine_id(machine_id)
    opening = _Opening(
        path=path, clock=clock, domain=domain, machine=machine, schema=schema, patience=patience
    )
    state, notice = opening.sound()
    try:
        place.hand_over(directory, account)
        _remember_founding(state)
        state.finish_wiping(0.0)
    except BaseException:
        state.close()
        raise
    if notice is not None:
        state.notice = notice
        tell_trouble(notice)
    return state


def _remember_founding(state: State) -> None:
    founding.write(state.directory, {name: state.meta(name) for name in founding.ROWS})


def _remember_version(directory: Path, version: int) -> None:
    mark = acknowledged.read(directory)
    if mark.version != version:
        acknowledged.write(directory, replace(mark, version=version))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opening:
    """One attempt after the other to open a file."""

    path: Path
    clock: Callable[[], float]
    domain: str
    machine: str
    schema: Schema
    patience: float

    def sound(self) -> tuple[State, str | None]:
        """Open it, mended before if need be; say what became of a damage."""
        notice = self._mend() if mending.is_wanted(self.path) else None
        # Its log may hold more than SQLite reads, and has to be there until all of it is read.
        with ExitStack() as closing_late:
            state = self._whole(closing_late)
            if state is not None:
                return state, notice
            notice = self._mend()
        with ExitStack() as closing_late:
            return self._open(closing_late), notice

    def _whole(self, closing_late: ExitStack) -> State | None:
        """Open it; None if it is damaged, or lacks what was acknowledged."""
        mark = acknowledged.read(self.path.parent)
        try:
            state = self._open(closing_late)
        except StateDamaged:
            return None
        with suppress(StateDamaged):
            if state.numbers.reach(mark):
                return state
        closing_late.callback(self._close, state.close)
        return None

    def _mend(self) -> str | None:
        return mending.mend(
            self.path,
            self.schema,
            domain=self.domain,
            machine=self.machine,
            patience=self.patience,
        )

    def _open(self, closing_late: ExitStack) -> State:
        turnstile = leases.Turnstile(self.path.parent)
        try:
            turnstile.enter(self.patience)
            connection = connect(self.path, self.patience)
            try:
                _make_current(
                    connection, self.path, self.schema, domain=self.domain, machine=self.machine
                )
                _remember_version(self.path.parent, self.schema.version)
                return State(
                    connection,
                    directory=self.path.parent,
                    path=self.path,
                    clock=self.clock,
                    domain=self.domain,
                    machine=self.machine,
                    presence=Presence(self.path, turnstile),
                    patience=self.patience,
                )
            except StateDamaged:
                closing_late.callback(self._close_alone, connection)
                raise
            except BaseException:
                connection.close()
                raise
            finally:
                turnstile.leave()
        except BaseException:
            turnstile.close()
            raise

    def _close_alone(self, connection: sqlite3.Connection) -> None:
        presence = Presence(self.path, leases.Turnstile(self.path.parent))
        with presence.ending(self.patience):
            self._close(connection.close)

    def _close(self, close: Callable[[], None]) -> None:
        """Close a damaged file; if it was not mended, the next one finds it as it is."""
        with log_kept(self.path):
            close()


def _make_current(
    connection: sqlite3.Connection, path: Path, schema: Schema, *, domain: str, machine: str
) -> None:
    known = founding.read(path.parent) is not None
    if is_current(connection, path, schema, known=known):
        return
    with _alone(path.parent):
        if not is_current(connection, path, schema):
            rows = mending.founded(secrets.token_bytes(32), domain, machine)
            bring_forward(connection, path, schema, rows)


def _alone(directory: Path) -> leases.Lease:
    deadline = time.monotonic() + BUSY_SECONDS
    while (lease := leases.hold(directory, leases.GATE)) is None:
        if time.monotonic() > deadline:
            raise StateUnusable(
                f"{directory}: another process is migrating the state; try again when it is done"
            )
        time.sleep(0.01)
    return lease


def _read_machine_id(path: Path) -> str:
    """The text of machine-id(5); "" where there is none, as in some containers."""
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
