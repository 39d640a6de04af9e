"""What the service manager hears of the agent, by its own protocol."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gapps_hooks.agent.notification import ServiceManager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5)
        yield listener


def test_each_step_is_told_in_the_words_of_sd_notify(manager: socket.socket) -> None:
    told = ServiceManager({"NOTIFY_SOCKET": manager.getsockname()})
    for step in (told.ready, told.alive, told.reloading, told.stopping):
        step()
    heard = [manager.recv(1000).decode().splitlines() for _ in range(4)]
    assert [lines[0] for lines in heard] == ["READY=1", "WATCHDOG=1", "RELOADING=1", "STOPPING=1"]
    assert heard[2][1].startswith("MONOTONIC_USEC=")


def test_what_is_wrong_is_one_line_of_the_status(manager: socket.socket) -> None:
    ServiceManager({"NOTIFY_SOCKET": manager.getsockname()}).ready("wrong\nWATCHDOG=trigger")
    assert manager.recv(1000) == b"READY=1\nSTATUS=taking events; wrong"


def test_an_address_with_an_at_sign_is_in_the_abstract_namespace() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        name = f"gapps-hooks-{os.getpid()}"
        listener.bind(f"\0{name}")
        listener.settimeout(5)
        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).ready()
        assert listener.recv(1000).startswith(b"READY=1")


def test_without_a_service_manager_nothing_is_told_and_nothing_is_wrong() -> None:
    alone = ServiceManager({})
    alone.ready()
    assert (alone.watchdog, alone.listener()) == (None, None)


def test_a_service_manager_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()


def test_signs_of_life_come_twice_as_often_as_they_have_to() -> None:
    mine = {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}
    assert ServiceManager(mine).watchdog == 15.0
    assert ServiceManager({**mine, "WATCHDOG_PID": "1"}).watchdog is None


def test_a_socket_that_was_meant_for_another_process_is_not_taken() -> None:
    assert ServiceManager({"LISTEN_FDS": "1", "LISTEN_PID": "1"}).listener() is None
