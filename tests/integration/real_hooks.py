"""Real hook processes beside an emulated Google over HTTP, to be killed and listened in on."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command_line import ADMIN, DOMAIN, ServedGoogle

from gapps_hooks.deliver.subject import drain
from gapps_hooks.emulator import Emulator
from gapps_hooks.model import Outcome
from gapps_hooks.outbox import entries
from gapps_hooks.wiring import Wiring, open_wiring

CLEAN = {"PATH": "/usr/bin:/bin"}


@dataclass(frozen=True, kw_only=True)
class Message:
    """What fire.py hands over; the same message can be handed over again."""

    event: str
    subject: str
    payload: Mapping[str, Any] | None
    id: str

    @classmethod
    def of(cls, event: str, subject: str, payload: Mapping[str, Any] | None = None) -> Message:
        return cls(event=event, subject=subject, payload=payload, id=secrets.token_hex(16))


class Site:
    """One installation, whose hooks are processes of their own."""

    def __init__(self, folder: Path, google: ServedGoogle) -> None:
        self.folder, self.google = folder, google
        self.state = folder / "state"
        self.settings = folder / "gapps-hooks.toml"
        self.configure()

    @property
    def emulator(self) -> Emulator:
        return self.google.emulator

    def configure(self, *, wait: float = 3.0, more: str = "") -> None:
        """Write the settings anew."""
        key = self.folder / "key.json"
        key.write_text(json.dumps(self.emulator.key(f"{self.google.url}/token")))
        self.settings.write_text(
            f"""domain = "{DOMAIN}"
admin = "{ADMIN}"
[google]
credentials = "{key}"
api_endpoint = "{self.google.url}"
[source]
type = "none"
[enabled]
all = true
[state]
directory = "{self.state}"
[hooks]
wait = {wait}
{more}"""
        )
        for file in (key, self.settings):
            file.chmod(0o600)

    def command(self) -> list[str]:
        """The program that fire.py becomes."""
        return [sys.executable, "-I", "-m", "gapps_hooks.hook"]

    def start(
        self, message: Message, *, prefix: tuple[str, ...] = (), stderr: int = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        """Start a hook with the message on its stdin, as fire.py does: from a file in memory."""
        words = {"version": 1, "settings": str(self.settings), "defer": 0.0, **vars(message)}
        memory = os.memfd_create("event")
        os.write(memory, json.dumps(words).encode())
        os.lseek(memory, 0, os.SEEK_SET)
        try:
            return subprocess.Popen(
                [*prefix, *self.command()],
                stdin=memory,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=CLEAN,
            )
        finally:
            os.close(memory)

    def run(self, message: Message) -> tuple[int, str]:
        """Run a hook to its end: the status and all that it printed."""
        with self.start(message) as process:
            output, complaint = process.communicate(timeout=60)
        return process.returncode, (output + complaint).decode()

    @contextmanager
    def wiring(self) -> Iterator[Wiring]:
        """Open the installation in this process."""
        wiring = open_wiring(self.settings)
        try:
            yield wiring
        finally:
            wiring.state.close()

    def drain(self, within: float = 30.0) -> tuple[list[Outcome], dict[str, str]]:
        """Deliver all that waits; return what became of it, and what is left with its reason."""
        end = time.time() + within
        outcomes: list[Outcome] = []
        with self.wiring() as wiring:
            while time.time() < end and entries.all_entries(wiring.state):
                outcomes += drain(wiring, end, whole=True)
            return outcomes, {one.name: one.reason for one in entries.all_entries(wiring.state)}

    def user(self, name: str) -> Mapping[str, Any]:
        """The one account at this name."""
        (found,) = [
            user
            for user in self.emulator.state()["users"]
            if user["primaryEmail"] == f"{name}@{DOMAIN}"
        ]
        return dict(found)

    def created(self) -> list[str]:
        """What was created with success, in order."""
        return [
            str(one.body.get("primaryEmail") or one.body.get("email")).partition("@")[0]
            for one in self.emulator.requests
            if one.call in {"users.insert", "groups.insert"} and one.status == 200
        ]


@pytest.fixture
def site(tmp_path: Path, google: ServedGoogle) -> Site:
    """Set an installation up in an empty folder, beside an empty Google."""
    google.start_anew()
    return Site(tmp_path, google)
