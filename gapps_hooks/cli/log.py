"""``gapps-hooks log``: what was done and why.

It must not know how an outcome comes about.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from gapps_hooks.cli.moments import moment
from gapps_hooks.cli.named import Named, subject_of
from gapps_hooks.cli.named import subject as read_subject
from gapps_hooks.cli.opening import opened_state
from gapps_hooks.cli.showing import example
from gapps_hooks.outbox import State, history
from gapps_hooks.outbox.history import Line
from gapps_hooks.report import clock_time, iso_time, printable, table

#: Seconds between two looks for new lines.
_FOLLOW: Final = 0.5
#: How many of the last lines are shown if nothing else is said.
_LAST: Final = 100
#: What the history takes for no limit at all.
_ALL: Final = -1


@click.command(
    epilog=example(
        "gapps-hooks log alice --since 7d", "gapps-hooks log --follow --json | your-collector"
    )
)
@click.argument("subject", required=False, type=read_subject)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"Last lines; {_LAST} if nothing is said, with --follow none.",
)
@click.option(
    "--since",
    type=moment,
    metavar="MOMENT",
    help="Only from then on: 15m, 2h, 7d or 2026-09-21 08:00.",
)
@click.option(
    "--follow",
    "-f",
    is_flag=True,
    help="Show new lines as they come; those of before only with --since or --limit.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def log(  # noqa: PLR0913 - click's interface
    settings_path: Path,
    subject: Named | None,
    limit: int | None,
    since: Callable[[float], float] | None,
    *,
    follow: bool,
    as_json: bool,
) -> None:
    """Show what was done and why, oldest first; kept for 400 days. There is no secret in it."""
    with opened_state(settings_path) as (_, state):
        number = subject_of(state, subject) if subject else None
        earliest = since(state.clock()) if since else float("-inf")
        newest = history.read(state, limit=1)
        last = limit or _how_many(follow=follow, since=since is not None)
        lines = history.read(state, number, last, since=earliest)
        if as_json or follow:
            show = _show_json if as_json else _show_text
            show(lines)
            for more in _following(state, number, (*newest, *lines)) if follow else ():
                show(more)
            return
        now = state.clock()
    rows = (
        (clock_time(line.written_at, now=now), _named(line), line.verdict, line.line)
        for line in lines
    )
    click.echo(table(("when", "name", "verdict", "what"), rows) if lines else "Nothing yet.")


def _how_many(*, follow: bool, since: bool) -> int:
    """Say how many lines of before are shown where nobody said so.

    A collector that begins anew gets nothing twice, and all that was written since a moment.
    """
    if not follow:
        return _LAST
    return _ALL if since else 0


def _following(
    state: State, subject: int | None, known: tuple[Line, ...]
) -> Iterator[tuple[Line, ...]]:
    """Yield what was written after the lines that are known, until somebody presses Ctrl-C."""
    after = max((line.sequence for line in known), default=0)
    while True:
        time.sleep(_FOLLOW)
        more = history.read(state, subject, -1, after=after)
        if more:
            after = more[-1].sequence
            yield more


def _show_json(lines: Iterable[Line]) -> None:
    for line in lines:
        said = asdict(line)
        at = iso_time(said.pop("written_at"))
        click.echo(json.dumps({"at": at, **said}, ensure_ascii=False))


def _show_text(lines: Iterable[Line]) -> None:
    # a table would have to know the lines that are still to come
    for line in lines:
        when = datetime.fromtimestamp(line.written_at, UTC).astimezone()
        told = f"{_named(line)}: {line.verdict}: {line.line}"
        click.echo(printable(f"{when:%Y-%m-%d %H:%M:%S} {told}"))


def _named(line: Line) -> str:
    return str(Named(line.kind, line.name)) if line.kind else line.name
