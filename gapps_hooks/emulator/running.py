"""Runs the emulator as a program: files in, lines for the settings out, until it is told to stop.

It must not know command lines.
"""

from __future__ import annotations

import json
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from gapps_hooks.emulator.api_errors import ApiError
from gapps_hooks.emulator.certificates import write_certificate, write_private
from gapps_hooks.emulator.emulator import Emulator
from gapps_hooks.emulator.keys import ServiceAccountKey, key_of
from gapps_hooks.emulator.people import UnknownLocale, check_counts
from gapps_hooks.emulator.server import Certificate, RunningServer, serve

#: Two labels or more of letters, digits and inner dashes (RFC 1123, 2.1).
_DOMAIN: Final = re.compile(
    r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE
)

_LAST_PORT: Final = 65535
#: What names the port of the APIs, of the controls and of the tunnel on the command line.
_OPTIONS: Final = ("--port", "--control-port", "--tunnel-port")


def run(  # noqa: PLR0913 - the options of a command, each with its default
    *,
    host: str = "127.0.0.1",
    port: int = 8085,
    control_port: int = 8086,
    tunnel_port: int = 8087,
    domain: str = "example.org",
    admin: str | None = None,
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

    ``key_file`` gets a service account key, ``consent_file`` the administrator's consent for
    installed applications, and what they hold already is good again. ``seed_file`` fills an empty
    Workspace, and so do made-up ``people`` and ``groups`` (``locales``: Faker's, with commas).
    ``state_file`` is read when it exists, and written at the end, without passwords. ``tls``, a
    certificate for HTTPS, made when missing, its key beside it in ``….key``, brings the tunnel.
    ``admin``, or admin@ the domain, is the administrator; ``delegated`` makes a delegated one.
    Raises CannotStart for what cannot be used, OSError for what cannot be written, and for people
    ImportError without Faker, UnknownLocale for a locale that it does not have.
    """
    admin = _administrator(domain, admin)
    _check_made_up(people, groups)
    emulator = _emulator(domain, admin, _known_key(key_file), delegated=delegated)
    if _is_empty(emulator, seed_file, state_file) and people:
        _make_up(emulator, people, groups, locales)
    _script_faults(emulator, faults_file)
    ports = port, control_port, tunnel_port
    with _told_to_stop() as wait, _served(emulator, host, ports, tls) as server:
        _write_credentials(server, admin, key_file, consent_file)
        say(_introduction(server, domain, admin, key_file, tls))
        wait()
    _keep(emulator, state_file)
    say("The emulator has stopped.")


class CannotStart(Exception):
    """What the emulator was told to start with cannot be used; the text names it."""


def _administrator(domain: str, admin: str | None) -> str:
    if not _DOMAIN.fullmatch(domain):
        raise CannotStart(f"{domain!r} is no domain; give one like example.org")
    if admin is None:
        return f"admin@{domain}"
    local, _, where = admin.partition("@")
    if not local or where.lower() != domain.lower():
        raise CannotStart(f"the administrator {admin!r} is no address in {domain}")
    return admin


def _check_made_up(people: int, groups: int) -> None:
    try:
        check_counts(people, groups)
    except ValueError as error:
        raise CannotStart(str(error)) from error


def _make_up(emulator: Emulator, people: int, groups: int, locales: str) -> None:
    try:
        emulator.seed_people(people, groups, locales.split(","))
    except UnknownLocale:
        raise
    except ValueError as error:
        raise CannotStart(f"people and groups cannot be made up: {error}") from error


def _write_credentials(
    server: RunningServer, admin: str, key_file: Path, consent_file: Path | None
) -> None:
    write_private(key_file, json.dumps(server.key(), indent=2).encode())
    if consent_file:
        write_private(consent_file, _consent(server, admin, consent_file))


def _keep(emulator: Emulator, state_file: Path | None) -> None:
    if state_file:
        write_private(state_file, json.dumps(emulator.state(), indent=1).encode())


def _consent(server: RunningServer, admin: str, path: Path) -> bytes:
    """Return the content of the consent file, its refresh token the known one if it has one."""
    known = ""
    if path.exists():
        with _reading("consent file", path):
            known = str(json.loads(path.read_text("utf-8"))["refresh_token"])
    consent = server.emulator.consent(
        admin, f"{server.url}/token", refresh_token=known, lasting=True
    )
    return json.dumps(consent, indent=2).encode()


def _known_key(path: Path) -> ServiceAccountKey | None:
    if not path.exists():
        return None
    with _reading("key file", path):
        return key_of(json.loads(path.read_text("utf-8")))


@contextmanager
def _reading(what: str, path: Path) -> Iterator[None]:
    """Name the file that does not hold what it should."""
    try:
        yield
    except KeyError as error:
        raise CannotStart(f"the {what} {path} cannot be used: {error} is missing in it") from error
    except (ValueError, TypeError, AttributeError, OSError, ApiError) as error:
        raise CannotStart(f"the {what} {path} cannot be used: {error}") from error


def _served(
    emulator: Emulator, host: str, ports: tuple[int, int, int], tls: Path | None
) -> RunningServer:
    certificate = _certificate(tls, host) if tls else None
    port, control_port, tunnel_port = ports
    for one in ports:
        if not 0 <= one <= _LAST_PORT:
            raise CannotStart(f"port {one} does not exist; give one from 0 to {_LAST_PORT}")
    try:
        return serve(emulator, host, port, control_port, tls=certificate, tunnel_port=tunnel_port)
    except OSError as error:
        wanted = dict(zip(_OPTIONS, ports if certificate else ports[:2], strict=False))
        taken = {name: one for name, one in wanted.items() if one and not _is_free(host, one)}
        raise CannotStart(_occupied(host, taken or wanted, error)) from error


def _occupied(host: str, ports: dict[str, int], error: OSError) -> str:
    which = f"port{'s' if len(ports) > 1 else ''} {', '.join(map(str, ports.values()))}"
    why = error.strerror or error
    return f"cannot listen at {host}, {which}: {why}; give another {' and '.join(ports)}"


def _is_free(host: str, port: int) -> bool:
    try:
        socket.create_server((host, port)).close()
    except OSError:
        return False
    return True


def _emulator(
    domain: str, admin: str, known: ServiceAccountKey | None, *, delegated: bool
) -> Emulator:
    try:
        return Emulator(
            domains=(domain,),
            admins=() if delegated else (admin,),
            delegated_admins=(admin,) if delegated else (),
            account_key=known,
        )
    except ValueError as error:
        raise CannotStart(f"the administrator {admin!r} cannot be one: {error}") from error


def _is_empty(emulator: Emulator, seed_file: Path | None, state_file: Path | None) -> bool:
    """Fill the Workspace from the files; tell whether it was not filled by a former run's state."""
    if state_file and state_file.exists():
        with _reading("state file", state_file):
            emulator.restore(json.loads(state_file.read_text("utf-8")))
        return False
    if seed_file:
        with _reading("seed file", seed_file):
            emulator.seed(json.loads(seed_file.read_text("utf-8")))
    return True


def _script_faults(emulator: Emulator, path: Path | None) -> None:
    if path:
        with _reading("faults file", path):
            emulator.faults.load(path)


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
        *([f'    ca_bundle = "{tls.resolve()}"'] if tls else []),
        "    [source]",
        '    type = "none"',
        "    [enabled]",
        "    all = true",
        "    [state]",
        f'    directory = "{key_file.resolve().with_suffix(".state")}"',
    ]
    if tls:
        lines += [
            "",
            "Programs that insist on Google's own host names reach it with",
            "",
            f"    https_proxy={server.tunnel_url}",
        ]
    return "\n".join([*lines, "", "Ctrl-C or SIGTERM stops it."])


@contextmanager
def _told_to_stop() -> Iterator[Callable[[], object]]:
    """Yield what waits for SIGTERM or SIGINT, which are kept until then, also from new threads.

    A handler could be called at the moment before the wait begins, and nobody would wake then.
    Those that come while it stops are no more heeded: what is left to do is soon done.
    """
    numbers = {signal.SIGTERM, signal.SIGINT}
    former = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield partial(signal.sigwait, numbers)
    finally:
        while signal.sigtimedwait(numbers, 0):
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, former)
