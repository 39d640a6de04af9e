"""One subject, from outbox to outcome; and whatever else is due.

It must not know how a person or a group is planned, nor how events arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from gapps_hooks.deliver.carrying import give_back
from gapps_hooks.deliver.delivered import Delivered
from gapps_hooks.deliver.group import deliver_group
from gapps_hooks.deliver.group_identity import look_for_renamed_group
from gapps_hooks.deliver.identity import Renamed, look_for_rename
from gapps_hooks.deliver.judging import (
    PROBE_SECONDS,
    judge,
    make_outcome,
    open_breaker,
    put_off,
    success,
)
from gapps_hooks.deliver.owners import without_anothers_password
from gapps_hooks.deliver.user import deliver_user
from gapps_hooks.errors import GappsHooksError, Outage
from gapps_hooks.model import Change, Kind, Link, Outcome, Verb, Verdict
from gapps_hooks.outbox import breaker, entries, history, keeping, leases, links
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.plan.changing import is_delivered
from gapps_hooks.report import outcome_line
from gapps_hooks.wiring import Wiring, with_snapshot

#: How many due entries are read at a time.
_AT_A_TIME: Final = 100
_LEASE_POLL_SECONDS: Final = 0.05
_WORK: Final[dict[Kind, Callable[[Wiring, Entry, list[Change]], Delivered]]] = {
    Kind.USER: deliver_user,
    Kind.GROUP: deliver_group,
}
_SETTLED: Final = frozenset({Verdict.DONE, Verdict.NOTHING})


def deliver(
    wiring: Wiring, subject: int, *, patience: float = 0.0, again: bool = False
) -> Outcome | None:
    """Deliver one subject's entry and record what became of it.

    ``patience`` is how many seconds to wait while another process delivers the same subject.
    ``again`` says that it was just delivered: that nothing is left to be sent is not recorded.
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
            outcome = _deliver_entry(wiring, entry, again=again)
            return _with_rest(wiring, entry, outcome)
        except Renamed as renamed:
            known = renamed.subject
    return deliver(wiring, known, patience=patience, again=again)


def _with_rest(wiring: Wiring, entry: Entry, first: Outcome) -> Outcome:
    """Deliver what a suspension left of the entry; a newer event is not for us to look at."""
    left = entries.get(wiring.state, entry.subject)
    moved = left is None or left.status != "waiting" or left.generation != entry.generation
    if left is None or moved or first.verdict not in _SETTLED:
        return first
    second = _deliver_entry(wiring, left)
    if second.verdict not in _SETTLED:
        return second
    line = f"{first.line}; {second.line}" if second.done else first.line
    return replace(first, line=line, done=(*first.done, *second.done))


def drain(wiring: Wiring, until: float, *, whole: bool = False) -> Iterator[Outcome]:
    """Deliver what is due, oldest first, until the wall clock says ``until``.

    ``whole`` tries every waiting entry once, whatever its back-off.
    """
    tried: set[int] = set()
    while fresh := _fresh(wiring, tried, whole=whole):
        for subject in fresh:
            if wiring.clock() >= until or _closed(wiring):
                return
            tried.add(subject)
            outcome = deliver(wiring, subject)
            if outcome is not None:
                yield outcome


def _fresh(wiring: Wiring, tried: set[int], *, whole: bool) -> list[int]:
    """The next subjects to deliver, some at a time: after an outage there may be thousands."""
    if whole:
        waiting = entries.all_entries(wiring.state)
    else:
        waiting = entries.due(wiring.state, wiring.clock(), limit=len(tried) + _AT_A_TIME)
    return [one.subject for one in waiting if one.status == "waiting" and one.subject not in tried]


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
        open_breaker(wiring, fault)
        return False
    breaker.close(wiring.state)
    return True


# --- one entry -----------------------------------------------------------------------------------


