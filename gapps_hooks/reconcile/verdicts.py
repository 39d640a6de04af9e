"""What became of one subject of a reconcile: the verdict on an error, or that it is done.

It must not know when a subject has its turn.
"""

from __future__ import annotations

from typing import Final

from gapps_hooks.deliver.carrying import Held, count_done, give_back
from gapps_hooks.errors import (
    GappsHooksError,
    OutOfTime,
    Passing,
    PolicyFailed,
    Refused,
    SourceUnreadable,
    StateUnusable,
)
from gapps_hooks.model import Kind, Outcome, Verdict
from gapps_hooks.outbox import bounds, entries, history
from gapps_hooks.reconcile.jobs import Job, Moved
from gapps_hooks.reconcile.saving import not_as_reviewed
from gapps_hooks.reconcile.strangers import Awaited
from gapps_hooks.report import summary
from gapps_hooks.wiring import Wiring

#: Seconds after which what was put aside is tried again: as long as something new settles.
AGAIN_AFTER: Final = (5.0, 10.0, 20.0, 40.0)
_NO_SEAT: Final = "no licence is free for it"
#: A reconcile puts nothing into the outbox that could be released there.
_FORCE: Final = "if it is right, reconcile again with --force"


def may_pass(error: GappsHooksError) -> bool:
    """Whether the same may work in a while, within this run."""
    return isinstance(error, Passing) and not isinstance(error, OutOfTime)


def lacks_seat(job: Job, error: GappsHooksError) -> bool:
    """Whether an account was refused because the organisation has no licence left."""
    words = "user limit" in str(error).lower()
    return job.creates and isinstance(error, Refused) and error.reason == "limitExceeded" and words


def success(job: Job) -> Outcome:
    """Say what was done for a subject."""
    verdict = Verdict.DONE if job.done else Verdict.NOTHING
    return _outcome(job, verdict, summary(job.done, job.notes))


def judge(wiring: Wiring, job: Job, error: Exception) -> Outcome:
    """Say why a subject is not, or not wholly, as planned; what may pass is left to delivery."""
    if isinstance(error, Moved):
        return _moved(wiring, job, str(error))
    if isinstance(error, Awaited):
        return _outcome(job, Verdict.LATER, str(error))
    if not isinstance(error, GappsHooksError):
        text = f"an error of this program ({type(error).__name__})"
        wiring.tell_trouble(f"{job.work.piece.key}: {text}")
        return _refused(wiring, job, text)
    if isinstance(error, Held):
        _give_back(wiring, job)
        return _outcome(job, Verdict.HELD, f"{error.excess}; {_FORCE}")
    passing = isinstance(error, Passing | SourceUnreadable | PolicyFailed | StateUnusable)
    if passing and job.work.known is not None:
        _leave_to_delivery(wiring, job)
        return _outcome(job, Verdict.LATER, f"left to delivery: {error}")
    return _refused(wiring, job, str(error))


def _moved(wiring: Wiring, job: Job, text: str) -> Outcome:
    if job.reviewed or job.work.known is None:
        return _outcome(job, Verdict.REFUSED, not_as_reviewed(text))
    _leave_to_delivery(wiring, job)
    return _outcome(job, Verdict.LATER, text)


def _leave_to_delivery(wiring: Wiring, job: Job) -> None:
    """Let delivery go on, within what is reserved: an answer that was lost may have used it."""
    with wiring.state.transaction():
        recorded = entries.touch(wiring.state, job.work.piece.kind, job.work.piece.name)
        if job.entry is not None:
            count_done(wiring, job.entry, job.done)
            bounds.carry_over(
                wiring.state,
                job.entry.subject,
                job.entry.generation,
                heir=recorded.subject,
                newer=recorded.generation,
            )


def no_seat(wiring: Wiring, job: Job) -> Outcome:
    """Say that an account cannot be made, or was not even tried to be."""
    return _refused(wiring, job, _NO_SEAT)


def not_done(wiring: Wiring, job: Job, reason: str) -> Outcome:
    """Say that its turn did not come, or that it was not done to its end."""
    _give_back(wiring, job)
    what = "the rest is not done" if job.done else "not done"
    return _outcome(job, Verdict.LATER, f"{what}: {reason}")


def _refused(wiring: Wiring, job: Job, text: str) -> Outcome:
    _give_back(wiring, job)
    return _outcome(job, Verdict.REFUSED, text)


def _give_back(wiring: Wiring, job: Job) -> None:
    if job.entry is not None and not job.doubtful:
        give_back(wiring, job.entry, tuple(job.done))


def _outcome(job: Job, verdict: Verdict, line: str) -> Outcome:
    piece = job.work.piece
    partly = job.done and verdict is not Verdict.DONE
    line = f"{summary(job.done, ())}; {line}" if partly else line
    return Outcome(
        verdict=verdict,
        kind=piece.kind,
        name=piece.name,
        line=line,
        done=tuple(job.done),
        notes=job.notes,
    )


def write_down(wiring: Wiring, job: Job, outcome: Outcome) -> None:
    """Put into the history what became of a subject, and tell the policy; nothing is not news."""
    if outcome.verdict is Verdict.NOTHING and not outcome.done:
        return
    history.write(
        wiring.state,
        subject=job.entry.subject if job.entry is not None else None,
        kind=Kind(outcome.kind),
        name=outcome.name,
        what="reconcile",
        verdict=outcome.verdict,
        line=outcome.line,
        details={
            "done": [[change.address, *change.verbs] for change in outcome.done],
            "notes": list(outcome.notes),
        },
    )
    wiring.policy.tell(outcome)
