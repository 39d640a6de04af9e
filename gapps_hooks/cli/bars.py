"""A bar with rate and remaining time on a terminal, quiet lines anywhere else.

It must not know what is read or done.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from gapps_hooks.model import Outcome, Verdict
from gapps_hooks.report import FOR_A_PERSON, outcome_line


class _Rate(ProgressColumn):
    """How many are done in a second."""

    def render(self, task: Task) -> Text:
        """Write the rate, once there is one."""
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


class Bar:
    """Shows how far reading and changing have come."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, soft_wrap=True)
        self._errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TextColumn("left:"),
            TimeRemainingColumn(),
        )
        terminal = bool(sys.stdout and sys.stdout.isatty())
        self._progress = Progress(
            *columns, console=self._console, transient=True, disable=not terminal
        )
        self._task = self._progress.add_task("reading", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def reading(self, what: str, number: int) -> None:
        """Show how many of something were read."""
        self._progress.update(self._task, description=f"reading {what}", completed=number)

    def begin(self, total: int) -> None:
        """Show from now on how many of so many changes are through."""
        self._progress.reset(self._task, total=total, description="changing")

    def done(self, outcome: Outcome, changes: int, *, quiet: bool) -> None:
        """Count a subject's changes as through, and print its line."""
        self._progress.advance(self._task, changes)
        idle = outcome.verdict is Verdict.NOTHING and outcome.line.startswith("nothing to send")
        if not quiet and not idle:
            # on stderr, so that cron mails it though it throws away what was done
            console = self._errors if outcome.verdict in FOR_A_PERSON else self._console
            console.print(outcome_line(outcome))
