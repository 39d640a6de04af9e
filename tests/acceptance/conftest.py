"""A throw-away view of this machine, in which the system's own programs may change anything.

A mount namespace lays an empty layer over every directory that account programs write to, so
that useradd, adduser, passwd and the like run for real while the machine itself stays as it is.
Needs root and Debian's programs; what is missing fails the test, it never skips it.
"""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from linux_chain import Chain, fingerprint, install

#: Everything below these may be written inside and stays unwritten outside.
LAYERED = ("/etc", "/home", "/run", "/usr/local", "/usr/share/pam-configs", "/var")

PROGRAMS = (
    *("/usr/sbin/useradd", "/usr/sbin/userdel", "/usr/sbin/adduser", "/usr/sbin/deluser"),
    *("/usr/bin/passwd", "/usr/sbin/chpasswd", "/usr/sbin/pam-auth-update", "/usr/bin/logger"),
    *("/usr/bin/nsenter", "/usr/bin/unshare", "/usr/bin/setsid", "/usr/bin/setpriv"),
)

# Whoever ends the tests by force ends what they started, too.
DYING_WITH_US = ("/usr/bin/setpriv", "--pdeathsig", "KILL", "--")

# Builds the view, says so, and listens as the system's log until it is ended.
HOLDER = r"""
import pathlib, socket, subprocess, sys
def do(line):
    subprocess.run(["/bin/sh", "-ec", line], check=True)
layer, log, *directories = sys.argv[1:]
do(f"mount -t tmpfs -o mode=755 none '{layer}'")
do(f"mkdir '{layer}/dev'; cd '{layer}/dev'; mkdir pts shm; mount --rbind /dev/pts pts;"
   "for d in null zero full random urandom tty; do cp -a /dev/$d $d; done;"
   "ln -s pts/ptmx ptmx; ln -s /proc/self/fd fd")
for number, directory in enumerate(directories):
    do(f"mkdir '{layer}/up{number}' '{layer}/work{number}';"
       f"mount -t overlay overlay '{directory}' -o "
       f"'lowerdir={directory},upperdir={layer}/up{number},workdir={layer}/work{number}'")
do(f"mount --rbind '{layer}/dev' /dev")
# an order to the machine's own systemd would be carried out outside
do("rm -rf /run/systemd")
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind("/dev/log")
pathlib.Path("/dev/log").chmod(0o666)
print("ready", flush=True)
with open(log, "a", buffering=1) as file:
    while True:
        print(listener.recv(65536).decode(errors="replace"), file=file)
"""

MANAGE = """
import json, pathlib, sys
from gapps_hooks import managers
verb, name, hooks, options = json.loads(sys.argv[1])
program = pathlib.Path(sys.executable).with_name("gapps-hooks")
callee = managers.Callee(hooks=pathlib.Path(hooks), program=program, **options)
lines = managers.enable(name, callee) if verb == "enable" else managers.disable(name)
print(*lines, sep="\\n")
"""


