"""The Flask application: paths of the discovery documents, the token endpoint, batches.

It must not know rules, or on which door it is served.
"""

from __future__ import annotations

import io
import logging
import re
import string
import traceback
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import quote, unquote
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, Map

from gapps_hooks.emulator import api_errors, discovery
from gapps_hooks.emulator.backend import Backend
from gapps_hooks.emulator.discovery import Method
from gapps_hooks.emulator.routes import answers, batch, documents, exchange
from gapps_hooks.emulator.routes.table import HANDLERS
from gapps_hooks.emulator.token_errors import TokenError
from gapps_hooks.emulator.wsgi import BEGINNING

_log = logging.getLogger(__name__)
_NOT_ALLOWED = 405
_TOKEN_PATHS = ("/token", "/oauth2/v4/token", "/o/oauth2/token")
_REVOCATION_PATHS = ("/revoke", "/o/oauth2/revoke")
_BATCH_PATHS = (
    "/batch",
    "/batch/admin/directory_v1",
    "/batch/groupssettings/v1",
    "/batch/licensing/v1",
)

#: The names that a request has in the log and in fault scripts.
CALLS = frozenset({*HANDLERS, "token", "revoke", "discovery"})
_USUAL_HEADERS = (
    ("Vary", "Origin"),
    ("Vary", "X-Origin"),
    ("Vary", "Referer"),
    ("Server", "ESF"),
    ("Cache-Control", "private"),
    ("X-XSS-Protection", "0"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Content-Type-Options", "nosniff"),
)


class _Key(BaseConverter):
    """One segment of a path, decoded only after the path was split."""

    def to_python(self, value: str) -> str:
        return unquote(value)


class _KeyPath(_Key):
    """Several segments, as org unit paths have them."""

    regex = ".+"
    part_isolating = False


def application(backend: Backend) -> Flask:
    """Return the WSGI application of one emulated Google."""
    app = Flask("emulator", static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.url_map = _paths()
    for method in _methods():
        app.endpoint(method.name)(_view(method, backend))
    documents.add(app, backend)
    app.endpoint("/token")(lambda: _token(backend))
    app.endpoint("/revoke")(lambda: _revoke(backend))
    app.wsgi_app = _as_sent(app.wsgi_app, backend)  # type: ignore[assignment,method-assign]  # Flask's own advice
    app.endpoint("/batch")(lambda: batch.answer(backend, app.wsgi_app, _BATCH_PATHS))
    app.register_error_handler(HTTPException, _unknown)
    app.register_error_handler(Exception, _broken)
    return app


@cache
def _paths() -> Map:
    """Return every path with the name of what answers it: the same for all emulated Googles.

    To compile them takes longer than most tests of a client.
    """
    app = Flask("emulator", static_folder=None)
    app.url_map.converters |= {"key": _Key, "keys": _KeyPath}
    app.url_map.merge_slashes = False
    for method in _methods():
        app.add_url_rule(_rule(method.path), method.name, methods=[method.http_method])
    for path in documents.PATHS:
        app.add_url_rule(path, path, methods=["GET"])
    for path in _TOKEN_PATHS:
        app.add_url_rule(path, "/token", methods=["POST"])
    for path in _REVOCATION_PATHS:
        app.add_url_rule(path, "/revoke", methods=["GET", "POST"])
    for path in _BATCH_PATHS:
        app.add_url_rule(path, "/batch", methods=["POST"])
    return app.url_map


def _methods() -> tuple[Method, ...]:
    return tuple(method for method in discovery.methods() if method.name in HANDLERS)


def _rule(path: str) -> str:
    rule = re.sub(r"\{\+(\w+)\}", r"<keys:\1>", path)
    return re.sub(r"\{(\w+)\}", r"<key:\1>", rule)


def _view(method: Method, backend: Backend) -> Callable[..., Response]:
    def view(**keys: str) -> Response:
        return exchange.answer(backend, method, keys)

    return view


def _own_token_urls() -> tuple[str, ...]:
    return tuple(request.host_url.rstrip("/") + path for path in _TOKEN_PATHS)


def _token(backend: Backend) -> Response:
    form = request.form.to_dict()

    def perform(it: exchange.Exchange) -> Response:
        try:
            with backend.lock:
                return answers.as_json(backend.sign_in.exchange(form, _own_token_urls()))
        except TokenError as error:
            it.refusal = error.error
            return answers.as_json(error.body(), error.status)

    noted = {"grant_type": form.get("grant_type", "")}
    return exchange.Exchange(backend=backend, name="token", body=noted).run(perform)


def _revoke(backend: Backend) -> Response:
    token = request.form.get("token") or request.args.get("token", "")

    def perform(it: exchange.Exchange) -> Response:
        try:
            with backend.lock:
                backend.sign_in.revoke(token)
        except TokenError as error:
            it.refusal = error.error
            return answers.as_json(error.body(), error.status)
        return answers.as_json({})

    return exchange.Exchange(backend=backend, name="revoke", body={}).run(perform)


def _unknown(error: HTTPException) -> Response:
    status = error.code or 404
    if status == _NOT_ALLOWED:
        reason, message = "httpMethodNotAllowed", "HTTP Method Not Allowed"
    else:
        reason, message = "notFound", error.name
    return answers.error(api_errors.ApiError(status=status, reason=reason, message=message))


def _broken(error: Exception) -> Response:
    """Answer a defect of ours as Google answers one of its own, and tell it; no value of it."""
    if isinstance(error, OSError):
        # The wire was broken off, or kept waiting, as scripted: the doors carry that out.
        raise error
    place = traceback.extract_tb(error.__traceback__)[-1]
    _log.error(
        "%s %s: %s at %s:%s", request.method, request.path, type(error).__name__,
        place.filename, place.lineno,
    )  # fmt: skip
    return answers.error(api_errors.backend_error())


_Application = Callable[[WSGIEnvironment, StartResponse], Any]


def _as_sent(inner: _Application, backend: Backend) -> _Application:
    """Give the application the path as it was sent, overridden methods their own name.

    Every answer gets the headers that Google sends.
    """

    def application(environ: WSGIEnvironment, start: StartResponse) -> Any:  # noqa: ANN401 - Flask's
        environ.setdefault(BEGINNING, backend.beginnings)
        environ["PATH_INFO"] = environ["REQUEST_URI"].partition("?")[0]
        wanted = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", "").upper()
        if environ["REQUEST_METHOD"] == "POST" and wanted:
            environ["REQUEST_METHOD"] = wanted
            if wanted == "GET":
                _move_form_into_query(environ)
        # Bytes that are no text stay encoded, as those are that were sent so.
        query = environ.get("QUERY_STRING", "")
        environ["QUERY_STRING"] = quote(query, safe=string.printable, encoding="latin-1")

        def dressed(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:  # noqa: ANN401 - write() is never used
            del exc_info
            return start(status, [*headers, *_USUAL_HEADERS])

        return inner(environ, dressed)

    return application


def _move_form_into_query(environ: WSGIEnvironment) -> None:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    form = environ["wsgi.input"].read(length).decode("latin-1")
    query = environ.get("QUERY_STRING", "")
    environ["QUERY_STRING"] = "&".join(filter(None, (query, form)))
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(), "0"
