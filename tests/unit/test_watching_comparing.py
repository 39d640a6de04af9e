"""What two looks at the local accounts come to: which events, and what is remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.model import UNSET, EventKind, Kind
from gapps_hooks.outbox.seen import Seen
from gapps_hooks.watching.comparing import Absence, Comparison, Difference, compare
from gapps_hooks.watching.sight import Present, Sight

ADD, MODIFY, DELETE = EventKind.USER_ADD, EventKind.USER_MODIFY, EventKind.USER_DELETE
PASSWORD, GROUP = EventKind.PASSWORD_SET, EventKind.GROUP_CHANGE
BOTH = frozenset(Kind)


def person(name: str, uid: int = 1001, /, **marks: str) -> Present:
    """A person; a digest is what it is a digest of, which a pure function cannot tell."""
    known = {"about": name.title(), "active": "True", "ruled": "True", "gecos": name.title()}
    known |= {"home": f"/home/{name}", "hash": f"hash of {name}"}
    seen = Seen(kind=Kind.USER, key=name, identity=f"uid:{uid}", marks={**known, **marks})
    enabled = seen.marks["active"] == seen.marks["ruled"] == "True"
    home = seen.marks["home"].rpartition("/")[2]
    return Present(name=name, seen=seen, enabled=enabled, open=True, home=home)


def without(one: Present, *marks: str) -> Present:
    kept = {what: mark for what, mark in one.seen.marks.items() if what not in marks}
    is_open = one.open and "hash" not in marks
    return replace(one, seen=replace(one.seen, marks=kept), open=is_open)


def group(name: str, *members: str, gid: int = 2001) -> Present:
    marks = {"members": ",".join(members)}
    seen = Seen(kind=Kind.GROUP, key=name, identity=f"gid:{gid}", marks=marks)
    return Present(name=name, seen=seen, peopled=bool(members))


def happened(  # noqa: PLR0913 - what a look may find, each by its name
    before: Iterable[Present],
    now: Iterable[Present],
    *,
    complete: frozenset[Kind] = BOTH,
    unknown: frozenset[str] = frozenset(),
    left_out: frozenset[str] = frozenset(),
    left_over: Mapping[str, str] | None = None,
    ruled: bool = True,
) -> Comparison:
    seen = {one.seen.place: one.seen for one in before}
    rest = left_over or {}
    absence = Absence(
        names={place: place[1] for place in seen if place[1] not in unknown},
        left_out=lambda _, name: name in left_out,
        left_over=lambda _, name: rest.get(name),
    )
    present = {one.seen.place: one for one in now}
    sight = Sight(present=present, complete=complete, rule="rule")
    return compare(seen, sight, absence, ruled=ruled)


def told(
    *arguments: Iterable[Present],
    **more: Any,  # noqa: ANN401 - passed on
) -> list[tuple[EventKind, str]]:
    return [(one.event, one.name) for one in happened(*arguments, **more).differences]


ALICE = person("alice")
BOB = person("bob", 1002)


def test_nothing_happened() -> None:
    assert happened([ALICE, BOB], [BOB, ALICE]) == Comparison()


# --- people --------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["about", "active", "ruled"])
def test_what_google_is_told_of_a_person_makes_an_event(what: str) -> None:
    changed = person("alice", **{what: "another"})
    found = happened([ALICE], [changed])
    assert [(one.event, one.name) for one in found.differences] == [(MODIFY, "alice")]
    assert found.seen == (changed.seen,)


@pytest.mark.parametrize("what", ["gecos", "home"])
def test_what_only_tells_who_somebody_is_makes_none(what: str) -> None:
    changed = person("alice", **{what: "another"})
    found = happened([ALICE], [changed])
    assert found.differences == ()
    assert found.seen == (changed.seen,)


@pytest.mark.parametrize("what", ["active", "ruled"])
def test_becoming_enabled_is_a_wish_and_the_contrary_is_none(what: str) -> None:
    off = person("alice", **{what: "False"})
    (on_again,) = happened([off], [ALICE]).differences
    (gone_off,) = happened([ALICE], [off]).differences
    assert (on_again.wish, gone_off.wish) == (True, False)


def test_what_cannot_be_known_is_no_wish() -> None:
    off, unknown = person("alice", ruled="False"), person("alice", ruled="UNSET")
    (difference,) = happened([off], [replace(unknown, enabled=UNSET)]).differences
    assert not difference.wish


def test_another_rule_in_the_settings_is_no_change_of_the_files() -> None:
    off = person("alice", ruled="False")
    assert happened([ALICE], [off], ruled=False).differences == ()
    locked = person("alice", active="False", ruled="False")
    assert told([ALICE], [locked], ruled=False) == [(MODIFY, "alice")]


def test_a_new_person_is_added_and_an_old_one_deleted() -> None:
    assert told([ALICE], [ALICE, BOB]) == [(ADD, "bob"), (PASSWORD, "bob")]
    found = happened([ALICE, BOB], [ALICE])
    assert [(one.event, one.name) for one in found.differences] == [(DELETE, "bob")]
    assert found.gone == ((Kind.USER, "bob"),)


def test_a_person_who_concerned_nobody_is_forgotten_without_a_word() -> None:
    found = happened([ALICE, BOB], [ALICE], unknown=frozenset({"bob"}))
    assert (found.differences, found.gone) == ((), ((Kind.USER, "bob"),))


# --- absence -------------------------------------------------------------------------------------


def test_an_absence_from_an_incomplete_list_means_nothing() -> None:
    assert happened([ALICE, BOB], [ALICE], complete=frozenset({Kind.GROUP})) == Comparison()


def test_one_who_is_only_half_gone_is_doubted() -> None:
    found = happened([ALICE, BOB], [ALICE], left_over={"bob": "shadow"})
    assert (found.differences, found.gone) == ((), ())
    assert found.doubts == ("bob is no longer listed, but still in shadow",)


def test_one_who_is_still_there_but_does_not_count_is_looked_at() -> None:
    found = happened([ALICE, BOB], [ALICE], left_out=frozenset({"bob"}))
    assert [(one.event, one.name) for one in found.differences] == [(MODIFY, "bob")]
    assert found.gone == ((Kind.USER, "bob"),)


# --- names and numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize("kept", ["gecos", "hash", "home"])
def test_a_number_and_one_trace_unchanged_is_the_same_person_renamed(kept: str) -> None:
    marks = {what: f"another {what}" for what in ("gecos", "hash", "home")}
    marks[kept] = ALICE.seen.marks[kept]
    found = happened([ALICE], [person("alison", **marks)])
    first = found.differences[0]
    assert (first.event, first.name, first.old_name) == (MODIFY, "alison", "alice")
    assert found.gone == ((Kind.USER, "alice"),)


def test_a_reused_number_alone_is_somebody_else() -> None:
    newcomer = person("alison", gecos="Alison", hash="new", home="/home/alison")
    assert told([ALICE], [newcomer]) == [(DELETE, "alice"), (ADD, "alison"), (PASSWORD, "alison")]


def test_a_shared_home_makes_nobody_the_same() -> None:
    before = person("alice", home="/srv/shop")
    newcomer = person("alison", gecos="Alison", hash="new", home="/srv/shop")
    assert told([before], [newcomer])[0] == (DELETE, "alice")


def test_a_rename_with_a_new_password_tells_both() -> None:
    renamed = person("alison", gecos="Alice", hash="new")
    assert told([ALICE], [renamed]) == [(MODIFY, "alison"), (PASSWORD, "alison")]


def test_nobody_is_renamed_on_the_word_of_an_incomplete_list() -> None:
    renamed = person("alison", gecos="Alice", hash="hash of alice")
    events = told([ALICE], [renamed], complete=frozenset({Kind.GROUP}))
    assert events == [(ADD, "alison"), (PASSWORD, "alison")]


def test_another_number_of_the_same_person_is_a_change() -> None:
    assert told([ALICE], [person("alice", 2000)]) == [(MODIFY, "alice")]


def test_a_name_that_passed_to_another_is_one_deleted_and_one_added() -> None:
    another = person("alice", 2000, gecos="Alice Two", hash="another")
    assert told([ALICE], [another]) == [(DELETE, "alice"), (ADD, "alice"), (PASSWORD, "alice")]


def test_a_name_is_given_up_before_another_takes_it() -> None:
    taken = person("bob", 1001, gecos="Alice", hash="hash of alice")
    differences = happened([ALICE, BOB], [taken]).differences
    assert [(one.event, one.name, one.old_name) for one in differences] == [
        (DELETE, "bob", None),
        (MODIFY, "bob", "alice"),
    ]


# --- passwords -----------------------------------------------------------------------------------


def test_another_hash_is_a_password() -> None:
    assert told([ALICE], [person("alice", hash="new")]) == [(PASSWORD, "alice")]


def test_a_first_password_is_one_too_if_the_person_was_known_without() -> None:
    assert told([without(ALICE, "hash")], [ALICE]) == [(PASSWORD, "alice")]


def test_a_newcomers_password_is_marked_as_having_come_with_the_person() -> None:
    last = happened([], [ALICE]).differences[-1]
    assert last == Difference(event=PASSWORD, name="alice", came_with="hash of alice")


def test_locking_and_unlocking_is_no_password() -> None:
    locked = replace(person("alice", active="False"), open=False, enabled=False)
    found = happened([ALICE], [locked])
    assert [one.event for one in found.differences] == [MODIFY]
    (seen,) = found.seen
    assert seen.marks["hash"] == "hash of alice"
    unlocked = happened([replace(locked, seen=seen)], [ALICE])
    assert [one.event for one in unlocked.differences] == [MODIFY]


def test_a_password_set_while_locked_is_told_when_it_is_unlocked() -> None:
    locked = replace(person("alice", active="False", hash="new"), open=False, enabled=False)
    (seen,) = happened([ALICE], [locked]).seen
    unlocked = told([replace(locked, seen=seen)], [person("alice", hash="new")])
    assert unlocked == [(MODIFY, "alice"), (PASSWORD, "alice")]


def test_a_password_taken_away_is_none() -> None:
    assert told([ALICE], [without(ALICE, "hash")]) == []


# --- groups --------------------------------------------------------------------------------------


def test_other_members_make_an_event() -> None:
    assert told([group("team", "alice")], [group("team", "alice", "bob")]) == [(GROUP, "team")]


def test_new_and_gone_groups_are_told() -> None:
    assert told([], [group("team")]) == [(GROUP, "team")]
    (difference,) = happened([group("team")], []).differences
    assert (difference.event, difference.deleted) == (GROUP, True)


def test_members_that_nobody_tells_any_more_are_not_gone() -> None:
    silent = without(group("team", "alice"), "members")
    found = happened([group("team", "alice")], [silent])
    assert found == Comparison()


def test_the_same_number_and_members_is_a_group_renamed() -> None:
    (difference,) = happened([group("team", "alice")], [group("crew", "alice")]).differences
    assert (difference.name, difference.old_name) == ("crew", "team")


def test_an_empty_group_of_a_reused_number_is_a_new_one() -> None:
    assert told([group("team")], [group("crew")]) == [(GROUP, "team"), (GROUP, "crew")]


def test_a_group_comes_after_its_people_and_goes_before_others_come() -> None:
    now = [group("crew", "bob", gid=2002), BOB]
    assert told([group("team", "alice"), ALICE], now) == [
        (DELETE, "alice"),
        (ADD, "bob"),
        (PASSWORD, "bob"),
        (GROUP, "team"),
        (GROUP, "crew"),
    ]


# --- whatever happens ----------------------------------------------------------------------------

FEW = st.sampled_from(["ann", "bob", "cat", "dan"])
PEOPLE = st.dictionaries(
    FEW,
    st.builds(
        lambda uid, hash_, active: (uid, hash_, active),
        st.integers(1, 4),
        st.sampled_from(["old", "new"]),
        st.booleans(),
    ),
)
TEAMS = st.dictionaries(
    st.sampled_from(["red", "blue"]), st.tuples(st.integers(1, 2), st.lists(FEW, unique=True))
)


def everybody(
    people: Mapping[str, tuple[int, str, bool]], teams: Mapping[str, tuple[int, list[str]]]
) -> list[Present]:
    found = [
        replace(person(name, uid, hash=hash_, active=str(active)), open=active, enabled=active)
        for name, (uid, hash_, active) in people.items()
    ]
    return [*found, *(group(name, *members, gid=gid) for name, (gid, members) in teams.items())]


@given(PEOPLE, TEAMS, PEOPLE, TEAMS, st.sampled_from([BOTH, frozenset({Kind.GROUP})]))
def test_what_was_told_once_is_not_told_again(
    people: dict[str, tuple[int, str, bool]],
    teams: dict[str, tuple[int, list[str]]],
    later_people: dict[str, tuple[int, str, bool]],
    later_teams: dict[str, tuple[int, list[str]]],
    complete: frozenset[Kind],
) -> None:
    before, now = everybody(people, teams), everybody(later_people, later_teams)
    found = happened(before, now, complete=complete)
    seen = {one.seen.place: one.seen for one in before}
    seen |= {one.place: one for one in found.seen}
    for place in found.gone:
        del seen[place]
    absence = Absence(
        names={place: place[1] for place in seen},
        left_out=lambda *_: False,
        left_over=lambda *_: None,
    )
    present = {one.seen.place: one for one in now}
    sight = Sight(present=present, complete=complete, rule="rule")
    again = compare(seen, sight, absence, ruled=True)
    assert again == Comparison()
    if complete == BOTH:
        assert seen.keys() == present.keys()
    else:
        deleted = {one.name for one in found.differences if one.event is DELETE}
        assert deleted <= later_people.keys()


@given(PEOPLE, PEOPLE)
def test_every_name_that_is_gone_is_deleted_or_has_another_name(
    people: dict[str, tuple[int, str, bool]], later_people: dict[str, tuple[int, str, bool]]
) -> None:
    differences = happened(everybody(people, {}), everybody(later_people, {})).differences
    deleted = {one.name for one in differences if one.event is DELETE}
    renamed = {one.old_name for one in differences if one.old_name is not None}
    assert people.keys() - later_people.keys() <= deleted | renamed
    assert not deleted & renamed
