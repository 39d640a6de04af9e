"""A reconcile of everybody for people: what is asked for, what is shown, the exit status.

It must not know how anything is compared or carried out.
"""

from __future__ import annotations

import gc
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import click

from gapps_hooks.cli.bars import Bar
from gapps_hooks.cli.ending import (
    INTERRUPTED_SENTENCE,
    before_the_first_change,
    remembered,
    trouble_of,
)
from gapps_hooks.cli.program import FAILED, HELD, INTERRUPTED, LATER, Failure
from gapps_hooks.cli.rehearsing import (
    BLIND,
    Wish,
    outdated,
    pushes_passwords,
    rehearse,
    reviewed_before,
    show_remarks,
)
from gapps_hooks.cli.showing import show_json
from gapps_hooks.deliver.subject import why_closed
from gapps_hooks.first_passwords import signing_in_later
from gapps_hooks.model import Outcome, Verdict
from gapps_hooks.outbox import history, links
from gapps_hooks.plan.whole import count
from gapps_hooks.reconcile.applying import Applying, Progress
from gapps_hooks.reconcile.checking import TooMuch
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
    FOR_A_PERSON,
    exit_status,
    outcome_as_json,
    outcome_line,
    printable,
)
from gapps_hooks.standing import remember_reconcile
from gapps_hooks.wiring import Wiring

_SEATS: Final = (
    "{count} seats are missing: Google made no account for as many people; buy licences in the "
    "Admin console under Billing > Subscriptions, then reconcile again"
)
#: So many objects more than went make Python look for garbage; 700 unless set (gc.set_threshold).
_OBJECTS: Final = 50_000
_UNDONE: Final = {
    Verdict.REFUSED: "refused",
    Verdict.BURIED: "buried",
    Verdict.HELD: "held",
    Verdict.LATER: "left for later",
}


def reconcile_everybody(wiring: Wiring, wish: Wish) -> int:
    """Compare everybody, show or do what differs, and return the exit status."""
    with _seldom_collecting():
        if wish.dry or wiring.settings.mode == "observe":
            return rehearse(wiring, wish)
        return _synchronise(wiring, wish)


def _synchronise(wiring: Wiring, wish: Wish) -> int:
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
        raise Failure(str(error), HELD) from error


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let Python look for garbage seldom: what is read stays to the end, and little comes to be.

    Each look goes through all that is held; together they were a tenth of a run's own time.
    """
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _do(wiring: Wiring, wish: Wish) -> int:
    saved = reviewed_before(wiring, wish)
    with Bar() as bar:
        push = pushes_passwords(wish, saved)
        with before_the_first_change():
            looked = look(wiring, dry=saved is not None, push_passwords=push, reading=bar.reading)
        works, changed = reviewed(looked, saved) if saved else (everything(looked), {})
        progress = _carry_out(looked, works, wish, bar)
    if saved is not None:
        told = list(outdated(changed))
    else:
        told = [*_planned_refusals(looked, progress), *_waiting(looked)]
    if wish.json:
        _show_as_json(looked, progress, told)
    else:
        _show_end(looked, progress, told)
    trouble = trouble_of(looked, progress, told)
    remember_reconcile(wiring.state, _remembered(looked, progress, told), trouble)
    status = _status(looked, progress, told)
    if status == FAILED:
        wiring.tell_trouble(f"reconcile: {trouble}")
    if status == 0 and saved is None:
        links.are_whole(wiring.state)
    return status


def _carry_out(looked: Looked, works: list[Work], wish: Wish, bar: Bar) -> Progress:
    sizes = {work.piece.key: max(1, len(work.piece.plan.changes)) for work in works}
    bar.begin(sum(sizes.values()))

    def report(outcome: Outcome) -> None:
        size = sizes.get(outcome.kind.called(outcome.name), 1)
        bar.done(outcome, size, quiet=wish.json)

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


def _planned_refusals(looked: Looked, progress: Progress) -> Iterator[Outcome]:
    told = {(outcome.kind, outcome.name) for outcome in progress.outcomes}
    for piece in looked.whole.pieces:
        for refusal in piece.plan.refusals:
            if (piece.kind, piece.name) not in told:
                verdict = Verdict.HELD if refusal.held else Verdict.REFUSED
                yield Outcome(verdict=verdict, kind=piece.kind, name=piece.name, line=refusal.text)


def _waiting(looked: Looked) -> Iterator[Outcome]:
    """Name those of whom an event waits, so that they are not as wanted yet."""
    for piece in looked.waiting:
        line = "; ".join(piece.plan.notes)
        yield Outcome(verdict=Verdict.LATER, kind=piece.kind, name=piece.name, line=line)


def _show_end(looked: Looked, progress: Progress, told: list[Outcome]) -> None:
    waiting = {piece.key for piece in looked.waiting}
    for piece in looked.whole.pieces:
        idle = not piece.plan.changes and not piece.plan.refusals and piece.key not in waiting
        if piece.plan.notes and idle:
            click.echo(printable(f"{piece.name}: {'; '.join(piece.plan.notes)}"))
    for outcome in told:
        click.echo(outcome_line(outcome), err=outcome.verdict in FOR_A_PERSON)
    show_remarks(looked, tuple(_closing_notices(progress)), err=True)
    click.echo(_closing(looked, [*progress.outcomes, *told]))


def _closing_notices(progress: Progress) -> Iterator[str]:
    later = signing_in_later(change for one in progress.outcomes for change in one.done)
    if later:
        yield later
    if progress.seats:
        yield _SEATS.format(count=progress.seats)
    if progress.stopped:
        yield f"it ended before its end ({progress.stopped}); the next run goes on"


def _closing(looked: Looked, outcomes: list[Outcome]) -> str:
    if looked.blind and not outcomes:
        return BLIND
    done = count(change for outcome in outcomes for change in outcome.done)
    said = [f"{number} x {verb.replace('-', ' ')}" for verb, number in done.items()]
    failed = Counter(one.verdict for one in outcomes if one.verdict in _UNDONE)
    others = [f"{number} {_UNDONE[verdict]}" for verdict, number in failed.items()]
    nothing = "nothing was changed" if others else "nothing had to be changed"
    return f"Done: {', '.join(said) or nothing}.{_sentence(others)}"


def _remembered(looked: Looked, progress: Progress, told: list[Outcome]) -> str:
    done = _closing(looked, [*progress.outcomes, *told])
    return f"{INTERRUPTED_SENTENCE}. {done}" if progress.interrupted else done


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


def _status(looked: Looked, progress: Progress, told: list[Outcome]) -> int:
    if progress.interrupted:
        return INTERRUPTED
    return FAILED if looked.whole.incomplete else exit_status([*progress.outcomes, *told])
