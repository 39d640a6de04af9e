"""The members of one group: wanted, delivered, and at Google -> additions, roles, removals.

It must not know how a reference became an address, nor anything of the group itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from gapps_hooks.model import Change, GoogleMember, Link, Membership, Role, Verb
from gapps_hooks.plan.gathering import Gathering, Resolved
from gapps_hooks.plan.rules import Rules

#: The note of those who hold a role of which nothing was said.
_UNSAID: Final = "nothing was said of this role"
#: Google's roles, the weakest first.
_STRENGTH: Final = (Role.MEMBER, Role.MANAGER, Role.OWNER)


def wants(member: Resolved) -> bool:
    """Whether this member is to be in the group at Google now."""
    return member.address is not None and member.note is None


def notes(gathering: Gathering) -> tuple[str, ...]:
    """Say of each member that is not (yet) delivered why that is so."""
    return tuple(
        f"{one.reference}: {one.note}" for one in gathering.members or () if one.note is not None
    )


def stated(gathering: Gathering) -> tuple[Resolved, ...] | None:
    """Say who is to be a member, each reference once, in the strongest role named for it.

    Holders of a role of which nothing was said stay in it; who is wanted but cannot be added now
    is known by the address under which he was delivered.
    """
    if gathering.members is None:
        return None
    delivered = {one.reference: one for one in gathering.memberships if one.address}
    unsaid = gathering.group.unsaid_roles if gathering.group else frozenset()
    found = {key: _silent(one) for key, one in delivered.items() if one.role in unsaid}
    for one in gathering.members:
        rival = found.get(one.reference, one)
        role = max(one.role, rival.role, key=_STRENGTH.index)
        found[one.reference] = _in_role(_located(one, delivered.get(one.reference)), role)
    strongest = _strongest_roles(found.values())
    return tuple(
        _in_role(one, strongest.get(one.address or "", one.role)) for one in found.values()
    )


def _in_role(member: Resolved, role: Role) -> Resolved:
    return member if member.role is role else replace(member, role=role)


def _located(wanted: Resolved, delivered: Membership | None) -> Resolved:
    if wanted.address is not None or delivered is None:
        return wanted
    return replace(wanted, address=delivered.address, google_id=delivered.google_id)


def _silent(delivered: Membership) -> Resolved:
    return Resolved(
        reference=delivered.reference,
        role=delivered.role,
        address=delivered.address,
        google_id=delivered.google_id,
        note=_UNSAID,
    )


def _strongest_roles(members: Iterable[Resolved]) -> Mapping[str, Role]:
    # Two references may mean one account: a user name and its address.
    strongest: dict[str, Role] = {}
    for one in members:
        if one.address is not None and wants(one):
            known = strongest.get(one.address, one.role)
            strongest[one.address] = max(known, one.role, key=_STRENGTH.index)
    return strongest


def additions(google_id: str, address: str, gathering: Gathering) -> tuple[Change, ...]:
    """Plan to add everybody wanted to an empty group, each account once."""
    wanted = {one.address: one for one in stated(gathering) or () if wants(one)}
    return tuple(_addition(google_id, address, one) for one in wanted.values())


def member_changes(gathering: Gathering, link: Link, rules: Rules) -> tuple[Change, ...]:
    """Plan the difference between the members at Google and the wanted ones, nothing more."""
    kept = stated(gathering)
    if kept is None:
        return ()
    present = _Present(gathering.present or ())
    roles = {one.reference: one.role for one in gathering.memberships if one.address}
    steps: list[Change] = []
    for one in (*{one.address: one for one in kept if wants(one)}.values(), *_absent(kept)):
        match = present.find(one)
        role = roles.get(one.reference)
        if match is None:
            # Who is not enabled is not added, but whoever is in the group has the role he should.
            before = {"role": role.value} if role not in {None, one.role} else {}
            steps += [_addition(link.google_id, link.address, one, before)] if wants(one) else []
        elif _role_moves(one, match, role, exact=rules.exact_groups):
            steps.append(_role_change(link, one, match))
    if rules.adding_only:
        return tuple(steps)
    stay = {match.id for one in kept if (match := present.find(one))}
    ours = delivered_keys(gathering.memberships)
    steps += [
        removal(link, member)
        for member in present.members
        if member.id not in stay and _is_removable(member, ours, link, rules)
    ]
    return (*steps, *_unseen(gathering, kept, present, link))


def _absent(kept: tuple[Resolved, ...]) -> tuple[Resolved, ...]:
    """Pick out those of whom something was said, but who are not to be added now."""
    taken = {one.address for one in kept if wants(one)}
    return tuple(
        one for one in kept if not wants(one) and one.note != _UNSAID and one.address not in taken
    )


def have_moved(gathering: Gathering) -> bool:
    """Whether the wanted members are others than those that were delivered."""
    kept = stated(gathering)
    if kept is None:
        return False
    delivered = {one.reference: one.role for one in gathering.memberships if one.address}
    wanted = {one.reference: one.role for one in kept if wants(one) or one.reference in delivered}
    return wanted != delivered


class _Present:
    """The members at Google, found by id before address: an address may have moved on."""

    def __init__(self, members: Iterable[GoogleMember]) -> None:
        self.members = tuple(members)
        self._by_id = {member.id: member for member in self.members}
        self._by_address = {member.email: member for member in self.members if member.email}

    def find(self, wanted: Resolved) -> GoogleMember | None:
        by_id = self._by_id.get(wanted.google_id or "")
        return by_id or self._by_address.get(wanted.address or "")


def delivered_keys(memberships: Iterable[Membership]) -> frozenset[str]:
    """Name the members that we delivered: by Google's id where we know it, else by address."""
    return frozenset(one.google_id or one.address for one in memberships if one.address)


