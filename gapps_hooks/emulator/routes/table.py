"""Which rule answers which method of the discovery documents.

It must not know paths, tokens or headers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gapps_hooks.emulator.state import (
    aliases,
    groups,
    lists,
    members,
    organisation,
    settings,
    users,
)
from gapps_hooks.emulator.state.records import Json, User
from gapps_hooks.emulator.state.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an API method: who, on what, with what."""

    workspace: Workspace
    caller: User | None
    #: The variable parts of the path, decoded.
    keys: Mapping[str, str]
    wish: lists.Wish
    body: Json


Handler = Callable[[Call], Json | None]


def _user(call: Call) -> User:
    return users.settled(call.workspace, call.caller, call.keys["userKey"])


def _settings(call: Call) -> Json:
    group = groups.ready(call.workspace, call.keys["groupUniqueId"])
    call.workspace.remember_group(group)
    return settings.change(group, call.body, private=call.workspace.switches.private_groups)


_USERS: Final[Mapping[str, Handler]] = {
    "users.insert": lambda c: users.insert(c.workspace, c.body),
    "users.get": lambda c: users.get(
        c.workspace, c.keys["userKey"], full=c.wish.get("projection") in {"full", "custom"}
    ),
    "users.list": lambda c: lists.users(c.workspace, c.wish),
    "users.patch": lambda c: users.patch(c.workspace, c.caller, c.keys["userKey"], c.body),
    "users.update": lambda c: users.update(c.workspace, c.caller, c.keys["userKey"], c.body),
    "users.delete": lambda c: users.delete(c.workspace, c.caller, c.keys["userKey"]),
    "users.undelete": lambda c: users.undelete(c.workspace, c.caller, c.keys["userKey"], c.body),
    "users.makeAdmin": lambda c: users.make_admin(c.workspace, c.caller, c.keys["userKey"], c.body),
    "users.signOut": lambda c: users.sign_out(c.workspace, c.caller, c.keys["userKey"]),
    "users.aliases.insert": lambda c: aliases.insert(c.workspace, _user(c), c.body),
    "users.aliases.list": lambda c: aliases.listed(
        c.workspace, users.find(c.workspace, c.keys["userKey"])
    ),
    "users.aliases.delete": lambda c: aliases.delete(c.workspace, _user(c), c.keys["alias"]),
}
_GROUPS: Final[Mapping[str, Handler]] = {
    "groups.insert": lambda c: groups.insert(c.workspace, c.body),
    "groups.get": lambda c: groups.get(c.workspace, c.keys["groupKey"]),
    "groups.list": lambda c: lists.groups(c.workspace, c.wish),
    "groups.patch": lambda c: groups.patch(c.workspace, c.keys["groupKey"], c.body),
    "groups.update": lambda c: groups.patch(c.workspace, c.keys["groupKey"], c.body),
    "groups.delete": lambda c: groups.delete(c.workspace, c.keys["groupKey"]),
    "groups.aliases.insert": lambda c: aliases.insert(
        c.workspace, groups.find(c.workspace, c.keys["groupKey"]), c.body
    ),
    "groups.aliases.list": lambda c: aliases.listed(
        c.workspace, groups.find(c.workspace, c.keys["groupKey"])
    ),
    "groups.aliases.delete": lambda c: aliases.delete(
        c.workspace, groups.find(c.workspace, c.keys["groupKey"]), c.keys["alias"]
    ),
    "settings.get": lambda c: settings.show(groups.ready(c.workspace, c.keys["groupUniqueId"])),
    "settings.patch": _settings,
    "settings.update": _settings,
}
_MEMBERS: Final[Mapping[str, Handler]] = {
    "members.insert": lambda c: members.insert(c.workspace, c.keys["groupKey"], c.body),
    "members.get": lambda c: members.get(c.workspace, c.keys["groupKey"], c.keys["memberKey"]),
    "members.list": lambda c: lists.group_members(c.workspace, c.keys["groupKey"], c.wish),
    "members.patch": lambda c: members.patch(
        c.workspace, c.keys["groupKey"], c.keys["memberKey"], c.body
    ),
    "members.update": lambda c: members.patch(
        c.workspace, c.keys["groupKey"], c.keys["memberKey"], c.body
    ),
    "members.delete": lambda c: members.delete(
        c.workspace, c.keys["groupKey"], c.keys["memberKey"]
    ),
    "members.hasMember": lambda c: members.has_member(
        c.workspace, c.keys["groupKey"], c.keys["memberKey"]
    ),
}
_ORGANISATION: Final[Mapping[str, Handler]] = {
    "customers.get": lambda c: organisation.customer(c.workspace, c.keys["customerKey"]),
    "domains.list": lambda c: organisation.domains(c.workspace, c.keys["customer"]),
    "orgunits.insert": lambda c: organisation.insert_org_unit(
        c.workspace, c.keys["customerId"], c.body
    ),
    "orgunits.get": lambda c: organisation.get_org_unit(
        c.workspace, c.keys["customerId"], c.keys["orgUnitPath"]
    ),
    "orgunits.list": lambda c: organisation.list_org_units(
        c.workspace,
        c.keys["customerId"],
        c.wish.get("orgUnitPath"),
        c.wish.get("type") or "children",
    ),
}
#: Every emulated method.
HANDLERS: Final = MappingProxyType({**_USERS, **_GROUPS, **_MEMBERS, **_ORGANISATION})
