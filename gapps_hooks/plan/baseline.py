"""A stored password hash: sent only if it is known to be newer than what Google has.

It must not know where the hash is stored, nor how it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gapps_hooks.model import PasswordHash, StoredPassword
from gapps_hooks.plan.rules import Rules


def is_newer(
    stored: StoredPassword, password: PasswordHash, delivered: Mapping[str, Any], rules: Rules
) -> bool:
    """Whether a stored hash was set after the last password that Google got.

    ``password`` is the same hash as Google takes it. The first sight of a hash says nothing of
    that: it may be years old, and Google's newer. Where the account manager does not say when a
    hash was set, nobody can tell.
    """
    same = rules.digest(stored.value) == delivered.get("stored")
    sent = rules.digest(password.value) == delivered.get("password")
    since: float = max(delivered.get("password_at", 0.0), delivered.get("stored_at", 0.0))
    if same or sent or not since or stored.changed_at is None:
        return False
    return stored.changed_at > since


def first_sight(stored: StoredPassword, rules: Rules, now: float) -> Mapping[str, Any]:
    """Say what a link remembers of a stored hash that is seen for the first time, or was sent."""
    return {"stored": rules.digest(stored.value), "stored_at": now}
