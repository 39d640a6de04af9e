"""``gapps-hooks reconcile``: everybody, or those named; first as a test, then for real.

It must not know how anything is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from gapps_hooks.cli.everybody import reconcile_everybody
from gapps_hooks.cli.named import Named, Unknown
from gapps_hooks.cli.named import subject as read_subject
from gapps_hooks.cli.opening import opened
from gapps_hooks.cli.program import FAILED
from gapps_hooks.cli.rehearsing import CHANGES, Wish
from gapps_hooks.cli.showing import as_json, example, show_json, show_outcomes
from gapps_hooks.model import Plan
from gapps_hooks.preview import administrator_notice, concerns_administrator, preview
from gapps_hooks.reconcile.named import is_known
from gapps_hooks.reconcile.named import reconcile as look_at
from gapps_hooks.report import exit_status, outcome_as_json, plan_as_json, render_plans
from gapps_hooks.wiring import Wiring

_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog=example(
        "gapps-hooks reconcile --dry-run --save plan.json   look, and keep the plan",
        "gapps-hooks reconcile --plan plan.json             do exactly that",
        "gapps-hooks reconcile                              look and do, as from cron",
        "gapps-hooks reconcile alice group:staff --dry-run  only these",
    )
)
@click.option(
    "--only",
    "only",
    multiple=True,
    type=read_subject,
    metavar="SUBJECT",
    help="Look at it; the same as SUBJECT.",
)
@click.argument("more", nargs=-1, type=read_subject, metavar="[SUBJECT]...")
@click.option("--dry-run", is_flag=True, help="Show what would be changed; change nothing.")
@click.option("--save", type=_FILE, help="With --dry-run: keep the plan in this file.")
@click.option("--plan", type=_FILE, help="Carry out what --save kept, as far as it still holds.")
@click.option(
    "--passwords",
    is_flag=True,
    help="Everybody only: send every stored password of who is enabled, unless it was sent "
    "less than an hour ago.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Go beyond [bounds], also for who is held (not with --plan).",
)
@click.option(
    "--exit-code", is_flag=True, help="With --dry-run: exit 3 for changes, 4 for too many."
)
@as_json
@click.pass_obj
def reconcile(  # noqa: PLR0913, PLR0917 - click's interface
    settings_path: Path,
    only: tuple[Named, ...],
    more: tuple[Named, ...],
    dry_run: bool,  # noqa: FBT001 - click's interface
    save: Path | None,
    plan: Path | None,
    passwords: bool,  # noqa: FBT001 - click's interface
    force: bool,  # noqa: FBT001 - click's interface
    exit_code: bool,  # noqa: FBT001 - click's interface
    as_json: bool,  # noqa: FBT001 - click's interface
) -> None:
    """Compare everybody with Google and correct what differs there; or only those named.

    SUBJECT is a user name, or group:NAME. Look first: --dry-run asks and changes nothing.

    Both sides are read whole; if that fails in part, nobody is suspended and nothing is removed.
    Too much at once is refused before the first change. Ctrl-C finishes what is under way; the
    next run goes on. It may run from cron beside the hooks.

    Exit status: 0 all done, 1 something was refused or could not be read, 3 a dry run found
    changes and 4 too many (only with --exit-code), 4 too much at once, 75 something waits, or
    another reconcile runs, 130 interrupted.
    """
    named = tuple(dict.fromkeys((*only, *more)))
    wish = Wish(
        dry=dry_run,
        save=save,
        plan=plan,
        passwords=passwords,
        force=force,
        json=as_json,
        exit_code=exit_code,
    )
    _refuse_what_contradicts(wish, named)
    with opened(settings_path) as wiring:
        if named:
            run: Callable[[Wiring, tuple[Named, ...], bool], int] = _look if dry_run else _correct
            _refuse_unknown(wiring, named)
            status = run(wiring, named, as_json)
        else:
            status = reconcile_everybody(wiring, wish)
    click.get_current_context().exit(0 if status == CHANGES and not exit_code else status)


def _refuse_what_contradicts(wish: Wish, named: tuple[Named, ...]) -> None:
    if named and (wish.save or wish.plan or wish.passwords or wish.force):
        raise click.UsageError(
            "--save, --plan, --passwords and --force are for everybody; leave out the names"
        )
    if wish.save is not None and not wish.dry:
        raise click.UsageError("--save keeps the plan of a --dry-run; add --dry-run")
    if wish.plan is not None and (wish.dry or wish.passwords):
        raise click.UsageError("--plan carries out what was saved; leave out the other switches")


def _refuse_unknown(wiring: Wiring, named: tuple[Named, ...]) -> None:
    """Change nothing for anybody where a name is likely to be mistyped."""
    unknown = [str(one) for one in named if not is_known(wiring, one.kind, one.name)]
    if unknown:
        raise Unknown(
            f"nothing is known of {', '.join(unknown)}: neither in the source nor linked nor "
            "waiting; a group is named as group:NAME"
        )


def _correct(wiring: Wiring, named: tuple[Named, ...], json: bool) -> int:  # noqa: FBT001 - as given
    work = look_at(wiring, [(one.kind, one.name) for one in named])
    outcomes = tuple(work) if json else show_outcomes(work, len(named))
    if json:
        show_json([outcome_as_json(outcome) for outcome in outcomes])
    return exit_status(outcomes)


def _look(wiring: Wiring, named: tuple[Named, ...], json: bool) -> int:  # noqa: FBT001 - as given
    plans = [(str(one), preview(wiring, one.kind, one.name)) for one in named]
    concerned = any(concerns_administrator(wiring, one.kind, one.name) for one in named)
    planned = [plan for _, plan in plans]
    notice = administrator_notice(wiring, planned) if concerned else None
    if json:
        shown = [plan_as_json(plan, name) for name, plan in plans]
        show_json({"plans": shown, "notices": [notice] if notice else []})
    else:
        click.echo(render_plans(plans))
        if notice:
            click.echo(f"\nNotice: {notice}")
    return _status(planned)


def _status(plans: list[Plan]) -> int:
    if any(plan.refusals for plan in plans):
        return FAILED
    return CHANGES if any(plan.changes for plan in plans) else 0
