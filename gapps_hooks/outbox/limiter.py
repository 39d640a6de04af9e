"""One quota for all processes of an installation: when the next request may be sent.

It must not know what is sent, nor wait by itself. Where Google grants less than the settings say,
because others use the same quota, the rate is lowered until it does not complain, and rises again.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from gapps_hooks.errors import OutOfTime
from gapps_hooks.outbox.state import State

#: Seconds; a longer pause belongs to the outbox's delays.
LONGEST_SLOW_DOWN: Final = 60.0

#: Seconds of waiting that a turn may cost: the longest pause, and a queue of a minute behind it.
LONGEST_WAIT: Final = LONGEST_SLOW_DOWN + 60.0

#: Of all processes together, the rate is lowered at most once in so many seconds.
LOWERED_EVERY: Final = 1.0
#: What is left of a rate each time, and at the least.
LOWERED_TO: Final = 0.85
LEAST_SHARE: Final = 0.05
#: Seconds of quiet after which it rises again, and by how much of the settings' rate a second.
QUIET: Final = 2.0
RISE: Final = 0.005
#: Of two refusals that concern one object each, seconds within which they concern everybody.
LONE_WITHIN: Final = 10.0

#: The rows that say until when nobody may send, and what is left of a rate since when; those of
#: all requests, and of a kind.
_PAUSE: Final = "pause"
_SHARE: Final = "share:"
_MOVED: Final = "moved:"
#: The rows that say which object was refused last, and when.
_LONE: Final = "lone"
_LONE_AT: Final = "lone-at"
#: What every request counts as.
_ALL: Final = "request"

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
    #: What is left of it while Google asks for fewer requests; nobody bursts then.
    share: float = 1.0

    @property
    def interval(self) -> float:
        """Seconds between two requests in the long run."""
        return 1.0 / (self.per_second * self.share)

    @property
    def tolerance(self) -> float:
        """Seconds by which a request may be early after a rest."""
        return (self.burst - 1) / self.per_second if self.share >= 1.0 else 0.0

    @property
    def reach(self) -> float:
        """Seconds by which an arrival time can lie ahead without any queue."""
        return (self.burst - 1) / self.per_second + 1.0 / (self.per_second * LEAST_SHARE)


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
    if arrival_at > now + rate.reach + LONGEST_WAIT:
        arrival_at = now
    if now < paused_until <= now + LONGEST_SLOW_DOWN:
        arrival_at = max(arrival_at, paused_until + rate.tolerance)
    start = max(arrival_at, now)
    return Turn(wait=max(0.0, start - rate.tolerance - now), arrival_at=start + rate.interval)


@dataclass(frozen=True, slots=True)
class Throttle:
    """What was left of a rate when it was lowered last; nothing is lowered at the time 0."""

    share: float = 1.0
    moved_at: float = 0.0

    def share_at(self, now: float) -> float:
        """What is left of it by now: after a quiet while it rises again, slowly.

        A time to come was left behind by a clock that has been set back.
        """
        quiet = now - self.moved_at - QUIET
        if now < self.moved_at or quiet * RISE >= 1.0:
            return 1.0
        return min(1.0, self.share + RISE * max(0.0, quiet))

    def lowered(self, now: float) -> Throttle:
        """What is left after Google has asked for fewer requests once more.

        Requests that were on their way together are refused together, and count once.
        """
        if 0.0 <= now - self.moved_at < LOWERED_EVERY:
            return self
        return Throttle(max(LEAST_SHARE, self.share_at(now) * LOWERED_TO), now)


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
        turns = {kind: _turn(state, kind, now, rates[kind]) for kind in kinds}
        wait = max(turn.wait for turn in turns.values())
        if wait > (most := min(longest, LONGEST_WAIT)):
            raise OutOfTime(f"more requests wait for their turn than can be sent in {most:.0f} s")
        for kind, turn in turns.items():
            state.execute(_SET, (kind, turn.arrival_at))
    return wait


def slow_down(state: State, seconds: float, kind: str = _ALL, *, about: str = "") -> None:
    """Let nobody send for so long (at most a minute), nobody burst after it, and all more slowly.

    ``kind`` is what there was too much of. ``about`` names the one object that Google wants left
    in peace: that alone slows nobody down, unless it soon says so of another one too.

    Raises:
        StateUnusable: the state file cannot be written.
    """
    with state.transaction(durable=False):
        now = state.clock()
        if about and _is_lone(state, about, now):
            return
        until = now + min(seconds, LONGEST_SLOW_DOWN)
        present = _arrival(state, _pause(kind))
        if not until <= present <= now + LONGEST_SLOW_DOWN:
            state.execute(_SET, (_pause(kind), until))
        lowered = _throttle(state, kind).lowered(now)
        state.execute(_SET, (_SHARE + kind, lowered.share))
        state.execute(_SET, (_MOVED + kind, lowered.moved_at))


def rate_in_use(state: State, kind: str, rate: Rate) -> float:
    """How many requests of a kind are sent a second now, of those that ``rate`` would allow."""
    return rate.per_second * _throttle(state, kind).share_at(state.clock())


def _is_lone(state: State, about: str, now: float) -> bool:
    """Note which object was refused; whether no other one was, a moment ago."""
    this, last = float(zlib.crc32(about.encode())), _arrival(state, _LONE)
    another = this != last and 0.0 <= now - _arrival(state, _LONE_AT) < LONE_WITHIN
    state.execute(_SET, (_LONE, this))
    state.execute(_SET, (_LONE_AT, now))
    return not another


def _turn(state: State, kind: str, now: float, rate: Rate) -> Turn:
    left = replace(rate, share=_throttle(state, kind).share_at(now))
    return next_turn(_arrival(state, kind), now, left, _arrival(state, _pause(kind)))


def _pause(kind: str) -> str:
    return _PAUSE if kind == _ALL else f"{_PAUSE}:{kind}"


def _throttle(state: State, kind: str) -> Throttle:
    share = state.row(_GET, (_SHARE + kind,))
    return Throttle() if share is None else Throttle(share[0], _arrival(state, _MOVED + kind))


def _arrival(state: State, kind: str) -> float:
    row = state.row(_GET, (kind,))
    return 0.0 if row is None else float(row["arrival_at"])
