"""How long an entry waits before it is tried again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.outbox.delays import LONGEST_DELAY, next_delay


def test_the_first_try_again_comes_after_a_second_or_two() -> None:
    assert next_delay(0, lambda: 0.0) == 2.0
    assert 1.0 <= next_delay(0, lambda: 0.999) < 2.0


def test_it_doubles_up_to_an_hour() -> None:
    waits = [next_delay(attempts, lambda: 0.0) for attempts in range(20)]
    assert waits[:4] == [2.0, 4.0, 8.0, 16.0]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_DELAY == 3600.0


@given(attempts=st.integers(0, 10**9), share=st.floats(0, 1, exclude_max=True))
def test_it_is_never_longer_than_the_longest_and_never_nothing(attempts: int, share: float) -> None:
    assert 1.0 <= next_delay(attempts, lambda: share) <= LONGEST_DELAY


def test_what_failed_together_does_not_come_back_together() -> None:
    delays = {next_delay(3, iter([share]).__next__) for share in (0.1, 0.5, 0.9)}
    assert len(delays) == 3
