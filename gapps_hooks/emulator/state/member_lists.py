"""Who is listed as a group's member: now or earlier, directly or through nested groups.

It must not know HTTP, nor how a listing is paged.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping

from gapps_hooks.emulator.state.collection import Place
from gapps_hooks.emulator.state.members import is_lagging
from gapps_hooks.emulator.state.past import SeenMember
from gapps_hooks.emulator.state.records import Group
from gapps_hooks.emulator.state.workspace import Workspace


def direct(
    workspace: Workspace, group: Group, roles: Collection[str], start: Place | None
) -> Iterator[Place]:
    """Walk the places of a group's direct members of these roles, as far as they are seen."""
    for place in workspace.member_lists[group.id].after(start):
        membership = group.members[place[1]]
        if membership.role in roles and not is_lagging(workspace, membership):
            yield place


def everybody(
    workspace: Workspace, group_id: str, moment: float | None, *, derived: bool
) -> dict[str, SeenMember]:
    """Return who is listed, by member, at an earlier moment (seconds) or, for None, now.

    ``derived`` adds the members of nested groups; whoever is there through one is a MEMBER.
    """
    found = dict(_seen(workspace, group_id, moment))
    waiting = list(found) if derived else []
    while waiting:
        for key, seen in _seen(workspace, waiting.pop(), moment).items():
            if key not in found:
                found[key] = _as_member(seen)
                waiting.append(key)
    return found


def _seen(workspace: Workspace, group_id: str, moment: float | None) -> Mapping[str, SeenMember]:
    collection = workspace.member_lists.get(group_id)
    if collection is None:
        return {}
    if moment is not None:
        return {place[1]: seen for place, seen in collection.before(moment).items()}
    return {
        key: SeenMember(membership, workspace.shown_member(membership, whole=False))
        for key, membership in workspace.groups[group_id].members.items()
        if not is_lagging(workspace, membership)
    }


def _as_member(seen: SeenMember) -> SeenMember:
    membership = dataclasses.replace(seen.membership, role="MEMBER")
    return SeenMember(membership, seen.shown | {"role": "MEMBER"})
