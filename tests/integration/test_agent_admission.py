"""Whom the agent lets in, and where its socket is."""

from __future__ import annotations

import grp
import os
import socket
import stat
from pathlib import Path

import pytest

from gapps_hooks.agent.admission import Admission, Peer, peer_of
from gapps_hooks.agent.listening import CannotListen, Door, socket_path
from gapps_hooks.errors import BadSettings

OTHER = 54_321


def test_root_and_the_agents_own_user_are_let_in_and_others_are_not() -> None:
    admission = Admission.of(())
    assert admission.admits(Peer(uid=0, gids=frozenset()))
    assert admission.admits(Peer(uid=os.geteuid(), gids=frozenset()))
    assert not admission.admits(Peer(uid=OTHER, gids=frozenset({0, OTHER})))


def test_members_of_an_allowed_group_are_let_in() -> None:
    group = grp.getgrgid(0).gr_name
    assert Admission.of([group]).admits(Peer(uid=OTHER, gids=frozenset({0})))
    assert not Admission.of([group]).admits(Peer(uid=OTHER, gids=frozenset({OTHER})))


def test_a_group_that_is_not_there_is_named() -> None:
    with pytest.raises(BadSettings, match=r"allow_groups.*'?no-such-group'?.*not a group"):
        Admission.of(["no-such-group"])


def test_the_kernel_tells_who_calls_with_all_groups() -> None:
    here, there = socket.socketpair()
    with here, there:
        peer = peer_of(here)
    assert peer.uid == os.geteuid()
    assert {os.getegid(), *os.getgroups()} <= peer.gids


def test_the_socket_is_where_hooks_look_for_it() -> None:
    default = Path("/etc/gapps-hooks/gapps-hooks.toml")
    assert socket_path(default, {}) == Path("/run/gapps-hooks/agent.sock")
    assert socket_path(Path("/srv/a.toml"), {}) == Path("/srv/a.toml.sock")
    assert socket_path(default, {"GAPPS_HOOKS_SOCKET": "/srv/s"}) == Path("/srv/s")


def test_the_socket_is_for_owner_and_group_and_goes_when_it_is_closed(tmp_path: Path) -> None:
    door = Door(tmp_path / "new" / "agent.sock")
    assert stat.S_IMODE(door.path.stat().st_mode) == 0o660
    door.close()
    assert not door.path.exists()


@pytest.mark.parametrize("groups", [(), (OTHER,), (OTHER, OTHER + 1, OTHER + 2)])
def test_every_allowed_group_can_reach_it(tmp_path: Path, groups: tuple[int, ...]) -> None:
    if groups and os.geteuid():
        groups = (os.getegid(),)
    door = Door(tmp_path / "agent.sock")
    door.let(groups)
    status = door.path.stat()
    assert stat.S_IMODE(status.st_mode) == 0o660
    assert not groups or status.st_gid == groups[0]
    if groups[1:]:
        raw = os.getxattr(door.path, "system.posix_acl_access")
        assert all(number.to_bytes(4, "little") in raw for number in groups[1:])
    door.let(())
    door.close()


def test_a_group_to_which_the_agents_user_may_not_give_it_is_said_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o711)
    monkeypatch.chdir(tmp_path)
    door, user = Door(Path("agent.sock")), os.geteuid()
    if user == 0:
        os.chown(door.path, OTHER, -1)
        os.seteuid(OTHER)
    try:
        with pytest.raises(CannotListen, match=r"Operation not permitted.*SupplementaryGroups"):
            door.let((OTHER + 1,))
    finally:
        os.seteuid(user)
        door.close()


def test_what_a_dead_agent_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))
    door = Door(path)
    door.close()
    assert not path.exists()


def test_a_living_agents_socket_is_left_to_it(tmp_path: Path) -> None:
    first = Door(tmp_path / "agent.sock")
    with pytest.raises(CannotListen, match="another agent listens there"):
        Door(first.path)
    first.close()


def test_a_socket_that_another_has_put_there_meanwhile_stays(tmp_path: Path) -> None:
    first = Door(tmp_path / "agent.sock")
    first.path.rename(tmp_path / "moved.sock")
    second = Door(tmp_path / "agent.sock")
    first.close()
    assert second.path.exists()
    second.close()


def test_a_directory_that_others_may_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o770)
    with pytest.raises(CannotListen, match="could put their own socket there; run: chown root"):
        Door(tmp_path / "agent.sock")


def test_a_place_that_is_no_place_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotListen, match="No such file or directory; the agent's socket"):
        Door(tmp_path / "no" / "where" / "agent.sock")
    with pytest.raises(CannotListen, match="socket goes there"):
        Door(tmp_path / ("x" * 120))
