"""Subjects of whom something waits already: a reconcile leaves them alone, and says so.

It must not know how what waits is delivered.
"""

from __future__ import annotations

from gapps_hooks.model import Plan, Refusal
from gapps_hooks.outbox.entry import Entry


def left_to_delivery(entry: Entry) -> Plan:
    """Say that the subject is left to delivery, or to the person for whom it waits."""
    if entry.status == "buried":
        text = f"buried: {entry.reason}; then: gapps-hooks outbox retry {entry.name}"
        return Plan(refusals=(Refusal(text),))
    if entry.status == "held":
        return Plan(refusals=(Refusal(entry.reason),))
    return Plan(notes=("an event waits for it, and it is left to delivery",))
