"""``gapps-hooks deliver``: try what waits.

It must not know how anything is delivered.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from gapps_hooks.cli.opening import opened
from gapps_hooks.cli.program import LATER
from gapps_hooks.cli.showing import as_json, example, show_json, show_outcomes
from gapps_hooks.deliver.subject import drain, why_closed
from gapps_hooks.model import Outcome
from gapps_hooks.outbox import breaker, entries, history
from gapps_hooks.outbox.entries import Entry
from gapps_hooks.outbox.keeping import DAY, wipe_old_hashes
from gapps_hooks.report import exit_status, outcome_as_json
from gapps_hooks.wiring import Wiring


@click.command(epilog=example("gapps-hooks deliver"))
@click.option("--due", "due_only", is_flag=True, help="Only what is due, as the retry timer does.")
@click.option("--quiet", is_flag=True, help="Print nothing; the exit status and the log tell.")
@as_json
@click.pass_obj
def deliver(settings_path: Path, due_only: bool, quiet: bool, as_json: bool) -> None:  # noqa: FBT001 - click's interface
    """Try each waiting entry once, whatever its back-off; print a line for each.

    Exit status: 0 all done, 1 something was buried, 4 something is held, 75 something that was
    tried still waits. With --due also 0 if nothing is due yet, whatever waits.
    """
    with opened(settings_path) as wiring:
        history.purge(wiring.state)
        wipe_old_hashes(wiring.state, wiring.settings.state.keep_hashes * DAY)
        waiting = _waiting(wiring, due_only=due_only)
        closed = _why_closed(wiring, due_only=due_only) if waiting else None
        later = 0 if waiting else len(_waiting(wiring, due_only=False))
        outcomes: tuple[Outcome, ...] = ()
        if waiting and closed is None:
            work = drain(wiring, float("inf"), whole=not due_only)
            silent = quiet or as_json
            outcomes = tuple(work) if silent else show_outcomes(work, len(waiting))
    if as_json:
        shown = [outcome_as_json(outcome) for outcome in outcomes]
        show_json({"outcomes": shown, "closed": closed})
    elif not quiet and not outcomes:
        click.echo(f"{len(waiting)} waiting: {closed}" if closed else _idle(later))
    click.get_current_context().exit(LATER if closed else exit_status(outcomes))


def _idle(later: int) -> str:
    return (
        f"Nothing is due; {later} {'waits' if later == 1 else 'wait'}."
        if later
        else "Nothing waits."
    )


def _waiting(wiring: Wiring, *, due_only: bool) -> tuple[Entry, ...]:
    if due_only:
        return entries.due(wiring.state, wiring.clock())
    return tuple(e for e in entries.all_entries(wiring.state) if e.status == "waiting")


def _why_closed(wiring: Wiring, *, due_only: bool) -> str | None:
    """During an outage a person who asks does not wait for the next probe: it is made now."""
    outage = breaker.current(wiring.state)
    if outage is None or due_only:
        return why_closed(wiring)
    when = max(outage.next_probe_at, wiring.clock())
    return why_closed(replace(wiring, clock=lambda: when))
