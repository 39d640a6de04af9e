"""Fills a Workspace from a document, and writes it back into one of the same form.

It must not know HTTP; and it writes no passwords.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from gapps_hooks.emulator.seed_entries import BadSeed, Forms, put_group, put_user, reading
from gapps_hooks.emulator.state import licences, members, org_units, organisation, schemas
from gapps_hooks.emulator.state.records import Group, Json, User
from gapps_hooks.emulator.state.shown import moment
from gapps_hooks.emulator.state.workspace import Workspace

_GENERATED = frozenset(
    {"kind", "etag", "emails", "nonEditableAliases", "customerId", "agreedToTerms"}
)
#: What an entry of each list is: a schema of the documents, and the field that names the entry.
_LISTS: Final = MappingProxyType(
    {
        "orgUnits": ("OrgUnit", "orgUnitPath"),
        "schemas": ("Schema", "schemaName"),
        "domainAliases": ("DomainAlias", "domainAliasName"),
        "users": ("User", "primaryEmail"),
        "deletedUsers": ("User", "primaryEmail"),
        "groups": ("Group", "email"),
        "licences": ("LicenseAssignment", "userId"),
    }
)
#: What a state tells besides; ``clockAhead`` is of use to a restored state only.
_OTHERS: Final = frozenset({"spentIds", "customerCreationTime", "clockAhead"})
_Put = Callable[[Workspace, Json], object]


def load(workspace: Workspace, document: Mapping[str, Any]) -> None:
    """Add what the document holds, by the rules of the APIs, past windows, quotas and seats.

    Lists of ``orgUnits``, ``schemas``, ``domainAliases``, ``users``, ``deletedUsers``, ``groups``
    and ``licences``; the ``spentIds`` are not given out, and there is ``customerCreationTime``.

    Each entry has the fields of its API resource; a user needs only ``primaryEmail``, a group
    ``email``. Groups may hold ``members`` (addresses or member resources) and ``settings``. An
    entry of what is there already changes it. Raises BadSeed, with part of it loaded.
    """
    _check_names(document)
    for known in document.get("spentIds") or ():
        workspace.ids.reserve(str(known))
    if since := document.get("customerCreationTime"):
        with reading("customerCreationTime", since):
            workspace.created_at = datetime.fromisoformat(since).timestamp()
    forms = Forms()
    for name, put in _PUTS.items():
        for entry in _entries(forms, document, name):
            with reading(name, entry[_LISTS[name][1]]):
                put(workspace, entry)
    # All groups are there before anybody is a member of one.
    for entry in document.get("groups") or ():
        _put_members(workspace, forms, entry)


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
        "customerCreationTime": moment(workspace.created_at),
        "spentIds": sorted(workspace.ids.spent() - workspace.held_ids()),
    }


def _check_names(document: Mapping[str, Any]) -> None:
    if not isinstance(document, Mapping):
        raise BadSeed(f'{document!r} is no seed; one is such as {{"users": []}}')
    known = {*_LISTS, *_OTHERS}
    for name, value in document.items():
        if name not in known:
            raise BadSeed(f"a seed has no {name!r}; it may have {', '.join(sorted(known))}")
        if (name in _LISTS or name == "spentIds") and not isinstance(value, list):
            raise BadSeed(f"{name} = {value!r}: give a list")


def _entries(forms: Forms, document: Mapping[str, Any], name: str) -> list[Json]:
    schema, key = _LISTS[name]
    entries: list[Json] = document.get(name) or []
    for number, entry in enumerate(entries):
        forms.check(f"{name}[{number}]", entry, schema, key)
        if schema == "Group":
            _check_parts(forms, entry)
    return entries


def _check_parts(forms: Forms, group: Json) -> None:
    forms.check(f"settings of {group['email']}", group.get("settings", {}), "Settings")
    if not isinstance(group.get("members", []), list):
        raise BadSeed(f"members of {group['email']} = {group['members']!r}: give a list")


def _put_org_unit(workspace: Workspace, entry: Json) -> None:
    path = entry["orgUnitPath"]
    if path not in workspace.org_units:
        parent, _, name = path.rpartition("/")
        body = {"name": name, "parentOrgUnitPath": parent or "/"}
        org_units.insert(workspace, "my_customer", body)
    unit = workspace.org_units[path]
    wanted = entry.get("orgUnitId") or unit.id
    if any(other.id == wanted for other in workspace.org_units.values() if other is not unit):
        raise BadSeed(f"orgUnitId = {wanted!r} is another org unit's; leave it out")
    unit.id = workspace.ids.exchange(unit.id, wanted)
    unit.description = entry.get("description") or unit.description


def _put_schema(workspace: Workspace, entry: Json) -> None:
    name = entry["schemaName"]
    if name in workspace.schemas:
        schemas.patch(workspace, "my_customer", name, entry)
    else:
        schemas.insert(workspace, "my_customer", entry)
    schema = workspace.schemas[name]
    others = {it["schemaId"] for key, it in workspace.schemas.items() if key != name}
    if (wanted := entry.get("schemaId") or schema["schemaId"]) in others:
        raise BadSeed(f"schemaId = {wanted!r} is another schema's; leave it out")
    schema["schemaId"] = workspace.ids.exchange(schema["schemaId"], wanted)
    told = entry.get("fields") or schema["fields"]
    for field, written in zip(schema["fields"], told, strict=True):
        known = written.get("fieldId") or field["fieldId"]
        field["fieldId"] = workspace.ids.exchange(field["fieldId"], known)


def _put_domain_alias(workspace: Workspace, entry: Json) -> None:
    parent = workspace.addresses.domain_aliases.get(entry["domainAliasName"])
    if parent is None or parent != entry.get("parentDomainName"):
        organisation.insert_domain_alias(workspace, "my_customer", entry)


def _put_licence(workspace: Workspace, entry: Json) -> None:
    seat = (str(entry.get("productId", "")), str(entry.get("skuId", "")))
    if not all(seat):
        raise BadSeed("a licence needs productId, skuId and userId")
    if not licences.has(workspace, *seat, entry["userId"]):
        licences.insert(workspace, *seat, entry)


#: In this order, for users are in org units, and have values of schemas.
_PUTS: Final[Mapping[str, _Put]] = MappingProxyType(
    {
        "orgUnits": _put_org_unit,
        "schemas": _put_schema,
        "domainAliases": _put_domain_alias,
        "users": put_user,
        "deletedUsers": lambda workspace, entry: put_user(workspace, entry, deleted=True),
        "groups": put_group,
        "licences": _put_licence,
    }
)


def _put_members(workspace: Workspace, forms: Forms, entry: Json) -> None:
    group = workspace.group_at(entry["email"])
    assert group is not None  # noqa: S101 - it was put there a moment ago
    for number, member in enumerate(entry.get("members") or ()):
        at = f"members[{number}] of {entry['email']}"
        body = {"email": member} if isinstance(member, str) else member
        forms.check(at, body, "Member")
        with reading(at, body.get("email") or body.get("id")):
            members.put(workspace, group, body)


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
