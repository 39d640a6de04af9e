"""``gapps-hooks demo``: see it work, without a Google account.

It must not know the story.
"""

from __future__ import annotations

import click
from rich.console import Console

from gapps_hooks.cli.program import FAILED, without_extra
from gapps_hooks.cli.showing import example


@click.command(epilog=example("gapps-hooks demo", "sudo gapps-hooks demo --linux"))
@click.option(
    "--linux",
    is_flag=True,
    help="With useradd, chpasswd, usermod and userdel in a throw-away view. Needs root.",
)
def demo(linux: bool) -> None:  # noqa: FBT001 - click's interface
    """Play an organisation's day: each step runs the real hooks and checks what is at Google.

    Google is emulated on this machine, everything else is in a temporary directory; nothing is
    left behind. Exit status 1 if anything was not as the story says.

    With --linux the accounts are real ones: useradd, chpasswd, usermod and userdel run in a view
    of this machine's file system that is thrown away afterwards; the machine itself stays as it
    is. Needs root and Linux.
    """
    try:
        # the emulator's own packages are an extra, which those who only deliver need not have
        from gapps_hooks.demo.playing import play_day, play_linux  # noqa: PLC0415 - see above
    except ModuleNotFoundError as missing:
        raise without_extra("emulator", missing) from missing
    console = Console(highlight=False)
    played = play_linux(console) if linux else play_day(console)
    click.get_current_context().exit(0 if played else FAILED)
