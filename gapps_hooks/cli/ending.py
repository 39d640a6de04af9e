"""How a reconcile of everybody ended, kept for who asks later, however it ended.

It must not know how anything is compared, nor what was printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import click

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.model import Outcome
from gapps_hooks.outbox import State
from gapps_hooks.reconcile.applying import Progress
from gapps_hooks.reconcile.checking import TooMuch
from gapps_hooks.reconcile.everybody import Looked
from gapps_hooks.reconcile.saving import NOT_AS_REVIEWED
from gapps_hooks.report import FOR_A_PERSON
from gapps_hooks.standing import remember_reconcile

INTERRUPTED_SENTENCE: Final = "Interrupted; the next run goes on"
#: Of those for whom a person has to do something so many are named, more are counted.
_NAMED: Final = 3


@contextmanager
def remembered(state: State) -> Iterator[None]:
    """Remember a run that is refused, fails as a whole, or is interrupted before its end."""
    try:
        yield
    except TooMuch as error:
        _remember(state, f"Refused: {error}")
        raise
    except GappsHooksError as error:
        _remember(state, f"Failed: {error}")
        raise
    except click.ClickException as error:
        _remember(state, f"Failed: {error.message}")
        raise
    except KeyboardInterrupt:
        _remember(state, INTERRUPTED_SENTENCE)
        raise


@contextmanager
def before_the_first_change() -> Iterator[None]:
    """Say of Ctrl-C that nothing was changed yet."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("\nInterrupted before the first change; nothing was changed", err=True)
        raise


def _remember(state: State, sentence: str) -> None:
    # what ended the run is told in any case, also where the state file takes no more
    with suppress(GappsHooksError):
        remember_reconcile(state, sentence, sentence)


def trouble_of(looked: Looked, progress: Progress, told: Iterable[Outcome]) -> str:
    """Say why a run that went through is not whole, and who needs a person; "" if all is well."""
    parts = [f"not whole: {text}" for text in looked.whole.incomplete]
    if progress.stopped:
        parts.append(f"it ended before its end ({progress.stopped}); the next run goes on")
    return "; ".join([*parts, *_stopped([*progress.outcomes, *told])])


def _stopped(outcomes: Iterable[Outcome]) -> Iterator[str]:
    names: dict[str, list[str]] = {}
    changed: list[str] = []
    for one in outcomes:
        if one.line.startswith(NOT_AS_REVIEWED):
            changed.append(one.kind.called(one.name))
        elif one.verdict in FOR_A_PERSON:
            names.setdefault(one.verdict, []).append(one.kind.called(one.name))
    if changed:
        yield f"changed since the plan was saved: {_named(changed)}"
    for verdict, some in names.items():
        yield f"{len(some)} {verdict}: {_named(some)}"
    if names:
        yield "why is shown by gapps-hooks reconcile --dry-run"


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
