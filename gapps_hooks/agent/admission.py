"""Who may hand events to the agent: root, the agent's own user, members of certain groups.

It must not know what they say.
"""

from __future__ import annotations

import errno
import grp
import os
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gapps_hooks.errors import BadSettings, Complaint

#: struct ucred of unix(7): pid, uid, gid.
_CREDENTIALS: Final = struct.Struct("@iII")
#: SO_PEERGROUPS of <asm-generic/socket.h>, which Python does not name.
_SO_PEERGROUPS: Final = 59
#: Python asks for at most 1,024 bytes; of somebody in more groups only the first is known.
_MOST_GROUPS: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The process at the other end, as the kernel tells it."""

    uid: int
    gids: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Who is let in."""

    uids: frozenset[int]
    #: In the order of the settings.
    gids: tuple[int, ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> Admission:
        """Admit root, ourselves, and the members of these groups.

        Raises:
            BadSettings: there is no such group.
        """
        return cls(uids=frozenset({0, os.geteuid()}), gids=tuple(map(_group_number, names)))

    def admits(self, peer: Peer) -> bool:
        """Whether this process may hand over events."""
        return peer.uid in self.uids or not peer.gids.isdisjoint(self.gids)


def peer_of(channel: socket.socket) -> Peer:
    """Ask the kernel who is at the other end; raises OSError."""
    size = _CREDENTIALS.size
    told = channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    _, uid, gid = _CREDENTIALS.unpack(told)
    return Peer(uid=uid, gids=frozenset({gid, *_further_groups(channel)}))


def _further_groups(channel: socket.socket) -> tuple[int, ...]:
    try:
        raw = channel.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST_GROUPS * 4)
    except OSError as error:
        if error.errno == errno.ERANGE:
            return ()
        raise
    return struct.unpack(f"@{len(raw) // 4}I", raw)


def _group_number(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        remedy = "is not a group of this system; create it or correct the name"
        raise BadSettings(
            [Complaint(field="agent.allow_groups", value=name, remedy=remedy)]
        ) from None
