"""``gapps-hooks undelete``: bring an account back that was deleted at Google.

It must not know Google's bin.
"""

from __future__ import annotations

from pathlib import Path

import click

from gapps_hooks.cli.named import Named
from gapps_hooks.cli.named import subject as read_subject
from gapps_hooks.cli.next_try import next_try
from gapps_hooks.cli.opening import opened
from gapps_hooks.cli.showing import example
from gapps_hooks.model import Kind
from gapps_hooks.undeletion import undelete as bring_back


@click.command(epilog=example("gapps-hooks undelete alice"))
@click.argument("user", type=read_subject)
@click.pass_obj
def undelete(settings_path: Path, user: Named) -> None:
    """Bring the account of USER back, if it was deleted at Google in the last 20 days.

    It is found by the link's Google id, else by its address.
    """
    if user.kind is Kind.GROUP:
        raise click.UsageError("Google keeps nothing of a deleted group; name a person.")
    with opened(settings_path) as wiring:
        undeleted = bring_back(wiring, user.name)
        when = next_try(wiring.state)
    click.echo(f"{undeleted.address} is undeleted; Google may need a few minutes for it.")
    if undeleted.linked:
        click.echo(f"What it should be is delivered {when}")
    else:
        click.echo(f"It is not linked: gapps-hooks links bind {user} {undeleted.address}")
