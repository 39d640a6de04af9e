"""A person's fields in Google's words, and three-way merges that lose nothing of others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_builders import account, delivered, digest, google_user, mark, rules

from gapps_hooks.model import UNSET, Account, Unset
from gapps_hooks.plan.fields import (
    create_body,
    differ_from_actual,
    differ_from_memory,
    merge_external_ids,
    merge_phones,
    remember,
    wanted_fields,
)

NUMBERS = st.sampled_from(["+1 1", "+1 2", "+1 3", "+1 4"])
PHONES = st.lists(
    st.fixed_dictionaries({"value": NUMBERS}, optional={"type": st.sampled_from(["home", "work"])}),
    max_size=5,
)
IDS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["custom", "organization"]), "value": st.sampled_from("ABC")},
        optional={"customType": st.sampled_from(["badge", "gapps-hooks"])},
    ),
    max_size=5,
)
MARK = mark("uid:1")


def name_of(bare: Account) -> dict[str, Any]:
    return wanted_fields(bare)


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("full", "given_name", "family"),
    [
        ("Alice Liddell", "Alice", "Liddell"),
        ("Alice Pleasance Liddell", "Alice Pleasance", "Liddell"),
        ("Alice", "Alice", "Alice"),
        (" Alice  Liddell ", "Alice", "Liddell"),
    ],
)
def test_a_full_name_is_split_before_its_last_word(full: str, given_name: str, family: str) -> None:
    bare = Account(username="a", full_name=full)
    assert name_of(bare) == {"givenName": given_name, "familyName": family}


@given(full=st.text(alphabet=" ab", max_size=8))
def test_a_full_name_never_makes_an_empty_name(full: str) -> None:
    assert all(name_of(Account(username="a", full_name=full)).values())


def test_given_and_family_name_stand_above_the_full_name() -> None:
    assert name_of(Account(username="a", family_name="L", full_name="X Y")) == {"familyName": "L"}


def test_what_is_not_said_is_not_wanted() -> None:
    assert wanted_fields(Account(username="alice")) == {}


def test_a_cleared_org_unit_is_the_top() -> None:
    assert wanted_fields(Account(username="a", org_unit=None)) == {"orgUnitPath": "/"}


# --- creation ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({}, {"givenName": "alice", "familyName": "alice"}),
        ({"given_name": "Al"}, {"givenName": "Al", "familyName": "Al"}),
        ({"family_name": "Li"}, {"givenName": "Li", "familyName": "Li"}),
        ({"full_name": "Al Li"}, {"givenName": "Al", "familyName": "Li"}),
    ],
)
def test_an_insert_always_has_both_names_because_google_demands_them(
    said: dict[str, str], name: dict[str, str]
) -> None:
    assert create_body("a@example.org", Account(username="alice", **said), MARK)["name"] == name  # type: ignore[arg-type]  # names only


def test_an_insert_carries_mark_employee_id_phones_and_the_policys_fields() -> None:
    rich = account(employee_id="E1", phones=("+1 1",), org_unit="/Staff", extra={"notes": "n"})
    assert create_body("alice@example.org", rich, MARK) == {
        "primaryEmail": "alice@example.org",
        "name": {"givenName": "Alice", "familyName": "Liddell"},
        "externalIds": [{"type": "organization", "value": "E1"}, MARK],
        "phones": [{"type": "work", "value": "+1 1"}],
        "orgUnitPath": "/Staff",
        "notes": "n",
    }


# --- memory --------------------------------------------------------------------------------------


def test_memory_holds_digests_and_nothing_that_can_be_read() -> None:
    held = repr(remember(account(phones=("+1 1",), employee_id="E1"), rules()))
    assert not any(text in held for text in ("Alice", "Liddell", "+1 1", "E1"))


def test_only_what_differs_from_memory_is_named() -> None:
    moved = differ_from_memory(account(given_name="Al", org_unit="/X"), delivered(), rules())
    assert moved == {"givenName", "orgUnitPath"}


def test_lists_that_json_brought_back_equal_the_tuples_that_were_stored() -> None:
    before = {**delivered(), "phones": [*rules().digests(["+1 1", "+1 2"])]}
    assert differ_from_memory(account(phones=("+1 2", "+1 1")), before, rules()) == set()


# --- three ways ----------------------------------------------------------------------------------


@given(actual=PHONES, wanted=st.lists(NUMBERS), ours=st.sets(NUMBERS))
def test_phones_of_others_survive_every_merge(
    actual: list[dict[str, Any]], wanted: list[str], ours: set[str]
) -> None:
    merged = merge_phones(actual, wanted, ours.__contains__)
    assert all(entry in merged for entry in actual if entry["value"] not in ours)
    values = {entry["value"] for entry in merged}
    assert set(wanted) <= values
    assert not values & (ours - set(wanted))
    assert merge_phones(merged, wanted, ours.__contains__) == merged


@given(actual=IDS, employee=st.sampled_from([UNSET, None, "A", "Z"]), ours=st.sampled_from("ABC"))
def test_external_ids_of_others_survive_every_merge(
    actual: list[dict[str, Any]], employee: str | Unset | None, ours: str
) -> None:
    merged = merge_external_ids(actual, mark=MARK, employee=employee, is_ours=ours.__eq__)
    foreign = [e for e in actual if e["type"] != "organization" or e["value"] != ours]
    assert all(entry in merged for entry in foreign)
    assert MARK in merged
    again = merge_external_ids(merged, mark=MARK, employee=employee, is_ours=ours.__eq__)
    assert again == merged


def test_employee_ids_stay_as_they_are_when_nothing_is_said_of_them() -> None:
    ids: list[dict[str, Any]] = [
        {"type": "organization", "value": "A", "x": 1},
        {"type": "organization", "value": "B"},
    ]
    assert merge_external_ids(ids, mark=None, employee=UNSET, is_ours=lambda _: True) == ids


def test_an_employee_id_replaces_the_one_that_we_delivered() -> None:
    ids = [{"type": "organization", "value": "A"}, {"type": "organization", "value": "theirs"}]
    merged = merge_external_ids(ids, mark=None, employee="B", is_ours="A".__eq__)
    assert [one["value"] for one in merged] == ["theirs", "B"]


def test_a_cleared_employee_id_takes_ours_away_and_only_ours() -> None:
    ids = [{"type": "organization", "value": "A"}, {"type": "organization", "value": "theirs"}]
    merged = merge_external_ids(ids, mark=None, employee=None, is_ours="A".__eq__)
    assert [one["value"] for one in merged] == ["theirs"]


def test_our_former_mark_is_replaced_and_another_installations_stays() -> None:
    ids = [mark("name:alice"), mark("uid:9", instance="ffff")]
    assert merge_external_ids(ids, mark=MARK, employee=None) == [ids[1], MARK]


def test_an_account_that_is_as_wanted_needs_nothing() -> None:
    actual = google_user(
        external_ids=(MARK, {"type": "organization", "value": "E1"}),
        phones=({"type": "home", "value": "+1 1", "primary": True},),
        org_unit_path="/Staff",
    )
    wanted = account(employee_id="E1", phones=("+1 1",), org_unit="/Staff")
    difference = differ_from_actual(wanted, actual, {}, rules(), MARK)
    assert (difference.body, difference.before) == ({}, {})


def test_what_was_changed_at_google_is_put_back_and_shown_as_it_was() -> None:
    actual = google_user(given_name="Bob", org_unit_path="/X", external_ids=(MARK,))
    difference = differ_from_actual(account(org_unit="/Y"), actual, delivered(), rules(), MARK)
    assert difference.body == {"name": {"givenName": "Alice"}, "orgUnitPath": "/Y"}
    assert difference.before == {"name": {"givenName": "Bob"}, "orgUnitPath": "/X"}


def test_a_number_that_we_delivered_goes_when_the_account_manager_drops_it() -> None:
    actual = google_user(external_ids=(MARK,), phones=({"value": "+1 1"}, {"value": "+1 2"}))
    before = {**delivered(), "phones": (digest("+1 1"),)}
    difference = differ_from_actual(account(phones=()), actual, before, rules(), MARK)
    assert difference.body == {"phones": [{"value": "+1 2"}]}
