"""Where one kind of entry is in a directory, and what a listing of it is worth.

It must not talk to any directory; it is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gapps_hooks.sources.ldap_groups import GroupEntry
from gapps_hooks.sources.ldap_pages import Entry
from gapps_hooks.sources.ldap_people import Person

Found = TypeVar("Found", Person, GroupEntry)


@dataclass(frozen=True, slots=True)
class Listing(Generic[Found]):
    """All people or groups, as far as they could be read."""

    entries: tuple[Found, ...] = field(repr=False)
    #: Why these may not be all, as a sentence; empty if they are.
    why: str


@dataclass(frozen=True, slots=True)
class Place(Generic[Found]):
    """Where one kind of entry is, and how it is read."""

    base: str
    filter: str
    attributes: tuple[str, ...]
    #: What an entry's name is in.
    named: tuple[str, ...]
    decode: Callable[[Entry], Found]
    #: What people call them.
    word: str


def why_not_all(
    troubles: Sequence[str], found: Sequence[Person | GroupEntry], place: Place[Found]
) -> str:
    """Say why what was found may not be all; nothing if it is."""
    if troubles:
        more = f" (and {len(troubles) - 1} more)" if len(troubles) > 1 else ""
        return troubles[0] + more
    if not found:
        return nobody(place)
    names: dict[str, Person | GroupEntry] = {}
    for one in found:
        if (other := names.setdefault(one.name.casefold(), one)) is not one:
            return twice(one.name, (other, one))
    return ""


def nobody(place: Place[Found]) -> str:
    """Say that nobody at all is seen, and what may be the reason."""
    return (
        f"no {place.word} can be seen below {place.base} ({place.filter}), from which nothing can "
        "be concluded; see whether the one we sign in as may read them"
    )


def twice(name: str, found: Sequence[Person | GroupEntry]) -> str:
    """Say that a name is nobody's alone."""
    places = " and ".join(sorted(one.dn.written for one in found)[:3])
    return f"{name} is the name of {places}; tell them apart with a filter or a base"
