"""``gapps-hooks check``: whether everything is set up right.

It must not know what has to be right.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from gapps_hooks.cli.program import FAILED
from gapps_hooks.cli.showing import as_json, example, show_json
from gapps_hooks.examination import examine


@click.command(epilog=example("gapps-hooks check"))
@as_json
@click.pass_obj
def check(settings_path: Path, as_json: bool) -> None:  # noqa: FBT001 - click's interface
    """Check settings, source, policy, state, sign-in, administrator and domains.

    Nothing is changed. Exit status 1 if anything is not as it has to be; its line says what to do.
    """
    findings = []
    for finding in examine(settings_path):
        findings.append(finding)
        if not as_json:
            click.echo(
                f"{'ok     ' if finding.fine else 'PROBLEM'}  {finding.what}: {finding.text}"
            )
    if as_json:
        show_json([asdict(finding) for finding in findings])
    click.get_current_context().exit(0 if all(one.fine for one in findings) else FAILED)
