"""The demonstration: everything that it tells is so, and it would say if it were not."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from gapps_hooks.demo.telling import Teller


def test_the_whole_day_is_as_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-m", "gapps_hooks", "demo"],
        capture_output=True,
        text=True,
        env={"PATH": os.defpath, "TMPDIR": str(tmp_path), "COLUMNS": "120"},
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT SO" not in done.stdout
    assert "claims held" in done.stdout
    assert "horse" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_command_has_its_time_beside_it_and_what_it_prints_below() -> None:
    output = io.StringIO()
    teller = Teller(Console(file=output, width=100))
    teller.command("one")
    teller.answer("a\nb\n", 1, 0.5)
    teller.command("two")
    teller.answer("", 0, 1.0)
    assert output.getvalue() == "  $ one  (0.5 s, exit 1)\n    a\n    b\n  $ two  (1.0 s)\n"


def test_a_claim_that_does_not_hold_is_shown_and_counted() -> None:
    output = io.StringIO()
    teller = Teller(Console(file=output, width=100))
    teller.claim("water is wet", holds=True)
    teller.claim("the earth is flat", holds=False)
    teller.end(1.0)
    assert teller.failed == ["the earth is flat"]
    assert "NOT SO: the earth is flat" in output.getvalue()
    assert "1 claims do not hold" in output.getvalue()
