"""Whether a stored hash that was read is still the newest word on its owner when it is recorded.

It must not know any particular source. A source may be slow, so it is read while others record;
what they recorded meanwhile may have been read later, and an older hash must not replace it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from gapps_hooks.errors import GappsHooksError, SourceUnreadable
from gapps_hooks.model import Event, Kind
from gapps_hooks.outbox import State, entries, subjects

#: How often a hash is read for one event. Each time but the last, somebody else has recorded
#: something on the same person while it was read.
READINGS: Final = 10

Standing = tuple[int, int] | None


class Superseded(GappsHooksError):
    """Something was recorded on the person since the hash was read: it has to be read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A stored hash that was read, and from when it is."""

    #: Where the person's record stood before the source was asked.
    before: Standing
    #: The hash as it is written.
    value: str = field(repr=False)
    #: Reads it again, where that takes next to no time; None where it may take longer.
    again: Callable[[], str | None] | None = field(default=None, repr=False)


def standing(state: State, name: str) -> Standing:
    """Where a person's record stands; it moves with every event on them."""
    subject = subjects.of_name(state, Kind.USER, name)
    return None if subject is None else (subject, subjects.generation_of(state, subject))


def see_that_it_counts(state: State, event: Event, reading: Reading) -> None:
    """Ask while nobody else can record: whatever is on disk by now was read before this hash.

    Raises:
        Superseded: that is not certain.
    """
    if standing(state, event.name) == reading.before:
        return
    if _waits_already(state, event) or _is_as_now(reading):
        return
    raise Superseded(f"{event.name}: something was recorded while the stored hash was read")


def _waits_already(state: State, event: Event) -> bool:
    """Whether the last that was recorded is the same hash."""
    subject = subjects.of_name(state, Kind.USER, event.name)
    entry = entries.get(state, subject) if subject is not None else None
    return entry is not None and event.password is not None and entry.password == event.password


def _is_as_now(reading: Reading) -> bool:
    try:
        return reading.again is not None and reading.again() == reading.value
    except SourceUnreadable:
        return False
