"""``gapps-hooks log``: what was done and why.

It must not know how an outcome comes about.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from gapps_hooks.cli.named import Named, subject_of
from gapps_hooks.cli.named import subject as read_subject
from gapps_hooks.cli.opening import opened_state
from gapps_hooks.cli.showing import as_json, example, show_json
from gapps_hooks.outbox import history
from gapps_hooks.report import clock_time, table


@click.command(epilog=example("gapps-hooks log", "gapps-hooks log alice --limit 5"))
@click.argument("subject", required=False, type=read_subject)
@click.option(
    "--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Last lines."
)
@as_json
@click.pass_obj
def log(settings_path: Path, subject: Named | None, limit: int, as_json: bool) -> None:  # noqa: FBT001 - click's interface
    """Show what was done and why, oldest first; kept for 400 days."""
    with opened_state(settings_path) as (_, state):
        number = subject_of(state, subject) if subject else None
        lines = history.read(state, number, limit)
        now = state.clock()
    if as_json:
        show_json([asdict(line) for line in lines])
        return
    rows = (
        (clock_time(line.written_at, now=now), line.name, line.verdict, line.line) for line in lines
    )
    click.echo(table(("when", "name", "verdict", "what"), rows) if lines else "Nothing yet.")
