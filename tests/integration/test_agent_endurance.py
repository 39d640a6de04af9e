"""Whatever happens to one of the agent's threads, the others and those who wait go on."""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from crew_at_work import PATIENCE, at_work
from organisation import Organisation

from gapps_hooks.agent.crew import Crew
from gapps_hooks.agent.progress import HUNG, Progress
from gapps_hooks.agent.recording import Recorder, Slip
from gapps_hooks.errors import Outage
from gapps_hooks.model import Event, EventKind, Outcome, Verdict
from gapps_hooks.outbox import entries, open_state
from gapps_hooks.record import Desk, Receipt, read_event

Answers = queue.SimpleQueue[Outcome | None]


@pytest.fixture
def house(house: Organisation) -> Organisation:
    house.clock.now = time.time()  # the crew's threads sleep in earnest
    return house


def recorded(house: Organisation, name: str) -> int:
    """Record what is not due, so that nobody delivers it unasked."""
    payload = {"family_name": "Example"}
    words = {"id": secrets.token_hex(16), "event": "user-add", "subject": name, "payload": payload}
    event = replace(read_event(words), defer=3600.0)
    return entries.record(house.state, event).subject


def suspicious(house: Organisation, probe: Callable[[bool], None]) -> None:
    """Have every delivery that has to wait taken for one that waited in vain."""
    google = replace(house.settings.google, timeout=1e-9)
    settings = replace(house.settings, google=google)
    house.wiring = replace(house.wiring, settings=settings, probe=probe)
    house.fail(call="users.insert", fails="503", times=0)


def outcome_of(crew: Crew, subject: int) -> Verdict | None:
    answers = Answers()
    crew.deliver(subject, answers.put)
    outcome = answers.get(timeout=PATIENCE)
    return None if outcome is None else outcome.verdict


def goes_on(house: Organisation, crew: Crew, subject: int) -> bool:
    """Whether the only worker delivers the same subject and another one."""
    house.emulator.faults.clear()
    verdicts = [outcome_of(crew, one) for one in (subject, recorded(house, "bob"))]
    return crew.alive and verdicts == [Verdict.DONE, Verdict.DONE]


# --- the workers ----------------------------------------------------------------------------------


def test_an_outage_that_cannot_be_noted_is_told_and_the_work_goes_on(house: Organisation) -> None:
    """The state file takes nothing just then, as on a full disk."""

    def probe(_: bool) -> None:  # noqa: FBT001 - the wiring's own signature
        house.state.rows("PRAGMA query_only = ON")
        raise Outage("No answer")

    suspicious(house, probe)
    subject = recorded(house, "alice")
    with at_work(Crew(house.wiring, workers=1)) as crew:
        assert outcome_of(crew, subject) is Verdict.LATER
        house.state.rows("PRAGMA query_only = OFF")
        (trouble,) = house.troubles
        assert trouble.startswith("agent: ")
        assert "it cannot be written" in trouble
        assert goes_on(house, crew, subject)


def test_a_probe_that_fails_by_a_mistake_of_ours_ends_no_worker(house: Organisation) -> None:
    def probe(_: bool) -> None:  # noqa: FBT001 - the wiring's own signature
        raise ZeroDivisionError

    suspicious(house, probe)
    subject = recorded(house, "alice")
    with at_work(Crew(house.wiring, workers=1)) as crew:
        assert outcome_of(crew, subject) is Verdict.LATER
        assert house.troubles == ["agent: an error of this program, ZeroDivisionError"]
        assert goes_on(house, crew, subject)


def test_a_state_file_that_is_gone_at_an_outage_is_asked_to_be_opened_anew(
    house: Organisation,
) -> None:
    database = house.settings.state.directory / "state.db"
    asked: list[str] = []

    def probe(_: bool) -> None:  # noqa: FBT001 - the wiring's own signature
        database.rename(house.folder / "elsewhere")
        raise Outage("No answer")

    def renew() -> None:
        asked.append("anew")
        (house.folder / "elsewhere").rename(database)

    suspicious(house, probe)
    subject = recorded(house, "alice")
    with at_work(Crew(house.wiring, workers=1, renew=renew)) as crew:
        assert outcome_of(crew, subject) is Verdict.LATER
        assert asked == ["anew"]
        assert house.troubles == []
        assert goes_on(house, crew, subject)


def test_trouble_that_nobody_can_be_told_ends_no_worker(house: Organisation) -> None:
    def probe(_: bool) -> None:  # noqa: FBT001 - the wiring's own signature
        raise ZeroDivisionError

    def deaf(_: str) -> None:
        raise OSError

    suspicious(house, probe)
    house.wiring = replace(house.wiring, tell_trouble=deaf)
    subject = recorded(house, "alice")
    with at_work(Crew(house.wiring, workers=1)) as crew:
        assert outcome_of(crew, subject) is Verdict.LATER
        assert goes_on(house, crew, subject)


def test_one_who_waits_and_chokes_keeps_the_answer_from_nobody(house: Organisation) -> None:
    subject = recorded(house, "alice")
    answers = Answers()

    def choke(_: Outcome | None) -> None:
        raise ZeroDivisionError

    crew = Crew(house.wiring, workers=1)
    for waiter in (choke, answers.put):
        crew.deliver(subject, waiter)
    with at_work(crew):
        outcome = answers.get(timeout=PATIENCE)
        assert outcome is not None
        assert goes_on(house, crew, recorded(house, "carol"))
    assert house.troubles == ["agent: an error of this program, ZeroDivisionError"]


