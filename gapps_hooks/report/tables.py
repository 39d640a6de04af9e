"""Tables of what waits, what is linked and how things stand, as plain aligned text.

It must not know where the rows come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from gapps_hooks.model import Kind, Link
from gapps_hooks.report.words import clock_time, duration, printable


class Waiting(Protocol):
    """What a table of the outbox needs of an entry; times are wall-clock seconds."""

    @property
    def kind(self) -> Kind:
        """Person or group."""

    @property
    def name(self) -> str:
        """The subject's name."""

    @property
    def status(self) -> str:
        """``waiting``, ``held`` or ``buried``."""

    @property
    def recorded_at(self) -> float:
        """When the oldest undelivered event was recorded."""

    @property
    def due_at(self) -> float:
        """When the next try is due."""

    @property
    def reason(self) -> str:
        """Why it waits, as a sentence."""


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write rows under headings in aligned columns; without rows, "(none)"."""
    texts = [[printable(cell) for cell in row] for row in rows]
    if not texts:
        return "(none)"
    lines = [[heading.upper() for heading in headings], *texts]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Write named facts one a line, the values below each other."""
    shown = [(name, printable(value)) for name, value in pairs]
    width = max((len(name) for name, _ in shown), default=0)
    return "\n".join(f"{name + ':':<{width + 1}}  {value}" for name, value in shown)


def entries_table(entries: Iterable[Waiting], now: float) -> str:
    """Write what the outbox holds; ``now`` is the wall clock."""
    rows = (
        (
            entry.name,
            entry.kind,
            entry.status,
            duration(now - entry.recorded_at),
            _next_try(entry, now),
            entry.reason,
        )
        for entry in entries
    )
    return table(("name", "kind", "status", "age", "next try", "reason"), rows)


def _next_try(entry: Waiting, now: float) -> str:
    if entry.status != "waiting":
        return "-"
    return "due" if entry.due_at <= now else f"in {duration(entry.due_at - now)}"


def links_table(links: Iterable[tuple[str, Link]], now: float) -> str:
    """Write which subject is which account or group at Google; ``now`` is the wall clock.

    Each link stands behind the name by which people name its subject.
    """
    rows = (
        (
            name,
            link.address,
            link.google_id,
            "ours" if link.created else "adopted",
            _state(link),
            clock_time(link.confirmed_at, now=now) if link.confirmed_at else "never",
        )
        for name, link in links
    )
    return table(("name", "address", "google id", "made", "state", "confirmed"), rows)


def _state(link: Link) -> str:
    states = {
        "ended": link.ended_at is not None,
        "suspended by us": link.suspended_by_us,
        "administrator": link.administrator,
    }
    return ", ".join(name for name, holds in states.items() if holds) or "active"
