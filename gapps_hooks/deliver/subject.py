"""One subject, from outbox to outcome; and whatever else is due.

It must not know how a person or a group is planned, nor how events arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from gapps_hooks.deliver.carrying import Held, Observed
from gapps_hooks.deliver.delivered import Delivered
from gapps_hooks.deliver.desired import Contradiction
from gapps_hooks.deliver.group import deliver_group
from gapps_hooks.deliver.identity import Renamed, look_for_rename
from gapps_hooks.deliver.user import deliver_user
from gapps_hooks.errors import (
    GappsHooksError,
    Outage,
    Passing,
    PolicyFailed,
    SignInRefused,
    SourceUnreadable,
)
from gapps_hooks.model import Change, Kind, Outcome, Verdict
from gapps_hooks.outbox import breaker, entries, history, leases, links
from gapps_hooks.outbox.delays import next_delay
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.report import change_line, outcome_line, summary
from gapps_hooks.wiring import Wiring

#: A read that contradicts its event is tried again after these many seconds, then reported.
CONTRADICTION_DELAYS: Final = (2.0, 10.0, 60.0)
#: An outage of the network is probed each second; a refused sign-in is not worth asking so often.
PROBE_SECONDS: Final = 1.0
SIGN_IN_PROBE_SECONDS: Final = 30.0
_LEASE_POLL_SECONDS: Final = 0.05
_WORK: Final[dict[Kind, Callable[[Wiring, Entry, list[Change]], Delivered]]] = {
    Kind.USER: deliver_user,
    Kind.GROUP: deliver_group,
}


def deliver(wiring: Wiring, subject: int, *, patience: float = 0.0) -> Outcome | None:
    """Deliver one subject's entry and record what became of it.

    ``patience`` is how many seconds to wait while another process delivers the same subject.
    None means that there is nothing (left) to deliver.
    """
    waited = 0.0
    while (lease := leases.hold(wiring.state.directory, subject)) is None:
        if waited >= patience:
            return _busy(wiring, subject)
        wiring.sleep(_LEASE_POLL_SECONDS)
        waited += _LEASE_POLL_SECONDS
    with lease:
        entry = entries.get(wiring.state, subject)
        if entry is None or entry.status != "waiting":
            return None
        try:
            return _deliver_entry(wiring, entry)
        except Renamed as renamed:
            known = renamed.subject
    return deliver(wiring, known, patience=patience)


def _with_snapshot(wiring: Wiring) -> Wiring:
    """Read the source once for one delivery, so that its answers agree with each other."""
    source = wiring.source
    return wiring if source is None else replace(wiring, source=source.snapshot())


def drain(wiring: Wiring, until: float, *, whole: bool = False) -> Iterator[Outcome]:
    """Deliver what is due, oldest first, until the wall clock says ``until``.

    ``whole`` tries every waiting entry once, whatever its back-off.
    """
    tried: set[int] = set()
    while wiring.clock() < until and not _closed(wiring):
        waiting = entries.all_entries(wiring.state) if whole else None
        due = waiting or entries.due(wiring.state, wiring.clock())
        fresh = [one for one in due if one.subject not in tried and one.status == "waiting"]
        if not fresh:
            return
        tried.add(fresh[0].subject)
        outcome = deliver(wiring, fresh[0].subject)
        if outcome is not None:
            yield outcome


def _busy(wiring: Wiring, subject: int) -> Outcome | None:
    entry = entries.get(wiring.state, subject)
    if entry is None:
        return None
    return Outcome(
        verdict=Verdict.LATER,
        kind=entry.kind,
        name=entry.name,
        line="another process is delivering it",
    )


# --- the way to Google is open, or not -----------------------------------------------------------


def why_closed(wiring: Wiring) -> str | None:
    """Say why nothing may be sent now, or None; while an outage lasts, probe when it is time."""
    if wiring.state.meta("paused"):
        return "paused; go on with gapps-hooks resume"
    problem = wiring.state.binding_problem()
    if problem:
        return problem
    outage = breaker.current(wiring.state)
    if outage is None or _probe(wiring, outage):
        return None
    return outage.reason


def _closed(wiring: Wiring) -> bool:
    return why_closed(wiring) is not None


def _probe(wiring: Wiring, outage: breaker.Break) -> bool:
    if not breaker.claim_probe(wiring.state, wiring.clock()):
        return False
    try:
        wiring.probe(outage.seconds > PROBE_SECONDS)
    except Outage as fault:
        _open(wiring, fault)
        return False
    breaker.close(wiring.state)
    return True


def _open(wiring: Wiring, outage: Outage) -> None:
    refused = isinstance(outage, SignInRefused)
    breaker.open_(wiring.state, str(outage), SIGN_IN_PROBE_SECONDS if refused else PROBE_SECONDS)


# --- one entry -----------------------------------------------------------------------------------


def _deliver_entry(wiring: Wiring, entry: Entry) -> Outcome:
    closed = why_closed(wiring)
    if closed is not None:
        return _outcome(entry, Verdict.LATER, f"waiting: {closed}")
    done: list[Change] = []
    try:
        seeing = _with_snapshot(wiring)
        look_for_rename(seeing, entry)
        delivered = _WORK[entry.kind](seeing, entry, done)
    except Renamed:
        raise
    except GappsHooksError as error:
        outcome = _judge(wiring, entry, error, tuple(done))
        _write_history(wiring, entry, outcome)
    else:
        outcome = _success(entry, delivered, tuple(done))
        with wiring.state.transaction():
            _clear(wiring, entry, outcome)
            _write_history(wiring, entry, outcome)
    if outcome.verdict is Verdict.BURIED:
        wiring.tell_trouble(outcome_line(outcome))
    wiring.policy.tell(outcome)
    return outcome


def _clear(wiring: Wiring, entry: Entry, outcome: Outcome) -> None:
    """Without a source, what was said of one who is not enabled is needed when they are."""
    unlinked = wiring.source is None and links.of(wiring.state, entry.subject) is None
    if unlinked and entry.patch and not entry.removed:
        entries.rest(wiring.state, entry, outcome.line)
    else:
        entries.settle(wiring.state, entry)


def _write_history(wiring: Wiring, entry: Entry, outcome: Outcome) -> None:
    history.write(
        wiring.state,
        subject=entry.subject,
        kind=entry.kind,
        name=entry.name,
        what="delivery",
        verdict=outcome.verdict,
        line=outcome.line,
        details={
            "done": [[change.address, *change.verbs] for change in outcome.done],
            "notes": list(outcome.notes),
        },
    )


def _success(entry: Entry, delivered: Delivered, done: tuple[Change, ...]) -> Outcome:
    verdict = Verdict.DONE if done else Verdict.NOTHING
    line = summary(done, delivered.notes, delivered.confirmed_at)
    return _outcome(entry, verdict, line, done=done, notes=delivered.notes)


def _judge(
    wiring: Wiring, entry: Entry, error: GappsHooksError, done: tuple[Change, ...]
) -> Outcome:
    """Turn a verdict into what becomes of the entry."""
    text = str(error)
    if isinstance(error, Observed):
        entries.settle(wiring.state, entry)
        would = "; ".join(map(change_line, error.plan.changes))
        return _outcome(entry, Verdict.NOTHING, f"observing, nothing is sent; would be: {would}")
    if isinstance(error, Outage):
        _open(wiring, error)
        return _postpone(wiring, entry, text, 0.0, done)
    if isinstance(error, Contradiction):
        return _contradicted(wiring, entry, text, done)
    if isinstance(error, Held):
        entries.hold(wiring.state, entry, text)
        return _outcome(entry, Verdict.HELD, text, done=done)
    if isinstance(error, Passing | SourceUnreadable | PolicyFailed):
        delay = next_delay(entry.attempts, wiring.random)
        return _postpone(wiring, entry, text, delay, done)
    entries.bury(wiring.state, entry, text)
    return _outcome(entry, Verdict.BURIED, text, done=done)


def _contradicted(wiring: Wiring, entry: Entry, text: str, done: tuple[Change, ...]) -> Outcome:
    if entry.contradictions >= len(CONTRADICTION_DELAYS):
        entries.bury(wiring.state, entry, text)
        return _outcome(entry, Verdict.BURIED, f"{text}; nothing was changed", done=done)
    delay = CONTRADICTION_DELAYS[entry.contradictions]
    due = wiring.clock() + delay
    entries.postpone(wiring.state, entry, due_at=due, reason=text, contradiction=True)
    return _outcome(entry, Verdict.LATER, text, done=done, retry_in=delay)


def _postpone(
    wiring: Wiring, entry: Entry, text: str, delay: float, done: tuple[Change, ...]
) -> Outcome:
    entries.postpone(wiring.state, entry, due_at=wiring.clock() + delay, reason=text)
    return _outcome(entry, Verdict.LATER, f"waiting: {text}", done=done, retry_in=delay)


def _outcome(  # noqa: PLR0913 - the fields of an outcome
    entry: Entry,
    verdict: Verdict,
    line: str,
    *,
    done: tuple[Change, ...] = (),
    notes: tuple[str, ...] = (),
    retry_in: float | None = None,
) -> Outcome:
    return Outcome(
        verdict=verdict,
        kind=entry.kind,
        name=entry.name,
        line=line,
        done=done,
        notes=notes,
        retry_in=retry_in,
    )
