"""A stored hash is sent only if it is known to be newer than what Google has."""

from __future__ import annotations

from typing import Any

import pytest
from plan_builders import NOW, digest, password, rules

from gapps_hooks.model import StoredPassword
from gapps_hooks.plan.baseline import first_sight, is_newer, is_settled

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


#: Noon, and the beginning of its day: all that a day's time says of a change then.
NOON = NOW // 86_400 * 86_400 + 43_200
TODAY, YESTERDAY, TOMORROW = NOON - 43_200, NOON - 129_600, NOON + 43_200
SEEN: dict[str, Any] = {"stored": digest("{CRYPT}$6$salt$old"), "stored_as": digest("$6$salt$old")}


def newer_by_day(changed_at: float, **delivered: Any) -> bool:  # noqa: ANN401 - digests and times
    return is_newer(StoredPassword(TEXT, changed_at, day_only=True), HASH, delivered, rules())


def test_where_days_are_known_days_are_compared() -> None:
    assert newer_by_day(TODAY, **SEEN, stored_at=NOON)
    assert newer_by_day(TOMORROW, **SEEN, stored_at=NOON)
    assert not newer_by_day(YESTERDAY, **SEEN, stored_at=NOON), "it is a restored one"
    assert not newer_by_day(TODAY, stored=digest(TEXT), stored_at=NOON), "it is the one seen"
    assert not newer_by_day(TODAY), "a first sight says nothing"


def test_a_moment_is_no_day() -> None:
    assert not newer(TODAY, **SEEN, stored_at=NOON)


def test_an_event_of_the_same_day_has_told_the_hash_already() -> None:
    assert not newer_by_day(TODAY, **SEEN, stored_at=YESTERDAY, password_at=NOON)
    assert not newer_by_day(TODAY, password_at=NOON), "nothing was seen before"
    assert newer_by_day(TOMORROW, **SEEN, stored_at=YESTERDAY, password_at=NOON)
    assert newer_by_day(TODAY, **SEEN, stored_at=NOON, password_at=NOON - 60), "seen after it"


def test_a_hash_of_the_day_on_which_the_one_before_was_sent_is_newer() -> None:
    sent = {**SEEN, "stored_at": NOON, "password": SEEN["stored_as"], "password_at": NOON + 1}
    assert newer_by_day(TODAY, **sent)


def settled(changed_at: float | None, *, day_only: bool = True, **delivered: Any) -> bool:  # noqa: ANN401 - digests and times
    stored = StoredPassword(TEXT, changed_at, day_only)
    return is_settled(stored, HASH, delivered, rules())


def test_a_hash_that_an_event_told_is_remembered_as_seen() -> None:
    event: dict[str, Any] = {**SEEN, "stored_at": YESTERDAY, "password_at": NOON}
    assert settled(TODAY, **event)
    assert settled(None, **event, password=digest(HASH.value))
    assert not settled(TODAY, day_only=False, **event)
    assert not settled(YESTERDAY, **event), "a restored one is not"
    assert not settled(TODAY, **{**event, "stored": digest(TEXT)}), "it is remembered"
    assert not settled(TODAY, **SEEN, stored_at=NOON), "it is news"


def test_what_is_remembered_shows_no_hash() -> None:
    remembered = first_sight(StoredPassword(TEXT), HASH, rules(), NOW)
    assert remembered == {
        "stored": digest(TEXT),
        "stored_at": NOW,
        "stored_as": digest(HASH.value),
    }
    assert first_sight(StoredPassword(TEXT), None, rules(), NOW)["stored_as"] is None
