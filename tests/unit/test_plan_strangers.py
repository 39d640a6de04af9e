"""Which accounts that nobody here has may be suspended, where the settings want that."""

from __future__ import annotations

import pytest
from plan_builders import ADMIN, rules

from gapps_hooks.model import GoogleUser, Verb
from gapps_hooks.plan.rules import MARK_TYPE
from gapps_hooks.plan.strangers import plan_stranger

RULES = rules(protected=("boss@*",))


def stranger(address: str = "zoe@example.org", **fields: object) -> GoogleUser:
    return GoogleUser(id="7", primary_email=address, **fields)  # type: ignore[arg-type] # fields of it


def test_an_active_account_of_our_domains_is_suspended_by_its_id() -> None:
    (change,) = plan_stranger(stranger(), RULES).changes
    assert (change.verbs, change.google_id, change.body) == (
        (Verb.SUSPEND,),
        "7",
        {"suspended": True},
    )


@pytest.mark.parametrize(
    "user",
    [
        stranger(suspended=True),
        stranger(is_admin=True),
        stranger(is_delegated_admin=True),
        stranger(ADMIN),
        stranger("boss@example.org"),
        stranger("zoe@elsewhere.test"),
        stranger(external_ids=({"customType": MARK_TYPE, "value": "other:user:uid:1"},)),
    ],
)
def test_everybody_else_is_left_alone(user: GoogleUser) -> None:
    assert plan_stranger(user, RULES).changes == ()
