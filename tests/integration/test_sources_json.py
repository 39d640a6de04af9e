"""What a JSON listing answers, and when it answers nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import UNSET, Identity, Member, Role, StoredPassword
from gapps_hooks.settings import SourceSettings
from gapps_hooks.sources import JsonSource

LISTING: dict[str, Any] = {
    "users": [
        {"username": "alice", "given_name": "Alice", "id": "entryUUID:1", "password_hash": "$y$x"},
        {"username": "bob", "enabled": False, "email": None},
    ],
    "groups": [
        {"name": "staff", "members": ["alice", "bob"], "owners": []},
        {"name": "ops", "members": ["group:staff"], "owners": ["alice"]},
    ],
}
MOST = 1 << 20

List = Callable[[object], JsonSource]


@pytest.fixture
def listing(tmp_path: Path) -> List:
    def write(content: object) -> JsonSource:
        path = tmp_path / "list.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return JsonSource.of_file(path, max_bytes=MOST)

    return write


def program(tmp_path: Path, code: str) -> tuple[str, ...]:
    script = tmp_path / "list.py"
    script.write_text(code)
    return (sys.executable, "-I", "-S", str(script))


def output_of(command: tuple[str, ...], timeout: float = 20.0, max_bytes: int = MOST) -> JsonSource:
    return JsonSource.of_command(command, timeout=timeout, max_bytes=max_bytes)


def test_a_listed_person_is_active_unless_it_says_otherwise(listing: List) -> None:
    source = listing(LISTING)
    alice, bob = source.account("alice"), source.account("bob")
    assert alice is not None
    assert bob is not None
    assert (alice.enabled, alice.given_name, alice.email) == (True, "Alice", UNSET)
    assert alice.groups == ("staff", "ops")
    assert (bob.enabled, bob.email) == (False, None)
    assert source.account("carol") is None
    assert source.account_by(Identity("entryUUID", "1")) == alice
    assert source.account_by(Identity("entryUUID", "2")) is None
    assert source.stored_password("alice") == StoredPassword("$y$x")
    assert source.stored_password("bob") is None


def test_groups_have_their_members_and_roles(listing: List) -> None:
    source = listing(LISTING)
    staff, ops = source.group("staff"), source.group("ops")
    assert staff is not None
    assert ops is not None
    assert staff.members == (Member("alice"), Member("bob"))
    assert staff.unsaid_roles == {Role.MANAGER}
    assert ops.members == (Member("group:staff"), Member("alice", Role.OWNER))
    assert source.group("none") is None
    assert source.groups_with("alice") == ("staff", "ops")
    assert source.groups_with("carol") == ()


def test_names_are_complete(listing: List) -> None:
    source = listing(LISTING)
    assert source.account_names().names == ("alice", "bob")
    assert source.group_names().names == ("staff", "ops")
    assert source.account_names().complete
    assert source.group_names().complete


@pytest.mark.parametrize("content", ["", "{}", {"users": []}, {"users": [], "groups": []}])
def test_nothing_is_concluded_from_an_empty_listing(listing: List, content: object) -> None:
    source = listing(content)
    assert not source.account_names().complete
    assert not source.group_names().complete
    assert "nothing can be concluded" in source.account_names().why
    for question in (source.account, source.stored_password, source.group):
        with pytest.raises(SourceUnreadable, match="nothing can be concluded"):
            question("alice")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "cannot be used: it is not JSON"),
        ("[]", "cannot be used: it must be one JSON object"),
        ('{"users": [], "users": []}', "cannot be used: it has a key twice"),
        ("{}", "has no users"),
    ],
)
def test_what_is_wrong_with_the_whole_listing_is_said_with_its_file(
    listing: List, tmp_path: Path, content: str, why: str
) -> None:
    with pytest.raises(SourceUnreadable) as raised:
        listing(content).account("alice")
    assert str(raised.value).startswith(f"the listing of {tmp_path / 'list.json'} {why}")
    assert "payload" not in str(raised.value)


def test_without_groups_nothing_is_known_of_memberships(listing: List) -> None:
    alice = listing({"users": [{"username": "alice"}]}).account("alice")
    assert alice is not None
    assert alice.groups is UNSET
    alice = listing({"users": [{"username": "alice"}], "groups": []}).account("alice")
    assert alice is not None
    assert alice.groups is UNSET


def test_a_listing_without_groups_names_none_that_somebody_is_in(listing: List) -> None:
    contents: tuple[object, ...] = ({"users": [{"username": "a"}], "groups": []}, {"users": []})
    for content in contents:
        assert listing(content).groups_with("alice") == ()


def test_without_the_decisive_group_nobody_is_known_to_be_outside_of_it(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(LISTING))
    for decisive, complete in (("ops", True), ("google", False), (None, True)):
        source = JsonSource.of_file(path, max_bytes=MOST, decisive=decisive)
        alice = source.account("alice")
        assert alice is not None
        assert (alice.groups, alice.groups_complete) == (("staff", "ops"), complete)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"users": [{"username": "a"}, {"username": "b", "emial": "S3CRET"}]}, r"users\[1\].emial"),
        ({"users": [{"username": "a", "password_hash": ["S3CRET"]}]}, r"users\[0\].password_hash"),
        ({"users": [{"username": "a", "password": "S3CRET"}]}, r"users\[0\].password: belongs"),
        ({"users": [{"username": "a"}, {"username": "a"}]}, r"users\[1\] = 'a': is listed twice"),
        (
            {"users": [{"username": "a", "id": "x:1"}, {"username": "b", "id": "x:1"}]},
            r"users\[1\].id = x:1: is another's",
        ),
        ({"users": {}}, "users: must be a list"),
        ({"users": ["a"]}, r"users\[0\].entry"),
        ({"users": [{"username": "a"}], "groups": [{"name": "g"}]}, r"groups\[0\].members"),
        ({"users": [{"username": "a"}], "grups": []}, "did you mean groups"),
        ('{"users": [{"username": "S3CRET"', "is not JSON"),
        ("[]", "one JSON object"),
    ],
)
def test_one_bad_entry_makes_the_whole_listing_unreadable_by_its_place(
    listing: List, content: object, why: str
) -> None:
    source = listing(content)
    with pytest.raises(SourceUnreadable, match=why) as caught:
        source.account("a")
    assert "S3CRET" not in str(caught.value)
    assert caught.value.__context__ is None
    with pytest.raises(SourceUnreadable):
        source.account_names()


def test_each_question_reads_anew_and_a_snapshot_does_not(listing: List) -> None:
    source = listing(LISTING)
    snapshot = source.snapshot()
    listing({"users": [{"username": "carol"}]})
    assert source.account("alice") is None
    assert snapshot.account("alice") is not None
    assert snapshot.account_names().names == ("alice", "bob")


def test_a_file_that_is_not_there_or_too_long_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    with pytest.raises(SourceUnreadable, match="No such file"):
        JsonSource.of_file(path, max_bytes=MOST).account("alice")
    path.write_text(json.dumps(LISTING))
    with pytest.raises(SourceUnreadable, match="longer than 10 bytes"):
        JsonSource.of_file(path, max_bytes=10).account("alice")


# --- programs ----------------------------------------------------------------------------------


def test_a_program_prints_the_listing_in_a_clean_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAK", "x")
    code = f"""
