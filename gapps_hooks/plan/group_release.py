"""An address that another group of ours holds by an alias which its rename left.

It must not know how a group is made or renamed, nor when it is.
"""

from __future__ import annotations

from typing import Any, Final

from gapps_hooks.model import Change, GoogleGroup, Link, Plan, Refusal, Verb
from gapps_hooks.plan.gathering import Occupant
from gapps_hooks.plan.rules import Rules

_GIVES: Final = frozenset({Verb.CREATE_GROUP, Verb.RENAME_GROUP})


def former(link: Link, rules: Rules) -> dict[str, Any]:
    """Remember the address that a rename leaves: Google keeps it as an alias."""
    known = {*link.delivered.get("former", ()), rules.digest(link.address)}
    return {"former": tuple(sorted(known))}


def release(address: str, occupant: Occupant, rules: Rules) -> Change | None:
    """Plan to free an address, if a rename of ours left it there and nobody said to keep it."""
    known = occupant.link.delivered if occupant.link else {}
    digest, other = rules.digest(address), occupant.group
    left = digest in known.get("former", ()) and digest not in known.get("aliases", ())
    if other.email == address or not left or rules.adding_only or rules.is_protected(other.email):
        return None
    return Change(
        verbs=(Verb.REMOVE_GROUP_ALIAS,),
        google_id=other.id,
        address=other.email,
        body={"alias": address},
    )


def held_as_alias(address: str, occupant: GoogleGroup) -> Refusal:
    """Say who has the address of the group."""
    return Refusal(
        f"{address} is an alias of the group {occupant.email} at Google; remove the alias there, "
        "or give the group another 'email'"
    )


def is_release(change: Change, plan: Plan) -> bool:
    """Whether a change frees, at another group, the address that the plan gives to this one."""
    given = {one.body.get("email") for one in plan.changes if _GIVES.intersection(one.verbs)}
    return Verb.REMOVE_GROUP_ALIAS in change.verbs and change.body["alias"] in given
