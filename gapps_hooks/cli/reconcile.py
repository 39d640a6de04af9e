"""``gapps-hooks reconcile``: everybody, or those named; first as a test, then for real.

It must not know how anything is compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from gapps_hooks.cli.everybody import reconcile_everybody
from gapps_hooks.cli.named import Named
from gapps_hooks.cli.named import subject as read_subject
from gapps_hooks.cli.opening import opened
from gapps_hooks.cli.rehearsing import Wish
from gapps_hooks.cli.showing import as_json, example
from gapps_hooks.cli.some import reconcile_some

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
@click.option(
    "--plan",
    type=_FILE,
    help="Carry out what --save kept, as far as it still holds; with --dry-run, show how far.",
)
@click.option(
    "--passwords",
    is_flag=True,
    help="Send every stored password of who is enabled (or of those named), unless it was sent "
    "less than an hour ago.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Go beyond [bounds]; without --plan also for who is held.",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="With --dry-run: exit 3 for changes, 4 for too many, 75 if only what waits is left.",
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

    SUBJECT is a user name, or group:NAME; a name that no person has means the group of that name.
    Look first: --dry-run asks and changes nothing.

    Both sides are read whole; if that fails in part, nobody is suspended and nothing is removed.
    Too much at once is refused before the first change; of those named it is held, but for
    passwords. Ctrl-C finishes what is under way; the next run goes on. It may run from cron beside
    the hooks.

    Exit status: 0 all done, 1 something was refused or could not be read, 3 a dry run found
    changes (only with --exit-code), 4 too much at once (a dry run: only with --exit-code) or
    something is held, 75 something waits (a dry run: only with --exit-code), Google cannot be
    reached, or another reconcile runs, 130 interrupted.
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
        status = reconcile_some(wiring, named, wish) if named else reconcile_everybody(wiring, wish)
    click.get_current_context().exit(status)


def _refuse_what_contradicts(wish: Wish, named: tuple[Named, ...]) -> None:
    if named and (wish.save or wish.plan):
        raise click.UsageError("--save and --plan are for everybody; leave out the names")
    if wish.save is not None and not wish.dry:
        raise click.UsageError("--save keeps the plan of a --dry-run; add --dry-run")
    if wish.exit_code and not wish.dry:
        raise click.UsageError("--exit-code is about what a --dry-run finds; add --dry-run")
    if wish.plan is not None and (wish.save or wish.passwords):
        raise click.UsageError(
            "--plan carries out what was saved, or with --dry-run tells how far that still holds; "
            "leave out --save and --passwords"
        )
