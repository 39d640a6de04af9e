"""After a damage of the state file: accounts of ours are found again, and none is made twice."""

from __future__ import annotations

from pathlib import Path

from organisation import Organisation, organise

from gapps_hooks.model import PasswordHash, Verdict
from gapps_hooks.outbox import links, open_state
from gapps_hooks.outbox.mending import LINKS_LOST

ALICE = {"id": "entryUUID:a", "given_name": "Alice", "family_name": "Archer"}
PEOPLE = [{"username": "alice", **ALICE}]


def lose_the_state(house: Organisation) -> None:
    """Let the state file be nothing but garbage, and open it as the next process would."""
    house.state.close()
    path = house.settings.state.directory / "state.db"
    path.write_bytes(b"garbage" * 6000)
    house.state = open_state(
        house.settings.state.directory,
        domain=house.settings.domain,
        clock=house.clock,
        tell_trouble=house.troubles.append,
    )
    house.wire()
    assert house.state.meta(LINKS_LOST)
    assert links.all_links(house.state) == ()


def accounts(house: Organisation) -> list[str]:
    return [
        user["primaryEmail"]
        for user in house.emulator.state()["users"]
        if not user["primaryEmail"].startswith("admin@")
    ]


def test_one_who_is_added_again_is_found_by_address_and_mark(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    known = house.user("alice@example.org").id
    lose_the_state(house)
    assert house.fire("user-add", "alice", ALICE).verdict is Verdict.NOTHING
    assert accounts(house) == ["alice@example.org"]
    (link,) = links.all_links(house.state)
    assert link.google_id == known


def test_one_who_is_modified_is_found_too(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    lose_the_state(house)
    house.fire("user-add", "alice", {**ALICE, "family_name": "Baker"})
    assert house.user("alice@example.org").family_name == "Baker"
    assert accounts(house) == ["alice@example.org"]


def test_one_who_was_renamed_meanwhile_is_found_by_the_mark(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    known = house.user("alice@example.org").id
    lose_the_state(house)
    house.fire("user-add", "alina", ALICE)
    assert accounts(house) == ["alina@example.org"]
    assert house.user("alina@example.org").id == known


def test_one_who_leaves_is_suspended_though_no_link_says_that_the_account_is_ours(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", ALICE)
    lose_the_state(house)
    house.fire("user-delete", "alice", {"id": "entryUUID:a"})
    assert house.user("alice@example.org").suspended


def test_one_whom_we_suspended_is_restored_by_an_explicit_add(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.fire("user-modify", "alice", {"enabled": False})
    house.clock.now += 60
    lose_the_state(house)
    assert house.fire("user-add", "alice", ALICE).verdict is Verdict.DONE
    assert not house.user("alice@example.org").suspended
    assert accounts(house) == ["alice@example.org"]


def test_a_stranger_is_still_no_business_of_ours(house: Organisation) -> None:
    bob = {"primaryEmail": "bob@example.org", "name": {"givenName": "B", "familyName": "B"}}
    house.google.insert_user(bob, PasswordHash("crypt", "$6$salt$" + "b" * 86))
    lose_the_state(house)
    house.fire("user-delete", "bob", {"id": "entryUUID:b"})
    assert not house.user("bob@example.org").suspended


def test_a_group_of_ours_is_adopted_and_not_made_twice(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.fire("group-change", "team", {"members": ["alice"]})
    lose_the_state(house)
    house.fire("user-add", "alice", ALICE)
    house.fire("group-change", "team", {"members": ["alice"]})
    assert house.roles("team@example.org") == {"alice@example.org": "MEMBER"}
    assert len(house.emulator.state()["groups"]) == 1


def test_from_a_source_everybody_is_found_whatever_the_event_was(tmp_path: Path) -> None:
    (tmp_path / "accounts.json").write_text('{"users": [{"username": "nobody"}]}')
    source = f'[source]\ntype = "json"\nfile = "{tmp_path}/accounts.json"'
    house = organise(tmp_path, source=source)
    house.people(*PEOPLE)
    house.fire("user-add", "alice")
    lose_the_state(house)
    house.people({**PEOPLE[0], "username": "alina", "family_name": "Baker"})
    house.fire("user-modify", "alina")
    assert accounts(house) == ["alina@example.org"]
    assert house.user("alina@example.org").family_name == "Baker"
