"""Clients that others wrote: where they are installed, and how they are led to the emulator.

It must not know what they do there. What is missing fails the test, it never skips it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gapps_hooks.emulator import Certificate, Emulator, RunningServer, ServiceAccountKey, serve
from gapps_hooks.emulator.certificates import write_certificate

CHECKOUT = Path(__file__).resolve().parents[2]
INSTALLED = CHECKOUT / ".venvs" / "clients"
DAYS = Path(__file__).parent / "clients"

# Whatever else changes, these are what the expectations were written for.
GAM = "gam7==7.49.0"
AIOGOOGLE = "aiogoogle==5.19.0"
NODE = "@googleapis/admin@32.1.0"

#: Seconds that a first installation, and then any one program, may take.
INSTALLATION = 600
PROGRAM = 100


class Google:
    """An emulated Google over TLS, and the environment of a program that is led to it."""

    def __init__(self, emulator: Emulator, server: RunningServer, folder: Path) -> None:
        self.emulator = emulator
        self.folder = folder
        self.url = server.url
        #: The emulator's certificate, which is its own authority.
        self.authority = folder / "google.pem"
        self.key = folder / "key.json"
        self.key.write_text(json.dumps(server.key()))
        authority, tunnel = str(self.authority), str(server.tunnel_url)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "SSL_CERT_FILE": authority,
            "NODE_EXTRA_CA_CERTS": authority,
            "https_proxy": tunnel,
            # Ruby's httpclient reads this one for https too, aiogoogle only the other
            "http_proxy": tunnel,
            "AIOGOOGLE_HTTP_PROXY": tunnel,
        }

    def run(self, *command: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program in the folder, led to the emulator; its exit status is yours to judge."""
        return subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environment,
            timeout=PROGRAM,
            check=False,
        )

    def must(self, *command: str | Path) -> str:
        """Run a program that has to succeed; return what it printed."""
        done = self.run(*command)
        assert done.returncode == 0, f"{done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def calls(self, pattern: str = "") -> list[tuple[str, int]]:
        """Return (method of the API, status) of each call whose method begins so, oldest first."""
        return [
            (request.call, request.status)
            for request in self.emulator.requests
            if request.call.startswith(pattern)
        ]


@contextmanager
def google(key: ServiceAccountKey, folder: Path) -> Iterator[Google]:
    """Serve an emulated Google that trusts the key, its files in the folder."""
    pair = Certificate(certificate=folder / "google.pem", private_key=folder / "google.key")
    write_certificate(pair.certificate, pair.private_key, "127.0.0.1")
    emulator = Emulator(account_key=key)
    with serve(emulator, tls=pair) as server:
        yield Google(emulator, server, folder)


def gam() -> Path:
    """Install GAM, in an environment of its own; return the program."""
    return _python_environment("gam", GAM) / "bin" / "gam"


def aiogoogle() -> Path:
    """Install aiogoogle; return the interpreter that has it."""
    return _python_environment("aiogoogle", AIOGOOGLE) / "bin" / "python"


def node() -> Path:
    """Install Google's client for Node; return the folder that has it."""

    def install(folder: Path) -> None:
        folder.mkdir()
        (folder / "package.json").write_text('{"private": true}\n')
        quiet = ("--silent", "--no-audit", "--no-fund", "--no-package-lock")
        _do(_program("npm"), "install", *quiet, "--prefix", folder, NODE)

    _program("node")
    return _once("node", NODE, install)


def go() -> Path:
    """Compile the day that is written in Go, with Debian's client library; return the program."""
    source = DAYS / "day.go"
    compiler = _program("go")

    def compile_(folder: Path) -> None:
        folder.mkdir()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GO111MODULE": "off",
            "GOPATH": "/usr/share/gocode",
            "CGO_ENABLED": "0",
            "GOCACHE": str(INSTALLED / "go-cache"),
        }
        _do(compiler, "build", "-o", folder / "day", source, environment=environment)

    return _once("go", hashlib.sha256(source.read_bytes()).hexdigest(), compile_) / "day"


def ruby() -> str:
    """Return the interpreter for which Debian has Google's client."""
    return _program("ruby")


def _python_environment(name: str, requirement: str) -> Path:
    def install(folder: Path) -> None:
        _do(sys.executable, "-m", "venv", folder)
        _do(folder / "bin" / "pip", "install", "-q", "--disable-pip-version-check", requirement)

    return _once(name, requirement, install)


def _once(name: str, what: str, install: Callable[[Path], None]) -> Path:
    """Install into a folder of this name, unless just this is there already."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    folder, made = INSTALLED / name, INSTALLED / f"{name}.made"
    with (INSTALLED / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made.exists() and made.read_text() == what):
            made.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            install(folder)
            made.write_text(what)
    return folder


def _do(*command: str | Path, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=INSTALLATION, check=False, env=environment
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found, f"{name} is not installed; .ci/run lists the packages that have it"
    return found
