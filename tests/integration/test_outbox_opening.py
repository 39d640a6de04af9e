"""What becomes of a state directory that is new, old, foreign, open to others or copied."""

from __future__ import annotations

import os
import pwd
import shutil
import sqlite3
import stat
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from gapps_hooks.errors import StateUnusable
from gapps_hooks.model import Event, EventKind, PasswordHash
from gapps_hooks.outbox import State, entries, leases, open_state
from gapps_hooks.outbox.binding import adopt
from gapps_hooks.outbox.merging import Words, to_json
from gapps_hooks.outbox.place import find_owner
from gapps_hooks.outbox.schema import SCHEMA, Schema

HASH = "$6$migrated$0123456789"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands files over")


def opened(directory: Path, *, domain: str = "example.org", schema: Schema = SCHEMA) -> State:
    return open_state(directory, domain=domain, schema=schema)


def an_event(number: int = 1, *, password: str | None = None) -> Event:
    return Event(
        id=f"{number:032x}",
        kind=EventKind.USER_MODIFY,
        name="alice",
        patch={"given_name": "Alice"},
        password=None if password is None else PasswordHash("crypt", password),
    )


def pragma(state: State, name: str) -> object:
    row = state.row(f"PRAGMA {name}")
    assert row is not None
    return row[0]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def newer(tmp_path: Path) -> Schema:
    script = tmp_path / "next.sql"
    script.write_text("ALTER TABLE subjects ADD COLUMN remark TEXT;\n")
    return Schema((*SCHEMA.scripts, str(script)))


def test_a_new_directory_and_its_files_are_closed_to_others(directory: Path) -> None:
    with opened(directory) as state:
        entries.record(state, an_event())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert modes == dict.fromkeys(
        ("state.db", "state.db-wal", "state.db-shm", "leases.lock"), 0o600
    )


def test_the_file_is_set_up_for_durability_and_wiping(directory: Path) -> None:
    with opened(directory) as state:
        assert pragma(state, "journal_mode") == "wal"
        assert pragma(state, "synchronous") == 2
        assert pragma(state, "secure_delete") == 1
        assert pragma(state, "foreign_keys") == 1
        assert pragma(state, "busy_timeout") == 5000
        assert pragma(state, "application_id") == 0x67417048
        assert pragma(state, "user_version") == SCHEMA.version
        with state.transaction(durable=False):
            assert pragma(state, "synchronous") == 1
        with state.transaction():
            assert pragma(state, "synchronous") == 2


def test_many_who_open_a_new_directory_at_once_get_the_same_installation(directory: Path) -> None:
    instances, problems = [], []

    def work() -> None:
        try:
            with opened(directory) as state:
                instances.append(state.instance)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test has to show it
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert (len(instances), len(set(instances))) == (8, 1)


def test_opening_a_file_that_is_there_costs_little_of_making_one(tmp_path: Path) -> None:
    def seconds(directory: Path) -> float:
        begin = time.perf_counter()
        with opened(directory):
            return time.perf_counter() - begin

    folders = [tmp_path / str(number) for number in range(10)]
    making = min(map(seconds, folders))
    opening = min(map(seconds, folders))
    assert opening < making / 2


def test_digests_hold_for_the_file_and_not_beyond_it(tmp_path: Path) -> None:
    with opened(tmp_path / "one") as state:
        digest = state.digest({"b": ["é", None], "a": 1})
        assert digest == state.digest({"a": 1, "b": ("é", None)})
        assert digest != state.digest({"a": 1, "b": ["e", None]})
        assert len(digest) == 32
    with opened(tmp_path / "one") as again, opened(tmp_path / "other") as other:
        assert again.digest({"a": 1, "b": ["é", None]}) == digest
        assert other.digest({"a": 1, "b": ["é", None]}) != digest


# --- versions ----------------------------------------------------------------------------------


def test_an_older_file_is_backed_up_and_brought_forward(directory: Path, newer: Schema) -> None:
    with opened(directory) as state:
        entries.record(state, an_event(password=HASH))
    with opened(directory, schema=newer) as state:
        assert pragma(state, "user_version") == newer.version
        assert state.rows("SELECT remark FROM subjects")
        (entry,) = entries.all_entries(state)
        assert entry.password == PasswordHash("crypt", HASH)
    backup = directory / f"state.db.version-{SCHEMA.version}"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (SCHEMA.version,)
        assert copy.execute("SELECT name FROM subjects").fetchall() == [("alice",)]
    assert HASH.encode() not in backup.read_bytes()
    assert {path.name for path in directory.iterdir()} == {"state.db", "leases.lock", backup.name}


