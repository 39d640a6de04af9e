"""Calls a WSGI application without a socket: for the in-process door and for parts of a batch.

It must not know what the application does.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import urlsplit
from wsgiref.types import WSGIApplication, WSGIEnvironment

#: Under this key of the WSGI environment each door puts what it can do to the connection.
WIRE: Final = "emulator.wire"
#: Under this one is in which of the emulator's beginnings a request came; its parts keep to it.
BEGINNING: Final = "emulator.beginning"


class Wire(Protocol):
    """What a door can do to a client's connection."""

    def reset(self) -> None:
        """Break the connection at once; never returns."""

    def close(self) -> None:
        """Close the connection without an answer; never returns."""

    def hang(self, seconds: float) -> None:
        """Keep the client waiting; may raise when it would not wait so long."""


class Answer(NamedTuple):
    """Status, headers in order, and the whole body."""

    status: int
    phrase: str
    headers: list[tuple[str, str]]
    body: bytes


class Request(NamedTuple):
    """One request as it was sent; the path is still percent-encoded."""

    method: str
    uri: str
    headers: Mapping[str, str]
    body: bytes


def call(
    application: WSGIApplication, sent: Request, wire: Wire, beginning: int | None = None
) -> Answer:
    """Send one request, and return the answer; lets the application's exceptions through.

    ``beginning`` is that of the request which this one is a part of.
    """
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:  # noqa: ANN401 - write() is never used
        del exc_info
        begun.append((status, headers))

    environment = _environment(sent) | {WIRE: wire}
    if beginning is not None:
        environment[BEGINNING] = beginning
    chunks: Iterable[bytes] = application(environment, start_response)
    try:
        content = b"".join(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()
    status, headers = begun[-1]
    code, _, phrase = status.partition(" ")
    return Answer(int(code), phrase, headers, content)


def _environment(sent: Request) -> WSGIEnvironment:
    parts = urlsplit(sent.uri)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    environment: WSGIEnvironment = {
        "REQUEST_METHOD": sent.method,
        "REQUEST_URI": target,
        "SCRIPT_NAME": "",
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or 443),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "",
        "CONTENT_LENGTH": str(len(sent.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme or "https",
        "wsgi.input": io.BytesIO(sent.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in sent.headers.items():
        key = name.upper().replace("-", "_")
        environment[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    environment.pop("HTTP_CONTENT_LENGTH", None)
    return environment
