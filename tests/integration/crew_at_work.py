"""The agent's crew, at work in threads of the test's own process; it must not know what for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from organisation import Organisation

from gapps_hooks.agent.crew import Crew

PATIENCE = 20.0


@contextmanager
def at_work(crew: Crew) -> Iterator[Crew]:
    """Let it work until the test has seen enough."""
    crew.start()
    try:
        yield crew
    finally:
        assert crew.stop(PATIENCE)


def held_up(house: Organisation) -> tuple[Crew, threading.Event, threading.Event]:
    """Return a crew whose only worker stops at Google: whether it is there, and when it may go."""
    under_way, go_on = threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        under_way.set()
        go_on.wait(PATIENCE)

    house.observe = hold
    house.wire()
    return Crew(house.wiring, workers=1), under_way, go_on
