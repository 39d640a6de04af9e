"""The directory that the state lives in: who owns it, how closed it is, and on what disk it is.

It must not know what the files in it hold.
"""

from __future__ import annotations

import os
import pwd
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gapps_hooks.errors import StateUnusable

DATABASE: Final = "state.db"
LEASES: Final = "leases.lock"

#: SQLite's own companions of the database (sqlite.org/wal.html).
_FILES: Final = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", LEASES)
_OTHERS: Final = 0o077

#: File systems whose locks and shared memory other machines do not see (sqlite.org/wal.html).
NETWORK_FILE_SYSTEMS: Final = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afs",
        "ceph",
        "lustre",
        "beegfs",
        "fuse.sshfs",
        "fuse.glusterfs",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The one system account that owns the state's files."""

    name: str
    uid: int
    gid: int


def find_owner(name: str | None, *, process_uid: int) -> Owner:
    """Who has to own the state: ``name`` (state.owner), or else whoever this process runs as.

    Raises:
        StateUnusable: there is no such account, or this process is neither it nor root.
    """
    try:
        account = pwd.getpwuid(process_uid) if name is None else pwd.getpwnam(name)
    except KeyError:
        if name is None:
            return Owner(name=str(process_uid), uid=process_uid, gid=os.getegid())
        raise StateUnusable(
            f"state.owner = {name}: there is no such system account; create it or correct the name"
        ) from None
    if process_uid not in (0, account.pw_uid):
        raise StateUnusable(
            f"state.owner = {name}: this process runs as uid {process_uid};"
            f" run it as root or as {name}"
        )
    return Owner(name=account.pw_name, uid=account.pw_uid, gid=account.pw_gid)


def prepare(directory: Path, owner: Owner, *, mounts: Path) -> Path:
    """Make sure that ``directory`` and its files are there and closed; return the database's path.

    What root creates is handed to ``owner``; nothing that exists is opened up or closed by
    itself, because somebody may have read it already and a person should know.

    Raises:
        StateUnusable: owner, mode, file type or file system is not what it has to be.
    """
    with _told(directory):
        _create_directory(directory, owner)
        _check_directory(directory, owner)
        check_file_system(directory, mounts)
        for name in (DATABASE, LEASES):
            _create_file(directory / name)
        hand_over(directory, owner)
    return directory / DATABASE


def hand_over(directory: Path, owner: Owner) -> None:
    """Check every file of the state, and give to ``owner`` what root has created for it.

    Raises:
        StateUnusable: a file is a link, is no file, or has the wrong owner or mode.
    """
    with _told(directory):
        for name in _FILES:
            _check_file(directory / name, owner)


def check_file_system(directory: Path, mounts: Path) -> None:
    """Refuse a network file system, as listed in ``mounts`` (proc_pid_mountinfo(5)).

    Raises:
        StateUnusable: the directory is on one.
    """
    device = directory.stat().st_dev
    try:
        text = mounts.read_text(errors="surrogateescape")
    except FileNotFoundError:
        return
    kind = file_system_of(text, f"{os.major(device)}:{os.minor(device)}")
    if kind in NETWORK_FILE_SYSTEMS:
        raise StateUnusable(
            f"{directory}: is on a network file system ({kind}), where locks cannot be relied on;"
            " set state.directory to a local disk"
        )


def file_system_of(mountinfo: str, device: str) -> str:
    """The type of the file system with the number ``major:minor``; "" if it is not listed."""
    for line in mountinfo.splitlines():
        mount, _, rest = line.partition(" - ")
        if rest and mount.split()[2:3] == [device]:
            return rest.split(maxsplit=1)[0]
    return ""


def _create_directory(directory: Path, owner: Owner) -> None:
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        return
    # A umask can only close the mode further; a set-group-id parent would hand on its group.
    directory.chmod(0o700)
    os.chown(directory, owner.uid, owner.gid)
    _sync(directory.parent)


def _sync(directory: Path) -> None:
    """Put the directory's list of names on disk; SQLite does it only for its own directory."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_directory(directory: Path, owner: Owner) -> None:
    status = directory.stat()
    if not stat.S_ISDIR(status.st_mode):
        raise StateUnusable(f"{directory}: is not a directory; set state.directory to one")
    _check_mode(directory, status, "700")
    if _is_ours_to_give(status, owner) and {each.name for each in directory.iterdir()} <= set(
        _FILES
    ):
        os.chown(directory, owner.uid, owner.gid)
    else:
        _check_owner(directory, status, owner, or_setting=True)


def _create_file(path: Path) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        os.close(os.open(path, flags, 0o600))
    except FileExistsError:
        # Never open and close a database that this process may have open: that would drop all
        # of its locks (sqlite.org/howtocorrupt.html, section 2.2).
        return


def _check_file(path: Path, owner: Owner) -> None:
    try:
        # O_PATH pins the file without opening it, so that what is checked is what is given away.
        pinned = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        status = os.fstat(pinned)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise StateUnusable(
                f"{path}: is a link or no regular file; move it away, nothing may stand there"
                " but the file itself"
            )
        _check_mode(path, status, "600")
        if _is_ours_to_give(status, owner):
            os.chown(f"/proc/self/fd/{pinned}", owner.uid, owner.gid)
        else:
            _check_owner(path, status, owner)
    finally:
        os.close(pinned)


def _is_ours_to_give(status: os.stat_result, owner: Owner) -> bool:
    """Whether root has made it, for somebody else."""
    return status.st_uid == os.geteuid() == 0 and owner.uid != 0


def _check_owner(
    path: Path, status: os.stat_result, owner: Owner, *, or_setting: bool = False
) -> None:
    if status.st_uid == owner.uid:
        return
    present = _account_name(status.st_uid)
    other_way = f', or set state.owner = "{present}"' if or_setting else ""
    raise StateUnusable(
        f"{path}: belongs to {present}, but has to belong to {owner.name};"
        f" run: chown {owner.name} {shlex.quote(str(path))}{other_way}"
    )


def _check_mode(path: Path, status: os.stat_result, wanted: str) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if mode & _OTHERS:
        raise StateUnusable(
            f"{path}: has the mode {mode:o}, so others may reach it;"
            f" run: chmod {wanted} {shlex.quote(str(path))}"
        )


def _account_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@contextmanager
def _told(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or directory
        reason = error.strerror or str(error)
        raise StateUnusable(
            f"{where}: {reason}; the state needs a directory of its own on a local disk, made with:"
            f" install -d -m 700 {shlex.quote(str(directory))}"
        ) from error
