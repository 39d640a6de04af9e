"""The one namespace of addresses: users, their aliases, groups and their aliases.

It must not know what a user or a group is beyond its kind and id.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from gapps_hooks.emulator.api_errors import ApiError, domain_not_found, duplicate, invalid_input

#: Names that no user can have (help 9193374); as groups they exist.
RESERVED = frozenset({"abuse", "postmaster"})
#: What a group's address cannot be called.
OF_NO_GROUP: frozenset[str] = frozenset()
_LOCAL_PART = re.compile(r"[a-z0-9_'\-]+(\.[a-z0-9_'\-]+)*", re.ASCII)
_ANY_LOCAL_PART = re.compile(r"[^\s@<>(),;:\\\"\[\]]+")
_LONGEST_LOCAL_PART = 64
#: Domains of one account, the primary one included.
_MOST_DOMAINS = 600


class Owner(NamedTuple):
    """Who has an address."""

    kind: Literal["user", "group"]
    id: str


class AddressBook:
    """Every address in use in the customer's domains, each with its one owner.

    Raises ValueError for more domains than Google takes.
    """

    def __init__(
        self, domains: tuple[str, ...], foreign: Callable[[], ApiError] = domain_not_found
    ) -> None:
        if len(domains) > _MOST_DOMAINS:
            raise ValueError(f"domains: at most {_MOST_DOMAINS}, not {len(domains)}")
        self._foreign = foreign
        self.domains = tuple(map(normal, domains))
        #: Other names of domains: alias to domain.
        self.domain_aliases: dict[str, str] = {}
        self._owners: dict[str, Owner] = {}

    def owner(self, address: str) -> Owner | None:
        """Return who has the address, in whatever case, or at whichever name of its domain."""
        return self._owners.get(self._at_home(normal(address)))

    def claim(self, address: str, owner: Owner) -> None:
        """Give the address to the owner; 409 when somebody has it."""
        if address in self._owners:
            raise duplicate()
        self._owners[address] = owner

    def free(self, address: str) -> None:
        """Take the address from its owner; somebody else may have it at once."""
        del self._owners[address]

    def is_ours(self, address: str) -> bool:
        """Tell whether the address lies in one of the customer's domains."""
        domain = domain_of(address)
        return domain in self.domains or domain in self.domain_aliases

    def check_new(self, address: object, field: str, reserved: frozenset[str] = RESERVED) -> str:
        """Return a new address as it will be stored; 400 when malformed, 404 when foreign.

        ``field`` is what Google's message calls it, such as ``primary_user_email``; ``reserved``
        are the names that it cannot have.
        """
        if not isinstance(address, str) or not _is_allowed(address, reserved):
            raise invalid_input(field)
        if domain_of(address) not in self.domains:
            raise self._foreign()
        return normal(address)

    def elsewhere(self, address: str) -> tuple[str, ...]:
        """Return the same address at the other names of its domain."""
        local, _, domain = address.rpartition("@")
        aliases = self.domain_aliases.items()
        return tuple(sorted(f"{local}@{alias}" for alias, parent in aliases if parent == domain))

    def _at_home(self, address: str) -> str:
        if not self.domain_aliases:
            return address
        local, _, domain = address.rpartition("@")
        return f"{local}@{self.domain_aliases.get(domain, domain)}"

    def everything(self) -> dict[str, Owner]:
        """Return a copy of the whole namespace."""
        return dict(self._owners)


def normal(address: str) -> str:
    """Return the address as Google stores it: lower case, without blanks around it."""
    return address.strip().lower()


def domain_of(address: str) -> str:
    """Return the part behind the last at sign, in lower case."""
    return normal(address).rpartition("@")[2]


def is_address(text: str) -> bool:
    """Tell whether the text looks like an address of any mail system."""
    local, at, domain = text.rpartition("@")
    return bool(at and "." in domain and _ANY_LOCAL_PART.fullmatch(local))


def _is_allowed(address: str, reserved: frozenset[str]) -> bool:
    local, at, domain = normal(address).rpartition("@")
    shaped = at and domain and _LOCAL_PART.fullmatch(local)
    return bool(shaped) and len(local) <= _LONGEST_LOCAL_PART and local not in reserved
