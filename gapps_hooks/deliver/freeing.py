"""Changes carried out of which some add aliases that a rename of ours left with somebody else.

It must not know people or groups, nor where it is written down what a rename left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from gapps_hooks.deliver.carrying import Task, carry_out, reserve
from gapps_hooks.errors import AlreadyExists, Refused
from gapps_hooks.model import Change, Plan, Verb
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.wiring import Wiring

_ADDS: Final = frozenset({Verb.ADD_ALIAS, Verb.ADD_GROUP_ALIAS})


class AliasRefused(Refused):
    """An alias cannot be had; all else is as it should be."""


def carry_out_freeing(
    wiring: Wiring,
    entry: Entry,
    task: Task,
    changes: Iterable[Change],
    release: Callable[[str], Change | None],
) -> None:
    """Make the changes in order; where Google says that another has an alias, free it first.

    ``release`` plans to free an alias, or answers None where its holder is to keep it. An alias
    that cannot be had keeps no other change from being made; that is said at the end.

    Raises:
        AliasRefused: an alias cannot be had.
        Refused: Google or the policy refused another change.
        Held: to release one would be one too many.
        GoogleFault: the verdict of the call that failed.
    """
    left, tried, refused = deque(changes), set[str](), list[Refused]()
    while left:
        change = left.popleft()
        try:
            carry_out(wiring, task, (change,))
        except (AlreadyExists, Refused) as error:
            if not _ADDS.intersection(change.verbs):
                raise
            alias, freed = change.body["alias"], None
            if isinstance(error, AlreadyExists) and alias not in tried:
                freed = release(alias)
            if freed is None:
                refused.append(_refusal(error))
                not_ours = wiring.rules.digest(alias)
                left = deque(_without(not_ours, one) for one in left)
                continue
            tried.add(alias)
            left.extendleft((change, freed))
            reserve(wiring, entry, Plan(changes=tuple(left)), task.done)
    if refused:
        # What may be settling still is tried again, whatever else is refused beside it.
        one = min(refused, key=lambda refusal: refusal.status != HTTPStatus.CONFLICT)
        text = "; ".join(map(str, refused))
        raise AliasRefused(text, status=one.status, reason=one.reason) from one


def _without(digest: str, change: Change) -> Change:
    """Let a change after a refused alias not remember that one as delivered."""
    ours = change.delivers.get("aliases", ())
    if digest not in ours:
        return change
    rest = tuple(one for one in ours if one != digest)
    return replace(change, delivers={**change.delivers, "aliases": rest})


def _refusal(error: AlreadyExists | Refused) -> Refused:
    """Make a verdict of the news that another keeps an alias; that is not about to settle."""
    if isinstance(error, Refused):
        return error
    refusal = Refused(str(error), reason=error.reason)
    refusal.__cause__ = error
    return refusal
