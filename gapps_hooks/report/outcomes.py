"""Outcomes as the one line of a hook, as JSON, and as an exit status.

It must not know how an outcome came about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from gapps_hooks.model import Change, Outcome, Verb, Verdict
from gapps_hooks.report.plans import change_as_json
from gapps_hooks.report.words import change_line, clock_time, duration, printable

#: EX_TEMPFAIL of sysexits.h: it waits, and is tried again by itself.
LATER_STATUS: Final = 75
HELD_STATUS: Final = 4
FAILED_STATUS: Final = 1
_STATUS: Final = {
    Verdict.DONE: 0,
    Verdict.NOTHING: 0,
    Verdict.LATER: LATER_STATUS,
    Verdict.HELD: HELD_STATUS,
    Verdict.BURIED: FAILED_STATUS,
    Verdict.REFUSED: FAILED_STATUS,
}
#: Verdicts that the line names: a person has to do something.
FOR_A_PERSON: Final = frozenset({Verdict.HELD, Verdict.BURIED, Verdict.REFUSED})
_WORST_FIRST: Final = (FAILED_STATUS, HELD_STATUS, LATER_STATUS)
#: So many changes of one verb to one group are named, more are counted.
_NAMED: Final = 3
_COUNTED: Final = {
    Verb.ADD_MEMBER: "added {count} members to {address}",
    Verb.REMOVE_MEMBER: "removed {count} members from {address}",
    Verb.CHANGE_ROLE: "changed {count} roles in {address}",
}


def summary(
    done: Sequence[Change], notes: Iterable[str] = (), confirmed_at: float | None = None
) -> str:
    """Say on one line what Google confirmed, or that nothing had to be sent.

    ``confirmed_at`` is the wall-clock time at which Google last confirmed what it was not asked
    again; 0 is never.
    """
    said = list(_said(done))
    if not said:
        last = f" (last confirmed {clock_time(confirmed_at)})" if confirmed_at else ""
        said.append(f"nothing to send{last}")
    return printable("; ".join((*said, *notes)))


def _said(done: Iterable[Change]) -> Iterator[str]:
    for (verbs, address), run in groupby(done, lambda change: (change.verbs, change.address)):
        changes = tuple(run)
        words = _COUNTED.get(verbs[0]) if len(changes) > _NAMED else None
        if words is not None:
            yield words.format(count=len(changes), address=address)
        else:
            yield from map(change_line, changes)


def outcome_line(outcome: Outcome) -> str:
    """Say on one line what became of an entry, as a hook prints it."""
    again = (
        f"; next try in {duration(outcome.retry_in)}"
        if outcome.verdict is Verdict.LATER and outcome.retry_in
        else ""
    )
    line = outcome.line.removesuffix(".") if again else outcome.line
    mark = f"{outcome.verdict}: " if outcome.verdict in FOR_A_PERSON else ""
    return printable(f"{outcome.name}: {mark}{line}{again}")


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    """Make the JSON object of an outcome; it holds no password and no hash."""
    return {
        "name": outcome.name,
        "kind": outcome.kind.value,
        "verdict": outcome.verdict.value,
        "line": outcome.line,
        "done": [change_as_json(change) for change in outcome.done],
        "notes": list(outcome.notes),
        "retry_in": outcome.retry_in,
    }


def exit_status(outcomes: Iterable[Outcome]) -> int:
    """Find the exit status of several outcomes: the worst counts.

    0 all done, 75 something waits, 4 something is held, 1 something was buried or refused; 1 is
    worse than 4, 4 worse than 75.
    """
    found = {_STATUS[outcome.verdict] for outcome in outcomes}
    return next((status for status in _WORST_FIRST if status in found), 0)
