"""Whom a group's turn depends on: members who are made, or get another name, in the same run.

It must not know how anything is carried out, nor when it is whose turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from gapps_hooks.deliver.wishes import WISHED
from gapps_hooks.model import Verb
from gapps_hooks.reconcile.work import Work

_ARRIVING: Final = frozenset({Verb.CREATE, Verb.ADOPT, Verb.RESTORE, Verb.CREATE_GROUP})


def arrives(work: Work) -> bool:
    """Whether it can be a member only afterwards, or under this name."""
    return bool(_ARRIVING & work.piece.verbs) or work.old_name is not None


def members_of(work: Work) -> set[str]:
    """Name the members that a group is to have, as the pieces of a plan are named."""
    return {one.reference.removeprefix(WISHED) for one in work.members or ()}


def in_turn(awaited: Mapping[str, AbstractSet[str]]) -> set[str]:
    """Pick out those that nobody waits for in vain: groups that are in each other would for ever.

    ``awaited`` has for each whom it waits for.
    """
    found: set[str] = set()
    while more := {key for key in awaited.keys() - found if awaited[key] & awaited.keys() <= found}:
        found |= more
    return found
