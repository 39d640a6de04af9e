"""Whether a group that nobody knew, or that is gone, is one we know under another name.

It must not know Google, nor members: lasting ids alone tell.
"""

from __future__ import annotations

from gapps_hooks.deliver.desired import Contradiction
from gapps_hooks.deliver.identity import give_name
from gapps_hooks.deliver.passing_on import lasting_identity, passes_on
from gapps_hooks.model import Group, Identity, Kind
from gapps_hooks.outbox import entries, links, roll, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.sources import Source
from gapps_hooks.wiring import Wiring


def look_for_renamed_group(wiring: Wiring, entry: Entry) -> None:
    """Merge the entry into a known group's, if this one is that group renamed.

    A known group that is gone is looked for under a new name before that counts as an absence; so
    is one whose name another group has by now. Where a third one has that new name and is to give
    it up, that one is looked at first.
    Nothing but a lasting id that one group alone has is believed: a number is given out again,
    and a group has no traces by which it could be told.

    Raises:
        Renamed: merged; the known group's subject is the one to deliver.
        Contradiction: the new name is still another's, who gives it up.
        SourceUnreadable: the source could not be asked.
    """
    if entry.kind is not Kind.GROUP or wiring.source is None:
        return
    found = wiring.source.group(entry.name)
    link = links.of(wiring.state, entry.subject)
    if link is None:
        if found is not None and not entry.removed and found.id is not None:
            _take_up(wiring, wiring.source, entry, found.id)
        return
    known = lasting_identity(link)
    if known is not None and (found is None or _is_other(found, known)):
        _follow(wiring, wiring.source, entry, known, displaced=found is not None)


def may_be_called(wiring: Wiring, source: Source, name: str) -> bool:
    """Whether a known group is followed to this name of its at the source: nobody keeps it.

    Raises:
        SourceUnreadable: the source could not be asked.
    """
    other = subjects.of_name(wiring.state, Kind.GROUP, name)
    if other is None or links.of(wiring.state, other) is None:
        return True
    return passes_on(wiring, Kind.GROUP, other, _names(source).get)


def _is_other(found: Group, known: Identity) -> bool:
    return found.id is not None and found.id.lasting and found.id != known


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


def _follow(
    wiring: Wiring, source: Source, entry: Entry, identity: Identity, *, displaced: bool
) -> None:
    """Look for a known group under a new name; ``displaced``: another group has the old one."""
    names = _names(source)
    name = names.get(identity)
    if name is None:
        return
    other = subjects.of_name(wiring.state, Kind.GROUP, name)
    if other is None or links.of(wiring.state, other) is None:
        give_name(
            wiring,
            Kind.GROUP,
            entry.subject,
            name,
            held=other,
            removed=entry.removed,
            displaced=displaced,
        )
    if passes_on(wiring, Kind.GROUP, other, names.get):
        entries.touch(wiring.state, Kind.GROUP, name)
        raise Contradiction(
            f"{entry.name} is called {name} now, as another group was; that one has to be known "
            "under its new name first"
        )


def _names(source: Source) -> dict[Identity, str]:
    """Tell under which name the source has each id."""
    listed = ((name, source.group(name)) for name in source.group_names().names)
    return {group.id: name for name, group in listed if group is not None and group.id is not None}
