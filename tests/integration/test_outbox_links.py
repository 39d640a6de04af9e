"""No two links claim the same, and what they hold survives the disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gapps_hooks.model import Identity, Kind, Link, Membership, Role
from gapps_hooks.outbox import State, links, memberships, open_state, roll, subjects


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with open_state(tmp_path / "state", domain="example.org") as opened:
        yield opened


def a_link(state: State, name: str) -> Link:
    with state.transaction():
        subject = subjects.create(state, Kind.USER, name)
    return Link(
        subject=subject,
        google_id=f"id-{name}",
        address=f"{name}@example.org",
        name=name,
        identity=Identity("entryUUID", "a:b"),
        delivered={"given_name": "d1", "aliases": ("d2", "d3")},
        created=True,
        administrator=True,
        suspended_by_us=True,
        created_at=1.0,
        confirmed_at=2.0,
        administrator_checked_at=3.0,
        ended_at=None,
    )


def test_a_link_is_found_by_subject_id_and_address_and_is_what_was_saved(state: State) -> None:
    alice = a_link(state, "alice")
    links.save(state, alice)
    assert links.of(state, alice.subject) == alice
    assert links.by_google_id(state, "id-alice") == alice
    assert links.by_address(state, "Alice@Example.ORG") == alice
    assert links.all_links(state) == (alice,)
    assert links.of(state, 4711) is None


def test_a_link_is_replaced_by_a_later_one_of_its_subject(state: State) -> None:
    alice = a_link(state, "alice")
    links.save(state, alice)
    moved = replace(alice, address="alice.new@example.org", identity=None, delivered={})
    links.save(state, moved)
    assert links.all_links(state) == (moved,)
    assert links.by_address(state, "alice@example.org") is None


@pytest.mark.parametrize("claim", [{"google_id": "id-alice"}, {"address": "ALICE@example.org"}])
@pytest.mark.parametrize("ended_at", [None, 9.0])
def test_a_second_claimant_is_told_who_the_first_is(
    state: State, claim: dict[str, str], ended_at: float | None
) -> None:
    alice, bob = a_link(state, "alice"), a_link(state, "bob")
    links.save(state, bob)
    links.save(state, replace(alice, ended_at=ended_at))
    with pytest.raises(links.Claimed, match=r"alice is linked to alice@example\.org") as claimed:
        links.save(state, replace(bob, **claim))  # type: ignore[arg-type] # the claims are of one type each
    assert claimed.value.other == links.of(state, alice.subject)
    assert "gapps-hooks links forget alice" in str(claimed.value)
    assert links.of(state, bob.subject) == bob


def test_a_subject_does_not_silently_move_to_another_google_account(state: State) -> None:
    alice = a_link(state, "alice")
    links.save(state, alice)
    with pytest.raises(links.Claimed) as claimed:
        links.save(state, replace(alice, google_id="id-other"))
    assert claimed.value.other == alice
    assert links.forget(state, alice.subject)
    links.save(state, replace(alice, google_id="id-other"))


def test_a_link_ends_once_and_can_be_forgotten(state: State) -> None:
    alice = a_link(state, "alice")
    links.save(state, alice)
    assert links.end(state, alice.subject, 9.0)
    assert not links.end(state, alice.subject, 10.0)
    assert links.of(state, alice.subject) == replace(alice, ended_at=9.0)
    assert links.forget(state, alice.subject)
    assert not links.forget(state, alice.subject)
    assert links.all_links(state) == ()


def test_those_who_live_are_counted(state: State) -> None:
    alice, bob = a_link(state, "alice"), a_link(state, "bob")
    with state.transaction():
        staff = subjects.create(state, Kind.GROUP, "staff")
    for link in (alice, bob, replace(alice, subject=staff, google_id="g", address="staff@x")):
        links.save(state, link)
    assert links.count(state) == 2
    links.end(state, bob.subject, 9.0)
    assert links.count(state) == 1


def test_of_those_who_are_asked_about_the_names_are_told_and_of_nobody_else(state: State) -> None:
    assert not roll.knows_identities(state, Kind.USER)
    for name in ("alice", "bob", "carol"):
        links.save(state, replace(a_link(state, name), identity=Identity("entryUUID", name)))
    links.end(state, subjects.of_name(state, Kind.USER, "carol") or 0, 4.0)
    asked = [Identity("entryUUID", name) for name in ("alice", "carol", "zoe")]
    assert roll.names_by_identity(state, Kind.USER, asked) == {asked[0]: "alice"}
    assert roll.names_by_identity(state, Kind.GROUP, asked) == {}
    assert roll.knows_identities(state, Kind.USER)
    assert not roll.knows_identities(state, Kind.GROUP)


def test_memberships_are_replaced_whole_and_found_by_member(state: State) -> None:
    with state.transaction():
        staff, team = (subjects.create(state, Kind.GROUP, name) for name in ("staff", "team"))
    alice = Membership(reference="alice", role=Role.OWNER, address="a@example.org", google_id="1")
    bob = Membership(reference="bob")
    memberships.replace(state, staff, [bob, alice])
    memberships.replace(state, team, [alice])
    assert memberships.of(state, staff) == (alice, bob)
    assert memberships.groups_with(state, "alice") == (staff, team)
    assert memberships.count(state) == 2
    memberships.replace(state, staff, [bob])
    assert memberships.count(state) == 1
    assert memberships.of(state, staff) == (bob,)
    assert memberships.groups_with(state, "alice") == (team,)
    assert memberships.groups_with(state, "carol") == ()
