"""A stored password hash: sent only if it is known to be newer than what Google has.

It must not know where the hash is stored, nor how it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gapps_hooks.model import PasswordHash, StoredPassword
from gapps_hooks.plan.rules import Rules

_DAY: Final = 86_400


def is_newer(
    stored: StoredPassword, password: PasswordHash, delivered: Mapping[str, Any], rules: Rules
) -> bool:
    """Whether a stored hash was set after the last password that Google got.

    ``password`` is the same hash as Google takes it. The first sight of a hash says nothing of
    that: it may be years old, and Google's newer. Where the account manager does not say when a
    hash was set, nobody can tell. Where it says only the day, another hash than the one that was
    seen on that day is newer, unless an event may have brought it meanwhile.
    """
    since = max(_seen_at(delivered), _told_at(delivered))
    known = _is_seen(stored, delivered, rules) or _is_told(password, delivered, rules)
    if known or not since or stored.changed_at is None:
        return False
    if not stored.day_only:
        return stored.changed_at > since
    days = _days_after(stored.changed_at, since)
    return days > 0 or (days == 0 and "stored" in delivered and not _told_since(delivered))


def is_settled(
    stored: StoredPassword, password: PasswordHash, delivered: Mapping[str, Any], rules: Rules
) -> bool:
    """Whether a hash that was not seen yet counts as what Google got in another way.

    It is remembered instead of sent, so that the next one of the same day is known to be newer.
    """
    if _is_seen(stored, delivered, rules):
        return False
    if _is_told(password, delivered, rules):
        return True
    if stored.changed_at is None or not (stored.day_only and _told_since(delivered)):
        return False
    return _days_after(stored.changed_at, _told_at(delivered)) == 0


def first_sight(
    stored: StoredPassword, password: PasswordHash | None, rules: Rules, now: float
) -> Mapping[str, Any]:
    """Say what a link remembers of a stored hash that is seen for the first time, or was sent.

    ``password`` is the same hash as Google takes it; None if it does not.
    """
    as_sent = None if password is None else rules.digest(password.value)
    return {"stored": rules.digest(stored.value), "stored_at": now, "stored_as": as_sent}


def _is_seen(stored: StoredPassword, delivered: Mapping[str, Any], rules: Rules) -> bool:
    return rules.digest(stored.value) == delivered.get("stored")


def _is_told(password: PasswordHash, delivered: Mapping[str, Any], rules: Rules) -> bool:
    return rules.digest(password.value) == delivered.get("password")


def _told_since(delivered: Mapping[str, Any]) -> bool:
    """Whether Google got another password than the hash that was seen, after it was seen."""
    seen = delivered.get("stored_as")
    told_seen = seen is not None and seen == delivered.get("password")
    return _told_at(delivered) > _seen_at(delivered) and not told_seen


def _days_after(time: float, other: float) -> int:
    return int(time // _DAY - other // _DAY)


def _seen_at(delivered: Mapping[str, Any]) -> float:
    return float(delivered.get("stored_at", 0.0))


def _told_at(delivered: Mapping[str, Any]) -> float:
    return float(delivered.get("password_at", 0.0))
