"""Tells the service manager how the agent is doing: sd_notify(3), sd_listen_fds(3).

It must not know what the agent does. The protocol is a datagram with lines to the socket that
``NOTIFY_SOCKET`` names, and needs no library.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

_FIRST_DESCRIPTOR: Final = 3


class ServiceManager:
    """The service manager that started us; without one nothing is told and nothing is wrong."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        #: An address that begins with @ is in the abstract namespace, unix(7).
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        #: Seconds between two signs of life; None if nobody asks for them.
        self.watchdog: Final = _watchdog(environment)
        self._listening = _listening(environment)

    def ready(self, but: str = "") -> None:
        """Say that events are taken, and what is wrong nevertheless."""
        status = f"taking events; {but.splitlines()[0]}" if but else "taking events"
        self._tell(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """Say that the settings are read again; ready() ends it."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={microseconds}")

    def stopping(self) -> None:
        """Say that nothing more is taken."""
        self._tell("STOPPING=1\nSTATUS=finishing what is under way")

    def alive(self) -> None:
        """Give a sign of life."""
        self._tell("WATCHDOG=1")

    def listener(self) -> socket.socket | None:
        """Return the socket that the service manager listens at for us, if it does."""
        return socket.socket(fileno=_FIRST_DESCRIPTOR) if self._listening else None

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(text.encode(), self._address)


def _watchdog(environment: Mapping[str, str]) -> float | None:
    microseconds = environment.get("WATCHDOG_USEC", "")
    meant = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    # half of the time after which we would be taken for dead, as sd_watchdog_enabled(3) advises
    return int(microseconds) / 2e6 if meant and microseconds.isdecimal() else None


def _listening(environment: Mapping[str, str]) -> bool:
    meant = environment.get("LISTEN_PID") == str(os.getpid())
    return meant and environment.get("LISTEN_FDS", "0") != "0"
