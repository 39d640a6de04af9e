"""Make the desired account or group out of a patch of the contract's keys.

It must not know where the patch was kept, nor validate it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gapps_hooks.model import UNSET, Account, Group, Identity, Member, Role, Unset

_ROLES = {"members": Role.MEMBER, "managers": Role.MANAGER, "owners": Role.OWNER}


def account_from(patch: Mapping[str, Any], username: str) -> Account:
    """Make an account of a user's validated keys: absent is UNSET, null is None or ()."""
    return Account(
        username=username,
        given_name=patch.get("given_name", UNSET),
        family_name=patch.get("family_name", UNSET),
        full_name=patch.get("full_name", UNSET),
        email=patch.get("email", UNSET),
        aliases=_several(patch, "aliases"),
        enabled=patch.get("enabled", UNSET),
        org_unit=patch.get("org_unit", UNSET),
        employee_id=patch.get("employee_id", UNSET),
        phones=_several(patch, "phones"),
        id=_identity(patch),
    )


def group_from(patch: Mapping[str, Any], name: str) -> Group:
    """Make a group of a group's validated keys: absent is UNSET, null is None or ().

    Where ``members`` is there, a role whose list is absent is in ``unsaid_roles``: its holders
    stay as they are.
    """
    return Group(
        name=name,
        email=patch.get("email", UNSET),
        description=patch.get("description", UNSET),
        aliases=_several(patch, "aliases"),
        members=_members(patch),
        unsaid_roles=frozenset(role for key, role in _ROLES.items() if key not in patch),
        deleted=patch.get("deleted", False),
        id=_identity(patch),
    )


def _several(patch: Mapping[str, Any], key: str) -> tuple[str, ...] | Unset:
    return tuple(patch[key] or ()) if key in patch else UNSET


def _identity(patch: Mapping[str, Any]) -> Identity | None:
    return Identity.parse(patch["id"]) if patch.get("id") else None


def _members(patch: Mapping[str, Any]) -> tuple[Member, ...] | Unset:
    if not _ROLES.keys() & patch.keys():
        return UNSET
    return tuple(
        Member(reference, role)
        for key, role in _ROLES.items()
        for reference in patch.get(key) or ()
    )
