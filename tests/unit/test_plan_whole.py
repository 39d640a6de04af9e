"""The plan of everybody is a value: its order, its counts, and digests that any change moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_builders import digest, password

from gapps_hooks.model import Change, Kind, Plan, Verb
from gapps_hooks.plan.whole import Piece, Whole, count, fingerprint, in_order, whole_digest


def piece(name: str, *verbs: Verb, kind: Kind = Kind.USER, **fields: Any) -> Piece:  # noqa: ANN401 - its fields
    change = Change(verbs=verbs, google_id="1", address=f"{name}@example.org", body={"a": 1})
    return Piece(kind=kind, name=name, plan=Plan(changes=(change,)), **fields)


RESTORED = piece("restored", Verb.RESTORE, Verb.UPDATE)
UPDATED = piece("updated", Verb.UPDATE)
CREATED = piece("created", Verb.CREATE)
GROUP = piece("group", Verb.CREATE_GROUP, kind=Kind.GROUP)
SUSPENDED = piece("suspended", Verb.SUSPEND)
DELETED = piece("deleted", Verb.DELETE_GROUP, kind=Kind.GROUP)
ORDER = (RESTORED, UPDATED, CREATED, GROUP, DELETED, SUSPENDED)


@given(st.permutations(ORDER))
@settings(deadline=None)
def test_restores_come_before_creations_users_before_groups_and_suspensions_last(
    pieces: list[Piece],
) -> None:
    assert in_order(pieces) == ORDER


def test_of_the_same_rank_names_decide() -> None:
    found = in_order([piece("b", Verb.CREATE), piece("a", Verb.CREATE)])
    assert [one.name for one in found] == ["a", "b"]


def test_every_verb_of_a_request_counts_but_a_new_accounts_password() -> None:
    one = Change(verbs=(Verb.RENAME, Verb.PASSWORD), google_id="1", address="a@example.org")
    new = replace(one, verbs=(Verb.CREATE, Verb.PASSWORD))
    assert count([one, new]) == {Verb.RENAME: 1, Verb.PASSWORD: 1, Verb.CREATE: 1}
    assert Whole(pieces=ORDER).counts()[Verb.UPDATE] == 2


def test_people_name_a_group_with_its_kind() -> None:
    assert GROUP.key == "group:group"
    assert UPDATED.key == "updated"


@pytest.mark.parametrize(
    "other",
    [
        replace(UPDATED, generation=1),
        replace(UPDATED, actual="x"),
        replace(UPDATED, desired="x"),
        replace(UPDATED, name="x"),
        replace(UPDATED, plan=Plan()),
        piece("updated", Verb.UPDATE, Verb.RESTORE),
    ],
)
def test_whatever_is_otherwise_makes_another_fingerprint(other: Piece) -> None:
    assert fingerprint(other, digest) != fingerprint(UPDATED, digest)
    assert whole_digest([other], digest) != whole_digest([UPDATED], digest)


def test_another_password_is_another_plan() -> None:
    (change,) = UPDATED.plan.changes
    with_one = replace(UPDATED, plan=Plan(changes=(replace(change, password=password("$6$a$b")),)))
    with_two = replace(UPDATED, plan=Plan(changes=(replace(change, password=password("$6$a$c")),)))
    assert fingerprint(with_one, digest) != fingerprint(with_two, digest)
    assert "$6$" not in fingerprint(with_one, digest)


def test_the_order_of_pieces_is_part_of_the_plan() -> None:
    assert whole_digest(ORDER, digest) != whole_digest(ORDER[::-1], digest)


def test_a_plan_says_whether_there_is_anything_in_it() -> None:
    assert not Whole(pieces=()).changes
    assert Whole(pieces=(UPDATED,)).changes
    assert not Whole(pieces=(UPDATED,)).refusals
