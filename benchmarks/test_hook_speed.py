"""What a hook without an agent costs in time, beside the least that any script would cost.

Nothing is asserted about time: the tables are for people. It must not know why it takes so long.
"""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path
from typing import Final

import bare_call
from installed import ADMIN, DOMAIN, PYTHON, Installed, installed
from rounds import run_in_turn

#: Seconds that the emulated Google takes for each request.
LATENCY: Final = 0.1
NAMES: Final = {"given_name": "Alice", "family_name": "Example"}


def test_whole_hook(tmp_path: Path) -> None:
    with (
        installed(tmp_path, latency=LATENCY) as site,
        bare_call.users(str(site.key), site.url, ADMIN) as users,
    ):
        numbers = itertools.count()
        run_in_turn(
            f"One user added, each request taking {LATENCY * 1000:.0f} ms more",
            {
                "hook: token and call": lambda: site.hook(
                    "user-add", f"hook-{next(numbers)}", payload=NAMES
                ),
                "bare script: token and call": lambda: _run_bare(site, f"bare-{next(numbers)}"),
                "warm connection: call": lambda: bare_call.add(
                    users, f"warm-{next(numbers)}@{DOMAIN}"
                ),
            },
        )
        calls = site.emulator.requests.counts()
    assert calls["users.insert"] == next(numbers)


def _run_bare(site: Installed, name: str) -> None:
    words = [str(site.key), site.url, ADMIN, f"{name}@{DOMAIN}"]
    subprocess.run([PYTHON, "-I", bare_call.__file__, *words], check=True, timeout=60)


def test_without_google(tmp_path: Path) -> None:
    with installed(tmp_path) as site:
        numbers = itertools.count()
        run_in_turn(
            "Nothing is sent",
            {
                "hook: recorded for later (--defer)": lambda: site.hook(
                    "user-add", "--defer", "3600", f"user-{next(numbers)}"
                ),
                "hook: the same event again": lambda: site.hook("user-add", "alice", payload=NAMES),
                "python -I -S -c ''": lambda: subprocess.run(
                    [PYTHON, "-I", "-S", "-c", ""], check=True, timeout=60
                ),
            },
        )
        assert site.emulator.requests.counts() == {"token": 1, "users.insert": 1}
