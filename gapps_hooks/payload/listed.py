"""Check the users and groups of a listing, which are the contract's objects with their names.

It must not know where the listing was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gapps_hooks.errors import BadInput, Complaint
from gapps_hooks.model import Account, Group, StoredPassword
from gapps_hooks.payload.shapes import GroupShape, UserShape, checked, member_complaints
from gapps_hooks.payload.values import account_from, group_from

_ONLY_IN_EVENTS = "belongs into an event, not into a listing; leave it out"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUser:
    """A user of a listing, with the stored hash as it was written (None if there is none)."""

    account: Account
    stored_password: StoredPassword | None


def listed_user(entry: object) -> ListedUser:
    """Check a user of a listing; ``enabled`` is true unless it says otherwise.

    Raises:
        BadInput: every complaint about this entry, without any secret.
    """
    plain = _object(entry)
    stored = plain.pop("password_hash", None)
    patch, complaints = _listed(UserShape, plain, "username", ("password", "old_username"))
    if stored is not None and not isinstance(stored, str):
        remedy = "must be a text; leave the key out if there is none"
        complaints.append(Complaint(field="password_hash", value=None, remedy=remedy))
    if complaints:
        raise BadInput(complaints)
    patch.setdefault("enabled", True)
    username = patch.pop("username")
    password = StoredPassword(stored) if stored else None
    return ListedUser(account=account_from(patch, username), stored_password=password)


def listed_group(entry: object) -> Group:
    """Check a group of a listing.

    Raises:
        BadInput: every complaint about this entry.
    """
    patch, complaints = _listed(GroupShape, _object(entry), "name", ("old_name", "deleted"))
    complaints += member_complaints(patch)
    if not complaints and "members" not in patch:
        remedy = "is missing; list all members ([] for none)"
        complaints.append(Complaint(field="members", value=None, remedy=remedy))
    if complaints:
        raise BadInput(complaints)
    return group_from(patch, patch.pop("name"))


def _object(entry: object) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise BadInput.of("entry", None, "must be an object {…}")
    return dict(entry)


def _listed(
    shape: type[UserShape | GroupShape],
    entry: dict[str, Any],
    name: str,
    only_in_events: tuple[str, ...],
) -> tuple[dict[str, Any], list[Complaint]]:
    complaints = [
        Complaint(field=key, value=None, remedy=_ONLY_IN_EVENTS)
        for key in only_in_events
        if entry.pop(key, None) is not None
    ]
    if name not in entry:
        complaints.append(Complaint(field=name, value=None, remedy="is missing; add it"))
    patch, more = checked(shape, entry, also_known=frozenset({"password_hash"}))
    return patch, complaints + more
