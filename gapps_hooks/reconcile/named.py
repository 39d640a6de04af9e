"""A look at named people and groups: whatever Google has otherwise than the source is corrected.

It must not know how a subject is planned or delivered, nor who asked for the look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from gapps_hooks.deliver.carrying import foresee
from gapps_hooks.deliver.subject import deliver
from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Kind, Outcome, Plan, Refusal, Verb, Verdict
from gapps_hooks.outbox import entries, leases, links, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.plan.whole import Piece
from gapps_hooks.preview import entry_of, preview_entry
from gapps_hooks.reconcile import pushing
from gapps_hooks.reconcile.checking import check_bounds
from gapps_hooks.wiring import Wiring

#: Seconds to wait for another process that is delivering the same subject.
_PATIENCE: Final = 15.0
_STOPPED: Final = {
    "held": "was held, and is within the bounds by now: {reason}",
    "buried": "was buried, and is tried again: {reason}",
}
_WOULD_BE_HELD: Final = (
    "{excess}; if it is right, reconcile with --force, or without it and then: gapps-hooks outbox "
    "release {subject}"
)
_SETTLED: Final = frozenset({Verdict.DONE, Verdict.NOTHING})

#: A person or group by kind and name.
Subject = tuple[Kind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Who is looked at, and how far it may go."""

    named: tuple[Subject, ...]
    #: Whether the stored passwords of those who are enabled are sent as well.
    push_passwords: bool = False
    #: Whether it goes beyond the bounds.
    force: bool = False

    @property
    def ordered(self) -> tuple[Subject, ...]:
        """Each once, people before groups."""
        return tuple(sorted(dict.fromkeys(self.named), key=lambda one: one[0] is Kind.GROUP))

    def bounded(self, wiring: Wiring) -> Mapping[Verb, int]:
        """Count what is held against the bounds before the first change: stored passwords."""
        if not self.push_passwords or self.force:
            return {}
        people = [name for kind, name in self.ordered if kind is Kind.USER]
        return +Counter({Verb.PASSWORD: pushing.count(wiring, people)})


def reconcile(wiring: Wiring, look: Look) -> Iterator[Outcome]:
    """Look at each, people before groups, and then at what follows from it.

    Google is asked anew, whatever it confirmed before. Nobody else's entries are touched.

    Raises:
        TooMuch: the bounds do not allow to send the passwords; nothing was changed.
    """
    check_bounds(wiring, look.bounded(wiring))
    waiting = {entry.subject for entry in entries.all_entries(wiring.state)}
    for kind, name in look.ordered:
        yield from _look(wiring, look, kind, name)
    for entry in entries.due(wiring.state, wiring.clock()):
        if entry.subject not in waiting and (entry.kind, entry.name) not in look.named:
            yield from _deliver(wiring, entry.subject)


def foresee_all(wiring: Wiring, look: Look) -> Iterator[Piece]:
    """Plan for each what such a look would change, in its order.

    What it would hold, as too much with what comes before it, is refused, and told from what is
    held already, which alone can be released.
    """
    before: Counter[Verb] = Counter()
    for kind, name in look.ordered:
        entry = entry_of(wiring, kind, name)
        entry = replace(entry, released=entry.released or look.force)
        plan = preview_entry(wiring, entry, push_password=look.push_passwords)
        plan = _within_bounds(wiring, entry, plan, before)
        yield Piece(kind=kind, name=name, plan=plan)


def _within_bounds(wiring: Wiring, entry: Entry, plan: Plan, before: Counter[Verb]) -> Plan:
    held = None if plan.refusals else foresee(wiring, entry, plan, before)
    if held is not None and entry.status == "held":
        return Plan(refusals=(Refusal(str(held), held=True),), notes=plan.notes)
    if held is not None:
        text = _WOULD_BE_HELD.format(excess=held.excess, subject=entry.kind.called(entry.name))
        return Plan(refusals=(Refusal(text, held=True, foreseen=True),), notes=plan.notes)
    stopped = None if entry.idle or not plan.changes else _STOPPED.get(entry.status)
    if stopped is None:
        return plan
    return replace(plan, notes=(*plan.notes, stopped.format(reason=entry.reason)))


