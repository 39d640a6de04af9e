"""All people or all groups of a directory, indexed by what is asked for.

It must not ask the directory for anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Identity
from gapps_hooks.sources.ldap_groups import GroupEntry
from gapps_hooks.sources.ldap_listing import Listing, twice
from gapps_hooks.sources.ldap_people import Person
from gapps_hooks.sources.ldap_values import Dn


class EverybodyRead:
    """Everybody who could be read."""

    def __init__(self, listing: Listing[Person]) -> None:
        self.people = listing.entries
        self.why = listing.why
        self._by_name = _Named(listing.entries)
        self._by_dn = {person.dn: person for person in listing.entries}
        self._by_identity = {person.id: person for person in listing.entries if person.id}
        self._by_primary: dict[str, list[Person]] = {}
        for person in listing.entries:
            if person.primary:
                self._by_primary.setdefault(person.primary, []).append(person)

    def named(self, name: str) -> Person | None:
        """Find a person by name.

        Raises:
            SourceUnreadable: two people have it.
        """
        return self._by_name.find(name)

    def identified(self, identity: Identity) -> Person | None:
        """Find a person by id."""
        return self._by_identity.get(identity)

    def at(self, dn: Dn) -> Person | None:
        """Find a person by DN."""
        return self._by_dn.get(dn)

    def with_primary(self, number: str) -> Iterable[Person]:
        """Return those whose primary group has this number."""
        return self._by_primary.get(number, ()) if number else ()


class GroupsRead:
    """All groups that could be read."""

    def __init__(self, listing: Listing[GroupEntry]) -> None:
        self.groups = listing.entries
        self.why = listing.why
        self._by_name = _Named(listing.entries)
        self._by_dn = {group.dn: group for group in listing.entries}
        self._listing_dn: dict[Dn, list[GroupEntry]] = {}
        self._listing_name: dict[str, list[GroupEntry]] = {}
        self._by_number: dict[str, list[GroupEntry]] = {}
        for group in listing.entries:
            for dn in group.member_dns:
                self._listing_dn.setdefault(dn, []).append(group)
            for name in group.member_names:
                self._listing_name.setdefault(name, []).append(group)
            if group.number:
                self._by_number.setdefault(group.number, []).append(group)

    def named(self, name: str) -> GroupEntry | None:
        """Find a group by name.

        Raises:
            SourceUnreadable: two groups have it.
        """
        return self._by_name.find(name)

    def at(self, dn: Dn) -> GroupEntry | None:
        """Find a group by DN."""
        return self._by_dn.get(dn)

    def groups_of(self, person: Person) -> tuple[GroupEntry, ...]:
        """Return the groups that list a person, or are the primary one."""
        found = [
            *self._listing_dn.get(person.dn, ()),
            *self._listing_name.get(person.name, ()),
            *(self._by_number.get(person.primary, ()) if person.primary else ()),
        ]
        return tuple({group.dn: group for group in found}.values())

    def groups_with(self, dns: Iterable[Dn]) -> list[GroupEntry]:
        """Return the groups that list one of these groups."""
        return [group for dn in dns for group in self._listing_dn.get(dn, ())]


_Entry = TypeVar("_Entry", Person, GroupEntry)


class _Named(Generic[_Entry]):
    """Entries by name, in whatever case; some may share one."""

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self._first: dict[str, _Entry] = {}
        self._shared: dict[str, _Entry] = {}
        for entry in entries:
            key = entry.name.casefold()
            if self._first.setdefault(key, entry) is not entry:
                self._shared[key] = entry

    def find(self, name: str) -> _Entry | None:
        """Find the only entry of a name.

        Raises:
            SourceUnreadable: there are two.
        """
        key = name.casefold()
        if key in self._shared:
            raise SourceUnreadable(twice(name, (self._first[key], self._shared[key])))
        return self._first.get(key)
