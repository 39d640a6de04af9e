"""How much of the quota is in use, and how much waits, by a few numbers that cost little to read.

It must not know who asks, nor change anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gapps_hooks.outbox.limiter import LONGEST_SLOW_DOWN, Rate, rate_in_use
from gapps_hooks.outbox.state import State

_ARRIVAL: Final = "SELECT arrival_at FROM limiter WHERE kind = ?"
_COUNTS: Final = """
SELECT status, count(*) AS number, min(recorded_at) AS oldest FROM entries
WHERE status <> 'resting' GROUP BY status
"""
_STATUSES: Final = ("waiting", "held", "buried")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What of the quota is in use now."""

    #: Requests of those that may be sent at once; they come back at the steady rate.
    used: float
    burst: int
    #: The rate in use, which Google may have lowered.
    per_second: float
    #: Seconds for which nobody may send, because Google asked for that.
    paused: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the outbox holds."""

    counts: Mapping[str, int]
    #: Seconds for which the oldest waiting entry has waited; 0 if none waits.
    oldest: float


def usage(state: State, rate: Rate, kind: str = "request") -> Usage:
    """See how much of a quota is in use (see limiter.next_turn)."""
    now = state.clock()
    ahead = max(0.0, _arrival(state, kind) - now)
    pause = _arrival(state, "pause") - now
    return Usage(
        used=min(float(rate.burst), ahead * rate.per_second),
        burst=rate.burst,
        per_second=rate_in_use(state, kind, rate),
        paused=pause if 0.0 < pause <= LONGEST_SLOW_DOWN else 0.0,
    )


def load(state: State) -> Load:
    """Count what waits, is held and is buried."""
    rows = {row["status"]: row for row in state.rows(_COUNTS)}
    waiting = rows.get("waiting")
    return Load(
        counts={name: rows[name]["number"] if name in rows else 0 for name in _STATUSES},
        oldest=max(0.0, state.clock() - waiting["oldest"]) if waiting else 0.0,
    )


def _arrival(state: State, kind: str) -> float:
    row = state.row(_ARRIVAL, (kind,))
    return 0.0 if row is None else float(row["arrival_at"])
