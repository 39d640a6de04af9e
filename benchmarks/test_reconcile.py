"""What a reconcile of everybody costs: requests, our own processor time and memory, throughput.

Requests are exact everywhere and asserted, and memory with room above what was measured; times are
shown. It must not know how a reconcile does its work.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from linked import DOMAIN, Size, remember_all, write_settings, write_source
from rich.console import Console
from rich.table import Table

PROGRAM: Final = Path(sys.prefix, "bin", "gapps-hooks")
LATENCY: Final = 0.1
#: What Google allows a second: creations, and requests of any kind (2,400 a minute).
CREATIONS, QUOTA = 10, 40
#: Runs a command and writes what it took to a descriptor. The system counts what a process had
#: before it became the command, so that a large one must not be its parent.
_WITNESS: Final = """
import json, os, sys
_, status, usage = os.wait4(os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ), 0)
processor, memory = usage.ru_utime + usage.ru_stime, usage.ru_maxrss
told = json.dumps([os.waitstatus_to_exitcode(status), processor, memory])
os.write(int(sys.argv[1]), told.encode())
"""
_URL: Final = re.compile(r"answers at (\S+), its controls at (\S+)\.")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took."""

    status: int
    counts: dict[str, int]
    seconds: float
    #: Seconds of our own processor time, and MiB of memory at most.
    processor: float
    memory: float

    @property
    def requests(self) -> int:
        """Requests to the APIs, without those for tokens."""
        return sum(number for call, number in self.counts.items() if call != "token")

    @property
    def writes(self) -> int:
        """Requests that change something."""
        return sum(
            number
            for call, number in self.counts.items()
            if call.endswith((".insert", ".patch", ".delete"))
        )


class Google:
    """An emulator in a process of its own."""

    def __init__(self, url: str, control: str) -> None:
        self.url, self._control = url, control

    def counts(self) -> dict[str, int]:
        """Return how often each method was called since the last time."""
        with urllib.request.urlopen(f"{self._control}/requests") as answer:
            counts: dict[str, int] = json.load(answer)["counts"]
        self._send("DELETE", "/requests")
        return counts

    def set_latency(self, seconds: float) -> None:
        """Let each request take so much longer."""
        self._send("PATCH", "/switches", {"latency": seconds})

    def seed(self, file: Path) -> None:
        """Add what a file holds."""
        self._send("POST", "/seed", json.loads(file.read_text()))

    def _send(self, method: str, path: str, body: Any = None) -> None:  # noqa: ANN401 - JSON
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._control}{path}", data, method=method)
        urllib.request.urlopen(request).close()


@contextmanager
def google(folder: Path) -> Iterator[Google]:
    """Serve an emulated Google from another process."""
    key = folder / "key.json"
    words = ["--port", "0", "--control-port", "0", "--key-file", str(key), "--delegated"]
    process = subprocess.Popen([PROGRAM, "emulate", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        match = _URL.search(process.stdout.readline())
        assert match is not None
        while not process.stdout.readline().startswith("Ctrl-C"):
            pass
        yield Google(match[1], match[2])
    finally:
        process.terminate()
        process.communicate()


def reconcile(google: Google, settings: Path, *words: str) -> Cost:
    """Run the command in a process of its own, and see what it took."""
    google.counts()
    start = time.perf_counter()
    reading, writing = os.pipe()
    with (settings.parent / "output").open("w") as output, os.fdopen(reading) as told:
        command = [str(PROGRAM), "--settings", str(settings), "reconcile", *words]
        witness = [sys.executable, "-I", "-S", "-c", _WITNESS, str(writing), *command]
        subprocess.run(witness, stdout=output, stderr=output, pass_fds=[writing], check=True)
        os.close(writing)
        status, processor, memory = json.load(told)
    return Cost(
        status=status,
        counts=google.counts(),
        seconds=time.perf_counter() - start,
        processor=processor,
        memory=memory / 1024,
    )


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    headings = ("run", "subjects", "requests", "writes", "seconds", "processor s", "MiB")
    table = Table(*headings, title="A reconcile of everybody")
    yield table
    print()
    Console(width=120).print(table)


def _row(table: Table, what: str, subjects: int, cost: Cost) -> None:
    figures = (f"{cost.seconds:.1f}", f"{cost.processor:.1f}", f"{cost.memory:.0f}")
    table.add_row(what, str(subjects), str(cost.requests), str(cost.writes), *figures)


def _nothing_to_do(folder: Path, table: Table, size: Size) -> Cost:
    write_source(folder, size)
    with google(folder) as there:
        settings = write_settings(folder, there.url)
        seed = remember_all(folder, settings, size)
        there.seed(seed)
        cost = reconcile(there, settings)
    text = (folder / "output").read_text()
    assert cost.status == 0, text[-2000:]
    assert "nothing had to be changed" in text
    _row(table, "nothing to do", size.people + size.groups, cost)
    return cost


@pytest.mark.timeout(600)
def test_nothing_to_do_for_many_people_and_groups(tmp_path: Path, table: Table) -> None:
    cost = _nothing_to_do(tmp_path, table, Size(10_000, 1_000, 20))
    assert cost.writes == 0
    assert cost.requests == 21 + 5 + 1_000  # the administrator begins a 21st page of users
    assert cost.memory < 200


@pytest.mark.timeout(600)
def test_nothing_to_do_for_very_many_people(tmp_path: Path, table: Table) -> None:
    cost = _nothing_to_do(tmp_path, table, Size(100_000))
    assert cost.writes == 0
    assert cost.requests <= 205
    assert cost.memory < 400


@pytest.mark.timeout(600)
def test_the_first_synchronisation(tmp_path: Path, table: Table) -> None:
    size = Size(1_000, 50, 40)
    write_source(tmp_path, size)
    with google(tmp_path) as there:
        there.set_latency(LATENCY)
        settings = write_settings(tmp_path, there.url)
        cost = reconcile(there, settings)
    assert cost.status == 0, (tmp_path / "output").read_text()[-2000:]
    made = {"users.insert": 1_000, "groups.insert": 50, "members.insert": 2_000}
    assert {call: cost.counts[call] for call in made} == made
    whole = sum(made.values())
    assert cost.requests <= whole * 1.03
    _row(table, "first synchronisation, 100 ms latency", size.people + size.groups, cost)
    least = max(size.people / CREATIONS, whole / QUOTA)
    table.add_row(f"… {least / cost.seconds:.0%} of what the quotas allow", *[""] * 6)
    assert DOMAIN in (tmp_path / "output").read_text()
