"""How much was done in the last 24 hours, so that too much can be refused.

It must not know what the bounds are or what is done when one is exceeded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gapps_hooks.model import Verb
from gapps_hooks.outbox.state import State

#: Seconds of the sliding window.
WINDOW: Final = 86_400.0

#: A row from the future was left behind by a clock that has been set back; after as long as the
#: window it is not believed any more.
_USED: Final = """
SELECT coalesce(sum(amount), 0) AS used FROM reservations
WHERE verb = :verb AND reserved_at > :now - :window AND reserved_at < :now + :window
    AND NOT (subject = :subject AND generation = :generation)
"""
_RESERVE: Final = """
INSERT INTO reservations (subject, generation, verb, amount, reserved_at)
VALUES (:subject, :generation, :verb, :amount, :now)
ON CONFLICT (subject, generation, verb) DO UPDATE SET amount = max(amount, excluded.amount)
"""
_GIVE_BACK: Final = """
DELETE FROM reservations WHERE subject = ? AND generation = ? AND verb = ?
"""
_CARRY_OVER: Final = """
INSERT INTO reservations (subject, generation, verb, amount, reserved_at)
SELECT :heir, :newer, verb, amount, reserved_at FROM reservations
WHERE subject = :subject AND generation = :generation
ON CONFLICT (subject, generation, verb) DO UPDATE SET amount = max(amount, excluded.amount)
"""
#: Counts under the negative generation what is done for good.
_KEEP: Final = """
INSERT INTO reservations (subject, generation, verb, amount, reserved_at)
VALUES (:subject, -:generation, :verb, :done, :now)
ON CONFLICT (subject, generation, verb) DO UPDATE SET amount = amount + excluded.amount,
    reserved_at = excluded.reserved_at
"""
_LESSEN: Final = """
UPDATE reservations SET amount = max(0, amount - :done)
WHERE subject = :subject AND generation = :generation AND verb = :verb
"""
_FORGET: Final = "DELETE FROM reservations WHERE subject = ? AND generation = ?"
_PURGE: Final = """
DELETE FROM reservations
WHERE reserved_at <= :now - :window OR reserved_at >= :now + :window
"""
_NOBODY: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceeded:
    """A bound that one more change would go beyond."""

    verb: Verb
    #: Done by others in the last 24 hours, asked for now, and allowed in all.
    used: int
    asked: int
    limit: int


def reserve(  # noqa: PLR0913, PLR0917 - who, what and how much
    state: State, subject: int, generation: int, verb: Verb, count: int, limit: int | None
) -> Exceeded | None:
    """Count ``count`` changes, unless that makes more than ``limit`` in 24 hours (None: any).

    A repeat for the same generation of a subject is the same change and counts once.
    """
    with state.transaction(durable=False):
        now = state.clock()
        state.execute(_PURGE, {"now": now, "window": WINDOW})
        used = _used(state, verb, subject, generation)
        if limit is not None and used + count > limit:
            return Exceeded(verb=verb, used=used, asked=count, limit=limit)
        state.execute(
            _RESERVE,
            {
                "subject": subject,
                "generation": generation,
                "verb": verb,
                "amount": count,
                "now": now,
            },
        )
    return None


def used(state: State, verb: Verb) -> int:
    """How many such changes were counted in the last 24 hours."""
    return _used(state, verb, _NOBODY, _NOBODY)


def keep(state: State, subject: int, generation: int, verb: Verb, done: int) -> None:
    """Count for good so many of the reserved changes, since they are done.

    What the generation does next is counted beside them, and only the rest can be given back.
    """
    values = {"subject": subject, "generation": generation, "verb": verb, "done": done}
    with state.transaction(durable=False):
        state.execute(_KEEP, {**values, "now": state.clock()})
        state.execute(_LESSEN, values)


def give_back(state: State, subject: int, generation: int, verb: Verb) -> None:
    """Count no more what was reserved but not done."""
    with state.transaction(durable=False):
        state.execute(_GIVE_BACK, (subject, generation, verb))


def carry_over(state: State, subject: int, generation: int, *, heir: int, newer: int) -> None:
    """Count what was reserved for the subject that goes on with it, so that it counts once."""
    if (subject, generation) == (heir, newer):
        return
    values = {"subject": subject, "generation": generation, "heir": heir, "newer": newer}
    with state.transaction(durable=False):
        state.execute(_CARRY_OVER, values)
        state.execute(_FORGET, (subject, generation))


def _used(state: State, verb: Verb, subject: int, generation: int) -> int:
    row = state.row(
        _USED,
        {
            "verb": verb,
            "now": state.clock(),
            "window": WINDOW,
            "subject": subject,
            "generation": generation,
        },
    )
    return 0 if row is None else int(row["used"])
