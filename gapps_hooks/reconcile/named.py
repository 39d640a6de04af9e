"""A look at named people and groups: whatever Google has otherwise than the source is corrected.

It must not know how a subject is planned or delivered, nor who asked for the look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from gapps_hooks.deliver.subject import deliver
from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Kind, Outcome, Verdict
from gapps_hooks.outbox import entries, leases, links, subjects
from gapps_hooks.wiring import Wiring

#: Seconds to wait for another process that is delivering the same subject.
_PATIENCE: Final = 15.0


def reconcile(wiring: Wiring, named: Iterable[tuple[Kind, str]]) -> Iterator[Outcome]:
    """Look at each, people before groups, and then at what follows from it.

    Google is asked anew, whatever it confirmed before. Nobody else's entries are touched.
    """
    waiting = {entry.subject for entry in entries.all_entries(wiring.state)}
    ordered = sorted(set(named), key=lambda one: (one[0] is Kind.GROUP, one[1]))
    for kind, name in ordered:
        yield from _look(wiring, kind, name)
    for entry in entries.due(wiring.state, wiring.clock()):
        if entry.subject not in waiting and (entry.kind, entry.name) not in ordered:
            yield from _deliver(wiring, entry.subject)


def is_known(wiring: Wiring, kind: Kind, name: str) -> bool:
    """Whether source, links or outbox have the name; a source that cannot be read denies nobody.

    Raises:
        StateUnusable: the state could not be read.
    """
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


def _look(wiring: Wiring, kind: Kind, name: str) -> Iterator[Outcome]:
    first = tuple(_touched(wiring, kind, name))
    yield from first
    if any(outcome.verdict is Verdict.DONE for outcome in first):
        # What moved since the last delivery is sent from memory, without reading the rest.
        again = _touched(wiring, kind, name)
        yield from (outcome for outcome in again if outcome.verdict is not Verdict.NOTHING)


def _touched(wiring: Wiring, kind: Kind, name: str) -> Iterator[Outcome]:
    recorded = entries.touch(wiring.state, kind, name)
    _doubt(wiring, recorded.subject)
    yield from _deliver(wiring, recorded.subject)


def _doubt(wiring: Wiring, subject: int) -> None:
    """Let the next delivery ask Google; one that is under way does that anyway, or just did."""
    lease = leases.hold(wiring.state.directory, subject)
    if lease is None:
        return
    with lease:
        link = links.of(wiring.state, subject)
        if link is not None:
            links.save(wiring.state, replace(link, confirmed_at=0.0))


def _deliver(wiring: Wiring, subject: int) -> Iterator[Outcome]:
    outcome = deliver(wiring, subject, patience=_PATIENCE)
    if outcome is not None:
        yield outcome
