"""The HTTP connection to Google: proxy, private certificate authorities, one try a request.

It must not know what the requests mean, nor sign or repeat them.
"""

from __future__ import annotations

import base64
import errno
import functools
import http.client
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httplib2
from google.auth.exceptions import TransportError

from gapps_hooks.errors import GoogleFault, Passing, Unreachable

#: Times that a warm connection is found unused before it is replaced. Google ends one after four
#: minutes; routers forget one after five, and who then sends on it waits in vain.
MOST_GLANCES: Final = 3

_NO_WAY: Final = frozenset(
    {
        errno.ECONNREFUSED,
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.EHOSTDOWN,
        errno.EADDRNOTAVAIL,
    }
)
_NO_CONNECTION: Final = (
    socket.gaierror,
    ssl.SSLCertVerificationError,
    httplib2.ServerNotFoundError,
)
_BROKEN: Final = (OSError, http.client.HTTPException, httplib2.HttpLib2Error, TransportError)


class Transport(httplib2.Http):
    """An HTTP client for one thread; every request goes out once, to the host that it names.

    ``timeout`` (seconds) may be set before each request and holds for open connections too.
    """

    def __init__(
        self, *, timeout: float, trust: Callable[[], ssl.SSLContext], proxy: str | None = None
    ) -> None:
        super().__init__(timeout=timeout)
        self._proxy = proxy
        # A redirect would carry a password hash to whichever host it names.
        self.follow_redirects = False
        self._trust = trust

    def __del__(self) -> None:
        # A thread that ends leaves its transport to the collector, open sockets and all.
        self.close()

    def request(  # noqa: D102, PLR0913, PLR0917 - httplib2's own signature
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,  # noqa: ANN401 - as httplib2 has it
        headers: Any = None,  # noqa: ANN401 - as httplib2 has it
        redirections: int = 5,
        connection_type: Any = None,  # noqa: ANN401 - as httplib2 has it
    ) -> Any:  # noqa: ANN401 - as httplib2 has it
        self._to(uri)
        return super().request(uri, method, body, headers, redirections, connection_type)

    def warm(self, uri: str) -> None:
        """Have an open connection for the next request to ``uri``; nothing is sent on it.

        To be called every now and then: see MOST_GLANCES.
        """
        self._to(uri).warm()

    def _to(self, uri: str) -> _SteadyConnection:
        target = urlsplit(uri)
        key = f"{target.scheme}:{target.netloc.lower()}"
        if key not in self.connections:
            self.connections[key] = self._connection(target.scheme, target.netloc)
        connection: _SteadyConnection = self.connections[key]
        _set_timeout(connection, self.timeout)
        return connection

    def _connection(self, scheme: str, netloc: str) -> _SteadyConnection:
        connection = (
            _TlsConnection(netloc, timeout=self.timeout, context=self._trust())
            if scheme == "https"
            else _PlainConnection(netloc, timeout=self.timeout)
        )
        proxy = self._proxy or getproxies().get(scheme)
        if proxy and not proxy_bypass(connection.host):
            _go_through(connection, proxy)
        return connection


class _SteadyConnection(http.client.HTTPConnection):
    """A connection whose faults tell whether the request can have arrived.

    httplib2 sends a request a second time when the connection ends without an answer, unseen by
    the rate limit and even if it creates something; so such an end is reported as a reset here.
    """

    _glances = 0

    def warm(self) -> None:
        """Be open, and not for so long unused that a router may have forgotten it."""
        self._glances += 1
        if self.sock is not None and (self._glances >= MOST_GLANCES or _ended(self.sock)):
            self.close()
        if self.sock is None:
            self.connect()

    def connect(self) -> None:
        self._glances = 0
        try:
            super().connect()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(_no_connection(self.host, self.port, error)) from None

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - http.client's arguments
        self._glances = 0
        if self.sock is not None and _ended(self.sock):
            self.close()
        super().request(*args, **kwargs)

    def getresponse(self) -> http.client.HTTPResponse:
        try:
            return super().getresponse()
        except http.client.BadStatusLine as error:
            raise ConnectionResetError(str(error)) from None


