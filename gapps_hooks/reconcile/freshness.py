"""For how long what the lists said is believed while a run goes on.

It must not know what is planned.
"""

from __future__ import annotations

from dataclasses import replace

from gapps_hooks.deliver import user as user_delivery
from gapps_hooks.deliver.people import ask_about_person
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.plan.freshness import ADOPTED_SECONDS, is_stale
from gapps_hooks.plan.person import Person
from gapps_hooks.wiring import Wiring


def is_old(read_at: float, now: float) -> bool:
    """Whether an account may have become an administrator's since it was read."""
    return is_stale(read_at, now, ADOPTED_SECONDS)


def looked_anew(wiring: Wiring, entry: Entry, person: Person) -> Person:
    """Ask Google about the account again; of one that was not there there is nothing to ask."""
    if person.actual is None:
        return person
    if person.link is None:
        return ask_about_person(wiring, person, person.address)
    # Who holds the address that is wanted is asked for when Google says that it is taken.
    alone = replace(person, occupant=None, holder=None)
    return user_delivery.ask(wiring, entry, alone, person.actual.id)
