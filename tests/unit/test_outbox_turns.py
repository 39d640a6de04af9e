"""When a request's turn comes (the pure half of the limiter)."""

from __future__ import annotations

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.outbox.limiter import LONGEST_SLOW_DOWN, LONGEST_WAIT, Rate, next_turn

REQUESTS = Rate(38.0, 100)
CREATIONS = Rate(9.7)


def sent_at(times: list[float], rate: Rate) -> list[float]:
    """When requests that come at ``times`` are sent."""
    arrival, sent = 0.0, []
    for now in times:
        turn = next_turn(arrival, now, rate, 0.0)
        arrival = turn.arrival_at
        sent.append(now + turn.wait)
    return sent


def test_a_burst_goes_at_once_and_what_comes_behind_it_steadily() -> None:
    sent = sent_at([1000.0] * 138, REQUESTS)
    assert sent[99] == 1000.0
    assert 1000.9 < sent[137] < 1001.1


def test_creations_do_not_burst() -> None:
    sent = sent_at([1000.0] * 11, CREATIONS)
    assert sent[1] - sent[0] > 0.1
    assert abs(sent[10] - 1000.0 - 10 / 9.7) < 1e-6


# Together fewer than may wait at once: beyond that a turn is refused and none is taken.
@given(storms=st.lists(st.tuples(st.floats(0.0, 5.0), st.integers(1, 550)), max_size=8))
def test_no_minute_takes_more_than_google_grants(storms: list[tuple[float, int]]) -> None:
    now, times = 1000.0, []
    for rest, amount in storms:
        now += rest
        times += [now] * amount
    sent = sent_at(times, REQUESTS)
    assert sent == sorted(sent)
    for first in range(0, len(sent), 50):
        assert bisect_left(sent, sent[first] + 60.0) - first <= 2400


def test_nobody_sends_during_a_pause_and_nobody_bursts_after_it() -> None:
    first = next_turn(0.0, 1000.0, REQUESTS, 1020.0)
    second = next_turn(first.arrival_at, 1000.0, REQUESTS, 1020.0)
    assert abs(first.wait - 20.0) < 1e-6
    assert abs(second.wait - first.wait - 1 / 38) < 1e-6


@given(ahead=st.floats(LONGEST_WAIT + 10, 1e9))
def test_a_clock_that_was_set_back_harms_nothing(ahead: float) -> None:
    assert next_turn(1000.0 + ahead, 1000.0, REQUESTS, 0.0).wait == 0.0
    assert next_turn(0.0, 1000.0, REQUESTS, 1000.0 + LONGEST_SLOW_DOWN + ahead).wait == 0.0
