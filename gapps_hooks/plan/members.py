"""The members of one group: wanted, delivered, and at Google -> additions, roles, removals.

It must not know how a reference became an address, nor anything of the group itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gapps_hooks.model import Change, GoogleMember, Link, Membership, Role, Verb
from gapps_hooks.plan.gathering import Gathering, Resolved
from gapps_hooks.plan.rules import Rules


def wants(member: Resolved) -> bool:
    """Whether this member is to be in the group at Google now."""
    return member.address is not None and member.note is None


def notes(gathering: Gathering) -> tuple[str, ...]:
    """Say of each member that is not (yet) delivered why that is so."""
    return tuple(
        f"{one.reference}: {one.note}" for one in gathering.members or () if one.note is not None
    )


def member_changes(gathering: Gathering, link: Link, rules: Rules) -> tuple[Change, ...]:
    """Plan the difference between the members at Google and the wanted ones, nothing more."""
    if gathering.members is None:
        return ()
    wanted = [one for one in gathering.members if wants(one)]
    present = gathering.present or ()
    steps: list[Change] = []
    for one in wanted:
        match = next((member for member in present if _is(one, member)), None)
        if match is None:
            steps.append(addition(link.google_id, link.address, one))
        elif _role_moves(one, match, gathering.memberships, exact=rules.exact_groups):
            steps.append(_role_change(link, one, match))
    kept = [*gathering.members]
    steps += [
        removal(link, member)
        for member in present
        if not any(_is(one, member) for one in kept)
        and _is_removable(gathering, member, link, rules)
    ]
    return tuple(steps)


def _is(wanted: Resolved, member: GoogleMember) -> bool:
    if wanted.google_id is not None and wanted.google_id == member.id:
        return True
    return wanted.address is not None and wanted.address == member.email


def was_delivered(member: GoogleMember, delivered: list[Membership]) -> bool:
    """Whether a member at Google is one that we delivered (by id where we know it)."""
    return any(
        member.id == one.google_id if one.google_id else member.email == one.address
        for one in delivered
    )


def _is_removable(gathering: Gathering, member: GoogleMember, link: Link, rules: Rules) -> bool:
    """Only what we delivered; in groups that we made also plain members of our own domains."""
    if was_delivered(member, [one for one in gathering.memberships if one.address]):
        return True
    internal = member.email.rpartition("@")[2] in rules.domains
    plain = member.role is Role.MEMBER and member.type == "USER" and internal
    return rules.exact_groups or (link.created and plain)


def _role_moves(
    wanted: Resolved, member: GoogleMember, delivered: tuple[Membership, ...], *, exact: bool
) -> bool:
    if wanted.role is member.role:
        return False
    if wanted.role is not Role.MEMBER or exact:
        return True
    ours = [one for one in delivered if one.reference == wanted.reference and one.address]
    return any(one.role is member.role for one in ours)


def addition(google_id: str, address: str, member: Resolved) -> Change:
    """Plan to add one member; an empty group id stands for the group created before."""
    return Change(
        verbs=(Verb.ADD_MEMBER,),
        google_id=google_id,
        address=address,
        body={"email": member.address, "role": member.role.value},
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
    present = {member.email: member for member in gathering.present or ()}
    after: list[Membership] = []
    for one in gathering.members or ():
        known = Membership(reference=one.reference, role=one.role)
        member = present.get(one.address or "")
        if not wants(one):
            after.append(replace(before.get(one.reference, known), role=one.role))
        elif one.address is not None and one.address in done:
            after.append(replace(known, address=one.address, google_id=done[one.address]))
        elif member is not None:
            after.append(replace(known, address=one.address, google_id=member.id))
        elif one.reference in before and gathering.present is None:
            after.append(before[one.reference])
        else:
            after.append(known)
    return tuple(after)
