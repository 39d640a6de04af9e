"""The frames of a write-ahead log, also of one of which SQLite would read only the beginning.

It must not know what the pages hold. The format: https://www.sqlite.org/fileformat2.html#walformat
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_MAGIC: Final = 0x377F0682
_VERSION: Final = 3_007_000
_MASK: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One page, as a transaction left it."""

    number: int
    page: bytes
    #: It is the last one of its transaction.
    commits: bool
    #: Its sum is right.
    sound: bool
    #: SQLite would read it if it came so far: the sum and the salts are right.
    read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    size: int
    salts: bytes
    #: The sum that the first frame's goes on from.
    sum: bytes
    #: The order of the bytes of a word, for struct.
    order: str
    sound: bool


def page_size(log: bytes) -> int | None:
    """What the log says of its pages, if its beginning can be believed."""
    header = _stored(log)
    return header.size if header is not None and header.sound else None


def frames(log: bytes, size: int) -> Iterator[Frame]:
    """Each frame up to the last one that belongs to this log; ``size`` is that of a page.

    What an earlier round left behind has other salts, and nothing of this one comes after it.
    A frame's sum goes on from the one of the frame before it, as that is stored; so each can be
    told from a damaged one by itself, where SQLite stops at the first.
    """
    header = _header(log, size)
    if header is None:
        return
    length = size + _FRAME_HEADER
    starts = range(_HEADER, len(log) - length + 1, length)
    ours = [start for start in starts if log[start + 8 : start + 16] == header.salts]
    before = header.sum
    for start in starts[: starts.index(ours[-1]) + 1] if ours else ():
        head = log[start : start + _FRAME_HEADER]
        page = log[start + _FRAME_HEADER : start + length]
        sound = checksum(before, head[:8] + page, header.order) == head[16:24]
        yield Frame(
            number=struct.unpack(">I", head[:4])[0],
            page=page,
            commits=any(head[4:8]),
            sound=sound,
            read=sound and header.sound and head[8:16] == header.salts,
        )
        before = head[16:24]


def is_broken(log: bytes, size: int) -> bool:
    """Whether SQLite passes over sound frames, because of a damage before them.

    A bad one at the end is what a crash leaves of a transaction that nobody was told of.
    """
    stopped = False
    for frame in frames(log, size):
        stopped = stopped or not frame.read
        if stopped and frame.sound:
            return True
    return False


def _header(log: bytes, size: int) -> _Header | None:
    """What the log's beginning says, or has to have said, as its first frame tells."""
    stored = _stored(log)
    if stored is None or stored.sound or len(log) < _HEADER + _FRAME_HEADER + size:
        return stored
    order = ">" if sys.byteorder == "big" else "<"
    salts = log[_HEADER + 8 : _HEADER + 16]
    magic = _MAGIC | (order == ">")
    rebuilt = struct.pack(">III", magic, _VERSION, size) + log[12:16] + salts
    sums = (log[24:32], checksum(bytes(8), rebuilt, order))
    head, page = log[_HEADER : _HEADER + 24], log[_HEADER + 24 : _HEADER + 24 + size]
    fits = (one for one in sums if checksum(one, head[:8] + page, order) == head[16:24])
    return _Header(size=size, salts=salts, sum=next(fits, sums[0]), order=order, sound=False)


def _stored(log: bytes) -> _Header | None:
    if len(log) < _HEADER:
        return None
    magic, _, size = struct.unpack(">III", log[:12])
    order = ">" if magic & 1 else "<"
    sound = magic & ~1 == _MAGIC and checksum(bytes(8), log[:24], order) == log[24:32]
    return _Header(size=size, salts=log[16:24], sum=log[24:32], order=order, sound=sound)


def checksum(before: bytes, data: bytes, order: str) -> bytes:
    """Go on from a sum; ``order`` is that of the bytes of a word, for struct."""
    first, second = struct.unpack(">II", before)
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for index in range(0, len(words), 2):
        first = (first + words[index] + second) & _MASK
        second = (second + words[index + 1] + first) & _MASK
    return struct.pack(">II", first, second)
