"""``gapps-hooks agent``: the resident process that makes hooks faster, and who keeps it company.

It must not know how the agent, the watcher or the metrics work.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gapps_hooks.agent.running import AnotherAgent, World, run_agent
from gapps_hooks.agent.shift import Company
from gapps_hooks.cli.program import LATER, Failure, without_extra
from gapps_hooks.cli.showing import example
from gapps_hooks.journal import Journal
from gapps_hooks.settings import load_settings
from gapps_hooks.watching import WatchingCompanion

if TYPE_CHECKING:
    from gapps_hooks.metrics import Metrics, MetricsServer

_HIGHEST_PORT = 65_535
#: Seconds that a full pipe may hold up the end.
_LAST_LINES = 1.0


@click.command(
    epilog=example(
        "gapps-hooks agent",
        "gapps-hooks agent --metrics 9123",
        "systemctl enable --now gapps-hooks",
    )
)
@click.option(
    "--metrics",
    "port",
    type=click.IntRange(0, _HIGHEST_PORT),
    metavar="PORT",
    help="Answer Prometheus at http://127.0.0.1:PORT/metrics (needs the extra metrics).",
)
@click.option("--foreground", is_flag=True, help="Stay in the foreground; it always does.")
@click.pass_obj
def agent(settings_path: Path, port: int | None, foreground: bool) -> None:  # noqa: ARG001, FBT001 - click's interface
    """Take the hooks' events by a socket and deliver them at once, until SIGTERM or Ctrl-C.

    Hooks work without it, each by itself; with it they need no token and no new connection, and
    are over in a fraction of the time. What waits is delivered as soon as it is due. The socket
    is where hooks look for it: $GAPPS_HOOKS_SOCKET, or /run/gapps-hooks/agent.sock, or, for other
    settings than /etc/gapps-hooks/gapps-hooks.toml, the settings' path with .sock behind it.

    With a source of the type nss it also watches passwd, group and shadow for changes that no
    hook tells (agent.watch = false stops that). It writes one line for each event and delivery
    to standard error, and nothing secret.

    SIGHUP reads the settings again; if they are wrong, the old ones stay and what is wrong is
    said. A unit for systemd is in share/gapps-hooks/systemd.

    Exit status: 0 it was stopped, 1 it could not start, 75 another agent runs already.
    """
    journal = Journal(sys.stderr, load_settings(settings_path).agent.log, time.time)
    company = _company(journal, port)
    try:
        run_agent(settings_path, company, World(environment=os.environ, say=journal.say))
    except AnotherAgent as error:
        raise Failure(str(error), LATER) from error
    finally:
        journal.finish(_LAST_LINES)


def _company(journal: Journal, port: int | None) -> Company:
    watching = WatchingCompanion(journal.trouble)
    if port is None:
        return Company(companions=(watching,), observers=(journal,))
    metrics, server = _metrics(port)
    return Company(
        companions=(watching, server), observers=(journal, metrics), observe=metrics.request
    )


def _metrics(port: int) -> tuple[Metrics, MetricsServer]:
    try:
        # most agents tell no metrics, and need not have the package for it
        from gapps_hooks.metrics import Metrics, MetricsServer  # noqa: PLC0415 - see above
    except ModuleNotFoundError as missing:
        raise without_extra("metrics", missing) from missing
    metrics = Metrics()
    return metrics, MetricsServer(metrics, port)
