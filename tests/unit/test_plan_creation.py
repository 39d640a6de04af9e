"""The one insert that makes an account, and the aliases that follow and leave it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plan_builders import (
    DOMAIN,
    NOW,
    account,
    delivered,
    digest,
    google_user,
    link,
    managed,
    password,
    person,
    refusal,
    rules,
    verbs,
)
from plan_world import PureGoogle, deliver

from gapps_hooks.model import Identity, Plan, Question, Verb
from gapps_hooks.plan.rules import find_mark
from gapps_hooks.plan.user import plan_user

HOME = f"home@{DOMAIN}"
WORK = f"work@{DOMAIN}"


def test_an_added_person_costs_one_request() -> None:
    google = PureGoogle()
    delivery = deliver(google, person(added=True, password=password()), rules())
    assert delivery.requests == (f"create alice@{DOMAIN}",)


def test_a_creation_is_shown_as_setting_a_password_only_if_an_event_brought_one() -> None:
    baseline = person(added=True, creation_password=password())
    (change,) = plan_made(baseline).changes
    assert change.verbs == (Verb.CREATE,)
    assert change.password == password()
    (told,) = plan_made(replace(baseline, password=password("$6$x$y"))).changes
    assert told.verbs == (Verb.CREATE, Verb.PASSWORD)
    assert told.password == password("$6$x$y")


def plan_made(who: object) -> Plan:
    plan = plan_user(who, rules(), NOW)  # type: ignore[arg-type]  # a Person
    assert isinstance(plan, Plan)
    return plan


def test_the_mark_of_a_created_account_names_its_person() -> None:
    google = PureGoogle()
    deliver(google, person(added=True, identity=Identity("uid", "1003")), rules())
    (made,) = google.users.values()
    assert find_mark(made, rules()) == Identity("uid", "1003")


def test_an_account_that_was_created_is_not_created_again() -> None:
    google = PureGoogle()
    who = person(added=True, password=password())
    first = deliver(google, who, rules())
    again = deliver(google, replace(who, link=first.link), rules())
    assert again.plan.changes == ()
    assert again.requests == ()


def test_a_first_sight_without_the_word_added_looks_before_it_creates() -> None:
    assert plan_user(person(), rules(), NOW) == Question(f"alice@{DOMAIN}")
    assert verbs(plan_user(person(asked=True), rules(), NOW)) == [Verb.CREATE]


@pytest.mark.parametrize("local", ["postmaster", "a..b"])
def test_nobody_is_created_at_an_address_that_may_not_be_claimed(local: str) -> None:
    who = person(address=f"{local}@{DOMAIN}", added=True)
    assert local in refusal(plan_user(who, rules(), NOW))


def test_nobody_is_created_at_a_protected_address_because_nobody_could_suspend_it() -> None:
    law = rules(protected=("alice@*",))
    google = PureGoogle()
    delivery = deliver(google, person(added=True), law)
    assert "protected" in refusal(delivery.plan)
    assert google.users == {}


# --- aliases -------------------------------------------------------------------------------------


def test_aliases_follow_the_creation_and_nothing_is_left_to_do_after_them() -> None:
    google = PureGoogle()
    who = person(account=account(aliases=(HOME, WORK)), added=True)
    first = deliver(google, who, rules())
    assert verbs(first.plan) == [Verb.CREATE, Verb.ADD_ALIAS, Verb.ADD_ALIAS]
    again = deliver(google, replace(who, link=first.link), rules())
    assert again.requests == ()


def test_aliases_that_we_did_not_deliver_survive() -> None:
    google = PureGoogle.holding(google_user(aliases=(HOME, WORK)))
    ours = link(delivered=delivered(address=f"alice@{DOMAIN}", aliases=(HOME,)))
    deliver(google, person(account=account(aliases=()), link=ours), rules())
    assert google.users["id-alice"].aliases == (WORK,)


def test_aliases_stay_when_nothing_is_said_of_them() -> None:
    ours = link(delivered=delivered(address=f"alice@{DOMAIN}", aliases=(HOME,)))
    assert plan_made(person(link=ours)).changes == ()


def test_an_alias_that_goes_is_asked_for_once_because_we_only_keep_its_digest() -> None:
    ours = link(delivered=delivered(address=f"alice@{DOMAIN}", aliases=(HOME,)))
    who = person(account=account(aliases=()), link=ours)
    google = PureGoogle.holding(managed(aliases=(HOME,)))
    first = deliver(google, who, rules())
    assert first.requests == ("get id-alice", f"remove-alias alice@{DOMAIN}")
    assert deliver(google, replace(who, link=first.link), rules()).requests == ()


def test_an_alias_that_somebody_removed_at_google_is_not_asked_for_again_and_again() -> None:
    ours = link(delivered=delivered(address=f"alice@{DOMAIN}", aliases=(HOME,)))
    who = person(account=account(aliases=()), link=ours)
    google = PureGoogle.holding(managed())
    first = deliver(google, who, rules())
    assert first.plan.changes == ()
    assert deliver(google, replace(who, link=first.link), rules()).requests == ()


def test_an_alias_that_was_there_before_is_not_added_again_after_the_adoption() -> None:
    google = PureGoogle.holding(google_user(aliases=(HOME,)))
    who = person(account=account(aliases=(HOME,)))
    first = deliver(google, who, rules())
    assert verbs(first.plan) == [Verb.ADOPT]
    assert deliver(google, replace(who, link=first.link), rules()).requests == ()


@pytest.mark.parametrize("alias", [f"postmaster@{DOMAIN}", "alice@elsewhere.net"])
def test_an_alias_that_may_not_be_claimed_is_left_out_with_a_note(alias: str) -> None:
    plan = plan_made(person(account=account(aliases=(alias, HOME)), added=True))
    assert [one.body["alias"] for one in plan.changes[1:]] == [HOME]
    assert any(alias in note for note in plan.notes)


def test_an_alias_is_the_same_in_any_case_of_letters() -> None:
    google = PureGoogle.holding(google_user(aliases=(HOME,)))
    delivery = deliver(google, person(account=account(aliases=(HOME.upper(),))), rules())
    assert google.users["id-alice"].aliases == (HOME,)
    assert verbs(delivery.plan) == [Verb.ADOPT]
    assert not any("alias" in note for note in delivery.plan.notes)


def test_an_alias_that_becomes_the_primary_address_is_not_removed() -> None:
    google = PureGoogle.holding(google_user(aliases=(HOME,)))
    ours = link(delivered=delivered(address=f"alice@{DOMAIN}", aliases=(HOME,)))
    who = person(address=HOME, account=account(aliases=()), link=ours)
    delivery = deliver(google, who, rules())
    assert Verb.REMOVE_ALIAS not in verbs(delivery.plan)
    assert google.users["id-alice"].primary_email == HOME
    assert deliver(google, replace(who, link=delivery.link), rules()).requests == ()


def test_each_alias_step_remembers_itself_so_that_a_crash_between_two_loses_nothing() -> None:
    plan = plan_made(person(account=account(aliases=(HOME, WORK)), added=True))
    first, second = (change.delivers["aliases"] for change in plan.changes[1:])
    assert first == (digest(HOME),)
    assert set(second) == {digest(HOME), digest(WORK)}
