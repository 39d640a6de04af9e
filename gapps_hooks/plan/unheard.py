"""What a link holds while the answer to a change of ours is not heard, and what follows from it.

It must not know files, clocks, the network or the database: everything is an argument.
"""

from __future__ import annotations

from typing import Final

from gapps_hooks.model import GoogleUser, Link
from gapps_hooks.plan.identities import same_identity
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import Rules, find_mark

#: Remembered as ``enabled`` while nobody knows whether a restore of ours was carried out.
RESTORING: Final = "being restored"
#: Remembered as ``enabled`` while nobody knows whether a suspension of ours was carried out.
SUSPENDING: Final = "being suspended"
#: When that was last sent, wall-clock seconds.
SUSPENDING_AT: Final = "suspending_at"
#: Among what a plan confirms: the suspension that stands at Google is ours.
OURS: Final = "ours"
#: suspensionReason of an account that an administrator suspended, or of which Google says nothing.
BY_ADMINISTRATOR: Final = frozenset({"", "ADMIN"})
#: A suspension further than these seconds from when ours was sent is somebody else's: requests
#: wait for their turn, and clocks differ.
_APART: Final = 600.0


def is_own_suspension(link: Link, actual: GoogleUser, rules: Rules) -> bool:
    """Whether the suspension that stands at Google is ours, also if we heard no answer to it."""
    if not link.suspended_by_us or actual.suspension_reason not in BY_ADMINISTRATOR:
        return False
    since = actual.suspension_time
    if not is_being_suspended(link, rules) or since is None:
        return True
    sent_at: float = link.delivered.get(SUSPENDING_AT, 0.0)
    return abs(since.timestamp() - sent_at) <= _APART


def is_being_suspended(link: Link, rules: Rules) -> bool:
    """Whether a suspension of ours was sent, and nothing was heard of it."""
    return bool(link.delivered.get("enabled") == rules.digest(SUSPENDING))


def is_being_adopted(link: Link, rules: Rules) -> bool:
    """Whether the link was made for an adoption that was sent, and nothing was heard of it."""
    restoring = link.delivered.get("enabled") == rules.digest(RESTORING)
    return bool(restoring) and "address" not in link.delivered


def bears_own_mark(person: Person, actual: GoogleUser, rules: Rules) -> bool:
    """Whether the account says that this installation manages it for this person."""
    mark = find_mark(actual, rules)
    return mark is not None and same_identity(mark, person.identity, person.name)
