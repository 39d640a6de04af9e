"""Whose Google option is on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.model import UNSET, Account, Unset
from gapps_hooks.settings import EnabledSettings
from gapps_hooks.sources.enabled import is_enabled

ALL = EnabledSettings(all=True)
ACTIVE = st.sampled_from([True, False, UNSET])


def person(**fields: object) -> Account:
    return Account(**{"username": "alice", "enabled": True, **fields})  # type: ignore[arg-type] # a test's shorthand


@given(ACTIVE)
def test_all_means_everybody_who_is_active(active: bool | Unset) -> None:  # noqa: FBT001 - the value
    assert is_enabled(person(enabled=active), ALL) is active


RULES = [
    EnabledSettings(group="google"),
    EnabledSettings(attribute="employee_id"),
    EnabledSettings(attribute="employee_id", value="7"),
    EnabledSettings(filter=(("org_unit", "/Staff*"),)),
]


@pytest.mark.parametrize("rule", [ALL, *RULES])
def test_nobody_who_is_not_active_is_enabled(rule: EnabledSettings) -> None:
    account = person(enabled=False, groups=("google",), employee_id="1", org_unit="/Staff")
    assert is_enabled(account, rule) is False


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("active", [True, UNSET])
def test_what_is_not_known_stays_as_it_is(
    rule: EnabledSettings,
    active: bool | Unset,  # noqa: FBT001 - the value
) -> None:
    assert is_enabled(person(enabled=active), rule) is UNSET


def test_a_payload_that_does_not_say_enabled_restores_nobody() -> None:
    account = person(enabled=UNSET, groups=("google",))
    assert is_enabled(account, EnabledSettings(group="google")) is UNSET
    assert is_enabled(account, EnabledSettings(group="other")) is False


def test_the_group_rule_asks_for_membership() -> None:
    rule = EnabledSettings(group="google")
    assert is_enabled(person(groups=("staff", "google")), rule) is True
    assert is_enabled(person(groups=("staff",)), rule) is False
    assert is_enabled(person(groups=()), rule) is False


def test_one_who_may_be_in_more_groups_is_not_known_to_be_outside() -> None:
    rule = EnabledSettings(group="google")
    assert is_enabled(person(groups=("google",), groups_complete=False), rule) is True
    assert is_enabled(person(groups=("staff",), groups_complete=False), rule) is UNSET
    assert is_enabled(person(groups=(), groups_complete=False, enabled=False), rule) is False


@pytest.mark.parametrize("word", ["1", "true", "TRUE", "yes", "On", " on "])
def test_words_that_mean_on(word: str) -> None:
    rule = EnabledSettings(attribute="google")
    assert is_enabled(person(attributes={"google": word}), rule) is True


@pytest.mark.parametrize("word", ["0", "false", "FALSE", "no", "off", "", " "])
def test_words_that_mean_off(word: str) -> None:
    rule = EnabledSettings(attribute="google")
    assert is_enabled(person(attributes={"google": word}), rule) is False


def test_an_attribute_that_is_empty_is_off_and_another_word_says_nothing() -> None:
    rule = EnabledSettings(attribute="google")
    assert is_enabled(person(attributes={"google": ()}), rule) is False
    assert is_enabled(person(attributes={"google": "perhaps"}), rule) is UNSET
    assert is_enabled(person(employee_id=None), EnabledSettings(attribute="employee_id")) is False


def test_an_attribute_of_which_nothing_is_known_suspends_nobody() -> None:
    assert is_enabled(person(attributes={}), EnabledSettings(attribute="google")) is UNSET


def test_one_of_several_values_is_enough() -> None:
    several = person(attributes={"google": ("0", "1"), "memberOf": ("cn=a", "cn=b")})
    assert is_enabled(several, EnabledSettings(attribute="google")) is True
    assert is_enabled(several, EnabledSettings(filter=(("memberOf", "cn=b"),))) is True
    assert is_enabled(several, EnabledSettings(filter=(("memberOf", "cn=c"),))) is False


def test_a_value_replaces_the_words() -> None:
    rule = EnabledSettings(attribute="google", value="G Suite")
    assert is_enabled(person(attributes={"google": "G Suite"}), rule) is True
    assert is_enabled(person(attributes={"google": "g suite"}), rule) is False
    assert is_enabled(person(attributes={"google": "true"}), rule) is False


def test_a_filter_wants_each_field_to_match_one_of_its_patterns() -> None:
    rule = EnabledSettings(
        filter=(("org_unit", "/Staff"), ("org_unit", "/Staff/*"), ("aliases", "*@example.org"))
    )
    good = {"org_unit": "/Staff/IT", "aliases": ("x@else.org", "a@example.org")}
    assert is_enabled(person(**good), rule) is True
    assert is_enabled(person(**{**good, "org_unit": "/Staff"}), rule) is True
    assert is_enabled(person(**{**good, "org_unit": "/staff"}), rule) is False
    assert is_enabled(person(**{**good, "org_unit": None}), rule) is False
    assert is_enabled(person(**{**good, "aliases": ()}), rule) is False
    assert is_enabled(person(**{**good, "aliases": UNSET}), rule) is UNSET
    assert is_enabled(person(org_unit="/Guests", aliases=UNSET), rule) is False
