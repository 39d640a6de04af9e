"""One page of a listing and the token that leads to the next one.

It must not know what is listed.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from gapps_hooks.emulator.api_errors import bad_page_token, unavailable
from gapps_hooks.emulator.state.collection import Place
from gapps_hooks.emulator.state.records import Json

#: A page token of users is good for three days; of the others no lifetime is stated.
_TOKEN_LIFETIME = 3 * 86400


class Distortion(enum.StrEnum):
    """What a scripted fault does to a listing."""

    #: As it was some time ago.
    STALE = "stale list"
    #: Fewer entries than there are, and a token for the rest.
    SHORT = "short page"
    #: A next token that leads to this same page again.
    REPEATED = "repeated token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A client's wish: which listing, from where on, how many; times in seconds."""

    #: What is listed; a token is good for the same question only.
    question: str
    now: float
    token: str | None
    size: int
    distortion: Distortion | None = None
    #: The walk is cut when it takes longer than this; None for never.
    longest: float | None = None

    def start(self) -> tuple[float, Place | None]:
        """Return when the walk began and the place it has come to; 400 for a bad token."""
        if not self.token:
            return self.now, None
        try:
            digest, began, place = json.loads(base64.urlsafe_b64decode(self.token))
            began, at = float(began), _place(place)
        except (ValueError, TypeError, IndexError, KeyError):
            raise bad_page_token() from None
        if digest != _digest(self.question) or self.now - began > _TOKEN_LIFETIME:
            raise bad_page_token()
        if self.longest is not None and self.now - began > self.longest:
            raise unavailable()
        return began, at

    def token_for(self, began: float, place: Place | None) -> str:
        """Return the token of the page behind a place."""
        text = json.dumps([_digest(self.question), began, place])
        return base64.urlsafe_b64encode(text.encode()).decode()


class Page(NamedTuple):
    """What a client gets; no token on the last page."""

    entries: list[Json]
    next_token: str | None


def page(
    walk: Walk,
    places_after: Callable[[Place | None], Iterable[Place]],
    show: Callable[[Place], Json],
) -> Page:
    """Return one page: ``places_after`` walks the places behind a given one, ``show`` shows one."""
    began, start = walk.start()
    found: list[Place] = []
    more = False
    for place in places_after(start):
        if len(found) == walk.size:
            more = True
            break
        found.append(place)
    if walk.distortion is Distortion.SHORT and found:
        found, more = found[: len(found) // 2], True
    last = found[-1] if found else start
    if walk.distortion is Distortion.REPEATED:
        last, more = start, True
    return Page([show(place) for place in found], walk.token_for(began, last) if more else None)


def _place(value: Any) -> Place | None:  # noqa: ANN401 - any JSON value
    return None if value is None else (str(value[0]), str(value[1]))


def _digest(question: str) -> str:
    return hashlib.sha256(question.encode()).hexdigest()[:12]
