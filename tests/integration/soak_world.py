"""A random organisation that changes all the time, and an independent notion of what is true of it.

It keeps the account manager's side by itself, tells the hooks of each change, and says in the end
what Google should hold; nothing of the product is asked for that.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from organisation import Organisation

from gapps_hooks.deliver.subject import deliver
from gapps_hooks.model import Kind
from gapps_hooks.outbox import entries, subjects
from gapps_hooks.record import Desk, Receipt, read_event, record

DOMAIN = "example.org"
PEOPLE = 12
GROUPS = 4
ROLES = ("members", "owners", "managers")
#: Passing faults: a real one says the truth, only not what was asked for.
PASSING = (
    *("403 quota", "403 rate", "403 user rate", "403 text", "429", "429 text", "500"),
    *("500 internal", "500 empty", "502", "503", "503 unavailable", "503 text", "504", "reset"),
    *("closed", "lost answer", "hang", "truncated", "409 conflict", "412 creation"),
    *("stale list", "short page", "repeated token", "expired token"),
)
#: Answered at the door, before anything is looked at, so that no write can have taken effect.
#: (An end without an answer is never followed by a second request of ours, as it would be here.)
AT_THE_DOOR = ("403", "429", "503 text", "412", "stale", "short", "repeated", "expired", "closed")


def at(name: str) -> str:
    """The address that a name has."""
    return f"{name}@{DOMAIN}"


def _is(account: dict[str, Any] | None, person: Person) -> bool:
    """Whether an account bears the person's mark."""
    marks = [one["value"] for one in (account or {}).get("externalIds") or ()]
    return any(str(mark).endswith(person.identity) for mark in marks)


@dataclass
class Person:
    """One person, as the account manager has them."""

    identity: str
    name: str
    exists: bool = False
    #: Was deleted and came back.
    was_away: bool = False
    #: Nobody told which name they had before; only a look at the listing shows it.
    renamed_silently: bool = False
    enabled: bool = False
    family: str = ""
    aliases: tuple[str, ...] = ()
    #: The hash that the account manager holds.
    stored: str = ""
    #: Every family name and name so far: a suspended account is not kept up to date.
    shown: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    #: Hashes that Google may have; one, unless a deletion wiped one that waited.
    hashes: set[str] = field(default_factory=set)


@dataclass
class Gathering:
    """One group, as the account manager has it; members are persons, by their identity."""

    identity: str
    name: str
    exists: bool = False
    description: str = ""
    aliases: set[str] = field(default_factory=set)
    #: An address of somebody else that is wanted as an alias until everything comes to rest.
    clash: str = ""
    #: Addresses that it had: each stays as an alias until somebody else is to have it.
    former: set[str] = field(default_factory=set)
    #: Nobody told which name it had before.
    renamed_silently: bool = False
    lists: dict[str, set[str]] = field(default_factory=lambda: {role: set() for role in ROLES})

    def members(self) -> set[str]:
        """Everybody in it, in whatever role."""
        return set().union(*self.lists.values())

    def wanted(self) -> list[str]:
        """Its aliases as the account manager has them."""
        return sorted({*self.aliases, self.clash} - {""})


