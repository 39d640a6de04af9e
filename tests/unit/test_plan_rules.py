"""Which addresses may be claimed, which accounts are left alone, and whose mark is whose."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_builders import ADMIN, DOMAIN, INSTANCE, digest, google_user, mark, rules

from gapps_hooks.model import Identity
from gapps_hooks.plan.rules import find_mark, left_alone, make_mark, why_not_address

KINDS = st.sampled_from(["uid", "entryUUID", "objectGUID", "id", ""])
IDENTITIES = st.builds(Identity, KINDS, st.text(min_size=1))


@pytest.mark.parametrize("local", ["alice", "a.b-c_d", "o'neil", "1", "x" * 64])
def test_an_ordinary_address_of_ours_may_be_claimed(local: str) -> None:
    assert why_not_address(f"{local}@{DOMAIN}", rules()) is None


@pytest.mark.parametrize(
    "local", ["", ".a", "a.", "a..b", "a+b", "a b", "ä", "a@b", "x" * 65, "a\n", "Alice"]
)
def test_an_address_that_google_does_not_take_is_refused_with_the_field_to_change(
    local: str,
) -> None:
    assert "'email'" in (why_not_address(f"{local}@{DOMAIN}", rules()) or "") or "@" in local
    assert why_not_address(f"{local}@{DOMAIN}", rules()) is not None


@pytest.mark.parametrize("local", ["abuse", "a+b"])
def test_whoever_has_no_field_for_an_address_is_told_of_the_policy_hook(local: str) -> None:
    assert "gapps_choose_address" in (why_not_address(f"{local}@{DOMAIN}", rules()) or "")


@pytest.mark.parametrize("domain", ["example.com", "sub.example.org", "example.org.evil", ""])
def test_an_address_of_a_domain_that_is_not_ours_is_refused(domain: str) -> None:
    assert "'domains'" in (why_not_address(f"alice@{domain}", rules()) or "")


@pytest.mark.parametrize("local", ["abuse", "postmaster"])
def test_role_addresses_are_never_claimed(local: str) -> None:
    assert "role address" in (why_not_address(f"{local}@{DOMAIN}", rules()) or "")


def test_the_administrators_own_name_may_be_a_role_address() -> None:
    law = rules(role_addresses=frozenset({"admin", "billing"}))
    assert why_not_address(ADMIN, law) is None
    assert why_not_address(f"billing@{DOMAIN}", law) is not None


@pytest.mark.parametrize("flag", ["is_admin", "is_delegated_admin"])
def test_administrators_of_both_kinds_are_left_alone(flag: str) -> None:
    assert left_alone(replace(google_user(), **{flag: True}), rules())  # type: ignore[arg-type]  # by name


def test_the_account_that_calls_are_made_as_is_left_alone_whatever_its_flags() -> None:
    assert left_alone(google_user("admin"), rules())


def test_protected_accounts_are_left_alone_even_where_administrators_are_not() -> None:
    law = rules(administrators="all", protected=("Svc-*@EXAMPLE.org",))
    assert left_alone(google_user("svc-backup"), law)
    assert not left_alone(google_user("alice"), law)
    assert not left_alone(google_user("root", is_admin=True), law)


@given(identity=st.none() | IDENTITIES, name=st.text(min_size=1))
def test_a_mark_that_we_made_is_found_again(identity: Identity | None, name: str) -> None:
    user = google_user(external_ids=(make_mark(rules(), name, identity),))
    assert find_mark(user, rules()) == (identity or Identity("name", name))


def test_the_mark_of_another_installation_is_not_ours() -> None:
    ids = (
        mark("uid:1", instance=f"{INSTANCE}9"),
        {"type": "custom", "value": f"{INSTANCE}:user:x"},
    )
    assert find_mark(google_user(external_ids=ids), rules()) is None


def test_several_values_are_digested_in_an_order_that_does_not_matter() -> None:
    assert rules().digests(["b", "a"]) == rules().digests(["a", "b"])
    assert rules().digests(["a"]) == (digest("a"),)
