"""Whether a whole plan is too much at once; decided before its first change.

It must not know how the plan was made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from gapps_hooks.deliver.carrying import limit_of
from gapps_hooks.errors import GappsHooksError
from gapps_hooks.model import Verb
from gapps_hooks.outbox import bounds
from gapps_hooks.plan.gathering import Gathering
from gapps_hooks.plan.whole import count
from gapps_hooks.reconcile.work import Work
from gapps_hooks.wiring import Wiring

#: Settings that bound more than the kind of change that they are called by.
_NAMES: Final = {Verb.REMOVE_GROUP_ALIAS: "remove_alias"}
_REMEDY: Final = "Read the plan (--dry-run), and if it is right, repeat with --force"
_FORESEEN: Final = "It would be refused before the first change; if this plan is right, add --force"


class TooMuch(GappsHooksError):
    """More of something would be done than the bounds allow; nothing was changed."""


def counted(works: Collection[Work]) -> Mapping[Verb, int]:
    """Count what the works do by kind, as the bounds count it."""
    counts = dict(count(change for work in works for change in work.piece.plan.changes))
    deleted = [work.known for work in works if Verb.DELETE_GROUP in work.piece.verbs]
    members = sum(len(one.memberships) for one in deleted if isinstance(one, Gathering))
    if members:  # a group that is deleted takes everybody out of it
        counts[Verb.REMOVE_MEMBER] = counts.get(Verb.REMOVE_MEMBER, 0) + members
    return counts


def check_bounds(wiring: Wiring, counts: Mapping[Verb, int]) -> None:
    """Hold what is planned, with what was done in the last 24 hours, against the bounds.

    Raises:
        TooMuch: names each bound, the count and the switch that lifts it.
    """
    sentences = [
        f"too much, nothing was changed: {one}. {_REMEDY}" for one in _over(wiring, counts)
    ]
    if sentences:
        raise TooMuch("\n".join(sentences))


def beyond_bounds(wiring: Wiring, counts: Mapping[Verb, int]) -> Iterator[str]:
    """Say to whoever reads a plan which bounds it would exceed, and the switch that lifts them."""
    return (f"too much: {one}. {_FORESEEN}" for one in _over(wiring, counts))


def _over(wiring: Wiring, counts: Mapping[Verb, int]) -> Iterator[str]:
    for verb, many in counts.items():
        limit = limit_of(wiring, verb)
        if limit is None:
            continue
        used = bounds.used(wiring.state, verb)
        if used + many > limit:
            name = _NAMES.get(verb, verb.replace("-", "_"))
            before = f", and {used} were done in the last 24 hours" if used else ""
            yield (
                f"{many} x {verb.replace('-', ' ')}{before}; "
                f"bounds.{name} allows {limit} in 24 hours"
            )
