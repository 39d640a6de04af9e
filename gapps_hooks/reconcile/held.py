"""What was held before a reconcile of everybody: ended where it is over, let go by force.

It must not know how it was planned, nor who is not held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gapps_hooks.deliver.subject import deliver
from gapps_hooks.model import Kind, Outcome
from gapps_hooks.outbox import entries
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.plan.whole import Piece, Whole
from gapps_hooks.preview import preview_entry
from gapps_hooks.reconcile.waiting import is_over
from gapps_hooks.wiring import Wiring


def go_on(wiring: Wiring, held: Iterable[Entry], *, force: bool) -> Iterator[Outcome]:
    """Deliver what is over, and with ``force`` whatever is held still as it was seen."""
    for seen in sorted(held, key=lambda entry: entry.kind is Kind.GROUP):
        now = entries.get(wiring.state, seen.subject)
        if now is None or now.status != "held" or now.generation != seen.generation:
            continue
        if force:
            entries.release(wiring.state, seen.subject)
        elif is_over(wiring, preview_entry(wiring, now)):
            entries.retry(wiring.state, seen.subject)
        else:
            continue
        outcome = deliver(wiring, seen.subject)
        if outcome is not None:
            yield outcome


def lifted(wiring: Wiring, held: Iterable[Entry], whole: Whole) -> Whole:
    """Show of those who are held what a forced run would do; nothing is sent."""
    by_subject = {entry.subject: entry for entry in held}

    def shown(piece: Piece) -> Piece:
        entry = by_subject.get(piece.subject) if piece.subject is not None else None
        return piece if entry is None else replace(piece, plan=preview_entry(wiring, entry))

    return replace(whole, pieces=tuple(map(shown, whole.pieces)))
