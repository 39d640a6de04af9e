"""An installation whose command line is run: settings on disk, the emulator over HTTP."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gapps_hooks.cli.program import program
from gapps_hooks.emulator import Emulator, RunningServer, serve
from gapps_hooks.outbox import State, open_state

DOMAIN = "example.org"
ADMIN = f"admin@{DOMAIN}"


@dataclass
class ServedGoogle:
    """An emulated Google over HTTP, which can go away and come back."""

    emulator: Emulator
    server: RunningServer | None
    url: str

    def go_away(self) -> None:
        """Refuse every connection."""
        if self.server is not None:
            self.server.stop()
            self.server = None

    def come_back(self) -> None:
        """Answer again, at the same place."""
        if self.server is None:
            self.server = serve(self.emulator, port=int(self.url.rpartition(":")[2]))

    def start_anew(self) -> None:
        """Answer, and hold nothing of what was before."""
        self.come_back()
        self.emulator.reset()


@pytest.fixture(scope="module")
def google() -> Iterator[ServedGoogle]:
    """Serve an emulated Google, one for all tests of a file."""
    emulator = Emulator(domains=(DOMAIN,), admins=(), delegated_admins=(ADMIN,))
    # a port of our own choice may be taken again at once (SO_REUSEADDR), a free one may not
    server = serve(emulator, port=_free_port())
    google = ServedGoogle(emulator=emulator, server=server, url=server.url)
    try:
        yield google
    finally:
        google.go_away()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class CommandLine:
    """One installation beside one emulated Google."""

    folder: Path
    google: ServedGoogle

    @property
    def emulator(self) -> Emulator:
        return self.google.emulator

    @property
    def settings(self) -> Path:
        return self.folder / "gapps-hooks.toml"

    def configure(self, *, source: str = 'type = "none"', top: str = "", more: str = "") -> None:
        """Write the settings anew."""
        self.settings.write_text(
            f"""domain = "{DOMAIN}"
admin = "{ADMIN}"
{top}
[google]
credentials = "{self.folder / "key.json"}"
api_endpoint = "{self.google.url}"
[source]
{source}
[enabled]
all = true
[state]
directory = "{self.folder / "state"}"
{more}
"""
        )
        self.settings.chmod(0o600)

    def people(self, *users: Mapping[str, Any], groups: tuple[Mapping[str, Any], ...] = ()) -> None:
        """Let the account manager's database be a JSON file with these."""
        file = self.folder / "accounts.json"
        file.write_text(json.dumps({"users": list(users), "groups": list(groups)}))
        self.configure(source=f'type = "json"\nfile = "{file}"')

    def run(self, *words: str, text: str | None = None) -> Result:
        """Run ``gapps-hooks`` with these words and this stdin."""
        arguments = ["--settings", str(self.settings), *words]
        return CliRunner().invoke(program, arguments, input=text, prog_name="gapps-hooks")

    def fire(self, event: str, name: str, payload: Mapping[str, Any] | None = None) -> Result:
        """Say that something changed."""
        return self.run("fire", event, name, "--payload", "-", text=json.dumps(payload or {}))

    def read(self, *words: str) -> Any:  # noqa: ANN401 - anything that JSON can say
        """Run a command with --json and return what it says."""
        return json.loads(self.run(*words, "--json").stdout)

    @contextmanager
    def state(self) -> Iterator[State]:
        """Open the state file, as another process would."""
        with open_state(self.folder / "state", domain=DOMAIN) as state:
            yield state

    def user(self, name: str) -> Mapping[str, Any]:
        """What Google has at this name; empty if nothing."""
        address = f"{name}@{DOMAIN}"
        users = self.emulator.state()["users"]
        return next((user for user in users if user["primaryEmail"] == address), {})


@pytest.fixture
def line(tmp_path: Path, google: ServedGoogle) -> CommandLine:
    """Set an installation up in an empty folder, without a source, beside an empty Google."""
    google.start_anew()
    line = CommandLine(folder=tmp_path, google=google)
    key = tmp_path / "key.json"
    key.write_text(json.dumps(google.emulator.key(f"{google.url}/token")))
    key.chmod(0o600)
    line.configure()
    return line
