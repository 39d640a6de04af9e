"""A reconcile of local files, whose hashes tell only the day on which they were set."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_files import LocalFiles, hashed
from organisation import Organisation, organise
from reconciled import dry, planned, reconcile

from gapps_hooks.model import Verb

DAY = 86_400


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    directory = tmp_path / "etc"
    directory.mkdir()
    return LocalFiles(directory)


@pytest.fixture
def office(tmp_path: Path, files: LocalFiles) -> Organisation:
    """Alice has an account at Google already, and her hash was set today."""
    source = f'[source]\ntype = "nss"\ndirectory = "{files.directory}"'
    office = organise(tmp_path, source=source, more="---\n[enabled]\nall = true\n")
    office.emulator.seed({"users": [{"primaryEmail": "alice@example.org"}]})
    files.person("alice", 1000, "Alice Example")
    say(files, "first", today(office))
    reconcile(office)
    return office


def today(office: Organisation) -> int:
    return int(office.clock.now // DAY)


def say(files: LocalFiles, word: str, day: int) -> None:
    """Set a hash as chpasswd does, which no hook tells."""
    files.change("alice", password=hashed(word), changed=day)


def sent(office: Organisation) -> int:
    office.clock.now += 60.0
    return [verb for _, verb in reconcile(office).done].count(Verb.PASSWORD)


def test_a_first_sight_stays_a_baseline(office: Organisation) -> None:
    assert sent(office) == 0


def test_a_hash_that_changes_on_the_day_of_its_first_sight_is_sent_once(
    office: Organisation, files: LocalFiles
) -> None:
    for word in ("second", "third"):
        say(files, word, today(office))
        assert sent(office) == 1
        assert planned(dry(office)) == {}


def test_a_hash_of_a_later_day_is_sent(office: Organisation, files: LocalFiles) -> None:
    office.clock.now += 3 * DAY
    say(files, "second", today(office) - 1)
    assert sent(office) == 1


def test_a_restored_backup_is_not_sent(office: Organisation, files: LocalFiles) -> None:
    say(files, "old", today(office) - 1)
    assert sent(office) == 0


def test_a_hash_that_an_event_told_is_not_sent_again_but_the_next_is(
    office: Organisation, files: LocalFiles
) -> None:
    office.clock.now += 60.0
    say(files, "second", today(office))
    office.fire("password-set", "alice", {"password": "as told by the hook"})
    assert sent(office) == 0
    say(files, "third", today(office))
    assert sent(office) == 1
