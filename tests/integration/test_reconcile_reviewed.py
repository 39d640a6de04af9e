"""What a reviewed plan does when something changes after it was held against both sides."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation
from reconciled import listed, person

from gapps_hooks.model import Outcome, Verdict
from gapps_hooks.outbox import entries, leases
from gapps_hooks.reconcile import saving
from gapps_hooks.reconcile.everybody import carry_out, look, reviewed
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
