"""Make an event of what a hook said, and of its password a hash, at once.

It must not know sockets, scripts or how an event is recorded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from gapps_hooks import passwords
from gapps_hooks.errors import BadInput, Complaint, UnusablePassword
from gapps_hooks.model import Event, EventKind, Identity, PasswordHash
from gapps_hooks.payload.fields import (
    LONGEST_NAME,
    what_is_wrong,
    what_is_wrong_with_user_name,
)
from gapps_hooks.payload.shapes import (
    SECRETS,
    GroupShape,
    UserShape,
    checked,
    member_complaints,
)
from gapps_hooks.validation import shown

#: The longest that a hook may ask to put a delivery off, in seconds.
LONGEST_DEFERMENT: Final = 3600.0

_WITH_PASSWORD = frozenset({EventKind.USER_ADD, EventKind.USER_MODIFY, EventKind.PASSWORD_SET})
_WITH_OLD_NAME = frozenset({EventKind.USER_ADD, EventKind.USER_MODIFY, EventKind.GROUP_CHANGE})
# a group-change with only these announces a group and is completed from the source
_SAYS_NO_STATE = frozenset({"name", "old_name", "id"})


def parse_event(
    kind: EventKind,
    name: str,
    payload: Mapping[str, Any] | None,
    *,
    event_id: str,
    defer: float = 0.0,
) -> Event:
    """Make an event; its patch holds the contract's keys, validated, without name and secrets.

    A ``user-add`` that does not say ``enabled`` means true; ``deleted`` is kept only if true.

    Args:
        kind: what happened.
        name: the user's or group's name; empty for ``reconcile``.
        payload: the JSON object, None where there was none ("read the source").
        event_id: 32 hexadecimal digits.
        defer: seconds before delivery is due, at most an hour.

    Raises:
        BadInput: every complaint at once, without any secret.
        UnusablePassword: the password or hash is all that is wrong.
    """
    complaints = _frame_complaints(kind, name, event_id, defer)
    if payload is not None and not isinstance(payload, Mapping):
        raise BadInput([*complaints, _complaint("payload", "must be one JSON object {…}")])
    patch, more = _patch(kind, name, payload or {})
    password, unusable = _password(kind, payload or {}) if kind in _WITH_PASSWORD else (None, None)
    _refuse([*complaints, *more], unusable)
    return Event(
        id=event_id,
        kind=kind,
        name=name,
        old_name=patch.pop("old_username", None) or patch.pop("old_name", None),
        patch=patch,
        password=password,
        identity=Identity.parse(patch["id"]) if "id" in patch else None,
        defer=defer,
    )


def _complaint(field: str, remedy: str, value: object = None) -> Complaint:
    return Complaint(field=field, value=None if value is None else shown(value), remedy=remedy)


def _refuse(complaints: list[Complaint], unusable: UnusablePassword | None) -> None:
    if complaints:
        raise BadInput([*complaints, *(unusable.complaints if unusable else ())])
    if unusable:
        raise unusable


def _frame_complaints(kind: EventKind, name: str, event_id: str, defer: float) -> list[Complaint]:
    complaints = []
    of_group = kind is EventKind.GROUP_CHANGE
    wrong = (
        what_is_wrong(name, longest=LONGEST_NAME)
        if of_group
        else what_is_wrong_with_user_name(name)
    )
    if wrong and kind is not EventKind.RECONCILE:
        complaints.append(_complaint("name", wrong, name))
    if not re.fullmatch(r"[0-9a-f]{32}", event_id):
        complaints.append(_complaint("id of the event", "must be 32 hexadecimal digits", event_id))
    if not (math.isfinite(defer) and 0 <= defer <= LONGEST_DEFERMENT):
        complaints.append(_complaint("defer", "must be from 0 to 3600 seconds", defer))
    return complaints


def _patch(
    kind: EventKind, name: str, payload: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Complaint]]:
    if kind is EventKind.RECONCILE:
        return {}, [_complaint(shown(key), "reconcile takes no payload") for key in payload]
    if kind is EventKind.GROUP_CHANGE:
        return _group_patch(name, payload)
    return _user_patch(kind, name, payload)


def _user_patch(
    kind: EventKind, name: str, payload: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Complaint]]:
    plain = {key: value for key, value in payload.items() if key not in SECRETS}
    patch, complaints = checked(UserShape, plain, also_known=SECRETS)
    complaints += _name_complaints("username", name, patch)
    if kind not in _WITH_OLD_NAME and "old_username" in payload:
        complaints.append(_complaint("old_username", f"a {kind} takes none; send a user-modify"))
    if kind not in _WITH_PASSWORD:
        complaints += [
            _complaint(key, f"a {kind} takes none; leave it out")
            for key in sorted(SECRETS & payload.keys())
        ]
    if kind is EventKind.USER_ADD:
        patch.setdefault("enabled", True)
    return patch, complaints


def _group_patch(name: str, payload: Mapping[str, Any]) -> tuple[dict[str, Any], list[Complaint]]:
    patch, complaints = checked(GroupShape, payload)
    complaints += _name_complaints("name", name, patch) + member_complaints(patch)
    deleted = patch.pop("deleted", False)
    if deleted:
        patch["deleted"] = True
    elif not complaints and "members" not in patch and payload.keys() - _SAYS_NO_STATE:
        remedy = 'is missing; list all members ([] for none), or say "deleted": true'
        complaints.append(_complaint("members", remedy))
    return patch, complaints


def _name_complaints(key: str, name: str, patch: dict[str, Any]) -> list[Complaint]:
    """Take the name out of the patch: the entry has it, and a rename may change it."""
    said = patch.pop(key, name)
    if said == name:
        return []
    return [_complaint(key, f"differs from the subject {shown(name)}; name the same", said)]


def _password(
    kind: EventKind, payload: Mapping[str, Any]
) -> tuple[PasswordHash | None, UnusablePassword | None]:
    given = SECRETS & payload.keys()
    if not given:
        return None, None
    if given == SECRETS:
        remedy = f"a {kind} takes a password or a password_hash, not both"
        return None, UnusablePassword([_complaint("password_hash", remedy)])
    (key,) = given
    value = payload[key]
    if not isinstance(value, str):
        remedy = "must be a text; leave the key out if there is none"
        return None, UnusablePassword([_complaint(key, remedy)])
    try:
        hashing = passwords.from_clear_text if key == "password" else passwords.from_stored
        return hashing(value), None
    except UnusablePassword as error:
        return None, error
