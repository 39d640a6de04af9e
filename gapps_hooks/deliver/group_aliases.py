"""The aliases of a group carried out, after everything else of it is done and remembered.

It must not know how they are planned, nor the group's members.
"""

from __future__ import annotations

from functools import partial

from gapps_hooks.deliver.carrying import Task
from gapps_hooks.deliver.freeing import AliasRefused, carry_out_freeing
from gapps_hooks.deliver.gatherings import find_occupant
from gapps_hooks.model import Change, Plan, Verb
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.plan.gathering import Gathering
from gapps_hooks.plan.group_release import aliases_first, release
from gapps_hooks.wiring import Wiring

__all__ = ["ALIAS_VERBS", "AliasRefused", "carry_out_aliases"]

ALIAS_VERBS = frozenset({Verb.ADD_GROUP_ALIAS, Verb.REMOVE_GROUP_ALIAS})


def carry_out_aliases(
    wiring: Wiring, entry: Entry, task: Task, gathering: Gathering, plan: Plan
) -> None:
    """Add and remove aliases; one that another holds must keep nobody out of the group.

    One that another group has from a rename of ours is released there first.

    Raises:
        AliasRefused: Google or the policy refused one.
        Held: to release one would be one too many.
        GoogleFault: the verdict of the call that failed.
    """
    carry_out_freeing(wiring, entry, task, _of(plan), partial(_release, wiring, gathering))


def _release(wiring: Wiring, gathering: Gathering, alias: str) -> Change | None:
    occupant = find_occupant(wiring, gathering, alias)
    return None if occupant is None else release(alias, occupant, wiring.rules)


def _of(plan: Plan) -> tuple[Change, ...]:
    later = plan.changes[len(aliases_first(plan)) :]
    return tuple(change for change in later if ALIAS_VERBS.intersection(change.verbs))
