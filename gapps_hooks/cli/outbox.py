"""``gapps-hooks outbox``: what still has to be delivered, and what people may do about it.

It must not know Google: nothing here asks or sends anything.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from gapps_hooks.cli.named import Named, entries_of
from gapps_hooks.cli.named import subject as read_subject
from gapps_hooks.cli.next_try import next_try
from gapps_hooks.cli.opening import opened_state
from gapps_hooks.cli.program import HELD
from gapps_hooks.cli.showing import as_json, example, show_json
from gapps_hooks.outbox import State, breaker, entries
from gapps_hooks.outbox.entries import Entry
from gapps_hooks.pausing import is_paused
from gapps_hooks.report import entries_table, iso_time
from gapps_hooks.settings import Settings
from gapps_hooks.standing import policy_problem

_RELEASED: Final = "released; due now"


@click.group(
    invoke_without_command=True,
    epilog=example("gapps-hooks outbox", "gapps-hooks outbox retry alice group:staff"),
)
@as_json
@click.pass_context
def outbox(context: click.Context, as_json: bool) -> None:  # noqa: FBT001 - click's interface
    """List what waits, is held or buried; retry, drop or release it.

    A *waiting* entry is tried again by itself. A *held* one was too much at once and waits for
    `release`. A *buried* one was refused; its reason says what to do, and any new event on the
    person or group, or `retry`, digs it up.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_entries, as_json=as_json)
    elif as_json:
        raise click.UsageError("--json stands last: gapps-hooks outbox list --json")


@outbox.command("list")
@as_json
@click.pass_obj
def list_entries(settings_path: Path, as_json: bool) -> None:  # noqa: FBT001 - click's interface
    """List everything that still has to be delivered, oldest first."""
    with opened_state(settings_path) as (settings, state):
        waiting = entries.all_entries(state)
        stopped = _why_nothing_is_sent(settings, state) if waiting else ""
        found = tuple(_with_reason(entry, stopped) for entry in waiting)
        if as_json:
            show_json([_entry_as_json(entry) for entry in found])
        else:
            click.echo(entries_table(found, state.clock()) if found else "Nothing waits.")


def _why_nothing_is_sent(settings: Settings, state: State) -> str:
    if is_paused(state):
        return "paused; go on with: gapps-hooks resume"
    outage = breaker.current(state)
    return outage.reason if outage else policy_problem(settings)


def _with_reason(entry: Entry, stopped: str) -> Entry:
    """While nothing can be sent, that is why an entry waits; else that it was released."""
    why = stopped or (_RELEASED if entry.released else "")
    waits = entry.status == "waiting" and not entry.reason
    entry = replace(entry, reason=why) if why and waits else entry
    return replace(entry, reason=entry.why)


@outbox.command(
    short_help="Make entries due now, buried ones too.",
    epilog=example("gapps-hooks outbox retry alice group:staff"),
)
@click.argument("subjects", nargs=-1, type=read_subject)
@click.option("--all", "everything", is_flag=True, help="All that wait or are buried.")
@click.pass_obj
def retry(settings_path: Path, subjects: tuple[Named, ...], everything: bool) -> None:  # noqa: FBT001 - click's interface
    """Make entries due now, buried ones too (held ones are released with `release`)."""
    if everything == bool(subjects):
        raise click.UsageError("Name subjects, or give --all.")
    with opened_state(settings_path) as (_, state):
        chosen = entries_of(state, subjects) if subjects else entries.all_entries(state)
        held = [entry for entry in chosen if entry.status == "held"]
        done = sum(entries.retry(state, entry.subject) for entry in chosen if entry not in held)
        due = _due(state)
    if done or not held:
        click.echo(f"{done} {due}")
    for entry in held:
        click.echo(f"{_shown(entry)} is held: gapps-hooks outbox release {_shown(entry)}", err=True)
    if held:
        click.get_current_context().exit(HELD)


@outbox.command(
    short_help="Throw entries away undelivered, passwords too.",
    epilog=example("gapps-hooks outbox drop alice"),
)
@click.argument("subjects", nargs=-1, required=True, type=read_subject)
@click.pass_obj
def drop(settings_path: Path, subjects: tuple[Named, ...]) -> None:
    """Throw entries away undelivered; a password among them is gone from here."""
    with opened_state(settings_path) as (_, state):
        for entry in entries_of(state, subjects):
            entries.drop(state, entry.subject)
            click.echo(f"{_shown(entry)}: dropped; Google was not told")


@outbox.command(
    short_help="Let held entries go beyond the bounds.",
    epilog=example(
        "gapps-hooks outbox            # read what is held, and why", "gapps-hooks outbox release"
    ),
)
@click.argument("subjects", nargs=-1, type=read_subject)
@click.pass_obj
def release(settings_path: Path, subjects: tuple[Named, ...]) -> None:
    """Let held entries go beyond the bounds: those named, or all of them."""
    with opened_state(settings_path) as (_, state):
        released = _release(state, subjects)
        click.echo(f"{released} released, {_due(state)}" if released else "Nothing is held.")


def _due(state: State) -> str:
    return f"due now, tried {next_try(state)}"


def _release(state: State, named: tuple[Named, ...]) -> int:
    if not named:
        return entries.release(state)
    return sum(entries.release(state, entry.subject) for entry in entries_of(state, named))


def _shown(entry: Entry) -> Named:
    return Named(entry.kind, entry.name)


def _entry_as_json(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.kind.value,
        "status": entry.status,
        "reason": entry.reason,
        "recorded_at": iso_time(entry.recorded_at),
        "event_at": iso_time(entry.event_at),
        "due_at": iso_time(entry.due_at),
        "attempts": entry.attempts,
        "added": entry.added,
        "removed": entry.removed,
        "password": entry.password is not None,
    }
