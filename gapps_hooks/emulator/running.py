"""Runs the emulator as a program: files in, lines for the settings out, until it is told to stop.

It must not know command lines.
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from gapps_hooks.emulator.certificates import write_certificate, write_private
from gapps_hooks.emulator.emulator import Emulator
from gapps_hooks.emulator.keys import ServiceAccountKey, key_of
from gapps_hooks.emulator.server import Certificate, RunningServer, serve


def run(  # noqa: PLR0913 - the options of a command, each with its default
    *,
    host: str = "127.0.0.1",
    port: int = 8085,
    control_port: int = 8086,
    tunnel_port: int = 8087,
    domain: str = "example.org",
    admin: str = "admin@example.org",
    delegated: bool = False,
    key_file: Path = Path("emulator-key.json"),
    seed_file: Path | None = None,
    people: int = 0,
    groups: int = 0,
    locales: str = "en_US",
    consent_file: Path | None = None,
    state_file: Path | None = None,
    faults_file: Path | None = None,
    tls: Path | None = None,
    say: Callable[[str], object] = print,
) -> None:
    """Serve an emulator until SIGTERM or Ctrl-C.

    ``key_file`` gets a service account key for this server, and is kept when it holds one already;
    ``seed_file`` fills an empty Workspace, and so do made-up ``people`` and ``groups``
    (``locales``: Faker's, with commas); ``consent_file`` gets the administrator's consent for
    installed applications (client and refresh token); ``state_file`` is read at the start when it
    exists, and written at the end (without passwords); ``tls`` is the certificate to serve HTTPS
    with, made when missing, its key beside it in ``….key``, and brings the tunnel; ``delegated``
    makes the administrator a delegated one. Raises OSError for a port in use and for files,
    ValueError and KeyError for their content, ImportError and UnknownLocale for people without
    Faker or of a locale that it does not have.
    """
    known = key_of(json.loads(key_file.read_text("utf-8"))) if key_file.exists() else None
    emulator = _emulator(domain, admin, known, delegated=delegated)
    if _is_empty(emulator, seed_file, state_file) and (people or groups):
        emulator.seed_people(people, groups, locales.split(","))
    if faults_file:
        emulator.faults.load(faults_file)
    certificate = _certificate(tls, host) if tls else None
    with (
        _told_to_stop() as stop,
        serve(emulator, host, port, control_port, tls=certificate, tunnel_port=tunnel_port) as it,
    ):
        write_private(key_file, json.dumps(it.key(), indent=2).encode())
        if consent_file:
            consent = emulator.consent(admin, f"{it.url}/token")
            write_private(consent_file, json.dumps(consent, indent=2).encode())
        say(_introduction(it, domain, admin, key_file, tls))
        stop.wait()
    if state_file:
        write_private(state_file, json.dumps(emulator.state(), indent=1).encode())
    say("The emulator has stopped.")


def _emulator(
    domain: str, admin: str, known: ServiceAccountKey | None, *, delegated: bool
) -> Emulator:
    return Emulator(
        domains=(domain,),
        admins=() if delegated else (admin,),
        delegated_admins=(admin,) if delegated else (),
        account_key=known,
    )


def _is_empty(emulator: Emulator, seed_file: Path | None, state_file: Path | None) -> bool:
    """Fill the Workspace from the files; tell whether it was not filled by a former run's state."""
    if state_file and state_file.exists():
        emulator.restore(json.loads(state_file.read_text("utf-8")))
        return False
    if seed_file:
        emulator.seed(json.loads(seed_file.read_text("utf-8")))
    return True


def _certificate(path: Path, host: str) -> Certificate:
    private_key = path.with_suffix(".key")
    if not (path.exists() and private_key.exists()):
        write_certificate(path, private_key, host)
    return Certificate(certificate=path, private_key=private_key)


def _introduction(
    server: RunningServer, domain: str, admin: str, key_file: Path, tls: Path | None
) -> str:
    lines = [
        f"The emulated Google answers at {server.url}, its controls at {server.control_url}.",
        "In the settings:",
        "",
        f'    domain = "{domain}"',
        f'    admin = "{admin}"',
        "    [google]",
        f'    credentials = "{key_file.resolve()}"',
        f'    api_endpoint = "{server.url}"',
    ]
    if tls:
        lines += [
            f'    ca_bundle = "{tls.resolve()}"',
            "",
            "Programs that insist on Google's own host names reach it with",
            "",
            f"    https_proxy={server.tunnel_url}",
        ]
    return "\n".join([*lines, "", "Ctrl-C or SIGTERM stops it."])


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """Yield an event that SIGTERM and SIGINT set; the former handlers come back at the end."""
    told = threading.Event()

    def tell(number: int, frame: FrameType | None) -> None:
        del number, frame
        told.set()

    former = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
