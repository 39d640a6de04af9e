"""A reconcile of named people and groups for people: as a test, or for real.

It must not know how anything is compared or carried out.
"""

from __future__ import annotations

from collections.abc import Iterable

import click

from gapps_hooks.cli.named import Named, Unknown
from gapps_hooks.cli.program import HELD, Failure
from gapps_hooks.cli.rehearsing import Wish, status_of
from gapps_hooks.cli.showing import show_json, show_outcomes
from gapps_hooks.plan.whole import Whole
from gapps_hooks.preview import administrator_notice, concerns_administrator
from gapps_hooks.reconcile.checking import TooMuch, beyond_bounds
from gapps_hooks.reconcile.named import Look, Subject, foresee_all, meant, reconcile
from gapps_hooks.report import exit_status, outcome_as_json, plan_as_json, render_plans
from gapps_hooks.wiring import Wiring


def reconcile_some(wiring: Wiring, named: tuple[Named, ...], wish: Wish) -> int:
    """Compare those named, show or do what differs, and return the exit status.

    Raises:
        Unknown: nothing is known of one of them; nothing was changed for anybody.
        Failure: too much at once; nothing was changed.
    """
    subjects = _subjects(wiring, named)
    look = Look(named=subjects, push_passwords=wish.passwords, force=wish.force)
    return _rehearse(wiring, look, wish) if wish.dry else _do(wiring, look, wish)


def _subjects(wiring: Wiring, named: tuple[Named, ...]) -> tuple[Subject, ...]:
    found = [(one, meant(wiring, one.kind, one.name)) for one in named]
    unknown = [str(one) for one, subject in found if subject is None]
    if unknown:
        raise Unknown(
            f"nothing is known of {', '.join(unknown)}: neither in the source nor linked nor "
            "waiting; a group is named as group:NAME"
        )
    return tuple(subject for _, subject in found if subject is not None)


def _do(wiring: Wiring, look: Look, wish: Wish) -> int:
    work = reconcile(wiring, look)
    try:
        outcomes = tuple(work) if wish.json else show_outcomes(work, len(look.named))
    except TooMuch as error:
        raise Failure(str(error), HELD) from error
    if wish.json:
        show_json({"outcomes": [outcome_as_json(outcome) for outcome in outcomes]})
    return exit_status(outcomes)


def _rehearse(wiring: Wiring, look: Look, wish: Wish) -> int:
    whole = Whole(pieces=tuple(foresee_all(wiring, look)))
    beyond = tuple(beyond_bounds(wiring, look.bounded(wiring)))
    notices = (*beyond, *_notices(wiring, look, whole))
    if wish.json:
        shown = [plan_as_json(piece.plan, piece.key) for piece in whole.pieces]
        show_json({"plans": shown, "too_much": list(beyond), "notices": list(notices)})
    else:
        click.echo(render_plans((piece.key, piece.plan) for piece in whole.pieces))
        for notice in notices:
            click.echo(f"\nNotice: {notice}")
    return status_of(whole, beyond=bool(beyond), exit_code=wish.exit_code)


def _notices(wiring: Wiring, look: Look, whole: Whole) -> Iterable[str]:
    if any(concerns_administrator(wiring, kind, name) for kind, name in look.named):
        notice = administrator_notice(wiring, (piece.plan for piece in whole.pieces))
        if notice is not None:
            yield notice
