"""For how long a hash may wait: until its delivery, or until it is too old, which its entry says.

It must not know why the entry was not delivered.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Final

from gapps_hooks.model import Kind
from gapps_hooks.outbox import entry as rows
from gapps_hooks.outbox import history
from gapps_hooks.outbox.state import State
from gapps_hooks.report import duration

#: Seconds; settings are in days.
DAY: Final = 86_400.0

_TOO_OLD: Final = """
SELECT subject, kind, name, reason
FROM secrets JOIN entries USING (subject) JOIN subjects USING (subject)
WHERE kept_at > 0 AND kept_at <= :now - :seconds
"""
#: A time ahead of the clock was left behind by one that has been set back, none at all by a
#: damage to the file: both count from now on.
_UNKNOWN: Final = "SELECT 1 FROM secrets WHERE kept_at > :now OR kept_at = 0"
_FROM_NOW_ON: Final = "UPDATE secrets SET kept_at = :now WHERE kept_at > :now OR kept_at = 0"
_SAY: Final = "UPDATE entries SET reason = ? WHERE subject = ?"


def wipe_old_hashes(state: State, seconds: float) -> int:
    """Wipe every hash that has waited longer than so many seconds; return how many there were.

    The entries stay, with what else they say, and tell that their password is gone.

    Raises:
        StateUnusable: nothing was changed.
    """
    given = {"now": state.clock(), "seconds": seconds}
    if not (state.rows(_TOO_OLD, given) or state.rows(_UNKNOWN, given)):
        return 0
    with state.transaction():
        state.execute(_FROM_NOW_ON, given)
        found = state.rows(_TOO_OLD, given)
        for row in found:
            _wipe(state, row, duration(seconds))
    return len(found)


def forget_delivered(state: State, entry: rows.Entry) -> None:
    """Wipe the hash of an entry, unless another one came meanwhile; what else it says stays."""
    with state.transaction():
        words = rows.words_of(state, entry.subject)
        if words.password is not None and words.password[1] == entry.password:
            rows.keep_words(state, entry.subject, replace(words, password=None, owner=None))


def _wipe(state: State, row: sqlite3.Row, time: str) -> None:
    said = f"its password was not delivered for {time} and is wiped; set it again"
    rows.forget_secret(state, row["subject"])
    reason = f"{row['reason']}; {said}" if row["reason"] else said
    state.execute(_SAY, (reason, row["subject"]))
    # a waiting entry's reason is that of its next try before long
    history.write(
        state,
        subject=row["subject"],
        kind=Kind(row["kind"]),
        name=row["name"],
        what="password",
        verdict="wiped",
        line=said,
    )
