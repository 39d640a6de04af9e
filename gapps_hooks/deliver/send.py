"""One change -> the Google call that makes it, and what an odd answer to it really means.

It must not know links, the outbox or why the change is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from gapps_hooks.errors import AlreadyExists, NotFound, NotYet, Refused
from gapps_hooks.google import Directory
from gapps_hooks.model import (
    Change,
    GoogleGroup,
    GoogleMember,
    GoogleUser,
    Role,
    Verb,
)

Answer = GoogleUser | GoogleGroup | GoogleMember | None

_OTHER: Final = "give the person another 'email'"


def send(directory: Directory, change: Change) -> Answer:
    """Make one change at Google and return its answer.

    What is already so counts as done: a member who is there, an alias that is gone.

    Raises:
        GoogleFault: the verdict of the call; AlreadyExists only where another holds the address.
    """
    if Verb.CREATE in change.verbs:
        return directory.insert_user(change.body, change.password)
    return _CALLS.get(change.verbs[0], _patch_user)(directory, change)


def _patch_user(directory: Directory, change: Change) -> Answer:
    try:
        return directory.patch_user(change.google_id, change.body, change.password)
    except AlreadyExists:
        return _after_conflict(directory, change)


def _after_conflict(directory: Directory, change: Change) -> Answer:
    """Read back: Google answers 409 also to a rename that took effect, and for a minute after."""
    actual = directory.get_user(change.google_id)
    wanted = change.body.get("primaryEmail", actual.primary_email)
    if actual.primary_email == wanted:
        if "primaryEmail" in change.body and _took_effect(change, actual):
            return actual
        raise NotYet(f"{wanted} is still settling at Google after a rename", status=409)
    try:
        holder = directory.get_user(wanted)
    except NotFound:
        raise _nobody_found(directory, wanted, wanted, _OTHER) from None
    raise AlreadyExists(
        f"{wanted} is held by {holder.primary_email} at Google; free it there, or {_OTHER}",
        status=409,
    )


def _nobody_found(directory: Directory, wanted: str, what: str, instead: str) -> Refused:
    """Say who holds an address that no user has; with status 409 if it is nobody to be seen.

    Then it may be ours: for a minute after a rename Google answers the next change with 409 too.
    """
    with suppress(NotFound, Refused):
        directory.get_group(wanted)
        return Refused(f"{what} is held by a group at Google; free it there, or {instead}")
    return Refused(
        f"{what} is held by something at Google that cannot be seen, perhaps an account of "
        f"another domain; free it there, or {instead}",
        status=HTTPStatus.CONFLICT,
    )


def _took_effect(change: Change, actual: GoogleUser) -> bool:
    seen = {
        "primaryEmail": actual.primary_email,
        "orgUnitPath": actual.org_unit_path,
        "suspended": actual.suspended,
        "name": {"givenName": actual.given_name, "familyName": actual.family_name},
    }
    told = {key: value for key, value in change.body.items() if seen.get(key) != value}
    return change.password is None and not told


def _add_alias(directory: Directory, change: Change) -> Answer:
    alias = change.body["alias"]
    try:
        directory.insert_user_alias(change.google_id, alias)
    except AlreadyExists:
        _demand_own_alias(directory, change, alias)
    return None


def _demand_own_alias(directory: Directory, change: Change, alias: str) -> None:
    try:
        holder = directory.get_user(alias)
    except NotFound:
        raise _nobody_found(
            directory, alias, f"the alias {alias}", "drop it from 'aliases'"
        ) from None
    if holder.id != change.google_id:
        raise Refused(
            f"the alias {alias} is held by {holder.primary_email} at Google; free it there, or "
            "drop it from 'aliases'"
        )


def _remove_alias(directory: Directory, change: Change) -> Answer:
    alias = change.body["alias"]
    try:
        return _unless_gone(lambda: directory.delete_user_alias(change.google_id, alias))
    except AlreadyExists:
        text = f"{change.address} is still settling at Google after a rename"
        raise NotYet(text, status=HTTPStatus.CONFLICT) from None


def _add_group_alias(directory: Directory, change: Change) -> Answer:
    alias = change.body["alias"]
    try:
        directory.insert_group_alias(change.google_id, alias)
    except AlreadyExists:
        _demand_groups_own_alias(directory, change, alias)
    return None


def _demand_groups_own_alias(directory: Directory, change: Change, alias: str) -> None:
    holder = _group_with(directory, alias)
    if holder is not None and holder.id == change.google_id:
        return  # a rename left it there, or the answer to an earlier try was lost
    named = f"the group {holder.email}" if holder else _user_with(directory, alias)
    if named is None:
        raise _nobody_found(directory, alias, f"the alias {alias}", "drop it from 'aliases'")
    raise Refused(
        f"the alias {alias} is held by {named} at Google; free it there, or drop it from 'aliases'"
    )


def _group_with(directory: Directory, address: str) -> GoogleGroup | None:
    # One live report: to ask for a group by a user's address is answered with 403.
    with suppress(NotFound, Refused):
        return directory.get_group(address)
    return None


def _user_with(directory: Directory, address: str) -> str | None:
    with suppress(NotFound):
        return directory.get_user(address).primary_email
    return None


def _remove_group_alias(directory: Directory, change: Change) -> Answer:
    alias = change.body["alias"]
    return _unless_gone(lambda: directory.delete_group_alias(change.google_id, alias))


def _set_group_settings(directory: Directory, change: Change) -> Answer:
    directory.patch_group_settings(change.address, change.body)
    return None


def _add_member(directory: Directory, change: Change) -> Answer:
    key, role = change.body.get("id") or change.body["email"], Role(change.body["role"])
    try:
        return directory.insert_member(change.google_id, key, role)
    except AlreadyExists:
        # Whoever made a member more than that may have had reasons, unless it was us.
        if role is Role.MEMBER and not change.before:
            return None
        return directory.patch_member(change.google_id, key, role)


def _change_role(directory: Directory, change: Change) -> Answer:
    role = Role(change.body["role"])
    return directory.patch_member(change.google_id, change.body["id"], role)


def _remove_member(directory: Directory, change: Change) -> Answer:
    return _unless_gone(lambda: directory.delete_member(change.google_id, change.body["id"]))


def _delete_group(directory: Directory, change: Change) -> Answer:
    return _unless_gone(lambda: directory.delete_group(change.google_id))


def _unless_gone(call: Callable[[], None]) -> Answer:
    with suppress(NotFound):
        call()
    return None


_CALLS: Final[Mapping[Verb, Callable[[Directory, Change], Answer]]] = {
    Verb.ADD_ALIAS: _add_alias,
    Verb.REMOVE_ALIAS: _remove_alias,
    Verb.ADD_GROUP_ALIAS: _add_group_alias,
    Verb.REMOVE_GROUP_ALIAS: _remove_group_alias,
    Verb.CREATE_GROUP: lambda directory, change: directory.insert_group(change.body),
    Verb.UPDATE_GROUP: lambda directory, change: directory.patch_group(
        change.google_id, change.body
    ),
    Verb.RENAME_GROUP: lambda directory, change: directory.patch_group(
        change.google_id, change.body
    ),
    Verb.DELETE_GROUP: _delete_group,
    Verb.SET_GROUP_SETTINGS: _set_group_settings,
    Verb.ADD_MEMBER: _add_member,
    Verb.CHANGE_ROLE: _change_role,
    Verb.REMOVE_MEMBER: _remove_member,
}
