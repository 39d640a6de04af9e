"""Whether the threads that are at work get on with it, so that one that hangs is noticed.

It must not know what they do. A thread that waits for ever is as alive as any other, and holds
for ever what it has taken: a subject's lease, the writer's place.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

#: Seconds without a sign after which work hangs. Between two signs there is one request to Google
#: or one question to a source, with its turn; the settings give each of these 300 at the most.
HUNG: Final = 900.0
#: Answers of a source that one may have to wait for, since all workers and readers ask a directory
#: over the same connection: each in turn waits for one that never comes, and for a new connection.
IN_TURN: Final = 48


class Progress:
    """When each thread that is at work gave its last sign; ``clock`` is in monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._signs: dict[int, float] = {}
        self._hung = HUNG

    def bear_with(self, timeout: float) -> None:
        """Let a source take so many seconds for each of its answers."""
        self._hung = max(HUNG, IN_TURN * timeout)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Count the thread as at work inside, from its first sign on."""
        this = threading.get_ident()
        with self._lock:
            self._signs[this] = self._clock()
        try:
            yield
        finally:
            with self._lock:
                del self._signs[this]

    def note(self) -> None:
        """Give a sign, if this thread is at work."""
        this = threading.get_ident()
        with self._lock:
            if this in self._signs:
                self._signs[this] = self._clock()

    @property
    def hangs(self) -> bool:
        """Whether a thread has been at work for too long without a sign."""
        with self._lock:
            oldest = min(self._signs.values(), default=None)
        return oldest is not None and self._clock() - oldest >= self._hung
