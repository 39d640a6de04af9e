"""Batches: many calls in one multipart request, answered in an order of our own.

It must not know what the calls are.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import Message
from typing import NamedTuple
from urllib.parse import urlsplit
from wsgiref.types import WSGIApplication

from flask import Response, request

from gapps_hooks.emulator import wsgi
from gapps_hooks.emulator.api_errors import ApiError, bad_request
from gapps_hooks.emulator.backend import Backend
from gapps_hooks.emulator.routes import answers

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_BOUNDARY = "batch_emulated_0123456789"


class _Part(NamedTuple):
    identifier: str
    call: wsgi.Request


def answer(backend: Backend, application: WSGIApplication, own_paths: tuple[str, ...]) -> Response:
    """Run every part through the application, shuffled, since Google promises no order.

    ``own_paths`` are those of batches, which no part may call.
    """
    try:
        parts = list(_parts())
        backend.check_batch(len(parts))
    except ValueError:
        return answers.error(bad_request("Failed to parse batch request"))
    except ApiError as refusal:
        return answers.error(refusal)
    if any(urlsplit(part.call.uri).path in own_paths for part in parts):
        return answers.error(bad_request("A batch cannot hold another batch"))
    with backend.lock:
        backend.random.shuffle(parts)
    chunks = [_run(application, part) for part in parts]
    body = b"".join(chunks) + f"--{_BOUNDARY}--\r\n".encode()
    return Response(body, content_type=f"multipart/mixed; boundary={_BOUNDARY}")


def _parts() -> Iterator[_Part]:
    head = f"Content-Type: {request.headers.get('Content-Type', '')}\r\n\r\n".encode()
    whole = email.message_from_bytes(head + request.get_data(), policy=email.policy.HTTP)
    if not whole.is_multipart():
        raise ValueError("no parts")
    for part in whole.iter_parts():
        yield _part(part)


def _part(part: Message) -> _Part:
    """Return what a part calls; raises ValueError for one that is no request."""
    payload = part.get_payload(decode=True)
    content = (payload if isinstance(payload, bytes) else b"").replace(b"\r\n", b"\n").lstrip()
    line, _, rest = content.partition(b"\n")
    method, uri, *_ = line.decode("ascii").split(" ")
    if method not in _METHODS or not uri.startswith(("/", "https://", "http://")):
        raise ValueError("no request line")
    inner = email.message_from_bytes(rest)
    headers = {name.lower(): str(value) for name, value in inner.items()}
    headers.pop("accept-encoding", None)
    if outer := request.headers.get("Authorization"):
        headers.setdefault("authorization", outer)
    body = inner.get_payload(decode=True)
    identifier = " ".join(str(part.get("Content-ID", "")).split())
    call = wsgi.Request(method, uri, headers, body if isinstance(body, bytes) else b"")
    return _Part(identifier, call)


def _run(application: WSGIApplication, part: _Part) -> bytes:
    wire: wsgi.Wire = request.environ[wsgi.WIRE]
    done = wsgi.call(application, part.call, wire, request.environ[wsgi.BEGINNING])
    lines = [
        f"--{_BOUNDARY}",
        "Content-Type: application/http",
        f"Content-ID: {_response_id(part.identifier)}",
        "",
        f"HTTP/1.1 {done.status} {done.phrase}",
        *(f"{name}: {value}" for name, value in done.headers),
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + done.body + b"\r\n"


def _response_id(identifier: str) -> str:
    return f"<response-{identifier[1:]}" if identifier.startswith("<") else f"response-{identifier}"
