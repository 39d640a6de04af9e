"""How a state directory becomes an open state: place, file, tables, binding.

It must not know what is recorded in it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gapps_hooks.errors import StateUnusable
from gapps_hooks.outbox import leases, place
from gapps_hooks.outbox.connection import BUSY_SECONDS, connect
from gapps_hooks.outbox.digests import keyed_digest
from gapps_hooks.outbox.schema import SCHEMA, Schema, bring_forward, is_current
from gapps_hooks.outbox.state import State

_MACHINE_ID: Final = Path("/etc/machine-id")
_MOUNTS: Final = Path("/proc/self/mountinfo")


def open_state(  # noqa: PLR0913 - the world around it comes in as arguments
    directory: Path,
    *,
    domain: str,
    clock: Callable[[], float] = time.time,
    owner: str | None = None,
    machine_id: Path = _MACHINE_ID,
    mounts: Path = _MOUNTS,
    schema: Schema = SCHEMA,
) -> State:
    """Open the state in ``directory``; create or migrate it first if need be.

    ``owner`` is the system account that has to own it (None: the one that this process runs as);
    a root process hands over what it creates. ``clock`` gives wall-clock seconds.

    Raises:
        StateUnusable: the place, the file or its version is not right; nothing was changed.
    """
    account = place.find_owner(owner, process_uid=os.geteuid())
    path = place.prepare(directory, account, mounts=mounts)
    machine = _read_machine_id(machine_id)
    connection = connect(path)
    try:
        _make_current(connection, path, schema, domain=domain, machine=machine)
        place.hand_over(directory, account)
        state = State(
            connection,
            directory=directory,
            path=path,
            clock=clock,
            domain=domain,
            machine=machine,
        )
        state.finish_wiping(0.0)
    except BaseException:
        connection.close()
        raise
    return state


def _make_current(
    connection: sqlite3.Connection, path: Path, schema: Schema, *, domain: str, machine: str
) -> None:
    if is_current(connection, path, schema):
        return
    with _alone(path.parent):
        if not is_current(connection, path, schema):
            bring_forward(connection, path, schema, _founding(domain, machine))


def _founding(domain: str, machine: str) -> dict[str, str]:
    key = secrets.token_bytes(32)
    return {
        "digest-key": key.hex(),
        "instance": secrets.token_hex(8),
        "domain": domain,
        "machine": keyed_digest(key, machine),
    }


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
