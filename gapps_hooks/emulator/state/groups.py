"""The rules of groups: insert, get, change, delete.

It must not know HTTP, nor how a listing is paged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gapps_hooks.emulator import api_errors
from gapps_hooks.emulator.state.addresses import OF_NO_GROUP, Owner, is_address
from gapps_hooks.emulator.state.group_texts import checked_texts
from gapps_hooks.emulator.state.records import Group, Json
from gapps_hooks.emulator.state.settings import initial_settings
from gapps_hooks.emulator.state.shown import shortened_group
from gapps_hooks.emulator.state.workspace import Workspace


def insert(workspace: Workspace, body: Mapping[str, Any]) -> Json:
    """Create a group; required: email only. Its name is then the local part."""
    address = workspace.addresses.check_new(body.get("email"), "groupKey", OF_NO_GROUP)
    name, description = checked_texts(workspace.switches, body, address.partition("@")[0], "")
    group = Group(
        id=workspace.ids.group(),
        address=address,
        name=name,
        description=description,
        external_ids=body.get("externalIds") or [],
        inserted_at=workspace.now(),
        settings=initial_settings(workspace.switches),
    )
    workspace.add_group(group)
    return shortened_group(workspace.shown_group(group))


def get(workspace: Workspace, key: str) -> Json:
    """Return a group, found by id, address or alias."""
    return workspace.shown_group(find(workspace, key))


def patch(workspace: Workspace, key: str, body: Mapping[str, Any]) -> Json:
    """Change what the body names: email, name, description, externalIds."""
    group = find(workspace, key)
    name, description = checked_texts(workspace.switches, body, group.name, group.description)
    address = _new_address(workspace, group, body)
    workspace.remember_group(group)
    group.name, group.description = name, description
    if "externalIds" in body:
        group.external_ids = body["externalIds"] or []
    if address is not None:
        _rename(workspace, group, address)
    return workspace.shown_group(group)


def delete(workspace: Workspace, key: str) -> None:
    """Delete a group for good; its members are detached."""
    workspace.remove_group(find(workspace, key))


def find(workspace: Workspace, key: str) -> Group:
    """Return the group with this id, address or alias; 404, or 403 for what is not ours.

    A user's address is refused with 403 too (a single live report).
    """
    if group := workspace.groups.get(key) or workspace.group_at(key):
        return group
    foreign = is_address(key) and not workspace.addresses.is_ours(key)
    if foreign or workspace.user_at(key):
        raise api_errors.forbidden()
    raise api_errors.not_found("groupKey")


def ready(workspace: Workspace, key: str) -> Group:
    """Return a group whose members and settings can be reached already; 404 groupKey before."""
    group = find(workspace, key)
    since = group.inserted_at
    if since is not None and workspace.now() - since < workspace.switches.group_window:
        raise api_errors.not_found("groupKey")
    return group


def _rename(workspace: Workspace, group: Group, address: str) -> None:
    if address in group.aliases:
        group.aliases.remove(address)
    else:
        workspace.addresses.claim(address, Owner("group", group.id))
    old = group.address
    workspace.move(group, address)
    if workspace.switches.group_rename_keeps_alias:
        group.aliases.append(old)
    else:
        workspace.addresses.free(old)


def _new_address(workspace: Workspace, group: Group, body: Mapping[str, Any]) -> str | None:
    if "email" not in body:
        return None
    address = workspace.addresses.check_new(body["email"], "groupKey", OF_NO_GROUP)
    owner = workspace.addresses.owner(address)
    if owner and owner != Owner("group", group.id):
        raise api_errors.duplicate()
    return None if address == group.address else address
