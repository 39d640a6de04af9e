"""When a request's turn comes (the pure half of the limiter)."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.outbox.limiter import (
    LONGEST_SLOW_DOWN,
    LONGEST_WAIT,
    Rate,
    Throttle,
    next_turn,
)

REQUESTS = Rate(38.0, 100)
CREATIONS = Rate(9.8)


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
    assert abs(sent[10] - 1000.0 - 10 / 9.8) < 1e-6


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


# --- a Google that grants less -------------------------------------------------------------------


@dataclass
class Sender:
    """An installation that always has something to send, by a simulated clock."""

    rate: Rate
    throttle: Throttle = field(default_factory=Throttle)
    paused_until: float = 0.0
    arrival: float = 0.0
    sent: list[float] = field(default_factory=list)

    def take(self, now: float) -> float:
        """Take a turn; return when it is sent."""
        left = replace(self.rate, share=self.throttle.share_at(now))
        turn = next_turn(self.arrival, now, left, self.paused_until)
        self.arrival = turn.arrival_at
        self.sent.append(now + turn.wait)
        return now + turn.wait

    def refused(self, now: float) -> None:
        """Hear that it was too fast."""
        self.throttle = self.throttle.lowered(now)
        self.paused_until = max(self.paused_until, now + 1.0)


@given(
    storms=st.lists(
        st.tuples(st.floats(0.0, 30.0), st.integers(1, 300), st.booleans()), max_size=12
    )
)
def test_no_minute_takes_more_than_google_grants_whatever_it_refuses(
    storms: list[tuple[float, int, bool]],
) -> None:
    sender, now = Sender(REQUESTS), 1000.0
    for rest, amount, refused in storms:
        now += rest
        for _ in range(amount):
            sender.take(now)
        if refused:
            sender.refused(now)
    sent = sorted(sender.sent)
    for first in range(0, len(sent), 50):
        assert bisect_left(sent, sent[first] + 60.0) - first <= 2400


def granted(sender: Sender, a_minute: float, minutes: float) -> tuple[float, float]:
    """Let eight workers send all the time; the share of the quota that is used, and of refusals.

    Whoever is refused rests as a caller does, and sends again.
    """
    now, end = 1000.0, 1000.0 + minutes * 60.0
    level, since, done, refusals = a_minute, now, 0, 0
    workers = [now] * 8
    while workers[0] < end:
        now = sender.take(heapq.heappop(workers))
        level, since = min(a_minute, level + (now - since) * a_minute / 60.0), now
        if level >= 1.0:
            level, done = level - 1.0, done + 1
            heapq.heappush(workers, now + 0.1)
        else:
            refusals += 1
            sender.refused(now)
            heapq.heappush(workers, now + 1.5)
    return done / (minutes * a_minute), refusals / (done + refusals)


def test_the_whole_quota_is_used_without_a_single_refusal() -> None:
    used, refused = granted(Sender(REQUESTS), 2400.0, 10.0)
    assert used >= 0.95
    assert refused == 0.0


@pytest.mark.parametrize("a_minute", [1800.0, 1200.0, 600.0])
def test_of_a_smaller_quota_most_is_used_and_little_refused(a_minute: float) -> None:
    used, refused = granted(Sender(REQUESTS), a_minute, 30.0)
    assert used >= 0.95
    assert refused <= 0.03


@given(moved_at=st.floats(0.0, 1e6), later=st.floats(0.0, 1e6), share=st.floats(0.05, 1.0))
def test_what_is_left_never_exceeds_the_settings_and_is_never_nothing(
    moved_at: float, later: float, share: float
) -> None:
    throttle = Throttle(share, moved_at)
    assert 0.05 <= throttle.share_at(moved_at + later) <= 1.0
    assert 0.05 <= throttle.lowered(moved_at + later).share <= 1.0
    assert throttle.share_at(moved_at + later + 1.0) >= throttle.share_at(moved_at + later)
