"""What is believed of earlier answers, and for how long: memory never outlives its proof."""

from __future__ import annotations

from pathlib import Path

from organisation import Organisation, organise

from gapps_hooks.model import Verdict

HOUR = 3600.0
ALICE = {"given_name": "Alice", "family_name": "Archer", "id": "entryUUID:a1"}
#: The SHA-1 of "correct horse", as some account managers keep it.
SHA = {"password_hash": "{SHA}vy5upcz0W4eFZ7FR4OfcJ8LMhFg="}


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


def test_a_suspension_newer_than_the_wish_is_not_lifted_by_a_later_event(
    house: Organisation,
) -> None:
    body = {"primaryEmail": "alice@example.org", "name": {"givenName": "A", "familyName": "A"}}
    house.google.insert_user(body, house.wiring.make_password())
    house.cut = ConnectionRefusedError(111, "refused")
    house.record("user-add", "alice", ALICE)
    house.drain()
    house.cut = None
    by_hand(house, suspended=True)
    assert house.fire("user-modify", "alice", {"phones": []}).verdict is Verdict.BURIED
    assert house.user("alice@example.org").suspended
    assert house.fire("user-add", "alice", ALICE).verdict is Verdict.DONE
    assert not house.user("alice@example.org").suspended


def test_an_account_that_is_gone_is_not_settling_because_the_clock_was_set_back(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", ALICE)
    house.clock.now += HOUR
    house.console.users().delete(userKey="alice@example.org").execute()
    house.clock.now -= 2 * HOUR
    assert house.fire("user-modify", "alice", {"family_name": "B"}).verdict is Verdict.BURIED


def test_a_group_that_google_refuses_sends_its_people_once_not_at_every_try(
    tmp_path: Path,
) -> None:
    source = f'[source]\ntype = "json"\nfile = "{tmp_path}/accounts.json"'
    house = organise(tmp_path, source=source, more='---\n[enabled]\ngroup = "google"\n')
    names = ["alice", "bob"]
    people = [{"username": name, "id": f"entryUUID:{name}"} for name in names]
    body = {"primaryEmail": "google@example.org", "name": {"givenName": "G", "familyName": "G"}}
    house.google.insert_user(body, house.wiring.make_password())
    house.people(*people, groups=({"name": "google", "members": names},))
    assert house.fire("group-change", "google").verdict is Verdict.BURIED
    assert house.found_user("bob@example.org") is not None
    house.clock.now += 2 * HOUR
    with house.calls() as made:
        house.fire("group-change", "google")
    assert "users.get" not in made[2:]
    house.people(*people, groups=({"name": "google", "members": ["alice"]},))
    house.fire("group-change", "google")
    assert house.user("bob@example.org").suspended
