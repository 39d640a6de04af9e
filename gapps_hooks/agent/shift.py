"""One reading of the settings at work: the states, the recorder, the crew and the companions.

It must not know the socket, nor when it begins and ends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gapps_hooks.agent.admission import Admission
from gapps_hooks.agent.companions import Companion, Observer, Surroundings
from gapps_hooks.agent.crew import Crew
from gapps_hooks.agent.progress import Progress
from gapps_hooks.agent.recording import Recorder
from gapps_hooks.agent.rota import Waiter
from gapps_hooks.agent.sweeping import Sweeper
from gapps_hooks.deliver.prompt import line_of
from gapps_hooks.errors import OutOfTime
from gapps_hooks.google.boundaries import Observer as RequestObserver
from gapps_hooks.google.boundaries import unobserved
from gapps_hooks.model import Event, Outcome
from gapps_hooks.outbox import State, open_state
from gapps_hooks.outbox.keeping import DAY
from gapps_hooks.record import Desk, Receipt
from gapps_hooks.settings import load_settings
from gapps_hooks.sources import Source, open_source
from gapps_hooks.trouble import tell_syslog
from gapps_hooks.wiring import wire

#: Seconds without a sign of the dispatcher after which it is taken for dead: a probe may take 4,
#: and whoever holds the state file locked 5.
_SILENCE: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Who is there beside the agent's own work."""

    companions: Sequence[Companion] = ()
    observers: Sequence[Observer] = ()
    #: Is told of each request to Google: its method, and what it came to.
    observe: RequestObserver = unobserved
    #: Of the threads of all shifts, also of one that was relieved and could not finish.
    progress: Progress = field(default_factory=Progress)


class Shift:
    """Everything that depends on the settings.

    Raises BadSettings or StateUnusable, and leaves nothing open then.
    """

    def __init__(self, path: Path, company: Company) -> None:
        self.settings: Final = load_settings(path)
        self.admission: Final = Admission.of(self.settings.agent.allow_groups)
        self._company = company
        #: Is called when the state file has to be opened anew, from any thread.
        self.renew: Callable[[], None] = lambda: None
        self._ending = threading.Event()
        self._started: list[Companion] = []
        self._open = ExitStack()
        try:
            self._prepare()
        except BaseException:
            self._open.close()
            raise

    def _prepare(self) -> None:
        source = open_source(self.settings)
        self._company.progress.bear_with(self.settings.source.timeout)
        # reading, recording, delivering and wiping do not wait for each other's locks
        self.state: State = self._state()
        writing, delivering, wiping = self._state(), self._state(), self._state()
        self.source: Source | None = source
        wiring = wire(
            self.settings,
            delivering,
            source=source,
            sleep=self._sleep,
            observe=self._observe,
        )
        self._sweeper = Sweeper(wiping, self.settings.state.keep_hashes * DAY)
        self._open.callback(self._sweeper.close)
        for state in (writing, delivering):
            state.leave_wiping_to(self._sweeper.ring)
        self.crew = Crew(
            wiring,
            self._company.observers,
            progress=self._company.progress,
            renew=self._ask_for_renewal,
        )
        desk = Desk(
            settings=self.settings, state=self.state, source=source, tell_trouble=tell_syslog
        )
        self.recorder = Recorder(desk, writing, self._company.progress)

    def _observe(self, method: str, outcome: str) -> None:
        self._company.progress.note()
        self._company.observe(method, outcome)

    def _ask_for_renewal(self) -> None:
        self.renew()

    def _state(self) -> State:
        place = self.settings.state
        state = open_state(place.directory, domain=self.settings.domain, owner=place.owner)
        return self._open.enter_context(state)

    def start(self) -> None:
        """Begin to deliver; raises GappsHooksError if a companion cannot start."""
        self.crew.start()
        self.gather()

    def gather(self) -> None:
        """Start the companions; raises GappsHooksError if one cannot start."""
        surroundings = Surroundings(settings=self.settings, state=self.state, record=self.record)
        for companion in self._company.companions:
            companion.start(surroundings)
            self._started.append(companion)

    def part(self) -> None:
        """Stop the companions, so that the next shift's can take their places."""
        while self._started:
            self._started.pop().stop()

    def record(self, event: Event) -> Receipt:
        """Record an event that did not come by the socket, and have it delivered."""
        receipt = self.recorder.record(event)
        self.recorded(event, receipt)
        self.see_to(event, receipt)
        return receipt

    def recorded(self, event: Event, receipt: Receipt) -> None:
        """Tell whoever wants to know; a copy of an event that was told is none."""
        if receipt.duplicate:
            return
        for observer in self._company.observers:
            with suppress(Exception):  # whoever looks on must not stop the work
                observer.recorded(event, receipt)

    def see_to(self, event: Event, receipt: Receipt, waiter: Waiter | None = None) -> bool:
        """Have what was recorded delivered when it is due; whether the waiter will be told."""
        if receipt.subject is None or receipt.duplicate:
            return False
        if event.defer:
            self.crew.look()
            return False
        self.crew.deliver(receipt.subject, waiter)
        return True

    def line_of(self, event: Event, receipt: Receipt, outcome: Outcome | None) -> str:
        """Say in a line what became of an event that somebody waits for; raises StateUnusable."""
        if receipt.subject is None or receipt.duplicate:
            return f"{event.name}: {receipt.line}"
        closed = self.crew.closed
        if outcome is None and closed is not None:
            return f"{event.name}: recorded, waiting: {closed}"
        return line_of(self.state, receipt, event.name, outcome)

    @property
    def alive(self) -> bool:
        """Whether events are recorded and delivered, delivered hashes wiped, and nothing hangs."""
        heard = time.monotonic() - self.crew.seen_at < _SILENCE
        threads = self.recorder.alive and self.crew.alive and self._sweeper.alive
        return threads and heard and not self._company.progress.hangs

    def finish(self, within: float) -> None:
        """Record what was taken, finish what is under way, end; nothing is lost if time is up."""
        end = time.monotonic() + within
        self.part()
        self.recorder.close(within / 2)
        self._ending.set()
        if self.crew.stop(end - time.monotonic()):
            self._open.close()

    def _sleep(self, seconds: float) -> None:
        if self._ending.wait(seconds):
            raise OutOfTime("the agent is being stopped; the next one goes on")
