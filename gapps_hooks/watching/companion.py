"""The watcher as the agent carries it: made anew whenever the settings are read anew.

It must not know the agent, of which it wants only what ``Surroundings`` names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gapps_hooks.model import Event
from gapps_hooks.outbox import State, open_state
from gapps_hooks.settings import Settings
from gapps_hooks.watching.watcher import Watcher, open_watcher


class Surroundings(Protocol):
    """What it is given when it starts."""

    @property
    def settings(self) -> Settings:
        """The settings that hold from now on."""

    @property
    def record(self) -> Callable[[Event], object]:
        """Puts an event on disk; called in the watcher's thread. Raises NotRecorded."""


class WatchingCompanion:
    """Watches from each ``start`` to the next ``stop``, with a state file of its own.

    So nobody who reads or records waits for what the watcher remembers.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._watcher: Watcher | None = None
        self._state: State | None = None

    def start(self, surroundings: Surroundings) -> None:
        """Begin to watch, if the settings want it.

        Raises:
            StateUnusable: the state cannot be opened.
        """
        settings = surroundings.settings
        place = settings.state
        self._state = open_state(place.directory, domain=settings.domain, owner=place.owner)
        self._watcher = open_watcher(settings, self._state, surroundings.record, self._tell)
        if self._watcher is not None:
            self._watcher.start()

    def stop(self) -> None:
        """End watching, within a second."""
        if self._watcher is not None:
            self._watcher.stop()
        # a look that is still under way ends by itself, and may yet remember what it told
        if self._state is not None and not (self._watcher and self._watcher.alive):
            self._state.close()
        self._watcher = self._state = None
