"""Try as an ordinary person which attributes they could write themselves, and change nothing.

It must not know what follows from it.

What is tried is to remove a value that is not there. A server judges the right to do so before it
looks for the value, and whatever it answers, there is nothing that it could have removed. Where
only adding might be allowed, a value is added that is there already, on the condition (RFC 4528)
that it still is.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import ldap  # type: ignore[import-untyped] # it has no types
from ldap.controls.libldap import AssertionControl  # type: ignore[import-untyped] # no types

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.sources.ldap_access import Access
from gapps_hooks.sources.ldap_connection import Connection
from gapps_hooks.sources.ldap_groups import is_by_name
from gapps_hooks.sources.ldap_layout import Layout
from gapps_hooks.sources.ldap_values import equals, lowered
from gapps_hooks.sources.ldap_verdicts import verdict

_ASSERTION: Final = "1.3.6.1.1.12"
#: Fields that say nothing about which account is whose, or who has one.
_HARMLESS: Final = frozenset({"given_name", "family_name", "full_name", "phones"})
#: One's own password is one's own to change.
_LEFT_OUT: Final = frozenset({"password", "password_changed"})
_GROUP_FIELDS: Final = frozenset({"group_name", "group_email", "group_description", "members"})

_MAY: Final = (ldap.NO_SUCH_ATTRIBUTE, ldap.TYPE_OR_VALUE_EXISTS, ldap.INAPPROPRIATE_MATCHING)
_MAY_NOT: Final = (
    ldap.INSUFFICIENT_ACCESS,
    ldap.NO_SUCH_OBJECT,
    ldap.CONSTRAINT_VIOLATION,
    ldap.UNDEFINED_TYPE,
)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one attribute."""

    attribute: str
    #: Whether the person can write it; None if that could not be found out.
    writable: bool | None
    #: Whether that does no harm.
    harmless: bool
    #: Why it could not be found out.
    why: str = ""


def try_writing(access: Access, layout: Layout, group_dn: str | None) -> Iterator[Tried]:
    """Try each attribute that is taken, on the person's own entry and on the enabling group.

    Args:
        access: as whom: ``bind_dn`` is the person.
        layout: what is taken.
        group_dn: the group that enables people, if there is one.

    Raises:
        SourceUnreadable: the person cannot sign in, or is not there.
    """
    connection = Connection(access)
    try:
        person = access.bind_dn or ""
        own = _own_values(connection, person, layout)
        for attribute, harmless in _attributes(layout):
            yield _try(connection, person, attribute, own.get(attribute.lower()), harmless=harmless)
        if group_dn is not None:
            for name in layout.taken["members"]:
                tried = _try(connection, group_dn, name, None, harmless=False)
                missing = tried.writable is None and not is_by_name(name)
                if not missing:
                    yield Tried(f"{name} of {group_dn}", tried.writable, tried.harmless, tried.why)
    finally:
        connection.close()


def _own_values(connection: Connection, person: str, layout: Layout) -> dict[str, list[bytes]]:
    entry = connection.one(person, layout.person_attributes)
    if entry is None:
        raise SourceUnreadable(f"{person} is not there, or may not see its own entry")
    return lowered(entry[1])


def _attributes(layout: Layout) -> Iterator[tuple[str, bool]]:
    seen: dict[str, tuple[str, bool]] = {}
    for key, names in layout.taken.items():
        if key not in _LEFT_OUT | _GROUP_FIELDS:
            for name in names:
                before = seen.get(name.lower(), (name, True))[1]
                seen[name.lower()] = (name, before and key in _HARMLESS)
    for name in layout.asked:
        seen[name.lower()] = (name, False)
    yield from seen.values()


def _try(
    connection: Connection, dn: str, attribute: str, values: list[bytes] | None, *, harmless: bool
) -> Tried:
    why = ""
    for probe in _probes(dn):
        try:
            connection.modify(dn, [(ldap.MOD_DELETE, attribute, [probe])])
        except ldap.INVALID_SYNTAX:
            continue
        except _MAY:
            return Tried(attribute, writable=True, harmless=harmless)
        except _MAY_NOT:
            writable = bool(values) and _may_add(connection, dn, attribute, values or [])
            return Tried(attribute, writable=writable, harmless=harmless)
        except ldap.LDAPError as error:
            why = str(verdict(error, connection.access.uri, attribute))
        else:
            return Tried(attribute, writable=True, harmless=harmless)
        break
    unknown = why or f"no value is known that {attribute} could have"
    return Tried(attribute, writable=None, harmless=harmless, why=unknown)


def _probes(dn: str) -> Sequence[bytes]:
    """Values that nobody has, one for each common syntax."""
    unique = secrets.token_hex(8)
    texts = (
        f"gapps-hooks-check-{unique}",
        str(secrets.randbelow(10**8) + 10**9),
        f"cn=gapps-hooks-check-{unique},{dn}",
        "19000101000000Z",
        str(uuid.uuid4()),
    )
    return tuple(text.encode() for text in texts)


def _may_add(connection: Connection, dn: str, attribute: str, values: list[bytes]) -> bool:
    if _ASSERTION not in connection.supported():
        return False
    still = AssertionControl(True, equals(attribute, values[0]))  # noqa: FBT003 - criticality
    try:
        connection.modify(dn, [(ldap.MOD_ADD, attribute, [values[0]])], [still])
    except ldap.TYPE_OR_VALUE_EXISTS:
        return True
    except ldap.LDAPError:
        return False
    return True
