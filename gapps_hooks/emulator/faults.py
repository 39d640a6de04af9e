"""Scripted faults: the n-th call that matches fails so, this many times, before or after its write.

It must not know HTTP, nor how a fault is carried out.
"""

from __future__ import annotations

import dataclasses
import json
import threading
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from gapps_hooks.emulator import api_errors
from gapps_hooks.emulator.api_errors import ApiError
from gapps_hooks.emulator.state.pages import Distortion

_HTML = "text/html; charset=UTF-8"
_TEXT = "text/plain; charset=UTF-8"
_JSON = "application/json; charset=UTF-8"
_BAD_GATEWAY = (
    "<!DOCTYPE html><html><head><title>Error 502 (Server Error)!!1</title></head><body>"
    "<p><b>502.</b> <ins>That's an error.</ins><p>The server encountered a temporary error and "
    "could not complete your request.</body></html>\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """An answer that is no error envelope."""

    status: int
    content_type: str
    body: str


#: Faults on the wire, which the door carries out.
WIRE: Final = frozenset({"reset", "closed", "lost answer", "hang", "truncated"})
_ERRORS: Final = MappingProxyType(
    {
        "401": api_errors.invalid_credentials,
        "403": api_errors.forbidden,
        "403 quota": api_errors.too_fast,
        "403 rate": lambda: api_errors.too_many_requests("rateLimitExceeded", "0"),
        "403 user rate": lambda: api_errors.too_many_requests("userRateLimitExceeded", "0"),
        "404": api_errors.not_found,
        "409 conflict": api_errors.conflict,
        "409 renamed": api_errors.duplicate,
        "412 creation": api_errors.creation_not_complete,
        "429": api_errors.rate_limited,
        "500": api_errors.backend_error,
        "500 internal": api_errors.internal_error,
        "503": api_errors.unavailable,
        "503 unavailable": api_errors.service_unavailable,
        "expired token": api_errors.bad_page_token,
    }
)
_RAW: Final = MappingProxyType(
    {
        "403 text": RawAnswer(
            status=403, content_type=_TEXT, body="Request rate higher than configured"
        ),
        "500 empty": RawAnswer(status=500, content_type=_JSON, body=""),
        "429 text": RawAnswer(
            status=429, content_type=_TEXT, body="Quota exceeded for quota metric 'Queries'"
        ),
        "502": RawAnswer(status=502, content_type=_HTML, body=_BAD_GATEWAY),
        "503 text": RawAnswer(
            status=503, content_type=_TEXT, body="Quota exceeded for the current request"
        ),
        "504": RawAnswer(status=504, content_type=_HTML, body="<html>504 Gateway Timeout</html>"),
    }
)
_DISTORTIONS: Final = frozenset(Distortion)
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: Everything that ``fails`` may say.
KINDS: Final = frozenset({*WIRE, *_ERRORS, *_RAW, *_DISTORTIONS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One line of a fault script; raises ValueError for a kind that is none."""

    #: What happens, one of KINDS.
    fails: str
    #: The API method, such as ``users.insert`` or ``members.*``; ``token`` for the token endpoint.
    call: str = "*"
    #: The HTTP method.
    method: str = "*"
    #: A pattern (fnmatch) of the decoded path.
    path: str = "*"
    #: Values that fields of the request's JSON body must have; a dot leads into an object.
    body: Mapping[str, Any] = field(default_factory=dict)
    #: The first matching call that fails, counted from 1.
    nth: int = 1
    #: How many matching calls fail from there on; 0 for all.
    times: int = 1
    #: Whether the call fails before or after its write took effect.
    when: Literal["before", "after"] = "before"
    #: How long a hang lasts, or how old a stale listing is, in seconds.
    seconds: float = 60.0

    def __post_init__(self) -> None:
        if not isinstance(self.fails, str) or self.fails not in KINDS:
            known = ", ".join(sorted(KINDS))
            raise ValueError(f"fails = {self.fails!r} is no fault; there are: {known}")
        if self.when not in {"before", "after"}:
            raise ValueError(f"when = {self.when!r}: say before or after")
        for name in ("call", "method", "path"):
            _demand(self, name, "a pattern", isinstance(getattr(self, name), str))
        _demand(self, "body", "values by field", isinstance(self.body, Mapping))
        _demand(self, "nth", "a whole number from 1", _is_whole(self.nth) and self.nth >= 1)
        _demand(self, "times", "a whole number from 0", _is_whole(self.times) and self.times >= 0)
        seconds = _is_whole(self.seconds) or isinstance(self.seconds, float)
        _demand(self, "seconds", "a number from 0", seconds and 0 <= self.seconds < inf)
        if not any(fnmatchcase(method, self.method) for method in _METHODS):
            raise ValueError(f"method = {self.method!r} is none of {', '.join(_METHODS)}")

    @property
    def on_wire(self) -> bool:
        """Whether the door has to carry it out."""
        return self.fails in WIRE

    @property
    def after_write(self) -> bool:
        """Whether the write takes effect first."""
        return self.when == "after" or self.fails in {"lost answer", "truncated"}

    @property
    def distortion(self) -> Distortion | None:
        """What it does to a listing, if it is of that kind."""
        return Distortion(self.fails) if self.fails in _DISTORTIONS else None

    def answer(self) -> ApiError | RawAnswer | None:
        """Return the answer that it stands for; None for one on the wire or in a listing."""
        if make := _ERRORS.get(self.fails):
            return make()
        return _RAW.get(self.fails)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a fault looks at in a request."""

    call: str
    method: str
    path: str
    body: Mapping[str, Any]
    has_page_token: bool = False


class Faults:
    """The script that is running; safe between threads."""

    def __init__(self, calls: Collection[str] = ()) -> None:
        self._lock = threading.Lock()
        self._calls = calls
        self._script: list[_Line] = []

    def script(self, faults: Iterable[Fault | Mapping[str, Any]]) -> None:
        """Add lines to the script, or none of them; a mapping has the fields of a Fault.

        Raises ValueError for what is no fault, and for a ``call`` that there never is.
        """
        read = [fault if isinstance(fault, Fault) else read_fault(fault) for fault in faults]
        for fault in read:
            if self._calls and not any(fnmatchcase(call, fault.call) for call in self._calls):
                raise ValueError(
                    f"call = {fault.call!r} is none of the calls, which are such as users.insert, "
                    "members.* or token; see the table of docs/emulator.md"
                )
        with self._lock:
            self._script.extend(map(_Line, read))

    def load(self, path: Path) -> None:
        """Add the lines of a TOML (``[[fault]]``) or JSON (``{"fault": […]}``) file."""
        text = path.read_text(encoding="utf-8")
        document = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        self.script(read_script(document))

    def __bool__(self) -> bool:
        """Whether there is a script at all."""
        return bool(self._script)

    def clear(self) -> None:
        """Forget the script."""
        with self._lock:
            self._script.clear()

    def waiting(self) -> list[Fault]:
        """Return the lines that have not failed as often as they shall."""
        with self._lock:
            return [line.fault for line in self._script if not line.spent]

    def strike(self, request: Request) -> Fault | None:
        """Count the request in every line, and return the first that fails it."""
        with self._lock:
            struck = [line.fault for line in self._script if line.strikes(request)]
        return struck[0] if struck else None


def read_script(document: object) -> list[Fault]:
    """Return the faults of ``{"fault": […]}``; raises ValueError with the remedy."""
    named = dict(document) if isinstance(document, Mapping) else {}
    lines = named.pop("fault", None)
    if named or not isinstance(lines, list):
        raise ValueError("a fault script is a list with the one name fault, such as [[fault]]")
    return [read_fault(line) for line in lines]


def read_fault(values: Mapping[str, Any]) -> Fault:
    """Make a fault of a mapping; raises ValueError that names an unknown key."""
    if not isinstance(values, Mapping):
        raise ValueError(f'{values!r} is no fault; one is such as {{"fails": "503"}}')  # noqa: TRY004 - it is a file's content
    known = {entry.name for entry in dataclasses.fields(Fault)}
    if unknown := set(values) - known:
        raise ValueError(f"a fault has no {', '.join(sorted(unknown))}; it has {sorted(known)}")
    if "fails" not in values:
        raise ValueError("a fault says what it does: fails = …")
    return Fault(**values)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _demand(fault: Fault, name: str, wanted: str, fits: bool) -> None:  # noqa: FBT001 - the condition itself
    if not fits:
        raise ValueError(f"{name} = {getattr(fault, name)!r}: give {wanted}")


class _Line:
    """A fault and how many calls have matched it."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._matched = 0

    @property
    def spent(self) -> bool:
        """Whether it will never fail a call again."""
        fault = self.fault
        return bool(fault.times) and self._matched >= fault.nth + fault.times - 1

    def strikes(self, request: Request) -> bool:
        """Count the request if it matches, and tell whether it fails."""
        if not _matches(self.fault, request):
            return False
        self._matched += 1
        first, times = self.fault.nth, self.fault.times
        return self._matched >= first and (not times or self._matched < first + times)


def _matches(fault: Fault, request: Request) -> bool:
    return (
        fnmatchcase(request.call, fault.call)
        and fnmatchcase(request.method, fault.method)
        and fnmatchcase(request.path, fault.path)
        and all(_value(request.body, name) == value for name, value in fault.body.items())
        and (request.has_page_token or fault.fails != "expired token")
        and (request.call.endswith(".list") or fault.distortion is None)
    )


def _value(body: Any, name: str) -> Any:  # noqa: ANN401 - any JSON value
    for part in name.split("."):
        body = body.get(part) if isinstance(body, Mapping) else None
    return body
