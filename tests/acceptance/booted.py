"""systemd as the first process of a view of this machine: units are started for real.

It must not know which units, nor what they do. Nothing of the machine's own is started: what its
targets want and what generators would make of /etc/fstab is hidden.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from conftest import Machine

SYSTEMD: Final = Path("/lib/systemd/systemd")
PATIENCE: Final = 60.0
_CGROUPS: Final = "/run/gapps-hooks-test-cgroups"

# A group of processes of its own, in which systemd makes those of its services.
_OUTSIDE = """
mkdir -p "$1"; mount -t cgroup2 none "$1"; mkdir -p "$1/$2"; echo $$ >"$1/$2/cgroup.procs"
exec unshare --fork --kill-child --pid --mount --cgroup --uts --ipc sh -euc "$3"
"""
_INSIDE = """
mount -t proc none /proc
mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys
mount -t cgroup2 none /sys/fs/cgroup
rm -rf /etc/systemd/system/*.wants
for hidden in /lib/systemd/system/*.wants /lib/systemd/*-generators; do
    mount -t tmpfs -o ro none "$hidden"
done
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
    setpriv --bounding-set=-sys_boot,-sys_module,-sys_time \\
    /lib/systemd/systemd --system --unit=basic.target
"""


class Booted:
    """The running systemd."""

    def __init__(self, machine: Machine, pid: int) -> None:
        self.machine = machine
        self._enter = ("/usr/bin/nsenter", "-t", str(pid), "-m", "-p", "--")

    def systemctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run systemctl for at most a minute."""
        return subprocess.run(
            [*self._enter, "/usr/bin/systemctl", *words],
            capture_output=True,
            text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            timeout=PATIENCE,
            check=False,
        )

    def must(self, *words: str) -> str:
        """Run systemctl, which has to succeed; return what it printed."""
        done = self.systemctl(*words)
        shown = "" if done.returncode == 0 else self.systemctl("status", "--lines=0", "*").stdout
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}{shown}"
        return done.stdout

    def told(self, unit: str, what: str) -> str:
        """Return a property of a unit."""
        return self.must("show", "--property", what, "--value", unit).strip()

    def becomes(self, unit: str, **expected: str) -> None:
        """Wait until properties of a unit have these values."""
        end = time.monotonic() + PATIENCE
        while (found := {what: self.told(unit, what) for what in expected}) != expected:
            assert time.monotonic() < end, found
            time.sleep(0.1)


@contextmanager
def booted(machine: Machine, name: str) -> Iterator[Booted]:
    """Boot systemd in a view; it fails the test, and never skips it, where that is not possible."""
    if not SYSTEMD.exists():
        pytest.fail(f"this test needs {SYSTEMD}, of Debian's package systemd")
    command = machine.entering("/bin/sh", "-euc", _OUTSIDE, "sh", _CGROUPS, name, _INSIDE)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as outside:
        try:
            yield Booted(machine, _first_process(machine, outside))
        finally:
            outside.kill()
            outside.wait()
            machine.shell(f"sleep 0.2; find {_CGROUPS}/{name} -depth -type d -exec rmdir {{}} +")


def _first_process(machine: Machine, outside: subprocess.Popen[str]) -> int:
    """Wait until systemd answers; return its number."""
    end = time.monotonic() + PATIENCE
    while not machine.path("/run/systemd/private").exists():
        assert outside.stderr is not None
        if outside.poll() is not None or time.monotonic() > end:
            outside.kill()
            pytest.fail(f"systemd does not boot here: {outside.stderr.read()}")
        time.sleep(0.05)
    return int(Path(f"/proc/{outside.pid}/task/{outside.pid}/children").read_text().split()[0])
