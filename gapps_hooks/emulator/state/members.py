"""The rules of memberships: who can be a member, roles, cycles.

It must not know HTTP, nor how a listing is paged.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from gapps_hooks.emulator import api_errors
from gapps_hooks.emulator.state.addresses import is_address, normal
from gapps_hooks.emulator.state.groups import ready
from gapps_hooks.emulator.state.records import Group, Json, Membership, User
from gapps_hooks.emulator.state.workspace import Workspace

_ROLES = frozenset({"OWNER", "MANAGER", "MEMBER"})
_DELIVERIES = frozenset({"ALL_MAIL", "DAILY", "DIGEST", "DISABLED", "NONE"})
#: Memberships of one user: direct ones, and with those through nested groups.
_MOST_DIRECT = 3000
_MOST = 7500
_UNKNOWN = "Missing required field: memberKey"


def insert(workspace: Workspace, group_key: str, body: Mapping[str, Any]) -> Json:
    """Add a member named by ``email`` or ``id``; 409 when it is one already."""
    group = ready(workspace, group_key)
    if not body:
        raise api_errors.required("Missing required field: member")
    return workspace.shown_member(add(workspace, group, body))


def add(workspace: Workspace, group: Group, body: Mapping[str, Any]) -> Membership:
    """Put the member that a body describes into a group; returns the membership."""
    membership = _new_membership(workspace, body)
    if membership.type == "GROUP":
        _check_nesting(workspace, group, membership)
    if membership.key in group.members:
        raise api_errors.duplicate("Member already exists.")
    _check_most(workspace, group, membership)
    workspace.remember_group(group)
    workspace.add_member(group, membership)
    return membership


def get(workspace: Workspace, group_key: str, member_key: str) -> Json:
    """Return one direct member."""
    group = ready(workspace, group_key)
    membership = _find(workspace, group, member_key)
    if is_lagging(workspace, membership):
        raise api_errors.not_found()
    return workspace.shown_member(membership)


def patch(workspace: Workspace, group_key: str, member_key: str, body: Json) -> Json:
    """Change a member's role or delivery."""
    group = ready(workspace, group_key)
    membership = _find(workspace, group, member_key)
    change(workspace, group, membership, body)
    return workspace.shown_member(membership)


def change(
    workspace: Workspace, group: Group, membership: Membership, body: Mapping[str, Any]
) -> None:
    """Give a membership the role and the delivery that a body names."""
    if membership.type == "GROUP" and (body.get("role") or "MEMBER") != "MEMBER":
        raise api_errors.invalid_input("memberKey")
    changed = dataclasses.replace(membership)
    _change(changed, body)
    if _counted(changed) > _counted(membership):
        _check_most(workspace, group, changed, instead_of=membership)
    workspace.member_lists[group.id].remember(
        workspace.now(), workspace.member_address(membership), membership.key
    )
    membership.role, membership.delivery = changed.role, changed.delivery


def delete(workspace: Workspace, group_key: str, member_key: str) -> None:
    """Remove a direct member."""
    group = ready(workspace, group_key)
    membership = _find(workspace, group, member_key)
    workspace.remember_group(group)
    workspace.remove_member(group, membership)


def has_member(workspace: Workspace, group_key: str, member_key: str) -> Json:
    """Tell whether somebody of the domain is a member, directly or through nested groups."""
    group = ready(workspace, group_key)
    member = workspace.holder(member_key) or _at(workspace, member_key)
    if member is None:
        raise _unresolved_for_has_member(workspace, member_key)
    inside = _inside(workspace, group, seen=True)
    everyone = isinstance(member, User) and workspace.ids.customer in inside
    return {"isMember": everyone or member.id in inside}


def is_lagging(workspace: Workspace, membership: Membership) -> bool:
    """Tell whether the membership is too new to be seen (switch ``member_lag``)."""
    since = membership.inserted_at
    return since is not None and workspace.now() - since < workspace.switches.member_lag


def outside_id(address: str) -> str:
    """Return the id of an account that is not ours: always the same 21 digits for an address."""
    digest = hashlib.sha256(normal(address).encode()).digest()
    return f"2{int.from_bytes(digest[:16]) % 10**20:020d}"


def put(workspace: Workspace, group: Group, body: Mapping[str, Any]) -> None:
    """Let somebody be a member as a body describes it, and as if that were so for long."""
    key = _resolved(workspace, _key_of(body)).key
    if known := group.members.get(key):
        change(workspace, group, known, body)
    else:
        add(workspace, group, body).inserted_at = None


def _new_membership(workspace: Workspace, body: Mapping[str, Any]) -> Membership:
    """Return the membership that a body describes; 400 when Google cannot resolve the member."""
    membership = _resolved(workspace, _key_of(body))
    _change(membership, body)
    return membership


def _key_of(body: Mapping[str, Any]) -> str:
    return str(body.get("email") or body.get("id") or "")


def _resolved(workspace: Workspace, key: str) -> Membership:
    now = workspace.now()
    if key == workspace.ids.customer:
        return Membership(key=key, type="CUSTOMER", role="MEMBER", added_at=now, inserted_at=now)
    if member := workspace.holder(key) or _at(workspace, key):
        kind = "USER" if isinstance(member, User) else "GROUP"
        return Membership(key=member.id, type=kind, role="MEMBER", added_at=now, inserted_at=now)
    if not _is_outside(workspace, key):
        raise api_errors.required(_UNKNOWN)
    return Membership(
        key=outside_id(key),
        type="USER",
        role="MEMBER",
        added_at=now,
        inserted_at=now,
        outside_address=normal(key),
    )


