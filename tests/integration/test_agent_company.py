"""The agent with all its company: it watches the local files, tells Prometheus, writes lines."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from local_files import LocalFiles
from patience import eventually
from prometheus_client.parser import text_string_to_metric_families
from real_hooks import Message, Site
from resident import Resident, resident

from gapps_hooks.agent.companions import Surroundings
from gapps_hooks.agent.progress import HUNG, Progress
from gapps_hooks.agent.running import Agent, World
from gapps_hooks.agent.shift import Company, Shift
from gapps_hooks.errors import GappsHooksError
from gapps_hooks.outbox import entries

Counts = dict[tuple[str, str], float]


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    directory = tmp_path / "etc"
    directory.mkdir()
    files = LocalFiles(directory)
    files.person("alice", 1001, "Alice Archer")
    return files


@pytest.fixture
def site(site: Site, files: LocalFiles) -> Site:
    site.configure(more='[agent]\nlog = "json"\n')
    source = f'type = "nss"\ndirectory = "{files.directory}"'
    site.settings.write_text(site.settings.read_text().replace('type = "none"', source))
    return site


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def agent(site: Site, port: int) -> Iterator[Resident]:
    with resident(site, "--metrics", str(port)) as agent:
        yield agent


def scrape(port: int) -> Counts:
    """Every counter with one label of interest: (name, kind or method) -> value."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    return {
        (sample.name, sample.labels.get("method") or sample.labels.get("kind", "")): sample.value
        for family in families
        for sample in family.samples
        if sample.value
    }


def test_a_hooks_event_is_told_to_prometheus_and_in_a_line(agent: Resident, port: int) -> None:
    status, line = agent.fire("user-add", "alice")
    words = "created alice@example.org; password: one that nobody knows (none is stored)"
    assert (status, line) == (0, f"alice: {words}\n")
    counts = scrape(port)
    assert counts["gapps_hooks_events_total", "user-add"] == 1
    assert counts["gapps_hooks_requests_total", "directory.users.insert"] == 1
    assert agent.stop() == 0
    told = [json.loads(line) for line in agent.said().splitlines()]
    assert [(one["what"], one["name"]) for one in told if "name" in one] == [
        ("event", "alice"),
        ("outcome", "alice"),
    ]


def test_what_no_hook_tells_is_seen_and_delivered_at_once(
    agent: Resident, site: Site, files: LocalFiles
) -> None:
    agent.fire("user-add", "alice")
    files.change("alice", gecos="Alice Baker")
    assert eventually(lambda: site.user("alice")["name"]["familyName"] == "Baker")
    files.person("bob", 1002, "Bob Builder")
    assert eventually(lambda: site.created() == ["alice", "bob"])
    files.leave("bob")
    assert eventually(lambda: site.user("bob")["suspended"])
    assert not site.user("alice")["suspended"]


def test_who_does_not_want_it_watched_is_not_watched(
    site: Site, files: LocalFiles, port: int
) -> None:
    text = site.settings.read_text()
    site.settings.write_text(text.replace("[agent]", "[agent]\nwatch = false"))
    with resident(site, "--metrics", str(port)) as agent:
        agent.fire("user-add", "alice")
        files.change("alice", gecos="Alice Baker")
        time.sleep(2.0)
        assert site.user("alice")["name"]["familyName"] == "Archer"


def test_a_port_that_is_taken_is_named_and_nothing_starts(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        agent = Resident(site, "--metrics", str(port))
        assert agent.launch().wait(30) == 1
    assert f"metrics cannot be told at 127.0.0.1:{port}" in agent.said()
    assert "Traceback" not in agent.said()


class Guest:
    """A companion that does not start when it is told so."""

    def __init__(self) -> None:
        self.there, self.refuses = False, False

    def start(self, _: Surroundings) -> None:
        if self.refuses:
            self.refuses = False
            raise GappsHooksError("no room")
        self.there = True

    def stop(self) -> None:
        self.there = False


def open_databases() -> int:
    return sum(file.resolve().name == "state.db" for file in Path("/proc/self/fd").iterdir())


def test_a_change_of_settings_that_fails_leaves_the_company_as_it_was(site: Site) -> None:
    guest, said = Guest(), list[str]()
    company = Company(companions=(guest,))
    shift = Shift(site.settings, company)
    agent = Agent(site.settings, company, World(environment={}, say=said.append), shift)
    try:
        shift.start()
        opened = list[int]()
        # SQLite keeps what is closed for the next who opens it, as long as another has it open
        for _ in range(3):
            guest.refuses = True
            with pytest.raises(GappsHooksError, match="no room"):
                agent.relieve(shift)
            assert (guest.there, said) == (True, [])
            opened.append(open_databases())
        assert len(set(opened)) == 1
    finally:
        agent.finish()


def test_a_shift_that_hangs_is_not_alive_whoever_it_was_that_began(site: Site) -> None:
    """A shift that was relieved and could not finish still holds what it has taken."""
    clock = [0.0]
    company = Company(progress=Progress(lambda: clock[0]))
    shift = Shift(site.settings, company)
    try:
        shift.start()
        assert shift.alive
        with company.progress.at_work():
            clock[0] = HUNG
            assert not shift.alive
        # its own threads may be at work since the clock stood at the one time or the other
        assert eventually(lambda: shift.alive)
    finally:
        shift.finish(20.0)


def test_a_source_that_may_take_its_time_makes_nobody_hang(site: Site) -> None:
    text = site.settings.read_text()
    site.settings.write_text(text.replace("[source]", "[source]\ntimeout = 60"))
    clock = [0.0]
    company = Company(progress=Progress(lambda: clock[0]))
    shift = Shift(site.settings, company)
    try:
        with company.progress.at_work():
            clock[0] = HUNG
            assert not company.progress.hangs
    finally:
        shift.finish(20.0)


def test_signs_of_life_stop_with_a_sentence(site: Site, tmp_path: Path) -> None:
    said = list[str]()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        environment = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "100000"}
        clock = [0.0]
        company = Company(progress=Progress(lambda: clock[0]))
        world = World(environment=environment, say=said.append)
        agent = Agent(site.settings, company, world, Shift(site.settings, company))

        async def live() -> None:
            serving = asyncio.ensure_future(agent.serve())
            await asyncio.to_thread(heard_of_life, manager)
            with company.progress.at_work():
                clock[0] = HUNG
                await asyncio.sleep(0.3)
                told = len(said)
                await asyncio.sleep(0.3)
                assert len(said) == told
            await asyncio.to_thread(heard_of_life, manager)
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving

        try:
            asyncio.run(live())
        finally:
            agent.finish()
    assert said[1:] == ["a part of the agent hangs or is gone; it gives no sign of life"]


def heard_of_life(manager: socket.socket) -> None:
    while manager.recv(1000) != b"WATCHDOG=1":
        pass


def test_a_state_file_that_others_have_mended_is_opened_anew(agent: Resident, site: Site) -> None:
    agent.fire("user-add", "alice")
    for file in site.state.glob("state.db*"):
        file.unlink()
    # whoever comes first mends it: this hook, or the agent, which looks every two seconds
    assert site.run(Message.of("user-modify", "alice", {}))[0] == 0
    assert eventually(lambda: "were opened again" in agent.said())
    status, line = agent.fire("user-modify", "alice", {})
    assert (status, "not recorded" in line) == (0, False)
    with site.wiring() as wiring:
        assert entries.all_entries(wiring.state) == ()
    assert site.created() == ["alice"]
