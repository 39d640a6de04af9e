"""Which process runs which tests, where several do; it must not know what is tested.

A file's tests stay together and in order. Those that play with Linux accounts take one lock and
hardly compute: one process has all of them, and does not count among the others.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]  # xdist has no types
from xdist.scheduler import (  # type: ignore[import-untyped]  # xdist has no types
    LoadFileScheduling,
    Scheduling,
)

#: What is in the names of files whose tests play with Linux accounts.
LINUX = "linux"


class LinuxTogether(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a whole file to a process, and to one of them every file of Linux accounts."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return LINUX if LINUX in file else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Distribute the tests."""
    return LinuxTogether(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Count the processes: as many as there are cores, and the one with the Linux accounts."""
    return 1 + (os.cpu_count() or 1)


@pytest.fixture(autouse=True)
def one_at_a_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let only one test on this machine play with Linux accounts, whichever process runs it.

    userdel refuses to remove somebody of whom a process runs, and looks into all of /proc.
    """
    if LINUX not in request.path.name:
        yield
        return
    with Path(tempfile.gettempdir(), "gapps-hooks-accounts.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
