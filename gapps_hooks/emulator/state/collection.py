"""A sorted collection that is listed page by page, and remembers what it looked like before.

It must not know what it holds, nor the form of a page token.
"""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Generic, TypeVar

#: Changes that a stale listing can go back by.
_REMEMBERED = 1000
#: Where an id stands: its address and itself.
Place = tuple[str, str]
#: What is noted of an entry before it changes.
Seen = TypeVar("Seen")


class Collection(Generic[Seen]):
    """Ids in the order of their addresses; a page costs the same wherever it lies.

    ``look`` notes what an id stands for at the moment, in a form that later changes do not touch.
    """

    def __init__(self, look: Callable[[str], Seen]) -> None:
        self._look = look
        self._order: list[Place] = []
        self._past: deque[tuple[float, Place, Seen | None]] = deque(maxlen=_REMEMBERED)

    def __len__(self) -> int:
        return len(self._order)

    def add(self, address: str, key: str) -> None:
        """Put an id at its place."""
        bisect.insort(self._order, (address, key))

    def remove(self, address: str, key: str) -> None:
        """Take an id out."""
        del self._order[bisect.bisect_left(self._order, (address, key))]

    def remember(self, now: float, address: str, key: str) -> None:
        """Note what the id stands for, before it is changed, added or removed."""
        place = (address, key)
        at = bisect.bisect_left(self._order, place)
        there = at < len(self._order) and self._order[at] == place
        self._past.append((now, place, self._look(key) if there else None))

    def after(self, place: Place | None, *, down: bool = False) -> Iterator[Place]:
        """Walk the places behind the given one (from the beginning for None)."""
        if down:
            end = len(self._order) if place is None else bisect.bisect_left(self._order, place)
            return (self._order[index] for index in range(end - 1, -1, -1))
        start = 0 if place is None else bisect.bisect_right(self._order, place)
        return (self._order[index] for index in range(start, len(self._order)))

    def before(self, moment: float) -> dict[Place, Seen]:
        """Return what there was at an earlier moment (seconds since the epoch), in order."""
        seen: dict[Place, Seen | None] = {place: self._look(place[1]) for place in self._order}
        seen.update((place, known) for at, place, known in reversed(self._past) if at >= moment)
        return dict(sorted(_there(seen), key=itemgetter(0)))


def _there(seen: Mapping[Place, Seen | None]) -> Iterator[tuple[Place, Seen]]:
    for place, known in seen.items():
        if known is not None:
            yield place, known
