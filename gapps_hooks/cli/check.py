"""``gapps-hooks check``: whether everything is set up right.

It must not know what has to be right.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import click

from gapps_hooks.cli.program import FAILED
from gapps_hooks.cli.showing import as_json, example, show_json
from gapps_hooks.errors import BadInput
from gapps_hooks.examination import examine
from gapps_hooks.finding import Finding
from gapps_hooks.settings import load_settings


@click.command(epilog=example("gapps-hooks check"))
@as_json
@click.option(
    "--ordinary-user",
    metavar="DN",
    help="Try as this person of the LDAP directory which attributes they could write themselves.",
)
@click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    help="The file with this person's password; private.",
)
@click.pass_obj
def check(
    settings_path: Path,
    ordinary_user: str | None,
    password_file: Path | None,
    as_json: bool,  # noqa: FBT001 - click's interface
) -> None:
    """Look at what gapps-hooks needs, one thing after the other, and print a line for each.

    settings and credentials: complete, owned by root or you, writable by nobody else. source: can
    be read, and how many accounts it has. enabled: its group exists, and for how many Google is on.
    groups.which: what fits no group, or only one that is left out.
    policy: each file loads. state: its directory can be used, and the file is this machine's. Then
    Google is asked for a token, the administrator's own account and its rights, a group and its
    settings if groups are kept, and the domains.

    Of an LDAP directory also: how many have a hash that Google takes, and, with --ordinary-user,
    which attributes that person could write; it tries by removing what is not there.

    Nothing is changed at Google or in the source; a missing state directory is made. Exit status 1
    if anything is not as it has to be; its line says what to do.
    """
    if (ordinary_user is None) != (password_file is None):
        raise click.UsageError("--ordinary-user and --password-file belong together")
    ordinary = (ordinary_user, password_file) if ordinary_user and password_file else None
    if ordinary is not None:
        _demand_directory(settings_path)
    findings = []
    for finding in examine(settings_path, ordinary):
        findings.append(finding)
        if not as_json:
            click.echo(f"{_mark(finding):7}  {finding.what}: {finding.text}")
    if as_json:
        show_json([asdict(finding) for finding in findings])
    click.get_current_context().exit(0 if all(one.fine for one in findings) else FAILED)


def _mark(finding: Finding) -> str:
    if not finding.fine:
        return "PROBLEM"
    return "note" if finding.note else "ok"


def _demand_directory(settings_path: Path) -> None:
    with suppress(BadInput):  # what is wrong with the settings is a finding
        if load_settings(settings_path).source.type != "ldap":
            raise click.UsageError(
                "--ordinary-user and --password-file are only for a source of the type ldap"
            )
