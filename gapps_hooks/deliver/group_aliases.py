"""The aliases of a group carried out, after everything else of it is done and remembered.

It must not know how they are planned, nor the group's members.
"""

from __future__ import annotations

from gapps_hooks.deliver.carrying import Task, carry_out
from gapps_hooks.errors import Refused
from gapps_hooks.model import Change, Plan, Verb
from gapps_hooks.plan.group_release import is_release
from gapps_hooks.wiring import Wiring

ALIAS_VERBS = frozenset({Verb.ADD_GROUP_ALIAS, Verb.REMOVE_GROUP_ALIAS})


class AliasRefused(Refused):
    """An alias cannot be had; all else of the group is as it should be."""


def carry_out_aliases(wiring: Wiring, task: Task, plan: Plan) -> None:
    """Add and remove aliases; one that another holds must keep nobody out of the group.

    Raises:
        AliasRefused: Google or the policy refused one.
        GoogleFault: the verdict of the call that failed.
    """
    try:
        carry_out(wiring, task, _of(plan))
    except Refused as error:
        raise AliasRefused(str(error), status=error.status, reason=error.reason) from error


def _of(plan: Plan) -> tuple[Change, ...]:
    found = (change for change in plan.changes if ALIAS_VERBS.intersection(change.verbs))
    return tuple(change for change in found if not is_release(change, plan))
