"""Whom somebody at Google let in after we suspended him, while he is not enabled here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from plan_builders import (
    NOW,
    account,
    delivered,
    digest,
    link,
    managed,
    password,
    person,
    rules,
    verbs,
)
from plan_world import PureGoogle, deliver

from gapps_hooks.model import Link, Plan, Question, Verb
from gapps_hooks.plan.unheard import RESTORING
from gapps_hooks.plan.user import plan_user

HOUR = 3600.0
OFF = account(enabled=False)


def off(**fields: Any) -> Link:  # noqa: ANN401 - any field of a link
    """One whom we suspended, so long ago that Google is asked."""
    known: dict[str, Any] = {"delivered": delivered(enabled=False), "suspended_by_us": True}
    return link(**{**known, "confirmed_at": NOW - HOUR - 1, **fields})


def test_one_whom_somebody_let_in_is_left_as_he_is_and_named() -> None:
    google = PureGoogle.holding(managed())
    plan = deliver(google, person(account=OFF, link=off()), rules()).plan
    assert verbs(plan) == []
    assert "somebody let it in again at Google" in plan.notes[0]
    assert not google.users["id-alice"].suspended


def test_he_is_named_again_every_time() -> None:
    google = PureGoogle.holding(managed())
    known: Link | None = off()
    for day in range(3):
        who = person(account=OFF, link=known)
        delivery = deliver(google, who, rules(), NOW + day * 24 * HOUR)
        assert "let it in" in delivery.plan.notes[0]
        known = delivery.link


def test_a_password_of_his_is_delivered_as_while_he_was_suspended() -> None:
    google = PureGoogle.holding(managed())
    who = person(account=OFF, link=off(), password=password())
    plan = deliver(google, who, rules()).plan
    assert verbs(plan) == [Verb.PASSWORD]
    assert "let it in" in plan.notes[0]


def test_he_is_suspended_when_he_leaves() -> None:
    google = PureGoogle.holding(managed())
    assert verbs(deliver(google, person(account=None, link=off()), rules()).plan) == [Verb.SUSPEND]


def test_google_is_asked_about_one_who_leaves_however_lately_he_was_suspended() -> None:
    """Nobody looks at him after that."""
    fresh = off(confirmed_at=NOW)
    assert plan_user(person(account=None, link=fresh), rules(), NOW) == Question("id-alice")


def test_he_is_suspended_when_he_was_enabled_in_between() -> None:
    google = PureGoogle.holding(managed())
    enabled = deliver(google, person(link=off(), asked=True, actual=managed()), rules())
    assert verbs(enabled.plan) == []
    later = person(account=OFF, link=enabled.link)
    assert verbs(deliver(google, later, rules(), NOW + HOUR).plan) == [Verb.SUSPEND]


def test_a_suspension_after_that_is_not_taken_for_ours() -> None:
    google = PureGoogle.holding(managed())
    enabled = deliver(google, person(link=off(), asked=True, actual=managed()), rules()).link
    assert enabled is not None
    assert not enabled.suspended_by_us
    google.users["id-alice"] = managed(suspended=True, suspension_reason="ADMIN")
    later = deliver(google, person(link=enabled), rules(), NOW + 2 * HOUR)
    assert verbs(later.plan) == []
    assert "by an administrator" in later.plan.notes[0]


@pytest.mark.parametrize("gone", [None, OFF])
@pytest.mark.parametrize("ended_at", [None, NOW - HOUR])
def test_one_whom_a_lost_answer_may_have_let_in_is_suspended(
    gone: None, ended_at: float | None
) -> None:
    known = replace(off(), ended_at=ended_at)
    restoring = replace(known, delivered={**known.delivered, "enabled": digest(RESTORING)})
    google = PureGoogle.holding(managed())
    delivery = deliver(google, person(account=gone, link=restoring), rules())
    assert verbs(delivery.plan) == [Verb.SUSPEND]


def test_a_restore_whose_answer_was_lost_is_tried_again() -> None:
    known = off(delivered={**delivered(address="alice@example.org"), "enabled": digest(RESTORING)})
    plan = plan_user(person(link=known), rules(), NOW)
    assert isinstance(plan, Plan)
    assert Verb.RESTORE in verbs(plan)
