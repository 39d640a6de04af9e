"""Google's discovery service: the document of an API, leading to where it was asked for.

It must not know which of an API's methods are emulated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, request

from gapps_hooks.emulator import discovery
from gapps_hooks.emulator.api_errors import ApiError
from gapps_hooks.emulator.backend import Backend
from gapps_hooks.emulator.routes import answers
from gapps_hooks.emulator.routes.exchange import Exchange

#: The directory of all APIs' documents, and each API's own (GET, no token).
_DIRECTORY = "/discovery/v1/apis/<api>/<version>/rest"
_OWN = "/$discovery/rest"
PATHS: Final = (_DIRECTORY, _OWN)
_GOOGLE = ".googleapis.com"


def add(app: Flask, backend: Backend) -> None:
    """Answer at both of the ``PATHS`` under which documents are asked for."""

    def of_directory(api: str, version: str) -> Response:
        return _answer(backend, lambda: discovery.document_of(_named(api, version)))

    def own() -> Response:
        return _answer(backend, lambda: discovery.document_of(_of_host()))

    app.endpoint(_DIRECTORY)(of_directory)
    app.endpoint(_OWN)(own)


def _answer(backend: Backend, document: Callable[[], dict[str, Any]]) -> Response:
    exchange = Exchange(backend=backend, name="discovery", body={})
    return exchange.run(lambda _: answers.as_json(_leading_here(document())))


def _named(api: str, version: str) -> str:
    name = f"{api}.{version}"
    if name not in discovery.document_names():
        raise _unknown()
    return name


def _of_host() -> str:
    """Return the API that the host is for; without a host of Google's, the first of the version."""
    label = request.host.partition(_GOOGLE)[0] if _is_googles() else ""
    version = request.args.get("version", "")
    for name in discovery.document_names():
        api, _, its_version = name.partition(".")
        if its_version == version and label in {"", api}:
            return name
    raise _unknown()


def _unknown() -> ApiError:
    return ApiError(status=404, reason="notFound", message="Discovery document not found")


def _leading_here(document: dict[str, Any]) -> dict[str, Any]:
    """Let the document lead to the host that was asked, unless that was Google's own.

    A client that reads it here must not end up at Google.
    """
    if _is_googles():
        return document
    root = request.host_url
    document.pop("mtlsRootUrl", None)
    return document | {"rootUrl": root, "baseUrl": root + document["servicePath"]}


def _is_googles() -> bool:
    return request.host.partition(":")[0].endswith(_GOOGLE)
