"""All processes of an installation share one quota."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from organisation import Clock

from gapps_hooks.errors import OutOfTime
from gapps_hooks.outbox import State, limiter, open_state
from gapps_hooks.outbox.limiter import LONGEST_SLOW_DOWN, LONGEST_WAIT, Rate

RATES = {"request": Rate(38.0, 100), "creation": Rate(9.8)}
# Waits for its turns in earnest and says when it had them.
SENDER = """
import pathlib, sys, time
from gapps_hooks.outbox import limiter, open_state
rates = {"request": limiter.Rate(50.0, 10)}
with open_state(pathlib.Path(sys.argv[1]), domain="example.org") as state:
    for _ in range(25):
        time.sleep(limiter.take(state, ("request",), rates))
        print(time.time(), flush=True)
"""


def waits(state: State, amount: int, *kinds: str) -> list[float]:
    return [limiter.take(state, kinds or ("request",), RATES) for _ in range(amount)]


def test_a_burst_goes_at_once_and_then_the_steady_rate_holds(state: State) -> None:
    found = waits(state, 138)
    assert found[:100] == [0.0] * 100
    assert found[137] == pytest.approx(1.0, abs=0.05)


def test_a_creation_counts_as_a_request_too_and_waits_for_both(state: State) -> None:
    first, second = waits(state, 2, "request", "creation")
    assert first == 0.0
    assert second == pytest.approx(1 / 9.8, abs=1e-6)
    assert waits(state, 99)[-2:] == [0.0, pytest.approx(1 / 38, abs=1e-3)]


def test_the_turns_outlive_the_process(tmp_path: Path, clock: Clock) -> None:
    for expected in (0.0, 1 / 9.8, 2 / 9.8):
        with open_state(tmp_path / "state", domain="example.org", clock=clock) as state:
            assert limiter.take(state, ("creation",), RATES) == pytest.approx(expected, abs=1e-6)


def test_slowing_down_holds_everybody_up_for_a_minute_at_most(state: State, clock: Clock) -> None:
    limiter.slow_down(state, 10.0)
    limiter.slow_down(state, 2.0)  # a shorter one does not lift the longer one
    first, second = waits(state, 2)
    assert first == pytest.approx(10.0)
    assert second == pytest.approx(10.0 + 1 / (38 * 0.85))
    clock.now += 10_000.0
    limiter.slow_down(state, 900.0)
    assert waits(state, 1) == [pytest.approx(LONGEST_SLOW_DOWN)]


@pytest.mark.parametrize("jump", [-86_400.0, -1_000.0, 86_400.0])
def test_a_clock_that_jumps_stops_nobody(state: State, clock: Clock, jump: float) -> None:
    limiter.slow_down(state, 30.0)
    waits(state, 150)
    clock.now += jump
    assert waits(state, 1) == [0.0]
    limiter.slow_down(state, 5.0)
    assert waits(state, 1) == [pytest.approx(5.0)]


def test_a_turn_that_would_come_too_late_is_refused_and_not_taken(state: State) -> None:
    with pytest.raises(OutOfTime, match="more requests wait for their turn"):
        waits(state, 2000, "creation")
    with pytest.raises(OutOfTime):
        waits(state, 1, "creation")
    assert max(waits(state, 1)) < LONGEST_WAIT


# --- Google grants less than the settings say ----------------------------------------------------


def in_use(state: State, kind: str = "request") -> float:
    return limiter.rate_in_use(state, kind, RATES[kind])


def test_each_refusal_lowers_the_rate_of_all_and_quiet_raises_it_again(
    state: State, clock: Clock
) -> None:
    assert in_use(state) == 38.0
    limiter.slow_down(state, 1.0)
    assert in_use(state) == pytest.approx(38.0 * 0.85)
    clock.now += 1.5
    limiter.slow_down(state, 1.0)
    assert in_use(state) == pytest.approx(38.0 * 0.85**2)
    clock.now += 22.0
    assert in_use(state) == pytest.approx(38.0 * (0.85**2 + 0.1))
    clock.now += 600.0
    assert in_use(state) == 38.0


def test_refusals_that_come_together_count_once(state: State) -> None:
    for _ in range(20):
        limiter.slow_down(state, 1.0)
    assert in_use(state) == pytest.approx(38.0 * 0.85)


def test_however_often_it_is_lowered_something_is_left(state: State, clock: Clock) -> None:
    for _ in range(200):
        limiter.slow_down(state, 1.0)
        clock.now += 1.1
    assert in_use(state) == pytest.approx(38.0 * 0.05)


def test_too_many_creations_slow_down_nothing_but_creations(state: State) -> None:
    limiter.slow_down(state, 5.0, "creation")
    assert waits(state, 1) == [0.0]
    assert in_use(state) == 38.0
    assert in_use(state, "creation") == pytest.approx(9.8 * 0.85)
    assert waits(state, 1, "request", "creation") == [pytest.approx(5.0)]
    assert waits(state, 1) == [0.0]


def test_one_account_that_is_asked_for_too_often_slows_nobody_down(
    state: State, clock: Clock
) -> None:
    for _ in range(5):
        limiter.slow_down(state, 1.0, about="/users/1")
        clock.now += 2.0
    assert in_use(state) == 38.0
    assert waits(state, 1) == [0.0]
    clock.now += 60.0
    limiter.slow_down(state, 1.0, about="/users/2")
    assert in_use(state) == 38.0
    clock.now += 1.0
    limiter.slow_down(state, 1.0, about="/users/3")
    assert in_use(state) == pytest.approx(38.0 * 0.85)
    assert waits(state, 1) == [pytest.approx(1.0)]


@pytest.mark.parametrize("jump", [-31_536_000.0, -3.0, 31_536_000.0])
def test_a_clock_that_jumps_leaves_no_low_rate_behind(
    state: State, clock: Clock, jump: float
) -> None:
    for _ in range(10):
        limiter.slow_down(state, 1.0)
        clock.now += 1.1
    clock.now += jump
    assert in_use(state) == 38.0
    limiter.slow_down(state, 1.0)
    assert in_use(state) == pytest.approx(38.0 * 0.85)


def test_what_one_process_was_told_holds_for_all(tmp_path: Path, clock: Clock) -> None:
    directory = tmp_path / "state"
    with (
        open_state(directory, domain="example.org", clock=clock) as one,
        open_state(directory, domain="example.org", clock=clock) as other,
    ):
        limiter.slow_down(one, 1.0)
        assert in_use(other) == pytest.approx(38.0 * 0.85)
        assert waits(other, 1) == [pytest.approx(1.0)]


def test_several_processes_together_keep_the_rate(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    with open_state(directory, domain="example.org"):
        pass
    command = [sys.executable, "-c", SENDER, str(directory)]
    senders = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # one beside the other
        for _ in range(4)
    ]
    sent = sorted(float(line) for each in senders for line in each.communicate()[0].split())
    assert len(sent) == 100
    # 10 at once and 90 at 50 a second take 1.8 s; sleeping is never exact.
    assert sent[-1] - sent[0] > 1.75
    for first, moment in enumerate(sent):
        assert sum(1 for other in sent[first:] if other < moment + 0.5) <= 10 + 25 + 3
