"""Put together the values that a Microsoft server gives only in parts (MS-ADTS 3.1.1.3.1.3.3).

A group of more than 1,500 members comes as ``member;range=0-1499``; the rest has to be asked for.
It must not know how it is asked for, nor what the values mean; it is pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gapps_hooks.errors import SourceUnreadable

_RANGE = re.compile(r"([^;]+);range=([0-9]+)-([0-9]+|\*)", re.IGNORECASE)
#: More parts than this are no group but a server gone mad.
_MOST_PARTS: Final = 10_000

Attributes = Mapping[str, list[bytes]]


def whole(attributes: Attributes, ask: Callable[[str], Attributes]) -> dict[str, list[bytes]]:
    """Return the attributes with those that came in parts put together.

    Args:
        attributes: as they came.
        ask: reads one further part, named such as ``member;range=1500-*``.

    Raises:
        SourceUnreadable: a part is missing, and so are members that nobody may conclude from.
    """
    found = {name: values for name, values in attributes.items() if not _RANGE.fullmatch(name)}
    for name, values in attributes.items():
        if match := _RANGE.fullmatch(name):
            found[match[1]] = [*values, *_rest(match[1], match[3], ask)]
    return found


def _rest(name: str, last: str, ask: Callable[[str], Attributes]) -> Sequence[bytes]:
    rest: list[bytes] = []
    for _ in range(_MOST_PARTS):
        if last == "*":
            return rest
        start = int(last) + 1
        answer = ask(f"{name};range={start}-*")
        parts = [(_RANGE.fullmatch(key), values) for key, values in answer.items()]
        match, values = next((part for part in parts if part[0]), (None, []))
        if match is None or int(match[2]) != start or not values:
            raise SourceUnreadable(f"the values of {name} after the first {start} cannot be read")
        rest += values
        last = match[3]
    raise SourceUnreadable(f"the values of {name} have no end")
