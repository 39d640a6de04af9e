"""A damaged state file: what can be read goes into a new one, the rest is set aside and told.

It must not know what the rows mean, nor who is told.

The old file is never changed. Whoever still has it open is kept from acknowledging anything into
it: see leases.Turnstile and State.transaction. A crash in the middle is gone on with, because
the new file gets its last name only when it is whole.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from gapps_hooks.errors import StateDamaged, StateUnusable
from gapps_hooks.outbox import acknowledged, filling, founding, frames, leases, salvage
from gapps_hooks.outbox.connection import BUSY_SECONDS, connect, is_whole, translated
from gapps_hooks.outbox.digests import keyed_digest
from gapps_hooks.outbox.pages import size_of
from gapps_hooks.outbox.schema import Schema, bring_forward, counts, is_current, refuse_newer

#: What looks like the hash of a password; also in hexadecimal, as a digest does.
_HASHES: Final = re.compile(rb"\$[0-9A-Za-z]{1,7}\$[^\s\"\0]{8,}|[0-9a-fA-F]{32,}")
#: What follows the name of a hash function in a record: it is one, whatever is left of it. As much
#: is taken as the longest has, because a damage in the middle ends no hash.
_NAMED: Final = re.compile(rb"(?:crypt|MD5|SHA-1)[\s\S]{1,128}")
#: Shorter ones are of no use to anybody, and would be found everywhere.
_SHORTEST_HASH: Final = 8
#: Names beside the database: it is doubted; the new one while it grows, and when it is whole.
_SUSPECT, _GROWING, _WHOLE = ".suspect", ".mending", ".mended"
_DAMAGED: Final = ".damaged-"
#: The row of ``meta`` that tells what became of a damage.
NOTICE: Final = "mended"
#: The row of ``meta`` that says that links may be missing, so that accounts are looked for by mark.
LINKS_LOST: Final = "links-lost"


def suspect(path: Path) -> None:
    """Have the next one who opens the file look whether it is damaged."""
    with suppress(OSError):  # where nothing can be written, nothing can be mended either
        beside(path, _SUSPECT).touch(mode=0o600)


def is_wanted(path: Path) -> bool:
    """Whether somebody has to look, or to go on with a mending that was cut off."""
    return beside(path, _SUSPECT).exists() or successor(path).exists() or _is_lost(path)


def successor(path: Path) -> Path:
    """The whole new file, while it waits to be put in the place of this one."""
    return beside(path, _WHOLE)


def beside(path: Path, ending: str) -> Path:
    """The file of that ending beside the database."""
    return path.with_name(path.name + ending)


def _is_lost(path: Path) -> bool:
    """Whether there is an installation here, and nothing left of what it knew."""
    return path.stat().st_size == 0 and founding.read(path.parent) is not None


def mend(
    path: Path, schema: Schema, *, domain: str, machine: str, patience: float = BUSY_SECONDS
) -> str | None:
    """Put a sound file in the place of a damaged one; return a sentence, None if it was sound.

    Nobody writes meanwhile. Only a file of this program is touched, or one in whose directory
    this program has worked before.

    Raises:
        StateUnusable: the disk does not let us, or the file was never ours.
    """
    held: list[leases.Lease] = []

    def take() -> bool:
        lease = leases.hold(path.parent, leases.WRITERS)
        held.extend([lease] if lease else [])
        return lease is not None

    if not leases.wait_until(take, patience):
        raise StateUnusable(f"{path}: is damaged, and others are still using it; try again")
    with held[0], _told(path):
        notice = None
        if not successor(path).exists():
            database, log = _content(path), _content(beside(path, "-wal"))
            mark = acknowledged.read(path.parent)
            broken_log = frames.is_broken(log, size_of(database, log))
            if not broken_log and not _is_lost(path) and _is_sound(path, schema, mark):
                beside(path, _SUSPECT).unlink(missing_ok=True)
                _forget(beside(path, _GROWING))
                return None
            refuse_newer(path, max(salvage.version(database, log), mark.version), schema)
            known = founding.read(path.parent)
            if known is None and not _is_ours(database):
                raise StateUnusable(
                    f"{path}: it is no database of this program: move it away, or set"
                    " state.directory"
                )
            rows = dict(known or _founded(domain, machine))
            with _wholly_or_not(path, aside := _aside(path)):
                notice = _make_new(path, schema, (database, log), rows, aside)
        _exchange(path)
        return notice or "the mending of the state file, which was cut off, was brought to its end"


def notice(directory: Path, told: str) -> str | None:
    """What ``meta`` tells of a damage, for as long as a damaged file is kept there."""
    kept = any(_DAMAGED in file.name for file in directory.iterdir())
    return told if told and kept else None


def founded(key: bytes, domain: str, machine: str) -> dict[str, str]:
    """The rows of ``meta`` that say what a new installation is."""
    return {
        "digest-key": key.hex(),
        "instance": secrets.token_hex(8),
        "domain": domain,
        "machine": keyed_digest(key, machine),
    }


def _founded(domain: str, machine: str) -> dict[str, str]:
    return founded(secrets.token_bytes(32), domain, machine)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _is_ours(database: bytes) -> bool:
    # application_id, sqlite.org/fileformat2.html section 1.3
    return database[68:72] == b"gApH"


def _is_sound(path: Path, schema: Schema, mark: acknowledged.Mark) -> bool:
    try:
        with closing(connect(path)) as connection:
            is_current(connection, path, schema, known=True)
            with translated(path):
                whole = is_whole(connection)
                numbered = connection.execute(acknowledged.NUMBERED).fetchone()
            return whole and acknowledged.count_in(numbered) >= mark.numbered
    except StateDamaged:
        return False


# --- the new file --------------------------------------------------------------------------------


def _make_new(
    path: Path,
    schema: Schema,
    damaged: tuple[bytes, bytes],
    founding_rows: Mapping[str, str],
    aside: Path,
) -> str:
    database, log = damaged
    growing = beside(path, _GROWING)
    _forget(growing)
    growing.touch(mode=0o600)
    with closing(connect(growing)) as new, translated(growing):
        bring_forward(new, growing, schema, founding_rows)
        known = salvage.tables(new, counts(schema))
        found = salvage.read(database, log, known)
        blanked = _Blanking(found)
        new.execute("BEGIN IMMEDIATE")
        written = filling.fill(new, found, known)
        notice = _notice(path, aside, written, found.broken)
        for name, value in ((NOTICE, notice), (LINKS_LOST, "yes")):
            new.execute("REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))
        new.execute(
            "INSERT INTO history (written_at, subject, kind, name, what, verdict, line, details)"
            " VALUES (?, NULL, '', ?, 'mending', 'done', ?, '{}')",
            (time.time(), path.name, notice),
        )
        new.execute("COMMIT")
    for ending, content in (("", database), ("-wal", log)):
        if content:
            _write(beside(aside, ending), blanked(content))
    _sync(growing)
    _like(path, growing)
    growing.rename(successor(path))
    _sync(path.parent)
    return notice


@contextmanager
def _wholly_or_not(path: Path, aside: Path) -> Iterator[None]:
    """Let a disk that is full not be filled further by each one who tries."""
    try:
        yield
    except BaseException:
        _forget(beside(path, _GROWING))
        if not successor(path).exists():
            _forget(aside)
        raise


def _forget(path: Path) -> None:
    """Remove a database and what stands beside it."""
    for ending in ("", "-wal", "-shm", "-journal"):
        beside(path, ending).unlink(missing_ok=True)


class _Blanking:
    """Takes out of a damaged file what is or was the hash of a password, however damaged."""

    def __init__(self, found: salvage.Salvaged) -> None:
        # Before the rows are written, as filling changes them.
        stored = (str(row[2]).encode() for row in found.rows.get("secrets", []))
        self._values = tuple(value for value in stored if len(value) >= _SHORTEST_HASH)

    def __call__(self, content: bytes) -> bytes:
        for value in self._values:
            content = content.replace(value, b"x" * len(value))
        for pattern in (_HASHES, _NAMED):
            content = pattern.sub(lambda hit: b"x" * len(hit[0]), content)
        return content


def _aside(path: Path) -> Path:
    """A name that nothing has: the damaged file's content stays for those who want to look."""
    name = f"{path.name}{_DAMAGED}{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}"
    number, free = 1, path.with_name(name)
    while free.exists():
        number, free = number + 1, path.with_name(f"{name}-{number}")
    return free


