"""How much was done in the last 24 hours."""

from __future__ import annotations

from organisation import Clock

from gapps_hooks.model import Verb
from gapps_hooks.outbox import State, bounds
from gapps_hooks.outbox.bounds import Exceeded


def suspend(state: State, subject: int, generation: int = 1) -> Exceeded | None:
    return bounds.reserve(state, subject, generation, Verb.SUSPEND, 1, 3)


def test_what_goes_beyond_the_limit_is_refused_and_not_counted(state: State) -> None:
    assert [suspend(state, subject) for subject in (1, 2, 3)] == [None] * 3
    assert suspend(state, 4) == Exceeded(verb=Verb.SUSPEND, used=3, asked=1, limit=3)
    assert bounds.used(state, Verb.SUSPEND) == 3
    assert bounds.used(state, Verb.RENAME) == 0


def test_a_repeat_is_the_same_change_and_a_new_generation_another(state: State) -> None:
    for _ in range(5):
        assert suspend(state, 1) is None
    assert bounds.used(state, Verb.SUSPEND) == 1
    assert suspend(state, 1, generation=2) is None
    assert bounds.used(state, Verb.SUSPEND) == 2


def test_several_at_once_count_all_and_a_smaller_repeat_does_not_shrink(state: State) -> None:
    assert bounds.reserve(state, 1, 1, Verb.REMOVE_MEMBER, 40, 50) is None
    assert bounds.reserve(state, 1, 1, Verb.REMOVE_MEMBER, 10, 50) is None
    assert bounds.used(state, Verb.REMOVE_MEMBER) == 40
    exceeded = bounds.reserve(state, 2, 1, Verb.REMOVE_MEMBER, 11, 50)
    assert exceeded is not None
    assert (exceeded.used, exceeded.asked, exceeded.limit) == (40, 11, 50)


def test_without_a_limit_everything_is_counted_and_nothing_refused(state: State) -> None:
    assert bounds.reserve(state, 1, 1, Verb.CREATE, 9000, None) is None
    assert bounds.used(state, Verb.CREATE) == 9000


def test_the_window_slides(state: State, clock: Clock) -> None:
    suspend(state, 1)
    clock.now += 43_200.0
    suspend(state, 2)
    suspend(state, 3)
    clock.now += 43_200.0
    assert bounds.used(state, Verb.SUSPEND) == 2
    assert suspend(state, 4) is None
    assert suspend(state, 5) is not None


def test_what_was_not_done_is_given_back(state: State) -> None:
    suspend(state, 1)
    bounds.give_back(state, 1, 1, Verb.SUSPEND)
    assert bounds.used(state, Verb.SUSPEND) == 0


def test_a_clock_set_back_does_not_count_for_ever(state: State, clock: Clock) -> None:
    suspend(state, 1)
    clock.now -= 3_600.0
    assert bounds.used(state, Verb.SUSPEND) == 1
    clock.now -= 365 * 86_400.0
    assert bounds.used(state, Verb.SUSPEND) == 0


def test_what_another_generation_goes_on_with_counts_once(state: State) -> None:
    suspend(state, 1)
    bounds.carry_over(state, 1, 1, heir=2, newer=7)
    bounds.carry_over(state, 2, 7, heir=2, newer=7)
    assert suspend(state, 2, generation=7) is None
    assert bounds.used(state, Verb.SUSPEND) == 1
    assert suspend(state, 1) is None
    bounds.carry_over(state, 1, 1, heir=2, newer=7)
    assert bounds.used(state, Verb.SUSPEND) == 1


def test_what_is_done_for_good_counts_beside_what_the_generation_does_next(state: State) -> None:
    bounds.reserve(state, 1, 1, Verb.REMOVE_MEMBER, 5, 10)
    bounds.keep(state, 1, 1, Verb.REMOVE_MEMBER, 3)
    assert bounds.used(state, Verb.REMOVE_MEMBER) == 5
    assert bounds.reserve(state, 1, 1, Verb.REMOVE_MEMBER, 2, 10) is None
    assert bounds.used(state, Verb.REMOVE_MEMBER) == 5
    exceeded = bounds.reserve(state, 1, 1, Verb.REMOVE_MEMBER, 8, 10)
    assert exceeded is not None
    assert (exceeded.used, exceeded.asked) == (3, 8)
    bounds.give_back(state, 1, 1, Verb.REMOVE_MEMBER)
    assert bounds.used(state, Verb.REMOVE_MEMBER) == 3
