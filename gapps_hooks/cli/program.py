"""The program ``gapps-hooks``: which commands there are, and what becomes of an error.

It must not know what the commands do: each is imported when it is asked for, because pydantic and
Google's client would make ``--help`` and a mistyped word ten times as slow.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click

from gapps_hooks._version import VERSION
from gapps_hooks.errors import GappsHooksError, Outage, Passing, SignInRefused

DEFAULT_SETTINGS: Final = Path("/etc/gapps-hooks/gapps-hooks.toml")
FAILED: Final = 1
#: Refused for safety: too much at once, until a person says yes.
HELD: Final = 4
#: EX_TEMPFAIL of sysexits.h: the same may work later.
LATER: Final = 75
_BEFORE_THE_COMMAND: Final = ("--settings", "--config")
_SETTINGS_USAGE: Final = "gapps-hooks --settings PATH status"
#: What a shell reports for a program that Ctrl-C ended: 128 + SIGINT.
INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is, and what the list of commands says of it."""

    module: str
    summary: str


_SECTIONS: Final[dict[str, dict[str, Place]]] = {
    "Changes": {
        "fire": Place("fire", "Say that a person or group was changed, as a hook does."),
        "reconcile": Place("reconcile", "Compare everybody, or those named, with Google."),
        "deliver": Place("deliver", "Try everything that waits, now."),
        "agent": Place("agent", "Stay, take the hooks' events by a socket, deliver at once."),
        "undelete": Place("undelete", "Bring an account back that was deleted at Google."),
    },
    "What waits, and what was done": {
        "status": Place("status", "Show how things stand; the exit status is for monitoring."),
        "outbox": Place("outbox", "List what waits, is held or buried; retry, drop or release it."),
        "log": Place("log", "Show what was done and why."),
        "links": Place("links", "Show or change who is which account at Google."),
        "pause": Place("pausing", "Send nothing to Google until resume; events are recorded."),
        "resume": Place("pausing", "Send again."),
    },
    "Setting up": {
        "check": Place("check", "Check settings, sign-in, state, source and policy."),
        "managers": Place("managers", "Show which account managers call us."),
        "enable": Place("managers", "Have an account manager call us."),
        "disable": Place("managers", "Undo enable."),
        "adopt-state": Place("adopting", "Bind a moved state file to this machine and domain."),
    },
    "Trying out": {
        "demo": Place("demo", "Play an organisation's day against an emulated Google."),
        "emulate": Place("emulate", "Serve an emulated Google for tests of your own."),
    },
}


class Failure(click.ClickException):
    """An expected error: its sentence on stderr and its exit status, without a traceback."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.exit_code = status  # type: ignore[misc] # click asks the instance

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - click's interface
        """Print the sentence."""
        click.echo(f"gapps-hooks: {self.message}", file=file, err=True)


def without_extra(extra: str, missing: ModuleNotFoundError) -> Failure:
    """Say how the packages of an extra, such as the emulator's, come into this installation."""
    return Failure(
        f"the packages of {extra} are not installed ({missing.name}); in the checkout of "
        f"gapps-hooks: {sys.prefix}/bin/pip install '.[{extra}]'",
        FAILED,
    )


class Program(click.Group):
    """The group of all commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        """Return the names of the commands in the order in which help lists them."""
        return [name for places in _SECTIONS.values() for name in places]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's interface
        """Import a command; None if there is none of that name."""
        place = next((p[cmd_name] for p in _SECTIONS.values() if cmd_name in p), None)
        if place is None:
            return None
        module = import_module(f"gapps_hooks.cli.{place.module}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant; for a mistyped one, name those that it resembles."""
        word = args[0]
        near = get_close_matches(word, self.list_commands(ctx))
        if near and word not in near and not ctx.resilient_parsing:
            meant = " or ".join(f"gapps-hooks {name}" for name in near)
            raise click.UsageError(f"No such command '{word}'. Is it {meant}?", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's interface
        """List the commands without importing them."""
        for title, places in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, place.summary) for name, place in places.items()])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's interface
        """Run the command and turn what is expected to go wrong into a sentence and a status."""
        try:
            return super().invoke(ctx)
        except click.NoSuchOption as error:
            if error.option_name not in _BEFORE_THE_COMMAND:
                raise
            text = f"{error.option_name} stands before the command, as in: {_SETTINGS_USAGE}"
            raise click.UsageError(text, error.ctx) from error
        except GappsHooksError as error:
            raise Failure(str(error), _status(error)) from error
        except click.Abort as error:  # how click tells Ctrl-C, or the end of input, at a prompt
            if isinstance(error.__context__, EOFError):
                raise Failure("nothing was given, and nothing was done", FAILED) from error
            ctx.exit(INTERRUPTED)
        except KeyboardInterrupt:
            click.echo(err=True)
            ctx.exit(INTERRUPTED)
        except OSError as error:
            if error.errno == errno.EPIPE:  # click ends quietly when nobody reads any more
                raise
            where = f"{error.filename}: " if error.filename else ""
            raise Failure(f"{where}{error.strerror or error}", FAILED) from error


def _status(error: GappsHooksError) -> int:
    if isinstance(error, SignInRefused):  # no time puts a wrong key or administrator right
        return FAILED
    return LATER if isinstance(error, Outage | Passing) else FAILED


_EPILOG = """\b
First steps:
  gapps-hooks demo                        see it work, without a Google account
  gapps-hooks check                       are settings, sign-in and source right?
  gapps-hooks reconcile alice --dry-run   what would be done for Alice?
  gapps-hooks reconcile --dry-run         and for everybody?
  gapps-hooks enable shadow               from now on useradd and userdel call us

\b
Exit status: 0 all done, 1 failed or buried, 2 wrong usage, 3 a dry run found
changes (--exit-code), 4 held because it is too much, 75 waiting, try later,
130 interrupted."""


@click.group(cls=Program, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--settings",
    "--config",
    "settings_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_SETTINGS,
    envvar="GAPPS_HOOKS_CONFIG",
    show_default=True,
    show_envvar=True,
    metavar="PATH",
    help="The settings file.",
)
@click.version_option(VERSION, prog_name="gapps-hooks", message="%(prog)s %(version)s")
@click.pass_context
def program(context: click.Context, settings_path: Path) -> None:
    """Make every change of users, groups and passwords in Google Workspace at once.

    Account managers call the hooks; this program is for the people who look after them.
    """
    context.obj = settings_path.absolute()


def main() -> None:
    """Run the command line and leave with its exit status."""
    _fill_descriptors()
    for stream in (sys.stdout, sys.stderr):
        # a name that the terminal's encoding lacks is shown with a question mark
        with suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr] # a closed one is None
    try:
        program(prog_name="gapps-hooks")
    finally:
        _give_up_unwritten()


def _fill_descriptors() -> None:
    # a closed descriptor would be given to the next file opened, which then gets our lines
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _give_up_unwritten() -> None:
    # what a full disk did not take was told; the interpreter would tell it again, its own way
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
