"""What of a user can be searched for, by the names of the search language.

It must not know operators or quoting. Source: guide "Search for users".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Final

from gapps_hooks.emulator.state.records import User

Texts = Callable[[User], list[str]]


def _entries(field: str, *keys: str, **conditions: str) -> Texts:
    """Return the texts at keys of the entries of a multi-valued field."""

    def texts(user: User) -> list[str]:
        return [
            str(entry[key])
            for entry in user.profile.get(field) or ()
            if all(entry.get(name) == value for name, value in conditions.items())
            for key in keys
            if entry.get(key)
        ]

    return texts


def _name(*parts: str) -> Texts:
    return lambda user: [" ".join(user.profile["name"].get(part, "") for part in parts)]


def _addresses(user: User) -> list[str]:
    return [user.address, *user.aliases]


def _all(*sources: Texts) -> Texts:
    return lambda user: list(chain.from_iterable(source(user) for source in sources))


_ADDRESS_PARTS: Final = MappingProxyType(
    {
        "addressPoBox": "poBox",
        "addressExtended": "extendedAddress",
        "addressStreet": "streetAddress",
        "addressLocality": "locality",
        "addressRegion": "region",
        "addressPostalCode": "postalCode",
        "addressCountry": "country",
    }
)
_PLAIN: Final[Mapping[str, Texts]] = MappingProxyType(
    {
        "name": _all(_name("givenName", "familyName"), _name("displayName")),
        "email": _addresses,
        "givenName": _name("givenName"),
        "familyName": _name("familyName"),
        "im": _entries("ims", "im"),
        "externalId": _entries("externalIds", "value"),
        "phone": _entries("phones", "value"),
        "address": _entries("addresses", "formatted", *_ADDRESS_PARTS.values()),
        **{name: _entries("addresses", part) for name, part in _ADDRESS_PARTS.items()},
        "orgName": _entries("organizations", "name"),
        "orgTitle": _entries("organizations", "title"),
        "orgDepartment": _entries("organizations", "department"),
        "orgDescription": _entries("organizations", "description"),
        "orgCostCenter": _entries("organizations", "costCenter"),
        "manager": _entries("relations", "value", type="manager"),
    }
)
#: Fields of text; ``any`` is all of them.
TEXTS: Final[Mapping[str, Texts]] = MappingProxyType({**_PLAIN, "any": _all(*_PLAIN.values())})
#: Fields that are true or false.
FLAGS: Final[Mapping[str, Callable[[User], bool]]] = MappingProxyType(
    {
        "isSuspended": lambda user: user.suspended,
        "isArchived": lambda user: user.archived,
        "isAdmin": lambda user: user.is_admin,
        "isDelegatedAdmin": lambda user: user.is_delegated_admin,
        "isEnrolledIn2Sv": lambda _: False,
        "isEnforcedIn2Sv": lambda _: False,
    }
)


def _managers(user: User) -> Iterator[str]:
    yield from (address.lower() for address in _PLAIN["manager"](user))


#: Fields that name another user, whose every address does.
RELATED_USERS: Final[Mapping[str, Callable[[User], set[str]]]] = MappingProxyType(
    {"directManager": lambda user: set(_managers(user))}
)
