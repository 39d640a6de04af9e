"""Renames to an address that another account has: freed where it is given up, else refused.

It must not know how anybody was planned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from gapps_hooks.model import Change, GoogleGroup, GoogleUser, Plan, Refusal, Verb
from gapps_hooks.plan.alias_merging import given_up
from gapps_hooks.reconcile.snapshot import Snapshot
from gapps_hooks.reconcile.work import Work

_RENAMES: Final = frozenset({Verb.RENAME, Verb.RENAME_GROUP})
_KEEPS: Final = frozenset({Verb.ADD_ALIAS, Verb.ADD_GROUP_ALIAS})

#: Those whose rename comes about, by Google's id.
Movers = Mapping[str, Work]


def without_collisions(
    snapshot: Snapshot, works: list[Work], *, frees: bool = True
) -> Iterator[Work]:
    """Refuse what Google would refuse; an address that is given up in the same run is freed.

    Google keeps it as an alias of whoever gave it up; unless the run ``frees`` it, it is not free.
    """
    movers = _movers(snapshot, works) if frees else {}
    for work in works:
        plan, renames = work.piece.plan, tuple(_renames(work))
        refusals = tuple(filter(None, (_held(snapshot, one, movers) for one in renames)))
        freed = tuple(filter(None, (_freed(snapshot, one, movers) for one in renames)))
        if refusals:
            gone = given_up(plan.changes, renames[0].google_id)
            plan = Plan(changes=gone, refusals=refusals, notes=plan.notes)
        elif freed:
            plan = replace(plan, changes=(*freed, *plan.changes))
        yield replace(work, piece=replace(work.piece, plan=plan))


def _movers(snapshot: Snapshot, works: list[Work]) -> Movers:
    """Find whose rename comes about: a free address, or one that its owner can leave, too."""
    renames = [(change, work) for work in works for change in _renames(work)]
    found: dict[str, Work] = {}
    while more := {
        change.google_id: work
        for change, work in renames
        if change.google_id not in found and _held(snapshot, change, found) is None
    }:
        found |= more
    return found


def _renames(work: Work) -> Iterator[Change]:
    yield from (change for change in work.piece.plan.changes if _RENAMES.intersection(change.verbs))


def _wanted(rename: Change) -> str:
    return str(rename.body["email" if Verb.RENAME_GROUP in rename.verbs else "primaryEmail"])


def _owner(snapshot: Snapshot, change: Change) -> GoogleUser | GoogleGroup | None:
    """Find another of the same kind that has the wanted address as its own."""
    wanted = _wanted(change)
    if Verb.RENAME_GROUP in change.verbs:
        group = snapshot.google.group_of(wanted)
        return group if group and group.email == wanted and group.id != change.google_id else None
    user = snapshot.google.user_of(wanted)
    return user if user and user.primary_email == wanted and user.id != change.google_id else None


def _held(snapshot: Snapshot, change: Change, movers: Movers) -> Refusal | None:
    wanted, owner = _wanted(change), _owner(snapshot, change)
    if owner is not None and not _gives_up(wanted, movers.get(owner.id)):
        holder = f"the group {owner.email}" if isinstance(owner, GoogleGroup) else wanted
    else:
        holder = _other_kind(snapshot, change)
    instead = "group" if Verb.RENAME_GROUP in change.verbs else "person"
    text = f"{wanted} is held by {holder} at Google; free it there, or give the {instead} another"
    return Refusal(f"{text} 'email'") if holder else None


def _gives_up(address: str, mover: Work | None) -> bool:
    """Whether one who gets another address is not to keep the old one as an alias."""
    changes = mover.piece.plan.changes if mover is not None else ()
    kept = {one.body["alias"] for one in changes if _KEEPS.intersection(one.verbs)}
    return mover is not None and address not in kept


def _other_kind(snapshot: Snapshot, change: Change) -> str:
    """Name who has the address and can never give it to one of this kind by a rename."""
    wanted = _wanted(change)
    if Verb.RENAME_GROUP in change.verbs:
        user = snapshot.google.user_of(wanted)
        return user.primary_email if user is not None else ""
    group = snapshot.google.group_of(wanted)
    return f"the group {group.email}" if group is not None else ""


def _freed(snapshot: Snapshot, change: Change, movers: Movers) -> Change | None:
    """Plan to free an address that its owner leaves in this run."""
    owner = _owner(snapshot, change)
    mover = movers.get(owner.id) if owner is not None else None
    if owner is None or mover is None:
        return None
    groups = Verb.RENAME_GROUP in change.verbs
    return Change(
        verbs=(Verb.REMOVE_GROUP_ALIAS if groups else Verb.REMOVE_ALIAS,),
        google_id=owner.id,
        address=next(map(_wanted, _renames(mover))),
        body={"alias": _wanted(change)},
    )
