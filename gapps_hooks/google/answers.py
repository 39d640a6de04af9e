"""Reads Google's JSON resources as the values that the rest of the house speaks in.

It must not know how they were asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from gapps_hooks.errors import Passing
from gapps_hooks.model import GoogleGroup, GoogleMember, GoogleUser, Role

#: Partial responses: only what the values below hold is asked for.
USER_FIELDS: Final = (
    "id,primaryEmail,name(givenName,familyName),suspended,suspensionReason,suspensionTime,isAdmin,"
    "isDelegatedAdmin,orgUnitPath,aliases,externalIds,phones,deletionTime"
)
GROUP_FIELDS: Final = "id,email,name,description,aliases"
MEMBER_FIELDS: Final = "id,email,role,type"
ORG_UNIT_FIELDS: Final = "kind,organizationUnits(orgUnitPath)"
DOMAIN_FIELDS: Final = "domains(domainName,isPrimary,verified)"


def google_user(data: Mapping[str, Any]) -> GoogleUser:
    """Read a User resource; an answer to an insert lacks fields, which then have their defaults."""
    name = data.get("name") or {}
    return GoogleUser(
        id=_needed(data, "id"),
        primary_email=_needed(data, "primaryEmail").lower(),
        given_name=name.get("givenName", ""),
        family_name=name.get("familyName", ""),
        suspended=bool(data.get("suspended", False)),
        suspension_reason=data.get("suspensionReason", ""),
        suspension_time=_time(data.get("suspensionTime")),
        is_admin=bool(data.get("isAdmin", False)),
        is_delegated_admin=bool(data.get("isDelegatedAdmin", False)),
        org_unit_path=data.get("orgUnitPath", "/"),
        aliases=_addresses(data),
        external_ids=tuple(data.get("externalIds") or ()),
        phones=tuple(data.get("phones") or ()),
        deletion_time=_time(data.get("deletionTime")),
    )


def google_group(data: Mapping[str, Any]) -> GoogleGroup:
    """Read a Group resource."""
    return GoogleGroup(
        id=_needed(data, "id"),
        email=_needed(data, "email").lower(),
        name=data.get("name", ""),
        description=data.get("description", ""),
        aliases=_addresses(data),
    )


def google_member(data: Mapping[str, Any]) -> GoogleMember:
    """Read a Member resource; a CUSTOMER member (the whole domain) has no address."""
    return GoogleMember(
        id=_needed(data, "id"),
        email=data.get("email", "").lower(),
        role=Role(data["role"]) if data.get("role") in set(Role) else Role.MEMBER,
        type=data.get("type", "USER"),
    )


def verified_domains(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Read the names of a domain list, the primary domain first, without unverified ones."""
    domains = [domain for domain in data.get("domains") or () if domain.get("verified")]
    domains.sort(key=lambda domain: not domain.get("isPrimary"))
    return tuple(_needed(domain, "domainName").lower() for domain in domains)


def org_unit_paths(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Read the paths of a list of org units, which lacks the list where there are none."""
    if "kind" not in data:
        raise Passing("Google answered something else than a list of org units.")
    units = data.get("organizationUnits") or ()
    return tuple(_needed(unit, "orgUnitPath") for unit in units)


def _needed(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise Passing(f"Google's answer lacks {key}; what was asked may have been done.")
    return value


def _addresses(data: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(alias.lower() for alias in data.get("aliases") or ())


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
