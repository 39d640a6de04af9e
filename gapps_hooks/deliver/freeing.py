"""Changes carried out of which some add aliases that a rename of ours left with somebody else.

It must not know people or groups, nor where it is written down what a rename left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from gapps_hooks.deliver.carrying import Task, carry_out, reserve
from gapps_hooks.errors import AlreadyExists, Refused
from gapps_hooks.model import Change, Plan, Verb
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.wiring import Wiring

_ADDS: Final = frozenset({Verb.ADD_ALIAS, Verb.ADD_GROUP_ALIAS})


def carry_out_freeing(
    wiring: Wiring,
    entry: Entry,
    task: Task,
    changes: Iterable[Change],
    release: Callable[[str], Change | None],
) -> None:
    """Make the changes in order; where Google says that another has an alias, free it first.

    ``release`` plans to free an alias, or answers None where its holder is to keep it.

    Raises:
        Refused: Google or the policy refused a change, or another keeps an alias.
        Held: to release one would be one too many.
        GoogleFault: the verdict of the call that failed.
    """
    left, tried = deque(changes), set[str]()
    while left:
        change = left.popleft()
        try:
            carry_out(wiring, task, (change,))
        except AlreadyExists as error:
            if not _ADDS.intersection(change.verbs):
                raise
            alias = change.body["alias"]
            freed = None if alias in tried else release(alias)
            if freed is None:
                raise Refused(str(error), reason=error.reason) from error
            tried.add(alias)
            left.extendleft((change, freed))
            reserve(wiring, entry, Plan(changes=tuple(left)), task.done)
