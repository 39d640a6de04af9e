"""The rules of aliases, of users and of groups.

It must not know HTTP.
"""

from __future__ import annotations

from typing import Any, Literal

from gapps_hooks.emulator import api_errors
from gapps_hooks.emulator.state.addresses import OF_NO_GROUP, RESERVED, Owner, normal
from gapps_hooks.emulator.state.records import Group, Json, User
from gapps_hooks.emulator.state.shown import show_alias, with_etag
from gapps_hooks.emulator.state.workspace import Workspace

_MOST = 30


def insert(workspace: Workspace, holder: User | Group, body: Json) -> Json:
    """Give the holder an alias; 409 when anybody has the address, the holder included."""
    alias = checked(workspace, holder, body.get("alias"))
    check_room(holder, 1)
    _remember(workspace, holder)
    workspace.addresses.claim(alias, Owner(kind_of(holder), holder.id))
    holder.aliases.append(alias)
    return show_alias(alias, holder, kind_of(holder), workspace.ids)


def checked(workspace: Workspace, holder: User | Group, alias: object) -> str:
    """Return an alias that the holder may have as far as it is free; 400 or 404 for others."""
    reserved = RESERVED if isinstance(holder, User) else OF_NO_GROUP
    return workspace.addresses.check_new(alias, "alias", reserved)


def check_room(holder: User | Group, more: int) -> None:
    """Refuse (412) a user's 31st alias."""
    if isinstance(holder, User) and len(holder.aliases) + more > _MOST:
        raise api_errors.condition_not_met("Limit reached: aliases")


def listed(workspace: Workspace, holder: User | Group) -> Json:
    """Return all aliases of the holder in alphabetical order; without any the key is absent."""
    kind = kind_of(holder)
    shown: dict[str, Any] = {"kind": "admin#directory#aliases"}
    if holder.aliases:
        names = sorted(holder.aliases)
        shown["aliases"] = [show_alias(alias, holder, kind, workspace.ids) for alias in names]
    return with_etag(workspace.ids, shown)


def delete(workspace: Workspace, holder: User | Group, alias: str) -> None:
    """Take an alias away; the address is free at once."""
    alias = normal(alias)
    if alias not in holder.aliases:
        raise api_errors.not_found("alias")
    _remember(workspace, holder)
    workspace.addresses.free(alias)
    holder.aliases.remove(alias)


def _remember(workspace: Workspace, holder: User | Group) -> None:
    if isinstance(holder, User):
        workspace.remember_user(holder)
    else:
        workspace.remember_group(holder)


def kind_of(holder: User | Group) -> Literal["user", "group"]:
    """Return what the namespace of addresses calls such a holder."""
    return "user" if isinstance(holder, User) else "group"
