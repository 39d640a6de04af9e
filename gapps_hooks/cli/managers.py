"""``gapps-hooks managers``, ``enable`` and ``disable``: who calls us.

It must not know any account manager.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from gapps_hooks import managers as account_managers
from gapps_hooks.cli.program import DEFAULT_SETTINGS, FAILED
from gapps_hooks.cli.showing import as_json, example, show_json
from gapps_hooks.installation import hooks_directory, program
from gapps_hooks.managers import Callee, ManagerState

_root = click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path("/"),
    hidden=True,
    help="Another file system root, such as an image's; no command is run there.",
)
_manager = click.argument("manager", type=click.Choice(account_managers.names()), metavar="MANAGER")


@click.command(epilog=example("gapps-hooks managers"))
@_root
@as_json
def managers(root: Path, as_json: bool) -> None:  # noqa: FBT001 - click's interface
    """Show which account managers there are and which of them call us."""
    states = account_managers.states(root)
    if as_json:
        shown = [asdict(state) for state in states]
        show_json({"hooks": str(hooks_directory()), "managers": shown})
        return
    for state in states:
        _show(state)
    click.echo(f"\nThe hooks that other account managers may call are in {hooks_directory()}")


@click.command(
    epilog=example(
        "gapps-hooks enable shadow       # useradd and userdel",
        "gapps-hooks enable adduser      # Debian's adduser and deluser",
        "gapps-hooks enable pam          # passwd, chpasswd: whatever asks PAM",
    )
)
@_manager
@click.option(
    "--set-sha512",
    is_flag=True,
    help="pam: have new passwords hashed so that Google takes them (yescrypt it does not).",
)
@_root
@click.pass_obj
def enable(settings_path: Path, manager: str, set_sha512: bool, root: Path) -> None:  # noqa: FBT001 - click's interface
    """Have an account manager call us, and have what waits retried each minute.

    MANAGER is one of those that `gapps-hooks managers` lists. Doing it twice changes nothing more,
    and `disable` undoes it exactly.
    """
    callee = Callee(
        hooks=hooks_directory(),
        program=program(),
        settings=None if settings_path == DEFAULT_SETTINGS else settings_path,
        set_sha512=set_sha512,
    )
    for line in account_managers.enable(manager, callee, root):
        click.echo(line)
    state = account_managers.check(manager, root)
    for sentence in (*state.missing, *state.notes):
        click.echo(sentence, err=True)
    click.get_current_context().exit(0 if state.enabled else FAILED)


@click.command(epilog=example("gapps-hooks disable shadow"))
@_manager
@_root
def disable(manager: str, root: Path) -> None:
    """Undo enable: the account manager does not call us any more."""
    for line in account_managers.disable(manager, root):
        click.echo(line)


def _show(state: ManagerState) -> None:
    word = "on" if state.enabled else "off" if state.possible else "not here"
    click.echo(f"{state.name}: {word}")
    for sentence in (*(state.missing if state.enabled or state.possible else ()), *state.notes):
        click.echo(f"    {sentence}")
