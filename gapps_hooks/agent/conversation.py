"""One hook at the socket: its event in, one or two answers out; docs/agent-protocol.md.

It must not know how an event is recorded or delivered. Nobody who is slow or silent holds up
another: nothing here waits, and every connection has its bounds.
"""

from __future__ import annotations

import asyncio
import json
import select
import socket
import threading
from collections.abc import Mapping
from typing import Any, Final, Protocol

from gapps_hooks.agent.admission import Peer, peer_of

GREETING: Final = b"gapps-hooks/1"
#: The largest message: fire.py's own bound.
LONGEST_MESSAGE: Final = (1 << 20) + (1 << 16)
#: Seconds within which a hook has to have said all; it sends all at once and waits for 0.5.
SAID_WITHIN: Final = 2.0
#: Seconds beyond a hook's own wait after which nobody is taken to be there any more.
_GRACE: Final = 1.0
#: Letters; JSON writes the rarest with 12 bytes, a hook reads 64 KiB, and a socket holds more.
_LONGEST_SENTENCE: Final = 5000
_CHUNK: Final = 1 << 18


class Clerk(Protocol):
    """Who takes what is said."""

    #: Conversations that are going on.
    conversations: set[Conversation]

    def admit(self, conversation: Conversation) -> str | None:
        """Say why whoever is there is not listened to; None to listen."""

    def take(self, conversation: Conversation, message: bytes) -> None:
        """Take a whole message."""


class Conversation:
    """A connection of one hook; all of it happens in the event loop's thread."""

    def __init__(
        self, clerk: Clerk, loop: asyncio.AbstractEventLoop, channel: socket.socket
    ) -> None:
        self._clerk, self._loop = clerk, loop
        self._data = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        #: Is taken while the channel must not be closed; it is asked about from other threads.
        self._held = threading.Lock()
        self._channel: socket.socket | None = channel
        self._listens = False

    # --- the message -------------------------------------------------------------------------

    def begin(self) -> None:
        """Listen to whoever may speak; most have said all by now."""
        reason = self._clerk.admit(self)
        if reason is not None:
            self.decline(reason)
            return
        self._clerk.conversations.add(self)
        self._hear()

    def _hear(self) -> None:
        """Take what came; once that is the message, what comes after it is nobody's."""
        assert self._channel is not None  # noqa: S101 - only an open one is listened at
        try:
            data = self._channel.recv(_CHUNK, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            self._listen()
            return
        except OSError:
            self.close()
            return
        self._data += data
        if not data:  # the hook has closed its side
            self.close()
        elif len(self._data) > LONGEST_MESSAGE + len(GREETING) + 2:
            self.decline("the message is too long")
        elif b"\n" not in data or not self._look():
            self._listen()

    def _look(self) -> bool:
        """Whether all was said that there is to say."""
        greeting, found, rest = self._data.partition(b"\n")
        if found and bytes(greeting) != GREETING:
            self.decline("this agent speaks gapps-hooks/1")
            return True
        message, found, _ = rest.partition(b"\n")
        if not found:
            return False
        self._listen_no_more()
        self._data = bytearray()
        self._clerk.take(self, bytes(message))
        return True

    def _listen(self) -> None:
        if not self._listens and self._channel is not None:
            self._listens = True
            self._close_in(SAID_WITHIN)  # first: it has to end also if the system cannot watch it
            self._loop.add_reader(self._channel, self._hear)

    def _listen_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._listens and self._channel is not None:
            self._listens = False
            self._loop.remove_reader(self._channel)

    # --- answers -----------------------------------------------------------------------------

    def decline(self, sentence: str) -> None:
        """Leave the event to the hook."""
        self._tell({"declined": sentence[:_LONGEST_SENTENCE]})
        self.close()

    def refuse(self, sentence: str, status: int) -> None:
        """Say that the event cannot be recorded, by anybody."""
        self._tell({"refused": sentence[:_LONGEST_SENTENCE], "exit": status})
        self.close()

    def acknowledge(self, wait: float) -> None:
        """Say that the event is on disk, and how long the outcome is worth waiting for."""
        self._tell({"recorded": True, "wait": wait})
        if wait:
            self._close_in(wait + _GRACE)
        else:
            self.close()

    def conclude(self, line: str) -> None:
        """Tell the outcome."""
        self._tell({"outcome": {"line": line[:_LONGEST_SENTENCE]}})
        self.close()

    def close(self) -> None:
        """End it; what was told is on its way, and what is not on disk yet is left out."""
        self._listen_no_more()
        self._clerk.conversations.discard(self)
        with self._held:
            channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def hung_up(self) -> bool:
        """Whether the hook has gone away, of which the loop may not know yet; from any thread.

        One that has only closed its own side still listens.
        """
        with self._held:
            if self._channel is None:
                return True
            asked = select.poll()
            asked.register(self._channel.fileno(), 0)  # hanging up is told unasked, poll(2)
            return bool(asked.poll(0))

    def peer(self) -> Peer:
        """Ask the kernel who is at the other end; raises OSError."""
        assert self._channel is not None  # noqa: S101 - only asked while it is open
        return peer_of(self._channel)

    def _tell(self, answer: Mapping[str, Any]) -> None:
        if self._channel is None:
            return
        said = json.dumps(answer).encode() + b"\n"
        try:
            sent = self._channel.send(said, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError:
            sent = 0
        if sent < len(said):  # nobody reads there
            self.close()

    def _close_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self.close)
