"""A sorted collection that is listed page by page, and remembers what it looked like before.

It must not know what it holds, nor the form of a page token.
"""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Callable, Iterator

from gapps_hooks.emulator.state.records import Json

#: Changes that a stale listing can go back by.
_REMEMBERED = 1000


class Collection:
    """Ids in the order of their addresses; a page costs the same wherever it lies.

    ``show`` turns an id into what clients see, or None when it is not to be seen.
    """

    def __init__(self, show: Callable[[str], Json | None]) -> None:
        self._show = show
        self._order: list[tuple[str, str]] = []
        self._past: deque[tuple[float, tuple[str, str], Json | None]] = deque(maxlen=_REMEMBERED)

    def __len__(self) -> int:
        return len(self._order)

    def add(self, address: str, key: str) -> None:
        """Put an id at its place."""
        bisect.insort(self._order, (address, key))

    def remove(self, address: str, key: str) -> None:
        """Take an id out."""
        del self._order[bisect.bisect_left(self._order, (address, key))]

    def remember(self, now: float, address: str, key: str) -> None:
        """Note what the id looks like, before it is changed, added or removed."""
        place = (address, key)
        at = bisect.bisect_left(self._order, place)
        there = at < len(self._order) and self._order[at] == place
        self._past.append((now, place, self._show(key) if there else None))

    def after(self, place: tuple[str, str] | None, *, down: bool = False) -> Iterator[Place]:
        """Walk the places behind the given one (from the beginning for None)."""
        if down:
            end = len(self._order) if place is None else bisect.bisect_left(self._order, place)
            return (self._order[index] for index in range(end - 1, -1, -1))
        start = 0 if place is None else bisect.bisect_right(self._order, place)
        return (self._order[index] for index in range(start, len(self._order)))

    def shown(self, place: Place) -> Json | None:
        """Return what clients see at a place."""
        return self._show(place[1])

    def before(self, moment: float) -> dict[Place, Json]:
        """Return what clients saw at an earlier moment (seconds since the epoch), in order."""
        seen = {place: self._show(place[1]) for place in self._order}
        seen.update((place, shown) for at, place, shown in reversed(self._past) if at >= moment)
        return {place: shown for place, shown in sorted(seen.items()) if shown is not None}


#: Where an id stands: its address and itself.
Place = tuple[str, str]
