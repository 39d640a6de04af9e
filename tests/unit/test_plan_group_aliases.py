"""The aliases of a group are merged in three ways: said, delivered, and at Google."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from plan_builders import DOMAIN, NOW, digest, gathering, group, group_link, rules, verbs

from gapps_hooks.model import UNSET, GoogleGroup, Plan, Question, Unset, Verb
from gapps_hooks.plan.alias_merging import aliases_of, digests_after, steps
from gapps_hooks.plan.gathering import Gathering
from gapps_hooks.plan.group import plan_group

STAFF = f"staff@{DOMAIN}"
NAMES = [f"{name}@{DOMAIN}" for name in ("a", "b", "c", "d")]
A, B, C, _ = NAMES
some = st.lists(st.sampled_from(NAMES), unique=True).map(tuple)


def delivered(*aliases: str) -> Gathering:
    """A group that was delivered with these aliases, of which nothing is said now."""
    link = group_link()
    digests = tuple(sorted(map(digest, aliases)))
    return gathering(link=replace(link, delivered={**link.delivered, "aliases": digests}))


def saying(what: Gathering, aliases: tuple[str, ...] | Unset) -> Gathering:
    return replace(what, group=group(aliases=aliases))


def at_google(what: Gathering, *aliases: str) -> Gathering:
    actual = GoogleGroup(id=group_link().google_id, email=STAFF, name="staff", aliases=aliases)
    return replace(what, asked=True, actual=actual, present=())


def planned(what: Gathering, **law: object) -> list[tuple[Verb, str]]:
    plan = plan_group(what, rules(**law), NOW)
    assert isinstance(plan, Plan)
    return [(change.verbs[0], change.body["alias"]) for change in plan.changes]


def test_google_is_asked_only_for_the_text_of_what_has_to_go() -> None:
    known = delivered(A)
    assert plan_group(saying(known, (B,)), rules(), NOW) == Question(group_link().google_id)
    assert planned(saying(known, (A, B))) == [(Verb.ADD_GROUP_ALIAS, B)]
    assert planned(saying(known, (A,))) == []
    assert planned(saying(known, UNSET)) == []


def test_what_others_added_stays() -> None:
    what = at_google(saying(delivered(A), (B,)), A, C)
    assert planned(what) == [(Verb.REMOVE_GROUP_ALIAS, A), (Verb.ADD_GROUP_ALIAS, B)]


def test_after_a_read_that_was_not_whole_nothing_is_asked_or_taken_away() -> None:
    what = saying(delivered(A), (B,))
    assert planned(what, adding_only=True) == [(Verb.ADD_GROUP_ALIAS, B)]
    assert planned(at_google(what, A), adding_only=True) == [(Verb.ADD_GROUP_ALIAS, B)]


def test_an_alias_that_becomes_the_address_is_neither_taken_away_nor_missed() -> None:
    what = at_google(saying(delivered(A), ()), A)
    plan = plan_group(replace(what, address=A), rules(), NOW)
    assert Verb.RENAME_GROUP in verbs(plan)
    assert not {Verb.REMOVE_GROUP_ALIAS, Verb.ADD_GROUP_ALIAS}.intersection(verbs(plan))


def test_a_group_that_came_back_knows_which_aliases_were_ours() -> None:
    what = at_google(saying(delivered(A), ()), A, C)
    assert what.link is not None
    plan = plan_group(replace(what, link=replace(what.link, ended_at=NOW - 1)), rules(), NOW)
    assert verbs(plan) == [Verb.ADOPT, Verb.REMOVE_GROUP_ALIAS]


def test_a_group_that_is_gone_loses_the_aliases_that_we_delivered() -> None:
    gone = replace(delivered(A), group=None, members=())
    assert plan_group(gone, rules(), NOW) == Question(group_link().google_id)
    assert planned(at_google(gone, A, C)) == [(Verb.REMOVE_GROUP_ALIAS, A)]
    assert planned(replace(gone, link=group_link())) == []


def test_a_group_that_is_left_keeps_its_aliases() -> None:
    gone = replace(delivered(A), group=None, members=())
    for law in ({"removed_groups": "leave"}, {"adding_only": True}):
        assert planned(at_google(gone, A), **law) == []


@given(said=some, before=some, present=some)
def test_what_is_said_comes_what_only_we_delivered_goes_and_the_rest_stays(
    said: tuple[str, ...], before: tuple[str, ...], present: tuple[str, ...]
) -> None:
    known = aliases_of(said, STAFF, delivered(*before).link, present)
    after, ours = set(present), None
    for step in steps(known, rules()):
        (after.add if step.adds else after.remove)(step.alias)
        ours = step.ours
    assert after == set(said) | (set(present) - set(before))
    wanted = tuple(sorted(map(digest, said)))
    assert digests_after(known, rules()) == wanted
    # What is remembered on the way is in the end no less than what is remembered at once.
    assert ours is None or set(ours) >= set(wanted)
    assert not list(steps(aliases_of(said, STAFF, None, tuple(after)), rules()))
