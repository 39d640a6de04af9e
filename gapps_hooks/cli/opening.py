"""Opens the installation that a command works on, and closes it behind the command.

It must not know what the command does with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gapps_hooks.outbox import State, open_state
from gapps_hooks.settings import Settings, load_settings
from gapps_hooks.sources import open_source
from gapps_hooks.wiring import Wiring, wire


@contextmanager
def opened_state(path: Path) -> Iterator[tuple[Settings, State]]:
    """Open settings and state: all that is needed where nothing is asked of Google.

    Raises:
        BadSettings: something in the settings is wrong.
        StateUnusable: the state directory or its database cannot be used.
    """
    settings = load_settings(path)
    place = settings.state
    with open_state(place.directory, domain=settings.domain, owner=place.owner) as state:
        yield settings, state


@contextmanager
def opened(path: Path) -> Iterator[Wiring]:
    """Open everything: settings, state, source, policy and the way to Google.

    Raises:
        BadSettings: something in the settings, the credentials or the policy is wrong.
        StateUnusable: the state directory or its database cannot be used.
    """
    with opened_state(path) as (settings, state):
        yield wire(settings, state, source=open_source(settings))
