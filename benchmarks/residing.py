"""The agent of an installation, run as its own process while things are measured.

It must not know what is measured.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from installed import PYTHON, Installed

_STARTS_WITHIN: Final = 20.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Residing:
    """One agent."""

    def __init__(self, site: Installed, process: subprocess.Popen[bytes]) -> None:
        self.site, self._process = site, process
        self.socket = Path(f"{site.settings}.sock")

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def cpu(self) -> float:
        """Seconds of processor time that it has used, in all threads (proc_pid_stat(5))."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def memory(self) -> float:
        """The most memory that it ever had, in megabytes (proc_pid_status(5), VmHWM)."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        (line,) = (line for line in text.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def wait(self) -> None:
        """Wait until it takes events."""
        end = time.monotonic() + _STARTS_WITHIN
        while time.monotonic() < end:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel, suppress(OSError):
                channel.connect(str(self.socket))
                return
            time.sleep(0.02)
        raise TimeoutError("the agent did not start")


@contextmanager
def residing(site: Installed) -> Iterator[Residing]:
    """Run the agent of an installation."""
    command = [str(PYTHON), "-I", "-m", "gapps_hooks", "--settings", str(site.settings), "agent"]
    with subprocess.Popen(
        command, env={"PATH": "/usr/bin:/bin"}, stderr=subprocess.DEVNULL
    ) as process:
        try:
            agent = Residing(site, process)
            agent.wait()
            yield agent
        finally:
            process.terminate()
            process.wait(30)
