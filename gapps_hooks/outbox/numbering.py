"""The numbers of events, by which a later word is told from an earlier one; each event has one.

It must not know what an event says.
"""

from __future__ import annotations

from typing import Final

from gapps_hooks.outbox.state import State

#: Seconds for which the id of an event is remembered.
_REMEMBERED: Final = 86_400.0
#: Events after which those are looked for that need not be remembered any more.
_FORGOTTEN_EVERY: Final = 64

_SEEN: Final = "SELECT subject FROM events WHERE id = ? AND recorded_at >= ?"
_NOTE: Final = "INSERT OR REPLACE INTO events (id, subject, recorded_at) VALUES (?, ?, ?)"
_FORGET: Final = "DELETE FROM events WHERE recorded_at < ?"


def subject_told(state: State, event_id: str) -> int | None:
    """About whom an event was that was recorded before; None if it was not, or a day ago."""
    seen = state.row(_SEEN, (event_id, state.clock() - _REMEMBERED))
    return None if seen is None else int(seen["subject"])


def next_sequence(state: State, event_id: str, subject: int) -> int:
    """Give an event its number and remember it; inside a transaction."""
    now = state.clock()
    sequence = state.insert(_NOTE, (event_id, subject, now))
    if sequence % _FORGOTTEN_EVERY == 0:
        state.execute(_FORGET, (now - _REMEMBERED,))
    return sequence
