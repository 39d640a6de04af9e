"""Names that pass from one person or group to the next, followed to where one gets free.

It must not know what is delivered, nor how anybody is asked for in a source.
"""

from __future__ import annotations

from collections.abc import Callable

from gapps_hooks.model import Identity, Kind, Link
from gapps_hooks.outbox import links, subjects
from gapps_hooks.wiring import Wiring


def lasting_identity(link: Link | None) -> Identity | None:
    """Tell by which id the owner of a link that lives is known under whatever name."""
    if link is None or link.ended_at is not None or link.identity is None:
        return None
    return link.identity if link.identity.lasting else None


def passes_on(
    wiring: Wiring, kind: Kind, subject: int | None, called: Callable[[Identity], str | None]
) -> bool:
    """Whether a subject's name gets free when each is followed to its new one; not in a circle.

    ``called`` tells how the source calls whoever has a lasting id, or None if it has nobody.
    """
    seen: set[int] = set()
    while subject is not None and subject not in seen:
        seen.add(subject)
        link = links.of(wiring.state, subject)
        if link is None:
            return True
        known = lasting_identity(link)
        name = None if known is None else called(known)
        if name is None:
            return False
        subject = subjects.of_name(wiring.state, kind, name)
    return subject is None
