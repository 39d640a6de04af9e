"""The controls over HTTP, on another port than the API: reset, seed, look, faults, clock, log.

It must not know the API's paths.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from math import inf
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import BadRequest, HTTPException

from gapps_hooks.emulator.api_errors import ApiError
from gapps_hooks.emulator.emulator import Emulator
from gapps_hooks.emulator.faults import read_script

_Answer = Response | tuple[str, int]


def control_application(emulator: Emulator) -> Flask:
    """Return the WSGI application of the controls; every answer and body is JSON."""
    app = Flask("emulator-control", static_folder=None)
    views: dict[tuple[str, str], Callable[[], _Answer]] = {
        ("POST", "/reset"): lambda: _done(emulator.reset),
        ("POST", "/seed"): lambda: _done(lambda: emulator.seed(_object())),
        ("GET", "/state"): lambda: jsonify(emulator.state()),
        ("GET", "/faults"): lambda: jsonify(
            {"fault": [dataclasses.asdict(fault) for fault in emulator.faults.waiting()]}
        ),
        ("POST", "/faults"): lambda: _done(lambda: emulator.faults.script(read_script(_object()))),
        ("DELETE", "/faults"): lambda: _done(emulator.faults.clear),
        ("GET", "/clock"): lambda: jsonify({"now": emulator.now()}),
        ("POST", "/clock"): lambda: _done(lambda: emulator.advance(_seconds(_object()))),
        ("GET", "/switches"): lambda: jsonify(dataclasses.asdict(emulator.switches)),
        ("PATCH", "/switches"): lambda: _done(lambda: emulator.switches.set(_object())),
        ("GET", "/requests"): lambda: _requests(emulator),
        ("DELETE", "/requests"): lambda: _done(emulator.requests.clear),
        ("POST", "/suspend"): lambda: _done(
            lambda: emulator.suspend(**_texts("address", "reason"))
        ),
        ("POST", "/role"): lambda: _done(emulator.assign_role),
        ("POST", "/revoke-key"): lambda: _done(emulator.revoke_key),
        ("POST", "/revoke-tokens"): lambda: _done(emulator.sign_in.revoke_tokens),
        ("POST", "/consent"): lambda: jsonify(emulator.consent(**_texts("address", "token_uri"))),
        ("GET", "/password"): lambda: _password(emulator),
    }
    for (method, path), view in views.items():
        app.add_url_rule(path, f"{method} {path}", view, methods=[method])
    app.register_error_handler(Exception, _refused)
    return app


def _requests(emulator: Emulator) -> Response:
    entries = [dataclasses.asdict(entry) for entry in emulator.requests]
    return jsonify({"counts": emulator.requests.counts(), "requests": entries})


def _password(emulator: Emulator) -> Response:
    known = emulator.password_of(request.args["address"])
    function, value = known or (None, None)
    return jsonify({"hashFunction": function, "password": value})


def _seconds(body: dict[str, Any]) -> float:
    seconds = body.get("advance")
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if set(body) == {"advance"} and is_number and 0 <= float(seconds or 0) < inf:
        return float(seconds or 0)
    raise ValueError(f"advance = {seconds!r}: give seconds from 0, and nothing else")


def _texts(needed: str, *others: str) -> dict[str, Any]:
    """Return the body's texts by name, of which one is needed."""
    body = _object()
    if unknown := body.keys() - {needed, *others}:
        raise ValueError(f"no such name: {', '.join(sorted(unknown))}; give {needed}")
    for name in {needed, *body}:
        if not isinstance(body.get(name), str) or not body[name]:
            raise ValueError(f"{name} = {body.get(name)!r}: give a text")
    return body


def _object() -> dict[str, Any]:
    value = request.get_json(force=True)
    if not isinstance(value, dict):
        raise BadRequest("the body is a JSON object")
    return value


def _done(action: Callable[[], object]) -> _Answer:
    action()
    return "", 204


def _refused(error: Exception) -> tuple[Response, int]:
    """Answer a mistake of the test with a sentence; anything else is a defect of ours."""
    if isinstance(error, HTTPException):
        return jsonify({"error": error.description}), error.code or 400
    if isinstance(error, ApiError | ValueError | LookupError):
        return jsonify({"error": str(error.args[0] if error.args else error)}), 400
    raise error
