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
    licences,
    lists,
    members,
    org_units,
    organisation,
    schemas,
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
    return settings.change(group, call.body, call.workspace.switches)


def _org_unit(call: Call) -> Json:
    keys = call.keys
    return org_units.patch(call.workspace, keys["customerId"], keys["orgUnitPath"], call.body)


def _schema(call: Call) -> Json:
    keys = call.keys
    return schemas.patch(call.workspace, keys["customerId"], keys["schemaKey"], call.body)


def _licence(call: Call) -> Json:
    keys, body = call.keys, call.body
    user = keys["userId"]
    return licences.reassign(call.workspace, keys["productId"], keys["skuId"], user, body)


_USERS: Final[Mapping[str, Handler]] = {
    "users.insert": lambda c: users.insert(c.workspace, c.body),
    "users.get": lambda c: users.get(c.workspace, c.keys["userKey"], c.wish.parameters),
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
    "domains.get": lambda c: organisation.domain(
        c.workspace, c.keys["customer"], c.keys["domainName"]
    ),
    "domainAliases.list": lambda c: organisation.domain_aliases(
        c.workspace, c.keys["customer"], c.wish.get("parentDomainName")
    ),
    "domainAliases.get": lambda c: organisation.get_domain_alias(
        c.workspace, c.keys["customer"], c.keys["domainAliasName"]
    ),
    "domainAliases.insert": lambda c: organisation.insert_domain_alias(
        c.workspace, c.keys["customer"], c.body
    ),
    "domainAliases.delete": lambda c: organisation.delete_domain_alias(
        c.workspace, c.keys["customer"], c.keys["domainAliasName"]
    ),
}
_ORG_UNITS: Final[Mapping[str, Handler]] = {
    "orgunits.insert": lambda c: org_units.insert(c.workspace, c.keys["customerId"], c.body),
    "orgunits.get": lambda c: org_units.get(
        c.workspace, c.keys["customerId"], c.keys["orgUnitPath"]
    ),
    "orgunits.list": lambda c: org_units.listed(
        c.workspace,
        c.keys["customerId"],
        c.wish.get("orgUnitPath"),
        c.wish.get("type") or "children",
    ),
    "orgunits.patch": _org_unit,
    "orgunits.update": _org_unit,
    "orgunits.delete": lambda c: org_units.delete(
        c.workspace, c.keys["customerId"], c.keys["orgUnitPath"]
    ),
}
_SCHEMAS: Final[Mapping[str, Handler]] = {
    "schemas.insert": lambda c: schemas.insert(c.workspace, c.keys["customerId"], c.body),
    "schemas.get": lambda c: schemas.get(c.workspace, c.keys["customerId"], c.keys["schemaKey"]),
    "schemas.list": lambda c: schemas.listed(c.workspace, c.keys["customerId"]),
    "schemas.patch": _schema,
    "schemas.update": _schema,
    "schemas.delete": lambda c: schemas.delete(
        c.workspace, c.keys["customerId"], c.keys["schemaKey"]
    ),
}
_LICENCES: Final[Mapping[str, Handler]] = {
    "licenseAssignments.insert": lambda c: licences.insert(
        c.workspace, c.keys["productId"], c.keys["skuId"], c.body
    ),
    "licenseAssignments.get": lambda c: licences.get(
        c.workspace, c.keys["productId"], c.keys["skuId"], c.keys["userId"]
    ),
    "licenseAssignments.patch": _licence,
    "licenseAssignments.update": _licence,
    "licenseAssignments.delete": lambda c: licences.delete(
        c.workspace, c.keys["productId"], c.keys["skuId"], c.keys["userId"]
    ),
    "licenseAssignments.listForProduct": lambda c: licences.listed(
        c.workspace, c.keys["productId"], "", c.wish
    ),
    "licenseAssignments.listForProductAndSku": lambda c: licences.listed(
        c.workspace, c.keys["productId"], c.keys["skuId"], c.wish
    ),
}
#: Every emulated method.
HANDLERS: Final = MappingProxyType(
    {**_USERS, **_GROUPS, **_MEMBERS, **_ORGANISATION, **_ORG_UNITS, **_SCHEMAS, **_LICENCES}
)
