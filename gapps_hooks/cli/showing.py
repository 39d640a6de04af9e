"""How answers are printed: JSON for programs, lines for people, a bar while much is done.

It must not know what is answered.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gapps_hooks.model import Outcome
from gapps_hooks.report import outcome_line

#: From so many subjects on a bar is worth its place.
_MANY: Final = 10

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def example(*lines: str) -> str:
    """Make the epilog that shows how a command is used; click is not to wrap it."""
    return "\n".join(("\b", "Example:", *(f"  {line}" for line in lines)))


def show_json(value: Any) -> None:  # noqa: ANN401 - anything that JSON can say
    """Print a value as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_outcomes(outcomes: Iterable[Outcome], expected: int) -> tuple[Outcome, ...]:
    """Print each outcome's line as it comes, with a bar on a terminal when there are many."""
    shown = []
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for outcome in _with_bar(outcomes, expected, console):
        console.print(outcome_line(outcome))
        shown.append(outcome)
    return tuple(shown)


def _with_bar(outcomes: Iterable[Outcome], expected: int, console: Console) -> Iterator[Outcome]:
    if expected < _MANY or not (sys.stdout and sys.stdout.isatty()):
        yield from outcomes
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("left:"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=expected)
        for outcome in outcomes:
            yield outcome
            progress.advance(task)
