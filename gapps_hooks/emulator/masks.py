"""Partial answers: the ``fields`` parameter of Google's APIs.

It must not know where the answer comes from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gapps_hooks.emulator.api_errors import ApiError, bad_mask

#: A mask as a tree: field name to what is wanted below it; an empty tree means all of it.
Mask = dict[str, "Mask"]
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[*,()/]")


def parse(text: str) -> Mask:
    """Read a mask such as ``users(id,name/givenName),nextPageToken``; 400 when malformed."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text):
        raise bad_mask(text)
    mask = _fields(tokens)
    if tokens:
        raise bad_mask(text)
    return mask


def check(mask: Mask, schema: str, schemas: Mapping[str, Any]) -> None:
    """Refuse (400) a field that the answer's schema does not have."""
    _check(mask, schemas[schema], schemas)


def _check(mask: Mask, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> None:
    """Refuse what is below a plain value, or unknown; what an ``any`` holds is not documented."""
    schema = _resolved(schema, schemas)
    if schema.get("type") == "any" or not mask:
        return
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name, below in mask.items():
        known = [properties.get(name, others)] if name != "*" else [*properties.values(), others]
        inner = [_resolved(one, schemas) for one in known if one is not None]
        if not inner:
            raise bad_mask(name)
        if name == "*":
            _check_any(below, inner, schemas)
        else:
            _check(below, inner[0], schemas)


def _check_any(below: Mask, inner: Sequence[Mapping[str, Any]], schemas: Mapping[str, Any]) -> None:
    """Refuse what none of the fields behind a ``*`` has, as far as they are documented."""
    refusals: list[ApiError] = []
    closed = [it for it in inner if it.get("type") != "any" and "additionalProperties" not in it]
    documented = closed or inner
    for one in documented:
        try:
            _check(below, one, schemas)
        except ApiError as refusal:
            refusals.append(refusal)
    if len(refusals) == len(documented):
        raise refusals[0]


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of a value, of a list that of its entries."""
    while "$ref" in schema or schema.get("type") == "array":
        schema = schemas[schema["$ref"]] if "$ref" in schema else schema.get("items", {})
    return schema


def apply(mask: Mask, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return only what the mask names."""
    if isinstance(value, list):
        return [apply(mask, entry) for entry in value]
    if not isinstance(value, dict) or not mask:
        return value
    if "*" in mask:
        return {name: apply(mask["*"], entry) for name, entry in value.items()}
    return {name: apply(mask[name], entry) for name, entry in value.items() if name in mask}


def _fields(tokens: list[str]) -> Mask:
    mask: Mask = {}
    while True:
        if not tokens:
            raise bad_mask("")
        _add(mask, tokens)
        if tokens[:1] != [","]:
            return mask
        tokens.pop(0)


def _add(mask: Mask, tokens: list[str]) -> None:
    name = tokens.pop(0)
    if name in {"(", ")", "/", ","}:
        raise bad_mask(name)
    known = name in mask
    below = mask.setdefault(name, {})
    if tokens[:1] == ["/"]:
        tokens.pop(0)
        if not tokens:
            raise bad_mask(name)
        _add(below, tokens)
    elif tokens[:1] == ["("]:
        tokens.pop(0)
        below.update(_fields(tokens))
        if tokens[:1] != [")"]:
            raise bad_mask(name)
        tokens.pop(0)
    elif known:
        below.clear()
