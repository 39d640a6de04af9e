"""Thousands of random events with faults and lags: Google ends up as an independent model says."""

from __future__ import annotations

import os
import random
import resource
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from organisation import Organisation, organise
from soak_world import World

EVENTS = int(os.environ.get("GAPPS_HOOKS_SOAK", "400"))
SEED = int(os.environ.get("GAPPS_HOOKS_SOAK_SEED") or random.SystemRandom().randrange(1_000_000))
WIDE = "".join(
    f"[bounds.{verb}]\nleast = 100000\nmost = 100000\n"
    for verb in ("suspend", "restore", "rename", "remove_member")
)
LISTED = '[source]\ntype = "json"\nfile = "{folder}/accounts.json"\n'
#: Every how many events everything has to have come to rest.
ROUND = 200


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def founded(folder: Path, source: str) -> Organisation:
    house = organise(folder, source=source, more=f"---\n[groups]\nwhich = \"all\"\n{WIDE}")
    house.emulator.switches.set(
        {
            "creation_window": 40.0,
            "id_window": 5.0,
            "group_window": 30.0,
            "rename_window": 60.0,
            "member_lag": 5.0,
            "requests_per_minute": 2400,
            "creations_per_second": 10,
        }
    )
    return house


def resident() -> int:
    """The memory of this process in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


@pytest.mark.timeout(120 + EVENTS // 2)
@pytest.mark.parametrize("listed", [False, True], ids=["payloads", "listing"])
def test_after_any_number_of_events_google_is_what_it_should_be(
    quick_folder: Path, listed: bool
) -> None:
    source = LISTED.format(folder=quick_folder) if listed else '[source]\ntype = "none"'
    if listed:
        (quick_folder / "accounts.json").write_text("{}")
    house = founded(quick_folder, source)
    world = World(house, SEED, listed=listed)
    sizes: list[tuple[int, int]] = []
    while world.events < EVENTS:
        end = min(world.events + ROUND, EVENTS)
        while world.events < end:
            world.step()
        world.calm()
        house.settle(48.0)
        wrong = [*world.stuck(), *world.differences()]
        assert not wrong, "\n".join([f"seed {SEED}, {world.events} events", *wrong])
        house.emulator.requests.clear()
        world.told.clear()
        sizes.append((len(os.listdir("/proc/self/fd")), resident()))
    print(f"seed {SEED}: {world.events} events, {world.faults} faults, {sizes[0]} -> {sizes[-1]}")
