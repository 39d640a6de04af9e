"""Whether JSON values have the types that a discovery document gives them.

It must not know what the values mean, nor who sends them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_WHOLE_NUMBER: Final = re.compile(r"-?[0-9]+")
_TRUTHS: Final = frozenset({"true", "false"})


class Mistake(NamedTuple):
    """A value of another type than the document says."""

    #: Where it stands, such as ``name.givenName``.
    field: str
    value: object
    #: What it should be, such as ``a string``.
    wanted: str


def mistakes(
    value: object, schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str = ""
) -> Iterator[Mistake]:
    """Tell where a value is not what a schema says; null clears, and may stand everywhere."""
    if value is None:
        return
    if "$ref" in schema:
        schema = schemas[schema["$ref"]]
    match schema.get("type"):
        case "object":
            yield from _in_object(value, schema, schemas, at)
        case "array":
            yield from _in_array(value, schema, schemas, at)
        case kind if not _is_plain(value, kind, schema.get("format", "")):
            yield Mistake(at, value, f"{'an' if kind == 'integer' else 'a'} {kind}")


def unknown(value: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Name the fields of an object that its schema does not have."""
    yield from (name for name in value if name not in schema.get("properties", {}))


def wrong_parameter(parameters: Mapping[str, str], documented: Mapping[str, Any]) -> str | None:
    """Return the name of a parameter whose text is none of its type, None when there is none."""
    for name, text in parameters.items():
        if text and not _is_parameter(text, documented.get(name, {})):
            return name
    return None


def _in_object(
    value: object, schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str
) -> Iterator[Mistake]:
    if not isinstance(value, Mapping):
        yield Mistake(at, value, "an object")
        return
    for name, inner in value.items():
        own = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
        if own is not None:
            yield from mistakes(inner, own, schemas, f"{at}.{name}".lstrip("."))


def _in_array(
    value: object, schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str
) -> Iterator[Mistake]:
    if not isinstance(value, list):
        yield Mistake(at, value, "a list")
        return
    for entry in value:
        yield from mistakes(entry, schema.get("items", {}), schemas, at)


def _is_plain(value: object, kind: str | None, form: str) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    match kind:
        case "string":
            return isinstance(value, str) or (form == "int64" and whole)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return whole or (isinstance(value, str) and bool(_WHOLE_NUMBER.fullmatch(value)))
        case "number":
            return whole or isinstance(value, float)
        case _:
            return True


def _is_parameter(text: str, documented: Mapping[str, Any]) -> bool:
    match documented.get("type"):
        case "boolean":
            return text.lower() in _TRUTHS
        case "integer":
            return bool(_WHOLE_NUMBER.fullmatch(text))
        case _:
            return text in documented.get("enum", (text,))
