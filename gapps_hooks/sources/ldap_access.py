"""How a directory server is reached, encrypted and signed in to.

It must not know what is asked there. Whatever the system's ldap.conf says of limits, aliases,
referrals and certificates is overruled here.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import ldap  # type: ignore[import-untyped] # it has no types

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.settings import SourceSettings
from gapps_hooks.sources.ldap_verdicts import SIGN_IN, verdict
from gapps_hooks.trust import distrust, read_regular

_LONGEST_PASSWORD: Final = 4096
_PORTS: Final = {"ldap": 389, "ldaps": 636}
#: RFC 4511 section 4.14.1: message 1, an ExtendedRequest with the name of StartTLS; its answer
#: holds resultCode 0 where TLS may begin.
_START_TLS: Final = bytes.fromhex("301d020101771880") + b"\x161.3.6.1.4.1.1466.20037"
_SUCCESS: Final = bytes.fromhex("0a0100")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a directory is reached, and as whom."""

    uri: str
    starttls: bool = False
    ca_file: Path | None = None
    verify: bool = True
    bind_dn: str | None = None
    password_file: Path | None = None
    #: Where people said as whom, and with which password.
    said: str = SIGN_IN
    sasl: bool = False
    #: Seconds that connecting, or one answer, may take.
    timeout: float = 10.0
    #: Entries that one search may bring: a server that goes on has no end.
    max_entries: int = 250_000
    #: Who may own the password's file.
    owners: frozenset[int] = frozenset({0})


def access_of(source: SourceSettings, owners: frozenset[int]) -> Access:
    """Take from the settings how the directory is reached; ``owners`` of the password's file."""
    return Access(
        uri=source.uri or "",
        starttls=source.starttls,
        ca_file=source.ca_file,
        verify=source.verify,
        bind_dn=source.bind_dn,
        password_file=source.password_file,
        sasl=source.sasl is not None,
        timeout=source.timeout,
        max_entries=source.max_entries,
        owners=owners,
    )


def set_options(server: Any, access: Access) -> None:  # noqa: ANN401 - python-ldap
    """Set what holds for one connection before it is opened.

    Raises:
        SourceUnreadable: the certificates to believe cannot be read.
    """
    server.set_option(ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3)
    server.set_option(ldap.OPT_REFERRALS, 0)
    server.set_option(ldap.OPT_DEREF, ldap.DEREF_NEVER)
    server.set_option(ldap.OPT_SIZELIMIT, ldap.NO_LIMIT)
    server.set_option(ldap.OPT_TIMELIMIT, ldap.NO_LIMIT)
    server.set_option(ldap.OPT_NETWORK_TIMEOUT, access.timeout)
    server.set_option(ldap.OPT_TIMEOUT, access.timeout)
    # a peer that died without a word is noticed by the system
    server.set_option(ldap.OPT_X_KEEPALIVE_IDLE, max(1, int(access.timeout)))
    server.set_option(ldap.OPT_X_KEEPALIVE_PROBES, 3)
    server.set_option(ldap.OPT_X_KEEPALIVE_INTERVAL, max(1, int(access.timeout / 3)))
    if access.starttls or access.uri.startswith("ldaps:"):
        _set_certificates(server, access)


def _set_certificates(server: Any, access: Access) -> None:  # noqa: ANN401 - python-ldap
    system = ssl.get_default_verify_paths()
    bundle = access.ca_file or system.cafile
    needed = ldap.OPT_X_TLS_DEMAND if access.verify else ldap.OPT_X_TLS_NEVER
    server.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, needed)
    server.set_option(ldap.OPT_X_TLS_PROTOCOL_MIN, ldap.OPT_X_TLS_PROTOCOL_TLS1_2)
    if bundle is not None:
        server.set_option(ldap.OPT_X_TLS_CACERTFILE, str(bundle))
    elif system.capath is not None:
        server.set_option(ldap.OPT_X_TLS_CACERTDIR, system.capath)
    try:
        server.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    except ValueError:  # which is all that python-ldap says
        raise SourceUnreadable(
            f"{bundle} has no certificates (PEM) that we can read; see source.ca_file"
        ) from None


def see_it_answers(access: Access) -> None:
    """Shake hands with a server that speaks TLS once, and leave again.

    libldap puts no bound on its own handshake: with a server that takes connections and stays
    silent it would wait for ever. Whether the server is the right one is for libldap to judge.

    Raises:
        SourceUnreadable: it stays silent.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        _shake_hands(access, context)
    except TimeoutError:
        raise verdict(ldap.TIMEOUT(), access.uri) from None
    except OSError:  # what else is wrong libldap tells better
        return


def why_distrusted(access: Access) -> str:
    """Say what is wrong with the server's certificate, which libldap tells nobody; or nothing."""
    if not access.verify:
        return ""
    try:
        _shake_hands(access, ssl.create_default_context(cafile=access.ca_file))
    except ssl.SSLCertVerificationError as error:
        return (
            f"{access.uri} does not prove by its certificate that it is that server "
            f"({error.verify_message}); see source.uri and source.ca_file"
        )
    except OSError:
        return ""
    return ""


def _shake_hands(access: Access, context: ssl.SSLContext) -> None:
    parts = urlsplit(access.uri)
    if parts.scheme != "ldaps" and not access.starttls:
        return
    place = (parts.hostname or "localhost", parts.port or _PORTS[parts.scheme])
    with socket.create_connection(place, access.timeout) as plain:
        if access.starttls:
            plain.sendall(_START_TLS)
            if _SUCCESS not in plain.recv(4096):
                return
        context.wrap_socket(plain, server_hostname=place[0]).close()


def password_of(access: Access) -> str:
    """Read the password anew, so that one that was replaced is taken at once.

    Raises:
        SourceUnreadable: the file is not there, or others could have read or written it.
    """
    if access.password_file is None:
        return ""
    path = access.password_file
    try:
        raw, status = read_regular(path, _LONGEST_PASSWORD)
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be read: {error.strerror}") from None
    reason = distrust(status, access.owners, private=True)
    password = raw.rstrip(b"\r\n").decode("utf-8", "replace")
    if reason or not password:
        raise SourceUnreadable(
            f"{path} {reason or 'is empty'}; put the password of {access.bind_dn} there"
        )
    return password
