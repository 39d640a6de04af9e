"""While Google cannot be reached nobody delivers, and one at a time probes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gapps_hooks.model import Event, EventKind
from gapps_hooks.outbox import State, breaker, entries, open_state
from gapps_hooks.outbox.breaker import Break

NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(tmp_path: Path, clock: Clock) -> Iterator[State]:
    with open_state(tmp_path / "state", domain="example.org", clock=clock) as opened:
        yield opened


def test_an_outage_is_remembered_with_its_beginning(state: State, clock: Clock) -> None:
    assert breaker.current(state) is None
    breaker.open_(state, "name lookup failed", 1.0)
    clock.now += 30.0
    breaker.open_(state, "connection refused", 5.0)
    assert breaker.current(state) == Break(
        reason="connection refused", since=NOW, seconds=5.0, next_probe_at=NOW + 35.0
    )


def test_when_it_ends_everything_that_waits_is_due_oldest_first(state: State) -> None:
    for name in ("alice", "bob", "carol"):
        entries.record(
            state, Event(id=name, kind=EventKind.USER_ADD, name=name, defer=100.0 - len(name))
        )
    buried = entries.all_entries(state)[1]
    entries.bury(state, buried, "refused")
    assert not breaker.close(state)
    assert entries.due(state, NOW) == ()
    breaker.open_(state, "no route", 1.0)
    assert breaker.close(state)
    assert breaker.current(state) is None
    assert [entry.name for entry in entries.due(state, NOW)] == ["alice", "carol"]


def test_a_probe_is_given_to_one_when_it_is_due(state: State) -> None:
    assert not breaker.claim_probe(state, NOW)
    breaker.open_(state, "no route", 1.0)
    assert not breaker.claim_probe(state, NOW + 0.9)
    assert breaker.claim_probe(state, NOW + 1.0)
    assert not breaker.claim_probe(state, NOW + 1.5)
    assert breaker.claim_probe(state, NOW + 2.0)


def test_of_many_that_ask_one_is_to_probe(state: State) -> None:
    breaker.open_(state, "no route", 1.0)
    answers = []

    def work() -> None:
        with open_state(state.directory, domain="example.org") as own:
            answers.append(breaker.claim_probe(own, NOW + 5.0))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 7 + [True]


def test_a_clock_set_back_does_not_put_the_probe_off(state: State) -> None:
    breaker.open_(state, "no route", 1.0)
    assert breaker.claim_probe(state, NOW - 86_400.0)
