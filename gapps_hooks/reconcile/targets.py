"""Which groups a reconcile looks at, and what the state has of each.

It must not know members, nor what Google has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gapps_hooks.deliver.desired import group_address
from gapps_hooks.model import Group, Kind, Link
from gapps_hooks.outbox import roll
from gapps_hooks.outbox.roll import Outline
from gapps_hooks.reconcile.renames import Moves
from gapps_hooks.reconcile.snapshot import Snapshot
from gapps_hooks.sources.scope import group_in_scope
from gapps_hooks.wiring import Wiring


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A group to be planned, with what the state has of it."""

    name: str
    group: Group | None
    outline: Outline | None
    link: Link | None
    address: str
    #: Why nothing is concluded of it in this run; empty if there is no such reason.
    undecided: str = ""


def find_targets(wiring: Wiring, snapshot: Snapshot, moves: Moves) -> Iterator[Target]:
    """Name every group that the settings want, or that is linked, in the order of their names."""
    renamed = moves.renamed
    moved = {outline.subject for outline in renamed.values()}
    known = {
        one.name: one for one in snapshot.memory.groups if one.named and one.subject not in moved
    } | dict(renamed)
    found = roll.links_of(wiring.state, [one.subject for one in known.values()])
    linked = {name for name, one in known.items() if one.live or is_attempted(snapshot, one)}
    present = frozenset(snapshot.groups.names)
    for name in sorted({*present, *linked}):
        outline = known.get(name)
        link = found.get(outline.subject) if outline is not None else None
        group = snapshot.source.group(name) if name in present else None
        if _is_planned(wiring, snapshot, name, group):
            address = _address(wiring, name, group, link)
            yield Target(
                name=name,
                group=group,
                outline=outline,
                link=link,
                address=address,
                undecided=moves.open.get(name, ""),
            )


def is_attempted(snapshot: Snapshot, outline: Outline) -> bool:
    """Whether a creation was sent for a group of which nothing is known since."""
    return outline.google_id is None and outline.subject in snapshot.memory.begun


def _is_planned(wiring: Wiring, snapshot: Snapshot, name: str, group: Group | None) -> bool:
    if group is not None:
        return group_in_scope(group, wiring.settings)
    if not snapshot.groups.complete:
        return False
    why = snapshot.source.doubt(Kind.GROUP, name)
    if why:
        snapshot.incomplete.append(f"group:{name} is not readable and left as it is: {why}")
    return not why


def _address(wiring: Wiring, name: str, group: Group | None, link: Link | None) -> str:
    if link is not None and group is None:
        return link.address
    return group_address(wiring, group or Group(name=name), link)
