"""Memberships that others want of a group: the organisation's policy, and who has just arrived.

It must not know how a group is delivered: it leaves wishes where the group's delivery looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from gapps_hooks.deliver.memory import ARRIVED
from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import UNSET, Account, Group, Kind, Link, Member, Membership, Unset
from gapps_hooks.outbox import entries, links, memberships, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.plan.person import Person
from gapps_hooks.wiring import Wiring

#: Marks a reference as wished for by the policy, or as no longer wished for.
WISHED: Final = "policy:"
DROPPED: Final = "dropped:"


def touch_groups_with(wiring: Wiring, *references: str) -> None:
    """Have the groups looked at again that wait for somebody who is now at Google."""
    named: set[str] = set()
    with suppress(SourceUnreadable):  # a listing may hold no groups, or none that can be read
        for reference in references:
            named.update(wiring.source.groups_with(reference) if wiring.source else ())
    waiting = {
        subjects.name_of(wiring.state, subject)
        for reference in references
        for subject in memberships.groups_with(wiring.state, reference)
    }
    for name in sorted(named | waiting):
        if subjects.of_name(wiring.state, Kind.GROUP, name) is not None:
            entries.touch(wiring.state, Kind.GROUP, name)


def tell_arrival(wiring: Wiring, subject: int, reference: str) -> None:
    """Have the groups looked at again that wait for one who has arrived at Google."""
    link = links.of(wiring.state, subject)
    if link is None or not link.delivered.get(ARRIVED):
        return
    touch_groups_with(wiring, reference, link.address)
    forget_arrival(wiring, subject)


def forget_arrival(wiring: Wiring, subject: int) -> None:
    """Tell no groups of an arrival: whoever asks for this looks at all of them anyway."""
    link = links.of(wiring.state, subject)
    if link is not None and link.delivered.get(ARRIVED):
        known = {key: value for key, value in link.delivered.items() if key != ARRIVED}
        # Lost in a power cut, the groups would only be told once more.
        with wiring.state.transaction(durable=False):
            links.save(wiring.state, replace(link, delivered=known))


def wish_for_groups(wiring: Wiring, entry: Entry, person: Person) -> None:
    """Say in which groups the policy wants a person, as they are now."""
    account = person.account
    enabled = account is not None and _is_enabled(wiring, account, person.link)
    wish(wiring, entry.name, wiring.policy.groups(account) if account and enabled else ())
    before = person.link.name if person.link is not None else entry.name
    if subjects.of_name(wiring.state, Kind.USER, before) is None:
        wish(wiring, before, ())


def _is_enabled(wiring: Wiring, account: Account, link: Link | None) -> bool:
    """A payload that says nothing of it leaves it as it was."""
    if account.enabled is not UNSET or link is None or link.ended_at is not None:
        return account.enabled is True
    return link.delivered.get("enabled") == wiring.state.digest(True)  # noqa: FBT003 - a value


def wish(wiring: Wiring, username: str, names: tuple[str, ...]) -> None:
    """Say in which groups the policy wants a person from now on; groups concerned are touched."""
    wished = WISHED + username
    wanted = {_group(wiring, name) for name in names}
    before = set(memberships.groups_with(wiring.state, wished))
    for group in sorted(wanted ^ before):
        with wiring.state.transaction():  # a wish that is known already is not looked at again
            rows = memberships.of(wiring.state, group)
            more = (Membership(reference=wished),) if group in wanted else ()
            _keep(wiring, group, (*(row if more else _dropped(row, wished) for row in rows), *more))


def _group(wiring: Wiring, name: str) -> int:
    known = subjects.of_name(wiring.state, Kind.GROUP, name)
    if known is not None:
        return known
    return entries.touch(wiring.state, Kind.GROUP, name).subject


def _keep(wiring: Wiring, group: int, rows: tuple[Membership, ...]) -> None:
    unique = {row.reference: row for row in rows}  # one who went, came and went again is one
    memberships.replace(wiring.state, group, tuple(unique.values()))
    entries.touch(wiring.state, Kind.GROUP, subjects.name_of(wiring.state, group))


def _dropped(row: Membership, reference: str) -> Membership:
    if row.reference != reference:
        return row
    return replace(row, reference=DROPPED + row.reference.removeprefix(WISHED))


def keep_members(
    wiring: Wiring, group: int, before: tuple[Membership, ...], after: tuple[Membership, ...]
) -> None:
    """Write down who is in a group, and leave the wishes that moved since ``before`` was read.

    Whoever moved one has the group looked at again.
    """
    with wiring.state.transaction(durable=False):
        now = memberships.of(wiring.state, group)
        came = _wishes(now) - _wishes(before) - _wishes(after)
        went = _wishes(before) - _wishes(now)
        # Whoever is wished out while he is put in is there all the same, and has to leave.
        put_in = (row for row in after if row.reference in went and row.address)
        sent = {_dropped(row, row.reference).reference: row for row in put_in}
        moved = (row for row in now if row.reference in came)
        rows = (
            *(row for row in after if row.reference not in went),
            *(replace(sent.get(row.reference, row), reference=row.reference) for row in moved),
        )
        memberships.replace(wiring.state, group, rows)


def _wishes(rows: Iterable[Membership]) -> set[str]:
    return {row.reference for row in rows if row.reference.startswith((WISHED, DROPPED))}


def wanted_members(wiring: Wiring, subject: int, group: Group) -> tuple[Member, ...] | None:
    """Say who is to be in a group: as it says itself, or as it was, and whom the policy wants.

    Members in a role of which nothing was said stay. None means that nothing at all is known.
    """
    rows = memberships.of(wiring.state, subject)
    if isinstance(group.members, Unset):
        kept = [row for row in rows if not row.reference.startswith(DROPPED)]
        return tuple(Member(row.reference, row.role) for row in kept) if rows else None
    named = {member.reference for member in group.members}
    others = [
        Member(row.reference, row.role)
        for row in rows
        # A wish stands beside a member of the same name, and outlives him.
        if row.reference.startswith(WISHED)
        or (row.role in group.unsaid_roles and row.reference not in named)
    ]
    return (*group.members, *others)
