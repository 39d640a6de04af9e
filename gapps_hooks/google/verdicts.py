"""Turns an HTTP error answer of Google's APIs into the verdict that says what to do next.

It must not know how requests are sent, retried or signed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from gapps_hooks.errors import GoogleFault
from gapps_hooks.google.rules import RULES, Answer

#: Google's words are shown up to this length, in characters.
LONGEST_QUOTE: Final = 300
_HASH: Final = re.compile(r"\$[0-9A-Za-z]{1,7}\$\S+|\b[0-9a-fA-F]{32,}\b|\{[A-Za-z0-9]+\}\S+")


def parse(status: int, content: bytes, headers: Mapping[str, str]) -> Answer:
    """Take an error answer apart; anything may be in it: JSON, plain text, HTML, nothing.

    ``headers`` has lower-case names. ``HttpError.error_details`` is no help here: where the
    body has ``details`` it hides the reason that stands in ``errors``.
    """
    text = content.decode("utf-8", "replace")
    retry_after = seconds(headers.get("retry-after", ""))
    error = _error_object(text)
    if error is None:
        return Answer(status=status, message=text, understood=False, retry_after=retry_after)
    return Answer(
        status=status,
        reason=_reason(error),
        message=str(error.get("message") or ""),
        retry_after=retry_after,
    )


def verdict(answer: Answer, *, secrets: Collection[str] = ()) -> GoogleFault:
    """Say what an error answer comes to; ``secrets`` are values never to be quoted from it."""
    rule = next(rule for rule in RULES if rule.fits(answer))
    words = quotable(answer.message, secrets) if answer.understood else ""
    text = f"{rule.text} (Google: {words})" if words else rule.text
    return rule.verdict(
        text, status=answer.status, reason=answer.reason, retry_after=answer.retry_after
    )


def quotable(message: str, secrets: Collection[str] = ()) -> str:
    """Make foreign text fit for a log line: short, printable, free of secrets and hashes.

    Google answers a hash that it cannot take with the hash itself.
    """
    for secret in filter(None, secrets):
        message = message.replace(secret, "…")
    message = "".join(char if char.isprintable() else " " for char in _HASH.sub("…", message))
    return " ".join(message.split())[:LONGEST_QUOTE]


def seconds(text: str) -> float | None:
    """Read a Retry-After header's seconds; its other form, a date, is not sent by Google."""
    return float(text) if text.isascii() and text.isdecimal() else None


def _error_object(text: str) -> Mapping[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else None


def _reason(error: Mapping[str, Any]) -> str:
    listed = [*_objects(error.get("errors")), *_objects(error.get("details"))]
    found = next((entry["reason"] for entry in listed if entry.get("reason")), None)
    return str(found or error.get("status") or "")


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
