"""The whole chain in a view of this machine: an installation, its settings, an emulated Google.

It must not know what is tested, nor anything of the package that the programs would not tell.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from passlib.hash import sha512_crypt  # type: ignore[import-untyped] # libpass has no types

from gapps_hooks.emulator import Emulator, RunningServer, serve
from gapps_hooks.emulator.request_log import LoggedRequest

if TYPE_CHECKING:
    from conftest import Machine

CHECKOUT = Path(__file__).resolve().parents[2]

SETTINGS = """\
domain = "example.org"
admin = "admin@example.org"
[google]
credentials = "/etc/gapps-hooks/service-account.json"
api_endpoint = "{endpoint}"
[source]
type = "nss"
[enabled]
{enabled}
[groups]
which = ["team*"]
[state]
directory = "/var/lib/gapps-hooks"
[hooks]
wait = {wait}
"""

PROGRAM = """\
#!{interpreter} -I
from gapps_hooks.cli import main
main()
"""

#: The account managers of a Debian system.
ALL = ("shadow", "adduser", "pam")
CREATE, CHANGE = "users.insert", "users.patch"
#: Requests that change something end so.
WRITES = ("insert", "patch", "update", "delete", "makeAdmin", "undelete")


#: Patterns of files; not the whole of /etc, where others may be installing something meanwhile.
TOUCHABLE = (
    *("etc/*passwd*", "etc/*shadow*", "etc/*group*", "etc/sub[ug]id*", "etc/.pwd.lock"),
    *("etc/pam.d/**/*", "etc/security/**/*", "etc/shadow-maint/**/*", "etc/gapps-hooks/**/*"),
    *("etc/cron.d/**/*", "etc/systemd/system/gapps*", "usr/share/pam-configs/*", "home/**/*"),
    *("usr/local/sbin/*", "usr/local/lib/gapps*", "var/lib/pam/*", "var/lib/gapps*", "var/mail/*"),
)


def install(prefix: Path) -> Path:
    """Install what is in this checkout, as a distribution of its own; return the prefix.

    Only the dependencies are those of the Python that runs the tests.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = Path(sys.base_prefix, "bin", version)
    home = prefix / "lib" / version / "site-packages"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / version).symlink_to(interpreter)
    (prefix / "pyvenv.cfg").write_text(f"home = {interpreter.parent}\n")
    shutil.copytree(
        CHECKOUT / "gapps_hooks",
        home / "gapps_hooks",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copytree(CHECKOUT / "hooks.d", prefix / "share" / "gapps-hooks" / "hooks.d")
    program = prefix / "bin" / "gapps-hooks"
    program.write_text(PROGRAM.format(interpreter=prefix / "bin" / version))
    program.chmod(0o755)
    _describe(home)
    return prefix


def _describe(home: Path) -> None:
    dependencies = [place for place in sys.path if place.endswith("-packages")]
    (home / "dependencies.pth").write_text("".join(f"{place}\n" for place in dependencies))
    metadata = home / "gapps_hooks-0.dist-info"
    metadata.mkdir()
    version = importlib.metadata.version("gapps-hooks")
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: gapps-hooks\nVersion: {version}\n"
    )
    (metadata / "RECORD").write_text(
        "../../../bin/gapps-hooks,,\n../../../share/gapps-hooks/hooks.d/launch,,\n"
    )


def fingerprint() -> dict[str, str]:
    """Mode, owner and digest of every file that account programs and ``enable`` could touch."""
    return {str(file): _digest(file) for pattern in TOUCHABLE for file in Path("/").glob(pattern)}


def _digest(file: Path) -> str:
    status = file.lstat()
    content = file.read_bytes() if stat.S_ISREG(status.st_mode) else b""
    digest = hashlib.sha256(content).hexdigest()
    return f"{status.st_mode:o} {status.st_uid}:{status.st_gid} {digest}"


