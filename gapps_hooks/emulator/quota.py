"""Quotas as token buckets.

It must not know what is counted, nor what an exceeded quota is answered with.
"""

from __future__ import annotations

from collections.abc import Callable


class Quotas:
    """One bucket per key, filled evenly; ``now`` is in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str, *, size: float, rate: float) -> bool:
        """Take one out of the key's bucket of this size, filled at ``rate`` a second."""
        now = self._now()
        level, since = self._buckets.get(key, (size, now))
        level = min(size, level + max(now - since, 0.0) * rate)
        enough = level >= 1.0
        self._buckets[key] = (level - 1.0 if enough else level, now)
        return enough

    def clear(self) -> None:
        """Fill every bucket."""
        self._buckets.clear()
