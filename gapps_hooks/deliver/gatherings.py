"""What is known of one group on both sides, read without writing anything.

It must not know what follows from it; a preview reads the same.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus

from gapps_hooks.deliver.desired import group_address, is_left_out, resolve_members
from gapps_hooks.deliver.renamed_members import as_known
from gapps_hooks.deliver.wishes import wanted_members
from gapps_hooks.errors import NotFound, Refused
from gapps_hooks.model import Group, Unset
from gapps_hooks.outbox import creations, links, memberships
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.plan.gathering import Gathering, Occupant, Resolved
from gapps_hooks.wiring import Wiring


def gather(wiring: Wiring, entry: Entry, group: Group | None) -> Gathering:
    """Put together what the group should now be, and what is remembered of it."""
    link = links.of(wiring.state, entry.subject)
    named = group or Group(name=entry.name)
    return Gathering(
        name=entry.name,
        group=_as_wanted(group),
        left_out=is_left_out(wiring, entry, group),
        address=link.address if link and not group else group_address(wiring, named, link),
        members=_members(wiring, entry, group) if group else None,
        link=link,
        memberships=memberships.of(wiring.state, entry.subject),
        attempted=link is None and creations.was_begun(wiring.state, entry.subject),
    )


def ask_about_group(wiring: Wiring, gathering: Gathering, key: str) -> Gathering:
    """Ask Google what it has under an id or address; nothing is an answer too.

    Raises:
        GoogleFault: Google did not answer that.
    """
    try:
        actual = wiring.directory.get_group(key)
    except NotFound:
        return replace(gathering, asked=True, actual=None)
    except Refused as error:
        # One live report: to ask for a group by a user's address is answered with 403.
        if not gathering.taken or error.status != HTTPStatus.FORBIDDEN:
            raise
        return replace(gathering, asked=True, actual=None)
    holder = links.by_google_id(wiring.state, actual.id)
    return replace(gathering, asked=True, actual=actual, holder=holder)


def find_occupant(wiring: Wiring, gathering: Gathering, address: str) -> Occupant | None:
    """Ask whether another group has, as an alias, an address that this one is to have.

    Raises:
        GoogleFault: Google did not answer that.
    """
    with suppress(NotFound, Refused):
        found = wiring.directory.get_group(address)
        own = gathering.link is not None and gathering.link.google_id == found.id
        if not own and found.email != address:
            return Occupant(group=found, link=links.by_google_id(wiring.state, found.id))
    return None


def _members(wiring: Wiring, entry: Entry, group: Group) -> tuple[Resolved, ...] | None:
    members = wanted_members(wiring, entry.subject, group)
    if members is None:
        return None
    rows = memberships.of(wiring.state, entry.subject)
    return resolve_members(wiring, as_known(wiring, members, rows))


def _as_wanted(group: Group | None) -> Group | None:
    """Where nothing is said of members, those who are wanted are all: nobody stays unsaid."""
    if group is None or not isinstance(group.members, Unset):
        return group
    return replace(group, unsaid_roles=frozenset())
