"""Delivers what is due by several threads, woken by events, by the clock and by other processes.

It must not know sockets, nor how an event comes on disk.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from gapps_hooks.agent.companions import Observer
from gapps_hooks.agent.mishaps import bear
from gapps_hooks.agent.progress import Progress
from gapps_hooks.agent.rota import Rota, Waiter
from gapps_hooks.deliver.judging import open_breaker
from gapps_hooks.deliver.subject import deliver, why_closed
from gapps_hooks.errors import Outage
from gapps_hooks.model import Outcome, Verdict
from gapps_hooks.outbox import breaker, entries
from gapps_hooks.wiring import Wiring

#: Deliveries at the same time: enough for Google's quota of 40 a second if each takes 0.4 s.
WORKERS: Final = 16
#: Seconds between two glances at whether another process has changed the state file.
GLANCE: Final = 2.0
#: Seconds for which a subject is left alone that another process delivers, or that had no time.
REST: Final = 0.25
#: How many due entries are read at a time.
AT_A_TIME: Final = 100
#: Seconds for which a token has to be good, so that no hook waits for a new one.
TOKEN_AHEAD: Final = 600.0
#: Seconds between two looks at the token and the warm connections.
KEEP_WARM: Final = 60.0
#: Workers whose connections are kept open while there is nothing to do: the first to get work.
_WARM_WORKERS: Final = 4


@dataclass(slots=True)
class _Job:
    subject: int
    waiters: list[Waiter] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Warming:
    """Nobody waits for it; one of several sees to the token that all share."""

    with_token: bool


_Inbox = queue.SimpleQueue[_Job | _Warming | None]


class Crew:
    """Worker threads, each with its own connection to Google, and one that hands out the work.

    The worker that was busy last gets the next job, because its connection is the warmest.
    """

    def __init__(  # noqa: PLR0913 - what it is given, and what tests choose
        self,
        wiring: Wiring,
        observers: Sequence[Observer] = (),
        *,
        progress: Progress | None = None,
        workers: int = WORKERS,
        renew: Callable[[], None] = lambda: None,
        keep_warm: float = KEEP_WARM,
    ) -> None:
        self._wiring, self._observers, self._renew = wiring, observers, renew
        self._progress = progress or Progress()
        self._keep_warm = keep_warm
        self._changed = threading.Condition()
        self._rota = Rota()
        self._idle: list[_Inbox] = []
        self._look_wanted, self._stopping = True, False
        self._next_look, self._seen = 0.0, -1
        #: Seconds after which a delivery has not failed, but waited in vain.
        self._all_its_time = 0.9 * wiring.settings.google.timeout
        #: Why nothing may be sent now, as far as is known.
        self.closed: str | None = None
        #: When the dispatcher was seen last, by the monotonic clock.
        self.seen_at = time.monotonic()
        self._threads = [
            threading.Thread(target=self._work, args=(queue.SimpleQueue(),), daemon=True)
            for _ in range(workers)
        ]
        self._dispatcher = threading.Thread(target=self._dispatch, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Begin."""
        for thread in (*self._threads, self._dispatcher):
            thread.start()

    def deliver(self, subject: int, waiter: Waiter | None = None) -> None:
        """Have a subject delivered as soon as somebody is free, and the waiter told.

        While nothing may be sent the waiter is told None at once: the entry is found when it may.
        """
        with self._changed:
            if self.closed is None and not self._stopping:
                self._rota.ask(subject, waiter)
                self._hand_out()
                return
        if waiter is not None:
            self._answer([waiter], None)

    def look(self) -> None:
        """Say that something may have come due."""
        with self._changed:
            self._look_wanted = True
            self._changed.notify()

    def stop(self, within: float) -> bool:
        """Begin nothing more, and wait for what is under way; False if that took too long."""
        end = time.monotonic() + within
        with self._changed:
            self._stopping = True
            waiting = self._rota.clear()
            self._changed.notify_all()
            for inbox in self._idle:
                inbox.put(None)
        self._answer(waiting, None)
        for thread in (self._dispatcher, *self._threads):
            if thread.ident is not None:
                thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    @property
    def alive(self) -> bool:
        """Whether work is handed out, and everybody is there to whom it is given."""
        return all(thread.is_alive() for thread in (self._dispatcher, *self._threads))

    # --- handing out -------------------------------------------------------------------------

    def _dispatch(self) -> None:
        warm_at = 0.0
        while True:
            with self._changed:
                self._changed.wait_for(self._is_needed, timeout=self._pause())
                if self._stopping:
                    return
                self.seen_at = time.monotonic()
                looking, self._look_wanted = self._look_wanted, False
            if self.seen_at >= warm_at:
                warm_at = self.seen_at + self._keep_warm
                self._post_warming()
            self._look_safely(wanted=looking)

    def _look_safely(self, *, wanted: bool) -> None:
        """Look, and go on whatever happens: without this thread nothing would be delivered."""
        try:
            self._look(wanted=wanted)
        except Exception as error:  # noqa: BLE001 - for the reason above
            self._next_look = time.time() + GLANCE
            self._bear(error)

    def _is_needed(self) -> bool:
        if self._stopping or self.closed is not None:
            return self._stopping
        return self._look_wanted and len(self._rota) < len(self._threads)

    def _pause(self) -> float:
        until = min(GLANCE, self._next_look - self._wiring.clock())
        rested = self._rota.next_end_of_rest()
        if rested is not None:
            until = min(until, rested - time.monotonic())
        return max(0.01, until)

    def _look(self, *, wanted: bool) -> None:
        """See what is due, unless nothing can have changed since the last look."""
        state, now = self._wiring.state, self._wiring.clock()
        version = state.version()
        # a clock that was set back must not put the next look off
        due = now >= self._next_look or self._next_look > now + 2 * GLANCE
        if wanted or due or version != self._seen:
            self._seen = version
            self.closed = why_closed(self._wiring)
            found = () if self.closed else entries.due(state, now, self._limit())
            self._next_look = self._plan(now)
            with self._changed:
                self._rota.add(entry.subject for entry in found)
                waiting = self._rota.clear() if self.closed else []
            self._answer(waiting, None)
        with self._changed:
            self._hand_out()

    def _limit(self) -> int:
        return AT_A_TIME + self._rota.running + len(self._rota)

    def _plan(self, now: float) -> float:
        outage = breaker.current(self._wiring.state)
        if outage is not None:
            return min(max(outage.next_probe_at, now), now + outage.seconds)
        found = None if self.closed else entries.next_due(self._wiring.state, now)
        return now + GLANCE if found is None else min(found, now + GLANCE)

    def _hand_out(self) -> None:
        """Give work to whoever is free; those who wait get it too, to be told why it waits."""
        now = time.monotonic()
        while self._idle and not self._stopping:
            taken = self._rota.take(now)
            if taken is None:
                return
            self._idle.pop().put(_Job(*taken))

    def _post_warming(self) -> None:
        with self._changed:
            if self._stopping or self.closed is not None:
                return
            # put back as they end, on top of those that stay cold
            for number in range(min(_WARM_WORKERS, len(self._idle))):
                self._idle.pop().put(_Warming(with_token=number == 0))

    # --- working -----------------------------------------------------------------------------

    def _work(self, inbox: _Inbox) -> None:
        while (job := self._next_job(inbox)) is not None:
            with self._progress.at_work():
                if isinstance(job, _Job):
                    self._do(job)
                    continue
                with suppress(Exception):  # the first delivery finds out, and tells
                    self._wiring.directory.keep_warm(TOKEN_AHEAD if job.with_token else None)

    def _next_job(self, inbox: _Inbox) -> _Job | _Warming | None:
        with self._changed:
            if self._stopping:
                return None
            self._idle.append(inbox)
            if self.closed is None:
                self._hand_out()
            if self._look_wanted:
                self._changed.notify()
        return inbox.get()

    def _do(self, job: _Job) -> None:
        began = time.monotonic()
        outcome: Outcome | None = None
        rest: float | None = GLANCE
        try:
            outcome = deliver(self._wiring, job.subject)
            rest = REST if _is_later(outcome) else None
            if rest is not None and time.monotonic() - began >= self._all_its_time:
                self._suspect()
        except Exception as error:  # noqa: BLE001 - one subject's misfortune must not end the worker
            self._bear(error)
        finally:  # whatever ends the worker: its subject is free, and whoever waits is told
            self._done(job.subject, rest)
            self._answer(job.waiters, outcome)
        if outcome is not None:
            self._tell(outcome, time.monotonic() - began)

    def _done(self, subject: int, rest: float | None) -> None:
        until = None if rest is None else time.monotonic() + rest
        with self._changed:
            self._rota.done(subject, rest_until=until)
            # what this one has set free, or what came meanwhile, may be due
            self._look_wanted = True

    def _suspect(self) -> None:
        """Knock, as a call had no answer: without one to this either, it is nobody's entry's fault.

        All that waits is then due as soon as Google answers again, and not after its own delay.
        """
        try:
            self._wiring.probe(False)  # noqa: FBT003 - a callable, whose argument says: sign in
        except Outage as fault:
            open_breaker(self._wiring, fault)

    def _tell(self, outcome: Outcome, seconds: float) -> None:
        for observer in self._observers:
            with suppress(Exception):  # whoever looks on must not stop the work
                observer.delivered(outcome, seconds)

    def _answer(self, waiters: Iterable[Waiter], outcome: Outcome | None) -> None:
        for waiter in waiters:
            try:
                waiter(outcome)
            except Exception as error:  # noqa: BLE001 - the others wait, too
                self._bear(error)

    def _bear(self, error: Exception) -> None:
        bear(error, self._wiring.tell_trouble, self._renew)


def _is_later(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.verdict is Verdict.LATER