class Machine:
    """The view: run programs in it, and read and write its files under ``root``."""

    def __init__(self, holder: int, log: Path, hooks: Path) -> None:
        #: The view's file system as seen from here.
        self.root = Path(f"/proc/{holder}/root")
        #: The directory of hook scripts that ``enable`` wires up.
        self.hooks = hooks
        self._log = log
        self._enter = ("/usr/bin/nsenter", "-t", str(holder), "-m", "--")

    def run(
        self, *command: str | Path, text: str = "", environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as root with this text on its stdin, for at most a minute."""
        return subprocess.run(
            [*self._enter, *command],
            input=text,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"} | (environment or {}),
            timeout=60,
            check=False,
        )

    def entering(self, *command: str) -> list[str]:
        """The command that runs this one in the view, for who wants to look after it himself."""
        return [*DYING_WITH_US, *self._enter, *command]

    def shell(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell as root."""
        return self.run("/bin/sh", "-c", line)

    def must(self, line: str) -> str:
        """Run a line of shell as root that has to succeed; return what it printed."""
        done = self.shell(line)
        assert done.returncode == 0, f"{line}: {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def path(self, absolute: str | Path) -> Path:
        """Return where a file of the view can be read and written from here."""
        return self.root / str(absolute).removeprefix("/")

    def write(self, absolute: str | Path, text: str, mode: int = 0o755) -> None:
        """Put a file into the view, with the directories above it."""
        path = self.path(absolute)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def enable(self, manager: str, **options: bool | str) -> str:
        """Do ``gapps-hooks enable MANAGER`` for the hooks of this view; return its lines."""
        return self._manage("enable", manager, options)

    def disable(self, manager: str) -> str:
        """Do ``gapps-hooks disable MANAGER``; return its lines."""
        return self._manage("disable", manager, {})

    def talk(
        self, command: Sequence[str], answers: Sequence[tuple[str, str]], user: str = "root"
    ) -> int:
        """Run a program on a terminal as that user; answer its prompts; return its exit status.

        ``answers`` are pairs of a regular expression for the prompt and the line to type.
        """
        controller, terminal = os.openpty()
        become = ["/usr/bin/setpriv", "--reuid", user, "--regid", user, "--init-groups", "--"]
        login = ["/usr/bin/setsid", "--ctty", "--wait", *(become if user != "root" else [])]
        with subprocess.Popen(
            [*self._enter, *login, *command], stdin=terminal, stdout=terminal, stderr=terminal
        ) as process:
            os.close(terminal)
            try:
                for prompt, answer in answers:
                    _await(controller, prompt)
                    os.write(controller, f"{answer}\n".encode())
                _drain(controller, process)
            finally:
                os.close(controller)
            return process.wait(30)

    def passwd(self, user: str, old: str, new: str) -> int:
        """Have a person change his own password with passwd; return its exit status."""
        prompts = [("[Cc]urrent password: ", old), ("New password: ", new), ("Retype.*: ", new)]
        return self.talk(["/usr/bin/passwd"], prompts, user=user)

    def fill(self, directory: str | Path) -> None:
        """Make the directory a disk with no byte left."""
        place = shlex.quote(str(directory))
        self.must(f"mkdir -p {place} && mount -t tmpfs -o size=16k,nr_inodes=8 none {place}")
        self.shell(
            f"cat /dev/zero >{place}/filler; for n in 1 2 3 4 5 6 7 8; do : >{place}/$n; done"
        )

    def freeze(self, directory: str | Path) -> None:
        """Make the directory read-only, also for root."""
        place = shlex.quote(str(directory))
        self.must(f"mkdir -p {place} && mount --bind {place} {place}")
        self.must(f"mount -o remount,bind,ro {place}")

    def accounts(self) -> set[str]:
        """Return the names in the view's /etc/passwd."""
        return {line.split(":")[0] for line in self.path("/etc/passwd").read_text().splitlines()}

    def stored_hash(self, user: str) -> str:
        """Return what the view's /etc/shadow holds as the person's password."""
        lines = self.path("/etc/shadow").read_text().splitlines()
        return next(line.split(":")[1] for line in lines if line.startswith(f"{user}:"))

    def syslog(self) -> str:
        """Return what was written to the view's system log."""
        return self._log.read_text() if self._log.exists() else ""

    def _manage(self, verb: str, manager: str, options: dict[str, bool | str]) -> str:
        order = json.dumps([verb, manager, str(self.hooks), options])
        done = self.run(sys.executable, "-I", "-c", MANAGE, order)
        assert done.returncode == 0, done.stderr
        return done.stdout


def _await(terminal: int, prompt: str, seconds: float = 30.0) -> None:
    seen, end = "", time.monotonic() + seconds
    while not re.search(prompt, seen):
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"waited for {prompt!r}, saw {seen!r}"
        try:
            seen += os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            pytest.fail(f"waited for {prompt!r}, saw {seen!r} and the end")


def _drain(terminal: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                os.read(terminal, 4096)
            except OSError:
                return


@pytest.fixture
def machine(installation: Path, tmp_path: Path) -> Iterator[Machine]:
    """A fresh view of this machine whose hooks are those of the made-up installation."""
    if os.geteuid() != 0:
        pytest.fail("acceptance tests need root, for a mount namespace of their own")
    if missing := [name for name in PROGRAMS if not Path(name).exists()]:
        pytest.fail(f"acceptance tests need Debian's {', '.join(missing)}")
    layer, log = tmp_path / "layer", tmp_path / "syslog"
    layer.mkdir()
    command = ["/usr/bin/unshare", "--mount", "--propagation", "private", sys.executable, "-I"]
    with subprocess.Popen(
        [*DYING_WITH_US, *command, "-c", HOLDER, str(layer), str(log), *LAYERED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stderr is not None
        if holder.stdout.readline() != "ready\n":
            pytest.fail(f"no view of this machine: {holder.stderr.read()}")
        try:
            yield Machine(holder.pid, log, installation / "share" / "gapps-hooks" / "hooks.d")
        finally:
            holder.kill()


@pytest.fixture(scope="session", autouse=True)
def _untouched_outside() -> Iterator[None]:
    before = fingerprint()
    yield
    assert fingerprint() == before


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prefix of a whole installation of what is in this checkout."""
    return install(tmp_path_factory.mktemp("installed") / "prefix")


@pytest.fixture
def chain(machine: Machine, installed: Path) -> Iterator[Chain]:
    """An organisation whose accounts are those of the view, with an emulated Google."""
    organisation = Chain(machine, installed)
    try:
        yield organisation
    finally:
        organisation.google_leaves()
