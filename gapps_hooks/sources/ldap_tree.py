"""Find people and groups in a directory, one by one or all of them.

It must not remember anything, nor know what is concluded from the answers. None is only said of
what certainly is not there: the base can be read, others in it can be seen, and no part of it is
on another server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Final

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Identity
from gapps_hooks.sources.ldap_connection import Connection
from gapps_hooks.sources.ldap_groups import GroupEntry, decode_group, is_by_name
from gapps_hooks.sources.ldap_layout import Layout, kind_of
from gapps_hooks.sources.ldap_listing import Found, Listing, Place, nobody, twice, why_not_all
from gapps_hooks.sources.ldap_pages import Entry
from gapps_hooks.sources.ldap_people import Person, decode_person
from gapps_hooks.sources.ldap_ranges import Attributes, whole
from gapps_hooks.sources.ldap_values import (
    Dn,
    NotUnderstood,
    equals,
    guid_bytes,
    lowered,
    sid_bytes,
)

#: How many entries are asked for by name in one question.
_AT_A_TIME: Final = 100


class Tree:
    """A directory's people and groups; each question is asked of the server."""

    def __init__(self, connection: Connection, layout: Layout, clock: Callable[[], float]) -> None:
        self.connection = connection
        self.layout = layout
        #: Whether a part of the groups was seen to be on another server.
        self.groups_elsewhere = False
        self._clock = clock
        taken = layout.taken
        self.people: Place[Person] = Place(
            layout.user_base,
            layout.user_filter,
            layout.person_attributes,
            taken["username"],
            self._person,
            "people",
        )
        self.groups: Place[GroupEntry] = Place(
            layout.group_base,
            layout.group_filter,
            layout.group_attributes,
            taken["group_name"],
            self._group,
            "groups",
        )
        #: Groups without their members, of which there may be as many as there are people.
        self.bare_groups: Place[GroupEntry] = replace(
            self.groups, attributes=layout.bare_group_attributes
        )

    # --- all of them -------------------------------------------------------------------------

    def all(self, place: Place[Found]) -> Listing[Found]:
        """Read everything of a kind, page by page; whatever goes wrong is told, not raised."""
        found: list[Found] = []
        troubles: list[str] = []
        try:
            for entry in self._entries(place, place.filter):
                try:
                    found.append(place.decode(entry))
                except NotUnderstood as error:
                    troubles.append(f"the entry {entry[0]} {error}")
        except SourceUnreadable as error:
            troubles.insert(0, str(error))
        return Listing(tuple(found), why_not_all(troubles, found, place))

    def _entries(self, place: Place[Found], found_by: str) -> Iterator[Entry]:
        references: list[str] = []
        size = self.layout.page_size
        for page in self.connection.pages(place.base, found_by, place.attributes, size):
            yield from page.entries
            references += page.references
        self._check(references, place)

    # --- one of them -------------------------------------------------------------------------

    def named(self, place: Place[Found], name: str) -> Found | None:
        """Find an entry by its name.

        Raises:
            SourceUnreadable: it could not be asked for, is there twice, or cannot be understood.
        """
        asked = "".join(equals(attribute, name) for attribute in place.named)
        found = self._some(place, f"(|{asked})", all_of_it=False)
        called = [one for one in found if one.name.casefold() == name.casefold()] or found
        if len(called) > 1:
            raise SourceUnreadable(twice(name, called))
        if not called:
            self.see_others(place)
        return called[0] if called else None

    def identified(self, identity: Identity) -> Person | None:
        """Find a person by id.

        Raises:
            SourceUnreadable: it could not be asked for, or is there twice.
        """
        names = [name for name in self.layout.taken["id"] if kind_of(name) == identity.kind]
        value: str | bytes | None = identity.value
        if names and names[0].lower() == "objectguid":
            value = guid_bytes(identity.value)
        if not names or value is None:
            return None
        found = self._some(self.people, equals(names[0], value), all_of_it=False)
        if len(found) > 1:
            raise SourceUnreadable(twice(str(identity), found))
        if not found:
            self.see_others(self.people)
        return found[0] if found else None

    def see_others(self, place: Place[Found]) -> None:
        """Make sure that what was not found is absent, and not only hidden from us.

        Raises:
            SourceUnreadable: nobody can be seen at all.
        """
        if not self.connection.any(place.base, place.filter):
            raise SourceUnreadable(nobody(place))

    def anybody_has(self, attribute: str) -> bool:
        """Say whether an attribute is seen in anybody."""
        return self.is_seen(self.people, (attribute,))

    def any_group_shows_members(self) -> bool:
        """Say whether members are seen in any group."""
        return self.is_seen(self.groups, self.layout.taken["members"])

    def is_seen(self, place: Place[Found], attributes: Sequence[str]) -> bool:
        """Say whether one who is found by these attributes also shows one, under our name for it.

        A right to search is not yet one to read, and a server finds by a name (``surname``, a
        number) what it answers under another (``sn``).
        """
        asked = "".join(f"({name}=*)" for name in attributes)
        pages = self.connection.pages(place.base, f"(&{place.filter}(|{asked}))", attributes, 1)
        with closing(pages):
            entries = (attributes for page in pages for _, attributes in page.entries)
            shown = {name.partition(";")[0] for name in lowered(next(entries, {}))}
        return any(name.lower() in shown for name in attributes)

    # --- who is in which group ---------------------------------------------------------------

    def resolve(self, dns: Iterable[Dn]) -> dict[Dn, Person | GroupEntry]:
        """Find what these DNs stand for; one that stands for nothing is left out.

        Raises:
            SourceUnreadable: some of it could not be read.
        """
        wanted = tuple(dict.fromkeys(dns))
        found: dict[Dn, Person | GroupEntry] = {}
        self._look_up(self.people, wanted, found)
        self._look_up(self.groups, [dn for dn in wanted if dn not in found], found)
        return found

    def _look_up(
        self, place: Place[Found], dns: Sequence[Dn], found: dict[Dn, Person | GroupEntry]
    ) -> None:
        for start in range(0, len(dns), _AT_A_TIME):
            some = dns[start : start + _AT_A_TIME]
            asked = "".join(equals(*dn.first) for dn in some)
            found.update(
                (one.dn, one) for one in self._some(place, f"(|{asked})") if one.dn in some
            )

    def groups_of(self, person: Person) -> list[GroupEntry]:
        """Find the bare groups that a person is in: listed there, or by the primary group."""
        asked = [_is_member(name, person) for name in self.layout.taken["members"]]
        if person.primary:
            asked.append(self._numbered(person.primary))
        return self._groups_here(asked)

    def groups_with_groups(self, dns: Iterable[Dn]) -> list[GroupEntry]:
        """Find the bare groups that list one of these groups."""
        by_dn = [name for name in self.layout.taken["members"] if not is_by_name(name)]
        wanted = list(dns)
        if not by_dn or not wanted:
            return []
        asked = (equals(name, dn.written) for name in by_dn for dn in wanted)
        return self._groups_here(asked)

    def _groups_here(self, asked: Iterable[str]) -> list[GroupEntry]:
        """Find groups; that there may be more on another server is noted."""
        place = self.bare_groups
        found_by = f"(&{place.filter}(|{''.join(asked)}))"
        page = self.connection.some(place.base, found_by, place.attributes)
        self.groups_elsewhere |= any(map(self._is_elsewhere, page.references))
        return [self._decoded(place, entry) for entry in page.entries]

    def primary_members(self, group: GroupEntry) -> list[Person]:
        """Find the people whose primary group it is."""
        number = group.number.rpartition("-")[2]
        if not number:
            return []
        asked = f"(&{self.people.filter}{equals(self.layout.preset.primary[0], number)})"
        entries = self._entries(self.people, asked)
        found = [self._decoded(self.people, entry) for entry in entries]
        return [person for person in found if person.primary == group.number]

    def _numbered(self, number: str) -> str:
        attribute = self.layout.preset.primary[1]
        return equals(attribute, sid_bytes(number) if attribute == "objectSid" else number)

    # --- reading -----------------------------------------------------------------------------

    def _some(self, place: Place[Found], asked: str, *, all_of_it: bool = True) -> list[Found]:
        """Find entries; where ``all_of_it`` is not needed, what is found is believed anyway."""
        found_by = f"(&{place.filter}{asked})"
        page = self.connection.some(place.base, found_by, place.attributes)
        if all_of_it or not page.entries:
            self._check(page.references, place)
        return [self._decoded(place, entry) for entry in page.entries]

    def _decoded(self, place: Place[Found], entry: Entry) -> Found:
        try:
            return place.decode(entry)
        except NotUnderstood as error:
            raise SourceUnreadable(f"the entry {entry[0]} {error}") from None

    def _check(self, references: Iterable[str], place: Place[Found]) -> None:
        for url in references:
            if self._is_elsewhere(url):
                raise SourceUnreadable(
                    f"a part of {place.base} is on another server ({url}), which is not asked; "
                    "set source.uri to a server that has everything, or a narrower base"
                )

    def _is_elsewhere(self, url: str) -> bool:
        harmless = self.layout.preset.harmless_references
        return not _points_to(url).startswith(harmless or ("\0",))

    def _person(self, entry: Entry) -> Person:
        return decode_person(*entry, self.layout, self._clock())

    def _group(self, entry: Entry) -> GroupEntry:
        dn, attributes = entry
        return decode_group(dn, whole(attributes, lambda part: self._part(dn, part)), self.layout)

    def _part(self, dn: str, name: str) -> Attributes:
        entry = self.connection.one(dn, (name,))
        return entry[1] if entry else {}


def _is_member(attribute: str, person: Person) -> str:
    return equals(attribute, person.name if is_by_name(attribute) else person.dn.written)


def _points_to(url: str) -> str:
    """Return the lower-case DN of an LDAP URL."""
    return url.partition("://")[2].partition("/")[2].partition("?")[0].lower()
