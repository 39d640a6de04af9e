"""What the organisation allows: addresses, administrators, protected and role accounts, marks.

It must not know where settings come from, nor anything of the network, the clock or the database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

from gapps_hooks.model import GoogleUser, Identity

#: Google's help 9193374: letters, digits, dash, underscore, apostrophe and dot, 64 at most.
_LOCAL_PART: Final = re.compile(r"[a-z0-9_'-]+(\.[a-z0-9_'-]+)*\Z")
_LOCAL_PART_LENGTH: Final = 64
#: Names that Google keeps for itself in every domain (help 9193374).
RESERVED: Final = frozenset({"abuse", "postmaster"})
#: How a person comes to another address; local files, for instance, have no field for one.
_HOW: Final = "by 'email' or, of a person, by the policy hook gapps_choose_address"
#: The customType under which our mark stands among an account's externalIds.
MARK_TYPE: Final = "gapps-hooks"

#: Word for word the sentence that administrators know from ClearOS's synchronisation.
ADMINISTRATOR_SENTENCE: Final = (
    "The Google Workspace administrator account {address} cannot be suspended. Create it in the "
    "account manager and enable Google for it, or list it under protected."
)
#: Why something is not taken away though nothing else speaks for it.
NOT_WHOLE: Final = "left as it is: what was read is not whole, and so nothing is taken away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The settings that planning needs, and this installation's own name and digest."""

    domains: tuple[str, ...]
    #: The administrator as whom calls are made.
    admin: str
    administrators: Literal["leave", "profile", "all"] = "leave"
    existing_accounts: Literal["adopt", "adopt-active", "refuse"] = "adopt"
    #: Address patterns of accounts that are left alone.
    protected: tuple[str, ...] = ()
    #: Local parts that are never claimed.
    role_addresses: frozenset[str] = RESERVED
    external_posting: bool = False
    exact_groups: bool = False
    removed_groups: Literal["empty", "leave", "delete"] = "empty"
    #: Whether nothing is taken away from anybody, because what is known is not whole.
    adding_only: bool = False
    #: This installation's name, which stands in every mark.
    instance: str
    #: Keyed digest of a value, so that memory holds no personal data.
    digest: Callable[[object], str]

    def is_protected(self, address: str) -> bool:
        """Whether the settings say that this account is left alone."""
        return any(fnmatchcase(address, pattern.lower()) for pattern in self.protected)

    def digests(self, values: Iterable[object]) -> tuple[str, ...]:
        """Digest each of several values, in an order that does not matter."""
        return tuple(sorted(self.digest(value) for value in values))


def why_not_address(address: str, rules: Rules) -> str | None:
    """Say why an address cannot be claimed, or None if it can.

    Source: Google's limits page and help 9193374; role addresses are this program's own rule.
    """
    local, _, domain = address.partition("@")
    if domain not in rules.domains:
        return (
            f"{address} is outside the domains that may be written ({', '.join(rules.domains)}); "
            "give the person an address in one of them, or add the domain to 'domains'"
        )
    if len(local) > _LOCAL_PART_LENGTH or not _LOCAL_PART.match(local):
        return (
            f"Google does not take the address {address}: at most 64 of a-z 0-9 - _ ' and single "
            f"dots inside; give another one, {_HOW}"
        )
    if local in rules.role_addresses and address != rules.admin:
        return (
            f"{address} is a role address and is never claimed; give another one, {_HOW}, or take "
            "the name out of 'role_addresses'"
        )
    return None


def is_administrator(user: GoogleUser, rules: Rules) -> bool:
    """Whether the account has an administrator role, or is the one that calls are made as."""
    return user.administrator or user.primary_email == rules.admin


def left_alone(user: GoogleUser, rules: Rules) -> bool:
    """Whether no change of any kind may be made to this account (an administrator or protected)."""
    if rules.is_protected(user.primary_email):
        return True
    return is_administrator(user, rules) and rules.administrators == "leave"


def make_mark(rules: Rules, name: str, identity: Identity | None) -> Mapping[str, Any]:
    """Make the externalIds entry that says: managed by this installation, for this person."""
    owner = str(identity) if identity else f"name:{name}"
    return {
        "type": "custom",
        "customType": MARK_TYPE,
        "value": f"{rules.instance}:user:{owner}",
    }


def find_mark(user: GoogleUser, rules: Rules) -> Identity | None:
    """Find whom this installation's mark on a Google account names; None without our mark."""
    start = f"{rules.instance}:user:"
    for entry in user.external_ids:
        value = str(entry.get("value", ""))
        if entry.get("customType") == MARK_TYPE and value.startswith(start):
            return Identity.parse(value.removeprefix(start))
    return None
