"""What may live beside the agent's own work, and what it is given: watchers, metrics.

It must not know any particular companion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gapps_hooks.model import Event, Outcome
from gapps_hooks.outbox import State
from gapps_hooks.record import Receipt
from gapps_hooks.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a companion is given when it starts; after new settings it is started anew."""

    settings: Settings
    #: For reading; shared by threads.
    state: State
    #: Records an event and has it delivered, from any thread but the one that called ``start``;
    #: on return it is on disk. Raises NotRecorded or BadInput.
    record: Callable[[Event], Receipt]


class Companion(Protocol):
    """Something that runs in threads of its own for as long as the agent does."""

    def start(self, surroundings: Surroundings) -> None:
        """Begin, and return at once; raises GappsHooksError if it cannot."""

    def stop(self) -> None:
        """End; on return no thread of it is left."""


class Observer(Protocol):
    """Who is told what happens; called in the agent's threads, and so has to be quick."""

    def recorded(self, event: Event, receipt: Receipt) -> None:
        """Hear that an event is on disk, or did not have to be."""

    def delivered(self, outcome: Outcome, seconds: float) -> None:
        """Hear what became of a delivery that took so many seconds."""
