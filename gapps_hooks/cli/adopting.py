"""``gapps-hooks adopt-state``: the answer to a state file that was moved on purpose.

It must not know what the state holds.
"""

from __future__ import annotations

from pathlib import Path

import click

from gapps_hooks.cli.opening import opened_state
from gapps_hooks.cli.showing import example
from gapps_hooks.outbox import binding


@click.command("adopt-state", epilog=example("gapps-hooks adopt-state"))
@click.pass_obj
def adopt_state(settings_path: Path) -> None:
    """Say that this machine and domain are the state file's from now on.

    A copied state file sends nothing, because two installations that believe they are the same one
    would fight each other. Say so here once the other one is switched off for good.
    """
    with opened_state(settings_path) as (_, state):
        problem = state.binding_problem()
        if problem is None:
            click.echo("The state belongs to this machine and domain already.")
            return
        binding.adopt(state)
    click.echo(f"Adopted for {state.domain} on this machine; what waits may be sent again.")
