"""Who delivers in the agent, and what it promises to those who wait for it or look on."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from crew_at_work import PATIENCE, at_work, held_up
from organisation import Organisation
from patience import eventually

from gapps_hooks.agent.companions import Observer
from gapps_hooks.agent.crew import Crew
from gapps_hooks.agent.progress import HUNG, Progress
from gapps_hooks.agent.shift import Company, Shift
from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Event, EventKind, Outcome, Verdict
from gapps_hooks.outbox import breaker
from gapps_hooks.record import Receipt
from gapps_hooks.wiring import Wiring


@pytest.fixture
def house(house: Organisation) -> Organisation:
    house.clock.now = time.time()  # the crew's threads sleep in earnest
    return house


def recorded(house: Organisation, name: str) -> int:
    subject = house.record("user-add", name, {"family_name": "Example"}).subject
    assert subject is not None
    return subject


class Onlooker:
    """Hears what happens; of a delivery it may choke."""

    def __init__(self, *, choking: bool = False) -> None:
        self.choking = choking
        self.events: list[str] = []
        self.outcomes: list[str] = []

    def recorded(self, event: Event, _: Receipt) -> None:
        self.events.append(event.name)
        if self.choking:
            raise ZeroDivisionError

    def delivered(self, outcome: Outcome, _: float) -> None:
        self.outcomes.append(outcome.name)
        if self.choking:
            raise ZeroDivisionError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


# --- those who wait ------------------------------------------------------------------------------


def test_whoever_waits_when_the_crew_stops_is_answered(house: Organisation) -> None:
    """One delivery is under way and is finished; the others are left to the next agent."""
    crew, under_way, go_on = held_up(house)
    names = ["alice", "bob", "carol"]
    subjects = {name: recorded(house, name) for name in names}
    answers: queue.SimpleQueue[tuple[str, Outcome | None]] = queue.SimpleQueue()

    def waiter(name: str) -> Callable[[Outcome | None], None]:
        return lambda outcome: answers.put((name, outcome))

    crew.deliver(subjects["alice"], waiter("alice"))
    crew.start()
    assert under_way.wait(PATIENCE)
    crew.deliver(subjects["bob"], waiter("bob"))
    stopping = threading.Thread(target=crew.stop, args=(PATIENCE,))
    stopping.start()
    assert answers.get(timeout=PATIENCE) == ("bob", None)
    crew.deliver(subjects["carol"], waiter("carol"))
    assert answers.get(timeout=PATIENCE) == ("carol", None)
    go_on.set()
    name, outcome = answers.get(timeout=PATIENCE)
    stopping.join(PATIENCE)
    assert (name, outcome and outcome.verdict) == ("alice", Verdict.DONE)
    assert house.left() == {"bob": "waiting", "carol": "waiting"}


def test_a_stop_that_takes_too_long_says_so(house: Organisation) -> None:
    crew, under_way, go_on = held_up(house)
    crew.deliver(recorded(house, "alice"))
    crew.start()
    assert under_way.wait(PATIENCE)
    assert not crew.stop(0.1)
    go_on.set()
    assert crew.stop(PATIENCE)


# --- whatever happens, it goes on ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("misfortune", "said"),
    [
        (ZeroDivisionError(), "agent: an error of this program, ZeroDivisionError"),
        (SourceUnreadable("the files are gone"), "agent: the files are gone"),
    ],
)
def test_a_look_that_fails_is_told_and_the_next_one_is_taken(
    house: Organisation, misfortune: Exception, said: str
) -> None:
    """A probe is a part of the look; without the thread that looks nothing would be delivered."""
    failures = [misfortune]

    def probe(_: bool) -> None:  # noqa: FBT001 - the wiring's own signature
        if failures:
            raise failures.pop()

    wiring: Wiring = replace(house.wiring, probe=probe)
    breaker.open_(house.state, "away", 0.0)
    recorded(house, "alice")
    with at_work(Crew(wiring, workers=1)) as crew:
        assert eventually(lambda: house.troubles, PATIENCE)
        assert crew.alive
        house.clock.now += 60.0
        assert eventually(lambda: house.left() == {}, PATIENCE)
    assert house.troubles == [said]


def test_a_state_file_that_is_gone_is_asked_to_be_opened_anew(house: Organisation) -> None:
    asked = threading.Event()
    with at_work(Crew(house.wiring, workers=1, renew=asked.set)) as crew:
        database = house.settings.state.directory / "state.db"
        database.rename(house.folder / "elsewhere")
        crew.look()
        assert asked.wait(PATIENCE)
        assert crew.alive
    assert house.troubles == []


def test_an_onlooker_who_chokes_stops_neither_the_work_nor_the_others(house: Organisation) -> None:
    onlookers = [Onlooker(choking=True), Onlooker()]
    names = ["alice", "bob"]
    for name in names:
        recorded(house, name)
    with at_work(Crew(house.wiring, onlookers, workers=1)):
        assert eventually(lambda: len(onlookers[1].outcomes) == len(names), PATIENCE)
    assert [sorted(one.outcomes) for one in onlookers] == [names, names]
    assert (house.left(), house.troubles) == ({}, [])


def test_a_copy_of_an_event_is_not_told_a_second_time(house: Organisation) -> None:
    onlookers = [Onlooker(choking=True), Onlooker()]
    observers: list[Observer] = [*onlookers]
    shift = Shift(house.folder / "gapps-hooks.toml", Company(observers=observers))
    event = Event(id="e" * 32, kind=EventKind.USER_ADD, name="alice", defer=600.0)
    try:
        first, second = shift.record(event), shift.record(event)
    finally:
        shift.finish(PATIENCE)
    assert (first.duplicate, second.duplicate) == (False, True)
    assert [one.events for one in onlookers] == [["alice"], ["alice"]]


# --- the token -----------------------------------------------------------------------------------


def test_a_token_that_could_not_be_renewed_is_asked_for_again(house: Organisation) -> None:
    for _ in range(10):
        house.fail(call="token", fails="503")
    with at_work(Crew(house.wiring, workers=1, keep_warm=0.05)) as crew:

        def signed_in() -> bool:
            crew.look()
            return any(one.status == 200 for one in house.emulator.requests if one.call == "token")

        assert eventually(signed_in, PATIENCE)
        assert crew.alive
    assert not house.emulator.faults.waiting()
    assert house.troubles == []
    with house.calls() as calls:
        assert house.fire("user-add", "alice").verdict is Verdict.DONE
    assert calls == ["users.insert"]


# --- who hangs -----------------------------------------------------------------------------------


def test_a_delivery_that_hangs_is_noticed(house: Organisation) -> None:
    """Its thread lives, and holds the subject for as long as the process does."""
    clock, under_way, go_on = Clock(), threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        under_way.set()
        go_on.wait(PATIENCE)

    house.observe = hold
    house.wire()
    progress = Progress(clock)
    with at_work(Crew(house.wiring, progress=progress, workers=1)) as crew:
        crew.deliver(recorded(house, "alice"))
        assert under_way.wait(PATIENCE)
        clock.now = HUNG
        assert progress.hangs
        go_on.set()
        assert eventually(lambda: not progress.hangs, PATIENCE)