def meant(wiring: Wiring, kind: Kind, name: str) -> Subject | None:
    """Find who is called so; None if source, links and outbox know nobody of that name.

    A name that no person has means the group of that name. A source that cannot be read denies
    nobody.

    Raises:
        StateUnusable: the state could not be read.
    """
    kinds = (one for one in dict.fromkeys((kind, Kind.GROUP)) if _is_known(wiring, one, name))
    found = next(kinds, None)
    return None if found is None else (found, name)


def _is_known(wiring: Wiring, kind: Kind, name: str) -> bool:
    subject = subjects.of_name(wiring.state, kind, name)
    if subject is not None and (
        links.of(wiring.state, subject) or entries.get(wiring.state, subject)
    ):
        return True
    try:
        return _is_in_source(wiring, kind, name)
    except SourceUnreadable:
        return True


def _is_in_source(wiring: Wiring, kind: Kind, name: str) -> bool:
    source = wiring.source
    if source is None:
        return False
    found = source.account(name) if kind is Kind.USER else source.group(name)
    return found is not None or source.leaves_out(kind, name)


def _look(wiring: Wiring, look: Look, kind: Kind, name: str) -> Iterator[Outcome]:
    first = tuple(_touched(wiring, kind, name, force=look.force))
    pushed = tuple(_pushed(wiring, look, name)) if kind is Kind.USER and _may_push(first) else ()
    yield from (one for one in first if not (pushed and _says_nothing(one)))
    yield from pushed
    if any(outcome.verdict is Verdict.DONE for outcome in (*first, *pushed)):
        # What moved since the last delivery is sent from memory, without reading the rest.
        rest = _touched(wiring, kind, name, force=look.force, again=True)
        yield from (outcome for outcome in rest if outcome.verdict is not Verdict.NOTHING)


def _pushed(wiring: Wiring, look: Look, name: str) -> Iterator[Outcome]:
    if not look.push_passwords:
        return
    outcome = pushing.push(wiring, name, force=look.force, patience=_PATIENCE)
    if outcome is not None:
        yield outcome


def _may_push(outcomes: Iterable[Outcome]) -> bool:
    """Whether the account is as wanted, and was there before: a new one has its password."""
    done = {verb for one in outcomes for change in one.done for verb in change.verbs}
    return Verb.CREATE not in done and all(one.verdict in _SETTLED for one in outcomes)


def _says_nothing(outcome: Outcome) -> bool:
    return outcome.line.startswith("nothing to send") and not outcome.notes


def _touched(
    wiring: Wiring, kind: Kind, name: str, *, force: bool, again: bool = False
) -> Iterator[Outcome]:
    recorded = entries.touch(wiring.state, kind, name)
    _doubt(wiring, recorded.subject)
    for outcome in _deliver(wiring, recorded.subject, again=again):
        released = force and outcome.verdict is Verdict.HELD
        if released and entries.release(wiring.state, recorded.subject):
            yield from _deliver(wiring, recorded.subject)
        else:
            yield outcome


def _doubt(wiring: Wiring, subject: int) -> None:
    """Let the next delivery ask Google; one that is under way does that anyway, or just did."""
    lease = leases.hold(wiring.state.directory, subject)
    if lease is None:
        return
    with lease:
        link = links.of(wiring.state, subject)
        if link is not None:
            links.save(wiring.state, replace(link, confirmed_at=0.0))


def _deliver(wiring: Wiring, subject: int, *, again: bool = False) -> Iterator[Outcome]:
    outcome = deliver(wiring, subject, patience=_PATIENCE, again=again)
    if outcome is not None:
        yield outcome
