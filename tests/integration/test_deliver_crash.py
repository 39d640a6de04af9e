"""Hooks that are killed at any moment, or run all at once: nothing is lost, nothing done twice."""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from real_hooks import Message, Site

from gapps_hooks.outbox import entries

HASHES = ["$6$salt$" + letter * 86 for letter in "abcdefgh"]
KILLS = int(os.environ.get("GAPPS_HOOKS_KILLS", "30"))
SEED = random.SystemRandom().randrange(10_000)


def add(name: str, **fields: object) -> Message:
    first = {"given_name": "Given", "family_name": "First", "id": f"entryUUID:{name}"}
    return Message.of("user-add", name, {**first, **fields})


# --- killed --------------------------------------------------------------------------------------


class Story:
    """What happens to one person, in order, and what it has to end in: active, with a password.

    Whoever is switched on gets a password then: one that waited when its owner, whom Google did
    not have yet, was switched off is forgotten, as the law of passwords wants it.
    """

    def __init__(self, name: str, dice: random.Random) -> None:
        self.name = name
        self.family, self.active, self.hash = "First", True, HASHES[0]
        self.messages = [add(name, password_hash=self.hash)]
        for number in range(4):
            self.messages += self._next(number, dice)
        self.messages += [] if self.active else self._switch(dice)

    def _next(self, number: int, dice: random.Random) -> list[Message]:
        match dice.choice(("name", "switch", "password")):
            case "name":
                self.family = f"Family {number}"
                return [Message.of("user-modify", self.name, {"family_name": self.family})]
            case "switch":
                return self._switch(dice)
            case _:
                return [self._password(dice)]

    def _switch(self, dice: random.Random) -> list[Message]:
        self.active = not self.active
        switch = Message.of("user-modify", self.name, {"enabled": self.active})
        return [switch, self._password(dice)] if self.active else [switch]

    def _password(self, dice: random.Random) -> Message:
        self.hash = dice.choice(HASHES)
        return Message.of("password-set", self.name, {"password_hash": self.hash})

    def tell(self, site: Site, delays: list[float]) -> int:
        """Fire each message until it is acknowledged; kill as many hooks as there are delays."""
        kills = 0
        for message in self.messages:
            while (delay := delays.pop() if delays else None) is not None:
                if not self._kill(site, message, delay):
                    break
                kills += 1
                if kills % 3 == 0:
                    break
            status, line = site.run(message)
            assert status == 0, line
        return kills

    def _kill(self, site: Site, message: Message, delay: float) -> bool:
        with site.start(message) as process:
            time.sleep(delay)
            acknowledged = process.poll() is not None
            process.kill()
            process.communicate()
        return not acknowledged


@pytest.mark.timeout(300 + 3 * KILLS)
def test_hooks_killed_at_random_lose_nothing_and_do_nothing_twice(site: Site) -> None:
    dice = random.Random(SEED)
    site.configure(more="[bounds.suspend]\nleast = 99\n[bounds.restore]\nleast = 99\n")
    site.emulator.switches.latency = 0.02
    stories = [Story(f"user{number}", dice) for number in range(5)]
    each = KILLS // len(stories)
    delays = [[dice.uniform(0.02, 0.7) for _ in range(each)] for _ in stories]
    with ThreadPoolExecutor(len(stories)) as pool:
        kills = sum(pool.map(lambda story, some: story.tell(site, some), stories, delays))
    _, left = site.drain()
    print(f"seed {SEED}: {kills} hooks killed of {sum(len(s.messages) for s in stories)} events")  # noqa: T201 - to repeat it by
    assert left == {}
    assert sorted(site.created()) == sorted(story.name for story in stories)
    for story in stories:
        user = site.user(story.name)
        seen = (user["name"]["familyName"], user["suspended"])
        assert seen == (story.family, False), (SEED, story.name)
        assert site.emulator.password_of(f"{story.name}@example.org") == ("crypt", story.hash)


POINTS = [
    (call, when)
    for call in ("users.insert", "groups.insert", "settings.patch", "members.insert")
    for when in ("before", "after")
]


