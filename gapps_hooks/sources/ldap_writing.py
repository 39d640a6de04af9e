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
from dataclasses import dataclass, replace
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
_GROUP_FIELDS: Final = frozenset(
    {"group_name", "group_email", "group_description", "group_aliases", "members"}
)

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
    harmless: bool = False
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
            tried = _try(connection, person, attribute, own.get(attribute.lower()))
            yield replace(tried, harmless=harmless)
        if group_dn is not None:
            yield from _try_group(connection, group_dn, layout)
    finally:
        connection.close()


def _try_group(connection: Connection, group_dn: str, layout: Layout) -> Iterator[Tried]:
    """Try to leave a group as one who is certainly no member of it: the group itself."""
    for name in layout.taken["members"]:
        probe = secrets.token_hex(16) if is_by_name(name) else group_dn
        if not connection.any(group_dn, equals(name, probe)):
            tried = _try(connection, group_dn, name, None, (probe.encode(),))
            if tried.writable is not None or len(layout.taken["members"]) == 1:
                yield replace(tried, attribute=f"{name} of {group_dn}")


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
    connection: Connection,
    dn: str,
    attribute: str,
    values: list[bytes] | None,
    probes: Sequence[bytes] = (),
) -> Tried:
    why = ""
    for probe in probes or _probes(dn):
        try:
            connection.modify(dn, [(ldap.MOD_DELETE, attribute, [probe])])
        except (ldap.INVALID_SYNTAX, ldap.INVALID_DN_SYNTAX):
            continue
        except _MAY:
            return Tried(attribute, writable=True)
        except _MAY_NOT:
            writable = bool(values) and _may_add(connection, dn, attribute, values or [])
            return Tried(attribute, writable=writable)
        except ldap.LDAPError as error:
            why = str(verdict(error, connection.access.uri, attribute))
        else:
            return Tried(attribute, writable=True)
        break
    unknown = why or f"no value is known that {attribute} could have"
    return Tried(attribute, writable=None, why=unknown)


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