import os, sys
assert "LEAK" not in os.environ and os.getcwd() == "/" and sys.stdin.read() == ""
assert os.getsid(0) == os.getpid() and sys.argv[1:] == ["$(id)", "; id"]
print({json.dumps(LISTING)!r})
"""
    source = output_of((*program(tmp_path, code), "$(id)", "; id"))
    assert source.account_names().names == ("alice", "bob")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise SystemExit(3)", "failed with status 3"),
        ("import os; os.kill(os.getpid(), 9)", "failed with status -9"),
        ("while True: print('x' * 10000)", "printed more than 1048576 bytes"),
    ],
)
def test_a_program_that_fails_or_floods_is_unreadable(tmp_path: Path, code: str, why: str) -> None:
    with pytest.raises(SourceUnreadable, match=why):
        output_of(program(tmp_path, code)).account("alice")


def test_a_program_that_does_not_start_is_unreadable() -> None:
    with pytest.raises(SourceUnreadable, match="does not start"):
        output_of(("/nowhere/list",)).account("alice")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("closing", ["", "os.close(1)"])
def test_a_program_that_takes_too_long_is_killed_with_all_that_it_started(
    tmp_path: Path, closing: str
) -> None:
    code = f"""
import os, time
child = os.fork()
if child:
    open({str(tmp_path / "pid")!r}, "w").write(str(child))
{closing}
time.sleep(600)
"""
    before = time.monotonic()
    with pytest.raises(SourceUnreadable, match=r"took longer than 1\.5 seconds"):
        output_of(program(tmp_path, code), timeout=1.5).account("alice")
    assert time.monotonic() - before < 30
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(child)


def test_a_program_does_not_outlive_one_who_was_killed(tmp_path: Path) -> None:
    code = f"""
import os, time
open({str(tmp_path / "pid")!r}, "w").write(str(os.getpid()))
time.sleep(600)
"""
    asking = f"""
from gapps_hooks.sources.json_listing import JsonSource
JsonSource.of_command({program(tmp_path, code)!r}, timeout=600, max_bytes=1000).account("alice")
"""
    with subprocess.Popen([sys.executable, "-c", asking]) as process:
        deadline = time.monotonic() + 30
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        started = int((tmp_path / "pid").read_text())
        process.kill()
    deadline = time.monotonic() + 10
    while is_running(started) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(started)


def test_nothing_is_left_open_behind(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(SourceUnreadable):
        output_of(program(tmp_path, "raise SystemExit(1)")).account("alice")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_settings_want_one_origin() -> None:
    assert SourceSettings(type="json", command=("/bin/true",)).file is None
