"""Too much at once is held for a person, whatever brings it: events are bounded as reconciles are.

Each kind is bounded to one in 24 hours here, so that a second one shows whether it is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation, organise
from reconciled import listed, person, reconcile

from gapps_hooks.model import Kind, Outcome, Verb, Verdict
from gapps_hooks.outbox import bounds, entries
from gapps_hooks.reconcile.checking import TooMuch
from gapps_hooks.reconcile.named import Look
from gapps_hooks.reconcile.named import reconcile as reconcile_named

DAY = 90_000.0
GONE = {"deleted": True}
Event = tuple[str, str, Mapping[str, Any]]


def user(name: str, **more: object) -> Event:
    return ("user-add", name, {"id": f"entryUUID:{name}", **more})


def group(name: str, *members: str) -> Event:
    return ("group-change", name, {"members": list(members)})


def modify(name: str, **fields: object) -> Event:
    return ("user-modify", name, fields)


ALICE, BOB = user("alice"), user("bob")
PEOPLE = (ALICE, BOB)
FULL = (*PEOPLE, group("red", "alice", "bob"), group("blue", "alice"))
ALIASED = tuple(user(name, aliases=[f"{name}.x@example.org"]) for name in ("alice", "bob"))
NOW_OFF = tuple(modify(name, enabled=False) for name in ("alice", "bob"))


@dataclass(frozen=True, kw_only=True)
class Case:
    """Events that are all delivered; then one that is within the bound, and one beyond it."""

    verb: Verb
    before: tuple[Event, ...] = PEOPLE
    within: Event
    beyond: Event
    settings: str = ""


CASES = {
    "suspended by a deletion": Case(
        verb=Verb.SUSPEND, within=("user-delete", "alice", {}), beyond=("user-delete", "bob", {})
    ),
    "suspended by not being enabled": Case(verb=Verb.SUSPEND, within=NOW_OFF[0], beyond=NOW_OFF[1]),
    "restored": Case(
        verb=Verb.RESTORE,
        before=(*PEOPLE, *NOW_OFF),
        within=modify("alice", enabled=True),
        beyond=modify("bob", enabled=True),
    ),
    "restored after a deletion": Case(
        verb=Verb.RESTORE,
        before=(*PEOPLE, ("user-delete", "alice", {}), ("user-delete", "bob", {})),
        within=ALICE,
        beyond=BOB,
    ),
    "renamed": Case(
        verb=Verb.RENAME,
        within=modify("alicia", old_username="alice"),
        beyond=modify("bobby", old_username="bob"),
    ),
    "given another address": Case(
        verb=Verb.RENAME,
        within=modify("alice", email="a1@example.org"),
        beyond=modify("bob", email="b1@example.org"),
    ),
    "taken out of groups": Case(
        verb=Verb.REMOVE_MEMBER, before=FULL, within=group("blue"), beyond=group("red", "bob")
    ),
    "taken out of a group with others": Case(
        verb=Verb.REMOVE_MEMBER, before=FULL, within=group("red", "bob"), beyond=group("red")
    ),
    "out of a group that is gone": Case(
        verb=Verb.REMOVE_MEMBER,
        before=FULL,
        within=("group-change", "blue", GONE),
        beyond=("group-change", "red", GONE),
    ),
    "out of a group that is deleted": Case(
        verb=Verb.REMOVE_MEMBER,
        before=FULL,
        within=("group-change", "blue", GONE),
        beyond=("group-change", "red", GONE),
        settings='[groups]\nremoved = "delete"\n',
    ),
    "groups deleted": Case(
        verb=Verb.DELETE_GROUP,
        before=FULL,
        within=("group-change", "blue", GONE),
        beyond=("group-change", "red", GONE),
        settings='[groups]\nremoved = "delete"\n',
    ),
    "aliases taken away": Case(
        verb=Verb.REMOVE_ALIAS,
        before=ALIASED,
        within=modify("alice", aliases=[]),
        beyond=modify("bob", aliases=[]),
    ),
}


def fire(house: Organisation, *events: Event) -> list[Outcome]:
    return [house.fire(event, name, payload) for event, name, payload in events]


def look_at(house: Organisation, name: str) -> list[Outcome]:
    return list(reconcile_named(house.wiring, Look(named=((Kind.USER, name),))))


def at_google(house: Organisation) -> tuple[Any, Any]:
    """Everything that Google has, without what changes of itself."""
    state = house.emulator.state()
    users = [{k: v for k, v in one.items() if k != "etag"} for one in state["users"]]
    groups = [{k: v for k, v in one.items() if k != "etag"} for one in state["groups"]]
    return users, groups


def prepared(folder: Path, case: Case) -> Organisation:
    bound = f"[bounds.{case.verb.replace('-', '_')}]\nleast = 1\nmost = 1\n"
    house = organise(folder, more=f"---\n{bound}{case.settings}")
    for event in case.before:
        (outcome,) = fire(house, event)
        assert outcome.verdict is Verdict.DONE, outcome.line
        house.clock.now += DAY
    return house


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_second_is_held_before_anything_of_it_is_done(tmp_path: Path, case: Case) -> None:
    house = prepared(tmp_path, case)
    (within,) = fire(house, case.within)
    assert within.verdict is Verdict.DONE, within.line
    before = at_google(house)
    (beyond,) = fire(house, case.beyond)
    assert beyond.verdict is Verdict.HELD, beyond.line
    assert f"x {case.verb} within 24 hours is more than the bound of 1" in beyond.line
    assert f"gapps-hooks outbox release {beyond.kind.called(beyond.name)}" in beyond.line
    assert at_google(house) == before


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_release_lets_it_through_and_counts_it(tmp_path: Path, case: Case) -> None:
    house = prepared(tmp_path, case)
    fire(house, case.within, case.beyond)
    used = bounds.used(house.state, case.verb)
    before = at_google(house)
    assert entries.release(house.state) == 1
    house.drain()
    assert house.left() == {}
    assert at_google(house) != before
    assert bounds.used(house.state, case.verb) > used


def test_a_release_outlasts_a_look_before_it_is_delivered(house: Organisation) -> None:
    house.people(person("carol"))
    looks = [one.verdict for name in ("alice", "bob") for one in look_at(house, name)]
    assert looks == [Verdict.DONE, Verdict.HELD]
    assert entries.release(house.state) == 1
    house.record("user-modify", "bob", {})
    assert [outcome.verdict for outcome in look_at(house, "bob")] == [Verdict.DONE]
    assert house.user("bob@example.org").suspended


def test_a_day_later_there_is_room_again(tmp_path: Path) -> None:
    case = CASES["suspended by a deletion"]
    house = prepared(tmp_path, case)
    fire(house, case.within)
    house.clock.now += DAY
    assert [outcome.verdict for outcome in fire(house, case.beyond)] == [Verdict.DONE]


def test_accounts_are_made_without_a_bound_unless_one_is_set(tmp_path: Path) -> None:
    house = organise(tmp_path, more="---\n[bounds]\ncreate = 1\n")
    verdicts = [outcome.verdict for outcome in fire(house, ALICE, BOB)]
    assert verdicts == [Verdict.DONE, Verdict.HELD]
    assert house.found_user("bob@example.org") is None


# --- events and reconciles count together --------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    house = listed(tmp_path, tables="[bounds.suspend]\nleast = 1\nmost = 1")
    house.people(person("alice"), person("bob"), person("carol"))
    reconcile(house)
    house.clock.now += DAY
    return house


def test_what_an_event_did_counts_for_a_reconcile(house: Organisation) -> None:
    house.people(person("bob"), person("carol"))
    fire(house, ("user-delete", "alice", {}))
    house.people(person("carol"))
    with pytest.raises(TooMuch, match="1 x suspend, and 1 were done in the last 24 hours"):
        reconcile(house)
    assert not house.user("bob@example.org").suspended


def test_what_a_reconcile_did_counts_for_an_event(house: Organisation) -> None:
    house.people(person("bob"), person("carol"))
    reconcile(house)
    house.people(person("carol"))
    (outcome,) = fire(house, ("user-delete", "bob", {}))
    assert outcome.verdict is Verdict.HELD
    assert not house.user("bob@example.org").suspended


# --- what was put off ----------------------------------------------------------------------------


def test_a_newer_event_on_what_was_put_off_counts_once(tmp_path: Path) -> None:
    house = organise(tmp_path, more="---\n[bounds.suspend]\nleast = 1\nmost = 1\n")
    fire(house, ALICE)
    house.fail(fails="503", call="users.patch", times=9)
    (outcome,) = fire(house, NOW_OFF[0])
    assert outcome.verdict is Verdict.LATER
    house.emulator.faults.clear()
    assert [one.verdict for one in fire(house, modify("alice", given_name="A"))] == [Verdict.DONE]
    assert house.user("alice@example.org").suspended
    assert bounds.used(house.state, Verb.SUSPEND) == 1


def test_what_was_delivered_counts_apart_from_what_rests_of_its_entry(tmp_path: Path) -> None:
    house = organise(tmp_path, more="---\n[bounds.suspend]\nleast = 1\nmost = 1\n")
    fire(house, ALICE, modify("alice", enabled=False, given_name="A"))
    house.fail(fails="503", call="users.aliases.insert", times=9)
    fire(house, modify("alice", enabled=True, aliases=["al@example.org"]))
    assert not house.user("alice@example.org").suspended
    assert [outcome.verdict for outcome in fire(house, NOW_OFF[0])] == [Verdict.HELD]


def test_what_an_attempt_did_counts_beside_the_rest_of_a_newer_wish(tmp_path: Path) -> None:
    house = listed(tmp_path, tables="[bounds.remove_member]\nleast = 2\nmost = 2")
    people = [person(name) for name in ("alice", "bob", "carol", "dora")]
    everybody = [one["username"] for one in people]

    def say(*members: str) -> None:
        house.people(*people, groups=({"name": "red", "members": list(members)},))

    say(*everybody)
    reconcile(house)
    house.clock.now += DAY
    say("carol", "dora")
    house.fail(fails="503", call="members.delete", nth=2, times=9)
    (outcome,) = fire(house, ("group-change", "red", {}))
    assert (outcome.verdict, len(outcome.done)) == (Verdict.LATER, 1)
    house.emulator.faults.clear()
    say("alice", "bob")
    house.settle()
    assert house.left() == {"red": "held"}
    assert len(house.roles("red@example.org")) == 3
    assert bounds.used(house.state, Verb.REMOVE_MEMBER) == 1
