"""The unit under a real systemd: readiness, signs of life, new settings, rights, the end."""

from __future__ import annotations

import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from booted import Booted, booted
from conftest import Machine
from linux_chain import CHECKOUT, Chain

UNIT = "gapps-hooks.service"
# What the tests run is below /tmp or /root, which the unit hides.
ADAPTED = "[Service]\nPrivateTmp=false\nProtectHome=read-only\nWatchdogSec=5\n"


@pytest.fixture
def systemd(machine: Machine, chain: Chain, tmp_path: Path) -> Iterator[Booted]:
    machine.must("groupadd google && useradd -c 'Alice Ng' -G google alice")
    chain.settle(enabled='group = "google"')
    unit = (CHECKOUT / "docs" / "systemd" / UNIT).read_text()
    unit = unit.replace("/opt/gapps-hooks/bin/", f"{chain.prefix}/bin/")
    machine.write(f"/etc/systemd/system/{UNIT}", unit, mode=0o644)
    adapt(machine, "adapted", ADAPTED)
    let_others_run(machine, chain.prefix)
    with booted(machine, f"gapps-hooks-{tmp_path.parent.name}-{tmp_path.name}") as systemd:
        yield systemd


def adapt(machine: Machine, name: str, text: str) -> None:
    """Add a drop-in to the unit."""
    machine.write(f"/etc/systemd/system/{UNIT}.d/{name}.conf", text, mode=0o644)


def let_others_run(machine: Machine, prefix: Path) -> None:
    """Open the ways to the program and to its interpreter, which may be in root's own home."""
    for parent in prefix.parents:
        if parent.is_relative_to(tempfile.gettempdir()) and parent != Path(tempfile.gettempdir()):
            parent.chmod(0o711)
    if Path(sys.base_prefix).is_relative_to("/root"):
        machine.must(
            "mkdir /run/home && mount -t tmpfs none /run/home && cd /run/home && mkdir up work &&"
            "mount -t overlay none /root -o lowerdir=/root,upperdir=up,workdir=work &&"
            "chmod 711 /root"
        )


def eventually(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def test_it_is_ready_when_it_takes_events_and_finishes_what_is_under_way(
    systemd: Booted, chain: Chain, machine: Machine
) -> None:
    machine.must("chmod 0 /etc/shadow")  # as on Red Hat's systems
    systemd.must("enable", "--now", UNIT)
    socket = machine.path("/run/gapps-hooks/agent.sock").stat()
    assert (stat.S_IMODE(socket.st_mode), socket.st_uid, socket.st_gid) == (0o660, 0, 0)
    assert "alice: created alice@example.org; " in chain.hook("user-add", "alice").stdout
    # what no hook tells is seen by the watcher
    machine.must("usermod -c 'Alice Ngo' alice")
    eventually(lambda: (chain.account("alice") or {})["name"]["familyName"] == "Ngo")
    chain.google.switches.set({"latency": 3.0})
    before = len(chain.writes())
    machine.must("usermod -c 'Alice Li' alice")
    time.sleep(1.5)
    systemd.must("stop", UNIT)
    assert len(chain.writes()) == before + 1
    assert chain.waiting() == {}
    assert systemd.told(UNIT, "Result") == "success"


def test_new_settings_are_taken_over_and_wrong_ones_are_shown(
    systemd: Booted, chain: Chain
) -> None:
    systemd.must("start", UNIT)
    assert systemd.told(UNIT, "StatusText") == "taking events"
    settings = chain.machine.path("/etc/gapps-hooks/gapps-hooks.toml")
    right = settings.read_text()
    settings.write_text(f"nonsense = 1\n{right}")
    systemd.must("reload", UNIT)
    eventually(lambda: "nonsense" in systemd.told(UNIT, "StatusText"))
    settings.write_text(right)
    systemd.must("reload", UNIT)
    systemd.becomes(UNIT, StatusText="taking events", ActiveState="active")


def test_one_that_hangs_or_dies_is_replaced(systemd: Booted, chain: Chain) -> None:
    systemd.must("start", UNIT)
    systemd.must("kill", "--signal=STOP", UNIT)
    systemd.becomes(UNIT, NRestarts="1", ActiveState="active")
    systemd.must("kill", "--signal=KILL", UNIT)
    systemd.becomes(UNIT, NRestarts="2", ActiveState="active")
    assert "alice: created alice@example.org; " in chain.hook("user-add", "alice").stdout


def test_one_of_its_own_user_watches_as_a_member_of_the_group_shadow(
    systemd: Booted, chain: Chain, machine: Machine
) -> None:
    machine.must("groupadd helpdesk && useradd --system --user-group deputy")
    machine.must("chown deputy /etc/gapps-hooks/service-account.json")
    settings = machine.path("/etc/gapps-hooks/gapps-hooks.toml")
    owned = settings.read_text().replace("[state]", '[state]\nowner = "deputy"')
    settings.write_text(f'{owned}\n[agent]\nallow_groups = ["helpdesk"]\n')
    adapt(machine, "user", "[Service]\nUser=deputy\nSupplementaryGroups=shadow\nRestart=no\n")
    systemd.must("daemon-reload")
    assert systemd.systemctl("start", UNIT).returncode != 0  # the socket is not its to give
    machine.must("usermod -aG helpdesk deputy")
    systemd.must("start", UNIT)
    machine.must("usermod -c 'Alice Ngo' alice")
    eventually(lambda: chain.accounts() == {"alice": "active"})
