"""An installation as users have it, beside an emulated Google over HTTP, for measuring.

It must not know what is measured, nor how the hooks do their work.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from gapps_hooks.emulator import Emulator, RunningServer, serve

DOMAIN: Final = "example.org"
ADMIN: Final = f"admin@{DOMAIN}"
#: The hooks that ``pip install`` has put beside this interpreter.
HOOKS: Final = Path(sys.prefix, "share", "gapps-hooks", "hooks.d")
#: The interpreter that these hooks start.
PYTHON: Final = Path(sys.prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
_SETTINGS: Final = """\
domain = "{domain}"
admin = "{admin}"
[google]
credentials = "{key}"
api_endpoint = "{url}"
[source]
type = "none"
[enabled]
all = true
[state]
directory = "{state}"
[hooks]
wait = {wait}
{more}
"""


class Installed:
    """One installation, and the Google that it talks to."""

    def __init__(self, folder: Path, server: RunningServer) -> None:
        self.emulator: Emulator = server.emulator
        self._folder = folder
        self.url: str = server.url
        self.key: Path = _private(folder / "key.json", json.dumps(server.key()))
        self.settings: Path = folder / "gapps-hooks.toml"
        self.configure()

    def configure(self, *, wait: float = 30.0, more: str = "") -> None:
        """Write the settings anew."""
        names = {"domain": DOMAIN, "admin": ADMIN, "key": self.key, "url": self.url}
        state = self._folder / "state"
        text = _SETTINGS.format(**names, state=state, wait=wait, more=more)
        _private(self.settings, text)

    def hook(
        self, event: str, *words: str, payload: Mapping[str, Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a script of hooks.d from its start to its end, as an account manager does."""
        return subprocess.run(
            [HOOKS / event, *words],
            input="" if payload is None else json.dumps(payload),
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "GAPPS_HOOKS_CONFIG": str(self.settings)},
            cwd="/",
            timeout=60,
            check=True,
        )


def _private(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def installed(folder: Path, *, latency: float = 0.0) -> Iterator[Installed]:
    """Set up an installation in an empty folder; each request takes ``latency`` seconds more."""
    if not (HOOKS / "launch").is_file():
        pytest.fail(f"gapps-hooks is not installed beside {sys.executable}: run make bench")
    emulator = Emulator(domains=(DOMAIN,), admins=(), delegated_admins=(ADMIN,))
    emulator.switches.latency = latency
    with serve(emulator) as server:
        yield Installed(folder, server)
