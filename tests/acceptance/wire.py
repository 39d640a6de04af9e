"""A wire to a server, which can be cut or held up after a number of bytes."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self


class Wire:
    """Passes bytes on to a port; those from the server only up to ``most``, then cut or held.

    Without a port nobody answers but for the ``greeting``, once the client has said something.
    """

    def __init__(
        self,
        port: int | None,
        most: int | None = None,
        *,
        hold: bool = False,
        greeting: bytes = b"",
    ) -> None:
        self._to, self._left, self._hold, self._greeting = port, most, hold, greeting
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._once = False
        self.held = threading.Event()

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        # closing alone would not wake the one who waits for a connection
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(5)

    def forgive(self) -> None:
        """Cut only once: whoever connects again is passed on for good."""
        self._once = True

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type] # a method
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                if self._to is None:  # nobody is there who would answer
                    if self._greeting:
                        client.recv(4096)
                        client.sendall(self._greeting)
                    self.held.set()
                    continue
                server = socket.create_connection(("127.0.0.1", self._to))
                self._open.append(server)
                self._start(self._pass, client, server, False)  # noqa: FBT003 - not counted
                self._start(self._pass, server, client, True)  # noqa: FBT003 - counted

    def _pass(self, come: socket.socket, go: socket.socket, counted: bool) -> None:  # noqa: FBT001 - a fact
        with suppress(OSError):
            while piece := come.recv(4096):
                if counted and self._left is not None:
                    self._left -= len(piece)
                    if self._left < 0:
                        self.held.set()
                        if self._once:
                            self._left = None
                        if not self._hold:
                            go.shutdown(socket.SHUT_RDWR)
                        return
                go.sendall(piece)
            go.shutdown(socket.SHUT_RDWR)