class Chain:
    """One organisation: account programs of the view, what is installed there, and its Google."""

    def __init__(self, machine: Machine, prefix: Path) -> None:
        self.machine = machine
        self.prefix = prefix
        self.google = Emulator()
        self.google.switches.set({"creation_window": 1.5})
        self._server: RunningServer | None = serve(self.google)
        self._endpoint = self._server.url
        self.settle(enabled="all = true")
        key = "/etc/gapps-hooks/service-account.json"
        machine.write(key, json.dumps(self._server.key()), mode=0o600)

    def settle(self, *, enabled: str = "all = true", wait: float = 10.0) -> None:
        """Write the settings file."""
        text = SETTINGS.format(endpoint=self._endpoint, enabled=enabled, wait=wait)
        self.machine.write("/etc/gapps-hooks/gapps-hooks.toml", text, mode=0o644)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``gapps-hooks`` in the view as root."""
        return self.machine.run(self.prefix / "bin" / "gapps-hooks", *words)

    def enable(self, *managers: str) -> None:
        """Have account managers call us, as people do it."""
        for manager in managers:
            options = ["--set-sha512"] if manager == "pam" else []
            done = self.command("enable", manager, *options)
            assert done.returncode == 0, done.stdout + done.stderr

    def hook(self, event: str, name: str) -> subprocess.CompletedProcess[str]:
        """Call a script of hooks.d by hand."""
        return self.machine.run(self.prefix / "share" / "gapps-hooks" / "hooks.d" / event, name)

    def adduser(self, name: str, full_name: str, password: str) -> None:
        """Add a person as an administrator does who sits at a terminal."""
        typed = [("New password: ", password), ("Retype.*: ", password)]
        command = ["/usr/sbin/adduser", "--gecos", full_name, name]
        assert self.machine.talk(command, typed) == 0

    def set_passwords(self, *lines: str) -> None:
        """Set passwords by chpasswd, which reads ``name:password`` lines on its stdin."""
        done = self.machine.run("/usr/sbin/chpasswd", text="".join(f"{line}\n" for line in lines))
        assert done.returncode == 0, done.stderr

    def waiting(self) -> Mapping[str, Mapping[str, Any]]:
        """What still has to be delivered, by name."""
        done = self.command("outbox", "list", "--json")
        assert done.returncode == 0, done.stderr
        return {entry["name"]: entry for entry in json.loads(done.stdout)}

    def state_bytes(self) -> bytes:
        """Everything in the state directory."""
        files = self.machine.path("/var/lib/gapps-hooks").rglob("*")
        return b"".join(file.read_bytes() for file in files if file.is_file())

    # --- Google's side ---------------------------------------------------------------------------

    def google_leaves(self) -> None:
        """Let nobody answer at Google's address."""
        if self._server is not None:
            self._server.stop()
        self._server = None

    def google_returns(self) -> None:
        """Answer again at the same address, knowing what was known."""
        port = int(self._endpoint.rpartition(":")[2])
        self._server = serve(self.google, port=port)

    def account(self, name: str) -> dict[str, Any] | None:
        """What Google has as ``name@example.org``."""
        for user in self.google.state()["users"]:
            if user["primaryEmail"] == f"{name}@example.org":
                found: dict[str, Any] = user
                return found
        return None

    def accounts(self) -> dict[str, str]:
        """Everybody at Google but the administrator: ``active`` or ``suspended``."""
        return {
            user["primaryEmail"].partition("@")[0]: "suspended" if user["suspended"] else "active"
            for user in self.google.state()["users"]
            if not user["isAdmin"]
        }

    def members(self, group: str) -> set[str]:
        """The addresses of a group at Google."""
        groups = {entry["email"]: entry for entry in self.google.state()["groups"]}
        return {member["email"] for member in groups[f"{group}@example.org"]["members"]}

    def accepts(self, name: str, password: str) -> bool:
        """Whether Google would let this person in with this password."""
        function, value = self.google.password_of(f"{name}@example.org") or (None, "")
        assert function == "crypt", f"the password of {name} came as {function}"
        return bool(sha512_crypt.verify(password, value))

    def writes(self) -> list[LoggedRequest]:
        """The requests that changed something, or were meant to."""
        return [entry for entry in self.google.requests if entry.call.rpartition(".")[2] in WRITES]

    def calls(self) -> list[str]:
        """The names of the requests that changed something, without those refused."""
        return [entry.call for entry in self.writes() if 200 <= entry.status < 300]
