"""``gapps-hooks fire``: what a hook does, for people.

It must not know more of an event than that it has a name, a subject and a payload.
"""

from __future__ import annotations

import resource
import secrets
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click

from gapps_hooks.cli.program import Failure
from gapps_hooks.cli.showing import as_json, example, show_json
from gapps_hooks.errors import BadInput
from gapps_hooks.firing.call import BadCall
from gapps_hooks.firing.payload import read_stdin
from gapps_hooks.handling import BAD_INPUT, RECORDED, handle
from gapps_hooks.model import EventKind
from gapps_hooks.payload import parse_json

_EVENTS = [kind.value for kind in EventKind if kind is not EventKind.RECONCILE]
_LONGEST = 1 << 20


@click.command(
    epilog=example(
        "gapps-hooks fire user-add alice",
        "gapps-hooks fire password-set alice --password",
        "echo '{\"enabled\": false}' | gapps-hooks fire user-modify bob",
    )
)
@click.argument("event", type=click.Choice(_EVENTS), metavar="EVENT")
@click.argument("subject")
@click.option(
    "--payload", type=click.File("rb"), help="A file with the hook's JSON object; - is stdin."
)
@click.option("--password", is_flag=True, help="Ask for a password, twice, without showing it.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin's first line.")
@as_json
@click.pass_obj
def fire(  # noqa: PLR0913, PLR0917 - click's interface
    settings_path: Path,
    event: str,
    subject: str,
    payload: BinaryIO | None,
    password: bool,  # noqa: FBT001 - click's interface
    password_stdin: bool,  # noqa: FBT001 - click's interface
    as_json: bool,  # noqa: FBT001 - click's interface
) -> None:
    """Say that a person or group was changed, exactly as a hook of an account manager does.

    EVENT is user-add, user-modify, user-delete, group-change or password-set. What is piped into
    it is the hook's JSON object, unless --payload or --password says otherwise. A password is
    asked for or read from stdin, never given as an argument, which other users can read.

    Exit status: 0 recorded (the line says what became of it), 1 not recorded, 64 bad input.
    """
    if password and password_stdin:
        raise click.UsageError("Give --password or --password-stdin, not both.")
    _forbid_core_dumps()
    asked = password or password_stdin
    said = _parsed(_piped() if payload is None and not asked else _content(payload))
    if asked:
        said = {**(said or {}), "password": _read_password(ask=password)}
    answer = handle(
        {
            "version": 1,
            "id": secrets.token_hex(16),
            "event": event,
            "subject": subject,
            "settings": str(settings_path),
            "defer": 0.0,
            "payload": said,
        }
    )
    if as_json:
        show_json({"exit": answer.exit, "line": answer.line})
    else:
        click.echo(answer.line, err=answer.exit != RECORDED)
    click.get_current_context().exit(answer.exit)


def _piped() -> bytes:
    """Read stdin as a hook does: a terminal, and one that stays silent, has nothing to say."""
    try:
        return read_stdin(0)
    except BadCall as error:
        raise Failure(str(error), BAD_INPUT) from error


def _content(file: BinaryIO | None) -> bytes:
    return b"" if file is None else file.read(_LONGEST + 1)


def _parsed(raw: bytes) -> dict[str, Any] | None:
    try:
        found = parse_json(raw)
    except BadInput as error:
        raise Failure(str(error), BAD_INPUT) from error
    return None if found is None else dict(found)


def _read_password(*, ask: bool) -> str:
    if ask:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    line = sys.stdin.readline() if sys.stdin else ""
    return line.removesuffix("\n").removesuffix("\r")


def _forbid_core_dumps() -> None:
    # a clear-text password may pass through
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
