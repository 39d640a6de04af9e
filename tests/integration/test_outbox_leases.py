"""A lease excludes threads and processes alike, and dies with its holder."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gapps_hooks.errors import StateUnusable
from gapps_hooks.outbox import leases, open_state

HOLDER = """
import pathlib, sys, time
from gapps_hooks.outbox import leases
lease = leases.hold(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
print("held" if lease else "refused", flush=True)
time.sleep(60)
"""


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    with open_state(tmp_path / "state", domain="example.org") as state:
        yield state.directory


def holder(directory: Path, subject: int) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-c", HOLDER, str(directory), str(subject)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_lease_is_given_to_one_at_a_time(directory: Path) -> None:
    with leases.hold(directory, 7) or pytest.fail("the lease is free") as lease:
        assert leases.hold(directory, 7) is None
        other = leases.hold(directory, 8)
        assert other is not None
        other.give_back()
    again = leases.hold(directory, 7)
    assert again is not None
    again.give_back()
    lease.give_back()  # a second time: that of the new holder is not touched


def test_giving_back_twice_does_not_take_anothers(directory: Path) -> None:
    first = leases.hold(directory, 7)
    assert first is not None
    first.give_back()
    with leases.hold(directory, 7) or pytest.fail("the lease is free"):
        first.give_back()
        assert leases.hold(directory, 7) is None


def test_of_many_threads_one_gets_it(directory: Path) -> None:
    got: list[leases.Lease] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        lease = leases.hold(directory, 7)
        if lease is not None:
            got.append(lease)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    got[0].give_back()


def test_a_killed_holder_holds_it_no_more(directory: Path) -> None:
    process, answer = holder(directory, 7)
    try:
        assert answer == "held"
        assert leases.hold(directory, 7) is None
    finally:
        process.kill()
        process.communicate()
    with leases.hold(directory, 7) or pytest.fail("it died with its holder"):
        second, answer = holder(directory, 7)
        second.kill()
        second.communicate()
        assert answer == "refused"


def test_subjects_far_beyond_the_files_size_have_leases_too(directory: Path) -> None:
    with leases.hold(directory, 2**40) or pytest.fail("the lease is free"):
        assert leases.hold(directory, 2**40) is None
    assert (directory / "leases.lock").stat().st_size < 4096


def test_a_place_that_no_file_has_cannot_be_locked(directory: Path) -> None:
    with pytest.raises(StateUnusable, match=r"leases\.lock: cannot be locked"):
        leases.hold(directory, -1)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StateUnusable, match=r"leases\.lock: No such file"):
        leases.hold(tmp_path, 7)
