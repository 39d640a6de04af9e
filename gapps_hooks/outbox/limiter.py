"""One quota for all processes of an installation: when the next request may be sent.

It must not know what is sent, nor wait by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gapps_hooks.errors import OutOfTime
from gapps_hooks.outbox.state import State

#: Seconds; a longer pause belongs to the outbox's delays.
LONGEST_SLOW_DOWN: Final = 60.0

#: Seconds of waiting that a turn may cost: the longest pause, and a queue of a minute behind it.
LONGEST_WAIT: Final = LONGEST_SLOW_DOWN + 60.0

#: The row that says until when nobody may send.
_PAUSE: Final = "pause"

_GET: Final = "SELECT arrival_at FROM limiter WHERE kind = ?"
_SET: Final = """
INSERT INTO limiter (kind, arrival_at) VALUES (?, ?)
ON CONFLICT (kind) DO UPDATE SET arrival_at = excluded.arrival_at
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests of a kind may be sent: steadily, and at once after a rest."""

    per_second: float
    burst: int = 1


@dataclass(frozen=True, slots=True)
class Turn:
    """The decision about one request."""

    #: Seconds to wait before it is sent.
    wait: float
    #: The kind's new theoretical arrival time.
    arrival_at: float


def next_turn(arrival_at: float, now: float, rate: Rate, paused_until: float) -> Turn:
    """The generic cell rate algorithm (ITU-T I.371), with a pause after which nothing bursts.

    A time that lies further off than any queue can be was left behind by a clock that has been
    set back, and counts for nothing.
    """
    interval = 1.0 / rate.per_second
    tolerance = (rate.burst - 1) * interval
    if arrival_at > now + tolerance + LONGEST_WAIT + interval:
        arrival_at = now
    if now < paused_until <= now + LONGEST_SLOW_DOWN:
        arrival_at = max(arrival_at, paused_until + tolerance)
    start = max(arrival_at, now)
    return Turn(wait=max(0.0, start - tolerance - now), arrival_at=start + interval)


def take(
    state: State,
    kinds: tuple[str, ...],
    rates: Mapping[str, Rate],
    longest: float = LONGEST_WAIT,
) -> float:
    """Take the next turn for a request that counts as all of ``kinds``.

    Returns the seconds to wait before it is sent; the turn is ours, also if we die meanwhile.

    Raises:
        OutOfTime: the turn would come later than in ``longest`` seconds; none was taken.
        StateUnusable: the state file cannot be written.
    """
    # A turn lost in a power cut is nothing: so is the process that it was for.
    with state.transaction(durable=False):
        now = state.clock()
        paused_until = _arrival(state, _PAUSE)
        turns = {
            kind: next_turn(_arrival(state, kind), now, rates[kind], paused_until) for kind in kinds
        }
        wait = max(turn.wait for turn in turns.values())
        if wait > (most := min(longest, LONGEST_WAIT)):
            raise OutOfTime(f"more requests wait for their turn than can be sent in {most:.0f} s")
        for kind, turn in turns.items():
            state.execute(_SET, (kind, turn.arrival_at))
    return wait


def slow_down(state: State, seconds: float) -> None:
    """Let nobody send for so long (at most a minute), and nobody burst after it.

    Raises:
        StateUnusable: the state file cannot be written.
    """
    with state.transaction(durable=False):
        now = state.clock()
        until = now + min(seconds, LONGEST_SLOW_DOWN)
        present = _arrival(state, _PAUSE)
        if not until <= present <= now + LONGEST_SLOW_DOWN:
            state.execute(_SET, (_PAUSE, until))


def _arrival(state: State, kind: str) -> float:
    row = state.row(_GET, (kind,))
    return 0.0 if row is None else float(row["arrival_at"])
