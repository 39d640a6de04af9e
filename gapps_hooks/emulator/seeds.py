"""Fills a Workspace from a document, and writes it back into one of the same form.

It must not know HTTP; and it writes no passwords.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gapps_hooks.emulator.api_errors import domain_not_found
from gapps_hooks.emulator.state import licences, org_units, organisation, schemas, settings
from gapps_hooks.emulator.state.addresses import normal
from gapps_hooks.emulator.state.members import new_membership
from gapps_hooks.emulator.state.passwords import read_password
from gapps_hooks.emulator.state.records import Group, Json, OrgUnit, User
from gapps_hooks.emulator.state.user_fields import merged
from gapps_hooks.emulator.state.workspace import Workspace

_GENERATED = frozenset(
    {"kind", "etag", "emails", "nonEditableAliases", "customerId", "agreedToTerms"}
)


def load(workspace: Workspace, document: Mapping[str, Any]) -> None:
    """Add what the document holds.

    ``orgUnits``, ``schemas``, ``domainAliases``, ``users``, ``deletedUsers``, ``groups``,
    ``licences``.

    Each entry has the fields of its API resource; a user needs only ``primaryEmail``, a group
    ``email``. Groups may hold ``members`` (addresses or member resources) and ``settings``.
    Raises ApiError for what Google would refuse.
    """
    _load_organisation(workspace, document)
    for entry in document.get("users", ()):
        workspace.add_user(_user(workspace, entry))
    for entry in document.get("deletedUsers", ()):
        workspace.put_into_bin(_user(workspace, entry))
    entries = document.get("groups", ())
    groups = [_group(workspace, entry) for entry in entries]
    for group in groups:
        workspace.add_group(group)
    for group, entry in zip(groups, entries, strict=True):
        for member in entry.get("members", ()):
            _add_member(workspace, group, member)
    for entry in document.get("licences", ()):
        licences.insert(workspace, entry["productId"], entry["skuId"], entry)


def _load_organisation(workspace: Workspace, document: Mapping[str, Any]) -> None:
    for entry in document.get("orgUnits", ()):
        _add_org_unit(workspace, entry)
    for entry in document.get("schemas", ()):
        schemas.insert(workspace, "my_customer", entry)
        if "schemaId" in entry:
            workspace.schemas[entry["schemaName"]]["schemaId"] = entry["schemaId"]
    for entry in document.get("domainAliases", ()):
        organisation.insert_domain_alias(workspace, "my_customer", entry)


def dump(workspace: Workspace) -> Json:
    """Return everything that ``load`` needs to build the same Workspace, passwords left out."""
    return {
        "orgUnits": [
            {"orgUnitPath": unit.path, "orgUnitId": unit.id, "description": unit.description}
            for unit in workspace.org_units.values()
        ],
        "schemas": list(workspace.schemas.values()),
        "domainAliases": [
            {"domainAliasName": alias, "parentDomainName": parent}
            for alias, parent in workspace.addresses.domain_aliases.items()
        ],
        "licences": [
            {"productId": product, "skuId": sku, "userId": holder}
            for holder, seats in workspace.licences.items()
            for product, sku in seats
        ],
        "users": [_dumped(workspace, user) for user in workspace.users.values()],
        "deletedUsers": [_dumped(workspace, user) for user in workspace.deleted().values()],
        "groups": [_dumped_group(workspace, group) for group in workspace.groups.values()],
    }


def _add_org_unit(workspace: Workspace, entry: Json) -> None:
    path = entry["orgUnitPath"]
    parent, _, name = path.rpartition("/")
    if path not in workspace.org_units:
        body = {"name": name, "parentOrgUnitPath": parent or "/"}
        org_units.insert(workspace, "my_customer", body)
    unit: OrgUnit = workspace.org_units[path]
    unit.id = entry.get("orgUnitId", unit.id)
    unit.description = entry.get("description", unit.description)


def _user(workspace: Workspace, entry: Json) -> User:
    address = normal(entry["primaryEmail"])
    if not workspace.addresses.is_ours(address):
        raise domain_not_found()
    suspended = bool(entry.get("suspended"))
    return User(
        id=_kept(workspace, entry) or workspace.ids.user(),
        address=address,
        created_at=_seconds(entry, "creationTime") or workspace.now(),
        profile=_profile(workspace, entry, address),
        org_unit=entry.get("orgUnitPath", "/"),
        aliases=[normal(alias) for alias in entry.get("aliases", ())],
        is_admin=bool(entry.get("isAdmin")),
        is_delegated_admin=bool(entry.get("isDelegatedAdmin")),
        archived=bool(entry.get("archived")),
        archived_at=_seconds(entry, "archivalTime"),
        suspension_reason=entry.get("suspensionReason", "ADMIN") if suspended else "",
        suspended_at=_seconds(entry, "suspensionTime"),
        deleted_at=_seconds(entry, "deletionTime"),
        password=read_password(entry) if "password" in entry else None,
    )


def _profile(workspace: Workspace, entry: Json, address: str) -> Json:
    profile = merged({}, {"name": _name(entry, address)} | _written(entry))
    if custom := entry.get("customSchemas"):
        profile["customSchemas"] = schemas.checked_values(workspace, {}, custom)
    return profile


def _group(workspace: Workspace, entry: Json) -> Group:
    address = normal(entry["email"])
    if not workspace.addresses.is_ours(address):
        raise domain_not_found()
    group = Group(
        id=_kept(workspace, entry) or workspace.ids.group(),
        address=address,
        name=entry.get("name", address.partition("@")[0]),
        description=entry.get("description", ""),
        external_ids=entry.get("externalIds", []),
        aliases=[normal(alias) for alias in entry.get("aliases", ())],
        settings=settings.initial_settings(workspace.switches),
    )
    settings.change(group, entry.get("settings", {}), private=workspace.switches.private_groups)
    return group


def _add_member(workspace: Workspace, group: Group, member: str | Json) -> None:
    entry = {"email": member} if isinstance(member, str) else member
    membership = new_membership(workspace, entry)
    membership.inserted_at = None
    workspace.add_member(group, membership)


def _dumped(workspace: Workspace, user: User) -> Json:
    shown = workspace.shown_user(user, full=True)
    kept = {key: value for key, value in shown.items() if key not in _GENERATED}
    kept["name"] = {key: text for key, text in kept["name"].items() if key != "fullName"}
    if user.profile.get("emails"):
        kept["emails"] = user.profile["emails"]
    return kept


def _dumped_group(workspace: Workspace, group: Group) -> Json:
    return {
        "id": group.id,
        "email": group.address,
        "name": group.name,
        "description": group.description,
        "externalIds": group.external_ids,
        "aliases": sorted(group.aliases),
        "settings": dict(group.settings),
        "members": [
            {
                "email": workspace.member_address(member),
                "id": member.key,
                "role": member.role,
                "delivery_settings": member.delivery,
            }
            for member in group.members.values()
        ],
    }


def _written(entry: Json) -> Json:
    return {key: value for key, value in entry.items() if key != "name"}


def _name(entry: Json, address: str) -> Json:
    local = address.partition("@")[0]
    return {"givenName": local, "familyName": "Example"} | dict(entry.get("name", {}))


def _kept(workspace: Workspace, entry: Json) -> str:
    if known := str(entry.get("id", "")):
        workspace.ids.reserve(known)
    return known


def _seconds(entry: Json, field: str) -> float | None:
    text = entry.get(field)
    return datetime.fromisoformat(text).timestamp() if text else None
