"""The stage: an installation in a temporary directory, whose hooks are run as subprocesses.

It must not know the story.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gapps_hooks.demo.google import ADMIN, DOMAIN, EmulatedGoogle
from gapps_hooks.demo.telling import Teller
from gapps_hooks.installation import hooks_directory, program

_LONGEST: Final = 60.0
_SETTINGS: Final = """\
domain = "{domain}"
admin = "{admin}"
[google]
credentials = "{folder}/service-account.json"
api_endpoint = "{url}"
{source}
[enabled]
all = true
[state]
directory = "{folder}/state"
[hooks]
wait = 20.0
"""


class Stage:
    """Where the day is played: folder, emulated Google, hooks, and the teller who shows it."""

    def __init__(self, folder: Path, google: EmulatedGoogle, teller: Teller, source: str) -> None:
        self.folder = folder
        self.google = google
        self.teller = teller
        self.settings = folder / "gapps-hooks.toml"
        self._hooks, self._program = hooks_directory(), program()
        self._environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "GAPPS_HOOKS_CONFIG": str(self.settings),
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }
        google.write_key(folder / "service-account.json")
        self.settings.touch(mode=0o600)
        self.settings.write_text(
            _SETTINGS.format(
                domain=DOMAIN, admin=ADMIN, folder=folder, url=google.url, source=source
            )
        )

    def hook(self, event: str, name: str, payload: Mapping[str, Any] | None = None) -> str:
        """Run a script of hooks.d, as an account manager does; return the line that it prints."""
        shown = f"hooks.d/{event} {name}"
        if payload is None:
            return self._run(f"{shown} </dev/null", [self._hooks / event, name])
        text = json.dumps(payload)
        secret = json.dumps({**payload, "password": "…"} if "password" in payload else payload)
        return self._run(f"echo '{_readable(secret)}' | {shown}", [self._hooks / event, name], text)

    def command(self, *words: str, expected: int = 0) -> str:
        """Run the program ``gapps-hooks``; return what it prints."""
        return self._run(f"gapps-hooks {' '.join(words)}", [self._program, *words], "", expected)

    def system(self, line: str, text: str = "") -> str:
        """Run a program of the system through a shell; return what it prints."""
        shown = f"… | {line}" if text else line
        return self._run(shown, ["/bin/sh", "-c", line], text)

    def claim(self, sentence: str, *, holds: bool) -> None:
        """Show a claim about what is now true at Google, with its proof."""
        self.teller.claim(sentence, holds=holds)

    def _run(self, shown: str, words: list[str | Path], text: str = "", expected: int = 0) -> str:
        self.teller.command(shown)
        began = time.monotonic()
        done = subprocess.run(
            words,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=self._environment,
            cwd="/",
            timeout=_LONGEST,
            check=False,
        )
        self.teller.answer(done.stdout, done.returncode, time.monotonic() - began)
        if done.returncode != expected:
            self.claim(f"the exit status is {expected}, not {done.returncode}", holds=False)
        return done.stdout


def _readable(text: str) -> str:
    return text.replace("\\u2026", "…")
