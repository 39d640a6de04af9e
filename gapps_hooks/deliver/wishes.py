"""Memberships that the organisation's policy wants beyond what the account manager says.

It must not know how a group is delivered: it leaves wishes where the group's delivery looks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gapps_hooks.model import Group, Kind, Member, Membership, Unset
from gapps_hooks.outbox import entries, memberships, subjects
from gapps_hooks.wiring import Wiring

#: Marks a reference as wished for by the policy, or as no longer wished for.
WISHED: Final = "policy:"
DROPPED: Final = "dropped:"


def wish(wiring: Wiring, username: str, names: tuple[str, ...]) -> None:
    """Say in which groups the policy wants a person from now on; groups concerned are touched."""
    wanted = {_group(wiring, name) for name in names}
    before = set(memberships.groups_with(wiring.state, WISHED + username))
    for group in sorted(wanted - before):
        rows = memberships.of(wiring.state, group)
        one = Membership(reference=WISHED + username)
        _keep(wiring, group, (*rows, one))
    for group in sorted(before - wanted):
        rows = memberships.of(wiring.state, group)
        _keep(wiring, group, tuple(_dropped(row, WISHED + username) for row in rows))


def _group(wiring: Wiring, name: str) -> int:
    known = subjects.of_name(wiring.state, Kind.GROUP, name)
    if known is not None:
        return known
    return entries.touch(wiring.state, Kind.GROUP, name).subject


def _keep(wiring: Wiring, group: int, rows: tuple[Membership, ...]) -> None:
    memberships.replace(wiring.state, group, rows)
    entries.touch(wiring.state, Kind.GROUP, subjects.name_of(wiring.state, group))


def _dropped(row: Membership, reference: str) -> Membership:
    if row.reference != reference:
        return row
    return replace(row, reference=DROPPED + row.reference.removeprefix(WISHED))


def wanted_members(wiring: Wiring, subject: int, group: Group) -> tuple[Member, ...] | None:
    """Say who is to be in a group: as it says itself, or as it was, and whom the policy wants.

    Members in a role of which nothing was said stay. None means that nothing at all is known.
    """
    rows = memberships.of(wiring.state, subject)
    if isinstance(group.members, Unset):
        kept = [row for row in rows if not row.reference.startswith(DROPPED)]
        return tuple(Member(row.reference, row.role) for row in kept) or None
    named = {member.reference for member in group.members}
    others = [
        Member(row.reference, row.role)
        for row in rows
        if row.reference.removeprefix(WISHED) not in named
        and (row.reference.startswith(WISHED) or row.role in group.unsaid_roles)
    ]
    return (*group.members, *others)