def _notice(path: Path, aside: Path, written: Mapping[str, int], broken: int) -> str:
    kept = f"{written['links']} links and {written['entries']} waiting entries"
    lost = f"; {broken} pieces could not be read" if broken else ""
    return (
        f"{path} was damaged and has been made anew with {kept}{lost}; changes that were not"
        " delivered yet may be lost: compare with gapps-hooks reconcile --dry-run, and have"
        f" passwords set again that do not work; the damaged file is {aside}, without its hashes"
    )


def _exchange(path: Path) -> None:
    """Put the whole new file in the place of the old one, whose log must not meet the new."""
    for ending in ("-wal", "-shm"):
        beside(path, ending).unlink(missing_ok=True)
    _sync(path.parent)
    # what the new file lacks is told, once
    mark = acknowledged.read(path.parent)
    acknowledged.write(path.parent, replace(mark, numbered=0))
    successor(path).replace(path)
    beside(path, _SUSPECT).unlink(missing_ok=True)
    _sync(path.parent)


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
    _sync(path)


def _like(model: Path, path: Path) -> None:
    status = model.stat()
    if os.geteuid() == 0:
        os.chown(path, status.st_uid, status.st_gid)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _told:  # noqa: N801 - read as a word of a sentence
    """Turns what the disk says into a sentence."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        if isinstance(error, OSError):
            raise StateUnusable(
                f"{self._path}: is damaged and cannot be mended ({error.strerror}): free some"
                " space, and look for disk errors in the kernel's log"
            ) from error