def test_what_waits_in_a_file_of_the_first_release_still_waits(directory: Path) -> None:
    with opened(directory, schema=Schema(SCHEMA.scripts[:1])) as state:
        state.rows("BEGIN")
        state.rows("INSERT INTO subjects (subject, kind, name) VALUES (1, 'user', 'alice')")
        words = to_json(Words(password=(1, PasswordHash("crypt", HASH))))
        state.rows(
            "INSERT INTO entries (subject, sequence, version, words, status, recorded_at,"
            " event_at, due_at) VALUES (1, 1, 1, ?, 'buried', 5.0, 7.0, 5.0)",
            (words,),
        )
        state.rows("INSERT INTO secrets (subject, function, value) VALUES (1, 'crypt', ?)", (HASH,))
        state.rows("COMMIT")
    with opened(directory) as state:
        (entry,) = entries.all_entries(state)
        assert entry.password == PasswordHash("crypt", HASH)
        (kept,) = state.rows("SELECT kept_at FROM secrets")
        assert kept["kept_at"] == 7.0


def test_a_migration_that_fails_leaves_the_file_as_it_was(directory: Path, tmp_path: Path) -> None:
    with opened(directory) as state:
        entries.record(state, an_event())
    script = tmp_path / "broken.sql"
    script.write_text("ALTER TABLE subjects ADD COLUMN remark TEXT;\nDROP TABLE missing;\n")
    with pytest.raises(sqlite3.OperationalError, match="missing"):
        opened(directory, schema=Schema((*SCHEMA.scripts, str(script))))
    with opened(directory) as state:
        assert pragma(state, "user_version") == SCHEMA.version
        assert len(entries.all_entries(state)) == 1


def test_a_migration_that_takes_too_long_elsewhere_is_named(directory: Path, newer: Schema) -> None:
    with opened(directory):
        pass
    with (
        leases.hold(directory, leases.GATE) or pytest.fail("nobody migrates"),
        pytest.raises(StateUnusable, match="another process is migrating"),
    ):
        opened(directory, schema=newer)


def test_a_backup_that_may_still_hold_hashes_does_not_stay(directory: Path, tmp_path: Path) -> None:
    script = tmp_path / "first.sql"
    script.write_text("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);\n")
    first = Schema((str(script),))
    with opened(directory, schema=first):
        pass
    with pytest.raises(sqlite3.OperationalError, match="no such table: secrets"):
        opened(directory, schema=Schema((*first.scripts, *SCHEMA.scripts)))
    assert {path.name for path in directory.iterdir()} == {"state.db", "leases.lock"}


def test_a_backup_that_cannot_be_written_stops_the_migration(
    directory: Path, newer: Schema
) -> None:
    with opened(directory):
        pass
    (directory / f"state.db.version-{SCHEMA.version}").mkdir()
    with pytest.raises(StateUnusable, match=r"version-\d+: no backup can be written"):
        opened(directory, schema=newer)


def test_a_newer_file_is_refused_by_name(directory: Path, newer: Schema) -> None:
    with opened(directory, schema=newer):
        pass
    with pytest.raises(
        StateUnusable, match=rf"state\.db: was written by a newer release.*version {newer.version}"
    ):
        opened(directory)


