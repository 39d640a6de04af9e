"""The demonstration with real Linux accounts, in a view of the machine that is thrown away."""

from __future__ import annotations

import subprocess
import sys

from gapps_hooks.demo.view import fingerprint


def test_real_accounts_are_followed_and_the_machine_stays_as_it_is() -> None:
    before = fingerprint()
    done = subprocess.run(
        [sys.executable, "-I", "-m", "gapps_hooks", "demo", "--linux"],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT SO" not in done.stdout
    assert "This machine's own accounts are as they were" in done.stdout
    assert "claims held" in done.stdout.splitlines()[-1]
    assert fingerprint() == before
