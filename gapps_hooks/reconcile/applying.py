"""Everybody's turn: what depends on nothing at once, members after their user and their group.

It must not know how one subject is carried out, nor how people see it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from gapps_hooks.deliver.judging import open_breaker
from gapps_hooks.deliver.subject import freed, why_closed
from gapps_hooks.errors import GappsHooksError, Outage
from gapps_hooks.model import Outcome, Verb, Verdict
from gapps_hooks.reconcile import verdicts
from gapps_hooks.reconcile.dependencies import arrives, in_turn, members_of
from gapps_hooks.reconcile.jobs import Job, run
from gapps_hooks.reconcile.work import Work
from gapps_hooks.wiring import Wiring

#: So many creations wait for their turn at Google at once, and so many other subjects: enough to
#: use the quota up even where a request takes a second.
_CREATING: Final = 12
_CHANGING: Final = 20
#: Members of one group sent at once.
_LANES: Final = 4
#: A group has its next turn when this part of its members has come since the last.
_PART: Final = 10
#: Seconds after which a run that only waits looks whether it was interrupted.
_NAP: Final = 1.0


@dataclass(slots=True, kw_only=True)
class Progress:
    """What came of a run so far."""

    outcomes: list[Outcome] = field(default_factory=list)
    #: Accounts that were not made because no licence is free.
    seats: int = 0
    #: Why the run ended before its end; empty if it did not.
    stopped: str = ""
    interrupted: bool = False


class Applying:
    """One run over many works."""

    def __init__(
        self,
        wiring: Wiring,
        *,
        released: bool,
        reviewed: bool = False,
        read_at: float,
        report: Callable[[Outcome], None],
    ) -> None:
        self._wiring = wiring
        self._new_job = partial(Job, released=released, reviewed=reviewed, read_at=read_at)
        self._report = report
        self.progress = Progress()
        self._creations: deque[Job] = deque()
        self._others: deque[Job] = deque()
        self._last: deque[Job] = deque()
        self._aside: list[Job] = []
        self._refused: list[tuple[Job, Outcome]] = []
        self._freed: set[str] = set()
        self._groups: dict[str, list[Job]] = {}
        self._pending: set[str] = set()
        #: Who gets another name: the groups have their turn after it.
        self._renaming: set[str] = set()
        self._running: dict[Future[None], Job] = {}

    def apply(self, works: Iterable[Work], refused: Iterable[Work] = ()) -> Progress:
        """Carry the works out; ``refused`` are tried once an address that they want is free."""
        jobs = [self._new_job(work=work) for work in works]
        self._queue(jobs)
        waiting = [self._new_job(work=work) for work in refused]
        with (
            ThreadPoolExecutor(_CREATING + _CHANGING, "reconcile") as workers,
            ThreadPoolExecutor(_CHANGING * _LANES, "members") as self._members,
        ):
            self._go_on(workers)
            while self._again(waiting):
                self._go_on(workers)
        for job, outcome in self._refused:
            self._conclude(job, outcome)
        for job in jobs:
            if not job.finished:
                self._conclude(job, verdicts.not_done(self._wiring, job, self.progress.stopped))
        return self.progress

    def interrupt(self) -> None:
        """From a signal handler: let what is under way finish, and begin nothing more."""
        self.progress.interrupted = True
        self.progress.stopped = self.progress.stopped or "interrupted"

    # --- queues ----------------------------------------------------------------------------------

    def _queue(self, jobs: list[Job]) -> None:
        self._pending = {job.work.piece.key for job in jobs if arrives(job.work)}
        for job in jobs:
            job.awaited = members_of(job.work) & self._pending
            job.settling = bool(job.awaited)
            for key in job.awaited:
                self._groups.setdefault(key, []).append(job)
        renamed = {job.work.piece.key: job.awaited for job in jobs if job.work.old_name is not None}
        self._renaming = in_turn(renamed)
        for job in jobs:
            if not job.awaited & self._renaming:
                self._queue_for(job).append(job)

    def _queue_for(self, job: Job) -> deque[Job]:
        if Verb.SUSPEND in job.work.piece.verbs or Verb.DELETE_GROUP in job.work.piece.verbs:
            return self._last
        return self._creations if job.creates else self._others

    def _go_on(self, workers: Executor) -> None:
        while self._fill(workers) or self._running or self._aside:
            if self._running:
                self._take_in()
            elif self._aside and not self._ready():
                due = self._next_due() - self._wiring.clock()
                self._wiring.sleep(min(max(0.0, due), _NAP))

    def _fill(self, workers: Executor) -> bool:
        """Begin as much as there is room for; False when there was nothing to begin."""
        waits = self._creations or self._others or self._last or self._aside
        if waits and not self.progress.stopped:  # paused meanwhile, or others met an outage
            self.progress.stopped = why_closed(self._wiring) or ""
        if self.progress.stopped:
            self._clear()
        begun = False
        for job in self._next():
            self._running[workers.submit(run, self._wiring, job, self._each)] = job
            begun = True
        return begun

    def _next(self) -> Iterator[Job]:
        for job in [job for job in self._aside if job.due_at <= self._wiring.clock()]:
            self._aside.remove(job)
            self._queue_for(job).append(job)
        creating = sum(job.creates for job in self._running.values())
        while self._creations and creating < _CREATING:
            creating += 1
            yield self._creations.popleft()
        while self._others and len(self._running) - creating < _CHANGING:
            yield self._others.popleft()
        if not (self._creations or self._others or self._running):
            while self._last and len(self._running) < _CHANGING:
                yield self._last.popleft()

    def _ready(self) -> bool:
        return self._next_due() <= self._wiring.clock()

    def _next_due(self) -> float:
        return min(job.due_at for job in self._aside)

    # --- what came of it -------------------------------------------------------------------------

    def _take_in(self) -> None:
        soon = self._next_due() - self._wiring.clock() if self._aside else None
        ended, _ = wait(self._running, None if soon is None else max(0.05, soon), FIRST_COMPLETED)
        for future in ended:
            self._ended(self._running.pop(future), future.exception())

    def _ended(self, job: Job, error: BaseException | None) -> None:
        if error is None:
            self._succeeded(job)
        elif isinstance(error, Outage):
            open_breaker(self._wiring, error)
            self.progress.stopped = self.progress.stopped or str(error)
            self._conclude(job, verdicts.not_done(self._wiring, job, str(error)))
        elif isinstance(error, GappsHooksError) and self._put_aside(job, error):
            return
        elif isinstance(error, GappsHooksError) and verdicts.lacks_seat(job, error):
            self._no_seats(job)
        elif isinstance(error, Exception):
            outcome = verdicts.judge(self._wiring, job, error)
            if outcome.verdict is Verdict.REFUSED:
                job.finished = True
                self._refused.append((job, outcome))
            else:
                self._conclude(job, outcome)
        else:
            raise error
        self._arrive(job, came=error is None)

    def _succeeded(self, job: Job) -> None:
        if job.missing and job.settling and self._put_aside(job, None):
            return
        if job.awaited or job.arrived or job.unsettled:  # the next turn is theirs who are to come
            self._take_turn(job)
            return
        self._conclude(job, verdicts.success(job))

    def _put_aside(self, job: Job, error: GappsHooksError | None) -> bool:
        """Let something new at Google settle, while others have their turn."""
        if error is not None and not verdicts.may_pass(error):
            return False
        if job.tries >= len(verdicts.AGAIN_AFTER):
            return False
        job.due_at = self._wiring.clock() + verdicts.AGAIN_AFTER[job.tries]
        job.tries += 1
        self._aside.append(job)
        return True

    def _no_seats(self, job: Job) -> None:
        """No other creation can succeed either: the rest of the plan goes on without them."""
        for one in (job, *self._creations):
            self.progress.seats += 1
            self._conclude(one, verdicts.no_seat(self._wiring, one))
            if one is not job:
                self._arrive(one, came=False)
        self._creations.clear()

    def _conclude(self, job: Job, outcome: Outcome) -> None:
        job.finished = True
        verdicts.write_down(self._wiring, job, outcome)
        self.progress.outcomes.append(outcome)
        self._report(outcome)

    def _clear(self) -> None:
        for queue in (self._creations, self._others, self._last):
            queue.clear()
        self._aside.clear()

    # --- dependencies ----------------------------------------------------------------------------

    def _arrive(self, job: Job, *, came: bool) -> None:
        """Tell the groups that wait for somebody that he has come, or never will."""
        for group in self._groups.pop(job.work.piece.key, ()):
            group.awaited.discard(job.work.piece.key)
            group.arrived += came
            self._take_turn(group)

    def _take_turn(self, group: Job) -> None:
        """Queue a resting group when enough of its members have come, or nobody is left to come."""
        queued = group in self._others or group in self._aside
        waits = group.awaited & self._renaming or group in self._running.values()
        if group.finished or queued or waits:
            return
        size = len(group.work.members or ())
        if self.progress.stopped or (group.awaited and group.arrived < max(1, size // _PART)):
            return
        if group.arrived or not group.awaited:
            group.arrived = 0
            self._others.append(group)

    def _again(self, waiting: list[Job]) -> bool:
        """Try again what was refused because of an address that is free since; False if nothing."""
        addresses = () if self.progress.stopped else self._newly_freed()
        texts = [(job, outcome.line) for job, outcome in self._refused]
        texts += [(job, " ".join(one.text for one in job.planned_refusals)) for job in waiting]
        again = [job for job, text in texts if any(address in text for address in addresses)]
        self._refused = [one for one in self._refused if one[0] not in again]
        waiting[:] = [job for job in waiting if job not in again]
        for job in again:
            job.finished, job.known, job.anew = False, None, True
            self._others.append(job)
        return bool(again)

    def _newly_freed(self) -> set[str]:
        outcomes = (*self.progress.outcomes, *(outcome for _, outcome in self._refused))
        done = (change for outcome in outcomes for change in outcome.done)
        new = {address for change in done for address in freed(change)} - self._freed
        self._freed |= new
        return new

    def _each(self, call: Callable[[Any], str | None], items: list[Any]) -> Iterator[str | None]:
        """Send some members at once; a fault is told when all of them had their turn."""
        sent: list[Future[str | None]] = []
        for start in range(0, len(items), _LANES):
            some = [self._members.submit(call, item) for item in items[start : start + _LANES]]
            wait(some)
            sent.extend(some)
            if any(isinstance(one.exception(), Outage) for one in some):
                break
        yield from (one.result() for one in sent)