def unseen(gathering: Gathering, link: Link) -> tuple[Change, ...]:
    """Plan to remove who was delivered, is not wanted any more, and does not show in the list.

    A member added moments ago may not show yet, and nobody else would remember him.
    """
    return _unseen(gathering, stated(gathering) or (), _Present(gathering.present or ()), link)


def _unseen(
    gathering: Gathering, stay: tuple[Resolved, ...], present: _Present, link: Link
) -> tuple[Change, ...]:
    kept = {key for one in stay for key in (one.address, one.google_id) if key}
    return tuple(
        removal(link, GoogleMember(id=one.google_id, email=one.address))
        for one in gathering.memberships
        # An address alone may be another's by now.
        if one.address is not None
        and one.google_id is not None
        and not kept.intersection((one.address, one.google_id))
        and present.find(_silent(one)) is None
    )


def was_delivered(member: GoogleMember, ours: frozenset[str]) -> bool:
    """Whether a member at Google is one that we delivered (see delivered_keys)."""
    return member.id in ours or member.email in ours


def _is_removable(member: GoogleMember, ours: frozenset[str], link: Link, rules: Rules) -> bool:
    """Only what we delivered; in groups that we made also plain members of our own domains."""
    if was_delivered(member, ours):
        return True
    internal = member.email.rpartition("@")[2] in rules.domains
    plain = member.role is Role.MEMBER and member.type == "USER" and internal
    return rules.exact_groups or (link.created and plain)


def _role_moves(
    wanted: Resolved, member: GoogleMember, delivered: Role | None, *, exact: bool
) -> bool:
    if wanted.role is member.role:
        return False
    if wanted.role is not Role.MEMBER or exact:
        return True
    return delivered is member.role


def _addition(
    google_id: str, address: str, member: Resolved, before: Mapping[str, str] | None = None
) -> Change:
    # The address may be another's by now, the id never is. An empty group id stands for the group
    # that a change before creates.
    known = {} if member.google_id is None else {"id": member.google_id}
    return Change(
        verbs=(Verb.ADD_MEMBER,),
        google_id=google_id,
        address=address,
        body={"email": member.address, "role": member.role.value, **known},
        before=before or {},
    )


def _role_change(link: Link, wanted: Resolved, member: GoogleMember) -> Change:
    return Change(
        verbs=(Verb.CHANGE_ROLE,),
        google_id=link.google_id,
        address=link.address,
        body={"id": member.id, "email": member.email, "role": wanted.role.value},
        before={"role": member.role.value},
    )


def removal(link: Link, member: GoogleMember) -> Change:
    """Plan to remove one member."""
    return Change(
        verbs=(Verb.REMOVE_MEMBER,),
        google_id=link.google_id,
        address=link.address,
        body={"id": member.id, "email": member.email},
    )


def memberships_after(
    gathering: Gathering, done: Mapping[str, str | None]
) -> tuple[Membership, ...]:
    """Say what memberships are delivered once the additions in ``done`` (address -> id) are in.

    References that mean nothing at Google yet are kept without an address, so that the group is
    looked at again when they do.
    """
    before = {one.reference: one for one in gathering.memberships}
    present = None if gathering.present is None else _Present(gathering.present)
    wanted = stated(gathering) or ()
    return tuple(_after(one, before.get(one.reference), present, done) for one in wanted)


def _after(
    wanted: Resolved,
    before: Membership | None,
    present: _Present | None,
    done: Mapping[str, str | None],
) -> Membership:
    if not wants(wanted):
        return replace(before, role=wanted.role) if before else _membership(wanted)
    if wanted.address is not None and wanted.address in done:
        google_id = done[wanted.address] or wanted.google_id
        return _membership(wanted, address=wanted.address, google_id=google_id)
    if present is None:
        return before or _membership(wanted)
    match = present.find(wanted)
    if match is None:
        return _membership(wanted)
    return _membership(wanted, address=wanted.address, google_id=match.id)


def _membership(
    wanted: Resolved, *, address: str | None = None, google_id: str | None = None
) -> Membership:
    return Membership(
        reference=wanted.reference, role=wanted.role, address=address, google_id=google_id
    )
