"""Hook, agent and in-process delivery are killed at any moment: nothing is lost or done twice.

GAPPS_HOOKS_KILLS sets how many kills there are; the seed is printed and may be given back in
GAPPS_HOOKS_SEED.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from real_hooks import Site
from resident import Resident, resident

from gapps_hooks.outbox import entries

KILLS = int(os.environ.get("GAPPS_HOOKS_KILLS", "30"))
SEED = int(os.environ.get("GAPPS_HOOKS_SEED", random.SystemRandom().randrange(10_000)))
HASHES = ["$6$salt$" + letter * 86 for letter in "abcdefgh"]
BOUNDS = "".join(
    f"[bounds.{kind}]\nshare = 1.0\nmost = 9999\nleast = 9999\n"
    for kind in ("suspend", "restore", "rename", "remove_member")
)
STRACE = shutil.which("strace")


@pytest.fixture
def site(site: Site) -> Site:
    site.configure(wait=0.3, more=BOUNDS)
    return site


Event = tuple[str, str, dict[str, Any]]


@dataclass
class Story:
    """What happens to one person and their group, in order, and what it has to end in."""

    name: str
    dice: random.Random
    family: str = "First"
    suspended: bool = False
    hash: str = HASHES[0]
    inside: bool | None = None
    newcomers: list[str] = field(default_factory=list)
    events: int = 0

    def first(self) -> Event:
        fields = {"given_name": "Given", "family_name": self.family, "password_hash": self.hash}
        return "user-add", self.name, {**fields, "id": f"entryUUID:{self.name}"}

    def following(self) -> Event:
        self.events += 1
        match self.dice.choice(("name", "switch", "password", "group", "newcomer")):
            case "name":
                self.family = f"Family {self.events}"
                return "user-modify", self.name, {"family_name": self.family}
            case "switch":
                self.suspended = not self.suspended
                return "user-modify", self.name, {"enabled": not self.suspended}
            case "password":
                self.hash = self.dice.choice(HASHES)
                return "password-set", self.name, {"password_hash": self.hash}
            case "group":
                self.inside = not self.inside
                members = [self.name] if self.inside else []
                return "group-change", f"team-{self.name}", {"members": members}
            case _:
                self.newcomers.append(f"{self.name}-{self.events}")
                return "user-add", self.newcomers[-1], {"family_name": "New"}

    def last(self) -> Event:
        """Say that the person is there: whoever is suspended is in no group."""
        self.suspended = False
        return "user-modify", self.name, {"enabled": True}


@dataclass
class Slaughter:
    """Kills hooks and the agent while stories are told, and counts it."""

    agent: Resident
    dice: random.Random
    hooks: int = 0
    agents: int = 0
    acknowledged: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def kills(self) -> int:
        return self.hooks + self.agents

    def tell(self, event: Event) -> None:
        """Fire an event until it is acknowledged; some of its hooks are killed."""
        while True:
            with self.lock:
                hunting = 0 < self.agents + self.hooks < KILLS
                patience = (
                    self.dice.choice((None, self.dice.uniform(0.0, 0.3))) if hunting else None
                )
            with self.agent.hook(*event) as hook:
                try:
                    output, complaint = hook.communicate(timeout=patience or 60)
                except subprocess.TimeoutExpired:
                    hook.kill()
                    hook.communicate()
            with self.lock:
                if hook.returncode == 0:
                    self.acknowledged += 1
                    return
                assert hook.returncode == -9, (hook.returncode, output + complaint)
                self.hooks += 1

    def live(self, story: Story) -> None:
        """Let a person's day go on until enough was killed."""
        while self.kills < KILLS:
            self.tell(story.following())
        self.tell(story.last())

    def haunt(self) -> None:
        """Kill the agent again and again; in between there is sometimes none."""
        while self.kills < KILLS:
            self.agent.process = self.agent.launch()
            with self.lock:
                span, pause = self.dice.uniform(0.6, 2.0), self.dice.choice((0.0, 0.2, 0.6))
            time.sleep(span)
            self.agent.kill()
            with self.lock:
                self.agents += 1
            time.sleep(pause)


def trouble(site: Site, dice: random.Random, over: threading.Event) -> None:
    """Let Google be slow, away and forgetful in turn."""
    faults = ("503", "reset", "lost answer", "hang")
    while not over.wait(0.5):
        site.emulator.switches.latency = dice.choice((0.0, 0.02, 0.1))
        fails = dice.choice(faults)
        when = {"when": dice.choice(("before", "after"))} if fails != "lost answer" else {}
        script = {"fails": fails, "times": 2, **when}
        site.emulator.faults.script([{**script, **({"seconds": 0.5} if fails == "hang" else {})}])
        if dice.random() < 0.2:
            site.google.go_away()
            over.wait(0.5)
            site.google.come_back()
    site.emulator.faults.clear()
    site.emulator.switches.latency = 0.0
    site.google.come_back()


def left_after(agent: Resident, within: float = 60.0) -> dict[str, str]:
    """What is still in the outbox once an agent had time for it."""
    end = time.monotonic() + within
    with agent.site.wiring() as wiring:
        while entries.all_entries(wiring.state) and time.monotonic() < end:
            time.sleep(0.1)
            for one in entries.all_entries(wiring.state):
                if one.due_at > wiring.clock() + 1.0:
                    entries.retry(wiring.state, one.subject)
                    time.sleep(0.2)
        return {one.name: one.reason for one in entries.all_entries(wiring.state)}


