"""Makes the way to Google, without loading Google's client before it is needed.

It must not know what is asked of Google, nor be heavy to import.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from gapps_hooks.google.boundaries import HttpObject, Observer, Pace, unobserved
from gapps_hooks.google.directory import Directory

if TYPE_CHECKING:
    from gapps_hooks.google.api import Api
    from gapps_hooks.settings import Settings


def connect(  # noqa: PLR0913 - each is a boundary of its own
    settings: Settings,
    *,
    pace: Pace,
    http_factory: Callable[[], HttpObject] | None = None,
    clock: Callable[[], float] = time.monotonic,
    wall_clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    random: Callable[[], float] = random.random,
    observe: Observer = unobserved,
) -> Directory:
    """Make the way to Google; neither Google nor the key file is touched before the first call.

    Args:
        settings: Where, as whom and how patiently.
        pace: The rate limit that every request waits for.
        http_factory: Makes the HTTP object of a thread; None for real connections.
        clock: Seconds that only count up, for budgets and the age of tokens.
        wall_clock: Seconds since the epoch, to tell how wrong it is.
        sleep: Rests for seconds.
        random: A number in [0, 1), for jitter.
        observe: Is told of each request that was sent.
    """

    def open_api() -> Api:
        # Google's client takes longer to import than all of a hook's own work; a hook that only
        # records its event during an outage never gets here.
        from gapps_hooks.google import api  # noqa: PLC0415 - keeps a door light, see above

        return api.open_api(
            settings,
            pace=pace,
            http_factory=http_factory,
            clock=clock,
            wall_clock=wall_clock,
            sleep=sleep,
            random=random,
            observe=observe,
        )

    return Directory(_Once(open_api), clock)


class _Once:
    """Calls a function at the first need, once for all threads, and remembers its answer."""

    def __init__(self, make: Callable[[], Api]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Api | None = None

    def __call__(self) -> Api:
        if self._made is None:
            with self._lock:
                self._made = self._made or self._make()
        return self._made
