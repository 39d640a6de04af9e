"""Prompt delivery for a hook: its own event first, then what else is due, within one wait.

It must not know how the event was recorded, nor how its line reaches people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gapps_hooks.deliver.subject import deliver, drain, why_closed
from gapps_hooks.model import Outcome
from gapps_hooks.outbox import State, entries
from gapps_hooks.record import Desk, Receipt
from gapps_hooks.report import outcome_line
from gapps_hooks.wiring import Wiring, wire


def deliver_promptly(
    desk: Desk, receipt: Receipt, name: str, say: Callable[[str], None], *, within: float
) -> None:
    """Deliver the recorded subject, say its line, and drain what else is due, in so many seconds.

    While an outage is known nothing is waited for.
    """
    wiring = wire(desk.settings, desk.state, source=desk.source)
    until = wiring.clock() + within
    closed = why_closed(wiring)
    if closed is not None:
        say(f"{name}: recorded, waiting: {closed}")
        return
    hurried = replace(wiring, directory=wiring.directory.within(within))
    say(_own_line(hurried, receipt, name, until))
    for _ in drain(hurried, until):
        pass


def _own_line(wiring: Wiring, receipt: Receipt, name: str, until: float) -> str:
    assert receipt.subject is not None  # noqa: S101 - nothing is delivered for nobody
    outcome = deliver(wiring, receipt.subject, patience=until - wiring.clock())
    return line_of(wiring.state, receipt, name, outcome)


def line_of(state: State, receipt: Receipt, name: str, outcome: Outcome | None) -> str:
    """Say what became of the recorded subject; None means that nothing was left to deliver."""
    assert receipt.subject is not None  # noqa: S101 - nothing is delivered for nobody
    if outcome is not None:
        return outcome_line(outcome)
    entry = entries.get(state, receipt.subject)
    if entry is None:
        return f"{name}: delivered together with another change"
    return f"{name}: {receipt.line if receipt.line != 'recorded' else entry.reason}"
