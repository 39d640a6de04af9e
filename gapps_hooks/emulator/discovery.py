"""The surface of Google's APIs, read from the documents that google-api-python-client ships.

It must not know which of the methods are emulated.
"""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Final

#: The emulated APIs: document, and by which name the API is switched off.
_DOCUMENTS: Final = MappingProxyType(
    {
        "admin.directory_v1": "admin",
        "groupssettings.v1": "groupssettings",
        "licensing.v1": "licensing",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method of an API."""

    #: Without the API's name: ``users.insert``, ``members.list``, ``settings.get``.
    name: str
    http_method: str
    #: Template such as ``/admin/directory/v1/users/{userKey}``.
    path: str
    scopes: tuple[str, ...]
    api: Api
    #: Name of the schema of the answer, None for an empty one.
    answer: str | None
    #: Name of the schema of the body, None for one that needs none.
    request: str | None
    #: The parameters of path and query, by name.
    parameters: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One API."""

    #: ``admin``, ``groupssettings`` or ``licensing``.
    name: str
    title: str
    schemas: Mapping[str, Any]

    @property
    def host(self) -> str:
        """The service's name in error details."""
        return f"{self.name}.googleapis.com"

    def __hash__(self) -> int:
        return hash(self.name)


@cache
def methods() -> tuple[Method, ...]:
    """Return every method of the emulated APIs."""
    return tuple(_methods())


def _methods() -> Iterator[Method]:
    for name, short in _DOCUMENTS.items():
        document = document_of(name)
        api = Api(name=short, title=document["title"], schemas=document["schemas"])
        for entry in _walk(document):
            yield Method(
                name=_name(short, entry["id"]),
                http_method=entry["httpMethod"],
                path=f"/{document['servicePath']}{entry['path']}",
                scopes=tuple(entry.get("scopes", ())),
                api=api,
                answer=entry.get("response", {}).get("$ref"),
                request=entry.get("request", {}).get("$ref"),
                parameters=entry.get("parameters", {}),
            )


def document_names() -> Iterable[str]:
    """Return the names of the emulated APIs' documents, such as ``admin.directory_v1``."""
    return _DOCUMENTS


def document_of(name: str) -> dict[str, Any]:
    """Return a shipped discovery document, such as ``admin.directory_v1``."""
    package = importlib.resources.files("googleapiclient.discovery_cache")
    text = package.joinpath("documents", f"{name}.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def _name(api: str, identifier: str) -> str:
    name = identifier.partition(".")[2]
    return name if api != "groupssettings" else f"settings.{name.rpartition('.')[2]}"


def _walk(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from resource.get("methods", {}).values()
    for below in resource.get("resources", {}).values():
        yield from _walk(below)
