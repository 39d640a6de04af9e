"""A real Samba domain controller of one's own: Active Directory, in a temporary directory."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest
from slapd import Attributes, ldif, make_certificates

PROGRAMS = ("/usr/sbin/samba", "/usr/bin/samba-tool", "/usr/bin/ldapadd")
#: A loopback address of its own, so that it is in nobody's way: its ports cannot be chosen.
ADDRESS = "127.0.0.93"
BASE = "DC=gh,DC=example,DC=test"
PASSWORD = "Passw0rd.of.the.test"
# Makes a domain without the file shares, whose access lists not every file system can keep.
PROVISION = """
import sys
import samba.provision
samba.provision.setsysvolacl = lambda *_, **__: None
from samba.netcmd.main import cmd_sambatool
raise SystemExit(cmd_sambatool()._run("samba-tool", *sys.argv[1:]))
"""
CONFIGURATION = """[global]
netbios name = GHDC
realm = GH.EXAMPLE.TEST
workgroup = GH
server role = active directory domain controller
private dir = {folder}/private
state directory = {folder}/state
cache directory = {folder}/cache
lock directory = {folder}
pid directory = {folder}
ncalrpc dir = {folder}/ncalrpc
log file = {folder}/log
server services = ldap
dcerpc endpoint servers =
interfaces = {address}/8
bind interfaces only = yes
tls keyfile = {folder}/server.key
tls certfile = {folder}/server.pem
tls cafile = {folder}/ca.pem
"""


@dataclass
class DomainController:
    """The controller; used as a context, in which it runs."""

    folder: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def uri(self) -> str:
        """Where it answers, encrypted."""
        return f"ldaps://{ADDRESS}"

    @property
    def password_file(self) -> Path:
        """The password of the administrator, and of people made here."""
        return self.folder / "password"

    def __enter__(self) -> Self:
        if missing := [name for name in PROGRAMS if not Path(name).exists()]:
            pytest.fail(f"this test needs Debian's samba: {', '.join(missing)}")
        self._provision()
        log = (self.folder / "out").open("wb")
        with log:
            self._process = subprocess.Popen(
                ["/usr/sbin/samba", "-F", "-M", "single", "-s", str(self.folder / "smb.conf")],
                stdin=subprocess.DEVNULL,  # in the foreground it ends with a pipe's other end
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 60
        while time.monotonic() < end and self._process.poll() is None:
            if self.ldap("ldapsearch", "-s", "base", "-b", "").returncode == 0:
                return self
            time.sleep(0.2)
        pytest.fail(f"samba does not start: {(self.folder / 'out').read_text()}")

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)

    def _provision(self) -> None:
        self.folder.mkdir()
        subprocess.run(
            [
                *("/usr/bin/python3", "-c", PROVISION, "domain", "provision"),
                *(f"--targetdir={self.folder}", "--realm=GH.EXAMPLE.TEST", "--domain=GH"),
                *("--server-role=dc", "--dns-backend=NONE", f"--adminpass={PASSWORD}"),
                *("--host-name=ghdc", f"--host-ip={ADDRESS}"),
            ],
            check=True,
            capture_output=True,
            env={"PATH": os.environ["PATH"]},
            timeout=110,
        )
        (self.folder / "ncalrpc").mkdir(exist_ok=True)
        make_certificates(self.folder, ADDRESS)
        text = CONFIGURATION.format(folder=self.folder, address=ADDRESS)
        (self.folder / "smb.conf").write_text(text)
        self.password_file.write_text(PASSWORD)
        self.password_file.chmod(0o600)

    def add(self, dn: str, attributes: Attributes) -> None:
        """Add an entry."""
        self._change("ldapadd", ldif(dn, attributes))

    def modify(self, *lines: str) -> None:
        """Change entries, as the administrator, with the lines of an LDIF."""
        self._change("ldapmodify", "\n".join(lines) + "\n")

    def _change(self, program: str, text: str) -> None:
        done = self.ldap(program, text=text)
        assert done.returncode == 0, done.stderr.decode()

    def ldap(
        self, program: str, *arguments: str, text: str = ""
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one of OpenLDAP's tools as the domain's administrator."""
        sign_in = ("-x", "-D", f"CN=Administrator,CN=Users,{BASE}", "-y", str(self.password_file))
        return subprocess.run(
            (f"/usr/bin/{program}", "-H", self.uri, *sign_in, *arguments),
            input=text.encode(),
            capture_output=True,
            check=False,
            timeout=30,
            env={"LDAPTLS_CACERT": str(self.folder / "ca.pem")},
        )
