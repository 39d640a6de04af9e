"""Changes carried out of which some add aliases that a rename of ours left with somebody else.

It must not know people or groups, nor where it is written down what a rename left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from gapps_hooks.deliver.carrying import Task, carry_out, reserve
from gapps_hooks.errors import AlreadyExists, Refused
from gapps_hooks.model import Change, Plan, Verb
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.wiring import Wiring

_ADDS: Final = frozenset({Verb.ADD_ALIAS, Verb.ADD_GROUP_ALIAS})
_TAKES: Final = frozenset({Verb.REMOVE_ALIAS, Verb.REMOVE_GROUP_ALIAS})


class AliasRefused(Refused):
    """An alias cannot be had, or not be given up; all else is as it should be."""


def carry_out_freeing(
    wiring: Wiring,
    entry: Entry,
    task: Task,
    changes: Iterable[Change],
    release: Callable[[str], Change | None],
) -> None:
    """Make the changes in order; where Google says that another has an alias, free it first.

    ``release`` plans to free an alias, or answers None where its holder is to keep it. An alias
    that cannot be had, or given up, keeps no other change from being made; that is said at the end.

    Raises:
        AliasRefused: an alias cannot be had, or given up.
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
            if not _can_be_left(change, left):
                raise
            alias, freed = change.body["alias"], None
            if isinstance(error, AlreadyExists) and alias not in tried:
                freed = release(alias)
            if freed is None:
                refused.append(_refusal(error))
                digest = wiring.rules.digest(alias)
                left = deque(_as_before(change, digest, one) for one in left)
                continue
            tried.add(alias)
            left.extendleft((change, freed))
            reserve(wiring, entry, Plan(changes=tuple(left)), task.done)
    if refused:
        # What may be settling still is tried again, whatever else is refused beside it.
        one = min(refused, key=lambda refusal: refusal.status != HTTPStatus.CONFLICT)
        text = "; ".join(map(str, refused))
        raise AliasRefused(text, status=one.status, reason=one.reason) from one


def _can_be_left(change: Change, left: Sequence[Change]) -> bool:
    """Whether nothing hangs on it but an alias: another's may be freed for a new address."""
    if _TAKES.intersection(change.verbs) and not change.delivers:
        return bool(left) and not _ADDS.isdisjoint(left[0].verbs)
    return not (_ADDS | _TAKES).isdisjoint(change.verbs)


def _as_before(refused: Change, digest: str, change: Change) -> Change:
    """Let a change after a refused one remember whether that alias is ours as it was."""
    if not (refused.delivers and "aliases" in change.delivers):
        return change
    others = {*change.delivers["aliases"]} - {digest}
    ours = others if _ADDS.intersection(refused.verbs) else {*others, digest}
    return replace(change, delivers={**change.delivers, "aliases": tuple(sorted(ours))})


def _refusal(error: AlreadyExists | Refused) -> Refused:
    """Make a verdict of the news that another keeps an alias; that is not about to settle."""
    if isinstance(error, Refused):
        return error
    refusal = Refused(str(error), reason=error.reason)
    refusal.__cause__ = error
    return refusal
