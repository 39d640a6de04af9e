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
_DROP: Final = "drop it from 'aliases'"
_UNSEEN: Final = "something at Google that cannot be seen, perhaps an account of another domain"


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
    holder = _holder(directory, wanted)
    if isinstance(holder, GoogleUser):
        raise AlreadyExists(_held(wanted, holder, _OTHER), status=HTTPStatus.CONFLICT)
    raise _refused(_held(wanted, holder, _OTHER), holder)


def _holder(
    directory: Directory, address: str, *, group_first: bool = False
) -> GoogleUser | GoogleGroup | None:
    """Ask who has an address, as the primary one or as an alias; None if nobody is to be seen."""
    if group_first:
        return _group_with(directory, address) or _user_with(directory, address)
    return _user_with(directory, address) or _group_with(directory, address)


def _user_with(directory: Directory, address: str) -> GoogleUser | None:
    with suppress(NotFound):
        return directory.get_user(address)
    return None


def _group_with(directory: Directory, address: str) -> GoogleGroup | None:
    # One live report: to ask for a group by a user's address is answered with 403.
    with suppress(NotFound, Refused):
        return directory.get_group(address)
    return None


def _held(what: str, holder: GoogleUser | GoogleGroup | None, instead: str) -> str:
    if isinstance(holder, GoogleUser):
        named = f"{holder.primary_email} at Google"
    elif isinstance(holder, GoogleGroup):
        named = f"the group {holder.email} at Google"
    else:
        named = _UNSEEN
    return f"{what} is held by {named}; free it there, or {instead}"


def _refused(text: str, holder: GoogleUser | GoogleGroup | None) -> Refused:
    """Refuse with status 409 if nobody is to be seen who has it: then it may be ours.

    For a minute after a rename Google answers the next change with 409 too.
    """
    return Refused(text, status=HTTPStatus.CONFLICT if holder is None else None)


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
        holder = _holder(directory, alias)
        if _is_anothers(holder, change):
            text = _held(f"the alias {alias}", holder, _DROP)
            if isinstance(holder, GoogleUser):
                raise AlreadyExists(text, status=HTTPStatus.CONFLICT) from None
            raise _refused(text, holder) from None
    return None


def _add_group_alias(directory: Directory, change: Change) -> Answer:
    alias = change.body["alias"]
    try:
        directory.insert_group_alias(change.google_id, alias)
    except AlreadyExists as fault:
        holder = _holder(directory, alias, group_first=True)
        if _is_anothers(holder, change):
            text = _held(f"the alias {alias}", holder, _DROP)
            raise AlreadyExists(text, status=fault.status, reason=fault.reason) from None
    return None


def _is_anothers(holder: GoogleUser | GoogleGroup | None, change: Change) -> bool:
    # A rename left it with its owner, or the answer to an earlier try was lost.
    return holder is None or holder.id != change.google_id


def _remove_alias(directory: Directory, change: Change) -> Answer:
    alias = change.body["alias"]
    try:
        return _unless_gone(lambda: directory.delete_user_alias(change.google_id, alias))
    except AlreadyExists:
        text = f"{change.address} is still settling at Google after a rename"
        raise NotYet(text, status=HTTPStatus.CONFLICT) from None


def _remove_group_alias(directory: Directory, change: Change) -> Answer:
    alias = change.body["alias"]
    return _unless_gone(lambda: directory.delete_group_alias(change.google_id, alias))


def _patch_group(directory: Directory, change: Change) -> Answer:
    try:
        return directory.patch_group(change.google_id, change.body)
    except AlreadyExists as fault:
        wanted = str(change.body.get("email", change.address))
        holder = _holder(directory, wanted, group_first=True)
        text = _held(wanted, holder, "give the group another 'email'")
        raise AlreadyExists(text, status=fault.status, reason=fault.reason) from None


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
    Verb.UPDATE_GROUP: _patch_group,
    Verb.RENAME_GROUP: _patch_group,
    Verb.DELETE_GROUP: _delete_group,
    Verb.SET_GROUP_SETTINGS: _set_group_settings,
    Verb.ADD_MEMBER: _add_member,
    Verb.CHANGE_ROLE: _change_role,
    Verb.REMOVE_MEMBER: _remove_member,
}
