"""An address that another person holds by an alias which a rename of ours left.

It must not know what the address is wanted for.
"""

from __future__ import annotations

from gapps_hooks.model import Change, GoogleUser, Link, Verb
from gapps_hooks.plan.rules import Rules, is_administrator


def free_alias(address: str, holder: GoogleUser, link: Link | None, rules: Rules) -> Change | None:
    """Plan to free an address, if nobody wants it there and the account is one we may change."""
    delivered = link.delivered if link is not None else {}
    digest = rules.digest(address)
    left = digest in delivered.get("former", ()) and digest not in delivered.get("aliases", ())
    forbidden = is_administrator(holder, rules) and rules.administrators != "all"
    if not left or forbidden or rules.adding_only or rules.is_protected(holder.primary_email):
        return None
    return Change(
        verbs=(Verb.REMOVE_ALIAS,),
        google_id=holder.id,
        address=holder.primary_email,
        body={"alias": address},
    )
