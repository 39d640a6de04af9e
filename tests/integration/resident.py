"""A real agent process beside real hooks and an emulated Google, for tests and benchmarks."""

from __future__ import annotations

import json
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from real_hooks import CLEAN, Site

FIRE = Path(__file__).resolve().parents[2] / "gapps_hooks" / "fire.py"
STARTS_WITHIN = 20.0


class Resident:
    """The agent of a site, which can be killed and started again."""

    def __init__(self, site: Site, *options: str) -> None:
        self.site, self.options = site, options
        self.socket = Path(f"{site.settings}.sock")
        self.log = site.folder / "agent.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, prefix: tuple[str, ...] = (), **environment: str) -> None:
        """Start it and wait until it takes events."""
        self.process = self.launch(prefix=prefix, **environment)
        end = time.monotonic() + STARTS_WITHIN
        while not self.answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.02)

    def launch(
        self, *, prefix: tuple[str, ...] = (), **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start the program, and wait for nothing."""
        words = ("-I", "-m", "gapps_hooks", "--settings", str(self.site.settings), "agent")
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*prefix, sys.executable, *words, *self.options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**CLEAN, **environment},
            )

    def answers(self) -> bool:
        """Whether somebody listens at the socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            try:
                channel.connect(str(self.socket))
            except OSError:
                return False
            return True

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> int:
        """Ask it to end; return its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.process = None
        return status

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """The process."""
        assert self.process is not None
        return self.process

    def said(self) -> str:
        """What it told whoever looks after it."""
        return self.log.read_text()

    # --- its hooks ---------------------------------------------------------------------------

    def hook(
        self,
        event: str,
        subject: str,
        payload: Mapping[str, Any] | None = None,
        *options: str,
        prefix: tuple[str, ...] = (),
    ) -> subprocess.Popen[bytes]:
        """Start fire.py as the hook scripts do."""
        words = (sys.executable, "-I", "-S", str(FIRE), "--settings", str(self.site.settings))
        process = subprocess.Popen(
            [*prefix, *words, *options, event, subject],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=CLEAN,
        )
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.write(b"" if payload is None else json.dumps(payload).encode())
            process.stdin.close()
        process.stdin = None
        return process

    def fire(
        self, event: str, subject: str, payload: Mapping[str, Any] | None = None, *options: str
    ) -> tuple[int, str]:
        """Run fire.py to its end: the status and all that it printed."""
        with self.hook(event, subject, payload, *options) as process:
            output, complaint = process.communicate(timeout=60)
        return process.returncode, (output + complaint).decode()

    def message(
        self, event: str, subject: str, payload: Mapping[str, Any] | None = None, **more: object
    ) -> dict[str, Any]:
        """The message that fire.py would send."""
        return {
            "version": 1,
            "id": secrets.token_hex(16),
            "event": event,
            "subject": subject,
            "settings": str(self.site.settings),
            "defer": 0.0,
            "payload": payload,
            **more,
        }

    def tell(self, message: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Send a message and return all answers."""
        with self.call() as channel:
            with suppress(BrokenPipeError):  # who is refused may be told so before the message
                channel.sendall(b"gapps-hooks/1\n" + json.dumps(message).encode() + b"\n")
            return heard(channel)

    @contextmanager
    def call(self) -> Iterator[socket.socket]:
        """Connect as a hook does."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.settimeout(20)
            channel.connect(str(self.socket))
            yield channel

    def descriptors(self) -> int:
        """How many files it has open."""
        return len(list(Path(f"/proc/{self.running.pid}/fd").iterdir()))

    def memory(self) -> float:
        """The most memory that it ever had, in megabytes (proc_pid_status(5), VmHWM)."""
        text = Path(f"/proc/{self.running.pid}/status").read_text()
        (line,) = (line for line in text.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


def heard(channel: socket.socket) -> list[dict[str, Any]]:
    """All answers until the agent hangs up."""
    data = b""
    # whoever hangs up before it has read all resets the connection, unix(7)
    with suppress(ConnectionResetError):
        while chunk := channel.recv(1 << 16):
            data += chunk
    return [json.loads(line) for line in data.splitlines()]


@contextmanager
def resident(
    site: Site, *options: str, prefix: tuple[str, ...] = (), **environment: str
) -> Iterator[Resident]:
    """Run the agent of a site."""
    agent = Resident(site, *options)
    agent.start(prefix=prefix, **environment)
    try:
        yield agent
    finally:
        agent.kill()


@pytest.fixture
def agent(site: Site) -> Iterator[Resident]:
    """Run the agent of a site without a source."""
    with resident(site) as agent:
        yield agent
