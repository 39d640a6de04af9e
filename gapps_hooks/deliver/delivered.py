"""The value in which the delivery of one subject reports what it came to.

It must not know how a person or a group is delivered.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A subject is at Google what it should be."""

    notes: tuple[str, ...] = ()
    #: When Google last confirmed it, where it was not asked again (wall-clock seconds).
    confirmed_at: float | None = None
