"""Signed assertions (RFC 7523): taken apart, and held to Google's window of time.

It must not know who signs, nor what is given for one.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from gapps_hooks.emulator.token_errors import TokenError

_LONGEST_ASSERTION = 65 * 60
_CLOCK_SKEW = 300
_WINDOW = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)


def check_window(claims: Mapping[str, Any], now: float) -> None:
    """Refuse an assertion of another time than ``now`` (seconds), or for longer than an hour."""
    for name, label in (("iat", "iat (issued at)"), ("exp", "exp (expiration time)")):
        if not isinstance(claims.get(name), int | float):
            raise TokenError("invalid_grant", f"Invalid JWT: {label} is not set.")
    issued, expires = claims["iat"], claims["exp"]
    too_long = expires - issued > _LONGEST_ASSERTION
    if too_long or issued > now + _CLOCK_SKEW or expires < now - _CLOCK_SKEW:
        raise TokenError("invalid_grant", _WINDOW)


def parts_of(assertion: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Return header, claims, what was signed, and the signature."""
    try:
        first, second, third = assertion.split(".")
        header, claims = json.loads(_decoded(first)), json.loads(_decoded(second))
        signature = _decoded(third)
    except (ValueError, binascii.Error):
        raise TokenError("invalid_request", "Bad Request") from None
    if not (isinstance(header, dict) and isinstance(claims, dict)):
        raise TokenError("invalid_request", "Bad Request")
    return header, claims, f"{first}.{second}".encode(), signature


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
