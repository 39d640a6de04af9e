"""A stored hash is sent only if it is known to be newer than what Google has."""

from __future__ import annotations

from typing import Any

import pytest
from plan_builders import NOW, digest, password, rules

from gapps_hooks.model import StoredPassword
from gapps_hooks.plan.baseline import first_sight, is_newer

TEXT = "{CRYPT}$6$salt$new"
HASH = password("$6$salt$new")


def newer(changed_at: float | None, **delivered: Any) -> bool:  # noqa: ANN401 - digests and times
    return is_newer(StoredPassword(TEXT, changed_at), HASH, delivered, rules())


def test_the_first_sight_says_nothing() -> None:
    assert not newer(NOW)


@pytest.mark.parametrize("known", ["password_at", "stored_at"])
def test_only_one_set_after_what_is_known_is_newer(known: str) -> None:
    assert newer(NOW + 1, **{known: NOW})
    assert not newer(NOW, **{known: NOW})
    assert not newer(NOW - 1, **{known: NOW})


def test_without_a_time_nobody_can_tell() -> None:
    assert not newer(None, password_at=NOW)


def test_what_was_seen_or_sent_is_not_new() -> None:
    assert not newer(NOW + 1, password_at=NOW, stored=digest(TEXT))
    assert not newer(NOW + 1, password_at=NOW, password=digest(HASH.value))


def test_a_password_that_an_event_brought_later_counts() -> None:
    assert not newer(NOW + 1, stored_at=NOW, password_at=NOW + 2)


def test_what_is_remembered_shows_no_hash() -> None:
    remembered = first_sight(StoredPassword(TEXT), rules(), NOW)
    assert remembered == {"stored": digest(TEXT), "stored_at": NOW}
