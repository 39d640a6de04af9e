"""Thousands of random events with faults and lags: Google ends up as an independent model says.

How many is told by ``GAPPS_HOOKS_SOAK``, and which ones by ``GAPPS_HOOKS_SOAK_SEED``; `make soak`
plays ten thousand, other ones each time, and `make test` always the same few. Run with ``-s`` to
see the seed and what it came to.
"""

from __future__ import annotations

import gc
import os
import random
import resource
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from organisation import Organisation, organise
from soak_world import World

MANY: Final = os.environ.get("GAPPS_HOOKS_SOAK")
EVENTS: Final = int(MANY or 400)
ANY: Final = random.SystemRandom().randrange(1_000_000) if MANY else 31337
SEED: Final = int(os.environ.get("GAPPS_HOOKS_SOAK_SEED") or ANY)
WIDE: Final = "".join(
    f"[bounds.{verb}]\nleast = 100000\nmost = 100000\n"
    for verb in ("suspend", "restore", "rename", "remove_member", "remove_alias")
)
SOURCES: Final = {
    "payloads": '[source]\ntype = "none"',
    "listing": '[source]\ntype = "json"\nfile = "{folder}/accounts.json"\n',
}
#: What Google is known to take its time for, and its quotas.
LAGS: Final = {
    "creation_window": 40.0,
    "id_window": 5.0,
    "group_window": 30.0,
    "rename_window": 60.0,
    "member_lag": 5.0,
    "requests_per_minute": 2400,
    "creations_per_second": 10,
}
#: After so many events everything has to come to rest.
ROUND: Final = 200
#: Bytes by which memory may grow after the first rounds, by caches that fill up.
MEMORY: Final = 24_000_000


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is such a thing: a thousand fsyncs are not the point here."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def founded(folder: Path, source: str) -> Organisation:
    """An organisation whose Google is as slow as the real one."""
    (folder / "accounts.json").write_text("{}")
    settings = f'---\n[groups]\nwhich = "all"\n{WIDE}'
    house = organise(folder, source=SOURCES[source].format(folder=folder), more=settings)
    house.emulator.switches.set(LAGS)
    return house


def resident() -> int:
    """The memory of this process in bytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def open_files() -> int:
    """How many descriptors this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def come_to_rest(world: World) -> list[str]:
    """Let faults end and time pass; say what is wrong then, and what a second look would change."""
    world.calm()
    world.house.settle(48.0)
    wrong = [*world.stuck(), *world.differences()]
    world.look_again()
    world.house.settle(48.0)
    return wrong or [*world.stuck(), *world.differences(), *world.changed()]


@pytest.mark.timeout(300 + EVENTS // 2)
@pytest.mark.parametrize("source", SOURCES)
def test_after_any_number_of_events_google_is_what_it_should_be(
    quick_folder: Path, source: str
) -> None:
    world = World(founded(quick_folder, source), SEED, listed=source == "listing")
    sizes: list[tuple[int, int]] = []
    while world.events < EVENTS:
        end = min(world.events + ROUND, EVENTS)
        while world.events < end:
            world.step()
        wrong = come_to_rest(world)
        assert not wrong, "\n".join([f"seed {SEED}, {world.events} events", *wrong])
        world.house.emulator.requests.clear()
        world.told.clear()
        sizes.append((open_files(), resident()))
    (first_files, first_memory), (last_files, last_memory) = (
        sizes[min(2, len(sizes) - 1)],
        sizes[-1],
    )
    grown = (last_memory - first_memory) / 1e6
    print(  # noqa: T201 - to repeat it by
        f"seed {SEED}: {world.events} events, {world.faults} faults, {grown:+.1f} MB,"
        f" {last_files - first_files:+d} descriptors"
    )
    assert last_files <= first_files
    assert last_memory <= first_memory + MEMORY
