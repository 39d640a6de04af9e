"""Creations on their way: sent to Google, their answer not yet remembered.

It must not know what is created.
"""

from __future__ import annotations

from typing import Final

from gapps_hooks.outbox import subjects
from gapps_hooks.outbox.state import State

_BEGIN: Final = "INSERT OR IGNORE INTO creations (subject) VALUES (?)"
_FINISH: Final = "DELETE FROM creations WHERE subject IN (?, ?)"
_FIND: Final = "SELECT 1 FROM creations WHERE subject = ?"


def begin(state: State, subject: int) -> bool:
    """Note on disk, before it is sent, that a creation may from now on have taken effect.

    False if that was noted before, of an earlier one.
    """
    with state.transaction():
        return state.execute(_BEGIN, (subject,)) == 1


def was_begun(state: State, subject: int) -> bool:
    """Whether a creation was sent of which nothing is remembered since."""
    return state.row(_FIND, (subject,)) is not None


def finish(state: State, subject: int) -> None:
    """Forget it, inside the transaction that remembers the answer."""
    state.execute(_FINISH, (subject, subjects.final(state, subject)))
