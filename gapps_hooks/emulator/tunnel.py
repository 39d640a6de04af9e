"""A proxy that leads Google's host names to the emulator, for clients that insist on them.

It must not know HTTP beyond CONNECT, nor what goes through it.
"""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Final, cast

#: What is led to the emulator; anything else is refused, so that nothing reaches the real Google.
_GOOGLE: Final = ".googleapis.com"
_HTTPS: Final = "443"
_LINE: Final = 8192
_CHUNK: Final = 65536
_OPEN: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
_CLOSED: Final = (
    b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n"
    b"Only *.googleapis.com:443 is led to the emulator; nothing leaves this machine.\n"
)


class Tunnel:
    """An HTTP proxy (RFC 9110, section 9.3.6) to one target, until it is stopped.

    Raises OSError when its port is taken.
    """

    def __init__(self, host: str, port: int, target: tuple[str, int]) -> None:
        self._server = _Server((host, port), target)
        self.url = f"http://{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name=f"tunnel {port}")
        self._thread.start()

    def stop(self) -> None:
        """Close the port and what goes through it."""
        self._server.shutdown()
        self._server.break_off()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], target: tuple[str, int]) -> None:
        self.target = target
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        super().__init__(address, _Passage)

    def process_request_thread(self, request: object, client_address: object) -> None:
        """Keep the connection known as long as its thread lives."""
        connection = cast("socket.socket", request)
        with self._lock:
            self._open.add(connection)
        try:
            super().process_request_thread(connection, client_address)
        finally:
            with self._lock:
                self._open.discard(connection)

    def break_off(self) -> None:
        """Let every thread find its connection ended."""
        with self._lock:
            for connection in self._open:
                connection.shutdown(socket.SHUT_RDWR)


class _Passage(StreamRequestHandler):
    """One client's connection."""

    # What the client sends after its head must stay in the socket for the passage.
    rbufsize = 0
    server: _Server

    def handle(self) -> None:
        """Open a passage to the target, or refuse."""
        with suppress(ConnectionError):
            self._handle()

    def _handle(self) -> None:
        words = self.rfile.readline(_LINE).decode("latin-1").split()
        while self.rfile.readline(_LINE).strip():
            pass
        if not _leads_here(words, self.server.target):
            self.wfile.write(_CLOSED)
            return
        with socket.create_connection(self.server.target) as inner:
            self.wfile.write(_OPEN)
            _join(self.connection, inner)


def _leads_here(words: list[str], target: tuple[str, int]) -> bool:
    if len(words) < 2 or words[0] != "CONNECT":  # noqa: PLR2004 - the method and its target
        return False
    host, _, port = words[1].rpartition(":")
    return (host.lower().endswith(_GOOGLE) and port == _HTTPS) or (host, port) == (
        target[0],
        str(target[1]),
    )


def _join(one: socket.socket, other: socket.socket) -> None:
    """Hand on what either side sends, until one of them ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in selector.select():
                chunk = cast("socket.socket", key.fileobj).recv(_CHUNK)
                if not chunk:
                    return
                key.data.sendall(chunk)
