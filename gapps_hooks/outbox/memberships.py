"""The memberships that were delivered to each group, or still have to be.

It must not know who is to be a member.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gapps_hooks.model import Membership, Role
from gapps_hooks.outbox import subjects
from gapps_hooks.outbox.state import State

_OF: Final = "SELECT * FROM memberships WHERE group_subject = ? ORDER BY reference"
_COUNT: Final = "SELECT count(*) AS number FROM memberships WHERE address IS NOT NULL"
_CLEAR: Final = "DELETE FROM memberships WHERE group_subject = ?"
_ADD: Final = """
INSERT INTO memberships (group_subject, reference, role, address, google_id)
VALUES (?, ?, ?, ?, ?)
"""
_MAKE_ROOM: Final = """
DELETE FROM memberships WHERE reference = :new AND address IS NULL AND EXISTS (
    SELECT 1 FROM memberships AS other
    WHERE other.group_subject = memberships.group_subject
        AND other.reference = :old AND other.address IS NOT NULL)
"""
_RENAME: Final = "UPDATE OR IGNORE memberships SET reference = ? WHERE reference = ?"
_AWAITING: Final = """
SELECT group_subject FROM memberships WHERE reference = ? AND address IS NULL
ORDER BY group_subject
"""
_GROUPS_WITH: Final = """
SELECT group_subject FROM memberships WHERE reference = ? ORDER BY group_subject
"""


def of(state: State, group_subject: int) -> tuple[Membership, ...]:
    """The group's memberships, by reference."""
    return tuple(
        Membership(
            reference=row["reference"],
            role=Role(row["role"]),
            address=row["address"],
            google_id=row["google_id"],
        )
        for row in state.rows(_OF, (group_subject,))
    )


def count(state: State) -> int:
    """How many memberships were delivered, in all groups."""
    row = state.row(_COUNT)
    return 0 if row is None else int(row["number"])


def replace(state: State, group_subject: int, memberships: Iterable[Membership]) -> None:
    """Put these in the place of the group's memberships; a reference may come only once.

    Raises:
        StateUnusable: nothing was changed.
    """
    with state.transaction():
        group = subjects.final(state, group_subject)
        state.execute(_CLEAR, (group,))
        for each in memberships:
            state.execute(_ADD, (group, each.reference, each.role, each.address, each.google_id))


def rename(state: State, old: str, new: str) -> None:
    """Let what is remembered of a member stand under a new reference; inside a transaction.

    A group that has the new reference already keeps that one, unless only the old one tells whom
    Google has.
    """
    state.execute(_MAKE_ROOM, {"new": new, "old": old})
    state.execute(_RENAME, (new, old))


def groups_awaiting(state: State, reference: str) -> tuple[int, ...]:
    """The subjects of the groups in which this member is wanted and not known yet."""
    return tuple(row["group_subject"] for row in state.rows(_AWAITING, (reference,)))


def groups_with(state: State, reference: str) -> tuple[int, ...]:
    """The subjects of the groups that have this member."""
    return tuple(row["group_subject"] for row in state.rows(_GROUPS_WITH, (reference,)))
