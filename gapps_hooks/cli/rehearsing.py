"""A reconcile of everybody as a test: what it would do, and how it would end, shown.

It must not know how anything is compared, and never sends anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from gapps_hooks.cli.bars import Bar
from gapps_hooks.cli.ending import before_the_first_change
from gapps_hooks.cli.program import FAILED, HELD, LATER
from gapps_hooks.cli.showing import show_json
from gapps_hooks.first_passwords import signing_in_later
from gapps_hooks.model import Kind, Outcome, Verdict
from gapps_hooks.plan.whole import Whole, whole_digest
from gapps_hooks.reconcile import saving
from gapps_hooks.reconcile.checking import beyond_bounds, counted
from gapps_hooks.reconcile.everybody import Looked, everything, look, reviewed
from gapps_hooks.reconcile.held import lifted
from gapps_hooks.reconcile.saving import Saved
from gapps_hooks.report import (
    FOR_A_PERSON,
    outcome_as_json,
    outcome_line,
    plan_as_json,
    render_plans,
)
from gapps_hooks.wiring import Wiring

#: A dry run found something to do.
CHANGES: Final = 3
#: There is nothing to do is what this run does not know.
BLIND: Final = "Nothing could be compared."
_OBSERVED: Final = "mode is 'observe': nothing is sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for."""

    dry: bool
    save: Path | None
    plan: Path | None
    passwords: bool
    force: bool
    json: bool
    #: Whether a test's exit status tells that there are changes, too many, or that some wait.
    exit_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What would be done, as far as it was asked for, and what is to be said of it."""

    looked: Looked
    whole: Whole
    #: What was reviewed and is not so any more.
    outdated: tuple[Outcome, ...] = ()
    #: Why it would be refused as too much before its first change; empty if it would not.
    beyond: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def is_outdated(self) -> bool:
        """Whether something that was reviewed is left, because it is not so any more."""
        return any(one.verdict is Verdict.REFUSED for one in self.outdated)


def rehearse(wiring: Wiring, wish: Wish) -> int:
    """Compare everybody, show what would be done, and return the exit status."""
    saved = reviewed_before(wiring, wish)
    if wish.save is not None:
        saving.demand_place(wish.save)
    with Bar() as bar:
        push = pushes_passwords(wish, saved)
        with before_the_first_change():
            looked = look(wiring, dry=True, push_passwords=push, reading=bar.reading)
    rehearsal = _rehearsal(looked, wish, saved)
    if wish.save is not None:
        digest = wiring.state.digest
        saving.save(wish.save, rehearsal.whole.pieces, digest, passwords=wish.passwords)
    if wish.json:
        _show_as_json(rehearsal)
    else:
        _show(rehearsal, wish)
    if rehearsal.is_outdated:
        return FAILED
    status = status_of(rehearsal.whole, beyond=bool(rehearsal.beyond), exit_code=wish.exit_code)
    return status or (LATER if wish.exit_code and looked.waiting else 0)


def status_of(whole: Whole, *, beyond: bool, exit_code: bool) -> int:
    """Find the exit status of a test; the worst counts.

    What a run would do or hold, and that it would be ``beyond`` the bounds, is told only if asked
    for.
    """
    if whole.refusals or whole.incomplete:
        return FAILED
    if whole.held or ((beyond or whole.foreseen) and exit_code):
        return HELD
    return CHANGES if whole.changes and exit_code else 0


def reviewed_before(wiring: Wiring, wish: Wish) -> Saved | None:
    """Read the plan that was reviewed, if one is to be kept to."""
    return saving.load(wish.plan, wiring.state.digest) if wish.plan is not None else None


def pushes_passwords(wish: Wish, saved: Saved | None) -> bool:
    """Say whether passwords are pushed: with a plan that is part of what was reviewed."""
    return wish.passwords if saved is None else saved.passwords


def outdated(changed: Mapping[str, str]) -> Iterator[Outcome]:
    """Name what was reviewed and is not so any more; what is done already is no refusal."""
    for key, why in changed.items():
        kind, name = Kind.meant(key)
        done = why == saving.NOTHING_LEFT
        yield Outcome(
            verdict=Verdict.NOTHING if done else Verdict.REFUSED,
            kind=kind,
            name=name,
            line=why if done else saving.not_as_reviewed(why),
        )


def show_remarks(looked: Looked, notices: Iterable[str], *, err: bool) -> None:
    """Say what is not whole, and what is to be said of every run."""
    for text in looked.whole.incomplete:
        click.echo(f"\nNot whole: {text}. Nobody is suspended and nothing is removed.", err=err)
    for notice in (*looked.remarks, *notices):
        click.echo(f"\nNotice: {notice}")


def _rehearsal(looked: Looked, wish: Wish, saved: Saved | None) -> Rehearsal:
    whole, works = looked.whole, everything(looked)
    changed: Mapping[str, str] = {}
    if saved is not None:
        works, changed = reviewed(looked, saved)
        keys = {work.piece.key for work in works}
        pieces = tuple(piece for piece in whole.pieces if piece.key in keys)
        whole = Whole(pieces=pieces, incomplete=whole.incomplete)
    elif wish.force and wish.save is None and not whole.incomplete:
        whole = lifted(looked.wiring, looked.held, whole)
    beyond = () if wish.force else tuple(beyond_bounds(looked.wiring, counted(works)))
    observed = (_OBSERVED,) if looked.wiring.settings.mode == "observe" else ()
    changes = (change for piece in whole.pieces for change in piece.plan.changes)
    later = signing_in_later(changes)
    return Rehearsal(
        looked=looked,
        whole=whole,
        outdated=tuple(outdated(changed)),
        beyond=beyond,
        notices=(*beyond, *observed, *((later,) if later else ()), *looked.notices),
    )


def _show(rehearsal: Rehearsal, wish: Wish) -> None:
    plans = ((piece.key, piece.plan) for piece in rehearsal.whole.pieces)
    click.echo(BLIND if rehearsal.looked.blind else render_plans(plans))
    for outcome in rehearsal.outdated:
        click.echo(outcome_line(outcome), err=outcome.verdict in FOR_A_PERSON)
    kept = wish.save or (wish.plan if wish.dry and rehearsal.whole.changes else None)
    if kept is not None:
        force = " --force" if rehearsal.beyond or wish.force else ""
        saved = "Saved; carry" if wish.save else "Carry"
        click.echo(f"\n{saved} it out with: gapps-hooks reconcile --plan {kept}{force}")
    show_remarks(rehearsal.looked, rehearsal.notices, err=False)


def _show_as_json(rehearsal: Rehearsal) -> None:
    whole, looked = rehearsal.whole, rehearsal.looked
    show_json(
        {
            "plans": [plan_as_json(piece.plan, piece.key) for piece in whole.pieces],
            "digest": whole_digest(whole.pieces, looked.wiring.state.digest),
            "counts": {verb.value: number for verb, number in whole.counts().items()},
            "outdated": [outcome_as_json(outcome) for outcome in rehearsal.outdated],
            "too_much": list(rehearsal.beyond),
            "incomplete": list(whole.incomplete),
            "notices": [*looked.remarks, *rehearsal.notices],
        }
    )
