"""Rows out of the pages of a database file of which SQLite itself can make nothing any more.

It must not know which tables there are, nor what is done with a row. The format is told by
https://www.sqlite.org/fileformat2.html and is promised to stay as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

Value = int | float | str | bytes | None

_MAGIC: Final = b"SQLite format 3\0"
_USUAL_PAGE: Final = 4096
_LOG_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_LOG_MAGIC: Final = 0x377F0682
#: Kinds of pages: inner and leaf pages of indices and of tables.
INNER_INDEX, INNER_TABLE, LEAF_INDEX, LEAF_TABLE = 2, 5, 10, 13
_INTEGERS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_REAL, _ZERO, _ONE, _FIRST_BLOB = 7, 8, 9, 12
_MASK: Final = 0xFFFFFFFF
_LONGEST_VARINT: Final = 9


@dataclass(frozen=True, slots=True)
class Record:
    """One row, or one entry of an index."""

    #: The rowid; None in an index, and so in a table WITHOUT ROWID.
    number: int | None
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """The newest committed content of each page, by number from 1."""

    size: int
    usable: int
    content: Mapping[int, bytes]


def read_pages(database: bytes, log: bytes) -> Pages:
    """Put together what stands in a database file and in its write-ahead log."""
    sound = database.startswith(_MAGIC)
    size = _page_size(database[16:18]) if sound else _USUAL_PAGE
    if log[:4] and struct.unpack(">I", log[:4].rjust(4, b"\0"))[0] & ~1 == _LOG_MAGIC:
        size = _sound_size(struct.unpack(">I", log[8:12].rjust(4, b"\0"))[0], size)
    content = {
        number + 1: database[number * size : (number + 1) * size]
        for number in range(len(database) // size)
    }
    content.update(_newer(log, size))
    reserved = database[20] if sound else 0
    return Pages(size, size - reserved, content)


def _page_size(field: bytes) -> int:
    value = struct.unpack(">H", field)[0]
    return _sound_size(65_536 if value == 1 else value, _USUAL_PAGE)


def _sound_size(size: int, otherwise: int) -> int:
    return size if 512 <= size <= 65_536 and not size & (size - 1) else otherwise  # noqa: PLR2004 - the format's bounds


def _newer(log: bytes, size: int) -> dict[int, bytes]:
    """Take the pages of every sound frame up to the last commit."""
    committed: dict[int, bytes] = {}
    pending: dict[int, bytes] = {}
    for head, page, sound in _frames(log, size):
        if sound:
            pending[struct.unpack(">I", head[:4])[0]] = page
        if any(head[4:8]):
            committed.update(pending)
            pending.clear()
    return committed


def is_log_broken(log: bytes) -> bool:
    """Whether a frame is damaged that others follow: SQLite passes over it and all of them.

    A bad one at the end is what a crash leaves of a transaction that nobody was told of.
    """
    size = _sound_size(int.from_bytes(log[8:12], "big"), _USUAL_PAGE)
    verdicts = [sound for _, _, sound in _frames(log, size)]
    return False in verdicts and True in verdicts[verdicts.index(False) :]


def _frames(log: bytes, size: int) -> Iterator[tuple[bytes, bytes, bool]]:
    """Each frame's head, its page and whether it is sound.

    A frame's checksum goes on from the one of the frame before it, as that is stored; so each
    can be told from a damaged one by itself, where SQLite stops at the first.
    """
    if len(log) < _LOG_HEADER:
        return
    magic, salts, before = struct.unpack(">I", log[:4])[0], log[16:24], log[24:32]
    order = ">" if magic & 1 else "<"
    for start in range(_LOG_HEADER, len(log) - size - _FRAME_HEADER + 1, size + _FRAME_HEADER):
        head = log[start : start + _FRAME_HEADER]
        page = log[start + _FRAME_HEADER : start + _FRAME_HEADER + size]
        if head[8:16] != salts:
            break
        yield head, page, _checksum(before, head[:8] + page, order) == head[16:24]
        before = head[16:24]


def _checksum(before: bytes, data: bytes, order: str) -> bytes:
    first, second = struct.unpack(">II", before)
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for index in range(0, len(words), 2):
        first = (first + words[index] + second) & _MASK
        second = (second + words[index + 1] + first) & _MASK
    return struct.pack(">II", first, second)


# --- the trees -----------------------------------------------------------------------------------


def pages_below(pages: Pages, root: int) -> frozenset[int]:
    """Find the pages of the tree that begins at ``root``, as far as the inner ones can be read."""
    found: set[int] = set()
    waiting = [root]
    while waiting:
        number = waiting.pop()
        if number in found or number not in pages.content:
            continue
        found.add(number)
        waiting += _children(pages, number)
    return frozenset(found)


def _children(pages: Pages, number: int) -> list[int]:
    page, begin = pages.content[number], _begin(number)
    if page[begin] not in {INNER_INDEX, INNER_TABLE}:
        return []
    pointers = [begin + 8, *_cells(page, begin)]
    return [struct.unpack_from(">I", page, one)[0] for one in pointers if one + 4 <= len(page)]


def _begin(number: int) -> int:
    # The first page begins with the header of the file.
    return 100 if number == 1 else 0


def _cells(page: bytes, begin: int) -> list[int]:
    amount = struct.unpack_from(">H", page, begin + 3)[0]
    first = begin + (12 if page[begin] in {INNER_INDEX, INNER_TABLE} else 8)
    amount = min(amount, (len(page) - first) // 2)
    return [struct.unpack_from(">H", page, first + 2 * index)[0] for index in range(amount)]


def kind_of(pages: Pages, number: int) -> int:
    """Say which kind of page it claims to be."""
    return pages.content[number][_begin(number)]


def records(pages: Pages, number: int) -> Iterator[Record | None]:
    """The records of one page; None for each that cannot be read."""
    page, begin = pages.content[number], _begin(number)
    kind = page[begin]
    if kind not in {INNER_INDEX, LEAF_INDEX, LEAF_TABLE}:
        return
    for cell in _cells(page, begin):
        try:
            yield _record(pages, page, cell + (4 if kind == INNER_INDEX else 0), kind)
        except (IndexError, ValueError, struct.error):
            yield None


def _record(pages: Pages, page: bytes, at: int, kind: int) -> Record:
    length, at = _varint(page, at)
    number = None
    if kind == LEAF_TABLE:
        number, at = _varint(page, at)
        number = number - (1 << 64) if number >> 63 else number
    local = _local(pages.usable, length, table=kind == LEAF_TABLE)
    payload = page[at : at + local]
    if local < length:
        follows = struct.unpack_from(">I", page, at + local)[0]
        payload += _overflow(pages, follows, length - local)
    if len(payload) != length:
        raise ValueError("the record breaks off")
    return Record(number, _values(payload))


def _local(usable: int, length: int, *, table: bool) -> int:
    """How much of a payload stands in the page itself (file format, section 1.6)."""
    most = usable - 35 if table else (usable - 12) * 64 // 255 - 23
    if length <= most:
        return length
    least = (usable - 12) * 32 // 255 - 23
    some = least + (length - least) % (usable - 4)
    return some if some <= most else least


def _overflow(pages: Pages, number: int, length: int) -> bytes:
    found, seen = b"", set[int]()
    while len(found) < length:
        if number in seen or number not in pages.content:
            raise ValueError("the rest of a record is not there")
        seen.add(number)
        page = pages.content[number]
        number = struct.unpack(">I", page[:4])[0]
        found += page[4 : pages.usable]
    return found[:length]


def _values(payload: bytes) -> tuple[Value, ...]:
    end, at = _varint(payload, 0)
    types: list[int] = []
    while at < end:
        one, at = _varint(payload, at)
        types.append(one)
    values: list[Value] = []
    for one in types:
        value, at = _value(payload, at, one)
        values.append(value)
    if at != len(payload) or not types:
        raise ValueError("the record is not as long as it says")
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind in _INTEGERS:
        end = at + _INTEGERS[kind]
        return int.from_bytes(_piece(payload, at, end), "big", signed=True), end
    if kind == _REAL:
        return struct.unpack(">d", _piece(payload, at, at + 8))[0], at + 8
    if kind >= _FIRST_BLOB:
        end = at + (kind - _FIRST_BLOB) // 2
        raw = _piece(payload, at, end)
        return (raw.decode() if kind % 2 else raw), end
    if kind in {0, _ZERO, _ONE}:
        return {0: None, _ZERO: 0, _ONE: 1}[kind], at
    raise ValueError("no such type of value")


def _piece(payload: bytes, at: int, end: int) -> bytes:
    if end > len(payload):
        raise ValueError("the record breaks off")
    return payload[at:end]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(_LONGEST_VARINT):
        byte = data[at + index]
        if index == _LONGEST_VARINT - 1:
            return value << 8 | byte, at + _LONGEST_VARINT
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the highest bit says that more follows
            return value, at + index + 1
    raise ValueError("no end of a number")