@pytest.mark.parametrize(("call", "when"), POINTS)
def test_a_hook_killed_while_google_works_is_made_good(site: Site, call: str, when: str) -> None:
    message = add("alice")
    if call != "users.insert":
        site.run(message)
        message = Message.of("group-change", "team", {"members": ["alice"]})
    site.emulator.faults.script([{"fails": "hang", "call": call, "when": when, "seconds": 0.6}])
    with site.start(message) as process:
        end = time.monotonic() + 20
        while site.emulator.faults.waiting() and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.05)
        process.kill()
        process.communicate()
    assert site.emulator.faults.waiting() == []
    time.sleep(0.6)  # Google goes on with what it was asked
    _, left = site.drain()
    assert left == {}
    assert site.created() == (["alice"] if call == "users.insert" else ["alice", "team"])
    if call != "users.insert":
        (team,) = site.emulator.state()["groups"]
        assert team["settings"]["whoCanPostMessage"] == "ALL_IN_DOMAIN_CAN_POST"
        assert [one["email"] for one in team["members"]] == ["alice@example.org"]


# --- all at once ---------------------------------------------------------------------------------


def test_two_hooks_for_one_person_at_the_same_instant_make_one_account(site: Site) -> None:
    site.emulator.switches.latency = 0.2
    running = [site.start(add("alice")) for _ in range(2)]
    for process in running:
        output, complaint = process.communicate(timeout=60)
        assert (process.returncode, complaint) == (0, b""), output
    _, left = site.drain()
    assert left == {}
    assert site.created() == ["alice"]


@pytest.mark.parametrize("people", [1, 50])
def test_fifty_hooks_at_once_all_succeed(site: Site, people: int) -> None:
    site.configure(wait=1.0)
    messages = [add(f"user{number % people}", family_name=f"F{number}") for number in range(50)]
    running = [site.start(message) for message in messages]
    for process in running:
        output, complaint = process.communicate(timeout=90)
        assert (process.returncode, complaint) == (0, b""), output
    _, left = site.drain()
    assert left == {}
    assert sorted(site.created()) == sorted({message.subject for message in messages})
    with site.wiring() as wiring:
        assert entries.all_entries(wiring.state) == ()
        recorded = [
            row["id"] for row in wiring.state.rows("SELECT id FROM events ORDER BY sequence")
        ]
    by_id = {message.id: message for message in messages}
    assert set(recorded) & by_id.keys() == by_id.keys()
    # Whatever the order was in which they came, the last word on each is what is at Google.
    last = {by_id[one].subject: by_id[one] for one in recorded if one in by_id}
    for name, message in last.items():
        assert message.payload is not None
        assert site.user(name)["name"]["familyName"] == message.payload["family_name"]


# --- Google does not answer ----------------------------------------------------------------------


def measured(site: Site, message: Message) -> float:
    begin = time.monotonic()
    status, line = site.run(message)
    assert status == 0, line
    return time.monotonic() - begin


def test_a_google_that_hangs_holds_a_hook_no_longer_than_its_wait(site: Site) -> None:
    site.configure(wait=0.0)
    startup = min(measured(site, add(f"first{number}")) for number in range(2))
    site.configure(wait=1.0)
    site.emulator.faults.script([{"fails": "hang", "times": 0, "seconds": 8.0}])
    took = measured(site, add("alice"))
    site.emulator.faults.clear()
    assert took - startup < 1.0 + 0.2 + 2.0  # the last is for a busy machine
    _, left = site.drain()
    assert left == {}
    assert site.created().count("alice") == 1


def test_a_hook_during_a_known_outage_returns_at_once(site: Site) -> None:
    site.configure(wait=0.0)
    startup = min(measured(site, add(f"first{number}")) for number in range(2))
    site.configure(wait=5.0)
    site.google.go_away()
    status, line = site.run(add("alice"))
    assert (status, "waiting" in line) == (0, True)
    took = min(measured(site, add(f"late{number}")) for number in range(3))
    assert took - startup < 2.0  # of the 5 that it would wait for; a busy machine is slow
    site.google.come_back()
    _, left = site.drain()
    assert left == {}
    assert len(site.created()) == len(set(site.created())) == 6
