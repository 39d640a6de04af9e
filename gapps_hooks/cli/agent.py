"""``gapps-hooks agent``: the resident process that makes hooks faster.

It must not know how the agent works.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from gapps_hooks.agent.running import AnotherAgent, World, run_agent
from gapps_hooks.agent.shift import Company
from gapps_hooks.cli.program import LATER, Failure
from gapps_hooks.cli.showing import example


@click.command(epilog=example("gapps-hooks agent", "systemctl enable --now gapps-hooks"))
@click.option("--foreground", is_flag=True, help="Stay in the foreground; it always does.")
@click.pass_obj
def agent(settings_path: Path, foreground: bool) -> None:  # noqa: ARG001, FBT001 - click's interface
    """Take the hooks' events by a socket and deliver them at once, until SIGTERM or Ctrl-C.

    Hooks work without it, each by itself; with it they need no token and no new connection, and
    are over in a fraction of the time. What waits is delivered as soon as it is due. The socket
    is where hooks look for it: $GAPPS_HOOKS_SOCKET, or /run/gapps-hooks/agent.sock, or, for other
    settings than /etc/gapps-hooks/gapps-hooks.toml, the settings' path with .sock behind it.

    SIGHUP reads the settings again; if they are wrong, the old ones stay and what is wrong is
    said. A unit for systemd is in share/gapps-hooks/systemd.

    Exit status: 0 it was stopped, 1 it could not start, 75 another agent runs already.
    """
    try:
        run_agent(settings_path, Company(), World(environment=os.environ, say=_say))
    except AnotherAgent as error:
        raise Failure(str(error), LATER) from error


def _say(sentence: str) -> None:
    click.echo(f"gapps-hooks agent: {sentence}", err=True)