class World:
    """The account manager, its people and groups, and the dice."""

    def __init__(self, house: Organisation, seed: int, *, listed: bool) -> None:
        self.house, self.dice, self.listed = house, random.Random(seed), listed
        self.people = [Person(f"entryUUID:{n}", f"p{n}") for n in range(PEOPLE)]
        self.groups = [Gathering(f"entryUUID:g{n}", f"g{n}") for n in range(GROUPS)]
        self.events = 0
        self.faults = 0
        self.renames = 0
        self.outage_ends = 0.0
        self.told: list[str] = []
        self.last: list[dict[str, Any]] = []
        self._changes: list[str] = []
        self._write_listing()

    # --- telling ---------------------------------------------------------------------------

    def tell(self, event: str, name: str, payload: dict[str, Any] | None = None) -> Receipt:
        """Call the hook, which has to acknowledge; now and then it is called twice."""
        self.events += 1
        self._write_listing()
        self.told.append(f"{self.house.clock.now:.0f} {event} {name} {payload}")
        message = {
            "id": secrets.token_hex(16),
            "event": event,
            "subject": name,
            "payload": payload or None,
        }
        self.last = [*self.last[-3:], message]
        receipt = self._record(message)
        if self.dice.random() < 0.05:
            assert self._record(message).duplicate or receipt.subject is None
        if self.dice.random() < 0.75 and receipt.subject is not None:
            deliver(self.house.wiring, receipt.subject)
        return receipt

    def _record(self, message: dict[str, Any]) -> Receipt:
        desk = Desk(
            settings=self.house.settings,
            state=self.house.state,
            source=self.house.wiring.source,
            tell_trouble=self.house.troubles.append,
        )
        return record(desk, read_event(message))

    def _write_listing(self) -> None:
        if not self.listed:
            return
        names = {one.identity: one.name for one in self.people}
        users = [
            {
                "username": one.name,
                "id": one.identity,
                "given_name": "Given",
                "family_name": one.family,
                "aliases": list(one.aliases),
                "enabled": one.enabled,
                **({"password_hash": one.stored} if one.stored else {}),
            }
            for one in self.people
            if one.exists
        ]
        groups = [
            {
                "name": one.name,
                "id": one.identity,
                "description": one.description or None,
                "aliases": one.wanted(),
                **{role: sorted(names[i] for i in one.lists[role]) for role in ROLES},
            }
            for one in self.groups
            if one.exists
        ]
        # A listing of nobody concludes nothing, so somebody is always there who is not enabled.
        watchman = {"username": "watchman", "id": "entryUUID:watchman", "enabled": False}
        self.house.people(watchman, *users, groups=({"name": "nobody", "members": []}, *groups))

    # --- what happens ----------------------------------------------------------------------

    def step(self) -> None:
        """Let one thing happen, and some time pass."""
        self._weather()
        act = self.dice.choices([act for act, _ in _ACTS], weights=[weight for _, weight in _ACTS])[
            0
        ]
        act(self)
        if self.dice.random() < 0.4:
            self.house.drain()
        if self.dice.random() < 0.01:
            self.house.restart()
        pause = self.dice.choice((0.0, 0.5, 3.0, 20.0, 20.0, 90.0, 400.0, 5000.0))
        self.house.clock.now += pause

    def _weather(self) -> None:
        house, dice = self.house, self.dice
        if not house.emulator.faults.waiting():
            house.emulator.faults.clear()
            kind = dice.choice(PASSING)
            after = dice.random() < 0.5 and not kind.startswith(AT_THE_DOOR)
            nth = 1 + int(dice.expovariate(0.05))
            house.fail(
                fails=kind,
                when="after" if after else "before",
                nth=nth,
                seconds=dice.choice((4, 60)),
            )
            self.faults += 1
        if house.cut is None and dice.random() < 0.01:
            house.cut = ConnectionRefusedError(111, "Connection refused")
            self.outage_ends = house.clock.now + dice.choice((5, 300, 20_000))
        if house.cut is not None and house.clock.now >= self.outage_ends:
            house.cut = None

    def calm(self) -> None:
        """End all faults and outages; the lags stay."""
        self.house.emulator.faults.clear()
        self.house.cut = None
        for group in self.groups:
            if group.clash:
                group.clash = ""
                self._tell_group(group)

    def _some(self, condition: Callable[[Person], bool]) -> Person | None:
        found = [one for one in self.people if condition(one)]
        return self.dice.choice(found) if found else None

    def _look(self, person: Person) -> None:
        """Note what a Google account may show from now on, also if it is suspended."""
        person.shown.add(person.family)
        person.names.add(person.name)

    def add(self) -> None:
        person = self._some(lambda one: not one.exists)
        if person is None:
            return
        person.exists, person.enabled = True, self.dice.random() < 0.8
        person.family, person.aliases = self._family(), ()
        payload: dict[str, Any] = {"id": person.identity}
        if not self.listed:
            payload |= {"given_name": "Given", "family_name": person.family, "aliases": []}
            payload |= {"enabled": False} if not person.enabled else {}
        person.stored = self._hash()
        if self.dice.random() < 0.6:
            payload["password_hash"] = person.stored
        self._look(person)
        users = self.house.emulator.state()["users"]
        before = sum(_is(user, person) for user in users)
        receipt = self.tell("user-add", person.name, payload)
        if "password_hash" in payload and receipt.line == "recorded":
            person.hashes = {person.stored}
        elif before == 0 and self.listed and person.enabled:
            person.hashes = {person.stored}  # the stored one goes with an account that we create

    def modify(self) -> None:
        person = self._some(lambda one: one.exists)
        if person is None:
            return
        person.family = self._family()
        self._look(person)
        self._patch(person, family_name=person.family)

    def switch(self) -> None:
        person = self._some(lambda one: one.exists)
        if person is None:
            return
        person.enabled = not person.enabled
        if not person.enabled:
            # What waits for an account does not survive that none is wanted.
            person.hashes = self._either(person)
        self._look(person)
        self._patch(person, enabled=person.enabled)

    def _is_active(self, person: Person) -> bool:
        users = self.house.emulator.state()["users"]
        return any(_is(user, person) and not user["suspended"] for user in users)

    def _either(self, person: Person) -> set[str]:
        """What waits to be delivered, or what is there; nothing is sure where no account is."""
        emulator = self.house.emulator
        addresses = [u["primaryEmail"] for u in emulator.state()["users"] if _is(u, person)]
        known = {password[1] for one in addresses if (password := emulator.password_of(one))}
        return person.hashes | known if person.hashes and known else set()

    def alias(self) -> None:
        person = self._some(lambda one: one.exists)
        if person is None:
            return
        own = [at(f"alias{n}-{person.identity.rpartition(':')[2]}") for n in range(3)]
        person.aliases = tuple(sorted(self.dice.sample(own, self.dice.randrange(4))))
        self._patch(person, aliases=list(person.aliases))

    def _patch(self, person: Person, **keys: object) -> None:
        self.tell("user-modify", person.name, {} if self.listed else dict(keys))

    def rename(self) -> None:
        person = self._some(lambda one: one.exists)
        if person is None:
            return
        active = self._is_active(person)
        if self.listed and person.was_away and not active:
            return  # whoever is not taken up again yet is asked about under another name
        taken = {one.name for one in self.people}
        taken |= {
            user["primaryEmail"].partition("@")[0] for user in self.house.emulator.state()["users"]
        }
        free = [name for name in (f"r{n}" for n in range(PEOPLE * 3)) if name not in taken]
        if not free:
            return
        missed = self._is_missed(person)  # a name that nobody knows tells of nobody either
        old, person.name = person.name, self.dice.choice(free)
        self._look(person)
        silent = self.listed and active and self.dice.random() < 0.5
        payload = {} if silent else {"old_username": old}
        person.renamed_silently = silent or missed
        self.tell("user-modify", person.name, payload)

    def _is_missed(self, person: Person) -> bool:
        """Whether nobody could look yet since a new name was not told.

        Gone before that, and back under it, is somebody whom only the id knows: that is asked.
        """
        users = self.house.emulator.state()["users"]
        addresses = {user["primaryEmail"] for user in users if _is(user, person)}
        return person.renamed_silently and at(person.name) not in addresses

    def delete(self) -> None:
        person = self._some(lambda one: one.exists)
        if person is None or self._is_missed(person):
            return
        person.exists, person.was_away = False, True
        person.hashes = self._either(person)
        leaving = [group for group in self.groups if person.identity in group.members()]
        for group in leaving:
            for role in ROLES:
                group.lists[role].discard(person.identity)
        calls: list[Callable[[], object]] = [
            lambda: self.tell("user-delete", person.name),
            *(lambda group=group: self._tell_group(group) for group in leaving),
        ]
        self.dice.shuffle(calls)
        for call in calls:
            call()

    def password(self) -> None:
        person = self._some(lambda one: one.exists)
        if person is None:
            return
        person.stored = self._hash()
        given = (
            {"password_hash": person.stored} if not self.listed or self.dice.random() < 0.5 else {}
        )
        receipt = self.tell("password-set", person.name, given)
        if receipt.line == "recorded":
            person.hashes = {person.stored}
        else:
            assert not person.enabled, f"{person.name}: {receipt.line}"

    def gather(self) -> None:
        group = self.dice.choice(self.groups)
        present = [one.identity for one in self.people if one.exists]
        chosen = self.dice.sample(present, min(len(present), self.dice.randrange(7)))
        group.lists = {role: set() for role in ROLES}
        for identity in chosen:
            group.lists[self.dice.choice(("members", "members", *ROLES))].add(identity)
        group.exists = True
        self._tell_group(group)

    def describe(self) -> None:
        group = self.dice.choice(self.groups)
        if group.exists:
            group.description = self._family()
            self._tell_group(group)

    def dissolve(self) -> None:
        group = self.dice.choice(self.groups)
        if group.exists and not self._is_unheard_of(group) and not self._is_waited_for(group):
            group.exists, group.lists = False, {role: set() for role in ROLES}
            group.aliases, group.clash = set(), ""
            self.tell("group-change", group.name, {"deleted": True})

    def alias_group(self) -> None:
        """Give a group other aliases; one that another has moves, its old owner is told too."""
        group = self.dice.choice(self.groups)
        if not group.exists:
            return
        pool = sorted({*(at(f"ga{n}") for n in range(GROUPS)), *self._left()})
        group.aliases = set(self.dice.sample(pool, self.dice.randrange(3)))
        losing = [one for one in self.groups if one is not group and one.aliases & group.aliases]
        for other in losing:
            other.aliases -= group.aliases
        told = [group, *losing]
        self.dice.shuffle(told)
        for each in told:
            self._tell_group(each)

    def clash(self) -> None:
        """Have a group want what is somebody else's; whose it is, who comes first has it."""
        group = self.dice.choice(self.groups)
        if group.exists:
            theirs = [at(one.name) for one in self.people]
            theirs += [at(one.name) for one in self.groups if one is not group]
            theirs += [alias for one in self.people if one.exists for alias in one.aliases]
            group.clash = self.dice.choice(theirs)
            self._tell_group(group)

    def _addresses(self) -> set[str]:
        return {at(one.name) for one in self.groups}

    def _left(self) -> set[str]:
        """Addresses that renames leave; a group that is gone keeps what it has at Google."""
        gone = {one for each in self.groups if not each.exists for one in each.former}
        left = {one for each in self.groups for one in each.former}
        return left - self._addresses() - (gone & self._primary())

    def _is_waited_for(self, group: Gathering) -> bool:
        """Whether another is to have an address that it still has at Google before a new name."""
        held = self._primary() & group.former
        others = [one for one in self.groups if one is not group]
        return any(held & {at(one.name), *one.aliases} for one in others)

    def _primary(self) -> set[str]:
        return {one["email"] for one in self.house.emulator.state()["groups"]}

    def _is_unheard_of(self, group: Gathering) -> bool:
        """Whether nobody could look yet since a new name was not told; see _is_missed."""
        return group.renamed_silently and at(group.name) not in self._primary()

    def rename_group(self) -> None:
        group = self.dice.choice(self.groups)
        if not group.exists:
            return
        primary = self._primary()
        self.renames += 1
        names = [f"h{self.renames}"]
        if not any(self._is_unheard_of(one) for one in self.groups):
            wanted = {alias for one in self.groups for alias in (*one.aliases, one.clash)}
            free = self._left() - wanted
            names += [one.partition("@")[0] for one in sorted(free)]
        old, group.name = group.name, self.dice.choice((names[0], *names))
        group.former.add(at(old))
        group.renamed_silently = self.listed and at(old) in primary and self.dice.random() < 0.5
        self._tell_group(group, **({} if group.renamed_silently else {"old_name": old}))

    def _tell_group(self, group: Gathering, **more: str) -> None:
        if not group.exists:
            return
        names = {one.identity: one.name for one in self.people}
        lists = {role: sorted(names[i] for i in group.lists[role]) for role in ROLES}
        texts = {"description": group.description or None, "aliases": group.wanted()}
        said: dict[str, Any] = {**lists, **texts} if not self.listed else {}
        if self.listed and more:
            said = lists
        self.tell("group-change", group.name, {**said, **more} or None)

    def _family(self) -> str:
        return f"Family {self.dice.randrange(1000)}"

    def _hash(self) -> str:
        letters = "abcdefghijklmnopqrstuvwxyz"
        return "$6$salt$" + "".join(self.dice.choice(letters) for _ in range(86))

    # --- what should be true ---------------------------------------------------------------

    def differences(self) -> list[str]:
        """How Google differs from what it should hold, a sentence each."""
        state = self.house.emulator.state()
        users = {user["primaryEmail"]: user for user in state["users"]}
        users.pop(at("admin"), None)
        found = [text for one in self.people for text in self._of_person(one, users)]
        found += [f"nobody's: {address}" for address in users]
        groups = {group["email"]: group for group in state["groups"]}
        found += [text for one in self.groups for text in self._of_group(one, groups)]
        return found + [f"no group's: {address}" for address in groups]

    def _of_person(self, person: Person, users: dict[str, Any]) -> list[str]:
        active = person.exists and person.enabled
        names = [person.name] if active else sorted(person.names)
        account = next((users.pop(at(n)) for n in names if _is(users.get(at(n)), person)), None)
        who = f"{person.identity} {person.name}"
        if account is None:
            return [f"{who} has no account"] if active else []
        wrong = []
        if account["suspended"] is active:
            wrong.append(f"{who} suspended: {account['suspended']}")
        shown = {person.family} if active else person.shown
        if account["name"]["familyName"] not in shown:
            wrong.append(f"{who} is {account['name']}, not {shown}")
        aliases = {one for one in account.get("aliases") or () if one.startswith("alias")}
        if active and aliases != set(person.aliases):
            wrong.append(f"{who} has {aliases}, not {person.aliases}")
        password = self.house.emulator.password_of(account["primaryEmail"])
        if person.hashes and (password is None or password[1] not in person.hashes):
            wrong.append(f"{who} has {password}, not {person.hashes}")
        return wrong

    def _where(self, group: Gathering, groups: dict[str, Any]) -> str:
        """At which address it is: one that went before its new name arrived is at the old one."""
        theirs = {at(one.name) for one in self.groups if one is not group}
        left = [one for one in sorted(group.former - theirs) if one in groups]
        return at(group.name) if group.exists or at(group.name) in groups or not left else left[0]

    def _of_group(self, group: Gathering, groups: dict[str, Any]) -> list[str]:
        found = groups.pop(self._where(group, groups), None)
        if found is None:
            return [f"{group.name} is not there"] if group.exists else []
        wrong = []
        people = {one.identity: one for one in self.people}
        roles = {role: role.removesuffix("s").upper() for role in ROLES}
        wanted = {at(people[i].name): (roles[r], people[i]) for r in ROLES for i in group.lists[r]}
        present = {member["email"]: member["role"] for member in found["members"]}
        for address, (role, person) in wanted.items():
            if person.enabled and present.get(address) != role:
                wrong.append(f"{group.name}: {address} is {present.get(address)}, not {role}")
        may = set(wanted) | {at(n) for _, p in wanted.values() for n in p.names if not p.enabled}
        wrong += [
            f"{group.name}: {address} should not be there" for address in present.keys() - may
        ]
        aliases = set(found.get("aliases") or ())
        if not group.aliases <= aliases or aliases - group.aliases - group.former:
            wrong.append(f"{group.name} has {aliases}, not {group.aliases}")
        if group.exists and found["description"] != group.description:
            wrong.append(f"{group.name}: {found['description']!r}, not {group.description!r}")
        if found["settings"]["whoCanPostMessage"] != "ALL_IN_DOMAIN_CAN_POST":
            wrong.append(f"{group.name}: anyone may post")
        return wrong

    def look_again(self) -> None:
        """Have everybody looked at once more, an hour later; there is nothing left to do.

        Who is suspended is left out: what was said of them since may wait until they are not.
        """
        self.house.clock.now += 4000.0
        self._changes = self._writes()
        for kind, names in (
            (Kind.USER, [one.name for one in self.people if one.exists and one.enabled]),
            (Kind.GROUP, [one.name for one in self.groups if one.exists]),
        ):
            for name in names:
                if subjects.of_name(self.house.state, kind, name) is not None:
                    entries.touch(self.house.state, kind, name)

    def changed(self) -> list[str]:
        """What was written at Google since."""
        return [f"changed again: {one}" for one in self._writes()[len(self._changes) :]]

    def _writes(self) -> list[str]:
        log = self.house.emulator.requests
        return [
            f"{one.call} {one.path} {one.body}"
            for one in log
            if one.method != "GET" and one.call != "token"
        ]

    def stuck(self) -> list[str]:
        """What the outbox still holds though nothing stands in its way any more."""
        return [
            f"{one.name} {one.status} since {one.recorded_at}: {one.reason}"
            for one in entries.all_entries(self.house.state)
        ]


_ACTS: tuple[tuple[Callable[[World], None], int], ...] = (
    (World.add, 14),
    (World.modify, 16),
    (World.switch, 10),
    (World.alias, 8),
    (World.rename, 8),
    (World.delete, 6),
    (World.password, 14),
    (World.gather, 12),
    (World.describe, 4),
    (World.dissolve, 2),
    (World.rename_group, 3),
    (World.alias_group, 5),
    (World.clash, 1),
)
