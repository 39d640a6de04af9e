"""Who has, as an alias, what a person is to have as an address: known from the whole list.

It must not know what follows from it.
"""

from __future__ import annotations

from dataclasses import replace

from gapps_hooks.model import GoogleUser
from gapps_hooks.outbox import links
from gapps_hooks.plan.aliases import missing_aliases
from gapps_hooks.plan.person import AliasHolder, Person
from gapps_hooks.reconcile.snapshot import Snapshot
from gapps_hooks.wiring import Wiring


def with_holders(wiring: Wiring, snapshot: Snapshot, person: Person) -> Person:
    """Note who has the address that a linked person is to be renamed to, and the new aliases."""
    found = {
        alias: AliasHolder(user=other, link=links.by_google_id(wiring.state, other.id))
        for alias in missing_aliases(person, wiring.rules)
        if (other := _other(snapshot, person, alias)) is not None
    }
    if found:
        person = replace(person, alias_holders=found)
    occupant = _other(snapshot, person, person.address) if person.link is not None else None
    if occupant is None:
        return person
    holder = links.by_google_id(wiring.state, occupant.id)
    return replace(person, occupant=occupant, holder=holder)


def _other(snapshot: Snapshot, person: Person, address: str) -> GoogleUser | None:
    """Find another account that has the address, and not as its own."""
    found = snapshot.google.user_of(address)
    if found is None or found.primary_email == address:
        return None
    mine = person.link.google_id if person.link else person.actual.id if person.actual else None
    return None if found.id == mine else found
