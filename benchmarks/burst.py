"""Hands many events to an agent's socket at once, each on a connection of its own, as hooks do.

It must not know what becomes of them.
"""

from __future__ import annotations

import json
import secrets
import selectors
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

#: Hooks that are there at the same time.
AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What came of it."""

    #: Seconds from the first connection to the last first answer.
    seconds: float
    recorded: int
    #: The first answers that were something else.
    others: tuple[Mapping[str, Any], ...]

    @property
    def rate(self) -> float:
        """Recorded events a second."""
        return self.recorded / self.seconds


def messages(
    settings: Path, event: str, names: Iterable[str], payload: Mapping[str, Any]
) -> list[bytes]:
    """Make one message for each name, as fire.py does."""
    return [
        b"gapps-hooks/1\n"
        + json.dumps(
            {
                "version": 1,
                "id": secrets.token_hex(16),
                "event": event,
                "subject": name,
                "settings": str(settings),
                "defer": 0.0,
                "payload": payload,
            }
        ).encode()
        + b"\n"
        for name in names
    ]


def send(path: Path, all_messages: Sequence[bytes], *, at_once: int = AT_ONCE) -> Burst:
    """Send each message and read its first answer, so many at the same time."""
    rest = iter(all_messages)
    answers: list[Mapping[str, Any]] = []
    began = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for message in (next(rest, None) for _ in range(at_once)):
            _begin(selector, path, message)
        while selector.get_map():
            for key, _ in selector.select(10):
                channel = key.fileobj
                assert isinstance(channel, socket.socket)
                line = channel.recv(1 << 16).partition(b"\n")[0]
                answers.append(json.loads(line) if line else {})
                selector.unregister(channel)
                channel.close()
                _begin(selector, path, next(rest, None))
    seconds = time.perf_counter() - began
    others = tuple(answer for answer in answers if answer.get("recorded") is not True)
    return Burst(seconds=seconds, recorded=len(answers) - len(others), others=others)


def _begin(selector: selectors.BaseSelector, path: Path, message: bytes | None) -> None:
    if message is None:
        return
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel.connect(str(path))
    channel.sendall(message)
    selector.register(channel, selectors.EVENT_READ)
