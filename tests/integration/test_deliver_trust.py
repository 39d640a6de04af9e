"""What is believed of earlier answers, and for how long: memory never outlives its proof."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation, organise

from gapps_hooks.model import Verdict

HOUR = 3600.0
ALICE = {"given_name": "Alice", "family_name": "Archer", "id": "entryUUID:a1"}
#: The SHA-1 of "correct horse", as some account managers keep it.
SHA = {"password_hash": "{SHA}vy5upcz0W4eFZ7FR4OfcJ8LMhFg="}


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    return organise(tmp_path)


def by_hand(house: Organisation, **fields: object) -> None:
    """An administrator changes Alice's account in Google's Admin console."""
    house.clock.now += 60
    house.console.users().patch(userKey="alice@example.org", body=fields).execute()
    house.clock.now += 60


def test_a_leaver_whom_somebody_let_in_again_is_suspended_again(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.fire("user-modify", "alice", {"enabled": False})
    by_hand(house, suspended=False)
    house.clock.now += HOUR
    with house.calls() as made:
        assert house.fire("user-delete", "alice").verdict is Verdict.DONE
    assert made == ["users.get", "users.patch"]
    assert house.user("alice@example.org").suspended


def test_a_look_whose_change_failed_is_no_confirmation(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.clock.now += 2 * HOUR
    by_hand(house, name={"givenName": "Mallory", "familyName": "Archer"})
    house.fail(call="users.patch", fails="503", times=9)
    assert house.fire("user-modify", "alice", ALICE).verdict is Verdict.LATER
    house.settle()
    assert house.user("alice@example.org").given_name == "Alice"


def test_a_password_set_again_is_sent_again_because_it_may_have_been_changed_at_google(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", {**ALICE, **SHA})
    ours = house.emulator.password_of("alice@example.org")
    assert house.fire("password-set", "alice", SHA).verdict is Verdict.NOTHING
    by_hand(house, password="changed at Google")
    house.clock.now += HOUR
    with house.calls() as made:
        assert house.fire("password-set", "alice", SHA).verdict is Verdict.DONE
    assert (made, house.emulator.password_of("alice@example.org")) == (["users.patch"], ours)


def test_one_who_became_an_administrator_is_noticed_within_a_day(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.console.users().makeAdmin(userKey="alice@example.org", body={"status": True}).execute()
    house.clock.now += 24 * HOUR + 1
    with house.calls() as made:
        outcome = house.fire("password-set", "alice", {"password": "battery staple"})
    assert (outcome.verdict, made) == (Verdict.BURIED, ["users.get"])
