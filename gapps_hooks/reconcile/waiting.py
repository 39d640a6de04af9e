"""Subjects of whom something waits already: a reconcile leaves them alone, and says so.

It must not know how what waits is delivered.
"""

from __future__ import annotations

from typing import Final

from gapps_hooks.deliver.carrying import is_bounded
from gapps_hooks.model import Plan, Refusal
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.preview import preview_entry
from gapps_hooks.wiring import Wiring

OVER: Final = "what was held is not wanted any more; a reconcile of everybody ends it"


def is_over(wiring: Wiring, plan: Plan) -> bool:
    """Whether nothing is left, of what an entry was held for, that anything bounds."""
    return not plan.refusals and not is_bounded(wiring, plan)


def left_to_delivery(wiring: Wiring, entry: Entry) -> Plan:
    """Say that the subject is left to delivery, or to the person for whom it waits."""
    if entry.status == "buried":
        subject = entry.kind.called(entry.name)
        text = f"buried: {entry.reason}; then: gapps-hooks outbox retry {subject}"
        return Plan(refusals=(Refusal(text),))
    if entry.status == "held":
        over = is_over(wiring, preview_entry(wiring, entry))
        return Plan(notes=(OVER,)) if over else Plan(refusals=(Refusal(entry.reason, held=True),))
    return Plan(notes=("an event waits for it, and it is left to delivery",))
