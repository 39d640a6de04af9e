"""A reconcile of everybody for people: what is asked for, what is shown, the exit status.

It must not know how anything is compared or carried out.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

import click

from gapps_hooks.cli.bars import Bar
from gapps_hooks.cli.ending import remembered, trouble_of
from gapps_hooks.cli.program import FAILED, INTERRUPTED, LATER, Failure
from gapps_hooks.cli.showing import show_json
from gapps_hooks.deliver.subject import why_closed
from gapps_hooks.model import Kind, Outcome, Verdict
from gapps_hooks.outbox import history, links
from gapps_hooks.plan.whole import count, whole_digest
from gapps_hooks.reconcile import saving
from gapps_hooks.reconcile.applying import Applying, Progress
from gapps_hooks.reconcile.checking import TooMuch, check_bounds
from gapps_hooks.reconcile.everybody import (
    AlreadyRunning,
    Looked,
    alone,
    carry_out,
    everything,
    look,
    refused,
    reviewed,
)
from gapps_hooks.reconcile.work import Work
from gapps_hooks.report import (
    exit_status,
    outcome_as_json,
    outcome_line,
    plan_as_json,
    printable,
    render_plans,
)
from gapps_hooks.standing import remember_reconcile
from gapps_hooks.wiring import Wiring

CHANGES: Final = 3
TOO_MUCH: Final = 4
_SEATS: Final = (
    "{count} seats are missing: Google made no account for as many people; buy licences in the "
    "Admin console under Billing > Subscriptions, then reconcile again"
)
_GROUP: Final = "group:"
_UNDONE: Final = {
    Verdict.REFUSED: "refused",
    Verdict.HELD: "held",
    Verdict.LATER: "left for later",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for."""

    dry: bool
    save: Path | None
    plan: Path | None
    passwords: bool
    force: bool
    json: bool


def reconcile_everybody(wiring: Wiring, wish: Wish) -> int:
    """Compare everybody, show or do what differs, and return the exit status."""
    if wish.dry or wiring.settings.mode == "observe":
        return _test(wiring, wish)
    closed = why_closed(wiring)
    try:
        with alone(wiring), remembered(wiring.state):
            if closed is not None:
                raise Failure(f"nothing can be sent: {closed}", LATER)
            history.purge(wiring.state)
            return _do(wiring, wish)
    except AlreadyRunning as error:
        raise Failure(str(error), LATER) from error
    except TooMuch as error:
        raise Failure(str(error), TOO_MUCH) from error


# --- as a test -----------------------------------------------------------------------------------


def _test(wiring: Wiring, wish: Wish) -> int:
    with Bar() as bar:
        looked = look(wiring, dry=True, push_passwords=wish.passwords, reading=bar.reading)
    observed = ("mode is 'observe': nothing is sent",) if wiring.settings.mode == "observe" else ()
    notices = (*_would_be_too_much(looked, wish), *observed, *looked.notices)
    if wish.save is not None:
        _save(wish.save, wish, looked)
    if wish.json:
        _show_test_as_json(looked, notices)
    else:
        _show_test(looked, notices, wish)
    if looked.whole.refusals or looked.whole.incomplete:
        return FAILED
    return CHANGES if looked.whole.changes else 0


def _save(path: Path, wish: Wish, looked: Looked) -> None:
    digest = looked.wiring.state.digest
    saving.save(path, looked.whole.pieces, digest, passwords=wish.passwords)


def _would_be_too_much(looked: Looked, wish: Wish) -> tuple[str, ...]:
    if wish.force:
        return ()
    try:
        check_bounds(looked.wiring, looked.whole.counts())
    except TooMuch as error:
        return tuple(str(error).splitlines())
    return ()


def _show_test(looked: Looked, notices: tuple[str, ...], wish: Wish) -> None:
    click.echo(render_plans((piece.key, piece.plan) for piece in looked.whole.pieces))
    if wish.save is not None:
        click.echo(f"\nSaved; carry it out with: gapps-hooks reconcile --plan {wish.save}")
    _show_remarks(looked, notices, err=False)


def _show_remarks(looked: Looked, notices: tuple[str, ...], *, err: bool) -> None:
    for text in looked.whole.incomplete:
        click.echo(f"\nNot whole: {text}. Nobody is suspended and nothing is removed.", err=err)
    for notice in (*looked.remarks, *notices):
        click.echo(f"\nNotice: {notice}")


def _show_test_as_json(looked: Looked, notices: tuple[str, ...]) -> None:
    whole = looked.whole
    show_json(
        {
            "plans": [plan_as_json(piece.plan, piece.key) for piece in whole.pieces],
            "digest": whole_digest(whole.pieces, looked.wiring.state.digest),
            "counts": {verb.value: number for verb, number in whole.counts().items()},
            "incomplete": list(whole.incomplete),
            "notices": [*looked.remarks, *notices],
        }
    )


# --- for real ------------------------------------------------------------------------------------


