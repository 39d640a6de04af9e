"""What stale listings tell: records as they were, who was in the bin, who was in which groups.

It must not know how a listing is walked.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from gapps_hooks.emulator.state.records import Group, Json, Membership, User

#: Changes that a stale listing can go back by.
_REMEMBERED = 1000


class SeenGroup(NamedTuple):
    """A group as it was, without its members, and how it was shown."""

    group: Group
    shown: Json


class SeenMember(NamedTuple):
    """A membership as it was, and how it was listed."""

    membership: Membership
    shown: Json


class Past:
    """The last changes of the bin and of who is in which groups; times are in seconds."""

    def __init__(self) -> None:
        self._restored: deque[tuple[float, User]] = deque(maxlen=_REMEMBERED)
        self._grouped: deque[tuple[float, str, frozenset[str]]] = deque(maxlen=_REMEMBERED)

    def restored(self, now: float, user: User) -> None:
        """Note a user of the bin before it leaves it."""
        self._restored.append((now, copy.deepcopy(user)))

    def regrouped(self, now: float, key: str, groups: Iterable[str]) -> None:
        """Note which groups somebody is in before that changes."""
        self._grouped.append((now, key, frozenset(groups)))

    def bin_at(self, moment: float, deleted: Iterable[User]) -> dict[str, User]:
        """Return who was in the bin at a moment, of those who are there now and who left since."""
        back = [user for at, user in self._restored if at >= moment]
        return {it.id: it for it in (*deleted, *back) if (it.deleted_at or 0) < moment}

    def groups_at(self, moment: float, key: str, groups: Iterable[str]) -> frozenset[str]:
        """Return which groups somebody was in at a moment, ``groups`` being those of now."""
        for at, whose, known in self._grouped:
            if whose == key and at >= moment:
                return known
        return frozenset(groups)
