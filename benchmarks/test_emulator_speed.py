"""How much the emulator can take: requests a second, waiting clients, a large organisation.

Nothing is asserted about time or memory: the tables are for people. It must not know how the
emulator answers.
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

import load
import pytest
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from installed import ADMIN
from rich.console import Console
from rich.table import Table

SCOPES: Final = ["https://www.googleapis.com/auth/admin.directory.user"]
DIRECTORY: Final = "/admin/directory/v1"
PAGE: Final = 500
#: Requests of the quota that a project has: 2,400 a minute.
QUOTA_RATE: Final = 40
LATENCY: Final = 0.1
_URL: Final = re.compile(r"answers at (\S+), its controls at (\S+)\.")


@dataclass(frozen=True, slots=True)
class Running:
    """An emulator in a process of its own."""

    url: str
    control_url: str
    token: str
    process: int
    seconds_to_start: float

    def set_latency(self, seconds: float) -> None:
        """Let each request take so much longer."""
        request = urllib.request.Request(
            f"{self.control_url}/switches",
            json.dumps({"latency": seconds}).encode(),
            method="PATCH",
        )
        urllib.request.urlopen(request).close()

    def get(self, path: str, connections: int, requests: int) -> load.Load:
        """Get something many times, signed in."""
        url = f"{self.url}{DIRECTORY}{path}"
        return load.get(url, self.token, connections=connections, requests=requests)

    def read(self, path: str) -> dict[str, Any]:
        """Get something once, and return it."""
        headers = {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(f"{self.url}{DIRECTORY}{path}", headers=headers)
        with urllib.request.urlopen(request) as answer:
            page: dict[str, Any] = json.load(answer)
        return page

    def peak(self) -> float:
        """Return the most memory that it ever held, in MiB."""
        status = Path("/proc", str(self.process), "status").read_text("ascii")
        [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", status)
        return int(kilobytes) / 1024


@contextmanager
def emulator(folder: Path, people: int, groups: int = 0) -> Iterator[Running]:
    """Run an emulator on the last of our processors, and ourselves on the others."""
    ours = os.sched_getaffinity(0)
    its = {max(ours)}
    key = folder / "key.json"
    program = Path(sys.prefix, "bin", "gapps-hooks")
    words = ["--people", str(people), "--groups", str(groups), "--locales", "de_DE,ja_JP"]
    os.sched_setaffinity(0, its)
    start = time.perf_counter()
    process = subprocess.Popen(
        [program, "emulate", "--port", "0", "--control-port", "0", "--key-file", key, *words],
        stdout=subprocess.PIPE,
        text=True,
    )
    os.sched_setaffinity(0, ours - its or ours)
    try:
        assert process.stdout is not None
        match = _URL.search(process.stdout.readline())
        assert match is not None
        while not process.stdout.readline().startswith("Ctrl-C"):
            pass
        took = time.perf_counter() - start
        yield Running(match[1], match[2], _token(key), process.pid, took)
    finally:
        process.terminate()
        process.communicate()
        os.sched_setaffinity(0, ours)


def _token(key: Path) -> str:
    credentials = service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call] # it has no types
        str(key), scopes=SCOPES, subject=ADMIN
    )
    credentials.refresh(Request())
    return str(credentials.token)


def show(title: str, *rows: tuple[str, str]) -> None:
    table = Table("", "", title=title)
    for row in rows:
        table.add_row(*row)
    print()
    Console(width=100).print(table)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with emulator(tmp_path_factory.mktemp("emulator"), people=1000) as running:
        yield running


def test_requests_a_second(small: Running) -> None:
    address = ADMIN.replace("@", "%40")
    small.get(f"/users/{address}", connections=8, requests=500)
    done = small.get(f"/users/{address}", connections=8, requests=6000)
    assert done.statuses == {200}
    show(
        "One user by address, 8 kept connections, one processor",
        ("requests a second", f"{done.rate:,.0f}"),
        ("half of them within", f"{done.share(0.5) * 1000:.1f} ms"),
        ("99 of 100 within", f"{done.share(0.99) * 1000:.1f} ms"),
    )


def test_waiting_clients_do_not_queue(small: Running) -> None:
    small.set_latency(LATENCY)
    done = small.get(f"/users/{ADMIN}", connections=QUOTA_RATE, requests=QUOTA_RATE * 10)
    small.set_latency(0.0)
    assert done.statuses == {200}
    show(
        f"{QUOTA_RATE} clients at once, each request taking {LATENCY * 1000:.0f} ms more",
        ("requests a second", f"{done.rate:,.0f}"),
        ("99 of 100 within", f"{done.share(0.99) * 1000:.0f} ms"),
        ("beside one without company", f"{done.share(0.99) / LATENCY:.2f} times"),
    )


def test_a_large_organisation(tmp_path: Path) -> None:
    people, groups = 100_000, 10_000
    with emulator(tmp_path, people, groups) as running:
        token, found = "", 0
        pages: list[float] = []
        while token or not pages:
            start = time.perf_counter()
            path = f"/users?customer=my_customer&maxResults={PAGE}&pageToken={token}"
            page = running.read(path)
            pages.append(time.perf_counter() - start)
            token, found = page.get("nextPageToken", ""), found + len(page["users"])
        single = running.get(f"/users/{ADMIN}", connections=8, requests=2000)
        peak = running.peak()
    assert found == people + 1
    assert len(pages) == people // PAGE + 1
    tenth = len(pages) // 10
    first, last = sorted(pages[:tenth]), sorted(pages[-tenth - 1 : -1])
    show(
        f"{people:,} people, {groups:,} groups",
        ("made up and served within", f"{running.seconds_to_start:.1f} s"),
        ("memory at its peak", f"{peak:,.0f} MiB"),
        ("requests a second, one user", f"{single.rate:,.0f}"),
        (f"a page of {PAGE}, first tenth", f"{first[tenth // 2] * 1000:.1f} ms"),
        (f"a page of {PAGE}, last tenth", f"{last[tenth // 2] * 1000:.1f} ms"),
    )
