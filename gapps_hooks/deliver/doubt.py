"""Whether Google is believed that something linked, and gone here, is not there.

It must not know people or groups.
"""

from __future__ import annotations

from typing import Final

from gapps_hooks.errors import NotYet
from gapps_hooks.outbox.entry import Entry

#: How often Google is asked again whether what is gone here is really not there.
_DOUBTS: Final = 3


def demand_certainty(entry: Entry, address: str) -> None:
    """See that one false answer does not leave active, or full, what is gone here for good.

    Raises:
        NotYet: Google has not said it often enough.
    """
    if entry.attempts < _DOUBTS:
        raise NotYet(f"Google says that there is no {address}; it is asked again")
