"""The groups of the world: which one is which at Google, and what addresses each is to have."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

GROUPS = ("red", "blue")
#: Names and aliases that groups have besides.
MORE_GROUPS = ("green", "gray")
GROUP_ALIASES = ("hue@example.org", "tint@example.org")

Group = dict[str, Any]


def address_of(name: str) -> str:
    return f"{name}@example.org"


class Groups:
    """By their names here: members, lasting ids and aliases; and what of it Google was told."""

    def __init__(self) -> None:
        self.members: dict[str, set[str]] = {"red": set()}
        self.aliases: dict[str, set[str]] = {}
        self._ids: dict[str, str] = {"red": "entryUUID:red1"}
        self._generation = 1
        #: Which group at Google is whose, by lasting id, and the aliases that we delivered there.
        self._there: dict[str, str] = {}
        self._delivered: set[tuple[str, str]] = set()

    # --- here ------------------------------------------------------------------------------------

    def comes(self, name: str) -> None:
        self._generation += 1
        self.members[name] = set()
        self._ids[name] = f"entryUUID:{name}{self._generation}"

    def goes(self, name: str) -> None:
        del self.members[name], self._ids[name]
        self.aliases.pop(name, None)

    def is_renamed(self, old: str, new: str) -> None:
        self.members[new] = self.members.pop(old)
        self._ids[new] = self._ids.pop(old)
        if old in self.aliases:
            self.aliases[new] = self.aliases.pop(old)

    def listing(self, people: Container[str]) -> tuple[Group, ...]:
        return tuple(
            {
                "name": name,
                "id": self._ids[name],
                "members": sorted(one for one in members if one in people),
                "aliases": sorted(self.aliases.get(name, ())),
            }
            for name, members in self.members.items()
        )

    def wanted(self, name: str) -> set[str]:
        return self.aliases.get(name, set()) - {address_of(name)}

    # --- both ------------------------------------------------------------------------------------

    def at_google(self, name: str) -> str:
        return self._there[self._ids[name]]

    def names_of(self, google_id: str) -> set[str]:
        """Name the groups here that this one at Google was made or adopted for; mostly one."""
        return {name for name, key in self._ids.items() if self._there.get(key) == google_id}

    def agree(self, there: Mapping[str, Group], refused: set[str]) -> None:
        """Each group is the one that it was, and has the aliases that it is to have, if it may."""
        for name in self.members.keys() - refused:
            key = self._ids[name]
            (found,) = [one for one in there.values() if one["email"] == address_of(name)]
            assert self._there.setdefault(key, found["id"]) == found["id"], name
            assert self.wanted(name) <= _aliases(found), (name, found)
        for google_id, alias in self._delivered:
            names = self.names_of(google_id)
            wanted = {one for name in names for one in self.wanted(name)}
            told = names & refused or alias in wanted
            assert told or alias not in _aliases(there[google_id]), (google_id, alias)
        self._delivered = {
            (self.at_google(name), alias)
            for name in self.members.keys() - refused
            for alias in self.wanted(name) & {*GROUP_ALIASES}
        }

    def is_anothers(self, alias: str, name: str, there: Iterable[Group]) -> bool:
        """Whether another group has, and may keep, what this one wants as alias."""
        wanting = {address_of(other) for other in self.members if alias in self.wanted(other)}
        return any(
            alias == one["email"] or (alias in _aliases(one) and one["email"] in wanting)
            for one in there
            if one["email"] != address_of(name)
        )


def _aliases(group: Group) -> set[str]:
    return set(group.get("aliases") or ())
