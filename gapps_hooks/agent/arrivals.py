"""Takes those who come to a listening socket, one connection after the other, in the event loop.

It must not know who they are nor what they say.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from gapps_hooks.agent.listening import BACKLOG

#: Seconds without taking anybody after the system had no room for one more.
_REST: Final = 1.0


class Arrivals:
    """Hands each new connection to ``welcome``, from open() to close().

    asyncio's own server takes a task, a transport and three rounds of the loop for each of them; a
    hook says one thing and hears one or two, and all that has to happen before it is on disk.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listener: socket.socket,
        welcome: Callable[[socket.socket], object],
    ) -> None:
        self._loop, self._listener, self._welcome = loop, listener, welcome
        self._rest: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Begin to take connections, also those that wait already."""
        self._listener.listen(BACKLOG)  # a service manager lets fewer wait, systemd.socket(5)
        self._listener.settimeout(0)
        self._loop.add_reader(self._listener, self._take_all)

    def close(self) -> None:
        """Take no more; whoever waits is turned away by the system."""
        if self._rest is not None:
            self._rest.cancel()
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def _take_all(self) -> None:
        for _ in range(BACKLOG):
            try:
                channel, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # accept(2): no descriptor is left, or no memory
                self._loop.remove_reader(self._listener)
                self._rest = self._loop.call_later(_REST, self.open)
                mishap = {"message": "nobody can be let in for a moment", "exception": error}
                self._loop.call_exception_handler(mishap)
                return
            self._welcome(channel)
