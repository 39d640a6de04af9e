"""What is planned for one person, and what never is, whatever both sides say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plan_builders import (
    DOMAIN,
    NOW,
    account,
    at,
    delivered,
    google_user,
    link,
    managed,
    mark,
    password,
    person,
    refusal,
    rules,
    verbs,
)
from plan_world import PureGoogle, deliver

from gapps_hooks.model import UNSET, Account, GoogleUser, Identity, Link, Plan, Question, Verb
from gapps_hooks.plan.user import plan_user

HOUR = 3600.0
ALICE = f"alice@{DOMAIN}"
OFF = account(enabled=False)
ENDED = link(ended_at=NOW - 1, suspended_by_us=True, delivered=delivered(enabled=False))


# --- work in proportion to the change ------------------------------------------------------------


def test_a_modify_of_an_account_that_we_created_is_one_request_and_no_question() -> None:
    plan = plan_user(person(account=account(given_name="Al"), link=link()), rules(), NOW)
    assert verbs(plan) == [Verb.UPDATE]


def test_one_request_renames_updates_and_sets_the_password() -> None:
    who = person(
        address=f"al@{DOMAIN}", account=account(org_unit="/X"), password=password(), link=link()
    )
    plan = plan_user(who, rules(), NOW)
    assert verbs(plan) == [Verb.RENAME, Verb.UPDATE, Verb.PASSWORD]
    assert isinstance(plan, Plan)
    assert len(plan.changes) == 1


def test_a_disable_is_one_question_and_one_change() -> None:
    google = PureGoogle.holding(managed())
    delivery = deliver(google, person(account=OFF, link=link()), rules())
    assert delivery.requests == ("get id-alice", f"suspend {ALICE}")
    assert google.users["id-alice"].suspended


def test_an_enable_of_what_we_suspended_is_one_request() -> None:
    google = PureGoogle.holding(managed(suspended=True))
    ours = link(delivered=delivered(enabled=False, address=ALICE), suspended_by_us=True)
    assert deliver(google, person(link=ours), rules()).requests == (f"restore {ALICE}",)


@pytest.mark.parametrize("seconds", [0.0, HOUR])
def test_a_repeat_within_an_hour_costs_nothing(seconds: float) -> None:
    who = person(link=link(), added=True)
    assert plan_user(who, rules(), NOW + seconds) == plan_user(who, rules(), NOW)
    assert verbs(plan_user(who, rules(), NOW + seconds)) == []


@pytest.mark.parametrize("seconds", [HOUR + 1, -HOUR])
def test_google_is_asked_after_an_hour_or_when_the_clock_was_set_back(seconds: float) -> None:
    assert plan_user(person(link=link()), rules(), NOW + seconds) == Question("id-alice")


def test_a_repeated_disable_within_an_hour_costs_nothing() -> None:
    google = PureGoogle.holding(managed())
    who = person(account=OFF, link=link())
    first = deliver(google, who, rules())
    again = replace(who, link=first.link)
    assert deliver(google, again, rules(), NOW + HOUR).requests == ()
    assert deliver(google, again, rules(), NOW + HOUR + 1).requests == ("get id-alice",)


def test_one_whom_somebody_let_in_again_is_suspended_again_when_they_leave() -> None:
    google = PureGoogle.holding(managed())
    ours = link(
        delivered=delivered(enabled=False), suspended_by_us=True, confirmed_at=NOW - HOUR - 1
    )
    deliver(google, person(account=None, link=ours), rules())
    assert google.users["id-alice"].suspended


def test_other_peoples_phones_are_looked_at_before_the_list_is_replaced() -> None:
    who = person(account=account(phones=("+1 1",)), link=link())
    assert plan_user(who, rules(), NOW) == Question("id-alice")
    google = PureGoogle.holding(managed(phones=({"type": "home", "value": "+1 9"},)))
    deliver(google, who, rules())
    assert [one["value"] for one in google.users["id-alice"].phones] == ["+1 9", "+1 1"]


# --- suspension needs a transition of somebody managed -------------------------------------------


@pytest.mark.parametrize("gone", [None, OFF])
def test_a_stranger_who_is_not_enabled_is_invisible(gone: Account | None) -> None:
    google = PureGoogle.holding(google_user())
    delivery = deliver(google, person(account=gone, identity=Identity("uid", "1")), rules())
    assert (delivery.requests, delivery.plan.changes) == ((), ())


@pytest.mark.parametrize("enabled", [UNSET, True])
def test_unknown_never_suspends(enabled: object) -> None:
    who = person(account=account(enabled=enabled), link=link(), asked=True, actual=managed())
    assert Verb.SUSPEND not in verbs(plan_user(who, rules(), NOW))


def test_what_a_lost_answer_of_ours_made_is_suspended_when_its_person_goes() -> None:
    google = PureGoogle.holding(managed())
    delivery = deliver(google, person(account=None, attempted=True), rules())
    assert verbs(delivery.plan) == [Verb.SUSPEND]


@pytest.mark.parametrize(
    "found",
    [
        google_user(),
        google_user(external_ids=(mark("name:alice", instance="ffff"),)),
        google_user(external_ids=(mark("name:bob"),)),
        managed("bob", aliases=(ALICE,), external_ids=(mark("uid:7"),)),
    ],
    ids=["unmarked", "another installation's", "another name", "an alias"],
)
def test_what_a_lost_answer_did_not_make_is_left_alone(found: GoogleUser) -> None:
    google = PureGoogle.holding(found)
    who = person(account=None, attempted=True, identity=None)
    assert deliver(google, who, rules()).plan.changes == ()


def test_an_account_that_another_person_is_linked_to_is_not_suspended_for_this_one() -> None:
    who = person(account=None, attempted=True, asked=True, actual=managed(), holder=link("bob"))
    assert verbs(plan_user(who, rules(), NOW)) == []


# --- administrators ------------------------------------------------------------------------------

SENTENCE = (
    "The Google Workspace administrator account {} cannot be suspended. Create it in the account "
    "manager and enable Google for it, or list it under protected."
)


@pytest.mark.parametrize("administrators", ["leave", "profile", "all"])
@pytest.mark.parametrize(
    "actual", [managed(is_admin=True), managed(is_delegated_admin=True), managed("admin")]
)
def test_an_administrator_is_never_suspended_and_the_sentence_says_so(
    administrators: str, actual: GoogleUser
) -> None:
    name = actual.primary_email.partition("@")[0]
    who = person(name, account=None, link=link(name), asked=True, actual=actual)
    text = refusal(plan_user(who, rules(administrators=administrators), NOW))
    assert text == SENTENCE.format(actual.primary_email)


def test_a_protected_account_gets_neither_suspension_nor_password() -> None:
    who = person(account=OFF, password=password(), link=link(), asked=True, actual=managed())
    plan = plan_user(who, rules(protected=(ALICE,)), NOW)
    assert verbs(plan) == []


def test_nobody_is_renamed_onto_a_protected_address() -> None:
    who = person(address=f"al@{DOMAIN}", link=link())
    assert "protected" in refusal(plan_user(who, rules(protected=(f"al@{DOMAIN}",)), NOW))


def test_that_an_account_of_ours_is_no_administrator_is_believed_for_a_day() -> None:
    who = person(account=account(given_name="Al"), link=link())
    assert verbs(plan_user(who, rules(), NOW + 24 * HOUR)) == [Verb.UPDATE]
    assert plan_user(who, rules(), NOW + 24 * HOUR + 1) == Question("id-alice")


def test_the_same_password_is_sent_again_when_its_delivery_is_an_hour_old() -> None:
    who = person(password=password(), link=link())
    sent = deliver(PureGoogle.holding(managed()), who, rules()).link
    again = replace(who, link=sent)
    assert verbs(plan_user(again, rules(), NOW + HOUR)) == []
    assert verbs(plan_user(again, rules(), NOW + HOUR + 1)) == [Verb.PASSWORD]


@pytest.mark.parametrize("age", [601.0, -601.0])
def test_that_an_adopted_account_is_no_administrator_is_believed_for_ten_minutes(
    age: float,
) -> None:
    adopted = link(created=False, administrator_checked_at=NOW - age)
    who = person(account=account(given_name="Al"), link=adopted)
    assert plan_user(who, rules(), NOW) == Question("id-alice")
    fresh = replace(who, link=replace(adopted, administrator_checked_at=NOW - 600))
    assert verbs(plan_user(fresh, rules(), NOW)) == [Verb.UPDATE]


@pytest.mark.parametrize("change", [{"given_name": "Al"}, {"org_unit": "/X"}])
def test_a_change_of_an_administrator_is_refused_with_the_remedy(change: dict[str, str]) -> None:
    who = person(account=account(**change), link=link(administrator=True))
    assert "protected" in refusal(plan_user(who, rules(), NOW))
    assert verbs(plan_user(who, rules(administrators="profile"), NOW)) == [Verb.UPDATE]


@pytest.mark.parametrize(
    "fields",
    [
        {"password": password()},
        {"address": f"al@{DOMAIN}"},
        {"account": account(aliases=(f"al@{DOMAIN}",))},
    ],
    ids=["password", "rename", "alias"],
)
def test_profile_lets_neither_password_nor_addresses_through(fields: dict[str, object]) -> None:
    who = replace(person(link=link(administrator=True)), **fields)  # type: ignore[arg-type]  # by name
    assert "administrator" in refusal(plan_user(who, rules(administrators="profile"), NOW))
    assert verbs(plan_user(who, rules(administrators="all"), NOW)) != []


def test_an_administrator_who_differs_at_google_is_no_trouble_while_nothing_new_is_said() -> None:
    actual = managed(is_admin=True, given_name="Root")
    who = person(link=link(), asked=True, actual=actual)
    plan = plan_user(who, rules(), NOW)
    assert verbs(plan) == []
    assert isinstance(plan, Plan)
    assert "left alone" in plan.notes[-1]


# --- passwords -----------------------------------------------------------------------------------


def test_a_password_is_delivered_once() -> None:
    google = PureGoogle.holding(managed())
    who = person(password=password(), link=link())
    first = deliver(google, who, rules())
    assert verbs(first.plan) == [Verb.PASSWORD]
    assert deliver(google, replace(who, link=first.link), rules()).requests == ()


def test_a_linked_persons_password_is_delivered_while_suspended_too() -> None:
    ours = link(delivered=delivered(enabled=False, address=ALICE), suspended_by_us=True)
    plan = plan_user(person(account=OFF, password=password(), link=ours), rules(), NOW)
    assert verbs(plan) == [Verb.PASSWORD]


def test_a_baseline_password_is_never_sent_to_an_account_that_exists() -> None:
    google = PureGoogle.holding(google_user())
    delivery = deliver(google, person(creation_password=password()), rules())
    assert verbs(delivery.plan) == [Verb.ADOPT]
    assert delivery.plan.changes[0].password is None


def test_a_deleted_persons_queued_password_goes_nowhere() -> None:
    google = PureGoogle.holding(managed())
    delivery = deliver(google, person(account=None, password=password(), link=link()), rules())
    assert verbs(delivery.plan) == [Verb.SUSPEND]


# --- the same person? ----------------------------------------------------------------------------


@pytest.mark.parametrize("before", [link(), ENDED], ids=["linked", "ended"])
def test_a_name_that_comes_with_another_id_is_a_question_to_a_person(before: Link) -> None:
    known = replace(before, identity=Identity("uid", "1003"))
    who = person(link=known, identity=Identity("uid", "1009"), added=True)
    assert "same person?" in refusal(plan_user(who, rules(), NOW))


def test_a_suspended_account_does_not_change_hands_by_way_of_a_disabled_namesake() -> None:
    google = PureGoogle.holding(managed())
    alice = link(identity=Identity("uid", "1003"))
    namesake = person(account=OFF, identity=Identity("uid", "1009"), link=alice)
    first = deliver(google, namesake, rules())
    enabled = replace(namesake, account=account(), link=first.link, added=True)
    second = deliver(google, enabled, rules())
    assert "same person?" in refusal(second.plan)
    assert google.users["id-alice"].suspended


def test_an_ended_account_is_taken_up_by_name_and_id() -> None:
    known = replace(ENDED, identity=Identity("uid", "1003"))
    google = PureGoogle.holding(managed(suspended=True))
    who = person(link=known, identity=Identity("uid", "1003"), added=True)
    delivery = deliver(google, who, rules())
    assert Verb.RESTORE in verbs(delivery.plan)
    assert not any("name alone" in note for note in delivery.plan.notes)
    assert delivery.link is not None
    assert delivery.link.ended_at is None


@pytest.mark.parametrize("identity", [None, Identity("entryUUID", "x")])
def test_an_account_taken_up_by_its_name_alone_says_so(identity: Identity | None) -> None:
    known = replace(ENDED, identity=Identity("uid", "1003") if identity else None)
    google = PureGoogle.holding(managed(suspended=True))
    delivery = deliver(google, person(link=known, identity=identity, added=True), rules())
    assert sum("name alone" in note for note in delivery.plan.notes) == 1


def test_an_ended_account_under_another_name_is_a_question_to_a_person() -> None:
    who = person("bob", link=replace(ENDED, identity=Identity("uid", "1")), added=True)
    assert "same person?" in refusal(plan_user(who, rules(), NOW))


def test_a_modify_of_a_deleted_person_brings_nobody_back() -> None:
    who = person(account=account(enabled=UNSET, given_name="Al"), link=ENDED)
    assert verbs(plan_user(who, rules(), NOW)) == []


def test_an_ended_account_that_is_as_wanted_already_is_linked_again() -> None:
    google = PureGoogle.holding(managed())
    delivery = deliver(google, person(link=replace(ENDED, suspended_by_us=False)), rules())
    assert delivery.link is not None
    assert delivery.link.ended_at is None
    assert deliver(google, person(link=delivery.link), rules()).requests == ()


# --- gone at Google, suspended at Google ---------------------------------------------------------


def test_a_linked_account_that_is_gone_is_never_created_anew() -> None:
    google = PureGoogle()
    who = person(account=account(phones=("1",)), link=link(), added=True)
    text = refusal(deliver(google, who, rules()).plan)
    assert "deleted at Google" in text
    assert "undelete alice" in text
    assert google.users == {}


def test_the_day_of_the_deletion_is_said_where_it_is_known() -> None:
    actual = managed(deletion_time=at(0))
    who = person(link=link(), asked=True, actual=actual)
    assert f"on {at(0):%Y-%m-%d}" in refusal(plan_user(who, rules(), NOW))


def test_a_deletion_of_what_is_gone_at_google_is_done() -> None:
    google = PureGoogle()
    delivery = deliver(google, person(account=None, link=link()), rules())
    assert (delivery.plan.changes, delivery.plan.refusals) == ((), ())
    assert delivery.link is not None
    assert delivery.link.ended_at == NOW


def test_an_administrators_suspension_is_not_fought_by_a_modify() -> None:
    google = PureGoogle.holding(managed(suspended=True, suspension_reason="ADMIN"))
    who = person(account=account(given_name="Al"), link=link(confirmed_at=0.0), asked=True)
    who = replace(who, actual=google.users["id-alice"])
    delivery = deliver(google, who, rules())
    assert verbs(delivery.plan) == [Verb.UPDATE]
    assert any("suspended at Google by an administrator" in n for n in delivery.plan.notes)
    assert google.users["id-alice"].suspended


def test_the_remedy_for_an_administrators_suspension_works() -> None:
    suspended = managed(suspended=True, suspension_reason="ADMIN", suspension_time=at(-10))
    google = PureGoogle.holding(suspended)
    seen = deliver(google, person(link=link(confirmed_at=0.0)), rules())
    again = person(link=seen.link, added=True, wished_at=NOW)
    assert verbs(deliver(google, again, rules()).plan) == [Verb.RESTORE]


def test_a_user_add_older_than_the_suspension_does_not_lift_it() -> None:
    actual = managed(suspended=True, suspension_reason="ADMIN", suspension_time=at(10))
    who = person(link=link(), added=True, asked=True, actual=actual)
    assert "by an administrator" in refusal(plan_user(who, rules(), NOW))


def test_enabling_again_lifts_an_administrators_older_suspension() -> None:
    ours = link(delivered=delivered(enabled=False, address=ALICE))
    older = managed(suspended=True, suspension_time=at(-10))
    google = PureGoogle.holding(older)
    assert verbs(deliver(google, person(link=ours), rules()).plan) == [Verb.RESTORE]


@pytest.mark.parametrize("ours", [True, False])
def test_googles_own_suspension_is_never_lifted(ours: bool) -> None:  # noqa: FBT001 - a case
    known = link(delivered=delivered(enabled=False, address=ALICE), suspended_by_us=ours)
    actual = managed(suspended=True, suspension_reason="ABUSE", suspension_time=at(-10))
    who = person(link=known, added=True, asked=True, actual=actual)
    assert "ABUSE" in refusal(plan_user(who, rules(), NOW))


# --- renames -------------------------------------------------------------------------------------


def test_a_rename_goes_to_googles_id_and_shows_both_addresses() -> None:
    plan = plan_user(person("al", link=link(), account=account("al")), rules(), NOW)
    assert isinstance(plan, Plan)
    (change,) = plan.changes
    assert change.google_id == "id-alice"
    assert (change.before, change.body) == (
        {"primaryEmail": ALICE},
        {"primaryEmail": f"al@{DOMAIN}"},
    )


def test_an_address_that_was_changed_at_google_is_not_fought() -> None:
    moved = link(address=f"other@{DOMAIN}")
    assert verbs(plan_user(person(link=moved), rules(), NOW)) == []


def test_a_rename_to_an_address_that_may_not_be_claimed_is_refused() -> None:
    who = person(address=f"abuse@{DOMAIN}", link=link())
    assert "role address" in refusal(plan_user(who, rules(), NOW))


# --- what is remembered ------------------------------------------------------------------------


def test_an_account_that_was_suspended_at_google_already_needs_no_change_and_no_second_look() -> (
    None
):
    google = PureGoogle.holding(managed(suspended=True))
    first = deliver(google, person(account=OFF, link=link()), rules())
    assert first.plan.changes == ()
    assert deliver(google, person(account=OFF, link=first.link), rules()).requests == ()


def test_enabling_looks_first_where_we_did_not_suspend() -> None:
    ours = link(delivered=delivered(enabled=False, address=ALICE))
    assert plan_user(person(link=ours), rules(), NOW) == Question("id-alice")


def test_a_modify_without_a_look_does_not_make_the_account_active_in_memory() -> None:
    suspended = managed(suspended=True, suspension_time=at(-10))
    google = PureGoogle.holding(suspended)
    seen = deliver(google, person(link=link(confirmed_at=0.0)), rules())
    modified = deliver(google, person(account=account(given_name="Al"), link=seen.link), rules())
    assert modified.requests == (f"update {ALICE}",)
    again = person(account=account(given_name="Al"), link=modified.link, added=True)
    assert verbs(deliver(google, again, rules()).plan) == [Verb.RESTORE]


def test_a_change_of_a_linked_protected_account_is_left_out_with_a_note() -> None:
    who = person(account=account(given_name="Al"), link=link())
    plan = plan_user(who, rules(protected=(ALICE,)), NOW)
    assert verbs(plan) == []
    assert isinstance(plan, Plan)
    assert "protected" in plan.notes[0]


def test_the_calling_account_is_refused_changes_even_without_a_flag() -> None:
    who = person(account=account(given_name="Al"), link=link())
    assert "is an administrator" in refusal(plan_user(who, rules(admin=ALICE), NOW))
