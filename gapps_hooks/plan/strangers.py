"""An account at Google that nobody here has: whether the settings want it suspended.

It must not know how it was found that nobody has it.
"""

from __future__ import annotations

from gapps_hooks.model import Change, GoogleUser, Plan, Verb
from gapps_hooks.plan.rules import MARK_TYPE, Rules, is_administrator


def plan_stranger(actual: GoogleUser, rules: Rules) -> Plan:
    """Suspend an account of our domains that no installation of this program has marked.

    Source: ClearOS suspends every account that none of its users with Google has.
    """
    address = actual.primary_email
    ours = address.rpartition("@")[2] in rules.domains
    marked = any(entry.get("customType") == MARK_TYPE for entry in actual.external_ids)
    exempt = rules.is_protected(address) or is_administrator(actual, rules)
    if actual.suspended or marked or exempt or not ours:
        return Plan()
    change = Change(
        verbs=(Verb.SUSPEND,),
        google_id=actual.id,
        address=address,
        body={"suspended": True},
        before={"suspended": False},
    )
    return Plan(changes=(change,), notes=("nobody here has this account",))
