"""Whose turn it is in the agent, and who is told."""

from __future__ import annotations

from gapps_hooks.agent.rota import Rota
from gapps_hooks.model import Outcome


def ignore(_: Outcome | None) -> None:
    """Wait for an outcome and do nothing with it."""


def test_what_somebody_waits_for_goes_before_what_is_due() -> None:
    rota = Rota()
    rota.add([1, 2])
    rota.ask(3, ignore)
    turns = [rota.take(0.0) for _ in range(4)]
    assert turns == [(3, [ignore]), (1, []), (2, []), None]


def test_a_subject_is_under_way_once_and_has_another_turn_after() -> None:
    rota = Rota()
    rota.ask(1, None)
    assert rota.take(0.0) == (1, [])
    rota.ask(1, ignore)
    assert rota.take(0.0) is None
    rota.done(1)
    assert rota.take(0.0) == (1, [ignore])


def test_what_is_due_and_under_way_is_not_put_behind_itself() -> None:
    rota = Rota()
    rota.add([1])
    rota.take(0.0)
    rota.add([1])
    assert (len(rota), rota.running) == (0, 1)


def test_who_comes_during_a_delivery_hears_of_the_next_one() -> None:
    rota = Rota()
    rota.ask(1, ignore)
    _, first = rota.take(0.0) or (0, [])
    rota.ask(1, ignore)
    rota.ask(1, ignore)
    rota.done(1)
    _, second = rota.take(0.0) or (0, [])
    assert (len(first), len(second)) == (1, 2)


def test_a_subject_that_could_not_be_delivered_rests_until_somebody_asks() -> None:
    rota = Rota()
    rota.add([1])
    rota.take(10.0)
    rota.done(1, rest_until=11.0)
    rota.add([1, 2])
    assert rota.next_end_of_rest() == 11.0
    assert rota.take(10.5) == (2, [])
    assert rota.take(10.5) is None
    assert rota.take(11.0) == (1, [])
    rota.done(1, rest_until=20.0)
    rota.ask(1, None)
    assert rota.take(12.0) == (1, [])


def test_when_nothing_may_be_sent_all_who_wait_are_known() -> None:
    rota = Rota()
    rota.ask(1, ignore)
    rota.ask(2, ignore)
    rota.add([3])
    assert rota.clear() == [ignore, ignore]
    assert (len(rota), rota.take(0.0)) == (0, None)
