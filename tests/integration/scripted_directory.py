"""A directory server that answers searches as a test tells it, for what no real one would do.

It speaks as much of LDAP (RFC 4511, BER) as a sign-in and a paged search (RFC 2696) take.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Self

PAGED: Final = b"1.2.840.113556.1.4.319"
_SEQUENCE, _SET, _INTEGER, _TEXT, _ENUMERATED, _CONTROLS = 0x30, 0x31, 0x02, 0x04, 0x0A, 0xA0
_BIND, _BOUND, _SEARCH, _ENTRY, _DONE = 0x60, 0x61, 0x63, 0x64, 0x65

#: From the cookie that is asked with: whose entries are in the page, and the cookie that follows.
Script = Callable[[bytes], tuple[Sequence[str], bytes]]


class ScriptedDirectory:
    """Used as a context, in which it serves people below ``dc=example,dc=org``."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.uri = f"ldap://127.0.0.1:{self._listener.getsockname()[1]}"
        #: How many pages were asked for.
        self.pages = 0
        #: The result (RFC 4511 section 4.1.9) of each page, by its number from 1; 0 is success.
        self.results: dict[int, int] = {}
        #: Pages, by number from 1, before which the connection is lost.
        self.lost: set[int] = set()
        #: The members of the only group, cn=staff, as they are answered under each asked name.
        self.members: Mapping[str, tuple[str, list[bytes]]] = {}

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError, EOFError):
            while True:
                number, (kind, request), *controls = _read(client)
                if kind == _BIND:
                    client.sendall(_message(number, _result(_BOUND)))
                elif kind == _SEARCH:
                    client.sendall(b"".join(self._found(number, request, controls)))
                else:
                    return

    def _found(
        self, number: bytes, request: bytes, controls: list[tuple[int, bytes]]
    ) -> Iterator[bytes]:
        base = next(_parts(request))[1]
        if not base:
            yield _message(number, _entry("", {"supportedControl": PAGED}))
            yield _message(number, _result(_DONE))
            return
        asked = (raw.decode() for _, raw in _parts(list(_parts(request))[-1][1]))
        if part := next((name for name in asked if name.startswith("member")), None):
            name, members = self.members.get(part, ("description", [b"none"]))
            staff: dict[str, bytes | list[bytes]] = {"cn": b"staff", "member": [], name: members}
            yield _message(number, _entry("cn=staff,dc=example,dc=org", staff))
            yield _message(number, _result(_DONE))
            return
        self.pages += 1
        if self.pages in self.lost:
            raise EOFError
        names, cookie = self._script(_cookie(controls))
        for name in names:
            yield _message(number, _person(name))
        value = _wrap(_SEQUENCE, _wrap(_INTEGER, b"\0"), _wrap(_TEXT, cookie))
        control = _wrap(_SEQUENCE, _wrap(_TEXT, PAGED), _wrap(_TEXT, value))
        result = _result(_DONE, self.results.get(self.pages, 0))
        yield _message(number, result, _wrap(_CONTROLS, control))


def _person(name: str) -> bytes:
    return _entry(
        f"uid={name},dc=example,dc=org",
        {
            "uid": name.encode(),
            "cn": name.encode(),
            "uidNumber": b"2000",
            "entryUUID": name.encode(),
        },
    )


def _entry(dn: str, attributes: Mapping[str, bytes | list[bytes]]) -> bytes:
    rows = []
    for name, several in attributes.items():
        values = [several] if isinstance(several, bytes) else several
        held = _wrap(_SET, *(_wrap(_TEXT, value) for value in values))
        rows.append(_wrap(_SEQUENCE, _wrap(_TEXT, name.encode()), held))
    return _wrap(_ENTRY, _wrap(_TEXT, dn.encode()), _wrap(_SEQUENCE, *rows))


def _result(kind: int, code: int = 0) -> bytes:
    return _wrap(kind, _wrap(_ENUMERATED, bytes((code,))), _wrap(_TEXT), _wrap(_TEXT))


def _message(number: bytes, *parts: bytes) -> bytes:
    return _wrap(_SEQUENCE, _wrap(_INTEGER, number), *parts)


def _cookie(controls: list[tuple[int, bytes]]) -> bytes:
    """Find the cookie of the control of pages, which is the only one that is ever sent."""
    if not controls:
        return b""
    control = next(_parts(controls[0][1]))[1]
    value = list(_parts(control))[-1][1]
    return list(_parts(next(_parts(value))[1]))[1][1]


# --- BER -----------------------------------------------------------------------------------------


def _wrap(kind: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes((kind, 0x84)) + len(content).to_bytes(4, "big") + content


def _parts(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(content):
        kind, length, at = content[at], content[at + 1], at + 2
        if length & 0x80:
            more = length & 0x7F
            length, at = int.from_bytes(content[at : at + more], "big"), at + more
        yield kind, content[at : at + length]
        at += length


def _read(client: socket.socket) -> list[Any]:
    head = _exactly(client, 2)
    more = head[1] & 0x7F if head[1] & 0x80 else 0
    long = _exactly(client, more)
    content = _exactly(client, int.from_bytes(long, "big") if more else head[1])
    (_, number), *rest = _parts(content)
    return [number, *rest]


def _exactly(client: socket.socket, count: int) -> bytes:
    content = b""
    while len(content) < count:
        piece = client.recv(count - len(content))
        if not piece:
            raise EOFError
        content += piece
    return content
