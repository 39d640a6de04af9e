"""What a reviewed plan does when something changes after it was held against both sides."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import listed, person

from gapps_hooks.model import Change, Kind, Outcome, Verb, Verdict
from gapps_hooks.outbox import entries, leases, links, subjects
from gapps_hooks.reconcile import saving
from gapps_hooks.reconcile.everybody import Looked, carry_out, look, reviewed
from gapps_hooks.reconcile.reviewing import why_not_reviewed
from gapps_hooks.reconcile.work import Work

BOB = {"primaryEmail": "bob@example.org", "name": {"givenName": "Other", "familyName": "Bob"}}


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    house = listed(tmp_path)
    house.people(person("alice"), person("bob"))
    return house


def outcomes(house: Organisation, *, plan: bool) -> dict[str, Outcome]:
    """Save what is looked at; then bob appears at Google; then it is carried out."""
    looked = look(house.wiring, dry=True)
    file = house.folder / "plan.json"
    saving.save(file, looked.whole.pieces, house.state.digest, passwords=False)
    works: list[Work] = list(looked.works.values())
    if plan:
        works, changed = reviewed(looked, saving.load(file, house.state.digest))
        assert changed == {}
    house.emulator.seed({"users": [BOB]})
    told = carry_out(looked, works, force=False, reviewed_only=plan, report=lambda _: None)
    return {outcome.name: outcome for outcome in told.outcomes}


def test_nothing_else_is_done_than_was_reviewed(house: Organisation) -> None:
    told = outcomes(house, plan=True)
    assert told["alice"].verdict is Verdict.DONE
    assert told["bob"].verdict is Verdict.REFUSED
    assert "not as it was reviewed" in told["bob"].line
    assert house.user("bob@example.org").family_name == "Bob"
    assert house.user("bob@example.org").external_ids == ()


def test_a_run_of_everybody_takes_things_as_they_are_by_then(house: Organisation) -> None:
    told = outcomes(house, plan=False)
    assert told["bob"].verdict is Verdict.DONE
    assert house.user("bob@example.org").family_name == "Example"


def test_what_another_process_delivers_is_left_to_delivery_and_not_called_done(
    house: Organisation,
) -> None:
    recorded = house.record("user-add", "alice")
    house.drain()
    house.people(person("alice", family_name="Baker"), person("bob"))
    house.clock.now += 90_000.0
    looked = look(house.wiring, dry=False)
    assert recorded.subject is not None
    lease = leases.hold(house.state.directory, recorded.subject)
    assert lease is not None
    with lease:
        told = carry_out(
            looked, list(looked.works.values()), force=False, report=lambda _: None
        ).outcomes
    assert {one.name: one.verdict for one in told}["alice"] is Verdict.LATER
    assert entries.get(house.state, recorded.subject) is not None
    house.drain()
    assert house.user("alice@example.org").family_name == "Baker"


NAMED = {"name": {"givenName": "Bob", "familyName": "Baker"}, "id": "7"}


@pytest.mark.parametrize(
    "body",
    [
        {"name": {"givenName": "Rob", "familyName": "Baker"}},
        {**NAMED, "id": "8", "primaryEmail": "rob@example.org"},
        {**NAMED, "suspended": False},
        {"role": "OWNER"},
    ],
)
def test_the_same_verb_with_another_body_was_not_reviewed(body: dict[str, object]) -> None:
    planned = Change(verbs=(Verb.UPDATE, Verb.ADOPT), google_id="7", address="bob@", body=NAMED)
    same = Change(verbs=(Verb.UPDATE,), google_id="7", address="bob@", body={**NAMED, "id": "8"})
    other = Change(verbs=(Verb.UPDATE,), google_id="7", address="bob@", body=body)
    assert why_not_reviewed([planned], same) is None
    assert "not as it was reviewed" in str(why_not_reviewed([planned], other))


def carried_out(looked: Looked, *, plan: bool) -> dict[str, Outcome]:
    works = list(looked.works.values())
    told = carry_out(looked, works, force=False, reviewed_only=plan, report=lambda _: None)
    return {outcome.name: outcome for outcome in told.outcomes}


@pytest.fixture
def looked(house: Organisation) -> Looked:
    """Alice is at Google, and gets another name."""
    house.fire("user-add", "alice")
    house.clock.now += 90_000.0
    house.people(person("alice", family_name="Baker"))
    return look(house.wiring, dry=True)


def test_what_more_differs_at_google_by_its_turn_was_not_reviewed(
    house: Organisation, looked: Looked
) -> None:
    state = house.emulator.state()
    for user in state["users"]:
        user["name"].update({"givenName": "Ally"} if "alice" in user["primaryEmail"] else {})
    house.emulator.restore(state)
    house.clock.now += 3_600.0
    assert carried_out(looked, plan=True)["alice"].verdict is Verdict.REFUSED
    assert house.user("alice@example.org").given_name == "Ally"


@pytest.mark.parametrize(("plan", "verdict"), [(False, Verdict.LATER), (True, Verdict.REFUSED)])
def test_whose_link_changed_since_the_look_is_left_to_delivery(
    house: Organisation, looked: Looked, *, plan: bool, verdict: Verdict
) -> None:
    alice = subjects.of_name(house.state, Kind.USER, "alice")
    assert alice is not None
    with house.state.transaction():
        links.forget(house.state, alice)
    assert carried_out(looked, plan=plan)["alice"].verdict is verdict
    assert links.of(house.state, alice) is None
    assert house.user("alice@example.org").family_name == "Example"