def test_one_who_waits_and_chokes_at_the_end_keeps_the_answer_from_nobody(
    house: Organisation,
) -> None:
    subject = recorded(house, "alice")
    answers = Answers()

    def choke(_: Outcome | None) -> None:
        raise ZeroDivisionError

    crew = Crew(house.wiring, workers=1)
    for waiter in (choke, answers.put):
        crew.deliver(subject, waiter)
    assert crew.stop(PATIENCE)
    assert answers.get(timeout=PATIENCE) is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_crew_that_has_lost_a_worker_is_not_alive_and_tells_whoever_waits(
    house: Organisation,
) -> None:
    """The watchdog has to notice what no guard could hold, such as the end of a thread itself."""

    def probe(_: bool) -> None:  # noqa: FBT001 - the wiring's own signature
        raise SystemExit

    suspicious(house, probe)
    subject = recorded(house, "alice")
    with at_work(Crew(house.wiring, workers=2)) as crew:
        assert crew.alive
        assert outcome_of(crew, subject) is Verdict.LATER
        end = time.monotonic() + PATIENCE
        while crew.alive:
            assert time.monotonic() < end, "nobody noticed"
            time.sleep(0.01)
        house.emulator.faults.clear()
        assert outcome_of(crew, subject) is Verdict.DONE


# --- the writer -----------------------------------------------------------------------------------


def desk_of(house: Organisation) -> Desk:
    return Desk(
        settings=house.settings, state=house.state, source=None, tell_trouble=house.troubles.append
    )


def newcomer(name: str) -> Event:
    return Event(id=name * 8, kind=EventKind.USER_ADD, name=name)


def test_one_who_chokes_on_its_answer_keeps_the_others_from_nothing(house: Organisation) -> None:
    told = queue.SimpleQueue[object]()

    def choke(*_: object) -> None:
        raise ZeroDivisionError

    def answer(_: object, result: object) -> None:
        told.put(result)

    with open_state(house.settings.state.directory, domain="example.org") as writing:
        recorder = Recorder(desk_of(house), writing)
        recorder.submit(Slip(read=lambda: newcomer("alice"), answer=choke))
        told = queue.SimpleQueue[object]()
        recorder.submit(
            Slip(read=lambda: newcomer("bob"), answer=lambda _, result: told.put(result))
        )
        assert isinstance(told.get(timeout=PATIENCE), Receipt)
        assert recorder.alive
        recorder.close(PATIENCE)
    assert house.left() == {"alice": "waiting", "bob": "waiting"}
    assert house.troubles == ["agent: an error of this program, ZeroDivisionError"]


def test_one_that_cannot_be_stored_keeps_none_of_its_batch_from_the_disk(
    house: Organisation,
) -> None:
    told: dict[str, queue.SimpleQueue[object]] = {}

    def submit(recorder: Recorder, event: Event) -> None:
        told[event.name] = queue.SimpleQueue()
        recorder.submit(
            Slip(read=lambda: event, answer=lambda _, result: told[event.name].put(result))
        )

    unstorable = replace(newcomer("bob"), patch={"given_name": object()})
    with open_state(house.settings.state.directory, domain="example.org") as writing:
        recorder = Recorder(desk_of(house), writing)
        for event in (newcomer("alice"), unstorable, newcomer("cid")):
            submit(recorder, event)
        results = {name: answers.get(timeout=PATIENCE) for name, answers in told.items()}
        recorder.close(PATIENCE)
    assert isinstance(results.pop("bob"), TypeError)
    assert {type(result) for result in results.values()} == {Receipt}
    assert [(entry.name, entry.generation) for entry in entries.all_entries(house.state)] == [
        ("alice", 1),
        ("cid", 1),
    ]


def test_who_is_told_that_an_event_is_recorded_finds_it_on_disk(house: Organisation) -> None:
    """By a connection of its own, which sees nothing that is not committed."""
    found = queue.SimpleQueue[dict[str, str]]()

    def look(*_: object) -> None:
        found.put(house.left())

    with open_state(house.settings.state.directory, domain="example.org") as writing:
        recorder = Recorder(desk_of(house), writing)
        recorder.submit(
            Slip(read=lambda: newcomer("alice"), answer=lambda *_: found.put(house.left()))
        )
        assert found.get(timeout=PATIENCE) == {"alice": "waiting"}
        recorder.close(PATIENCE)


@pytest.mark.parametrize("where", ["read", "answer"])
def test_one_who_reads_or_writes_for_ever_is_noticed(house: Organisation, where: str) -> None:
    """In a reader's thread, and in the writer's."""
    now, under_way, go_on = [0.0], threading.Event(), threading.Event()
    progress = Progress(lambda: now[0])

    def hang() -> None:
        under_way.set()
        go_on.wait(PATIENCE)

    def read() -> Event:
        if where == "read":
            hang()
        return newcomer("alice")

    def answer(*_: object) -> None:
        if where == "answer":
            hang()

    with open_state(house.settings.state.directory, domain="example.org") as writing:
        recorder = Recorder(desk_of(house), writing, progress)
        recorder.submit(Slip(read=read, answer=answer))
        assert under_way.wait(PATIENCE)
        now[0] = HUNG
        assert progress.hangs
        go_on.set()
        recorder.close(PATIENCE)
        assert not progress.hangs
