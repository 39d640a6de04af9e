"""Real processes of other users before a real agent: the kernel says who they are."""

from __future__ import annotations

import grp
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from real_hooks import Site
from resident import Resident

OTHER = 54_321
#: Two groups that every system has, whichever they are.
FIRST, SECOND, THIRD = [one for one in grp.getgrall() if one.gr_gid][:3]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def site(site: Site, tmp_path: Path) -> Site:
    names = [FIRST.gr_name, SECOND.gr_name]
    site.configure(more=f"[agent]\nallow_groups = {names}\n")
    for parent in tmp_path.parents:
        if parent.name.startswith(("pytest-", "popen-")):
            parent.chmod(0o711)
    tmp_path.chmod(0o711)
    return site


@contextmanager
def acting_as(uid: int, *groups: int) -> Iterator[None]:
    """Be before the kernel what a process of somebody else would be."""
    before = os.getgroups()
    os.setgroups(groups)
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(before)


@pytest.mark.parametrize("group", [FIRST, SECOND], ids=["the first group", "another group"])
def test_a_member_of_an_allowed_group_hands_over_events(
    agent: Resident, group: grp.struct_group
) -> None:
    message = agent.message("user-add", "alice", {"family_name": "Example"})
    with acting_as(OTHER, THIRD.gr_gid, group.gr_gid):
        answers = agent.tell(message)
    assert not any("declined" in one for one in answers)
    assert agent.site.created() == ["alice"]


@pytest.mark.parametrize("groups", [(), (THIRD.gr_gid,)], ids=["of no group", "of another group"])
def test_who_is_in_none_of_them_does_not_reach_the_socket(
    agent: Resident, groups: tuple[int, ...]
) -> None:
    with acting_as(OTHER, *groups), pytest.raises(PermissionError):
        agent.tell(agent.message("user-add", "alice", {}))


def test_who_reaches_it_all_the_same_is_told_why_nothing_is_taken(agent: Resident) -> None:
    agent.socket.chmod(0o666)
    with acting_as(OTHER, THIRD.gr_gid):
        (answer,) = agent.tell(agent.message("user-add", "alice", {}))
    assert f"user {OTHER} may not hand over events here" in str(answer)
    assert agent.site.created() == []
