"""The agent's socket comes and goes, and nobody else's with it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gapps_hooks.agent.listening import CannotListen, Door


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path / "agent.sock"


def test_at_its_end_the_socket_is_gone(path: Path) -> None:
    door = Door(path)
    assert path.is_socket()
    door.close()
    assert not path.exists()
    door.close()


def test_a_socket_that_another_has_put_in_its_place_stays(path: Path) -> None:
    """Such as the next agent, where somebody took the first one's socket away."""
    door = Door(path)
    path.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(path))
        other.listen()
        door.close()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            caller.connect(str(path))


def test_one_that_nobody_listens_at_is_replaced_and_a_living_one_is_not(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))
    door = Door(path)
    with pytest.raises(CannotListen, match="another agent listens there"):
        Door(path)
    door.close()
