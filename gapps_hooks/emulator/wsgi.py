"""Calls a WSGI application without a socket: for the in-process door and for parts of a batch.

It must not know what the application does.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from wsgiref.types import WSGIApplication, WSGIEnvironment


class Answer(NamedTuple):
    """Status, headers in order, and the whole body."""

    status: int
    phrase: str
    headers: list[tuple[str, str]]
    body: bytes


def call(
    application: WSGIApplication,
    method: str,
    uri: str,
    headers: Mapping[str, str],
    body: bytes,
    **extras: Any,  # noqa: ANN401 - further keys of the environment
) -> Answer:
    """Send one request, and return the answer; lets the application's exceptions through."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, sent: list[tuple[str, str]], exc_info: object = None) -> Any:  # noqa: ANN401 - nobody uses write()
        del exc_info
        begun.append((status, sent))

    environment = _environment(method, uri, headers, body) | extras
    chunks: Iterable[bytes] = application(environment, start_response)
    try:
        content = b"".join(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()
    status, sent = begun[-1]
    code, _, phrase = status.partition(" ")
    return Answer(int(code), phrase, sent, content)


def _environment(method: str, uri: str, headers: Mapping[str, str], body: bytes) -> WSGIEnvironment:
    parts = urlsplit(uri)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    environment: WSGIEnvironment = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": target,
        "SCRIPT_NAME": "",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or 443),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme or "https",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environment[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    environment.pop("HTTP_CONTENT_LENGTH", None)
    return environment
