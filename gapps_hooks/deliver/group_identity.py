"""Whether a group that nobody knew, or that is gone, is one we know under another name.

It must not know Google, nor members: lasting ids alone tell.
"""

from __future__ import annotations

from gapps_hooks.deliver.identity import give_name
from gapps_hooks.model import Identity, Kind
from gapps_hooks.outbox import links, roll, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.sources import Source
from gapps_hooks.wiring import Wiring


def look_for_renamed_group(wiring: Wiring, entry: Entry) -> None:
    """Merge the entry into a known group's, if this one is that group renamed.

    A known group that is gone is looked for under a new name before that counts as an absence.
    Nothing but a lasting id that one group alone has is believed: a number is given out again,
    and a group has no traces by which it could be told.

    Raises:
        Renamed: merged; the known group's subject is the one to deliver.
        SourceUnreadable: the source could not be asked.
    """
    if entry.kind is not Kind.GROUP or wiring.source is None:
        return
    found = wiring.source.group(entry.name)
    link = links.of(wiring.state, entry.subject)
    if found is not None:
        if link is None and not entry.removed and found.id is not None:
            _take_up(wiring, wiring.source, entry, found.id)
    elif link is not None and link.ended_at is None and link.identity is not None:
        _follow(wiring, wiring.source, entry, link.identity)


def _take_up(wiring: Wiring, source: Source, entry: Entry, identity: Identity) -> None:
    for known in roll.outlines(wiring.state, Kind.GROUP) if identity.lasting else ():
        same = known.google_id is not None and known.identity == identity
        if same and known.subject != entry.subject and not _is_listed(source, known.name, identity):
            give_name(
                wiring, Kind.GROUP, known.subject, entry.name, held=known.subject, removed=False
            )


def _is_listed(source: Source, name: str, identity: Identity) -> bool:
    group = source.group(name)
    return group is not None and group.id == identity


def _follow(wiring: Wiring, source: Source, entry: Entry, identity: Identity) -> None:
    names = source.group_names().names if identity.lasting else ()
    for name in names:
        other = subjects.of_name(wiring.state, Kind.GROUP, name)
        free = other is None or links.of(wiring.state, other) is None
        if free and _is_listed(source, name, identity):
            give_name(wiring, Kind.GROUP, entry.subject, name, held=other, removed=entry.removed)