def _do(wiring: Wiring, wish: Wish) -> int:
    saved = saving.load(wish.plan, wiring.state.digest) if wish.plan is not None else None
    with Bar() as bar:
        # A reviewed plan may hold passwords: whether they are pushed is part of what was reviewed.
        push = wish.passwords or (saved is not None and saved.passwords)
        looked = look(wiring, dry=saved is not None, push_passwords=push, reading=bar.reading)
        changed: dict[str, str] = {}
        if saved is not None:
            works, changed = reviewed(looked, saved)
        else:
            works = everything(looked)
        progress = _carry_out(looked, works, wish, bar)
    told = [*_planned_refusals(looked, saved is None, progress), *_outdated(changed)]
    if wish.json:
        _show_as_json(looked, progress, told)
    else:
        _show_end(looked, progress, told)
    status = _finish(wiring, looked, progress, told)
    line = _closing([*progress.outcomes, *told])
    remember_reconcile(wiring.state, line, trouble_of(looked, progress))
    if status == 0 and saved is None:
        links.are_whole(wiring.state)
    return status


def _carry_out(looked: Looked, works: list[Work], wish: Wish, bar: Bar) -> Progress:
    sizes = {work.piece.key: max(1, len(work.piece.plan.changes)) for work in works}
    bar.begin(sum(sizes.values()))

    def report(outcome: Outcome) -> None:
        prefix = "group:" if outcome.kind == "group" else ""
        bar.done(outcome, sizes.get(prefix + outcome.name, 1), quiet=wish.json)

    with _interruptible() as started:
        return carry_out(
            looked,
            works,
            force=wish.force,
            reviewed_only=wish.plan is not None,
            refused=refused(looked) if wish.plan is None else (),
            report=report,
            started=started,
        )


@contextmanager
def _interruptible() -> Iterator[Callable[[Applying], None]]:
    """Let the first Ctrl-C or SIGTERM end the run in good order; a second one ends it at once."""
    former: dict[int, Any] = {}

    def started(applying: Applying) -> None:
        def stop(number: int, frame: FrameType | None) -> None:
            del frame
            applying.interrupt()
            signal.signal(number, signal.default_int_handler)

        for number in (signal.SIGINT, signal.SIGTERM):
            former[number] = signal.signal(number, stop)

    try:
        yield started
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _planned_refusals(looked: Looked, everybody: bool, progress: Progress) -> Iterator[Outcome]:  # noqa: FBT001 - as given
    told = {(outcome.kind, outcome.name) for outcome in progress.outcomes}
    for piece in looked.whole.pieces if everybody else ():
        for refusal in piece.plan.refusals:
            if (piece.kind, piece.name) not in told:
                yield Outcome(
                    verdict=Verdict.REFUSED, kind=piece.kind, name=piece.name, line=refusal.text
                )


def _outdated(changed: dict[str, str]) -> Iterator[Outcome]:
    for key, why in changed.items():
        name = key.removeprefix(_GROUP)
        yield Outcome(
            verdict=Verdict.REFUSED,
            kind=Kind.USER if name == key else Kind.GROUP,
            name=name,
            line=f"not as it was reviewed: {why}",
        )


def _show_end(looked: Looked, progress: Progress, told: list[Outcome]) -> None:
    for piece in looked.whole.pieces:
        if piece.plan.notes and not piece.plan.changes and not piece.plan.refusals:
            click.echo(printable(f"{piece.name}: {'; '.join(piece.plan.notes)}"))
    for outcome in told:
        click.echo(outcome_line(outcome), err=True)
    _show_remarks(looked, tuple(_closing_notices(progress)), err=True)
    click.echo(_closing([*progress.outcomes, *told]))


def _closing_notices(progress: Progress) -> Iterator[str]:
    if progress.seats:
        yield _SEATS.format(count=progress.seats)
    if progress.stopped:
        yield f"it ended before its end ({progress.stopped}); the next run goes on"


def _closing(outcomes: list[Outcome]) -> str:
    done = count(change for outcome in outcomes for change in outcome.done)
    said = [f"{number} x {verb.replace('-', ' ')}" for verb, number in done.items()]
    failed = Counter(one.verdict for one in outcomes if one.verdict in _UNDONE)
    others = [f"{number} {_UNDONE[verdict]}" for verdict, number in failed.items()]
    return f"Done: {', '.join(said) or 'nothing had to be changed'}.{_sentence(others)}"


def _sentence(parts: list[str]) -> str:
    return f" {', '.join(parts).capitalize()}." if parts else ""


def _show_as_json(looked: Looked, progress: Progress, told: list[Outcome]) -> None:
    show_json(
        {
            "outcomes": [outcome_as_json(one) for one in (*progress.outcomes, *told)],
            "incomplete": list(looked.whole.incomplete),
            "notices": [*looked.remarks, *_closing_notices(progress)],
            "missing_seats": progress.seats,
        }
    )


def _finish(wiring: Wiring, looked: Looked, progress: Progress, told: list[Outcome]) -> int:
    if progress.interrupted:
        return INTERRUPTED
    status = FAILED if looked.whole.incomplete else exit_status([*progress.outcomes, *told])
    if status == FAILED:
        refusals = [*progress.outcomes, *told]
        number = sum(one.verdict is Verdict.REFUSED for one in refusals)
        why = "; ".join(looked.whole.incomplete)
        wiring.tell_trouble(f"reconcile: {number} refused{'; not whole: ' if why else ''}{why}")
    return status
