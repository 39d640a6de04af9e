"""Answers in the dress that Google gives them: headers, etags, compression.

It must not know what they say.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Request, Response

from gapps_hooks.emulator.api_errors import ApiError
from gapps_hooks.emulator.faults import RawAnswer

_JSON = "application/json; charset=UTF-8"
_NO_CONTENT = 204
_NOT_MODIFIED = 304
_COMPRESSION = 1
_USUAL_HEADERS = (
    ("Vary", "Origin"),
    ("Vary", "X-Origin"),
    ("Vary", "Referer"),
    ("Server", "ESF"),
    ("Cache-Control", "private"),
    ("X-XSS-Protection", "0"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Content-Type-Options", "nosniff"),
)


def resource(shown: Mapping[str, Any] | None) -> Response:
    """Return a resource with its etag as a header too, or an empty 204."""
    if shown is None:
        return _dressed(Response(status=_NO_CONTENT))
    headers = {"ETag": shown["etag"]} if "etag" in shown else {}
    return as_json(shown, headers=headers.items())


def as_json(value: object, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """Return a JSON answer."""
    response = Response(json.dumps(value), status=status, content_type=_JSON)
    for name, text in headers:
        response.headers[name] = text
    return _dressed(response)


def error(refusal: ApiError) -> Response:
    """Return an error envelope."""
    return as_json(refusal.envelope(), refusal.status, refusal.headers.items())


def raw(answer: RawAnswer) -> Response:
    """Return an answer that is no error envelope."""
    return _dressed(Response(answer.body, status=answer.status, content_type=answer.content_type))


def truncated(response: Response) -> Response:
    """Return the same answer without the second half of its body."""
    body = response.get_data()
    response.set_data(body[: len(body) // 2])
    return response


def unless_known(response: Response, request: Request) -> Response:
    """Return 304 when the client knows the resource's etag already."""
    known = request.headers.get("If-None-Match")
    if request.method == "GET" and known and known == response.headers.get("ETag"):
        response.set_data(b"")
        response.status_code = _NOT_MODIFIED
    return response


def compressed(response: Response, request: Request) -> Response:
    """Compress the body when the client asks for it in both headers, as Google wants it."""
    accepts = "gzip" in request.headers.get("Accept-Encoding", "")
    if accepts and "gzip" in request.headers.get("User-Agent", "") and response.get_data():
        response.set_data(gzip.compress(response.get_data(), _COMPRESSION))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _dressed(response: Response) -> Response:
    for name, text in _USUAL_HEADERS:
        response.headers.add(name, text)
    return response
