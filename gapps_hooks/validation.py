"""Turn pydantic's findings into complaints for people: field, value, remedy.

It must not know which input is being read: payloads and settings both come through here.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gapps_hooks.errors import Complaint

_SHOWN = 80
_AT_MOST = 20

_REMEDIES = {
    "missing": "is missing; add it",
    "string_type": "must be a text",
    "string_unicode": "is not valid Unicode",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "frozen_set_type": "must be a list",
    "dict_type": "must be an object",
    "mapping_type": "must be a table of names and values",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dataclass_type": "must be a table",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "finite_number": "must be a finite number",
    "path_type": "must be a path",
}
_BOUNDS = {
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
}
_UNKNOWN = frozenset({"extra_forbidden", "unexpected_keyword_argument"})


def complaints_of(
    error: ValidationError,
    *,
    known: Callable[[tuple[int | str, ...]], Iterable[str]],
    secret: frozenset[str] = frozenset(),
    prefix: str = "",
) -> list[Complaint]:
    """List what pydantic found, at most 20 of it, in words for people.

    Args:
        error: what validation raised.
        known: gives the keys known at a location, to suggest the nearest of them.
        secret: keys whose values must never be shown.
        prefix: put before each field's name, such as ``users[3].``.
    """
    found = error.errors(include_url=False)
    complaints = [_complaint(details, known, secret, prefix) for details in found[:_AT_MOST]]
    if len(found) > _AT_MOST:
        rest = f"and {len(found) - _AT_MOST} more of its kind"
        complaints.append(Complaint(field=prefix or "…", value=None, remedy=rest))
    return complaints


def shown(value: object) -> str:
    """Show a value to people: quoted, shortened, with control characters escaped."""
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        huge = isinstance(value, int) and value.bit_length() > _SHOWN
        return "a huge number" if huge else str(value)
    return "a table" if isinstance(value, Mapping) else f"a {type(value).__name__}"


def dotted(location: Iterable[int | str]) -> str:
    """Write a location as people read it: ``members[2]``, ``google.credentials``."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + _plain(part)
    return text


def nearest(key: str, known: Iterable[str]) -> str:
    """Make the end of a sentence that suggests the known key most like this one, or nothing."""
    wanted = key[:_SHOWN].lower()
    matches = difflib.get_close_matches(wanted, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {matches[0]}?" if matches else ""


def _plain(key: str) -> str:
    return key if key.isprintable() and 0 < len(key) <= _SHOWN else shown(key)


def _complaint(
    details: ErrorDetails,
    known: Callable[[tuple[int | str, ...]], Iterable[str]],
    secret: frozenset[str],
    prefix: str,
) -> Complaint:
    location, kind = details["loc"], details["type"]
    field = prefix + dotted(location)
    if kind in _UNKNOWN:
        hint = nearest(str(location[-1]), known(location[:-1]))
        return Complaint(field=field, value=None, remedy=f"is not a known key{hint}")
    whole_table = isinstance(details["input"], Mapping) and not kind.endswith("_type")
    hidden = kind == "missing" or whole_table or secret & set(location)
    value = None if hidden else shown(details["input"])
    return Complaint(field=field or "…", value=value, remedy=_remedy(kind, details))


def _remedy(kind: str, details: Mapping[str, Any]) -> str:
    context = details.get("ctx", {})
    if kind == "literal_error":
        return f"must be {context['expected']}"
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"must be {words} {context[key]:g}"
    if kind in {"too_long", "too_short"}:
        bound = context.get("max_length", context.get("min_length"))
        return f"has too {'many' if kind == 'too_long' else 'few'} entries; the limit is {bound}"
    if details["input"] is None and kind.endswith("_type"):
        return "cannot be null; leave the key out"
    return _REMEDIES.get(kind) or str(details["msg"])
