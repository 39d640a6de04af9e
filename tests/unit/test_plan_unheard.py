"""Whether a suspension that stands at Google is ours, though its answer was lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from plan_builders import NOW, digest, link, managed, rules

from gapps_hooks.model import Link
from gapps_hooks.plan.unheard import (
    RESTORING,
    SUSPENDING,
    SUSPENDING_AT,
    is_being_adopted,
    is_own_suspension,
)


def sent(**fields: Any) -> Link:  # noqa: ANN401 - any field of a link
    """A link while nobody knows what became of a suspension of ours."""
    delivered = {"enabled": digest(SUSPENDING), SUSPENDING_AT: NOW}
    return link(**{"delivered": delivered, "suspended_by_us": True, **fields})


@pytest.mark.parametrize(
    ("after", "ours"), [(-601, False), (-599, True), (0, True), (599, True), (601, False)]
)
def test_one_that_google_dates_far_from_ours_is_somebody_elses(after: float, ours: bool) -> None:  # noqa: FBT001 - a column of the table
    since = datetime.fromtimestamp(NOW + after, UTC)
    actual = replace(managed(), suspended=True, suspension_reason="ADMIN", suspension_time=since)
    assert is_own_suspension(sent(), actual, rules()) is ours


def test_one_without_a_date_is_ours() -> None:
    actual = replace(managed(), suspended=True, suspension_reason="ADMIN")
    assert is_own_suspension(sent(), actual, rules())


def test_googles_own_is_never_ours() -> None:
    actual = replace(managed(), suspended=True, suspension_reason="ABUSE")
    assert not is_own_suspension(sent(), actual, rules())


def test_only_a_link_to_which_nothing_was_delivered_is_being_adopted() -> None:
    restoring = {"enabled": digest(RESTORING)}
    assert is_being_adopted(link(delivered=restoring), rules())
    assert not is_being_adopted(link(delivered={**restoring, "address": "a"}), rules())
    assert not is_being_adopted(link(delivered={}), rules())
