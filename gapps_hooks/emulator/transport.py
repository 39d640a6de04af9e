"""The in-process door: stands where httplib2.Http stands, without a socket.

It must not know rules or routes.
"""

from __future__ import annotations

import gzip
import http.client
from collections.abc import Callable, Mapping
from typing import Any
from wsgiref.types import WSGIApplication

import httplib2

from gapps_hooks.emulator import wsgi

_DEFAULT_TIMEOUT = 60.0
_MOST_REDIRECTS = 5


class InProcess:
    """An httplib2.Http whose requests reach the emulator by a function call.

    Connection faults come out as the exceptions that httplib2 lets through: ConnectionResetError,
    http.client.RemoteDisconnected, TimeoutError (seconds in ``timeout``).
    """

    def __init__(
        self,
        application: WSGIApplication,
        sleep: Callable[[float], object],
        timeout: float | None = _DEFAULT_TIMEOUT,
    ) -> None:
        self._application = application
        self._sleep = sleep
        self.timeout = timeout
        self.connections: dict[str, Any] = {}
        self.follow_redirects = True
        self.redirect_codes = httplib2.REDIRECT_CODES
        self.credentials = httplib2.Credentials()

    def request(  # noqa: PLR0913, PLR0917 - httplib2's own signature
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        redirections: int = _MOST_REDIRECTS,
        connection_type: object = None,
    ) -> tuple[httplib2.Response, bytes]:
        """Send one request as httplib2 does."""
        del redirections, connection_type
        sent = {name.lower(): _text(value) for name, value in (headers or {}).items()}
        sent.setdefault("user-agent", f"Python-httplib2/{httplib2.__version__} (gzip)")
        sent.setdefault("accept-encoding", "gzip, deflate")
        content = body.encode() if isinstance(body, str) else body or b""
        asked = wsgi.Request(method, uri, sent, content)
        try:
            answer = self._call(asked)
        except http.client.RemoteDisconnected:
            # httplib2 takes this for an idle connection that went stale, and sends it once more.
            answer = self._call(asked)
        return _response(answer)

    def add_certificate(self, *details: object, **more: object) -> None:
        """Take a client certificate, for which there is no use here."""

    def close(self) -> None:
        """Close connections, of which there are none."""

    def __deepcopy__(self, memo: object) -> InProcess:
        """Refuse: google-auth copies a transport for a background look-up that has no place here.

        It catches the error and goes without; a copied emulator would be another Google.
        """
        raise TypeError("the door to an emulator cannot be copied")

    def _call(self, asked: wsgi.Request) -> wsgi.Answer:
        wire = _CallersWire(self._sleep, self.timeout)
        return wsgi.call(self._application, asked, wire)


class _CallersWire:
    """Does to the caller what a broken connection does to a client of httplib2."""

    def __init__(self, sleep: Callable[[float], object], timeout: float | None) -> None:
        self._sleep = sleep
        self._timeout = timeout

    def reset(self) -> None:
        raise ConnectionResetError(104, "Connection reset by peer")

    def close(self) -> None:
        raise http.client.RemoteDisconnected("Remote end closed connection without response")

    def hang(self, seconds: float) -> None:
        if self._timeout is not None and seconds >= self._timeout:
            self._sleep(self._timeout)
            raise TimeoutError("timed out")
        self._sleep(seconds)


def _response(answer: wsgi.Answer) -> tuple[httplib2.Response, bytes]:
    fields: dict[str, str] = {}
    for name, value in answer.headers:
        fields[name.lower()] = ", ".join(filter(None, (fields.get(name.lower()), value)))
    content = answer.body
    if fields.pop("content-encoding", "") == "gzip":
        content = gzip.decompress(content)
        fields["-content-encoding"], fields["content-length"] = "gzip", str(len(content))
    response = httplib2.Response(fields | {"status": str(answer.status)})
    response.reason = answer.phrase
    return response, content


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
