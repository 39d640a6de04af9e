"""Renames to an address that another account has, and keeps: refused before anything is sent.

It must not know how anybody was planned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from gapps_hooks.model import Change, Plan, Refusal, Verb
from gapps_hooks.reconcile.snapshot import Snapshot
from gapps_hooks.reconcile.work import Work

_RENAMES: Final = frozenset({Verb.RENAME, Verb.RENAME_GROUP})


def without_collisions(snapshot: Snapshot, works: list[Work]) -> Iterator[Work]:
    """Refuse what Google would refuse; an address that is given up in the same run is free."""
    moving = {change.google_id for work in works for change in _renames(work)}
    for work in works:
        refusal = next(filter(None, (_held(snapshot, one, moving) for one in _renames(work))), None)
        if refusal is None:
            yield work
            continue
        plan = Plan(refusals=(refusal,), notes=work.piece.plan.notes)
        yield replace(work, piece=replace(work.piece, plan=plan))


def _renames(work: Work) -> Iterator[Change]:
    yield from (change for change in work.piece.plan.changes if _RENAMES.intersection(change.verbs))


def _held(snapshot: Snapshot, change: Change, moving: set[str]) -> Refusal | None:
    if Verb.RENAME_GROUP in change.verbs:
        return _held_from_group(snapshot, change, moving)
    return _held_from_person(snapshot, change, moving)


def _held_from_group(snapshot: Snapshot, change: Change, moving: set[str]) -> Refusal | None:
    wanted = str(change.body["email"])
    user, group = snapshot.google.user_of(wanted), snapshot.google.group_of(wanted)
    other = group is not None and group.id != change.google_id and group.email == wanted
    if group is not None and other and group.id not in moving:
        holder = f"the group {group.email}"
    elif user is not None:
        holder = user.primary_email
    else:
        return None
    return Refusal(
        f"{wanted} is held by {holder} at Google; free it there, or give the group another 'email'"
    )


def _held_from_person(snapshot: Snapshot, change: Change, moving: set[str]) -> Refusal | None:
    wanted = str(change.body["primaryEmail"])
    user, group = snapshot.google.user_of(wanted), snapshot.google.group_of(wanted)
    other = user is not None and user.id != change.google_id and user.primary_email == wanted
    if user is not None and other and user.id not in moving:
        holder = user.primary_email
    elif group is not None:
        holder = f"the group {group.email}"
    else:
        return None
    return Refusal(
        f"{wanted} is held by {holder} at Google; free it there, or give the person another 'email'"
    )
