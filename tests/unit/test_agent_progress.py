"""Whether a thread that is at work hangs is told from the signs that it gives."""

from __future__ import annotations

import threading

import pytest

from gapps_hooks.agent.crew import WORKERS
from gapps_hooks.agent.progress import HUNG, IN_TURN, Progress
from gapps_hooks.agent.recording import READERS


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> Progress:
    return Progress(clock)


def test_who_does_nothing_does_not_hang(progress: Progress, clock: Clock) -> None:
    progress.note()
    with progress.at_work():
        pass
    clock.now = 2 * HUNG
    assert not progress.hangs


def test_who_works_for_long_and_gives_signs_does_not_hang(progress: Progress, clock: Clock) -> None:
    with progress.at_work():
        for _ in range(3):
            clock.now += HUNG - 1
            assert not progress.hangs
            progress.note()
        clock.now += HUNG
        assert progress.hangs
    assert not progress.hangs


def test_signs_of_others_hide_nobody(progress: Progress, clock: Clock) -> None:
    def other() -> None:
        with progress.at_work():
            progress.note()

    with progress.at_work():
        clock.now = HUNG
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert progress.hangs


def test_who_waits_for_all_others_before_a_silent_directory_does_not_hang(
    progress: Progress, clock: Clock
) -> None:
    assert IN_TURN >= 2 * (WORKERS + READERS)
    progress.bear_with(60.0)
    with progress.at_work():
        clock.now = IN_TURN * 60.0 - 1
        assert not progress.hangs
        clock.now += 1
        assert progress.hangs


def test_a_source_that_is_given_little_time_does_not_make_others_hang(
    progress: Progress, clock: Clock
) -> None:
    progress.bear_with(1.0)
    with progress.at_work():
        clock.now = HUNG - 1
        assert not progress.hangs
        clock.now = HUNG
        assert progress.hangs
