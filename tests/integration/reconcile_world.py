"""An account manager with a few people and groups beside a Google that others use too.

It keeps, by rules of its own, what a reconcile must come to: who is active, who is suspended, who
is in which group. Of what can end in two ways for good reasons it says nothing (``unsure``).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from organisation import Organisation, close_all
from reconciled import listed, person
from world_groups import Groups, address_of

NAMES = ("ann", "bob", "cid", "dot")
PROTECTED = "boss@example.org"
ADMINISTRATOR = "root2@example.org"
STRANGER = "zoe@example.org"
OUTSIDER = "friend@elsewhere.test"
#: Nobody is sent away twice a day without being asked for.
BOUNDS = "\n".join(
    f"[bounds.{verb}]\nleast = 1\nmost = 1"
    for verb in ("suspend", "restore", "rename", "remove_member", "remove_alias")
)
SEED = {
    "users": [
        {"primaryEmail": PROTECTED},
        {"primaryEmail": ADMINISTRATOR, "isAdmin": True},
        {"primaryEmail": STRANGER, "aliases": ["z@example.org"]},
    ],
    "groups": [
        {
            "email": "blue@example.org",
            "members": [{"email": OUTSIDER, "role": "OWNER"}, STRANGER],
        }
    ],
}

User = dict[str, Any]


class World:
    """Both sides, and what was agreed on when they were last compared."""

    def __init__(self, *, suspends_strangers: bool) -> None:
        self.folder = Path(tempfile.mkdtemp())
        unknown = "suspend" if suspends_strangers else "leave"
        self.suspends_strangers = suspends_strangers
        self.organisation: Organisation = listed(
            self.folder,
            more=f'protected = ["{PROTECTED}"]\nunknown_accounts = "{unknown}"',
            tables=BOUNDS,
        )
        self.people: dict[str, dict[str, Any]] = {"boss": person("boss")}
        self.groups = Groups()
        self._generation = 0
        #: Whose account is which at Google, by lasting id; since they were compared.
        self.accounts: dict[str, str] = {}
        #: Who was seen to be suspended because of being disabled here, and nothing moved since.
        self.settled_off: set[str] = set()
        self.settled_on: set[str] = set()
        #: Whom somebody at Google let in, or suspended, after that.
        self.let_in: set[str] = set()
        self.suspended_there: set[str] = set()
        #: Of whom nothing is said, because more than one ending is right.
        self.unsure: set[str] = set()
        #: Whom we put into which group: pairs of a group at Google and a lasting id.
        self.members: set[tuple[str, str]] = set()
        #: Aliases that others gave, with whose they are.
        self.others_aliases: set[tuple[str, str]] = set()
        self.organisation.emulator.seed(SEED)
        (self.blue,) = [one["id"] for one in self.organisation.emulator.state()["groups"]]
        self.untouchable = self.seen(*self.left_alone)
        self.write()

    def close(self) -> None:
        close_all()
        shutil.rmtree(self.folder)

    @property
    def left_alone(self) -> tuple[str, ...]:
        strangers = () if self.suspends_strangers else (STRANGER,)
        return (PROTECTED, ADMINISTRATOR, *strangers)

    # --- here ------------------------------------------------------------------------------------

    def write(self) -> None:
        self.organisation.people(*self.people.values(), groups=self.groups.listing(self.people))

    def comes(self, name: str) -> None:
        self._generation += 1
        self.people[name] = person(name, id=f"entryUUID:{name}{self._generation}", aliases=[])

    def changes(self, name: str, text: str, *, enabled: bool, aliases: int) -> None:
        known = self.people[name]
        key = known["id"]
        if known.get("enabled", True) is not enabled:
            if key in self.let_in | self.suspended_there:
                self.unsure.add(key)
            self.forget(key)
        own = [self.alias(key, letter) for letter in "xy"[:aliases]]
        self.people[name] = known | {"family_name": text, "enabled": enabled, "aliases": own}

    def alias(self, key: str, letter: str) -> str:
        return f"{letter}.{key.partition(':')[2]}@example.org"

    def leaves(self, name: str) -> None:
        self.forget(self.people.pop(name)["id"])

    def forget(self, key: str) -> None:
        """What was seen of somebody is out of date, because something else is wanted by now."""
        for known in (self.settled_off, self.settled_on, self.let_in, self.suspended_there):
            known.discard(key)

    def is_anothers(self, alias: str, group: str) -> bool:
        """Whether somebody else has, and may keep, what a group wants as alias."""
        users = self.users().values()
        if any(alias in {one["primaryEmail"], *one.get("aliases", ())} for one in users):
            return True
        return self.groups.is_anothers(alias, group, self.groups_there())

    def owner(self, key: str) -> str | None:
        return next((name for name, one in self.people.items() if one["id"] == key), None)

    def is_enabled(self, name: str) -> bool:
        return name in self.people and bool(self.people[name].get("enabled", True))

    # --- at Google -------------------------------------------------------------------------------

    def edit(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change something at Google that is no business of ours."""
        state = self.organisation.emulator.state()
        change(state)
        self.organisation.emulator.restore(state)

    def edit_user(self, google_id: str, **fields: object) -> None:
        def change(state: dict[str, Any]) -> None:
            for user in state["users"]:
                if user["id"] == google_id:
                    user.update(fields)

        self.edit(change)

    def users(self) -> dict[str, User]:
        """Everybody at Google by id, without what changes of itself."""
        volatile = {"etag", "externalIds"}
        users = self.organisation.emulator.state()["users"]
        return {one["id"]: {k: v for k, v in one.items() if k not in volatile} for one in users}

    def seen(self, *addresses: str) -> list[User]:
        return [one for one in self.users().values() if one["primaryEmail"] in addresses]

    def groups_there(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.organisation.emulator.state()["groups"]
        return found

    def all_roles(self) -> dict[str, dict[str, str]]:
        return {one["email"]: _roles(one) for one in self.groups_there()}

    def memberships(self) -> set[tuple[str, str]]:
        """Who is in which group, by id: a rename takes nobody out."""
        return {
            (one["id"], member["id"]) for one in self.groups_there() for member in one["members"]
        }

    def is_let_in(self, key: str) -> None:
        """Somebody at Google lifts a suspension."""
        self.edit_user(self.accounts[key], suspended=False, suspensionReason=None)
        known = key in self.settled_off
        self.forget(key)
        (self.let_in if known else self.unsure).add(key)

    def is_suspended_there(self, key: str) -> None:
        """Somebody at Google suspends one who is to be active."""
        self.edit_user(self.accounts[key], suspended=True, suspensionReason="ADMIN")
        known = key in self.settled_on
        self.forget(key)
        (self.suspended_there if known else self.unsure).add(key)

    # --- both ------------------------------------------------------------------------------------

    def agree(self, refused: set[str]) -> None:
        """Hold what is at Google against what should be, and keep it for the next time."""
        users = self.users()
        for key, google_id in tuple(self.accounts.items()):
            self._account(key, users[google_id], refused)
        for name in self.people.keys() - refused - {"boss"}:
            self._person(name, users)
        there = {one["id"]: one for one in self.groups_there()}
        self.groups.agree(there, refused)
        for google_id, key in tuple(self.members):
            self._former_member(there[google_id], key, users[self.accounts[key]], refused)
        for name in self.groups.members.keys() - refused:
            self._members(name, users, there[self.groups.at_google(name)], refused)

    def _account(self, key: str, user: User, refused: set[str]) -> None:
        name = self.owner(key)
        former = key.partition(":")[2].rstrip("0123456789")
        if user["isAdmin"] or {name, former, user["primaryEmail"].partition("@")[0]} & refused:
            self.forget(key)
            self.unsure.add(key)
        elif key in self.unsure:
            return
        elif name is not None and self.is_enabled(name):
            assert user["suspended"] is (key in self.suspended_there), (name, user)
        else:
            assert user["suspended"] is (key not in self.let_in), (key, user)
            self.settled_off.update({key} if user["suspended"] and name else ())

    def _person(self, name: str, users: dict[str, User]) -> None:
        account, key = self.people[name], self.people[name]["id"]
        found = [one for one in users.values() if one["primaryEmail"] == address_of(name)]
        if not self.is_enabled(name) or (found and found[0]["isAdmin"]):
            return
        (user,) = found
        assert self.accounts.setdefault(key, user["id"]) == user["id"], name
        if user["suspended"]:
            return
        assert user["name"]["familyName"] == account["family_name"], name
        aliases = set(user.get("aliases", ()))
        assert aliases.issuperset(account["aliases"]), (name, aliases)
        unwanted = {self.alias(key, letter) for letter in "xy"} - set(account["aliases"])
        assert not aliases & unwanted, (name, aliases)
        assert aliases.issuperset(alias for one, alias in self.others_aliases if one == key)
        self.unsure.discard(key)
        self.settled_on.add(key)

    def _former_member(
        self, group: dict[str, Any], key: str, user: User, refused: set[str]
    ) -> None:
        names = self.groups.names_of(group["id"])
        known = {self.owner(key), _local(user["primaryEmail"])}
        here = {one for name in names for one in self.groups.members[name]} & self.people.keys()
        if known & here or refused & (known | names | {_local(group["email"])}):
            return
        assert user["primaryEmail"] not in _roles(group), (group, user)
        self.members.discard((group["id"], key))

    def _members(
        self, name: str, users: dict[str, User], group: dict[str, Any], refused: set[str]
    ) -> None:
        for one in self.groups.members[name] & self.people.keys() - refused - {"boss"}:
            key = self.people[one]["id"]
            if self.is_enabled(one) and not users[self.accounts[key]]["isAdmin"]:
                assert address_of(one) in _roles(group), (name, one)
                self.members.add((group["id"], key))


def _roles(group: dict[str, Any]) -> dict[str, str]:
    return {member["email"]: member["role"] for member in group["members"]}


def _local(address: str) -> str:
    return address.partition("@")[0]
