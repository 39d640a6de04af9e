"""What the emulated Workspace holds: users, groups, memberships, org units.

It must not know the rules, HTTP, or how a record is shown to a client.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

#: A JSON object, as it came over the wire or goes there.
Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class User:
    """One account; times are seconds since the epoch."""

    id: str
    address: str
    created_at: float
    profile: Json = field(default_factory=dict)
    org_unit: str = "/"
    aliases: list[str] = field(default_factory=list)
    is_admin: bool = False
    is_delegated_admin: bool = False
    archived: bool = False
    archived_at: float | None = None
    #: A service account acting in its own name; it is in no Workspace.
    is_service_account: bool = False
    suspension_reason: str = ""
    suspended_at: float | None = None
    deleted_at: float | None = None
    #: When it was inserted over the API; None for a seeded account, which has settled long ago.
    inserted_at: float | None = None
    renamed_at: float | None = None
    #: (hashFunction, value); hashFunction is None for clear text.
    password: tuple[str | None, str] | None = field(default=None, repr=False)

    @property
    def suspended(self) -> bool:
        """Whether the account may not be used."""
        return bool(self.suspension_reason)

    def __deepcopy__(self, memo: object) -> User:
        """Return the user as it is now, whatever changes later; no part of a profile is changed."""
        return replace(self, aliases=[*self.aliases], profile={**self.profile})


@dataclass(slots=True, kw_only=True)
class Membership:
    """One member of one group; the key is the member's immutable id."""

    key: str
    type: str
    role: str
    added_at: float
    #: The address of a member that is nobody of ours; ours are looked up by the key.
    outside_address: str = ""
    delivery: str = "ALL_MAIL"
    #: When it was added over the API; None for a seeded membership.
    inserted_at: float | None = None

    def __deepcopy__(self, memo: object) -> Membership:
        """Return the membership as it is now."""
        return replace(self)


@dataclass(slots=True, kw_only=True)
class Group:
    """One group with its members, by key and in the order of their addresses."""

    id: str
    address: str
    name: str
    description: str = ""
    external_ids: list[Json] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    inserted_at: float | None = None
    settings: Json = field(default_factory=dict)
    members: dict[str, Membership] = field(default_factory=dict)

    def __deepcopy__(self, memo: object) -> Group:
        """Return the group as it is now, its members too."""
        members = {key: replace(membership) for key, membership in self.members.items()}
        return replace(self, aliases=[*self.aliases], settings={**self.settings}, members=members)


@dataclass(slots=True, kw_only=True)
class OrgUnit:
    """One organisational unit."""

    id: str
    path: str
    description: str = ""
