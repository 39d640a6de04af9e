"""Rows out of the pages of a database file of which SQLite itself can make nothing any more.

It must not know which tables there are, nor what is done with a row. The format is told by
https://www.sqlite.org/fileformat2.html and is promised to stay as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gapps_hooks.outbox.frames import frames, page_size

Value = int | float | str | bytes | None

_MAGIC: Final = b"SQLite format 3\0"
_USUAL_PAGE: Final = 4096
#: Kinds of pages: inner and leaf pages of indices and of tables.
INNER_INDEX, INNER_TABLE, LEAF_INDEX, LEAF_TABLE = 2, 5, 10, 13
_INTEGERS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_REAL, _ZERO, _ONE, _FIRST_BLOB = 7, 8, 9, 12
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
    size = size_of(database, log)
    content = {
        number + 1: database[number * size : (number + 1) * size]
        for number in range(len(database) // size)
    }
    content.update(_newer(log, size))
    reserved = database[20] if sound else 0
    return Pages(size, size - reserved, content)


def size_of(database: bytes, log: bytes) -> int:
    """Say how long a page is, by the log if that can be believed, else by the database."""
    told = int.from_bytes(database[16:18], "big") if database.startswith(_MAGIC) else _USUAL_PAGE
    size = page_size(log) or (65_536 if told == 1 else told)
    return size if 512 <= size <= 65_536 and not size & (size - 1) else _USUAL_PAGE  # noqa: PLR2004 - the format's bounds


def _newer(log: bytes, size: int) -> dict[int, bytes]:
    """Take the pages of every sound frame up to the last commit."""
    committed: dict[int, bytes] = {}
    pending: dict[int, bytes] = {}
    for frame in frames(log, size):
        if frame.sound:
            pending[frame.number] = frame.page
        if frame.commits:
            committed.update(pending)
            pending.clear()
    return committed


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