def assert_as_told(site: Site, story: Story) -> None:
    user = site.user(story.name)
    seen = (user["name"]["familyName"], user["suspended"])
    assert seen == (story.family, story.suspended), (SEED, story.name)
    assert site.emulator.password_of(f"{story.name}@example.org") == ("crypt", story.hash)
    for name in story.newcomers:
        assert site.user(name)["name"]["familyName"] == "New", SEED
    if story.inside is not None:
        groups = site.emulator.state()["groups"]
        (group,) = [one for one in groups if one["email"] == f"team-{story.name}@example.org"]
        members = [member["email"] for member in group.get("members", ())]
        assert members == ([f"{story.name}@example.org"] if story.inside else []), SEED


@pytest.mark.timeout(300 + 3 * KILLS)
def test_killed_at_random_nothing_is_lost_and_nothing_done_twice(site: Site) -> None:
    dice = random.Random(SEED)
    agent = Resident(site)
    slaughter = Slaughter(agent, dice)
    stories = [Story(f"user{number}", random.Random(SEED + number)) for number in range(5)]
    # who was never at Google may be switched off before they come there, and then never come
    agent.start()
    for story in stories:
        slaughter.tell(story.first())
    assert left_after(agent) == {}
    agent.kill()
    over = threading.Event()
    weather = threading.Thread(target=trouble, args=(site, random.Random(SEED - 1), over))
    weather.start()
    haunting = threading.Thread(target=slaughter.haunt)
    haunting.start()
    try:
        with ThreadPoolExecutor(len(stories)) as pool:
            list(pool.map(slaughter.live, stories))
    finally:
        haunting.join()
        over.set()
        weather.join()
        agent.kill()
    agent.start()
    left = left_after(agent)
    agent.kill()
    print(  # noqa: T201 - to repeat it by
        f"seed {SEED}: {slaughter.hooks} hooks and {slaughter.agents} agents killed, "
        f"{slaughter.acknowledged} events acknowledged"
    )
    assert left == {}
    assert sorted(site.created()) == sorted(set(site.created())), SEED
    for story in stories:
        assert_as_told(site, story)


#: System calls at which the agent dies, and how many of them it survives.
POINTS = [
    (call, number)
    for call in ("fdatasync", "pwrite64", "sendto", "recvfrom")
    for number in range(1, 1 + max(1, KILLS // 25))
]


#: So many more events follow the first ones, if the agent still lives.
EVENTS_TO_DIE_OF = 6


@pytest.mark.skipif(STRACE is None, reason="strace is not installed")
@pytest.mark.parametrize(("call", "number"), POINTS)
def test_killed_at_a_system_call_nothing_is_lost_and_nothing_done_twice(
    site: Site, call: str, number: int
) -> None:
    """Before a commit and after it, before a request and after it: all of it passes the kernel."""
    story = Story("alice", random.Random(number))
    event, name, fields = story.first()
    with resident(site) as agent:
        trap = (
            "-f",
            "-qq",
            "-e",
            f"trace={call}",
            "-e",
            f"inject={call}:signal=KILL:when={number}",
        )
        command = [str(STRACE), *trap, "-o", os.devnull, "-p", str(agent.running.pid)]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as tracing:
            time.sleep(0.4)
            assert agent.fire(event, name, fields)[0] == 0
            for follower in (
                ("user-modify", "alice", {"family_name": "Second"}),
                ("password-set", "alice", {"password_hash": HASHES[1]}),
            ):
                assert agent.fire(*follower)[0] == 0
            story.family, story.hash = "Second", HASHES[1]
            for one in range(EVENTS_TO_DIE_OF):
                if agent.running.poll() is not None:
                    break
                story.family = f"Further {one}"
                assert agent.fire("user-modify", "alice", {"family_name": story.family})[0] == 0
            died = agent.running.poll() is not None
            tracing.terminate()
        assert died, f"{call} {number} was never reached"
        agent.kill()
        agent.start()
        assert left_after(agent) == {}
    assert site.created() == ["alice"]
    assert_as_told(site, story)


# --- all at once ---------------------------------------------------------------------------------


@pytest.mark.parametrize("people", [1, 50])
def test_fifty_hooks_at_the_same_instant_all_succeed_in_order(site: Site, people: int) -> None:
    site.configure(wait=20.0, more=BOUNDS)
    with resident(site) as agent:
        hooks = [
            agent.hook("user-add", f"user{number % people}", {"family_name": f"F{number}"})
            for number in range(50)
        ]
        for hook in hooks:
            output, complaint = hook.communicate(timeout=100)
            assert (hook.returncode, complaint) == (0, b""), output
        status, _ = agent.fire("user-modify", "user0", {"family_name": "Last"})
        assert status == 0
        assert left_after(agent) == {}
    assert sorted(site.created()) == sorted({f"user{number % people}" for number in range(50)})
    assert site.user("user0")["name"]["familyName"] == "Last"
    for number in range(1, people):
        assert site.user(f"user{number}")["name"]["familyName"] == f"F{number}"