class _PlainConnection(_SteadyConnection):
    """A connection without TLS, for the emulator."""


class _TlsConnection(_SteadyConnection, http.client.HTTPSConnection):
    """A connection with TLS."""


def http_factory(
    *, timeout: float, ca_bundle: Path | None, proxy: str | None = None
) -> Callable[[], Transport]:
    """Make the maker of transports, one for each thread.

    Args:
        timeout: Seconds that connecting, or waiting for an answer, may take.
        ca_bundle: A PEM file that replaces the system's certificate authorities.
        proxy: The HTTP proxy to go through, instead of the environment's HTTPS_PROXY.
    """
    # Reading the certificates takes 20 ms and the context may be shared by threads.
    trust = functools.cache(functools.partial(_trust, ca_bundle))
    return functools.partial(Transport, timeout=timeout, trust=trust, proxy=proxy)


def verdict_of(error: Exception) -> GoogleFault | None:
    """Say what an exception of the HTTP or sign-in library comes to; None: not its business."""
    if isinstance(error, TransportError) and error.args and isinstance(error.args[0], Exception):
        return verdict_of(error.args[0])
    if isinstance(error, GoogleFault):
        return error
    if isinstance(error, TimeoutError):
        return Passing("Google did not answer in time; what was asked may have been done.")
    if isinstance(error, _NO_CONNECTION) or getattr(error, "errno", None) in _NO_WAY:
        return Unreachable(_no_connection("Google", None, error))
    if isinstance(error, _BROKEN):
        return Passing(
            f"The connection to Google broke ({type(error).__name__}); what was asked may have been"
            " done."
        )
    return None


def _trust(ca_bundle: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_bundle)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unreachable(
            f"The certificate bundle {ca_bundle} cannot be used ({reason}): the setting"
            " google.ca_bundle must name a readable PEM file."
        ) from None
    if not context.cert_store_stats()["x509_ca"]:
        # A machine without the ca-certificates package still has the ones that httplib2 brings.
        context.load_verify_locations(httplib2.CA_CERTS)
    return context


def _go_through(connection: http.client.HTTPConnection, proxy: str) -> None:
    address = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if address.scheme != "http" or not address.hostname:
        raise Unreachable(
            "google.proxy or HTTPS_PROXY must name an HTTP proxy, like"
            " http://proxy.example.org:3128."
        )
    headers = {}
    if address.username:
        login = f"{unquote(address.username)}:{unquote(address.password or '')}"
        headers["Proxy-Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    host, port = connection.host, connection.port
    connection.host, connection.port = address.hostname, address.port or http.client.HTTP_PORT
    connection.set_tunnel(host, port, headers)


def _set_timeout(connection: http.client.HTTPConnection, timeout: float | None) -> None:
    connection.timeout = timeout
    if connection.sock is not None:
        connection.sock.settimeout(timeout)


def _ended(sock: socket.socket) -> bool:
    # An idle server has nothing to say: data, as well as none, is the end of the connection. It is
    # read and not polled for, because TLS brings session tickets that nobody has asked for.
    patience = sock.gettimeout()
    sock.settimeout(0)
    try:
        sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        sock.settimeout(patience)
    return True


def _no_connection(host: str, port: int | None, error: Exception) -> str:
    where = f"{host}:{port}" if port else host
    match error:
        case ssl.SSLCertVerificationError():
            doubt = getattr(error, "verify_message", error)
            why = (
                f"its certificate is not trusted ({doubt}): if a proxy looks into TLS, name its"
                " certificate authority in google.ca_bundle"
            )
        case ssl.SSLError():
            why = (
                f"{error}: if it does not speak TLS, write http:// in google.api_endpoint; "
                "otherwise check google.proxy"
            )
        case socket.gaierror() | httplib2.ServerNotFoundError():
            why = "its name could not be looked up: check the network and DNS"
        case TimeoutError():
            why = "no answer in time: check the network, the firewall and google.proxy"
        case _:
            why = f"{error}: check the network, the firewall and google.proxy"
    return f"No connection to {where}; {why}."
