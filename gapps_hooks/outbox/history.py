"""What was done and why, append-only, for people who ask later.

It must not know secrets, nor how an outcome comes about.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gapps_hooks.model import Kind
from gapps_hooks.outbox.state import State

#: Seconds for which history is kept: 400 days, a year and the weeks until somebody asks.
KEPT: Final = 400 * 86_400.0

_WRITE: Final = """
INSERT INTO history (written_at, subject, kind, name, what, verdict, line, details)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_READ: Final = """
SELECT * FROM history
WHERE (:subject IS NULL OR subject = :subject) AND written_at >= :since AND sequence > :after
ORDER BY sequence DESC LIMIT :limit
"""
_PURGE: Final = "DELETE FROM history WHERE written_at < ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the history."""

    #: The order in which lines were written.
    sequence: int
    #: Wall-clock seconds.
    written_at: float
    subject: int | None
    #: None where the line is about the state file, which has its file's name.
    kind: Kind | None
    name: str
    #: The change or decision, such as a verb or an event.
    what: str
    #: What became of it, such as a Verdict.
    verdict: str
    line: str
    details: Mapping[str, Any] = field(default_factory=dict)


def write(  # noqa: PLR0913 - the line's fields
    state: State,
    *,
    subject: int | None,
    kind: Kind,
    name: str,
    what: str,
    verdict: str,
    line: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Append one line; ``details`` is anything JSON can say, and no secret.

    Raises:
        StateUnusable: the line was not written.
    """
    with state.transaction():
        told = json.dumps(dict(details or {}))
        values = (state.clock(), subject, kind, name, what, verdict, line, told)
        state.insert(_WRITE, values)


def read(
    state: State,
    subject: int | None = None,
    limit: int = 100,
    *,
    since: float = float("-inf"),
    after: int = 0,
) -> tuple[Line, ...]:
    """The last ``limit`` lines (-1: all), of one subject or of all, oldest first.

    ``since`` leaves out what was written before that wall-clock time, ``after`` what stands up to
    that line in their order.
    """
    asked = {"subject": subject, "limit": limit, "since": since, "after": after}
    found = state.rows(_READ, asked)
    return tuple(_line(dict(row)) for row in reversed(found))


def _line(row: dict[str, Any]) -> Line:
    kind = Kind(row["kind"]) if row["kind"] else None
    return Line(**{**row, "kind": kind, "details": json.loads(row["details"])})


def purge(state: State) -> int:
    """Remove what is older than 400 days; return how many lines that were."""
    with state.transaction():
        oldest = state.clock() - KEPT
        state.set_meta("history-kept-since", repr(oldest))
        return state.execute(_PURGE, (oldest,))
