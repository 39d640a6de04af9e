"""While Google cannot be reached nobody delivers, and one at a time probes."""

from __future__ import annotations

import threading

from organisation import START, Clock

from gapps_hooks.model import Event, EventKind
from gapps_hooks.outbox import State, breaker, entries, open_state
from gapps_hooks.outbox.breaker import Break


def test_an_outage_is_remembered_with_its_beginning(state: State, clock: Clock) -> None:
    assert breaker.current(state) is None
    breaker.open_(state, "name lookup failed", 1.0)
    clock.now += 30.0
    breaker.open_(state, "connection refused", 5.0)
    assert breaker.current(state) == Break(
        reason="connection refused", since=START, seconds=5.0, next_probe_at=START + 35.0
    )


def test_when_it_ends_everything_that_waits_is_due_oldest_first(state: State) -> None:
    for name in ("alice", "bob", "carol"):
        entries.record(
            state, Event(id=name, kind=EventKind.USER_ADD, name=name, defer=100.0 - len(name))
        )
    buried = entries.all_entries(state)[1]
    entries.bury(state, buried, "refused")
    assert not breaker.close(state)
    assert entries.due(state, START) == ()
    breaker.open_(state, "no route", 1.0)
    assert breaker.close(state)
    assert breaker.current(state) is None
    assert [entry.name for entry in entries.due(state, START)] == ["alice", "carol"]


def test_a_probe_is_given_to_one_when_it_is_due(state: State) -> None:
    assert not breaker.claim_probe(state, START)
    breaker.open_(state, "no route", 1.0)
    assert not breaker.claim_probe(state, START + 0.9)
    assert breaker.claim_probe(state, START + 1.0)
    assert not breaker.claim_probe(state, START + 1.5)
    assert breaker.claim_probe(state, START + 2.0)


def test_of_many_that_ask_one_is_to_probe(state: State) -> None:
    breaker.open_(state, "no route", 1.0)
    answers = []

    def work() -> None:
        with open_state(state.directory, domain="example.org") as own:
            answers.append(breaker.claim_probe(own, START + 5.0))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 7 + [True]


def test_a_clock_set_back_does_not_put_the_probe_off(state: State) -> None:
    breaker.open_(state, "no route", 1.0)
    assert breaker.claim_probe(state, START - 86_400.0)
