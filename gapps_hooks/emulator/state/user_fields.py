"""What may be written into a user: which fields, of which form, merged how.

It must not know addresses, passwords or who else exists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from gapps_hooks.emulator.api_errors import ApiError, invalid, invalid_input, required
from gapps_hooks.emulator.state.records import Json

_KILOBYTE = 1024
#: Multi-valued fields and how much they may hold, in bytes of JSON (discovery document).
_LISTS = {
    "addresses": 10, "emails": 10, "organizations": 10, "locations": 10, "externalIds": 2,
    "ims": 2, "relations": 2, "websites": 2, "phones": 1, "keywords": 1, "languages": 1,
    "posixAccounts": 10, "sshPublicKeys": 10,
}  # fmt: skip
_BOOLEANS = frozenset({"changePasswordAtNextLogin", "includeInGlobalAddressList", "ipWhitelisted"})
_OBJECTS = frozenset({"gender", "notes"})
_TEXTS = frozenset({"recoveryEmail", "recoveryPhone"})
_NAME_PARTS = frozenset({"givenName", "familyName", "displayName"})
_LONGEST_DISPLAY_NAME = 256
#: The whole name object, in bytes of JSON.
_NAME_SIZE = 1024
_E164 = re.compile(r"\+[1-9]\d{6,14}")


def check_name(name: object, longest: int) -> None:
    """Refuse (400) a name without given or family name, too long, or with angle brackets."""
    for field, message in (("familyName", "FamilyName"), ("givenName", "GivenName")):
        value = name.get(field) if isinstance(name, Mapping) else None
        if not isinstance(value, str) or not value.strip() or not _fits(value, longest):
            raise _bad_name(message)


def check_put_name(body: Mapping[str, Any], *, needed: bool) -> None:
    """Refuse (400) a PUT whose name has no part that Google knows, such as a misspelt one.

    A PUT with one part of it is fine, and one without a name unless it is ``needed``: GAM's are
    such.
    """
    name = body.get("name")
    known = isinstance(name, Mapping) and any(name.get(part) for part in _NAME_PARTS)
    if (needed or "name" in body) and not known:
        raise required("Required parameter: [resource.name.field]")


def merged(profile: Json, body: Mapping[str, Any], longest: int) -> Json:
    """Return the profile after a write: absent is kept, null clears, lists are replaced whole.

    ``longest`` is what a given or family name may have, in characters. Fields that cannot be
    written are ignored, as Google documents. 400 for values of a wrong form.
    """
    result = dict(profile)
    if "name" in body:
        result["name"] = _merged_name(profile.get("name", {}), body["name"], longest)
    for field in body.keys() & (_LISTS.keys() | _BOOLEANS | _OBJECTS | _TEXTS):
        if body[field] is None:
            result.pop(field, None)
        else:
            _check(field, body[field])
            result[field] = body[field]
    return result


def _merged_name(old: Json, new: object, longest: int) -> Json:
    if not isinstance(new, Mapping):
        raise _bad_name("FamilyName")
    name = old | {field: value for field, value in new.items() if field in _NAME_PARTS}
    check_name(name, longest)
    if len(json.dumps(name, ensure_ascii=False).encode()) > _NAME_SIZE:
        raise invalid_input("name")
    if not _fits(name.get("displayName") or "", _LONGEST_DISPLAY_NAME):
        raise invalid_input("displayName")
    return {field: value for field, value in name.items() if value is not None}


def _check(field: str, value: object) -> None:
    if field in _LISTS:
        _check_list(field, value)
        return
    kind = bool if field in _BOOLEANS else dict if field in _OBJECTS else str
    if not isinstance(value, kind):
        raise invalid_input(field)
    if field == "recoveryPhone" and not _E164.fullmatch(str(value)):
        raise invalid_input(field)


def _check_list(field: str, value: object) -> None:
    entries = value if isinstance(value, list) else [None]
    if not all(isinstance(entry, dict) for entry in entries):
        raise invalid_input(field)
    if len(json.dumps(entries)) > _LISTS[field] * _KILOBYTE:
        raise invalid_input(field)


def _fits(value: object, longest: int) -> bool:
    text = isinstance(value, str) and not re.search("[<>]", value)
    return text and len(str(value)) <= longest


def _bad_name(which: str) -> ApiError:
    return invalid(f"Invalid Given/Family Name: {which}")
