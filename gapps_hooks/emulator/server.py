"""The HTTP door: the emulator on one port, its controls on another.

It must not know rules, paths or fields.
"""

from __future__ import annotations

import errno
import logging
import socket
import struct
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from wsgiref.types import WSGIApplication, WSGIEnvironment

from cheroot import server as cheroot_server
from cheroot import wsgi as cheroot_wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter

from gapps_hooks.emulator.control import control_application
from gapps_hooks.emulator.emulator import Emulator
from gapps_hooks.emulator.tunnel import Tunnel
from gapps_hooks.emulator.wsgi import WIRE

_log = logging.getLogger(__name__)
_THREADS: Final = 64
_CONTROL_THREADS: Final = 4
_BACKLOG: Final = 512
_KEEP_ALIVE: Final = 75
#: SO_LINGER on with no time left: close() then sends a reset instead of an orderly end.
_NO_LINGER: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Where the certificate and its private key are, as PEM files."""

    certificate: Path
    private_key: Path


class RunningServer:
    """An emulator that is being served; a context manager that stops it."""

    def __init__(
        self, emulator: Emulator, api: _Listener, control: _Listener, tunnel: Tunnel | None
    ) -> None:
        self.emulator = emulator
        # The tunnel's end ends connections that the API would wait for.
        self._doors: list[_Listener | Tunnel] = [*([tunnel] if tunnel else []), api, control]
        self.url = api.url
        self.control_url = control.url
        #: The proxy that leads Google's host names here; only with TLS.
        self.tunnel_url = tunnel.url if tunnel else None

    def key(self) -> dict[str, Any]:
        """Return a service account key whose token endpoint is this server."""
        return self.emulator.key(f"{self.url}/token")

    def stop(self) -> None:
        """Answer nothing more, and free ports, threads and connections."""
        for door in self._doors:
            door.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def serve(  # noqa: PLR0913 - each has its default
    emulator: Emulator,
    host: str = "127.0.0.1",
    port: int = 0,
    control_port: int = 0,
    *,
    tls: Certificate | None = None,
    tunnel_port: int = 0,
) -> RunningServer:
    """Serve an emulator; port 0 takes a free one. Raises OSError when a port is taken.

    With ``tls`` there is a tunnel too: a proxy that leads Google's host names here.
    """
    controls = control_application(emulator)
    with ExitStack() as opened:
        api = _Listener(emulator.application, host, port, threads=_THREADS, tls=tls)
        opened.callback(api.stop)
        control = _Listener(controls, host, control_port, threads=_CONTROL_THREADS, tls=None)
        opened.callback(control.stop)
        tunnel = Tunnel(host, tunnel_port, api.address) if tls else None
        opened.pop_all()
    return RunningServer(emulator, api, control, tunnel)


class _Listener:
    """One port and the threads behind it."""

    def __init__(
        self,
        application: WSGIApplication,
        host: str,
        port: int,
        *,
        threads: int,
        tls: Certificate | None,
    ) -> None:
        self._server = _Server((host, port), application, threads)
        if tls:
            self._server.ssl_adapter = BuiltinSSLAdapter(str(tls.certificate), str(tls.private_key))
        self._server.prepare()
        self.address = (host, int(self._server.socket.getsockname()[1]))
        self.url = f"{'https' if tls else 'http'}://{host}:{self.address[1]}"
        self._thread = threading.Thread(target=self._server.serve, name=f"emulator {self.url}")
        self._thread.start()

    def stop(self) -> None:
        self._server.stopping.set()
        self._server.stop()
        self._thread.join()


class _Connection(cheroot_server.HTTPConnection):
    """A connection that can be broken off."""

    broken = False

    def break_off(self) -> None:
        """Let the coming close() send a reset."""
        self.broken = True
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)

    def close(self) -> None:
        """Close it, and forget what its client hung up on."""
        super().close()
        # The writer would send that when it is collected, to whoever has the descriptor by then.
        self.wfile._write_buf.clear()  # noqa: SLF001 - cheroot offers no other way

    def _close_kernel_socket(self) -> None:
        # The orderly shutdown would come before the reset.
        if not self.broken:
            super()._close_kernel_socket()  # type: ignore[misc]  # missing in its stubs


class _Wire:
    """What faults do to a real connection."""

    def __init__(self, connection: _Connection, stopping: threading.Event) -> None:
        self._connection = connection
        self._stopping = stopping

    def reset(self) -> None:
        self._connection.break_off()
        raise ConnectionResetError(errno.ECONNRESET, "broken off as scripted")

    def close(self) -> None:
        # cheroot closes the connection on this error without sending anything.
        raise ConnectionAbortedError(errno.ECONNABORTED, "closed as scripted")

    def hang(self, seconds: float) -> None:
        self._stopping.wait(seconds)


class _Gateway(cheroot_wsgi.Gateway_10):
    """Gives each request a hold on its connection."""

    def get_environ(self) -> WSGIEnvironment:  # type: ignore[override]  # the stubs say None
        environ: WSGIEnvironment = super().get_environ()  # type: ignore[no-untyped-call]  # the same
        environ[WIRE] = _Wire(self.req.conn, self.req.server.stopping)
        return environ


class _Server(cheroot_wsgi.Server):
    """A server that logs instead of writing to stderr."""

    ConnectionClass = _Connection
    #: cheroot keeps ten connections open otherwise, and more clients than that are no rarity.
    keep_alive_conn_limit = 10_000
    #: Seconds between two looks at whether to stop.
    expiration_interval = 0.05

    def __init__(
        self, address: tuple[str, int], application: WSGIApplication, threads: int
    ) -> None:
        super().__init__(
            address,
            application,
            numthreads=threads,
            request_queue_size=_BACKLOG,
            timeout=_KEEP_ALIVE,
        )
        self.gateway = _Gateway
        self.stopping = threading.Event()

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        """Bind, and close the socket when that fails, which cheroot leaves undone."""
        try:
            socket_.bind(bind_addr)
        except OSError:
            socket_.close()
            raise
        return socket_

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # noqa: FBT001, FBT002 - cheroot's signature
        _log.log(level, "%s", msg, exc_info=traceback)