def test_a_file_of_another_program_is_refused(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    with closing(sqlite3.connect(directory / "state.db")) as foreign:
        foreign.execute("CREATE TABLE bookmarks (address TEXT)")
    (directory / "state.db").chmod(0o600)
    with pytest.raises(StateUnusable, match="belongs to another program; move it away"):
        opened(directory)


def test_a_file_that_is_no_database_is_refused(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    (directory / "state.db").write_bytes(b"not a database at all\n" * 100)
    (directory / "state.db").chmod(0o600)
    with pytest.raises(StateUnusable, match="no database of this program"):
        opened(directory)


# --- owner, mode, kind -------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_directory_that_others_may_enter_is_refused(directory: Path, mode: int) -> None:
    with opened(directory):
        pass
    directory.chmod(mode)
    with pytest.raises(StateUnusable, match=rf"mode {mode:o}.*run: chmod 700 {directory}"):
        opened(directory)


@pytest.mark.parametrize("name", ["state.db", "leases.lock"])
def test_a_file_that_others_may_read_is_refused(directory: Path, name: str) -> None:
    with opened(directory):
        pass
    (directory / name).chmod(0o640)
    with pytest.raises(StateUnusable, match=rf"run: chmod 600 {directory / name}"):
        opened(directory)


@pytest.mark.parametrize("name", ["state.db", "state.db-wal", "leases.lock"])
def test_a_file_that_is_a_symbolic_link_is_refused(
    directory: Path, tmp_path: Path, name: str
) -> None:
    directory.mkdir(mode=0o700)
    (directory / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateUnusable, match=rf"{name}: is a link"):
        opened(directory)
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_with_a_second_name_is_refused(directory: Path, tmp_path: Path) -> None:
    with opened(directory):
        pass
    os.link(directory / "state.db", tmp_path / "second")
    with pytest.raises(StateUnusable, match="is a link"):
        opened(directory)


def test_a_parent_that_is_missing_is_named_with_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(StateUnusable, match=r"No such file or directory.*install -d -m 700"):
        opened(tmp_path / "missing" / "state")


def test_a_file_in_the_directorys_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StateUnusable, match="is not a directory"):
        opened(tmp_path / "state")


def test_an_owner_that_does_not_exist_is_named(directory: Path) -> None:
    with pytest.raises(StateUnusable, match=r"state\.owner = nobody-of-this-name"):
        open_state(directory, domain="example.org", owner="nobody-of-this-name")


def test_a_process_that_is_neither_root_nor_the_owner_is_told_who_to_be() -> None:
    with pytest.raises(StateUnusable, match="uid 4000000; run it as root or as nobody"):
        find_owner("nobody", process_uid=4_000_000)


def test_an_account_without_a_name_owns_its_own_state() -> None:
    assert find_owner(None, process_uid=4_000_000).uid == 4_000_000


@as_root
def test_root_hands_the_files_over_to_the_owner(directory: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    for number in (1, 2):
        with open_state(directory, domain="example.org", owner="nobody") as state:
            entries.record(state, an_event(number))
            owners = {path.stat().st_uid for path in (directory, *directory.iterdir())}
            assert owners == {nobody.pw_uid}
            assert len(list(directory.iterdir())) == 4


@as_root
def test_root_hands_over_a_directory_of_its_own_only_if_nothing_else_is_in_it(
    directory: Path,
) -> None:
    directory.mkdir(mode=0o700)
    (directory / "letters").write_text("")
    with pytest.raises(StateUnusable, match=r"belongs to root.*run: chown nobody"):
        open_state(directory, domain="example.org", owner="nobody")
    (directory / "letters").unlink()
    with open_state(directory, domain="example.org", owner="nobody"):
        assert directory.stat().st_uid == pwd.getpwnam("nobody").pw_uid


@as_root
def test_a_directory_of_somebody_else_is_refused_with_both_ways_out(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    os.chown(directory, pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(
        StateUnusable, match=r'belongs to nobody.*run: chown root.*owner = "nobody"'
    ):
        opened(directory)


@as_root
def test_a_file_of_somebody_else_is_refused(directory: Path) -> None:
    with opened(directory):
        pass
    os.chown(directory / "state.db", 4_000_000, -1)
    with pytest.raises(StateUnusable, match=r"state\.db: belongs to 4000000.*run: chown root"):
        opened(directory)


def test_a_network_file_system_is_refused_by_name(directory: Path, tmp_path: Path) -> None:
    device = tmp_path.stat().st_dev
    mounts = tmp_path / "mounts"
    number = f"{os.major(device)}:{os.minor(device)}"
    mounts.write_text(f"1 0 {number} / / rw - nfs4 server:/export rw\n")
    with pytest.raises(StateUnusable, match=r"network file system \(nfs4\)"):
        open_state(directory, domain="example.org", mounts=mounts)


def test_a_system_without_a_list_of_mounts_is_believed(directory: Path, tmp_path: Path) -> None:
    with open_state(directory, domain="example.org", mounts=tmp_path / "missing") as state:
        assert state.instance


# --- binding -----------------------------------------------------------------------------------


def test_a_copy_on_another_machine_records_but_may_not_send(
    directory: Path, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.write_text("aaaa\n")
    there.write_text("bbbb\n")
    with open_state(directory, domain="example.org", machine_id=here) as state:
        assert state.binding_problem() is None
        instance = state.instance
    copied = tmp_path / "copied"
    shutil.copytree(directory, copied)
    with open_state(copied, domain="example.org", machine_id=there) as state:
        problem = state.binding_problem()
        assert problem is not None
        assert "copied from another machine" in problem
        assert "gapps-hooks adopt-state" in problem
        assert not entries.record(state, an_event()).duplicate
        adopt(state)
        assert state.binding_problem() is None
    with open_state(copied, domain="example.org", machine_id=there) as state:
        assert state.binding_problem() is None
        assert state.instance == instance


def test_another_domain_may_not_be_sent_to(directory: Path) -> None:
    with opened(directory):
        pass
    with opened(directory, domain="example.com") as state:
        assert "is the state of example.org, not of example.com" in (state.binding_problem() or "")


def test_a_machine_without_an_id_is_bound_by_its_domain_alone(
    directory: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        with open_state(directory, domain="example.org", machine_id=tmp_path / "none") as state:
            assert state.binding_problem() is None


def test_the_machines_id_is_not_in_the_file(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "id").write_text("0123456789abcdef0123456789abcdef\n")
    with open_state(directory, domain="example.org", machine_id=tmp_path / "id"):
        pass
    assert b"0123456789abcdef0123456789abcdef" not in (directory / "state.db").read_bytes()


def test_closing_twice_does_no_harm(tmp_path: Path) -> None:
    state = open_state(tmp_path / "state", domain="example.org")
    state.close()
    state.close()
