"""Answers in the dress that Google gives them: headers, etags, compression.

It must not know what they say.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, request

from gapps_hooks.emulator import masks
from gapps_hooks.emulator.api_errors import ApiError
from gapps_hooks.emulator.faults import RawAnswer
from gapps_hooks.emulator.masks import Mask
from gapps_hooks.emulator.token_errors import of_api_error

_JSON = "application/json; charset=UTF-8"
_OK = 200
_ETAG = re.compile(r'"[^"]*"')
_NO_CONTENT = 204
_NOT_MODIFIED = 304
_COMPRESSION = 1
#: Bodies below this size, in bytes, are not worth compressing.
_SMALL = 400


def resource(shown: Mapping[str, Any] | None, mask: Mask | None = None) -> Response:
    """Return what the mask leaves of a resource, with the etag of all of it, or an empty 204."""
    if shown is None:
        response = Response(status=_NO_CONTENT)
        del response.headers["Content-Type"]
        return response
    headers = {"ETag": shown["etag"]} if "etag" in shown else {}
    return as_json(shown if mask is None else masks.apply(mask, shown), headers=headers.items())


def as_json(value: object, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """Return a JSON answer, indented unless ``prettyPrint=false`` says otherwise."""
    indent = None if request.args.get("prettyPrint") == "false" else 2
    response = Response(json.dumps(value, indent=indent), status=status, content_type=_JSON)
    for name, text in headers:
        response.headers[name] = text
    return response


def error(refusal: ApiError) -> Response:
    """Return an error envelope."""
    return as_json(refusal.envelope(), refusal.status, refusal.headers.items())


def token_error(refusal: ApiError) -> Response:
    """Return an error in the form of the token endpoint (RFC 6749, section 5.2)."""
    return as_json(of_api_error(refusal).body(), refusal.status)


def raw(answer: RawAnswer) -> Response:
    """Return an answer that is no error envelope."""
    return Response(answer.body, status=answer.status, content_type=answer.content_type)


def truncated(response: Response) -> Response:
    """Return the same answer without the second half of its body."""
    body = response.get_data()
    response.set_data(body[: len(body) // 2])
    return response


def unless_known(response: Response) -> Response:
    """Return 304 when the client knows the resource's etag already."""
    if request.method == "GET" and response.status_code == _OK and "ETag" in response.headers:
        known = _etags(request.headers.get("If-None-Match", ""))
        if known & {"*", response.headers["ETag"]}:
            response.set_data(b"")
            response.status_code = _NOT_MODIFIED
    return response


def compressed(response: Response) -> Response:
    """Compress the body when the client asks for it in both headers, as Google wants it."""
    body = response.get_data()
    named = len(body) >= _SMALL and "gzip" in request.headers.get("User-Agent", "")
    if named and request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(body, _COMPRESSION))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _etags(header: str) -> set[str]:
    """Return what an If-None-Match names, weak ones too (RFC 9110, section 13.1.2)."""
    return {"*"} if header.strip() == "*" else set(_ETAG.findall(header))
