"""An address that another group of ours holds by an alias which its rename left.

It must not know how a group is made or renamed, nor when it is.
"""

from __future__ import annotations

from itertools import takewhile
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


def aliases_first(plan: Plan) -> tuple[Change, ...]:
    """Take the aliases that go before the plan gives the group its address, or refuses it."""
    ahead = tuple(takewhile(lambda one: not _GIVES.intersection(one.verbs), plan.changes))
    return ahead if plan.refusals or len(ahead) < len(plan.changes) else ()
