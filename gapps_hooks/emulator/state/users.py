"""The rules of users: insert, get, change, delete, restore.

It must not know HTTP, nor how a listing is paged.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Final

from gapps_hooks.emulator import api_errors
from gapps_hooks.emulator.state import schemas, views
from gapps_hooks.emulator.state.addresses import Owner, is_address
from gapps_hooks.emulator.state.passwords import read_password
from gapps_hooks.emulator.state.records import Json, User
from gapps_hooks.emulator.state.rights import (
    check_may_change,
    check_super_administrator,
)
from gapps_hooks.emulator.state.shown import shortened_user
from gapps_hooks.emulator.state.user_fields import check_name, check_put_name, merged
from gapps_hooks.emulator.state.workspace import Workspace

_BY_AN_ADMINISTRATOR = "ADMIN"
#: The parameters of a call that names none.
_ALL_USUAL: Final = MappingProxyType[str, str]({})
_BY_GOOGLE = "WEB_LOGIN_REQUIRED"


def insert(workspace: Workspace, body: Mapping[str, Any]) -> Json:
    """Create a user; required: primaryEmail, name, password."""
    check_name(body.get("name"), workspace.switches.name_length)
    address = workspace.addresses.check_new(body.get("primaryEmail"), "primary_user_email")
    password = read_password(body)
    org_unit = org_unit_at(workspace, body.get("orgUnitPath") or "/")
    profile = profile_after(workspace, {}, body)
    archived = _flag(body, "archived")
    suspended = _flag(body, "suspended")
    if workspace.addresses.owner(address):
        raise api_errors.duplicate()
    _check_seats(workspace)
    _check_archive(workspace, archived=archived)
    now = workspace.now()
    user = User(
        id=workspace.ids.user(),
        address=address,
        created_at=now,
        profile=profile,
        org_unit=org_unit,
        inserted_at=now,
        password=password,
    )
    _suspend(user, _first_reason(workspace, suspended=suspended), now)
    _archive(user, archived=archived, now=now)
    workspace.add_user(user)
    shown = shortened_user(workspace.shown_user(user, full=True))
    if not workspace.switches.insert_shows_ip_whitelisted:
        del shown["ipWhitelisted"]
    return shown


def get(workspace: Workspace, key: str, parameters: Mapping[str, str] = _ALL_USUAL) -> Json:
    """Return a user, found by id, address or alias, as the parameters want it shown."""
    user = find(workspace, key)
    if user.id == key and _within(user.inserted_at, workspace, workspace.switches.id_window):
        raise api_errors.not_found(key)
    return views.show(workspace, user, parameters)


def patch(workspace: Workspace, caller: User | None, key: str, body: Mapping[str, Any]) -> Json:
    """Change what the body names; null clears, lists are replaced whole."""
    user = settled(workspace, caller, key)
    profile = profile_after(workspace, user.profile, body)
    archived = _flag(body, "archived") if "archived" in body else user.archived
    password = read_password(body) if "password" in body else user.password
    org_unit = user.org_unit
    if "orgUnitPath" in body:
        org_unit = org_unit_at(workspace, body["orgUnitPath"])
    new_address = _new_address(workspace, user, body)
    reason = _new_reason(user, body)
    _check_archive(workspace, archived=archived and not user.archived)
    workspace.remember_user(user)
    workspace.replace_profile(user, profile)
    user.password, user.org_unit = password, org_unit
    _suspend(user, reason, workspace.now())
    _archive(user, archived=archived, now=workspace.now())
    if new_address is not None:
        _rename(workspace, user, new_address)
    return workspace.shown_user(user, full=True)


def update(workspace: Workspace, caller: User | None, key: str, body: Mapping[str, Any]) -> Json:
    """Do what a patch does, but refuse a name without parts, and by a switch none at all."""
    find(workspace, key)
    check_put_name(body, needed=workspace.switches.update_needs_name)
    return patch(workspace, caller, key, body)


def delete(workspace: Workspace, caller: User | None, key: str) -> None:
    """Move a user into the bin, where it stays for 20 days."""
    user = settled(workspace, caller, key)
    if any(fnmatchcase(user.address, pattern) for pattern in workspace.switches.held):
        raise api_errors.condition_not_met("The user is on Vault hold.")
    workspace.bin_user(user)


def undelete(workspace: Workspace, caller: User | None, key: str, body: Mapping[str, Any]) -> None:
    """Restore a user of the bin by id; its aliases come back as far as they are free."""
    user = workspace.deleted().get(key)
    if user is None:
        raise api_errors.condition_not_met("The user is not available for undelete.")
    check_may_change(caller, user)
    org_unit = org_unit_at(workspace, body.get("orgUnitPath") or "/")
    if not workspace.switches.deleted_users_take_seats:
        _check_seats(workspace)
    if workspace.addresses.owner(user.address):
        raise api_errors.duplicate()
    user.aliases = [alias for alias in user.aliases if not workspace.addresses.owner(alias)]
    user.org_unit = org_unit
    workspace.unbin_user(user)


def make_admin(workspace: Workspace, caller: User | None, key: str, body: Json) -> None:
    """Make a user a super administrator, or no longer; only a super administrator may."""
    check_super_administrator(caller)
    user = settled(workspace, caller, key)
    workspace.remember_user(user)
    user.is_admin = _flag(body, "status")


def sign_out(workspace: Workspace, caller: User | None, key: str) -> None:
    """End a user's web sessions, of which there are none here."""
    check_may_change(caller, find(workspace, key))


