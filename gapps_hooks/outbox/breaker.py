"""The breaker: while Google cannot be reached nobody delivers, and one at a time probes.

It must not know what an outage is or how a probe is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gapps_hooks.outbox.state import State

_GET: Final = "SELECT reason, since, seconds, next_probe_at FROM breaker"
_OPEN: Final = """
INSERT INTO breaker (only, reason, since, seconds, next_probe_at)
VALUES (1, :reason, :now, :interval, :now + :interval)
ON CONFLICT (only) DO UPDATE SET
    reason = excluded.reason, seconds = excluded.seconds, next_probe_at = excluded.next_probe_at
"""
_CLOSE: Final = "DELETE FROM breaker"
_ALL_DUE: Final = """
UPDATE entries SET due_at = :now
WHERE status = 'waiting' AND due_at > :now AND EXISTS (SELECT 1 FROM breaker)
"""
#: A probe further off than the interval was left behind by a clock that has been set back.
_CLAIM: Final = """
UPDATE breaker SET next_probe_at = :now + seconds
WHERE next_probe_at <= :now OR next_probe_at > :now + seconds
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """An outage that lasts; times are wall-clock seconds."""

    #: A sentence: what failed last.
    reason: str
    since: float
    #: Seconds between two probes.
    seconds: float
    next_probe_at: float


def current(state: State) -> Break | None:
    """The outage that is known; None while Google can be reached."""
    row = state.row(_GET)
    return None if row is None else Break(**dict(row))


def open_(state: State, reason: str, interval: float) -> None:
    """Stop all delivery; the next probe is due in ``interval`` seconds.

    An outage that is known goes on: it keeps its beginning and takes the new reason.
    """
    with state.transaction():
        state.execute(_OPEN, {"reason": reason, "now": state.clock(), "interval": interval})


def close(state: State) -> bool:
    """End the outage: everything that waits is due now. False if there was none."""
    if current(state) is None:
        return False
    with state.transaction():
        state.execute(_ALL_DUE, {"now": state.clock()})
        return state.execute(_CLOSE) == 1


def claim_probe(state: State, now: float) -> bool:
    """Whether a probe is due and ours; of all processes that ask, one a time is told so."""
    found = current(state)
    if found is None:
        return False
    with state.transaction(durable=False):
        return state.execute(_CLAIM, {"now": now}) == 1
