"""Users and groups of a seed: held to the rules of the APIs, new or in the place of known ones.

It must not know the other parts of a seed.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from gapps_hooks.emulator import discovery, shapes
from gapps_hooks.emulator.api_errors import ApiError
from gapps_hooks.emulator.state import aliases, settings, users
from gapps_hooks.emulator.state.addresses import OF_NO_GROUP, Owner, normal
from gapps_hooks.emulator.state.group_texts import checked_texts
from gapps_hooks.emulator.state.passwords import read_password
from gapps_hooks.emulator.state.records import Group, Json, User
from gapps_hooks.emulator.state.workspace import Workspace

_ID: Final = re.compile(r"[0-9A-Za-z]{1,64}")
#: What an entry may have besides the fields of its resource.
_MORE: Final = MappingProxyType({"Group": frozenset({"members", "settings"})})


class BadSeed(ValueError):
    """A seed holds what Google would not; the text names the entry, the value and the reason."""


class Forms:
    """What the entries of a seed look like, by the discovery documents."""

    def __init__(self) -> None:
        self._schemas: dict[str, Any] = {}
        for name in ("admin.directory_v1", "licensing.v1"):
            self._schemas |= discovery.document_of(name)["schemas"]
        of_settings = discovery.document_of("groupssettings.v1")["schemas"]
        self._schemas["Settings"] = of_settings["Groups"]

    def check(self, at: str, entry: object, schema: str, key: str = "") -> None:
        """Refuse an entry that is no object, lacks its key, or has a field that there is not."""
        if not isinstance(entry, dict):
            raise BadSeed(f"{at} = {entry!r}: give an object with the fields of a {schema}")
        if key and not entry.get(key):
            raise BadSeed(f"{at}: {key} is missing")
        known = self._schemas[schema]
        more = _MORE.get(schema, frozenset())
        for name in shapes.unknown(entry, known):
            if name not in more:
                raise BadSeed(f"{at}: a {schema} has no field {name!r}; leave it out or spell it")
        for field, value, wanted in shapes.mistakes(entry, known, self._schemas):
            told = "" if "password" in field.lower() else f" = {value!r}"
            raise BadSeed(f"{at}: {field}{told}: give {wanted}")


@contextmanager
def reading(what: str, value: object) -> Iterator[None]:
    """Name the entry that is refused."""
    try:
        yield
    except (ApiError, ValueError, TypeError) as error:
        raise BadSeed(f"{what}, {value!r}: {error}") from error


def put_user(workspace: Workspace, entry: Json, *, deleted: bool = False) -> None:
    """Let there be a user such as this, or ``deleted`` one such in the bin."""
    address = workspace.addresses.check_new(entry["primaryEmail"], "primary_user_email")
    known = None if deleted else workspace.user_at(address)
    base = _base(workspace, entry, address, known)
    user = _as_told(workspace, base, entry, deleted=deleted)
    more = _more_aliases(workspace, user, entry)
    if deleted:
        user.aliases += more
        user.deleted_at = _seconds(entry, "deletionTime") or workspace.now()
        workspace.put_into_bin(user)
    elif known:
        workspace.remember_user(known)
        workspace.replace_profile(known, user.profile)
        for field in dataclasses.fields(User):
            setattr(known, field.name, getattr(user, field.name))
        _claim(workspace, known, more)
    else:
        workspace.take_out_of_bin(user.id)
        workspace.add_user(user)
        _claim(workspace, user, more)


def put_group(workspace: Workspace, entry: Json) -> None:
    """Let there be a group such as this, its members left out."""
    address = workspace.addresses.check_new(entry["email"], "groupKey", OF_NO_GROUP)
    known = workspace.group_at(address)
    _check_primary(known, address)
    identifier = _identifier(workspace, entry, known)
    name = known.name if known else address.partition("@")[0]
    description = known.description if known else ""
    name, description = checked_texts(workspace.switches, entry, name, description)
    group = known or Group(
        id=identifier or workspace.ids.group(),
        address=address,
        name=name,
        settings=settings.initial_settings(workspace.switches),
    )
    settings.change(group, entry.get("settings") or {}, workspace.switches)
    more = _more_aliases(workspace, group, entry)
    if known is None:
        workspace.add_group(group)
    group.name, group.description = name, description
    group.external_ids = entry.get("externalIds", group.external_ids) or []
    _claim(workspace, group, more)


def _base(workspace: Workspace, entry: Json, address: str, known: User | None) -> User:
    """Return the user whom an entry is told of: the known one, or a new one without anything."""
    _check_primary(known, address)
    identifier = _identifier(workspace, entry, known)
    if known:
        return known
    local = address.partition("@")[0]
    profile = {"name": {"givenName": local, "familyName": "Example"}}
    now = workspace.now()
    return User(
        id=identifier or workspace.ids.user(), address=address, created_at=now, profile=profile
    )


def _as_told(workspace: Workspace, base: User, entry: Json, *, deleted: bool) -> User:
    """Return the user after what an entry tells; what it does not name stays."""
    reason = base.suspension_reason
    if "suspended" in entry:
        reason = (entry.get("suspensionReason") or reason or "ADMIN") if entry["suspended"] else ""
    org_unit = base.org_unit
    if "orgUnitPath" in entry:
        # A deleted user's may be gone; another one is named when it is restored.
        path = entry["orgUnitPath"]
        org_unit = str(path) if deleted else users.org_unit_at(workspace, path)
    return dataclasses.replace(
        base,
        profile=users.profile_after(workspace, base.profile, entry),
        org_unit=org_unit,
        aliases=[*base.aliases],
        is_admin=bool(entry.get("isAdmin", base.is_admin)),
        is_delegated_admin=bool(entry.get("isDelegatedAdmin", base.is_delegated_admin)),
        archived=bool(entry.get("archived", base.archived)),
        archived_at=_seconds(entry, "archivalTime") or base.archived_at,
        suspension_reason=reason,
        suspended_at=_seconds(entry, "suspensionTime") or base.suspended_at,
        created_at=_seconds(entry, "creationTime") or base.created_at,
        password=read_password(entry) if "password" in entry else base.password,
    )


def _check_primary(known: User | Group | None, address: str) -> None:
    if known and known.address != address:
        raise BadSeed(f"the address is an alias of {known.address}; take it away there first")


def _identifier(workspace: Workspace, entry: Json, known: User | Group | None) -> str:
    """Return the id that an entry has, which is nobody else's; "" for none."""
    identifier = str(entry.get("id") or "")
    if not identifier:
        return ""
    if not _ID.fullmatch(identifier):
        raise BadSeed(f"id = {identifier!r}: give letters and digits")
    if known and known.id != identifier:
        raise BadSeed(f"id = {identifier!r}: it is there with the id {known.id}; leave it out")
    if not known and (identifier in workspace.users or identifier in workspace.groups):
        raise BadSeed(f"id = {identifier!r} is somebody else's; leave it out")
    workspace.ids.reserve(identifier)
    return identifier


def _more_aliases(workspace: Workspace, holder: User | Group, entry: Json) -> list[str]:
    """Return the aliases that an entry adds, each of which the holder may have."""
    wanted = [alias for alias in entry.get("aliases") or () if normal(alias) not in holder.aliases]
    checked = [aliases.checked(workspace, holder, alias) for alias in wanted]
    aliases.check_room(holder, len(checked))
    return checked


def _claim(workspace: Workspace, holder: User | Group, more: list[str]) -> None:
    for alias in more:
        workspace.addresses.claim(alias, Owner(aliases.kind_of(holder), holder.id))
        holder.aliases.append(alias)


def _seconds(entry: Json, field: str) -> float | None:
    text = entry.get(field)
    return datetime.fromisoformat(text).timestamp() if text else None
