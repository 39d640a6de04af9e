"""The voice of the demonstration: chapters, commands with their answers, claims that hold or not.

It must not know the story.
"""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.rule import Rule


class Teller:
    """Tells on a terminal, or plainly where there is none, and counts what did not hold."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._chapters = 0
        #: Claims that held, and those that did not.
        self.held = 0
        self.failed: list[str] = []

    def chapter(self, title: str, text: str) -> None:
        """Begin something new."""
        self._chapters += 1
        self._console.print()
        heading = f"[bold]{self._chapters}. {escape(title)}[/bold]"
        self._console.print(Rule(heading, align="left", style="dim"))
        self._console.print(escape(text), style="dim")

    def say(self, text: str) -> None:
        """Say something on a line of its own."""
        self._console.print(escape(text))

    def command(self, line: str) -> None:
        """Show what is run; how long it took follows on the same line."""
        self._console.print(f"  [cyan]$ {escape(line)}[/cyan]", soft_wrap=True, end="")

    def answer(self, text: str, status: int, seconds: float) -> None:
        """Show how long a command took, its exit status and what it printed."""
        left = f", exit {status}" if status else ""
        self._console.print(f"  [dim]({seconds:.1f} s{left})[/dim]", soft_wrap=True)
        for line in text.strip().splitlines():
            self._console.print(f"    {escape(line)}", soft_wrap=True)

    def claim(self, sentence: str, *, holds: bool) -> None:
        """Show a claim with its proof: it is true now, or the demonstration has failed."""
        if holds:
            self.held += 1
        else:
            self.failed.append(sentence)
        mark = "[green]✓[/green]" if holds else "[bold red]✗ NOT SO:[/bold red]"
        self._console.print(f"  {mark} {escape(sentence)}", soft_wrap=True)

    def end(self, seconds: float) -> None:
        """Sum up."""
        self._console.print()
        if self.failed:
            self._console.print(f"[bold red]{len(self.failed)} claims do not hold.[/bold red]")
            return
        said = f"All {self.held} claims held, in {seconds:.0f} s."
        self._console.print(f"[bold green]{said}[/bold green]")