def suspend_by_google(workspace: Workspace, user: User, reason: str) -> None:
    """Suspend a user as Google itself does (ABUSE, …): an administrator cannot lift it."""
    workspace.remember_user(user)
    _suspend(user, reason, workspace.now())


def find(workspace: Workspace, key: str) -> User:
    """Return the user with this id, address or alias.

    404 for an unknown one, 403 in a foreign domain, 400 for a group, 412 (or what the switch
    ``deleted_user_status`` says) for the id of a deleted user.
    """
    if user := workspace.users.get(key) or workspace.user_at(key):
        return user
    if key in workspace.deleted():
        raise api_errors.deleted_user(workspace.switches.deleted_user_status)
    if key in workspace.groups or workspace.group_at(key):
        raise api_errors.bad_request("Type not supported: userKey")
    if key.isdigit():
        raise api_errors.not_found(key)
    if is_address(key) and not workspace.addresses.is_ours(key):
        raise api_errors.forbidden()
    raise api_errors.not_found("userKey")


def settled(workspace: Workspace, caller: User | None, key: str) -> User:
    """Return a user that may be changed now: 403, 412 just after creation, 409 after a rename."""
    user = find(workspace, key)
    check_may_change(caller, user)
    if _within(user.inserted_at, workspace, workspace.switches.creation_window):
        raise api_errors.creation_not_complete()
    if _within(user.renamed_at, workspace, workspace.switches.rename_window):
        raise api_errors.duplicate()
    return user


def profile_after(workspace: Workspace, old: Json, body: Mapping[str, Any]) -> Json:
    """Return the profile after a write: absent is kept, null clears, lists are replaced whole."""
    profile = merged(old, body, workspace.switches.name_length)
    if "customSchemas" in body:
        known = old.get("customSchemas", {})
        new = dict.fromkeys(known) if body["customSchemas"] is None else None
        values = schemas.checked_values(workspace, known, new or body["customSchemas"] or {})
        profile = {key: value for key, value in profile.items() if key != "customSchemas"}
        profile |= {"customSchemas": values} if values else {}
    return profile


def _rename(workspace: Workspace, user: User, address: str) -> None:
    """Move the user to an address that is free or its own alias; the old one stays as alias."""
    if address in user.aliases:
        user.aliases.remove(address)
    else:
        workspace.addresses.claim(address, Owner("user", user.id))
    user.aliases.append(user.address)
    workspace.move(user, address)
    user.renamed_at = workspace.now()


def _new_address(workspace: Workspace, user: User, body: Mapping[str, Any]) -> str | None:
    if "primaryEmail" not in body:
        return None
    address = workspace.addresses.check_new(body["primaryEmail"], "primary_user_email")
    owner = workspace.addresses.owner(address)
    if owner and owner != Owner("user", user.id):
        raise api_errors.duplicate()
    return None if address == user.address else address


def _new_reason(user: User, body: Mapping[str, Any]) -> str:
    if "suspended" not in body:
        return user.suspension_reason
    if _flag(body, "suspended"):
        return user.suspension_reason or _BY_AN_ADMINISTRATOR
    if user.suspension_reason not in {"", _BY_AN_ADMINISTRATOR}:
        raise api_errors.cannot_unsuspend()
    return ""


def _first_reason(workspace: Workspace, *, suspended: bool) -> str:
    if workspace.switches.web_login_required:
        return _BY_GOOGLE
    return _BY_AN_ADMINISTRATOR if suspended else ""


def _suspend(user: User, reason: str, now: float) -> None:
    if bool(reason) != user.suspended:
        user.suspended_at = now if reason else None
    user.suspension_reason = reason


def _archive(user: User, *, archived: bool, now: float) -> None:
    if archived != user.archived:
        user.archived, user.archived_at = archived, now if archived else None


def _check_archive(workspace: Workspace, *, archived: bool) -> None:
    most = workspace.switches.archived_seats
    if archived and most is not None:
        taken = sum(user.archived for user in workspace.users.values())
        if taken >= most:
            raise api_errors.condition_not_met("Insufficient archived user licenses")


def _flag(body: Mapping[str, Any], field: str) -> bool:
    value = body.get(field)
    if value is not None and not isinstance(value, bool):
        raise api_errors.invalid_input(field)
    return bool(value)


def org_unit_at(workspace: Workspace, path: object) -> str:
    """Return the path of an org unit that is there; 400 for any other."""
    """Return the path of an org unit that is there; 400 for any other."""
    if not isinstance(path, str) or path not in workspace.org_units:
        raise api_errors.invalid_input("INVALID_OU_ID")
    return path


def _check_seats(workspace: Workspace) -> None:
    switches = workspace.switches
    taken = len(workspace.users)
    taken += len(workspace.deleted()) if switches.deleted_users_take_seats else 0
    if switches.seats is not None and taken >= switches.seats:
        raise api_errors.limit_exceeded(paid=switches.paid)


def _within(moment: float | None, workspace: Workspace, window: float) -> bool:
    return moment is not None and workspace.now() - moment < window
