"""The process inside the view: makes it, plays the day with real accounts, and ends with it.

It must not know anything of the machine outside, but that its accounts are as they were.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from rich.console import Console

from gapps_hooks.demo import linux_day
from gapps_hooks.demo.google import EmulatedGoogle
from gapps_hooks.demo.stage import Stage
from gapps_hooks.demo.telling import Teller
from gapps_hooks.demo.view import NoView, fingerprint, lay_over


def main(layer: Path) -> int:
    """Play; return 0 if everything was as told."""
    console = Console(highlight=False)
    # what is opened now stays the machine's own, whatever is laid over it
    own = Path(f"/proc/self/fd/{os.open('/etc', os.O_PATH | os.O_DIRECTORY)}")
    before = fingerprint(own)
    try:
        lay_over(layer)
    except NoView as reason:
        console.print(f"No view of this machine: {reason}", markup=False)
        return 1
    teller = Teller(console)
    began = time.monotonic()
    folder = layer / "demo"
    folder.mkdir()
    with EmulatedGoogle() as google:
        stage = Stage(folder, google, teller, '[source]\ntype = "nss"')
        teller.say(f"Real Linux accounts, against an emulated Google at {google.url}.")
        teller.say("All of it happens in a view of this machine that is thrown away at the end.")
        linux_day.play(stage)
    teller.claim("This machine's own accounts are as they were", holds=fingerprint(own) == before)
    teller.end(time.monotonic() - began)
    return 1 if teller.failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
