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
#: Letters; JSON writes the rarest with 12 bytes, and a hook reads 64 KiB.
_LONGEST_SENTENCE: Final = 5000


class Clerk(Protocol):
    """Who takes what is said."""

    #: Conversations that are going on.
    conversations: set[Conversation]

    def admit(self, conversation: Conversation) -> str | None:
        """Say why whoever is there is not listened to; None to listen."""

    def take(self, conversation: Conversation, message: bytes) -> None:
        """Take a whole message."""


class Conversation(asyncio.Protocol):
    """A connection of one hook; all of it happens in the event loop's thread."""

    def __init__(self, clerk: Clerk, loop: asyncio.AbstractEventLoop) -> None:
        self._clerk, self._loop = clerk, loop
        self._data = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._taken = False
        #: Is taken while the socket must not be closed; it is asked about from other threads.
        self._held = threading.Lock()
        self._socket: socket.socket | None = None

    # --- asyncio.Protocol --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; docs of asyncio.BaseProtocol."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream socket's
        self._transport = transport
        self._socket = transport.get_extra_info("socket")
        reason = self._clerk.admit(self)
        if reason is not None:
            self.decline(reason)
            return
        self._clerk.conversations.add(self)
        self._close_in(SAID_WITHIN)

    def data_received(self, data: bytes) -> None:
        """Take what came; what comes after the message is nobody's."""
        if self._taken or self._transport is None or self._transport.is_closing():
            return
        self._data += data
        if len(self._data) > LONGEST_MESSAGE + len(GREETING) + 2:
            self.decline("the message is too long")
        elif data.endswith(b"\n") or b"\n" in data:
            self._look()

    def eof_received(self) -> bool:
        """Keep the way back open, as the hook may only have closed its own side."""
        return self._taken

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget it; what was taken and is not on disk yet is left out."""
        self._transport = None
        with self._held:
            self._socket = None
        self._clerk.conversations.discard(self)
        if self._timer is not None:
            self._timer.cancel()

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
        """End it, once what was told is on its way."""
        if self._transport is not None:
            self._transport.close()

    def hung_up(self) -> bool:
        """Whether the hook has gone away, of which the loop may not know yet; from any thread.

        One that has only closed its own side still listens.
        """
        with self._held:
            if self._socket is None:
                return True
            asked = select.poll()
            asked.register(self._socket.fileno(), 0)  # hanging up is told unasked, poll(2)
            return bool(asked.poll(0))

    def peer(self) -> Peer:
        """Ask the kernel who is at the other end; raises OSError."""
        assert self._transport is not None  # noqa: S101 - only asked while it is open
        return peer_of(self._transport.get_extra_info("socket"))

    def _look(self) -> None:
        greeting, found, rest = self._data.partition(b"\n")
        if found and bytes(greeting) != GREETING:
            self.decline("this agent speaks gapps-hooks/1")
            return
        message, found, _ = rest.partition(b"\n")
        if not found:
            return
        self._taken, self._data = True, bytearray()
        if self._timer is not None:
            self._timer.cancel()
        self._clerk.take(self, bytes(message))

    def _tell(self, answer: Mapping[str, Any]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(json.dumps(answer).encode() + b"\n")

    def _close_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._abort)

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
