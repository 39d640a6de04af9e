"""A real slapd of one's own: in a temporary directory, on loopback ports and a socket, with TLS."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SCHEMAS = Path(__file__).parent / "schemas"
PROGRAMS = ("/usr/sbin/slapd", "/usr/sbin/slapadd")
SYNC_PASSWORD = "a secret of the test"
#: Reads everything; others read all but hashes. People write what ``self_written`` names.
ACCESS = """
access to attrs={secret}
  by dn.exact="cn=sync,{base}" read by anonymous auth by * none
{self_written}
access to * by * read
"""

#: What is searched for in a tree of each schema.
INDEXED = {
    "posix.schema": "uid,member,memberUid,gidNumber,entryUUID",
    "windows.schema": "sAMAccountName,member,objectGUID,objectSid",
}
#: How slapd calls the user at the other end of its socket.
EVERY_USER = "gidNumber=.*\\+uidNumber=[0-9]*,cn=peercred,cn=external,cn=auth"

Attributes = Mapping[str, str | bytes | Sequence[str | bytes]]


def ldif(dn: str, attributes: Attributes) -> str:
    """Write one entry; every value in base64, so that nothing has to be escaped."""
    lines = [f"dn:: {_base64(dn)}"]
    for name, several in attributes.items():
        values = [several] if isinstance(several, str | bytes) else several
        lines += [f"{name}:: {_base64(value)}" for value in values]
    return "\n".join(lines) + "\n\n"


def _base64(value: str | bytes) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def unit(dn: str) -> str:
    """Write the entry of an organisational unit, a container or a domain."""
    kind, _, value = dn.partition(",")[0].partition("=")
    classes = {
        "ou": ["organizationalUnit"],
        "dc": ["dcObject", "organization"],
        "cn": ["organizationalRole"],
    }[kind]
    more = {"o": "Example"} if kind == "dc" else {}
    return ldif(dn, {"objectClass": classes, kind: value, **more})


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Slapd:
    """One server with its content; used as a context, in which it runs."""

    folder: Path
    base: str
    schemas: tuple[str, ...] = ("posix.schema",)
    #: Further lines of slapd.conf: before the database, and in it.
    top: str = ""
    database: str = ""
    #: Access rules that stand before the others.
    self_written: str = ""
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Where it is in clear text."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_uri(self) -> str:
        """Where it is encrypted."""
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def socket_uri(self) -> str:
        """Where it is on this machine."""
        return f"ldapi://{quote(str(self.folder / 'ldapi'), safe='')}"

    @property
    def ca_file(self) -> Path:
        """The certificate that its own is signed by."""
        return self.folder / "ca.pem"

    @property
    def password_file(self) -> Path:
        """The password of cn=sync."""
        return self.folder / "password"

    def fill(self, entries: Iterable[str]) -> None:
        """Put entries into the database while it does not run."""
        if missing := [name for name in PROGRAMS if not Path(name).exists()]:
            pytest.fail(f"these tests need Debian's slapd: {', '.join(missing)}")
        self._lay_out()
        sync = {
            "objectClass": ["organizationalRole", "simpleSecurityObject"],
            "cn": "sync",
            "userPassword": SYNC_PASSWORD,
        }
        text = "".join([unit(self.base), ldif(f"cn=sync,{self.base}", sync), *entries])
        subprocess.run(
            ["/usr/sbin/slapadd", "-q", "-f", str(self.folder / "slapd.conf")],
            input=text.encode(),
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def _lay_out(self) -> None:
        data = self.folder / "data"
        data.mkdir(parents=True)
        make_certificates(self.folder)
        self.password_file.write_text(f"{SYNC_PASSWORD}\n")
        self.password_file.chmod(0o600)
        for name in self.schemas:
            shutil.copy(SCHEMAS / name, self.folder)
        system = ("core", "cosine", "inetorgperson")
        includes = [f"include /etc/ldap/schema/{name}.schema" for name in system]
        includes += [f"include {self.folder / name}" for name in self.schemas]
        secret = "userPassword,clearSHAPassword,clearSHA1Password"
        if "posix.schema" not in self.schemas:
            secret = "userPassword"
        access = ACCESS.format(base=self.base, secret=secret, self_written=self.self_written)
        (self.folder / "slapd.conf").write_text(
            "\n".join(
                [
                    *includes,
                    "modulepath /usr/lib/ldap",
                    "moduleload back_mdb",
                    "moduleload ppolicy",
                    "moduleload memberof",
                    f"TLSCACertificateFile {self.ca_file}",
                    f"TLSCertificateFile {self.folder / 'server.pem'}",
                    f"TLSCertificateKeyFile {self.folder / 'server.key'}",
                    f"authz-regexp {EVERY_USER} cn=sync,{self.base}",
                    self.top,
                    "database mdb",
                    f'suffix "{self.base}"',
                    f'rootdn "cn=root,{self.base}"',
                    'rootpw "root of the test"',
                    f"directory {data}",
                    "maxsize 1073741824",
                    f"index objectClass,cn,{INDEXED[self.schemas[0]]} eq",
                    "overlay ppolicy",
                    self.database,
                    f'limits dn.exact="cn=sync,{self.base}" size=unlimited time=unlimited',
                    access,
                    "database monitor",
                    "access to * by * read",
                ]
            )
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers."""
        urls = f"{self.uri} {self.tls_uri} {self.socket_uri}"
        log = (self.folder / "log").open("ab")
        with ExitStack() as stack:
            stack.callback(log.close)
            self._process = subprocess.Popen(
                ["/usr/sbin/slapd", "-d", "0", "-f", str(self.folder / "slapd.conf"), "-h", urls],
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + 20
        while time.monotonic() < end and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.tls_port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        pytest.fail(f"slapd does not start: {(self.folder / 'log').read_text()}")

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
            self._process = None

    def searches(self) -> int:
        """Count the searches that it has answered since it started, this one not."""
        found = subprocess.run(
            [
                *("/usr/bin/ldapsearch", "-x", "-LLL", "-H", self.uri, "-s", "base"),
                *("-b", "cn=Search,cn=Operations,cn=Monitor", "monitorOpCompleted"),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return int(found.rpartition("monitorOpCompleted:")[2])

    def modify(self, *lines: str) -> None:
        """Change entries as root, with the lines of an LDIF."""
        subprocess.run(
            [
                *("/usr/bin/ldapmodify", "-x", "-H", self.uri),
                *("-D", f"cn=root,{self.base}", "-w", "root of the test"),
            ],
            input="\n".join(lines).encode() + b"\n",
            check=True,
            capture_output=True,
        )

    def source(self, preset: str, **more: str) -> str:
        """Write the [source] that reads everything here; ``more`` are TOML values by key."""
        keys = {
            "type": '"ldap"',
            "uri": f'"{self.uri}"',
            "preset": f'"{preset}"',
            "base": f'"{self.base}"',
            "bind_dn": f'"cn=sync,{self.base}"',
            "password_file": f'"{self.password_file}"',
            **more,
        }
        return "[source]\n" + "\n".join(f"{key} = {value}" for key, value in keys.items() if value)


def make_certificates(folder: Path, *names: str) -> None:
    """Make an authority and a server's certificate that it signed, for these names or ours."""
    authority = ec.generate_private_key(ec.SECP256R1())
    server = ec.generate_private_key(ec.SECP256R1())
    alternative = [_named(name) for name in names or ("localhost", "127.0.0.1")]
    ca = _certificate("Test CA", authority, authority, [])
    own = _certificate("server", server, authority, alternative)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "server.pem").write_bytes(own.public_bytes(pem))
    (folder / "server.key").write_bytes(
        server.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "server.key").chmod(0o600)


def _named(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    alternative: Sequence[x509.GeneralName],
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=key is signer, path_length=None), critical=True)
    )
    if alternative:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    return builder.sign(signer, hashes.SHA256())
