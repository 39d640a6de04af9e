"""The unit file is one that systemd takes, and says what it has to."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "docs" / "systemd" / "gapps-hooks.service"
PROGRAM = "/opt/gapps-hooks/bin/gapps-hooks"
ANALYZE = shutil.which("systemd-analyze")


class _Unit(configparser.ConfigParser):
    """systemd.syntax(7), as far as this file uses it."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture
def unit() -> _Unit:
    parsed = _Unit(strict=True, interpolation=None)
    parsed.read_string(UNIT.read_text())
    return parsed


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    there = tmp_path / UNIT.name
    there.write_text(UNIT.read_text().replace(PROGRAM, "/bin/true"))
    command = [str(ANALYZE), "verify", "--man=no", str(there)]
    verified = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    ours = [line for line in verified.stderr.splitlines() if UNIT.stem in line]
    assert (verified.returncode, ours) == (0, [])


def test_it_starts_the_agent_and_asks_for_readiness_and_signs_of_life(unit: _Unit) -> None:
    service = unit["Service"]
    assert service["ExecStart"] == f"{PROGRAM} agent"
    assert (service["Type"], service["WatchdogSec"]) == ("notify", "60")
    assert service["ExecReload"].endswith("-HUP $MAINPID")
    assert service["RestartPreventExitStatus"] == "75"


def test_it_may_do_little_and_says_what_reading_shadow_takes(unit: _Unit) -> None:
    service = unit["Service"]
    assert service["CapabilityBoundingSet"] == "CAP_DAC_READ_SEARCH CAP_CHOWN"
    assert (service["NoNewPrivileges"], service["ProtectSystem"]) == ("true", "strict")
    assert (service["LimitCORE"], service["RuntimeDirectory"]) == ("0", "gapps-hooks")
    assert "CAP_DAC_READ_SEARCH is what reading /etc/shadow takes" in UNIT.read_text()
