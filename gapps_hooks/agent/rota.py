"""Whose turn it is: which subjects are ready, under way, resting, and who waits for them.

It must not know threads, clocks or the outbox; whoever calls it holds a lock.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gapps_hooks.model import Outcome

#: Told what became of a subject: its outcome, or None if nothing was left to deliver.
Waiter = Callable[[Outcome | None], None]


@dataclass(slots=True)
class Rota:
    """Each subject is under way at most once; one that is called for meanwhile has its turn after.

    Those who wait for a subject are told of the delivery that begins after they came, because an
    earlier one may not have seen their event.
    """

    _ready: OrderedDict[int, None] = field(default_factory=OrderedDict)
    _running: set[int] = field(default_factory=set)
    _waiters: dict[int, list[Waiter]] = field(default_factory=dict)
    #: Until when a subject is left alone that could not be delivered just now.
    _resting: dict[int, float] = field(default_factory=dict)

    def __len__(self) -> int:
        """Count those that are ready."""
        return len(self._ready)

    @property
    def running(self) -> int:
        """Count those that are under way."""
        return len(self._running)

    def ask(self, subject: int, waiter: Waiter | None) -> None:
        """Let a subject be next, because somebody waits for it."""
        if waiter is not None:
            self._waiters.setdefault(subject, []).append(waiter)
        self._ready[subject] = None
        self._ready.move_to_end(subject, last=False)
        self._resting.pop(subject, None)

    def add(self, subjects: Iterable[int]) -> None:
        """Put due subjects behind those that are ready, but not those that are under way."""
        for subject in subjects:
            if subject not in self._running:
                self._ready.setdefault(subject, None)

    def take(self, now: float) -> tuple[int, list[Waiter]] | None:
        """Begin with the first that may begin; None if there is none."""
        for subject in self._ready:
            if subject not in self._running and self._resting.get(subject, now) <= now:
                break
        else:
            return None
        del self._ready[subject]
        self._resting.pop(subject, None)
        self._running.add(subject)
        return subject, self._waiters.pop(subject, [])

    def done(self, subject: int, *, rest_until: float | None = None) -> None:
        """End it; ``rest_until`` keeps it from being taken up again at once."""
        self._running.discard(subject)
        if rest_until is not None:
            self._resting[subject] = rest_until

    def next_end_of_rest(self) -> float | None:
        """When the first of those that are ready, but rest, may begin."""
        return min(
            (self._resting[each] for each in self._ready if each in self._resting), default=None
        )

    def clear(self) -> list[Waiter]:
        """Forget those that are ready, and return who waited for them."""
        self._ready.clear()
        waiting = [waiter for several in self._waiters.values() for waiter in several]
        self._waiters.clear()
        return waiting
