"""The ring of requests that were answered, and how many of each kind; free of secrets.

It must not know how requests are answered.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """One request and what it was answered; a password shows as the kind of its hash."""

    number: int
    #: Seconds since the epoch, by the emulator's clock.
    at: float
    #: Name of the API method, such as ``users.insert``, or ``token``.
    call: str
    method: str
    #: Path and query as they were sent.
    path: str
    body: Any
    #: In whose name, "" before sign-in.
    subject: str
    #: HTTP status, or 0 when no answer was sent.
    status: int
    reason: str
    #: The scripted fault that struck, "" for none.
    fault: str


class RequestLog:
    """The last requests in order, and the counts of all; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ring: deque[LoggedRequest] = deque(maxlen=_KEPT)
        self._counts: Counter[str] = Counter()
        self._number = 0

    def __iter__(self) -> Iterator[LoggedRequest]:
        with self._lock:
            return iter(list(self._ring))

    def __len__(self) -> int:
        return len(self._ring)

    def write(self, **values: Any) -> None:  # noqa: ANN401 - the fields of LoggedRequest
        """Note one request; the number is given here."""
        with self._lock:
            self._number += 1
            self._ring.append(LoggedRequest(number=self._number, **values))
            self._counts[values["call"]] += 1

    def calls(self) -> list[str]:
        """Return the names of the API methods called, in order."""
        return [entry.call for entry in self]

    def counts(self) -> dict[str, int]:
        """Return how many requests there were of each kind since the last clearing."""
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._ring.clear()
            self._counts.clear()


def without_secrets(body: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the body with each password replaced by the kind of its hash."""
    if isinstance(body, list):
        return [without_secrets(entry) for entry in body]
    if not isinstance(body, dict):
        return body
    return {
        key: _hash_kind(body) if key.lower() == "password" else without_secrets(value)
        for key, value in body.items()
    }


def _hash_kind(body: dict[str, Any]) -> str:
    return f"({body.get('hashFunction') or 'clear text'})"
