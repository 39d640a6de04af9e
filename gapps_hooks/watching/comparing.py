"""What happened between two looks: a pure function of what was seen and what is there.

It must not know the files, the database or Google; it sees digests, and the names that it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from gapps_hooks.model import EventKind, Kind
from gapps_hooks.outbox.seen import Seen
from gapps_hooks.watching.sight import Present, Sight

_Place = tuple[Kind, str]

#: Marks of a person that make an event; the others only tell who it is.
_TOLD: Final = frozenset({"about", "active", "ruled"})
#: What tells a person who got another name or number; a home only if it is made from the old name.
_TRACES: Final = ("gecos", "hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that happened."""

    event: EventKind
    name: str
    #: The person's Google option is on now, and may have been off.
    wish: bool = False
    old_name: str | None = None
    #: A group is gone.
    deleted: bool = False
    #: A person whom nobody knew comes with this password already (the mark of its hash).
    came_with: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What happened, in the order in which it is to be told, and what is remembered then."""

    differences: tuple[Difference, ...] = ()
    seen: tuple[Seen, ...] = ()
    gone: tuple[_Place, ...] = ()
    #: Why nothing was concluded of somebody, as sentences.
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What one reading tells of those who are no longer listed."""

    #: The names behind the digests, as far as they are known; the others concern nobody.
    names: Mapping[_Place, str]
    #: Whether there is a line after all, which does not count (see Source.leaves_out).
    left_out: Callable[[Kind, str], bool]
    #: Which file still has somebody who is not listed (see nss_whole.left_over).
    left_over: Callable[[Kind, str], str | None]


def compare(
    before: Mapping[_Place, Seen], now: Sight, absence: Absence, *, ruled: bool
) -> Comparison:
    """Say what happened; ``ruled`` is whether the rule of who is enabled is still the same."""
    fresh = {
        place: one
        for place, one in now.present.items()
        if place not in before or _is_another(before[place], one)
    }
    missing = {place: one for place, one in before.items() if place not in now.present}
    replaced = {place: before[place] for place in fresh.keys() & before.keys()}
    renamed = _renamed(fresh, {**missing, **replaced}, absence, now.complete)
    origins = {**{place: place for place in now.present.keys() & before.keys()}, **renamed}
    for place in fresh.keys() - renamed.keys():
        origins.pop(place, None)
    lost = (missing.keys() | replaced.keys()) - set(renamed.values())
    parting = [_parted(place, absence, now, replaced=place in replaced) for place in sorted(lost)]
    staying = [
        _stayed(before[origins[place]], one, absence, ruled=ruled)
        for place, one in now.present.items()
        if place in origins and one.seen != before[origins[place]]
    ]
    coming = [tuple(_came(one)) for place, one in now.present.items() if place not in origins]
    told = [*(part.differences for part in parting), *staying, *coming]
    return Comparison(
        differences=tuple(_in_order(one for several in told for one in several)),
        seen=tuple(_kept(now.present, before, origins)),
        gone=_forgotten(missing, parting, renamed),
        doubts=tuple(doubt for part in parting for doubt in part.doubts),
    )


def _is_another(before: Seen, now: Present) -> bool:
    """Whether the name has passed to another: another number, and nothing else unchanged."""
    if before.identity == now.seen.identity:
        return False
    if before.kind is Kind.GROUP:
        return not _same_members(before, now)
    return not _traced(before, now)


def _same_members(before: Seen, now: Present) -> bool:
    return now.peopled and before.marks.get("members") == now.seen.marks.get("members")


def _traced(before: Seen, now: Present) -> bool:
    marks = now.seen.marks
    return any(what in marks and before.marks.get(what) == marks[what] for what in _TRACES)


# --- who has another name ------------------------------------------------------------------------


def _renamed(
    fresh: Mapping[_Place, Present],
    lost: Mapping[_Place, Seen],
    absence: Absence,
    complete: frozenset[Kind],
) -> dict[_Place, _Place]:
    """Find those who have another name now: where each is, and where each was."""
    by_number: dict[_Place, list[Seen]] = {}
    for old in lost.values():
        by_number.setdefault((old.kind, old.identity), []).append(old)
    found: dict[_Place, _Place] = {}
    for place, one in fresh.items():
        rivals = by_number.get((one.seen.kind, one.seen.identity), [])
        same = [old for old in rivals if old.place != place and _is_same(old, one, absence)]
        if len(same) == 1 and one.seen.kind in complete:
            found[place] = same[0].place
    return found


def _is_same(before: Seen, now: Present, absence: Absence) -> bool:
    """A number is reused, so something else has to be unchanged too."""
    old_name = absence.names.get(before.place)
    if old_name is None:
        return False
    if before.kind is Kind.GROUP:
        return _same_members(before, now)
    marks = now.seen.marks
    home = now.home == old_name and before.marks.get("home") == marks.get("home")
    return home or _traced(before, now)


