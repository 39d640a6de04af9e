"""Members are merged three ways: delivered, wanted, at Google; others' members stay."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_builders import (
    DOMAIN,
    gathering,
    google_member,
    group,
    group_link,
    member,
    membership,
    rules,
)
from plan_world import deliver_group, in_group

from gapps_hooks.model import GoogleMember, Member, Membership, Role, Verb
from gapps_hooks.plan.gathering import Gathering, Resolved
from gapps_hooks.plan.members import have_moved, member_changes, memberships_after, stated

NAMES = ("alice", "bob", "carol", "dave")
ROLES = st.sampled_from(Role)
NOTE = "not enabled for Google; left as it is"


def steps(what: Gathering, *, created: bool = True, exact: bool = False) -> list[tuple[Verb, str]]:
    link = group_link(created=created)
    changes = member_changes(what, link, rules(exact_groups=exact))
    return [(change.verbs[0], change.body["email"].partition("@")[0]) for change in changes]


def test_who_is_missing_is_added_and_who_was_delivered_and_is_not_wanted_goes() -> None:
    what = gathering(
        member("alice"),
        present=(google_member("bob"), google_member("carol")),
        memberships=(membership("bob"),),
    )
    expected = [(Verb.ADD_MEMBER, "alice"), (Verb.REMOVE_MEMBER, "bob")]
    assert steps(what, created=False) == expected


def test_a_group_that_we_made_is_exact_among_plain_members_of_our_own() -> None:
    what = gathering(present=(google_member("carol"),))
    assert steps(what) == [(Verb.REMOVE_MEMBER, "carol")]


STRANGERS = (
    google_member("carol", Role.OWNER),
    google_member("carol", Role.MANAGER),
    google_member("carol@elsewhere.net", type="EXTERNAL"),
    google_member("carol@elsewhere.net"),
    google_member("carol", type="GROUP"),
    GoogleMember(id="C1", email="", type="CUSTOMER"),
)


@pytest.mark.parametrize("stranger", STRANGERS)
def test_owners_managers_external_and_nested_members_stay_unless_exact(
    stranger: GoogleMember,
) -> None:
    what = gathering(present=(stranger,))
    assert steps(what) == []
    assert len(steps(what, exact=True)) == 1


def test_who_is_not_enabled_is_neither_added_nor_removed_and_a_note_says_so() -> None:
    waiting = gathering(member("alice", note=NOTE), present=())
    assert steps(waiting) == []
    there = replace(waiting, present=(google_member("alice"),), memberships=(membership("alice"),))
    assert steps(there) == []


def test_a_member_who_has_no_account_any_more_but_is_still_wanted_is_left_as_it_is() -> None:
    what = gathering(
        member("alice", address=None, google_id=None, note="not at Google (yet)"),
        present=(google_member("alice"),),
        memberships=(membership("alice"),),
    )
    assert steps(what) == []
    assert memberships_after(what, {}) == (membership("alice"),)


def test_a_member_is_known_by_id_after_a_rename_at_google() -> None:
    renamed = replace(google_member("alice"), email=f"al@{DOMAIN}")
    what = gathering(
        member("alice"), present=(renamed,), memberships=(membership("alice"),), link=group_link()
    )
    assert steps(what) == []
    assert not have_moved(replace(what, memberships=memberships_after(what, {})))


def test_an_address_of_a_foreign_domain_is_known_by_its_address() -> None:
    eve = "eve@elsewhere.net"
    what = gathering(member(eve, address=eve, google_id=None), present=(google_member(eve),))
    assert steps(what) == []
    assert not have_moved(replace(what, memberships=memberships_after(what, {})))


def test_who_was_added_moments_ago_is_removed_by_id_though_the_list_does_not_show_him() -> None:
    what = gathering(present=(), memberships=(membership("alice"),))
    assert steps(what) == [(Verb.REMOVE_MEMBER, "alice")]
    by_address = replace(membership("alice"), google_id=None)
    assert steps(replace(what, memberships=(by_address,))) == []


# --- roles ---------------------------------------------------------------------------------------


def test_a_promotion_is_delivered() -> None:
    what = gathering(member("alice", Role.OWNER), present=(google_member("alice"),))
    assert steps(what) == [(Verb.CHANGE_ROLE, "alice")]


def test_a_role_that_was_given_at_google_is_taken_away_only_if_we_delivered_it() -> None:
    what = gathering(member("alice"), present=(google_member("alice", Role.OWNER),))
    assert steps(what) == []
    assert steps(what, exact=True) == [(Verb.CHANGE_ROLE, "alice")]
    ours = replace(what, memberships=(membership("alice", Role.OWNER),))
    assert steps(ours) == [(Verb.CHANGE_ROLE, "alice")]


@pytest.mark.parametrize("wanted", [(), (member("alice"),)], ids=["unnamed", "named as member"])
def test_holders_of_a_role_of_which_nothing_was_said_stay_in_it(
    wanted: tuple[Resolved, ...],
) -> None:
    said = group(*(Member(one.reference) for one in wanted), unsaid_roles=frozenset({Role.OWNER}))
    what = gathering(
        *wanted,
        group=said,
        present=(google_member("alice", Role.OWNER), google_member("bob")),
        memberships=(membership("alice", Role.OWNER), membership("bob")),
    )
    assert steps(what) == [(Verb.REMOVE_MEMBER, "bob")]
    assert memberships_after(what, {}) == (membership("alice", Role.OWNER),)


def test_a_promotion_out_of_an_unsaid_role_is_delivered() -> None:
    said = group(Member("alice", Role.OWNER), unsaid_roles=frozenset({Role.MEMBER}))
    what = gathering(
        member("alice", Role.OWNER),
        group=said,
        present=(google_member("alice"), google_member("bob")),
        memberships=(membership("alice"), membership("bob")),
    )
    assert steps(what) == [(Verb.CHANGE_ROLE, "alice")]


def test_the_strongest_of_several_roles_counts_and_the_account_is_added_once() -> None:
    address = member("alice", Role.MANAGER, google_id=None)
    twice = gathering(
        member("alice"),
        member("alice", Role.OWNER),
        replace(address, reference=f"alice@{DOMAIN}"),
        present=(),
    )
    (only,) = member_changes(twice, group_link(), rules())
    assert only.body == {"email": f"alice@{DOMAIN}", "role": "OWNER"}
    references = [one.reference for one in memberships_after(twice, {f"alice@{DOMAIN}": None})]
    assert references == ["alice", f"alice@{DOMAIN}"]


# --- whatever both sides say ---------------------------------------------------------------------

WANTED = st.lists(
    st.builds(
        member,
        st.sampled_from(NAMES),
        ROLES,
        note=st.none() | st.just(NOTE),
    ),
    max_size=4,
).map(tuple)
PRESENT = st.lists(
    st.builds(google_member, st.sampled_from([*NAMES, "eve@elsewhere.net"]), ROLES),
    max_size=5,
    unique_by=lambda one: one.email,
).map(tuple)
DELIVERED = st.lists(
    st.builds(membership, st.sampled_from(NAMES), ROLES),
    max_size=4,
    unique_by=lambda one: one.reference,
).map(tuple)
UNSAID = st.frozensets(ROLES)


def scene(
    wanted: tuple[Resolved, ...], ours: tuple[Membership, ...], unsaid: frozenset[Role]
) -> Gathering:
    said = group(unsaid_roles=unsaid)
    return gathering(*wanted, group=said, memberships=ours)


@given(wanted=WANTED, present=PRESENT, ours=DELIVERED, unsaid=UNSAID)
def test_members_whom_we_did_not_deliver_survive_in_adopted_groups(
    wanted: tuple[Resolved, ...],
    present: tuple[GoogleMember, ...],
    ours: tuple[Membership, ...],
    unsaid: frozenset[Role],
) -> None:
    what = replace(scene(wanted, ours, unsaid), present=present)
    changes = member_changes(what, group_link(created=False), rules())
    removed = {one.body["email"] for one in changes if one.verbs == (Verb.REMOVE_MEMBER,)}
    assert removed <= {one.address for one in ours}
    assert not removed & {one.address for one in wanted}
    assert not removed & {one.address for one in ours if one.role in unsaid}


@given(wanted=WANTED, present=PRESENT, ours=DELIVERED, created=st.booleans())
def test_nobody_is_demoted_who_was_raised_at_google_and_is_a_plain_member_here(
    wanted: tuple[Resolved, ...],
    present: tuple[GoogleMember, ...],
    ours: tuple[Membership, ...],
    created: bool,  # noqa: FBT001 - a case
) -> None:
    what = replace(scene(wanted, ours, frozenset()), present=present)
    delivered = {(one.address, one.role) for one in ours}
    for change in member_changes(what, group_link(created=created), rules()):
        if change.verbs == (Verb.CHANGE_ROLE,) and change.body["role"] == Role.MEMBER:
            assert (change.body["email"], Role(change.before["role"])) in delivered


@given(
    wanted=WANTED,
    present=PRESENT,
    ours=DELIVERED,
    unsaid=UNSAID,
    created=st.booleans(),
    exact=st.booleans(),
)
def test_members_that_were_delivered_are_not_delivered_again(  # noqa: PLR0913, PLR0917 - a scene
    wanted: tuple[Resolved, ...],
    present: tuple[GoogleMember, ...],
    ours: tuple[Membership, ...],
    unsaid: frozenset[Role],
    created: bool,  # noqa: FBT001 - a case
    exact: bool,  # noqa: FBT001 - a case
) -> None:
    law = rules(exact_groups=exact)
    google = in_group(*present)
    unsure = group_link(created=created, confirmed_at=0.0)
    what = replace(scene(wanted, ours, unsaid), link=unsure)
    first = deliver_group(google, what, law)
    again = replace(what, link=first.link, memberships=first.memberships)
    assert deliver_group(google, again, law).requests == ()
    asked = replace(again, present=tuple(google.members["group-0"].values()))
    assert first.link is not None
    assert member_changes(asked, first.link, law) == ()


@given(wanted=WANTED, ours=DELIVERED, unsaid=UNSAID)
def test_each_reference_is_remembered_once(
    wanted: tuple[Resolved, ...], ours: tuple[Membership, ...], unsaid: frozenset[Role]
) -> None:
    what = scene(wanted, ours, unsaid)
    kept = [one.reference for one in stated(what) or ()]
    assert len(kept) == len(set(kept))
    assert {one.reference for one in wanted} <= set(kept)


@given(wanted=WANTED, unsaid=UNSAID, exact=st.booleans())
def test_a_group_that_is_made_has_exactly_its_members_and_leaves_nothing_to_do(
    wanted: tuple[Resolved, ...],
    unsaid: frozenset[Role],
    exact: bool,  # noqa: FBT001 - a case
) -> None:
    law = rules(exact_groups=exact)
    google = in_group()
    google.groups.clear()
    google.members.clear()
    what = scene(wanted, (), unsaid)
    first = deliver_group(google, what, law)
    inside = set(google.members.get("group-0", {}))
    last_word = {one.reference: one for one in wanted}
    assert inside == {one.address for one in last_word.values() if one.note is None}
    again = replace(what, link=first.link, memberships=first.memberships)
    assert deliver_group(google, again, law).requests == ()
