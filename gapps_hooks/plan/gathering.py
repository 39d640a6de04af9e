"""One group before deciding: all that is known of it, on both sides.

It must not know what follows from it: that is the planners' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gapps_hooks.model import GoogleGroup, GoogleMember, Group, Link, Membership, Role

#: What is said of a group that the source leaves out.
SYSTEM_GROUP: Final = (
    "a system group or a user's private one, which never is at Google (of local files: a gid "
    "outside of GID_MIN to GID_MAX of login.defs)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a member reference means at Google, or why it means nothing there (yet)."""

    reference: str
    role: Role = Role.MEMBER
    #: The address to add; None while the person or group has none.
    address: str | None = None
    google_id: str | None = None
    #: Why there is no address, or why an existing membership is left as it is.
    note: str | None = None


@dataclass(frozen=True, slots=True)
class MembersQuestion:
    """Planning cannot decide yet: Google has to be asked for the members of this group."""

    google_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupant:
    """Another group that has, as an alias, an address which this one is to have."""

    group: GoogleGroup
    #: Whose it is, if it is one of ours.
    link: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """All that is known of one group before deciding."""

    name: str
    #: The desired state; None when the group is gone locally or not to be at Google.
    group: Group | None
    #: Whether the group is there after all, but is left out as a system group.
    left_out: bool = False
    address: str
    #: The desired members in Google's terms; None when nothing is said of members.
    members: tuple[Resolved, ...] | None = None
    link: Link | None = None
    #: What was delivered before.
    memberships: tuple[Membership, ...] = ()
    actual: GoogleGroup | None = None
    asked: bool = False
    #: The members at Google; None while they were not asked for.
    present: tuple[GoogleMember, ...] | None = None
    taken: bool = False
    #: A creation was sent before, and its answer may have been lost.
    attempted: bool = False
    holder: Link | None = None
    #: Who has which of the wanted addresses, as far as somebody asked.
    occupants: Mapping[str, Occupant] = field(default_factory=dict)

    @property
    def is_lost(self) -> bool:
        """Whether what Google has is what a creation of ours made, whose answer was lost.

        It has the name that we gave it and no members yet; a stranger's group has others.
        """
        named = self.actual is not None and self.actual.name == self.name
        return self.attempted and named and self.present == ()
