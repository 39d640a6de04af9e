"""How records are shown to clients: the resources of the discovery document.

It must not know requests, or which fields a client asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from gapps_hooks.emulator.state.ids import Identifiers
from gapps_hooks.emulator.state.records import Group, Json, Membership, OrgUnit, User

_NEVER = "1970-01-01T00:00:00.000Z"
#: Fields that the answer to an insert lacks, as seen live.
_NOT_AFTER_INSERT = ("emails", "agreedToTerms", "lastLoginTime", "includeInGlobalAddressList")
_ONLY_IN_FULL = "customSchemas"


def moment(seconds: float) -> str:
    """Return a time as Google writes it: UTC, milliseconds, a Z."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def with_etag(ids: Identifiers, resource: Json) -> Json:
    """Return the resource with its etag, which changes whenever anything in it changes."""
    return resource | {"etag": ids.etag(resource)}


def show_user(
    user: User, ids: Identifiers, *, elsewhere: Iterable[str] = (), full: bool = False
) -> Json:
    """Return the user resource.

    ``elsewhere`` are the user's addresses at domain aliases; ``full`` adds the custom schemas
    (projection full).
    """
    shown: Json = {
        "kind": "admin#directory#user",
        "id": user.id,
        "primaryEmail": user.address,
        "isAdmin": user.is_admin,
        "isDelegatedAdmin": user.is_delegated_admin,
        "lastLoginTime": _NEVER,
        "creationTime": moment(user.created_at),
        "agreedToTerms": False,
        "suspended": user.suspended,
        "archived": user.archived,
        "changePasswordAtNextLogin": False,
        "ipWhitelisted": False,
        "isMailboxSetup": False,
        "isEnrolledIn2Sv": False,
        "isEnforcedIn2Sv": False,
        "includeInGlobalAddressList": True,
        "customerId": ids.customer,
        "orgUnitPath": user.org_unit,
    }
    shown |= {key: value for key, value in user.profile.items() if full or key != _ONLY_IN_FULL}
    shown |= _name(user) | _suspension(user) | _addresses(user, elsewhere)
    if user.deleted_at is not None:
        shown["deletionTime"] = moment(user.deleted_at)
    return with_etag(ids, shown)


def shortened_user(shown: Json) -> Json:
    """Return the shorter resource that users.insert answers with, of the whole one."""
    shown = dict(shown)
    for field in _NOT_AFTER_INSERT:
        shown.pop(field, None)
    shown["name"] = {key: text for key, text in shown["name"].items() if key != "fullName"}
    return shown


def show_group(group: Group, ids: Identifiers, *, elsewhere: Iterable[str] = ()) -> Json:
    """Return the group resource; ``elsewhere`` are its addresses at domain aliases."""
    shown: Json = {
        "kind": "admin#directory#group",
        "id": group.id,
        "email": group.address,
        "name": group.name,
        "directMembersCount": str(len(group.members)),
        "description": group.description,
        "adminCreated": True,
        "nonEditableAliases": [*elsewhere, _test_address(group.address)],
    }
    if group.aliases:
        shown["aliases"] = sorted(group.aliases)
    if group.external_ids:
        shown["externalIds"] = group.external_ids
    return with_etag(ids, shown)


def shortened_group(shown: Json) -> Json:
    """Return the shorter resource that groups.insert answers with, of the whole one."""
    return {key: value for key, value in shown.items() if key != "directMembersCount"}


def show_member(
    membership: Membership, member: User | Group | None, ids: Identifiers, *, whole: bool = True
) -> Json:
    """Return the member resource; a listing leaves delivery_settings out (``whole`` false)."""
    shown: Json = {
        "kind": "admin#directory#member",
        "id": membership.key,
        "role": membership.role,
        "type": membership.type,
    }
    if address := member.address if member else membership.outside_address:
        shown["email"] = address
    if member is not None:
        suspended = isinstance(member, User) and member.suspended
        shown["status"] = "SUSPENDED" if suspended else "ACTIVE"
    if whole:
        shown["delivery_settings"] = membership.delivery
    return with_etag(ids, shown)


def show_alias(alias: str, holder: User | Group, kind: str, ids: Identifiers) -> Json:
    """Return the alias resource; ``kind`` is ``user`` or ``group``."""
    shown = {
        "kind": f"admin#directory#{'alias' if kind == 'group' else 'user#alias'}",
        "id": holder.id,
        "primaryEmail": holder.address,
        "alias": alias,
    }
    return with_etag(ids, shown)


def show_org_unit(unit: OrgUnit, parent: OrgUnit, ids: Identifiers) -> Json:
    """Return the orgUnit resource."""
    shown = {
        "kind": "admin#directory#orgUnit",
        "name": unit.path.rpartition("/")[2] or "/",
        "description": unit.description,
        "orgUnitPath": unit.path,
        "orgUnitId": unit.id,
        "parentOrgUnitPath": parent.path,
        "parentOrgUnitId": parent.id,
    }
    return with_etag(ids, shown)


def _name(user: User) -> Json:
    name: Json = user.profile.get("name", {})
    return {"name": name | {"fullName": f"{name['givenName']} {name['familyName']}"}}


def _suspension(user: User) -> Json:
    shown = {"suspensionReason": user.suspension_reason} if user.suspended else {}
    if user.suspended and user.suspended_at:
        shown["suspensionTime"] = moment(user.suspended_at)
    if user.archived and user.archived_at:
        shown["archivalTime"] = moment(user.archived_at)
    return shown


def _addresses(user: User, elsewhere: Iterable[str]) -> Json:
    written = user.profile.get("emails") or []
    own = {user.address, *user.aliases}
    others = [entry for entry in written if str(entry.get("address", "")).lower() not in own]
    granted = [{"address": alias} for alias in sorted(user.aliases)]
    fixed = [*elsewhere, _test_address(user.address)]
    emails = [{"address": user.address, "primary": True}, *others, *granted]
    shown: Json = {
        "emails": [*emails, *({"address": address} for address in fixed)],
        "nonEditableAliases": fixed,
    }
    return shown | ({"aliases": sorted(user.aliases)} if user.aliases else {})


def _test_address(address: str) -> str:
    return f"{address}.test-google-a.com"
