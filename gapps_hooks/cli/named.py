"""How people name a person or a group on the command line, and who is meant by it.

It must not know what is done with those named.
"""

from __future__ import annotations

from dataclasses import dataclass

import click

from gapps_hooks.errors import BadInput, GappsHooksError
from gapps_hooks.model import Kind, Link
from gapps_hooks.outbox import State, entries, links, subjects
from gapps_hooks.outbox.entries import Entry
from gapps_hooks.payload import check_name


class Unknown(GappsHooksError):
    """Nothing is known of the person or group that was named."""


@dataclass(frozen=True, slots=True)
class Named:
    """A person (``alice``) or a group (``group:staff``), as it was named."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return self.kind.called(self.name)


def subject(text: str) -> Named:
    """Read ``alice`` or ``group:staff``; what no account can be called is wrong usage."""
    kind, name = Kind.meant(text)
    try:
        check_name("subject", name)
    except BadInput as error:
        raise click.BadParameter(str(error)) from error
    return Named(kind, name)


def subject_of(state: State, named: Named) -> int:
    """Find the subject that has the name; raise Unknown if there is none."""
    for kind in sorted(_kinds(state, named), reverse=True):
        subject = subjects.of_name(state, kind, named.name)
        if subject is not None:
            return subject
    raise Unknown(f"nothing is known of {named}; a group is named as group:NAME")


def entries_of(state: State, named: tuple[Named, ...]) -> tuple[Entry, ...]:
    """Find what waits for those named, also for one who has lost the name to another.

    Raises:
        Unknown: nothing waits for one of them.
    """
    found: list[Entry] = []
    everything = entries.all_entries(state)
    for one in named:
        kinds = _kinds(state, one)
        matching = [e for e in everything if e.kind in kinds and e.name == one.name]
        if not matching:
            raise Unknown(f"nothing waits for {one}; see: gapps-hooks outbox list")
        found += matching
    return tuple(found)


def link_of(state: State, named: Named) -> Link:
    """Find the link of the one named, also of one who has lost the name to another.

    Raises:
        Unknown: there is none.
    """
    kinds = _kinds(state, named)
    for subject in (subjects.of_name(state, kind, named.name) for kind in kinds):
        found = links.of(state, subject) if subject is not None else None
        if found is not None:
            return found
    others = {subjects.of_name(state, kind, named.name) for kind in set(Kind) - kinds}
    for link in links.all_links(state):
        if link.name == named.name and link.subject not in others:
            return link
    raise Unknown(f"{named} is not linked to anything at Google; see: gapps-hooks links show")


def _kinds(state: State, named: Named) -> frozenset[Kind]:
    """A bare name that no person has means the group of that name."""
    if subjects.of_name(state, named.kind, named.name) is None:
        return frozenset({named.kind, Kind.GROUP})
    return frozenset({named.kind})
