"""Which subject an event is about when names change hands."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gapps_hooks.model import Event, EventKind, Identity, Kind, Link, Membership, PasswordHash
from gapps_hooks.outbox import State, creations, entries, links, memberships, open_state, subjects
from gapps_hooks.outbox.entries import Entry

numbers = itertools.count(1)
ADD = EventKind.USER_ADD
MODIFY = EventKind.USER_MODIFY
DELETE = EventKind.USER_DELETE
PASSWORD = EventKind.PASSWORD_SET
FIRST, SECOND = Identity("uid", "1001"), Identity("uid", "1002")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state", domain="example.org") as opened:
        yield opened


def event(kind: EventKind, name: str, **fields: Any) -> Event:  # noqa: ANN401 - any of the fields
    return Event(id=f"{next(numbers):032x}", kind=kind, name=name, **fields)


def record(state: State, kind: EventKind, name: str, **fields: Any) -> Entry:  # noqa: ANN401 - any of the fields
    receipt = entries.record(state, event(kind, name, **fields))
    entry = entries.get(state, receipt.subject)
    assert entry is not None
    return entry


def link(state: State, subject: int, name: str, **fields: Any) -> Link:  # noqa: ANN401 - any of the fields
    made = Link(
        subject=subject,
        google_id=f"id-{name}",
        address=f"{name}@example.org",
        name=name,
        **fields,
    )
    links.save(state, made)
    return made


def user(state: State, name: str) -> int | None:
    return subjects.of_name(state, Kind.USER, name)


# --- one name, several people ------------------------------------------------------------------


def test_delete_add_delete_of_one_name_and_person_is_one_subject(state: State) -> None:
    first = record(state, DELETE, "alice", identity=FIRST)
    second = record(state, ADD, "alice", identity=FIRST, patch={"given_name": "A"})
    third = record(state, DELETE, "alice", identity=FIRST)
    assert first.subject == second.subject == third.subject
    assert (second.removed, second.added) == (False, True)
    assert (third.removed, third.added, third.patch, third.generation) == (True, False, {}, 3)


def test_delete_add_delete_of_one_name_and_two_people_is_two_subjects(state: State) -> None:
    old = record(state, DELETE, "alice", identity=FIRST)
    new = record(state, ADD, "alice", identity=SECOND)
    gone = record(state, DELETE, "alice", identity=SECOND)
    assert new.subject == gone.subject != old.subject
    assert user(state, "alice") == new.subject
    assert entries.get(state, old.subject) == old
    assert gone.removed


def test_a_name_whose_account_ended_at_google_starts_anew_for_another_id(state: State) -> None:
    old = record(state, ADD, "alice", identity=FIRST)
    link(state, old.subject, "alice", identity=FIRST)
    entries.settle(state, old)
    links.end(state, old.subject, 5.0)
    new = record(state, ADD, "alice", identity=SECOND)
    assert new.subject != old.subject
    assert links.of(state, new.subject) is None
    assert subjects.name_of(state, old.subject) == "alice"


@pytest.mark.parametrize(
    ("known", "given"),
    [(FIRST, None), (None, SECOND), (FIRST, FIRST), (FIRST, Identity("entryUUID", "x"))],
)
def test_without_two_ids_that_differ_the_name_alone_decides(
    state: State, known: Identity | None, given: Identity | None
) -> None:
    old = record(state, DELETE, "alice", identity=known)
    assert record(state, ADD, "alice", identity=given).subject == old.subject


def test_an_id_that_differs_makes_no_new_subject_while_the_old_one_lives(state: State) -> None:
    old = record(state, ADD, "alice", identity=FIRST)
    assert record(state, ADD, "alice", identity=SECOND).subject == old.subject


def test_a_person_who_comes_back_under_the_old_name_is_the_same_subject(state: State) -> None:
    old = record(state, DELETE, "alice", identity=FIRST)
    other = record(state, ADD, "alice", identity=SECOND)
    record(state, DELETE, "alice", identity=SECOND)
    back = record(state, ADD, "alice", identity=FIRST)
    assert back.subject == old.subject != other.subject
    assert user(state, "alice") == old.subject


def test_a_late_deletion_of_the_former_holder_does_not_hit_the_present_one(state: State) -> None:
    old = record(state, DELETE, "alice", identity=FIRST)
    new = record(state, ADD, "alice", identity=SECOND)
    late = record(state, DELETE, "alice", identity=FIRST)
    assert late.subject == old.subject
    present = entries.get(state, new.subject)
    assert present is not None
    assert not present.removed


def test_the_same_number_for_another_name_stays_another_subject(state: State) -> None:
    alice = record(state, DELETE, "alice", identity=FIRST)
    bob = record(state, ADD, "bob", identity=FIRST)
    assert alice.subject != bob.subject
    assert subjects.with_identity(state, Kind.USER, FIRST) == (alice.subject, bob.subject)
    assert subjects.with_identity(state, Kind.GROUP, FIRST) == ()


def test_a_linked_persons_identity_is_not_overwritten_by_an_event(state: State) -> None:
    entry = record(state, ADD, "alice", identity=FIRST)
    link(state, entry.subject, "alice", identity=FIRST)
    assert record(state, MODIFY, "alice", identity=SECOND).identity == SECOND
    assert subjects.identities(state, entry.subject) == (FIRST,)


# --- renames -----------------------------------------------------------------------------------


def test_a_rename_repoints_the_name_in_the_recording_transaction(state: State) -> None:
    bob = record(state, ADD, "bob")
    link(state, bob.subject, "bob")
    entries.settle(state, bob)
    carol = record(state, MODIFY, "carol", old_name="bob")
    assert carol.subject == bob.subject
    assert (carol.name, carol.old_name) == ("carol", "bob")
    assert (user(state, "carol"), user(state, "bob")) == (bob.subject, None)


def test_a_password_that_waits_while_its_owner_is_renamed_goes_with_the_owner(state: State) -> None:
    password = PasswordHash("crypt", "$6$waiting")
    record(state, PASSWORD, "bob", password=password)
    carol = record(state, MODIFY, "carol", old_name="bob", patch={"given_name": "Carol"})
    assert (carol.name, carol.password, carol.patch) == (
        "carol",
        password,
        {"given_name": "Carol"},
    )
    assert len(entries.all_entries(state)) == 1


def test_a_new_name_that_came_ahead_of_the_rename_is_merged_in_the_events_order(
    state: State,
) -> None:
    bob = record(state, MODIFY, "bob", patch={"given_name": "1", "phones": ["1"]})
    early = record(state, MODIFY, "carol", patch={"given_name": "2", "org_unit": "/2"})
    record(state, PASSWORD, "carol", password=PasswordHash("crypt", "$6$early"))
    record(state, MODIFY, "bob", patch={"org_unit": "/3"})
    carol = record(state, MODIFY, "carol", old_name="bob", patch={"employee_id": "4"})
    assert carol.subject == bob.subject
    assert carol.patch == {
        "given_name": "2",
        "phones": ["1"],
        "org_unit": "/3",
        "employee_id": "4",
    }
    assert carol.password == PasswordHash("crypt", "$6$early")
    assert carol.generation > early.generation
    assert [entry.subject for entry in entries.all_entries(state)] == [bob.subject]
    assert subjects.final(state, early.subject) == bob.subject


def test_an_outcome_that_was_under_way_for_a_merged_subject_harms_nothing(state: State) -> None:
    record(state, MODIFY, "bob")
    early = record(state, ADD, "carol")
    carol = record(state, MODIFY, "carol", old_name="bob")
    assert not entries.settle(state, early)
    assert not entries.bury(state, early, "refused")
    assert entries.get(state, carol.subject) == carol
    link(state, early.subject, "carol")
    assert links.of(state, early.subject) is None
    kept = links.of(state, carol.subject)
    assert kept is not None
    assert kept.google_id == "id-carol"


def test_a_rename_to_a_name_that_is_linked_is_buried_and_both_stay(state: State) -> None:
    bob = record(state, ADD, "bob")
    carol = record(state, ADD, "carol")
    link(state, bob.subject, "bob")
    link(state, carol.subject, "carol")
    refused = record(state, MODIFY, "carol", old_name="bob", patch={"given_name": "X"})
    assert (refused.subject, refused.status, refused.name) == (bob.subject, "buried", "bob")
    assert "bob cannot become carol: carol is already another" in refused.reason
    assert "gapps-hooks links forget carol" in refused.reason
    assert (user(state, "bob"), user(state, "carol")) == (bob.subject, carol.subject)
    assert entries.get(state, carol.subject) == carol


def test_a_rename_that_is_told_twice_is_believed_once(state: State) -> None:
    bob = record(state, ADD, "bob")
    record(state, MODIFY, "carol", old_name="bob")
    again = record(state, MODIFY, "carol", old_name="bob")
    assert again.subject == bob.subject
    assert user(state, "bob") is None


def test_a_rename_of_somebody_unknown_is_the_new_names_own_event(state: State) -> None:
    entry = record(state, MODIFY, "carol", old_name="bob")
    assert (entry.name, entry.old_name, entry.status) == ("carol", "bob", "waiting")


def test_an_old_name_that_is_the_name_is_no_rename(state: State) -> None:
    entry = record(state, MODIFY, "carol", old_name="carol")
    assert user(state, "carol") == entry.subject


def test_two_who_swap_names_over_a_third_keep_their_links(state: State) -> None:
    ann, bob = record(state, ADD, "ann"), record(state, ADD, "bob")
    link(state, ann.subject, "ann")
    link(state, bob.subject, "bob")
    record(state, MODIFY, "spare", old_name="ann")
    record(state, MODIFY, "ann", old_name="bob")
    record(state, MODIFY, "bob", old_name="spare")
    assert (user(state, "bob"), user(state, "ann")) == (ann.subject, bob.subject)


def test_a_group_is_renamed_with_its_memberships(state: State) -> None:
    group = record(state, EventKind.GROUP_CHANGE, "staff")
    memberships.replace(state, group.subject, [Membership(reference="alice")])
    renamed = record(state, EventKind.GROUP_CHANGE, "team", old_name="staff")
    assert renamed.subject == group.subject
    assert memberships.of(state, renamed.subject) == (Membership(reference="alice"),)


# --- merging by decision -----------------------------------------------------------------------


def test_merging_takes_over_link_identity_traces_and_members(state: State) -> None:
    into = record(state, EventKind.GROUP_CHANGE, "team").subject
    absorbed = record(state, EventKind.GROUP_CHANGE, "staff", identity=FIRST).subject
    link(state, absorbed, "staff")
    subjects.note(state, absorbed, None, {"home": "digest"})
    memberships.replace(state, absorbed, [Membership(reference="alice")])
    memberships.replace(state, into, [Membership(reference="alice"), Membership(reference="bob")])
    subjects.merge(state, into, absorbed)
    moved = links.of(state, into)
    assert moved is not None
    assert moved.google_id == "id-staff"
    assert subjects.identities(state, into) == (FIRST,)
    assert subjects.traces(state, into) == {"home": "digest"}
    assert [each.reference for each in memberships.of(state, into)] == ["alice", "bob"]
    assert memberships.groups_with(state, "alice") == (into,)
    assert subjects.of_name(state, Kind.GROUP, "staff") is None


def test_merging_two_of_whom_nothing_waits_records_nothing(state: State) -> None:
    first, second = record(state, ADD, "ann"), record(state, ADD, "bob")
    entries.settle(state, first)
    entries.settle(state, second)
    subjects.note(state, first.subject, None, {"home": "own"})
    subjects.merge(state, first.subject, second.subject)
    assert entries.all_entries(state) == ()
    assert subjects.traces(state, first.subject) == {"home": "own"}
    assert user(state, "bob") is None


def test_a_creation_under_way_is_known_of_the_one_that_both_became(state: State) -> None:
    first, second = record(state, ADD, "ann"), record(state, ADD, "bob")
    creations.begin(state, second.subject)
    subjects.merge(state, first.subject, second.subject)
    assert creations.was_begun(state, first.subject)
    with state.transaction():
        creations.finish(state, second.subject)
    assert not creations.was_begun(state, first.subject)
    assert not creations.was_begun(state, second.subject)


def test_two_that_are_both_linked_are_not_merged(state: State) -> None:
    first, second = record(state, ADD, "ann"), record(state, ADD, "bob")
    link(state, first.subject, "ann")
    link(state, second.subject, "bob")
    with pytest.raises(subjects.BothLinked, match="ann and bob are linked to different"):
        subjects.merge(state, first.subject, second.subject)
    assert len(entries.all_entries(state)) == 2


def test_an_unknown_subject_is_a_mistake_of_the_caller(state: State) -> None:
    with pytest.raises(LookupError, match="no subject 4711"):
        subjects.name_of(state, 4711)


def test_what_a_subject_is_known_by_is_kept_by_kind(state: State) -> None:
    subject = record(state, ADD, "alice", identity=FIRST).subject
    lasting = Identity("entryUUID", "a:b")
    subjects.note(state, subject, lasting, {"gecos": "x"})
    subjects.note(state, subject, SECOND)
    assert subjects.identities(state, subject) == (lasting, SECOND)
    assert subjects.traces(state, subject) == {"gecos": "x"}
