"""What a link remembers of Google's answers: ids, digests, who made it, who suspended it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_builders import NOW, delivered, digest, google_user, link, managed, mark

from gapps_hooks.deliver.memory import Owner, remember_answer, remember_change, remember_look
from gapps_hooks.model import Change, GoogleGroup, Identity, Link, Verb

UID = Identity("uid", "1003")
UUID = Identity("entryUUID", "x")


def owner(identity: Identity | None = UID, *, attempted: bool = False) -> Owner:
    return Owner(subject=7, name="alice", identity=identity, attempted=attempted)


def change(*verbs: Verb, **fields: object) -> Change:
    return Change(verbs=verbs, google_id="id-alice", address="a@example.org", **fields)  # type: ignore[arg-type]  # by name


def after(before: Link | None, done: Change, *, attempted: bool = False) -> Link:
    return remember_change(before, owner(attempted=attempted), done, managed(), NOW)


def test_a_creation_makes_a_link_of_ours() -> None:
    made = after(None, change(Verb.CREATE, delivers={"enabled": digest(True)}))  # noqa: FBT003 - a value
    assert (made.subject, made.name, made.identity) == (7, "alice", UID)
    assert (made.google_id, made.address) == ("id-alice", "alice@example.org")
    assert made.created
    assert (made.created_at, made.confirmed_at, made.administrator_checked_at) == (NOW,) * 3
    assert made.delivered == {"enabled": digest(True), "arrived": True}  # noqa: FBT003 - a value


def test_an_adoption_makes_a_link_to_what_is_not_ours() -> None:
    assert not after(None, change(Verb.ADOPT)).created


def test_an_adoption_of_what_bore_our_mark_after_an_attempt_is_a_creation_found_again() -> None:
    assert after(None, change(Verb.ADOPT), attempted=True).created


def test_an_adoption_that_brings_the_mark_is_none_of_ours_even_after_an_attempt() -> None:
    brings = change(Verb.ADOPT, body={"externalIds": [mark("uid:1003")]})
    assert not after(None, brings, attempted=True).created
    unmarked = remember_change(
        None, owner(attempted=True), change(Verb.ADOPT), google_user(is_admin=True), NOW
    )
    assert not unmarked.created


@pytest.mark.parametrize("attempted", [True, False])
def test_a_group_that_is_found_after_an_attempt_is_ours(attempted: bool) -> None:  # noqa: FBT001 - a case
    answer = GoogleGroup(id="g", email="staff@example.org")
    found = remember_change(None, owner(attempted=attempted), change(Verb.ADOPT), answer, NOW)
    assert found.created is attempted
    assert found.administrator_checked_at == 0.0


def test_a_suspension_of_ours_is_known_until_we_lift_it() -> None:
    suspended = after(link(), change(Verb.SUSPEND))
    assert suspended.suspended_by_us
    assert after(suspended, change(Verb.PASSWORD)).suspended_by_us
    assert not after(suspended, change(Verb.RESTORE, Verb.UPDATE)).suspended_by_us


def test_a_suspension_that_somebody_else_made_is_not_ours() -> None:
    assert not after(link(), change(Verb.UPDATE)).suspended_by_us


def test_a_change_revives_an_ended_link() -> None:
    assert after(link(ended_at=NOW), change(Verb.RESTORE)).ended_at is None


def test_googles_flag_is_kept_whichever_way_it_came() -> None:
    administrator = google_user(is_delegated_admin=True)
    assert remember_change(None, owner(), change(Verb.ADOPT), administrator, NOW).administrator
    seen = remember_look(link(administrator_checked_at=0.0), administrator, NOW)
    assert seen.administrator
    assert seen.administrator_checked_at == NOW


def test_a_look_notes_the_address_delivers_nothing_and_confirms_nothing() -> None:
    seen = remember_look(link(confirmed_at=0.0), google_user("al"), NOW)
    assert (seen.address, seen.confirmed_at) == ("al@example.org", 0.0)
    assert seen.delivered == link().delivered


def test_an_answer_adds_digests_and_forgets_none() -> None:
    told = remember_answer(link(), owner(), {"orgUnitPath": digest("/X")}, NOW + 1)
    assert told.delivered == {**link().delivered, "orgUnitPath": digest("/X")}
    assert told.confirmed_at == NOW + 1


@pytest.mark.parametrize(
    ("known", "now", "kept"),
    [
        (None, UID, UID),
        (UID, None, UID),
        (UID, UUID, UUID),
        (UUID, UID, UUID),
        (UID, Identity("uid", "1009"), UID),
        (UUID, Identity("objectGUID", "y"), Identity("objectGUID", "y")),
    ],
    ids=["first", "unsaid", "surer", "a number", "another number", "another manager"],
)
def test_an_id_is_replaced_only_by_a_surer_one(
    known: Identity | None, now: Identity | None, kept: Identity
) -> None:
    before = link(identity=known)
    assert remember_answer(before, owner(now), {}, NOW).identity == kept
    told = remember_change(before, owner(now), change(Verb.UPDATE), managed(), NOW)
    assert told.identity == kept


@given(st.dictionaries(st.sampled_from(["address", "enabled"]), st.text(max_size=3)))
def test_confirming_twice_changes_nothing_more(confirms: dict[str, str]) -> None:
    once = remember_answer(link(delivered=delivered()), owner(), confirms, NOW)
    assert remember_answer(once, owner(), confirms, NOW) == once
