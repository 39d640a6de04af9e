"""What has to be done with the hashes that stay, so that nothing of those that go stays with them.

It must not know when that is, nor how the file is open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

#: What is written down of a wipe: that it is wanted, and up to which one nothing is left.
WANT: Final = "UPDATE meta SET value = value + 1 WHERE name = 'wipes-wanted'"
DONE: Final = "UPDATE meta SET value = ? WHERE name = 'wipes-done' AND CAST(value AS INTEGER) < ?"

#: A hash without an entry is never delivered, and must not be kept either.
_STEPS: Final = (
    "CREATE TEMP TABLE kept AS SELECT secrets.* FROM secrets JOIN entries USING (subject)",
    "DELETE FROM secrets",
    "INSERT INTO secrets SELECT * FROM kept ORDER BY subject",
    "DROP TABLE kept",
)


def write_anew(execute: Callable[[str], object]) -> None:
    """Write all hashes anew, inside a transaction.

    With secure_delete SQLite zeroes the rows that it deletes and the pages that it frees; but of
    each row that it moves to another page, as others come and go, it leaves a copy in the unused
    part of the page, which stays there when the row itself is deleted.
    """
    for statement in _STEPS:
        execute(statement)
