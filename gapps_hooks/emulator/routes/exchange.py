"""One request of an API from its arrival to its answer, scripted faults included.

It must not know rules, or what a method does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from flask import Response, request

from gapps_hooks.emulator import masks, shapes
from gapps_hooks.emulator.api_errors import ApiError, invalid_input
from gapps_hooks.emulator.backend import Backend
from gapps_hooks.emulator.discovery import Method
from gapps_hooks.emulator.faults import Fault, RawAnswer
from gapps_hooks.emulator.faults import Request as Struck
from gapps_hooks.emulator.request_log import without_secrets
from gapps_hooks.emulator.routes import answers
from gapps_hooks.emulator.routes.table import HANDLERS, Call
from gapps_hooks.emulator.state.lists import Wish
from gapps_hooks.emulator.state.records import Json
from gapps_hooks.emulator.wsgi import BEGINNING, WIRE, Wire

#: The one name of a mask that leaves nothing, for no field is called so.
_NOTHING = ""
_SECRET_PARAMETER = re.compile(r"(?<=[?&])(access_token|oauth_token|token)=[^&]*&?")


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and what is noted about it."""

    backend: Backend
    #: The API method's name, or ``token``.
    name: str
    body: Json
    fault: Fault | None = None
    subject: str = ""
    refusal: str = field(default="")

    def run(self, perform: Callable[[Exchange], Response]) -> Response:
        """Answer the request: pause, fail as scripted, perform, fail as scripted."""
        self.fault = self._strike()
        status = 0
        try:
            if self.backend.switches.latency:
                self.backend.sleep(self.backend.switches.latency)
            response = self._failed(before=True) or self._performed(perform)
            response = self._failed(before=False) or response
            response = self._shortened(response)
            status = response.status_code
        finally:
            self._log(status)
        return answers.compressed(answers.unless_known(response))

    def _performed(self, perform: Callable[[Exchange], Response]) -> Response:
        with self.backend.lock:
            if self._is_of_the_past:
                # It was kept waiting over a reset, and its token may be one that is good again.
                self._wire.reset()
            try:
                return perform(self)
            except ApiError as error:
                self.refusal = error.reason
                return answers.error(error)

    @property
    def _is_of_the_past(self) -> bool:
        return bool(request.environ[BEGINNING] != self.backend.beginnings)

    @property
    def _wire(self) -> Wire:
        wire: Wire = request.environ[WIRE]
        return wire

    def _failed(self, *, before: bool) -> Response | None:
        """Carry out the fault if its time has come; None when there is an answer to be given."""
        if self.fault is None or self.fault.after_write == before:
            return None
        if self.fault.on_wire:
            self._on_wire(self.fault)
            return None
        match self.fault.answer():
            case ApiError() as error:
                self.refusal = error.reason
                is_token = self.name in {"token", "revoke"}
                return answers.token_error(error) if is_token else answers.error(error)
            case RawAnswer() as raw:
                return answers.raw(raw)
            case _:
                return None

    def _on_wire(self, fault: Fault) -> None:
        match fault.fails:
            case "hang":
                self._wire.hang(fault.seconds)
            case "reset" | "lost answer":
                self._wire.reset()
            case "closed":
                self._wire.close()

    def _shortened(self, response: Response) -> Response:
        cut = self.fault is not None and self.fault.fails == "truncated"
        return answers.truncated(response) if cut else response

    def _strike(self) -> Fault | None:
        with self.backend.lock:
            faults = self.backend.faults
            return faults.strike(self._struck()) if faults and not self._is_of_the_past else None

    def _struck(self) -> Struck:
        return Struck(
            call=self.name,
            method=request.method,
            path=unquote(request.path),
            body=self.body,
            has_page_token=bool(request.args.get("pageToken")),
        )

    def _log(self, status: int) -> None:
        entry = {
            "at": self.backend.now(),
            "call": self.name,
            "method": request.method,
            "path": _SECRET_PARAMETER.sub("", request.full_path).rstrip("?&"),
            "body": without_secrets(self.body),
            "subject": self.subject,
            "status": status,
            "reason": self.refusal,
            "fault": self.fault.fails if self.fault else "",
        }
        with self.backend.lock:
            if not self._is_of_the_past:
                self.backend.requests.write(**entry)


def answer(backend: Backend, method: Method, keys: dict[str, str]) -> Response:
    """Answer a call of an API method."""
    body = _body()
    exchange = Exchange(backend=backend, name=method.name, body=body if body is not None else {})
    return exchange.run(lambda it: _perform(it, method, keys, is_object=body is not None))


def _perform(
    exchange: Exchange, method: Method, keys: dict[str, str], *, is_object: bool
) -> Response:
    backend, fault = exchange.backend, exchange.fault
    wish = Wish(
        parameters=request.args.to_dict(),
        distortion=fault.distortion if fault else None,
        age=fault.seconds if fault else 0.0,
    )
    with backend.lock:
        parameters = {**wish.parameters, **keys}
        caller = backend.admit(method, _access_token(), parameters)
        exchange.subject = caller.address if caller else ""
        _check_form(is_object=is_object)
        _check_types(method, wish.parameters, exchange.body)
        mask = _mask(method)
        call = Call(
            workspace=backend.workspace, caller=caller, keys=keys, wish=wish, body=exchange.body
        )
        shown = HANDLERS[method.name](call)
    return answers.resource(shown, mask)


def _mask(method: Method) -> masks.Mask | None:
    text = request.args.get("fields")
    if text is None or method.answer is None:
        return None
    if not text:
        # GAM sends this with its writes, to be spared the answer.
        return None if method.http_method == "GET" else {_NOTHING: {}}
    mask = masks.parse(text)
    masks.check(mask, method.answer, method.api.schemas)
    return mask


def _check_form(*, is_object: bool) -> None:
    """Refuse (400) a body that is JSON but no object, and answers in another form than JSON."""
    if not is_object:
        raise invalid_input("resource")
    if request.args.get("alt", "json") != "json":
        raise invalid_input("alt")


def _check_types(method: Method, parameters: Mapping[str, str], body: Json) -> None:
    """Refuse (400) what is of another type than the document says, before any rule sees it."""
    if wrong := shapes.wrong_parameter(parameters, method.parameters):
        raise invalid_input(wrong)
    if method.request is None:
        return
    schemas = method.api.schemas
    for mistake in shapes.mistakes(body, schemas[method.request], schemas):
        raise invalid_input(mistake.field)


def _body() -> Json | None:
    """Return the JSON object of the body; empty when it is no JSON, None when it is no object."""
    try:
        value: Any = json.loads(request.get_data() or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else None


def _access_token() -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    return request.args.get("access_token") or request.args.get("oauth_token", "")
