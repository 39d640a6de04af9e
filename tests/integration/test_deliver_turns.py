"""A subject is delivered by one process at a time; the others leave it alone or wait a little."""

from __future__ import annotations

from dataclasses import replace

import pytest
from organisation import Organisation

from gapps_hooks.deliver.subject import deliver
from gapps_hooks.model import Verdict
from gapps_hooks.outbox import leases


@pytest.fixture
def alice(house: Organisation) -> int:
    subject = house.record("user-add", "alice", {"family_name": "Example"}).subject
    assert subject is not None
    return subject


def taken(house: Organisation, subject: int) -> leases.Lease:
    lease = leases.hold(house.state.directory, subject)
    assert lease is not None
    return lease


def test_what_another_process_delivers_is_left_to_it(house: Organisation, alice: int) -> None:
    with taken(house, alice), house.calls() as calls:
        outcome = deliver(house.wiring, alice)
    assert outcome is not None
    assert (outcome.verdict, calls) == (Verdict.LATER, [])
    assert outcome.line == "another process is delivering it"
    assert house.left() == {"alice": "waiting"}


def test_whoever_has_patience_goes_on_when_the_other_is_done(
    house: Organisation, alice: int
) -> None:
    lease = taken(house, alice)

    def sleep(seconds: float) -> None:
        house.clock.sleep(seconds)
        lease.give_back()

    wiring = replace(house.wiring, sleep=sleep)
    outcome = deliver(wiring, alice, patience=1.0)
    assert outcome is not None
    assert outcome.verdict is Verdict.DONE


def test_while_google_works_nobody_else_has_the_subject(house: Organisation, alice: int) -> None:
    seen: list[bool] = []

    def look(*_: object) -> None:
        seen.append(leases.is_held(house.state.directory, alice))

    house.observe = look
    house.wire()
    deliver(house.wiring, alice)
    assert set(seen) == {True}
    assert not leases.is_held(house.state.directory, alice)
