"""Members who have another name in the source than here: who is meant before and after it came."""

from __future__ import annotations

import pytest

from gapps_hooks.model import Kind, Member, Membership
from gapps_hooks.outbox import State, roll, subjects
from gapps_hooks.reconcile.new_names import NewNames

RENAMED = ((Kind.USER, "alice", "alicia"), (Kind.GROUP, "staff", "team"))


@pytest.fixture
def names(state: State) -> NewNames:
    """Alice is called alicia in the source, and the group staff is called team."""
    names = NewNames()
    for kind, old, new in RENAMED:
        subjects.create(state, kind, old)
        (known,) = roll.outlines(state, kind)
        names.note(kind, {new: known})
    return names


def as_known(names: NewNames, state: State, *references: str) -> list[str]:
    return [one.reference for one in names.as_known(state, map(Member, references))]


def give_new_names(state: State) -> None:
    for kind, old, new in RENAMED:
        subjects.rename(state, subjects.of_name(state, kind, old) or 0, new)


def test_a_member_has_the_old_name_until_the_new_one_came(names: NewNames, state: State) -> None:
    wanted = ("alicia", "policy:alicia", "group:team", "bob", "zoe@example.com")
    before = ["alice", "policy:alice", "group:staff", "bob", "zoe@example.com"]
    assert as_known(names, state, *wanted) == before
    give_new_names(state)
    assert as_known(names, state, *wanted) == list(wanted)


def test_a_newcomer_has_the_name_once_it_is_free(names: NewNames, state: State) -> None:
    newcomers = ("alice", "policy:alice", "group:staff")
    assert as_known(names, state, *newcomers) == []
    give_new_names(state)
    assert as_known(names, state, *newcomers) == list(newcomers)


def test_an_old_name_that_passed_to_another_is_not_used(names: NewNames, state: State) -> None:
    subjects.create(state, Kind.USER, "alice")
    assert as_known(names, state, "alicia", "alice") == ["alicia", "alice"]


def test_what_was_delivered_stands_under_the_new_name_unless_that_has_a_row_already(
    names: NewNames,
) -> None:
    def delivered(*references: str) -> list[str]:
        rows = tuple(Membership(reference=one) for one in references)
        return [row.reference for row in names.delivered(rows)]

    assert delivered("alice", "bob", "group:staff") == ["alicia", "bob", "group:team"]
    assert delivered("alice", "alicia") == ["alice", "alicia"]