def _deliver_entry(wiring: Wiring, entry: Entry, *, again: bool = False) -> Outcome:
    closed = why_closed(wiring)
    if closed is not None:
        return make_outcome(entry, Verdict.LATER, f"waiting: {closed}")
    done: list[Change] = []
    try:
        seeing = with_snapshot(wiring)
        entry, told = without_anothers_password(seeing, entry)
        look_for_rename(seeing, entry)
        look_for_renamed_group(seeing, entry)
        delivered = _WORK[entry.kind](seeing, entry, done)
    except Renamed:
        raise
    except GappsHooksError as error:
        outcome = judge(wiring, entry, error, tuple(done))
        _write_history(wiring, entry, outcome)
    except Exception as error:  # noqa: BLE001 - one entry's misfortune must not stop the others
        wiring.tell_trouble(f"{entry.name}: an error of this program, {type(error).__name__}")
        text = f"an error of this program ({type(error).__name__}); it is tried again"
        outcome = put_off(wiring, entry, text, tuple(done))
        _write_history(wiring, entry, outcome)
    else:
        delivered = replace(delivered, notes=(*delivered.notes, *told))
        outcome = success(entry, delivered, tuple(done))
        with wiring.state.transaction():
            _clear(wiring, entry, outcome)
            if not (again and outcome.verdict is Verdict.NOTHING):
                _write_history(wiring, entry, outcome)
    if outcome.verdict not in _SETTLED:
        _forget_delivered_password(wiring, entry)
    if outcome.verdict in {Verdict.BURIED, Verdict.HELD}:
        give_back(wiring, entry, outcome.done)
    if outcome.verdict is Verdict.BURIED:
        wiring.tell_trouble(outcome_line(outcome))
    _dig_up(wiring, outcome)
    wiring.policy.tell(outcome)
    return outcome


def _forget_delivered_password(wiring: Wiring, entry: Entry) -> None:
    """Keep no hash that Google has, whatever else of the entry is still to be delivered.

    It would be sent again with the next event, over one that was set at Google since.
    """
    password, link = entry.password, links.of(wiring.state, entry.subject)
    if password is not None and is_delivered(password, link, wiring.rules, wiring.clock()):
        keeping.forget_delivered(wiring.state, entry)


def _dig_up(wiring: Wiring, outcome: Outcome) -> None:
    """Try again what was buried because of an address that this outcome has set free."""
    addresses = {address for change in outcome.done for address in freed(change)}
    for entry in entries.all_entries(wiring.state) if addresses else ():
        if entry.status == "buried" and any(address in entry.reason for address in addresses):
            entries.retry(wiring.state, entry.subject)


def freed(change: Change) -> Iterator[str]:
    """Name the addresses that others can have now that this change is done."""
    if Verb.RENAME in change.verbs:
        yield str(change.before.get("primaryEmail", change.address))
    if {Verb.REMOVE_ALIAS, Verb.REMOVE_GROUP_ALIAS}.intersection(change.verbs):
        yield str(change.body["alias"])
    if {Verb.RENAME_GROUP, Verb.DELETE_GROUP}.intersection(change.verbs):
        yield change.address


def _clear(wiring: Wiring, entry: Entry, outcome: Outcome) -> None:
    """Without a source, what was said of one who is not enabled is still to be delivered.

    That of one who was just suspended is due now: it may have been said before the suspension.
    """
    patch = {} if entry.removed or wiring.source is not None else entry.patch
    link = links.of(wiring.state, entry.subject)
    if link is not None and link.ended_at is not None:
        link = None  # one who came back is not there before Google has them again
    if patch.get("enabled") is False and link is not None:
        entries.settle_key(wiring.state, entry, "enabled")
    elif patch and (link is None or _is_disabled(wiring, link)):
        entries.rest(wiring.state, entry, outcome.line)
    else:
        sent = entry.password is None and _sends_password(outcome.done)
        entries.settle(wiring.state, entry, password_sent=sent)


def _sends_password(done: Iterable[Change]) -> bool:
    return any(Verb.PASSWORD in change.verbs for change in done)


def _is_disabled(wiring: Wiring, link: Link) -> bool:
    return link.delivered.get("enabled") == wiring.state.digest(False)  # noqa: FBT003 - a value


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
