"""Partial answers: the ``fields`` parameter of Google's APIs.

It must not know where the answer comes from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gapps_hooks.emulator.api_errors import bad_mask

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
    properties = schemas[schema].get("properties")
    if properties is None:
        return
    for name, below in mask.items():
        if name == "*":
            continue
        if name not in properties:
            raise bad_mask(name)
        inner = properties[name]
        reference = inner.get("$ref") or inner.get("items", {}).get("$ref")
        if below and reference:
            check(below, reference, schemas)


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
    while tokens and tokens[0] != ")":
        _add(mask, tokens)
        if tokens and tokens[0] == ",":
            tokens.pop(0)
    return mask


def _add(mask: Mask, tokens: list[str]) -> None:
    name = tokens.pop(0)
    if name in {"(", ")", "/", ","}:
        raise bad_mask(name)
    below = mask.setdefault(name, {})
    if tokens[:1] == ["/"]:
        tokens.pop(0)
        if not tokens:
            raise bad_mask(name)
        _add(below, tokens)
    elif tokens[:1] == ["("]:
        tokens.pop(0)
        below.update(_fields(tokens))
        if not tokens:
            raise bad_mask(name)
        tokens.pop(0)
