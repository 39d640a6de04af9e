"""Specifies how Google's resources are read; no network, no client."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gapps_hooks.errors import Passing
from gapps_hooks.google.answers import google_group, google_member, google_user, verified_domains
from gapps_hooks.model import GoogleGroup, GoogleMember, GoogleUser, Role


def test_a_user_is_read_with_lower_case_addresses_and_times() -> None:
    user = google_user(
        {
            "id": "111220860655841818702",
            "primaryEmail": "Alice@Example.org",
            "name": {"givenName": "Alice", "familyName": "Doe"},
            "suspended": True,
            "suspensionReason": "ADMIN",
            "suspensionTime": "2026-03-04T05:06:07.000Z",
            "isAdmin": False,
            "isDelegatedAdmin": True,
            "orgUnitPath": "/Staff",
            "aliases": ["A@Example.org"],
            "externalIds": [{"type": "organization", "value": "7"}],
            "phones": [{"value": "1"}],
        }
    )

    assert user == GoogleUser(
        id="111220860655841818702",
        primary_email="alice@example.org",
        given_name="Alice",
        family_name="Doe",
        suspended=True,
        suspension_reason="ADMIN",
        suspension_time=datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
        is_delegated_admin=True,
        org_unit_path="/Staff",
        aliases=("a@example.org",),
        external_ids=({"type": "organization", "value": "7"},),
        phones=({"value": "1"},),
    )
    assert user.administrator


def test_the_answer_to_an_insert_lacks_fields_which_have_their_defaults() -> None:
    user = google_user({"id": "1", "primaryEmail": "a@example.org"})

    assert user == GoogleUser(id="1", primary_email="a@example.org")


def test_a_time_that_cannot_be_read_is_no_time() -> None:
    data = {"id": "1", "primaryEmail": "a@example.org", "deletionTime": "some day"}

    assert google_user(data).deletion_time is None


@pytest.mark.parametrize("data", [{}, {"id": ""}, {"id": 7, "primaryEmail": "a@example.org"}])
def test_a_user_without_id_or_address_is_a_broken_answer(data: dict[str, Any]) -> None:
    with pytest.raises(Passing, match="lacks id"):
        google_user(data)


def test_a_group_is_read() -> None:
    data = {
        "id": "00g",
        "email": "Staff@Example.org",
        "name": "Staff",
        "aliases": ["S@Example.org"],
    }

    assert google_group(data) == GoogleGroup(
        id="00g", email="staff@example.org", name="Staff", aliases=("s@example.org",)
    )


def test_a_member_is_read_and_the_whole_domain_has_no_address() -> None:
    person = google_member({"id": "1", "email": "A@Example.org", "role": "OWNER", "type": "USER"})
    everyone = google_member({"id": "C0", "role": "MEMBER", "type": "CUSTOMER"})

    assert person == GoogleMember(id="1", email="a@example.org", role=Role.OWNER)
    assert everyone == GoogleMember(id="C0", email="", type="CUSTOMER")


def test_a_role_that_is_not_known_here_is_that_of_a_member() -> None:
    assert google_member({"id": "1", "role": "GUARDIAN"}).role is Role.MEMBER


def test_domains_are_the_verified_ones_with_the_primary_first() -> None:
    domains = [
        {"domainName": "b.example", "verified": True, "isPrimary": False},
        {"domainName": "new.example", "verified": False},
        {"domainName": "A.example", "verified": True, "isPrimary": True},
    ]

    assert verified_domains({"domains": domains}) == ("a.example", "b.example")
    assert verified_domains({}) == ()