# --- who went, stayed, came ----------------------------------------------------------------------


def _parted(place: _Place, absence: Absence, now: Sight, *, replaced: bool) -> Comparison:
    kind, name = place[0], absence.names.get(place)
    if replaced:
        return Comparison(differences=() if name is None else (_deletion(kind, name),))
    if name is not None and absence.left_out(kind, name):
        event = EventKind.USER_MODIFY if kind is Kind.USER else EventKind.GROUP_CHANGE
        return Comparison(differences=(Difference(event=event, name=name),), gone=(place,))
    if kind not in now.complete:
        return Comparison()
    if name is None:
        return Comparison(gone=(place,))
    rest = absence.left_over(kind, name)
    if rest is not None:
        return Comparison(doubts=(f"{name} is no longer listed, but still in {rest}",))
    return Comparison(differences=(_deletion(kind, name),), gone=(place,))


def _deletion(kind: Kind, name: str) -> Difference:
    if kind is Kind.GROUP:
        return Difference(event=EventKind.GROUP_CHANGE, name=name, deleted=True)
    return Difference(event=EventKind.USER_DELETE, name=name)


def _stayed(before: Seen, now: Present, absence: Absence, *, ruled: bool) -> tuple[Difference, ...]:
    moved = before.place != now.seen.place
    old_name = absence.names.get(before.place) if moved else None
    changed = moved or before.identity != now.seen.identity
    if now.seen.kind is Kind.GROUP:
        members = now.seen.marks.get("members", before.marks.get("members"))
        changed = changed or members != before.marks.get("members")
        event = EventKind.GROUP_CHANGE
        return (Difference(event=event, name=now.name, old_name=old_name),) if changed else ()
    compared = _TOLD if ruled else _TOLD - {"ruled"}
    differing = {what for what in compared if before.marks.get(what) != now.seen.marks.get(what)}
    return tuple(_of_person(before, now, old_name, differing, changed=changed))


def _of_person(
    before: Seen, now: Present, old_name: str | None, differing: set[str], *, changed: bool
) -> Iterator[Difference]:
    if changed or differing:
        wish = now.enabled is True and bool(differing & {"active", "ruled"})
        event = EventKind.USER_MODIFY
        yield Difference(event=event, name=now.name, old_name=old_name, wish=wish)
    if now.open and before.marks.get("hash") != now.seen.marks.get("hash"):
        yield Difference(event=EventKind.PASSWORD_SET, name=now.name)


def _came(now: Present) -> Iterator[Difference]:
    if now.seen.kind is Kind.GROUP:
        yield Difference(event=EventKind.GROUP_CHANGE, name=now.name)
        return
    yield Difference(event=EventKind.USER_ADD, name=now.name)
    if now.open:
        first = now.seen.marks["hash"]
        yield Difference(event=EventKind.PASSWORD_SET, name=now.name, came_with=first)


# --- what is told and remembered -----------------------------------------------------------------


def _in_order(differences: Iterator[Difference]) -> list[Difference]:
    """Names are given up before they are taken, and people come before their groups."""
    order = (EventKind.USER_DELETE, EventKind.USER_MODIFY, EventKind.USER_ADD)
    later = (EventKind.PASSWORD_SET, EventKind.GROUP_CHANGE)
    rank = {kind: number for number, kind in enumerate((*order, *later))}
    return sorted(
        differences, key=lambda one: (rank[one.event], not one.deleted, one.old_name is None)
    )


def _kept(
    present: Mapping[_Place, Present],
    before: Mapping[_Place, Seen],
    origins: Mapping[_Place, _Place],
) -> Iterator[Seen]:
    """What is to be remembered anew; of a locked password the one before, which was told."""
    for place, one in present.items():
        old = before.get(origins[place]) if place in origins else None
        if one.seen == old:
            continue
        seen = one.seen if old is None else replace(one.seen, marks=_marks(old, one))
        if seen != before.get(place):
            yield seen


def _marks(before: Seen, now: Present) -> Mapping[str, str]:
    if now.seen.kind is Kind.GROUP:
        return {**before.marks, **now.seen.marks}
    if now.open:
        return now.seen.marks
    rest = {what: mark for what, mark in now.seen.marks.items() if what != "hash"}
    return {**rest, "hash": before.marks["hash"]} if "hash" in before.marks else rest


def _forgotten(
    missing: Mapping[_Place, Seen], parting: list[Comparison], renamed: Mapping[_Place, _Place]
) -> tuple[_Place, ...]:
    gone = {place for part in parting for place in part.gone}
    return tuple(sorted(gone | (set(renamed.values()) & missing.keys())))
