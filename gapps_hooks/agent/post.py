"""From other threads into the event loop's: what is posted together wakes the loop once.

It must not know what is called, nor why.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class Post:
    """Calls functions in the event loop's thread, in the order in which they were posted.

    To wake the loop costs a system call and lets another thread have the interpreter first; a
    burst would pay for that twice for each event.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._letters: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._rung = False

    def __call__(self, function: Callable[..., object], *words: Any) -> None:  # noqa: ANN401 - whatever the function takes
        """Post a call, from any thread."""
        self._letters.append((function, words))
        if self._rung:
            return
        self._rung = True
        with suppress(RuntimeError):  # the loop has ended: whoever would have been told is gone
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # before the letters are taken: one that comes after the last look has to ring again
        self._rung = False
        while self._letters:
            function, words = self._letters.popleft()
            self._loop.call_soon(function, *words)
