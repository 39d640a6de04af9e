"""A group's address that another group of ours holds by an alias which its rename left.

It must not know how a group is made, nor when it is.
"""

from __future__ import annotations

from typing import Any

from gapps_hooks.model import Change, GoogleGroup, Link, Plan, Verb
from gapps_hooks.plan.gathering import Gathering
from gapps_hooks.plan.rules import Rules


def former(link: Link, rules: Rules) -> dict[str, Any]:
    """Remember the address that a rename leaves: Google keeps it as an alias."""
    known = {*link.delivered.get("former", ()), rules.digest(link.address)}
    return {"former": tuple(sorted(known))}


def release(gathering: Gathering, actual: GoogleGroup, rules: Rules) -> Change | None:
    """Plan to free the address, if a rename of ours left it there and nobody said to keep it."""
    known = gathering.holder.delivered if gathering.holder else {}
    digest = rules.digest(gathering.address)
    left = digest in known.get("former", ()) and digest not in known.get("aliases", ())
    if actual.email == gathering.address or not left or rules.adding_only:
        return None
    return Change(
        verbs=(Verb.REMOVE_GROUP_ALIAS,),
        google_id=actual.id,
        address=actual.email,
        body={"alias": gathering.address},
    )


def is_release(change: Change, plan: Plan) -> bool:
    """Whether a change frees, at another group, the address of the one that the plan makes."""
    makes = any(Verb.CREATE_GROUP in one.verbs for one in plan.changes)
    return makes and Verb.REMOVE_GROUP_ALIAS in change.verbs and bool(change.google_id)
