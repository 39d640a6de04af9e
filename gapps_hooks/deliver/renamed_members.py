"""Members of a group whose own new name did not come yet: they stay, under the name that is known.

It must not know Google, nor what else is wanted of the group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gapps_hooks.deliver.group_identity import lasting_identity, may_be_called
from gapps_hooks.deliver.wishes import WISHED
from gapps_hooks.model import Identity, Kind, Member, Membership
from gapps_hooks.outbox import links, subjects
from gapps_hooks.sources import Source
from gapps_hooks.wiring import Wiring


def as_known(
    wiring: Wiring, members: tuple[Member, ...], rows: tuple[Membership, ...]
) -> tuple[Member, ...]:
    """Name members as they are known here, who would else leave as one and come as another.

    The source is asked only about those who come while somebody with a lasting id leaves.

    Raises:
        SourceUnreadable: the source could not be asked.
    """
    named, before = {one.reference for one in members}, {row.reference for row in rows}
    leaving = _by_identity(wiring, before - named)
    if not leaving or wiring.source is None:
        return members
    return tuple(
        one if one.reference in before else _known(wiring, wiring.source, one, leaving)
        for one in members
    )


def _by_identity(wiring: Wiring, references: set[str]) -> Mapping[Identity, str]:
    found: dict[Identity, str] = {}
    for reference in references:
        subject = subjects.of_name(wiring.state, *Kind.meant(reference))
        link = links.of(wiring.state, subject) if subject is not None else None
        if (identity := lasting_identity(link)) is not None:
            found[identity] = reference
    return found


def _known(
    wiring: Wiring, source: Source, member: Member, leaving: Mapping[Identity, str]
) -> Member:
    if member.reference.startswith(WISHED) or "@" in member.reference:
        return member
    kind, name = Kind.meant(member.reference)
    found = source.group(name) if kind is Kind.GROUP else source.account(name)
    old = leaving.get(found.id) if found is not None and found.id is not None else None
    if old is None or (kind is Kind.GROUP and not may_be_called(wiring, source, name)):
        return member
    return replace(member, reference=old)
