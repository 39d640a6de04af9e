"""Accounts that are at Google already: adopted, refused with a remedy, or left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plan_builders import (
    ADMIN,
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

from gapps_hooks.model import GoogleUser, Identity, Plan, Verb
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import Rules, find_mark
from gapps_hooks.plan.user import plan_user

ALICE = f"alice@{DOMAIN}"
UID = Identity("uid", "1003")


def met(actual: GoogleUser, law: Rules | None = None, **fields: object) -> Plan:
    """Plan for an unlinked Alice whom Google answered with this account."""
    who = replace(person(asked=True, actual=actual), **fields)  # type: ignore[arg-type]  # by name
    plan = plan_user(who, law or rules(), NOW)
    assert isinstance(plan, Plan)
    return plan


# --- active --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("added", "requests"), [(True, 3), (False, 2)])
def test_an_active_account_is_adopted_on_add_or_first_contact(added: bool, requests: int) -> None:  # noqa: FBT001 - a case
    google = PureGoogle.holding(google_user())
    delivery = deliver(google, person(added=added, identity=UID), rules())
    assert verbs(delivery.plan) == [Verb.ADOPT]
    assert len(delivery.requests) == requests
    assert find_mark(google.users["id-alice"], rules()) == UID
    assert delivery.link is not None
    assert not delivery.link.created


def test_an_adoption_merges_the_mark_and_keeps_what_others_wrote() -> None:
    theirs = ({"type": "organization", "value": "E1"}, mark("uid:7", instance="ffff"))
    google = PureGoogle.holding(google_user(external_ids=theirs))
    deliver(google, person(), rules())
    assert google.users["id-alice"].external_ids[:2] == theirs


def test_an_adoption_brings_the_profile_and_an_events_password_in_the_same_request() -> None:
    plan = met(google_user(given_name="Root"), password=password())
    (change,) = plan.changes
    assert change.body["name"] == {"givenName": "Alice"}
    assert change.password == password()


def test_an_adoption_without_an_id_says_that_the_name_alone_was_known() -> None:
    assert any("name alone" in note for note in met(google_user()).notes)
    assert met(google_user(), identity=UID).notes == ()


def test_existing_accounts_are_refused_where_the_settings_say_so() -> None:
    text = refusal(met(google_user(), rules(existing_accounts="refuse")))
    assert f"links bind alice {ALICE}" in text


def test_what_bears_our_own_mark_is_taken_up_even_where_existing_accounts_are_refused() -> None:
    assert verbs(met(managed(), rules(existing_accounts="refuse"))) == [Verb.ADOPT]


def test_a_lost_answer_is_found_again_and_known_as_created_by_us() -> None:
    google = PureGoogle()
    deliver(google, person(added=True), rules())
    found = deliver(google, person(added=True, attempted=True), rules())
    assert found.link is not None
    assert found.link.created
    assert len(google.users) == 1


def test_a_strangers_account_met_after_an_attempt_is_not_taken_for_ours() -> None:
    google = PureGoogle.holding(google_user())
    found = deliver(google, person(attempted=True), rules())
    assert found.link is not None
    assert not found.link.created


# --- whose? --------------------------------------------------------------------------------------


def test_a_second_claimant_is_refused_and_told_the_first() -> None:
    assert "linked to bob" in refusal(met(google_user(), holder=link("bob")))


def test_an_account_of_somebody_deleted_is_not_handed_over() -> None:
    text = refusal(met(google_user(), holder=link("bob", ended_at=NOW)))
    assert "same person?" in text
    assert "bob" in text
    assert f"links bind alice {ALICE}" in text


@pytest.mark.parametrize(
    ("owner", "identity"),
    [("uid:7", UID), ("name:bob", None), ("name:bob", UID)],
)
def test_an_account_that_our_mark_gives_to_somebody_else_is_not_handed_over(
    owner: str, identity: Identity | None
) -> None:
    actual = google_user(external_ids=(mark(owner),))
    assert "same person?" in refusal(met(actual, identity=identity))


def test_a_lasting_identity_in_the_mark_is_not_overwritten_by_a_number() -> None:
    google = PureGoogle.holding(google_user(external_ids=(mark("entryUUID:x"),)))
    deliver(google, person(identity=UID), rules())
    deliver(google, person(), rules())
    assert find_mark(google.users["id-alice"], rules()) == Identity("entryUUID", "x")


# --- suspended, deleted --------------------------------------------------------------------------


def suspended(reason: str = "ADMIN", since: float | None = -10, **fields: object) -> GoogleUser:
    when = None if since is None else at(since)
    user = google_user(suspended=True, suspension_reason=reason, suspension_time=when)
    return replace(user, **fields)  # type: ignore[arg-type]  # by name


def test_a_suspended_account_is_restored_on_a_newer_user_add() -> None:
    assert verbs(met(suspended(), added=True)) == [Verb.ADOPT, Verb.RESTORE]


@pytest.mark.parametrize(
    ("actual", "added"),
    [(suspended(), False), (suspended(since=10), True), (suspended(since=None), True)],
    ids=["no user-add", "an older one", "nobody knows since when"],
)
def test_a_suspended_account_is_otherwise_a_case_for_people(
    actual: GoogleUser,
    added: bool,  # noqa: FBT001 - a case
) -> None:
    text = refusal(met(actual, added=added))
    assert "suspended at Google by an administrator" in text
    assert "user-add alice" in text


@pytest.mark.parametrize("marked", [(), (mark("name:alice"),)])
def test_googles_own_suspension_is_never_lifted(marked: tuple[dict[str, str], ...]) -> None:
    text = refusal(met(suspended("ABUSE", external_ids=marked), added=True))
    assert "by Google itself (ABUSE)" in text


def test_adopt_active_takes_no_suspended_account_up_but_our_own() -> None:
    law = rules(existing_accounts="adopt-active")
    assert "adopt-active" in refusal(met(suspended(), law, added=True))
    ours = suspended(external_ids=(mark("name:alice"),))
    assert verbs(met(ours, law, added=True)) == [Verb.ADOPT, Verb.RESTORE]
    assert verbs(met(google_user(), law)) == [Verb.ADOPT]


def test_a_deleted_account_is_not_adopted_and_undelete_is_named() -> None:
    text = refusal(met(google_user(deletion_time=at(0)), added=True))
    assert "undelete alice" in text
    assert f"{at(0):%Y-%m-%d}" in text


# --- addresses that others hold ------------------------------------------------------------------


def test_an_alias_of_another_person_is_refused_and_names_the_holder() -> None:
    holder = google_user("bob", aliases=(ALICE,))
    assert f"alias of bob@{DOMAIN}" in refusal(met(holder, added=True))
    assert f"alias of bob@{DOMAIN}" in refusal(met(holder, holder=link("bob")))


def test_an_address_that_a_group_holds_is_refused() -> None:
    text = refusal(plan_user(person(taken=True, asked=True), rules(), NOW))
    assert "held by a group" in text


RENAMED = link("bob", delivered={**delivered(), "former": delivered(former=(ALICE,))["former"]})


def test_an_alias_that_our_own_rename_left_is_released_for_its_new_owner() -> None:
    google = PureGoogle.holding(managed("bob", aliases=(ALICE,)))
    plan = met(google.users["id-bob"], holder=RENAMED, added=True)
    assert verbs(plan) == [Verb.REMOVE_ALIAS, Verb.CREATE]
    assert plan.changes[0].google_id == "id-bob"
    assert plan.changes[1].google_id == ""


@pytest.mark.parametrize(
    ("actual", "law"),
    [
        (google_user("bob", aliases=(ALICE,), is_admin=True), rules()),
        (google_user("bob", aliases=(ALICE,), is_admin=True), rules(administrators="profile")),
        (google_user("bob", aliases=(ALICE,)), rules(protected=("bob@*",))),
        (google_user("admin", aliases=(ALICE,)), rules()),
    ],
    ids=["administrator", "profile", "protected", "the calling account"],
)
def test_no_alias_is_taken_from_an_account_that_is_left_alone(
    actual: GoogleUser, law: Rules
) -> None:
    assert "remove the alias there" in refusal(met(actual, law, holder=RENAMED))


def test_an_alias_that_its_holder_wants_stays_with_the_holder() -> None:
    wanted = {**RENAMED.delivered, "aliases": delivered(aliases=(ALICE,))["aliases"]}
    actual = google_user("bob", aliases=(ALICE,))
    assert "remove the alias" in refusal(met(actual, holder=replace(RENAMED, delivered=wanted)))


# --- administrators ------------------------------------------------------------------------------


def admitted(google: PureGoogle, who: Person, law: Rules | None = None) -> Plan:
    return deliver(google, who, law or rules()).plan


@pytest.mark.parametrize(
    ("actual", "law"),
    [
        (google_user(is_admin=True), rules()),
        (google_user(is_delegated_admin=True), rules()),
        (google_user(), rules(admin=ALICE)),
        (google_user(), rules(protected=("alice@*",))),
    ],
)
def test_an_account_that_is_left_alone_is_linked_without_a_single_write(
    actual: GoogleUser, law: Rules
) -> None:
    google = PureGoogle.holding(actual)
    first = deliver(google, person(account=account(given_name="X"), password=password()), law)
    assert verbs(first.plan) == [Verb.ADOPT]
    assert first.requests == (f"get {ALICE}",)
    assert google.users == {actual.id: actual}


def test_a_linked_administrator_is_not_reported_again_until_something_new_is_said() -> None:
    google = PureGoogle.holding(google_user(is_admin=True, given_name="Root"))
    who = person(account=account(aliases=(f"x@{DOMAIN}",)))
    first = deliver(google, who, rules())
    again = replace(who, link=first.link)
    assert deliver(google, again, rules()).requests == ()
    assert verbs(deliver(google, again, rules(), NOW + 9000).plan) == []
    told = deliver(google, replace(again, password=password()), rules())
    assert "is an administrator" in refusal(told.plan)


def test_the_calling_account_may_be_changed_where_the_settings_say_all() -> None:
    google = PureGoogle.holding(google_user("admin"))
    who = person("admin", account=account("admin", given_name="Al"))
    assert who.address == ADMIN
    assert verbs(admitted(google, who, rules(administrators="all"))) == [Verb.ADOPT]
    assert google.users["id-admin"].given_name == "Al"


def test_profile_adopts_an_administrator_but_sets_no_password() -> None:
    google = PureGoogle.holding(google_user(is_admin=True))
    law = rules(administrators="profile")
    assert "administrator" in refusal(admitted(google, person(password=password()), law))
    assert verbs(admitted(google, person(), law)) == [Verb.ADOPT]


def test_a_linked_administrator_who_is_suspended_there_is_not_remembered_as_active() -> None:
    plan = met(suspended(is_admin=True), added=True)
    assert verbs(plan) == [Verb.ADOPT]
    assert plan.changes[0].delivers["enabled"] not in {
        delivered(enabled=active)["enabled"] for active in (True, False)
    }
