"""Whether so many people can be gone at once, or rather the files are the rest of longer ones.

It must not know where people are listed, nor how a look goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gapps_hooks.model import Link

#: As many may always be gone at once: in a small house that happens, and the bounds hold the rest.
_ALWAYS: Final = 2


def why_implausible(gone: Iterable[str], links: Iterable[Link]) -> str:
    """Say why nothing is concluded from these names being gone; empty if they may be.

    Counted is who has an account at Google that would be suspended. When a person has had that
    done by a reconcile, nothing is implausible any more.
    """
    served = {link.name for link in links if link.ended_at is None and not link.suspended_by_us}
    lost = served & set(gone)
    if len(lost) <= _ALWAYS or 2 * len(lost) <= len(served):
        return ""
    return (
        f"{len(lost)} of the {len(served)} people with a Google account are no longer listed, all "
        "at once, which looks like a file that was cut off; nothing is concluded from it: put the "
        "files back, or, if these people are gone, have that done by gapps-hooks reconcile"
    )
