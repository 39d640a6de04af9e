"""What becomes of an entry: the verdict on an error, or on a delivery that went through.

It must not know how anything is delivered.
"""

from __future__ import annotations

from typing import Final

from gapps_hooks.deliver.carrying import Held, Observed, count_done, give_back
from gapps_hooks.deliver.delivered import Delivered
from gapps_hooks.deliver.desired import Contradiction
from gapps_hooks.errors import (
    GappsHooksError,
    NotRecorded,
    Outage,
    OutOfTime,
    Passing,
    PolicyFailed,
    SignInRefused,
    SourceUnreadable,
)
from gapps_hooks.model import Change, Outcome, Verb, Verdict
from gapps_hooks.outbox import breaker, entries
from gapps_hooks.outbox.delays import next_delay
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.report import change_line, summary
from gapps_hooks.wiring import Wiring

#: A read that contradicts its event is tried again after these many seconds, then reported.
CONTRADICTION_DELAYS: Final = (2.0, 10.0, 60.0)
#: An outage of the network is probed each second; a refused sign-in is not worth asking so often.
PROBE_SECONDS: Final = 1.0
SIGN_IN_PROBE_SECONDS: Final = 30.0


def success(entry: Entry, delivered: Delivered, done: tuple[Change, ...]) -> Outcome:
    """Say what a delivery that went through came to."""
    verdict = Verdict.DONE if done else Verdict.NOTHING
    unsent = entry.unsent and not any(Verb.PASSWORD in change.verbs for change in done)
    notes = (*delivered.notes, entry.unsent) if unsent else delivered.notes
    line = summary(done, notes, delivered.confirmed_at)
    return make_outcome(entry, verdict, line, done=done, notes=notes)


def judge(
    wiring: Wiring, entry: Entry, error: GappsHooksError, done: tuple[Change, ...]
) -> Outcome:
    """Turn a verdict into what becomes of the entry."""
    text = str(error)
    if isinstance(error, Observed):
        return _observed(wiring, entry, error)
    if isinstance(error, Contradiction):
        return _contradicted(wiring, entry, text, done)
    if isinstance(error, Outage):
        open_breaker(wiring, error)
        give_back(wiring, entry, done)
        return _postpone(wiring, entry, text, 0.0, done)
    if isinstance(error, OutOfTime):
        count_done(wiring, entry, done)
        return make_outcome(entry, Verdict.LATER, f"waiting: {text}", done=done, retry_in=0.0)
    if isinstance(error, Passing | SourceUnreadable | PolicyFailed | NotRecorded):
        return put_off(wiring, entry, text, done)
    stop, verdict = (
        (entries.hold, Verdict.HELD) if isinstance(error, Held) else (entries.bury, Verdict.BURIED)
    )
    stop(wiring.state, entry, text)
    return make_outcome(entry, verdict, text, done=done)


def _observed(wiring: Wiring, entry: Entry, error: Observed) -> Outcome:
    entries.settle(wiring.state, entry)
    would = "; ".join(map(change_line, error.plan.changes))
    line = f"observing, nothing is sent; would be: {would}"
    return make_outcome(entry, Verdict.NOTHING, line)


def open_breaker(wiring: Wiring, outage: Outage) -> None:
    """Stop all delivery until a probe gets through."""
    refused = isinstance(outage, SignInRefused)
    breaker.open_(wiring.state, str(outage), SIGN_IN_PROBE_SECONDS if refused else PROBE_SECONDS)


def _contradicted(wiring: Wiring, entry: Entry, text: str, done: tuple[Change, ...]) -> Outcome:
    if entry.contradictions >= len(CONTRADICTION_DELAYS):
        text = (
            f"{text}; nothing was changed: correct the account manager's data, or: "
            f"gapps-hooks outbox drop {entry.kind.called(entry.name)}"
        )
        entries.bury(wiring.state, entry, text)
        return make_outcome(entry, Verdict.BURIED, text, done=done)
    delay = CONTRADICTION_DELAYS[entry.contradictions]
    due = wiring.clock() + delay
    entries.postpone(wiring.state, entry, due_at=due, reason=text, contradiction=True)
    return make_outcome(entry, Verdict.LATER, text, done=done, retry_in=delay)


def put_off(wiring: Wiring, entry: Entry, text: str, done: tuple[Change, ...]) -> Outcome:
    """Try again later, and later each time."""
    count_done(wiring, entry, done)
    delay = next_delay(entry.attempts, wiring.random)
    return _postpone(wiring, entry, text, delay, done)


def _postpone(
    wiring: Wiring, entry: Entry, text: str, delay: float, done: tuple[Change, ...]
) -> Outcome:
    entries.postpone(wiring.state, entry, due_at=wiring.clock() + delay, reason=text)
    return make_outcome(entry, Verdict.LATER, f"waiting: {text}", done=done, retry_in=delay)


def make_outcome(  # noqa: PLR0913 - the fields of an outcome
    entry: Entry,
    verdict: Verdict,
    line: str,
    *,
    done: tuple[Change, ...] = (),
    notes: tuple[str, ...] = (),
    retry_in: float | None = None,
) -> Outcome:
    """Make the outcome of an entry."""
    return Outcome(
        verdict=verdict,
        kind=entry.kind,
        name=entry.name,
        line=line,
        done=done,
        notes=notes,
        retry_in=retry_in,
        recorded_at=entry.recorded_at,
    )