def _find(workspace: Workspace, group: Group, key: str) -> Membership:
    """Return a member by id or address; 404 for a known account, 400 for an unknown address."""
    member = workspace.holder(key) or _at(workspace, key)
    own_key = member.id if member else outside_id(key) if is_address(key) else key
    if membership := group.members.get(own_key):
        return membership
    if member is None and is_address(key):
        raise api_errors.required(_UNKNOWN)
    raise api_errors.not_found("memberKey")


def _change(membership: Membership, body: Mapping[str, Any]) -> None:
    role = body.get("role") or membership.role
    delivery = body.get("delivery_settings") or membership.delivery
    if role not in _ROLES:
        raise api_errors.invalid_input("role")
    if delivery not in _DELIVERIES:
        raise api_errors.invalid_input("delivery_settings")
    membership.role, membership.delivery = role, delivery


def _check_most(
    workspace: Workspace, group: Group, new: Membership, instead_of: Membership | None = None
) -> None:
    """Refuse (412) a membership too many, of the member or of anybody in it."""
    more = _counted(new) - (_counted(instead_of) if instead_of else 0)
    if new.type == "USER" and _direct(workspace, new.key) + more > _MOST_DIRECT:
        raise api_errors.condition_not_met("Limit reached: memberships")
    # Without groups in groups nobody has more than the direct ones; and to count others takes long.
    if not workspace.nested and new.type != "GROUP":
        return
    if len(workspace.groups) + _MOST_DIRECT // 2 <= _MOST:
        return
    gained = _above(workspace, group.id) | {group.id}
    for key in _people(workspace, new):
        own = more - (instead_of is None) if key == new.key else 0
        if _total(workspace, key, gained) + own > _MOST:
            raise api_errors.condition_not_met("Limit reached: memberships")


def _people(workspace: Workspace, new: Membership) -> set[str]:
    """Return who gains by a membership: the member, or for a group whoever is in it."""
    nested = workspace.groups.get(new.key)
    if nested is None:
        return {new.key}
    return {key for key in _inside(workspace, nested) if key not in workspace.groups}


def _total(workspace: Workspace, key: str, gained: set[str]) -> int:
    """Return how many memberships somebody has with those of the groups that are gained."""
    twice = _weight(workspace, key) - len(workspace.groups_of.get(key, ()))
    return len(_above(workspace, key) | gained) + twice


def _direct(workspace: Workspace, key: str) -> int:
    """Return how many direct memberships somebody has, or a number that is too small to matter."""
    at_most = 2 * len(workspace.groups_of.get(key, ()))
    return _weight(workspace, key) if at_most + 2 > _MOST_DIRECT else at_most


def _weight(workspace: Workspace, key: str) -> int:
    groups = workspace.groups_of.get(key, ())
    return sum(_counted(workspace.groups[group].members[key]) for group in groups)


def _counted(membership: Membership) -> int:
    """Return how often a membership counts: that of an owner or manager does twice."""
    return 1 if membership.role == "MEMBER" else 2


def _above(workspace: Workspace, key: str) -> set[str]:
    """Return the groups that somebody is in at any depth."""
    waiting, found = [key], set[str]()
    while waiting:
        more = workspace.groups_of.get(waiting.pop(), set()) - found
        found |= more
        waiting.extend(more)
    return found


def _check_nesting(workspace: Workspace, group: Group, membership: Membership) -> None:
    if membership.role != "MEMBER":
        raise api_errors.invalid_input("memberKey")
    nested = workspace.groups[membership.key]
    if nested is group or _contains(workspace, nested, group.id):
        status = workspace.switches.cycle_status
        raise api_errors.condition_not_met("Cyclic memberships not allowed", status)


def _contains(workspace: Workspace, group: Group, key: str) -> bool:
    """Tell whether the id is in the group at any depth."""
    return key in _inside(workspace, group)


def _inside(workspace: Workspace, group: Group, *, seen: bool = False) -> set[str]:
    """Return who is in a group at any depth; ``seen`` leaves out what is too new to be seen."""
    found, waiting = set[str](), [group]
    while waiting:
        members = waiting.pop().members.items()
        more = {key for key, it in members if not (seen and is_lagging(workspace, it))} - found
        found |= more
        waiting.extend(workspace.groups[key] for key in more & workspace.groups.keys())
    return found


def _at(workspace: Workspace, address: str) -> User | Group | None:
    return workspace.user_at(address) or workspace.group_at(address)


def _is_outside(workspace: Workspace, key: str) -> bool:
    if not is_address(key) or workspace.addresses.is_ours(key):
        return False
    patterns = workspace.switches.unresolvable
    return not any(fnmatchcase(normal(key), pattern) for pattern in patterns)


def _unresolved_for_has_member(workspace: Workspace, key: str) -> api_errors.ApiError:
    if is_address(key) and not workspace.addresses.is_ours(key):
        return api_errors.invalid_input("memberKey")
    return api_errors.not_found("memberKey")
