"""One event on its way from a hook to the disk, for as long as its hook waits for that.

It must not know sockets, nor how an event is recorded. A hook that does not wait any more has
recorded its event itself, or its caller was told that nothing was: whatever was said since is
newer, and must not be overwritten by what lay in a queue.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from gapps_hooks.agent.conversation import LONGEST_MESSAGE
from gapps_hooks.model import Event
from gapps_hooks.payload import parse_json
from gapps_hooks.record import read_event

#: Of the messages' form: what fire.py sends.
VERSION: Final = 1
#: Seconds for which a hook waits to hear that its event is on disk: fire.py's own.
WAITED_FOR: Final = 0.5


class Declined(Exception):
    """The hook has to record by itself; the text says why."""


class Handover:
    """A message whose hook may go away; ``hung_up`` tells whether it has."""

    def __init__(
        self,
        message: bytes,
        settings: str,
        hung_up: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._message, self._settings = message, settings
        self._hung_up, self._clock = hung_up, clock
        #: When it was sent, by the clock that all processes of a machine share.
        self._sent: float | None = None

    def read(self) -> Event:
        """Validate it, in a thread that has time for it; from here on no clear text is.

        Raises:
            BadInput: a field, its value and the remedy.
            Declined: it is not for us.
        """
        words = parse_json(self._message, longest=LONGEST_MESSAGE) or {}
        self._message = b""
        if words.get("settings") != self._settings:
            raise Declined(f"this agent serves the settings {self._settings}")
        if words.get("version") != VERSION:
            raise Declined(f"this agent reads messages of version {VERSION}")
        if not all(isinstance(words.get(key), str) for key in ("event", "subject", "id")):
            raise Declined("the message lacks event, subject or id; its hook is of another version")
        self._sent = _moment(words.get("sent"))
        # what nobody waits for any more is not worth a hash, nor a look at the source
        self.check()
        return read_event(words)

    def check(self) -> None:
        """See that its hook still waits; to be asked while nobody else can record.

        Whoever is told "recorded" later than that comes after it on disk, too.

        Raises:
            Declined: it does not, or the time at which it was sent is none of this machine's.
        """
        if self._sent is not None and not 0 <= self._clock() - self._sent < WAITED_FOR:
            raise Declined(f"the event is not on disk within {WAITED_FOR:g} s; it is not recorded")
        if self._hung_up():
            raise Declined("the hook has gone away; its event is not recorded")


def _moment(said: object) -> float | None:
    """When a hook says that it spoke; None for the scripts of before, which do not say it."""
    if said is None:
        return None
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise Declined("the message has no moment in sent; its hook is of another version")
    return said
