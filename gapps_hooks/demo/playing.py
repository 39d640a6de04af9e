"""Plays the demonstration from the empty stage to the last line.

It must not know the story.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from rich.console import Console

from gapps_hooks.demo.accounts import Accounts
from gapps_hooks.demo.day import play
from gapps_hooks.demo.google import EmulatedGoogle
from gapps_hooks.demo.stage import Stage
from gapps_hooks.demo.telling import Teller
from gapps_hooks.demo.view import NoView, fingerprint, run_inside, why_not


def play_day(console: Console) -> bool:
    """Play the day with a made-up account manager; return whether everything was as told."""
    teller = Teller(console)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="gapps-hooks-demo-") as place,
        EmulatedGoogle() as google,
    ):
        folder = Path(place)
        accounts = Accounts(folder / "accounts.json")
        source = f'[source]\ntype = "json"\nfile = "{accounts.file}"'
        stage = Stage(folder, google, teller, source)
        teller.say(f"An organisation's day, against an emulated Google at {google.url}.")
        teller.say("Every step runs the installed hooks, as an account manager does.")
        play(stage, accounts)
    teller.end(time.monotonic() - began)
    return not teller.failed


def play_linux(console: Console) -> bool:
    """Play with this system's own account programs; return whether everything was as told.

    Raises:
        NoView: no view of this machine can be made, or it lacks a program.
    """
    reason = why_not()
    if reason is not None:
        raise NoView(reason)
    before = fingerprint()
    with tempfile.TemporaryDirectory(prefix="gapps-hooks-demo-") as layer:
        status = run_inside("gapps_hooks.demo.inside", [layer])
    untouched = fingerprint() == before
    if not untouched:
        Teller(console).claim("This machine is as it was, seen from outside", holds=False)
    return status == 0 and untouched
