"""What is planned for one group: made, adopted, renamed, emptied; never more than was delivered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plan_builders import (
    DOMAIN,
    NOW,
    digest,
    gathering,
    google_member,
    group,
    group_link,
    link,
    member,
    membership,
    refusal,
    rules,
    verbs,
)
from plan_world import PureGoogle, deliver_group, in_group

from gapps_hooks.model import GoogleGroup, Plan, Question, Role, Verb
from gapps_hooks.plan.gathering import Gathering, MembersQuestion
from gapps_hooks.plan.group import plan_group
from gapps_hooks.plan.rules import Rules

STAFF = f"staff@{DOMAIN}"
GONE = gathering(group=None, members=(), link=group_link())


# --- made ----------------------------------------------------------------------------------------


def test_a_group_is_made_closed_to_the_world_and_then_filled() -> None:
    google = PureGoogle()
    delivery = deliver_group(google, gathering(member("alice"), member("bob")), rules())
    assert verbs(delivery.plan) == [
        Verb.CREATE_GROUP,
        Verb.SET_GROUP_SETTINGS,
        Verb.ADD_MEMBER,
        Verb.ADD_MEMBER,
    ]
    assert delivery.plan.changes[1].body == {
        "whoCanPostMessage": "ALL_IN_DOMAIN_CAN_POST",
        "whoCanJoin": "INVITED_CAN_JOIN",
    }


def test_external_posting_opens_a_group() -> None:
    plan = plan_group(gathering(), rules(external_posting=True), NOW)
    assert isinstance(plan, Plan)
    assert plan.changes[1].body["whoCanPostMessage"] == "ANYONE_CAN_POST"


def test_a_group_that_was_made_leaves_nothing_to_do() -> None:
    google = PureGoogle()
    what = gathering(member("alice"))
    first = deliver_group(google, what, rules())
    again = replace(what, link=first.link, memberships=first.memberships)
    assert deliver_group(google, again, rules()).requests == ()


def test_settings_that_a_crash_left_out_are_set_the_next_time() -> None:
    half = group_link(delivered={"name": digest("staff"), "address": digest(STAFF)})
    assert verbs(plan_group(gathering(link=half), rules(), NOW)) == [Verb.SET_GROUP_SETTINGS]


@pytest.mark.parametrize("address", [f"abuse@{DOMAIN}", "staff@elsewhere.net"])
def test_no_group_is_made_at_an_address_that_may_not_be_claimed(address: str) -> None:
    assert address in refusal(plan_group(gathering(address=address), rules(), NOW))


@pytest.mark.parametrize(
    "what",
    [
        gathering(member("alice")),
        gathering(member("alice"), asked=True, actual=GoogleGroup(id="g1", email=STAFF)),
        gathering(member("alice"), link=group_link(), present=()),
        gathering(member("alice"), link=group_link(), address=f"team@{DOMAIN}"),
        GONE,
    ],
)
def test_a_group_at_a_protected_address_is_left_alone(what: Gathering) -> None:
    plan = plan_group(what, rules(protected=(f"STAFF@{DOMAIN}",)), NOW)
    assert isinstance(plan, Plan)
    assert (plan.changes, plan.refusals) == ((), ())
    assert "protected by the settings" in plan.notes[0]


def test_no_group_moves_to_a_protected_address() -> None:
    moving = gathering(link=group_link(), address=f"team@{DOMAIN}")
    assert verbs(plan_group(moving, rules(), NOW))
    plan = plan_group(moving, rules(protected=("team@*",)), NOW)
    assert isinstance(plan, Plan)
    assert plan.changes == ()


def test_on_equal_addresses_the_user_wins() -> None:
    what = gathering(taken=True)
    assert plan_group(what, rules(), NOW) == Question(STAFF)
    assert "held by a user" in refusal(plan_group(replace(what, asked=True), rules(), NOW))


# --- adopted -------------------------------------------------------------------------------------


def test_an_existing_group_is_adopted_add_only_and_keeps_its_texts_and_settings() -> None:
    google = in_group(google_member("carol"), google_member("dave", Role.OWNER))
    what = gathering(member("alice"), group=group(description="ours"))
    delivery = deliver_group(google, what, rules())
    assert verbs(delivery.plan) == [Verb.ADOPT, Verb.ADD_MEMBER]
    again = replace(what, link=delivery.link, memberships=delivery.memberships)
    assert deliver_group(google, again, rules()).requests == ()
    assert set(google.members["group-0"]) == {f"{n}@{DOMAIN}" for n in ("alice", "carol", "dave")}


def test_an_adopted_group_never_loses_whom_we_did_not_deliver() -> None:
    google = in_group(google_member("alice"), google_member("carol"))
    adopted = group_link(created=False)
    what = gathering(link=adopted, memberships=(membership("alice"),))
    deliver_group(google, what, rules())
    assert set(google.members["group-0"]) == {f"carol@{DOMAIN}"}


def test_a_group_that_a_lost_answer_of_ours_made_gets_its_settings() -> None:
    google = in_group()
    delivery = deliver_group(google, gathering(attempted=True), rules())
    assert verbs(delivery.plan) == [Verb.ADOPT, Verb.SET_GROUP_SETTINGS]
    assert delivery.link is not None
    assert delivery.link.created


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"holder": link("other")}, "other"),
        ({"actual": GoogleGroup(id="g", email=f"all@{DOMAIN}")}, f"all@{DOMAIN}"),
    ],
)
def test_a_group_that_is_anothers_is_refused_by_name(fields: dict[str, object], word: str) -> None:
    actual = GoogleGroup(id="g", email=STAFF)
    what = gathering(taken=True, asked=True, **{"actual": actual, **fields})
    assert word in refusal(plan_group(what, rules(), NOW))


def test_existing_groups_are_refused_where_the_settings_say_so_but_not_our_own() -> None:
    law = rules(existing_accounts="refuse")
    assert "links bind group:staff" in refusal(deliver_group(in_group(), gathering(), law).plan)
    ours = deliver_group(in_group(), gathering(attempted=True), law)
    assert Verb.ADOPT in verbs(ours.plan)


# --- changed -------------------------------------------------------------------------------------


def test_a_description_is_one_request_and_no_question() -> None:
    what = gathering(group=group(description="new"), link=group_link())
    plan = plan_group(what, rules(), NOW)
    assert verbs(plan) == [Verb.UPDATE_GROUP]
    assert isinstance(plan, Plan)
    assert plan.changes[0].body == {"description": "new"}


def test_a_rename_sets_address_and_name_and_speaks_of_the_new_address_afterwards() -> None:
    google = in_group()
    half = {key: group_link().delivered[key] for key in ("name", "address")}
    what = gathering(
        name="team", address=f"team@{DOMAIN}", link=group_link(delivered=half), members=None
    )
    delivery = deliver_group(google, what, rules())
    assert verbs(delivery.plan) == [Verb.RENAME_GROUP, Verb.SET_GROUP_SETTINGS]
    assert delivery.plan.changes[1].address == f"team@{DOMAIN}"
    assert google.groups["group-0"].email == f"team@{DOMAIN}"
    assert deliver_group(google, replace(what, link=delivery.link), rules()).requests == ()


def test_who_comes_with_a_rename_comes_to_the_new_address() -> None:
    half = {key: group_link().delivered[key] for key in ("name", "address")}
    what = gathering(
        member("alice"),
        name="team",
        address=f"team@{DOMAIN}",
        link=group_link(delivered=half),
        present=(),
    )
    plan = plan_group(what, rules(), NOW)
    assert isinstance(plan, Plan)
    (added,) = [change for change in plan.changes if Verb.ADD_MEMBER in change.verbs]
    assert added.address == f"team@{DOMAIN}"


def test_members_are_read_only_when_they_moved_or_an_hour_has_passed() -> None:
    what = gathering(member("alice"), link=group_link(), memberships=(membership("alice"),))
    assert verbs(plan_group(what, rules(), NOW + 3600)) == []
    assert plan_group(what, rules(), NOW + 3601) == MembersQuestion("group-0")
    assert plan_group(what, rules(), NOW - 60) == MembersQuestion("group-0")
    assert plan_group(replace(what, memberships=()), rules(), NOW) == MembersQuestion("group-0")


def test_nothing_said_of_members_changes_no_member() -> None:
    what = gathering(members=None, link=group_link(), memberships=(membership("alice"),))
    assert verbs(plan_group(what, rules(), NOW + 9000)) == []


def test_a_linked_group_that_is_gone_is_never_made_anew() -> None:
    google = PureGoogle()
    what = gathering(member("alice"), link=group_link())
    text = refusal(deliver_group(google, what, rules()).plan)
    assert "links forget group:staff" in text
    assert google.groups == {}


# --- removed -------------------------------------------------------------------------------------


def test_a_removed_group_is_emptied_of_what_we_delivered_and_stays() -> None:
    google = in_group(google_member("alice"), google_member("carol"))
    what = replace(GONE, memberships=(membership("alice"),))
    assert verbs(deliver_group(google, what, rules()).plan) == [Verb.REMOVE_MEMBER]
    assert set(google.members["group-0"]) == {f"carol@{DOMAIN}"}
    assert "group-0" in google.groups


def test_a_removed_group_is_left_where_the_settings_say_so() -> None:
    what = replace(GONE, memberships=(membership("alice"),))
    assert verbs(plan_group(what, rules(removed_groups="leave"), NOW)) == []


@pytest.mark.parametrize("law", [rules(), rules(removed_groups="leave"), rules(exact_groups=True)])
def test_no_group_is_deleted_unless_the_settings_say_so(law: Rules) -> None:
    google = in_group(google_member("alice"))
    what = replace(GONE, memberships=(membership("alice"),))
    assert Verb.DELETE_GROUP not in verbs(deliver_group(google, what, law).plan)


def test_delete_removes_only_a_group_that_we_made() -> None:
    law = rules(removed_groups="delete")
    assert verbs(plan_group(GONE, law, NOW)) == [Verb.DELETE_GROUP]
    adopted = replace(GONE, link=group_link(created=False))
    assert verbs(plan_group(adopted, law, NOW)) == []


def test_a_removed_group_that_is_gone_at_google_too_is_done_and_not_asked_for_ever() -> None:
    what = replace(GONE, memberships=(membership("alice"),))
    assert verbs(deliver_group(PureGoogle(), what, rules()).plan) == []


def test_a_removed_group_loses_also_whom_googles_list_does_not_show_yet() -> None:
    what = replace(GONE, memberships=(membership("alice"),))
    assert verbs(deliver_group(in_group(), what, rules()).plan) == [Verb.REMOVE_MEMBER]


@pytest.mark.parametrize("gone", [None, group(deleted=True)])
def test_a_stranger_group_is_invisible(gone: None) -> None:
    assert verbs(plan_group(gathering(group=gone), rules(), NOW)) == []


def test_a_group_that_comes_back_is_ours_as_before() -> None:
    google = in_group(google_member("carol"))
    ended = group_link(ended_at=NOW - 1)
    delivery = deliver_group(google, gathering(member("alice"), link=ended), rules())
    assert set(google.members["group-0"]) == {f"alice@{DOMAIN}"}
    assert delivery.link is not None
    assert delivery.link.ended_at is None
