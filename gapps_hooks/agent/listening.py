"""The agent's socket: where it is, who may reach it, and how it comes and goes.

It must not know what is said there. docs/agent-protocol.md says where hooks look for it.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.handling import DEFAULT_SETTINGS

DEFAULT_SOCKET: Final = Path("/run/gapps-hooks/agent.sock")
#: Hooks that may wait at the door at once; beyond it they record by themselves.
BACKLOG: Final = 1024
_MODE: Final = 0o660
#: acl(5) as the kernel keeps it: <linux/posix_acl_xattr.h>.
_ACL: Final = "system.posix_acl_access"
_ACL_VERSION: Final = 2
_OWNER, _OWNING_GROUP, _GROUP, _MASK, _OTHERS = 0x01, 0x04, 0x08, 0x10, 0x20
_NOBODY: Final = 0xFFFF_FFFF


class CannotListen(GappsHooksError):
    """The socket cannot be where it has to be; the text says why and what to do."""


def socket_path(settings: Path, environment: Mapping[str, str]) -> Path:
    """Where the hooks of this settings file look for the agent."""
    chosen = environment.get("GAPPS_HOOKS_SOCKET")
    if chosen:
        return Path(chosen).absolute()
    return DEFAULT_SOCKET if settings == DEFAULT_SETTINGS else Path(f"{settings}.sock")


class Door:
    """A socket that we made and listen at; closing it takes it away."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self.listener: Final = _listen(path)
        self._made = path.stat()

    def let(self, groups: Sequence[int]) -> None:
        """Let these groups reach it: the first as its group, the others by an access list.

        Raises:
            CannotListen: it cannot be given to them.
        """
        if groups:
            self._give_to(groups[0])
        rights = _access_list(groups[1:])
        try:
            os.setxattr(self.path, _ACL, rights)
        except OSError as error:
            if groups[1:]:
                raise CannotListen(
                    f"{self.path}: this file system keeps no access lists ({error.strerror}), so "
                    "that only the first of agent.allow_groups could reach it; name one group"
                ) from error

    def _give_to(self, group: int) -> None:
        try:
            os.chown(self.path, -1, group)
        except OSError as error:
            raise CannotListen(
                f"{self.path}: cannot be given to the first of agent.allow_groups "
                f"({error.strerror}): make the agent's user a member, or name the group in "
                "SupplementaryGroups= of its unit; then start the agent again"
            ) from error

    def close(self) -> None:
        """Listen no more; the file goes unless another has put its own there."""
        self.listener.close()
        with suppress(FileNotFoundError):
            found = self.path.stat()
            if (found.st_dev, found.st_ino) == (self._made.st_dev, self._made.st_ino):
                self.path.unlink()


def _listen(path: Path) -> socket.socket:
    _prepare(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~_MODE)
    try:
        listener.bind(str(path))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"{path}: {error.strerror or error}; the agent's socket goes there"
        ) from (error)
    finally:
        os.umask(before)
    return listener


def _prepare(path: Path) -> None:
    """See that nobody else can put a socket there, and that nobody listens at the one there is."""
    directory = path.parent
    try:
        with suppress(FileExistsError):
            directory.mkdir(mode=0o755)
        status = directory.stat()
        if status.st_uid not in {0, os.geteuid()} or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise CannotListen(
                f"{directory}: may be written by others than root and the agent's user, who could "
                f"put their own socket there; run: chown root {directory}; chmod 755 {directory}"
            )
        if path.is_socket():
            _refuse_if_alive(path)
            path.unlink()
    except OSError as error:
        raise CannotListen(
            f"{error.filename or path}: {error.strerror}; the agent's socket goes there"
        ) from error


def _refuse_if_alive(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller, suppress(OSError):
        caller.connect(str(path))
        raise CannotListen(
            f"{path}: another agent listens there, for another state directory; give this one a "
            "place of its own with GAPPS_HOOKS_SOCKET"
        )


def _access_list(groups: Sequence[int]) -> bytes:
    rows = [(_OWNER, 6, _NOBODY), (_OWNING_GROUP, 6, _NOBODY)]
    rows += [(_GROUP, 6, number) for number in sorted(groups)]
    rows += [(_MASK, 6, _NOBODY)] if groups else []
    rows += [(_OTHERS, 0, _NOBODY)]
    return struct.pack("<I", _ACL_VERSION) + b"".join(struct.pack("<HHI", *row) for row in rows)
