"""Sends many requests over kept connections with next to no work of its own, and times each.

It must not know who answers.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

_CHUNK: Final = 1 << 16
_END_OF_HEAD: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came of it: seconds in all, and of each request in order of their ends."""

    whole: float
    each: tuple[float, ...]
    statuses: frozenset[int]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.each) / self.whole

    def share(self, part: float) -> float:
        """Return the seconds within which this part of the requests was answered."""
        return sorted(self.each)[min(int(part * len(self.each)), len(self.each) - 1)]


@dataclass(slots=True)
class _Line:
    socket: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def send(self, request: bytes) -> None:
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def status(self) -> int | None:
        """Receive what there is; return the answer's status once it is whole."""
        came = self.socket.recv(_CHUNK)
        if not came:
            raise ConnectionResetError("the connection was not kept")
        self.received += came
        head, end, body = bytes(self.received).partition(_END_OF_HEAD)
        if not end or len(body) < _length(head):
            return None
        self.received.clear()
        return int(head.split(b" ", 2)[1])


def get(url: str, token: str, *, connections: int, requests: int) -> Load:
    """Get a URL so many times, always one request on each connection."""
    parts = urlsplit(url)
    request = (
        f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Authorization: Bearer {token}\r\nUser-Agent: load (gzip)\r\n"
        "Accept-Encoding: gzip\r\n\r\n"
    ).encode()
    with ExitStack() as open_:
        selector = open_.enter_context(selectors.DefaultSelector())
        for _ in range(connections):
            line = socket.create_connection((parts.hostname or "", parts.port or 80))
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(open_.enter_context(line), selectors.EVENT_READ, _Line(line))
        start = time.perf_counter()
        answered = list(_run(selector, request, requests))
        whole = time.perf_counter() - start
    each, statuses = zip(*answered, strict=True)
    return Load(whole=whole, each=each, statuses=frozenset(statuses))


def _run(
    selector: selectors.BaseSelector, request: bytes, requests: int
) -> Iterator[tuple[float, int]]:
    lines: list[_Line] = [key.data for key in selector.get_map().values()]
    sent = answered = 0
    for line in lines[:requests]:
        line.send(request)
        sent += 1
    while answered < requests:
        for key, _ in selector.select():
            line = key.data
            status = line.status()
            if status is None:
                continue
            answered += 1
            yield time.perf_counter() - line.sent_at, status
            if sent < requests:
                line.send(request)
                sent += 1


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0
