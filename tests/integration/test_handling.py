"""What a hook answers, and when, though its source is slow, hangs or cannot be believed."""

from __future__ import annotations

import json
import secrets
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation, organise
from real_hooks import Message, Site

from gapps_hooks.handling import NOT_RECORDED, RECORDED, handle
from gapps_hooks.model import Verdict
from gapps_hooks.outbox import entries
from gapps_hooks.outbox.connection import BUSY_SECONDS
from gapps_hooks.record import Desk, read_event, record

HASH = "$6$salt$" + "a" * 86
YESCRYPT = "$y$j9T$salt$" + "c" * 43
ALICE = {"username": "alice", "given_name": "Alice", "family_name": "Archer"}
#: A hook's own start and end, on a machine that is busy with other tests.
MARGIN = 8.0


class Lister:
    """A program that lists the accounts, notes each of its runs, and hangs when it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script = folder / "list.sh"
        self.script.write_text(
            f"""cd {folder}
echo $$ >> runs
if [ -e hang ]; then sleep 600 & echo $! >> runs; wait; fi
cat accounts.json
"""
        )
        self.write(ALICE)

    @property
    def source(self) -> str:
        command = json.dumps(["/bin/sh", str(self.script)])
        return f'[source]\ntype = "json"\ntimeout = 60\ncommand = {command}'

    def write(self, *users: dict[str, Any]) -> None:
        (self.folder / "accounts.json").write_text(json.dumps({"users": users}))

    def hang(self) -> None:
        (self.folder / "hang").touch()

    def runs(self) -> list[int]:
        """The processes that it was and started, since this was last asked."""
        noted = self.folder / "runs"
        found = noted.read_text().split() if noted.exists() else []
        noted.unlink(missing_ok=True)
        return [int(number) for number in found]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def left_behind(pids: list[int]) -> list[int]:
    """Those that still run, given a moment to be buried."""
    deadline = time.monotonic() + 5
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return [pid for pid in pids if is_running(pid)]


@pytest.fixture
def lister(tmp_path: Path) -> Lister:
    return Lister(tmp_path)


@pytest.fixture
def house(tmp_path: Path, lister: Lister) -> Organisation:
    return organise(tmp_path, source=lister.source)


@pytest.fixture
def site(site: Site, lister: Lister) -> Site:
    settings = site.settings.read_text().replace('[source]\ntype = "none"', lister.source)
    site.settings.write_text(settings)
    return site


def waiting(site: Site) -> list[str]:
    with site.wiring() as wiring:
        return [entry.name for entry in entries.all_entries(wiring.state)]


# --- a source that does not answer ---------------------------------------------------------------


@pytest.mark.parametrize("payload", [None, {"password": "correct horse"}])
def test_a_password_whose_owner_cannot_be_looked_up_in_time_is_not_recorded(
    site: Site, lister: Lister, payload: dict[str, str] | None
) -> None:
    lister.hang()
    began = time.monotonic()
    status, line = site.run(Message.of("password-set", "alice", payload))
    assert time.monotonic() - began < 3.0 + MARGIN
    assert status == 1
    assert line.startswith("not recorded: the source did not answer within 3 s")
    assert line.count("\n") == 1
    processes = lister.runs()
    assert len(processes) == 2
    assert left_behind(processes) == []
    assert waiting(site) == []


def test_what_is_on_disk_is_acknowledged_in_time_and_leaves_no_program_behind(
    site: Site, lister: Lister
) -> None:
    lister.hang()
    began = time.monotonic()
    status, line = site.run(Message.of("user-add", "alice"))
    assert time.monotonic() - began < 3.0 + MARGIN
    assert status == 0
    assert line == "alice: recorded; no answer from Google within 3 s, it waits\n"
    processes = lister.runs()
    assert len(processes) == 2
    assert left_behind(processes) == []
    assert waiting(site) == ["alice"]


def test_recording_and_delivering_share_one_wait(site: Site, lister: Lister) -> None:
    lister.script.write_text("sleep 2; " + lister.script.read_text())
    lister.write({**ALICE, "password_hash": HASH})
    began = time.monotonic()
    status, line = site.run(Message.of("password-set", "alice"))
    assert time.monotonic() - began < 4.0 + MARGIN / 4
    assert status == 0
    assert "recorded" in line


@pytest.mark.parametrize(
    ("event", "status"), [("password-set", NOT_RECORDED), ("user-add", RECORDED)]
)
def test_inside_somebody_elses_process_a_source_that_hangs_is_cut_short(
    site: Site, lister: Lister, event: str, status: int
) -> None:
    lister.hang()
    began = time.monotonic()
    answer = handle(
        {
            "id": secrets.token_hex(16),
            "event": event,
            "subject": "alice",
            "settings": str(site.settings),
        }
    )
    assert time.monotonic() - began < 3.0 + MARGIN
    assert answer.exit == status
    assert "was stopped: the time for all of it was over" in answer.line
    processes = lister.runs()
    assert len(processes) == 2
    assert left_behind(processes) == []
    assert waiting(site) == (["alice"] if status == RECORDED else [])


def test_without_a_wait_what_needs_a_source_is_recorded_all_the_same(
    site: Site, lister: Lister
) -> None:
    site.settings.write_text(site.settings.read_text().replace("wait = 3.0", "wait = 0"))
    lister.write({**ALICE, "password_hash": HASH})
    status, line = site.run(Message.of("password-set", "alice"))
    assert status == 0
    assert "no answer from Google within 0 s" in line
    assert waiting(site) == ["alice"]


# --- recording -----------------------------------------------------------------------------------


def test_a_recording_asks_a_program_once(house: Organisation, lister: Lister) -> None:
    lister.write({**ALICE, "password_hash": HASH})
    assert house.record("password-set", "alice").subject is not None
    assert len(lister.runs()) == 1
    lister.write({**ALICE, "password_hash": YESCRYPT})
    house.record("password-set", "alice")
    assert len(lister.runs()) == 1


def test_a_password_of_one_known_to_be_enabled_is_recorded_without_asking_the_source(
    house: Organisation, lister: Lister
) -> None:
    assert house.fire("user-add", "alice").verdict is Verdict.DONE
    lister.hang()
    lister.runs()
    receipt = house.record("password-set", "alice", {"password": "correct horse"})
    assert receipt.subject is not None
    entry = entries.get(house.state, receipt.subject)
    assert entry is not None
    assert entry.password is not None
    assert lister.runs() == []


# --- a stored hash that Google cannot take -------------------------------------------------------


def test_what_cannot_be_buried_is_not_recorded_either(house: Organisation, lister: Lister) -> None:
    lister.write({**ALICE, "password_hash": YESCRYPT})
    house.forbid("INSERT ON entries", "NEW.status = 'buried'")
    with pytest.raises(sqlite3.IntegrityError, match="not this"):
        house.record("password-set", "alice")
    assert house.left() == {}


def test_a_buried_password_of_which_no_history_can_be_written_is_not_recorded_either(
    house: Organisation, lister: Lister
) -> None:
    lister.write({**ALICE, "password_hash": YESCRYPT})
    house.forbid("INSERT ON history", "NEW.what = 'password'")
    with pytest.raises(sqlite3.IntegrityError, match="not this"):
        house.record("password-set", "alice")
    assert house.left() == {}


def test_what_is_on_disk_is_acknowledged_though_the_telling_fails(
    house: Organisation, lister: Lister
) -> None:
    def fail(_: str) -> None:
        raise OSError("no log")

    lister.write({**ALICE, "password_hash": YESCRYPT})
    desk = Desk(
        settings=house.settings, state=house.state, source=house.wiring.source, tell_trouble=fail
    )
    message = {"id": secrets.token_hex(16), "event": "password-set", "subject": "alice"}
    receipt = record(desk, read_event(message))
    assert receipt.line.startswith("password not sent: ")
    assert house.left() == {"alice": "buried"}


def test_what_is_on_disk_is_acknowledged_though_it_cannot_be_noted_as_told(
    house: Organisation, lister: Lister
) -> None:
    lister.write({**ALICE, "password_hash": YESCRYPT})
    house.forbid("INSERT ON meta", "NEW.name LIKE 'told:%'")
    assert house.record("password-set", "alice").subject is not None
    assert house.left() == {"alice": "buried"}


# --- signals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_after_the_event_is_on_disk_changes_nothing(
    site: Site, number: signal.Signals
) -> None:
    site.configure(wait=20.0)
    site.emulator.faults.script([{"fails": "hang", "call": "token", "seconds": 8.0, "times": 0}])
    with site.start(Message.of("user-add", "alice", {"given_name": "Alice"})) as process:
        deadline = time.monotonic() + MARGIN
        while not site.state.exists() or (not waiting(site) and time.monotonic() < deadline):
            time.sleep(0.05)
        time.sleep(0.2)
        process.send_signal(number)
        output, complaint = process.communicate(timeout=60)
    assert (process.returncode, output, complaint) == (RECORDED, b"", b"")
    assert waiting(site) == ["alice"]


# --- the state file is locked, damaged or copied -------------------------------------------------


def test_a_locked_state_file_holds_a_hook_up_once_and_not_at_each_step(site: Site) -> None:
    site.settings.write_text(site.settings.read_text().replace("wait = 3.0", "wait = 0.0"))
    message = Message.of("user-modify", "alice", {})
    assert site.run(message)[0] == RECORDED
    begin = time.monotonic()
    assert site.run(Message.of("user-modify", "alice", {}))[0] == RECORDED
    usual = time.monotonic() - begin
    with closing(sqlite3.connect(site.state / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begin = time.monotonic()
        status, line = site.run(Message.of("user-modify", "alice", {}))
        took = time.monotonic() - begin
        other.execute("ROLLBACK")
    assert (status, "locked" in line) == (NOT_RECORDED, True)
    assert took - usual < BUSY_SECONDS + 3.0


def damage(state: Path) -> None:
    with (state / "state.db").open("r+b") as file:
        file.write(bytes(range(100)))


def test_a_hook_mends_a_damaged_state_file_says_so_and_records(site: Site) -> None:
    assert site.run(Message.of("user-add", "alice", {"id": "entryUUID:a"}))[0] == RECORDED
    damage(site.state)
    status, line = site.run(Message.of("user-modify", "alice", {}))
    assert status == RECORDED
    assert "was damaged and has been made anew with 1 links" in line
    assert "reconcile --dry-run" in line
    status, line = site.run(Message.of("user-modify", "alice", {}))
    assert (status, "damaged" in line) == (RECORDED, False)
    assert site.created() == ["alice"]


def test_a_damage_that_shows_while_an_event_is_recorded_does_not_lose_it(site: Site) -> None:
    assert site.run(Message.of("user-add", "alice", {"id": "entryUUID:a"}))[0] == RECORDED
    with closing(sqlite3.connect(site.state / "state.db")) as other:
        (root,) = other.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'events'"
        ).fetchone()
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (site.state / "state.db").open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    status, line = site.run(Message.of("user-modify", "alice", {}))
    assert (status, "made anew" in line) == (RECORDED, True)


def test_a_hook_of_a_copied_state_directory_records_and_sends_nothing(
    house: Organisation,
) -> None:
    with house.state.transaction():
        house.state.set_meta("machine", "another")
    receipt = house.record("user-add", "alice", {"id": "entryUUID:a"})
    assert receipt.line == "recorded"
    with house.calls() as calls:
        assert house.drain() == []
    assert calls == []
    assert "copied from another machine" in (house.state.binding_problem() or "")
