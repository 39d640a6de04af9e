"""``gapps-hooks pause`` and ``resume``: whether anything is sent to Google.

It must not know who asks whether it may send.
"""

from __future__ import annotations

from pathlib import Path

import click

from gapps_hooks.cli.next_try import next_try
from gapps_hooks.cli.opening import opened_state
from gapps_hooks.cli.showing import example
from gapps_hooks.pausing import pause as pause_sending
from gapps_hooks.pausing import resume as resume_sending


@click.command(
    epilog=example("gapps-hooks pause && …change things at Google by hand… && gapps-hooks resume")
)
@click.pass_obj
def pause(settings_path: Path) -> None:
    """Send nothing to Google until `resume`; hooks go on recording and exit 0."""
    with opened_state(settings_path) as (_, state):
        changed = pause_sending(state)
    click.echo(
        "Paused: events are recorded and wait; go on with: gapps-hooks resume"
        if changed
        else "It is paused already."
    )


@click.command(epilog=example("gapps-hooks resume && gapps-hooks deliver"))
@click.pass_obj
def resume(settings_path: Path) -> None:
    """Send to Google again after `pause`."""
    with opened_state(settings_path) as (_, state):
        changed = resume_sending(state)
        when = next_try(state)
    click.echo(f"Resumed: what waits is tried {when}" if changed else "It was not paused.")
