"""Turn what a directory answers of a person into a value as small as it can be kept.

It must not know how entries are found; it is pure. An entry that cannot be understood is an
error, because nobody may be taken for gone on account of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gapps_hooks.errors import UnusablePassword
from gapps_hooks.model import UNSET, Account, Identity, StoredPassword, Unset
from gapps_hooks.passwords import from_stored
from gapps_hooks.sources.ldap_fields import (
    address_of,
    dn_of,
    does_count,
    first_of,
    identity_of,
    mail_alias,
    name_of,
    several_of,
)
from gapps_hooks.sources.ldap_layout import Layout
from gapps_hooks.sources.ldap_status import is_active, set_at
from gapps_hooks.sources.ldap_values import Dn, Values, lowered, sid, texts

#: Fields whose absence concludes something of a person.
_HIDEABLE: Final = ("status", "email", "aliases", "org_unit", "employee_id", "phones")
#: The lock of a password (passwd -l, usermod -L): no hash has ``!`` there; clear text may begin so.
_LOCKED = re.compile(r"\{[A-Za-z0-9-]+\}!|!\{[A-Za-z0-9-]+\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person's entry, decoded."""

    dn: Dn
    name: str
    #: Whether the entry counts: neither builtin nor the system's own.
    counts: bool
    id: Identity | None
    given_name: str | None
    family_name: str | None
    full_name: str | None
    email: str | Unset | None
    aliases: tuple[str, ...] | Unset
    org_unit: str | Unset | None
    employee_id: str | None
    phones: tuple[str, ...] | Unset
    active: bool | Unset
    password: StoredPassword | None
    #: What the number of the primary group is compared with; empty if there is none.
    primary: str
    #: What the enabled rule and the policy look at beside the fields.
    more: Mapping[str, tuple[str, ...]] = field(repr=False)
    #: The attributes of a field that the entry does not show; fields that lack none are left out.
    missing: Mapping[str, tuple[str, ...]] = field(repr=False)


def decode_person(
    dn: str, attributes: Mapping[str, list[bytes]], layout: Layout, now: float
) -> Person:
    """Decode a person's entry.

    Raises:
        NotUnderstood: it has no name or id, or a value that cannot be read.
    """
    values, taken = lowered(attributes), layout.taken
    place = dn_of(dn)
    name = name_of(place, values, taken["username"])
    emails = several_of(values, taken["email"])
    return Person(
        dn=place,
        name=name,
        counts=does_count(values, layout, "uidNumber"),
        id=identity_of(values, taken["id"]),
        given_name=first_of(values, taken["given_name"]),
        family_name=first_of(values, taken["family_name"]),
        full_name=_full_name(values, taken["full_name"]),
        email=address_of(emails, name) if taken["email"] else UNSET,
        aliases=_aliases(values, layout, emails, name) if taken["aliases"] else UNSET,
        org_unit=first_of(values, taken["org_unit"]) if taken["org_unit"] else UNSET,
        employee_id=first_of(values, taken["employee_id"]),
        phones=several_of(values, taken["phones"]) if taken["phones"] else UNSET,
        active=_active(values, layout, now),
        password=_password(values, layout),
        primary=_primary(values, layout),
        more={name: texts(values, name) for name in layout.asked},
        missing=_missing(values, layout),
    )


def account_of(
    person: Person, groups: tuple[str, ...], *, complete: bool, unseen: frozenset[str]
) -> Account:
    """Make the account of a person, whose groups are known.

    Attributes that are ``unseen`` in everybody may be hidden from us: nothing is known of them.
    """
    more = {
        name: values[0] if len(values) == 1 else values
        for name, values in person.more.items()
        if values or name not in unseen
    }
    return Account(
        username=person.name,
        given_name=person.given_name,
        family_name=person.family_name,
        full_name=person.full_name,
        email=person.email,
        aliases=person.aliases,
        enabled=person.active,
        org_unit=person.org_unit,
        employee_id=person.employee_id,
        phones=person.phones,
        id=person.id,
        groups=groups,
        groups_complete=complete,
        attributes=more,
    )


def without_hidden(account: Account, hidden: frozenset[str]) -> Account:
    """Leave unsaid what is hidden from us; one who is known to be inactive stays so."""
    unsaid: dict[str, Any] = {name: UNSET for name in hidden if name != "status"}
    if "email" in hidden:  # an alias may be in the domain of the address
        unsaid["aliases"] = UNSET
    if "status" in hidden and account.enabled is True:
        unsaid["enabled"] = UNSET
    return replace(account, **unsaid)


# --- people --------------------------------------------------------------------------------------


def _full_name(values: Values, attributes: tuple[str, ...]) -> str | None:
    for attribute in attributes:
        for text in texts(values, attribute):
            # GECOS goes on with the room and the telephones
            name = text.partition(",")[0].strip() if attribute.lower() == "gecos" else text
            if name:
                return name
    return None


def _aliases(values: Values, layout: Layout, emails: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return all aliases; one without a domain is in that of the person's own address."""
    primary = address_of(emails, name) or ""
    domain = primary.rpartition("@")[2]
    found = [
        alias
        for attribute in layout.taken["aliases"]
        for text in texts(values, attribute)
        if (alias := mail_alias(attribute, text))
    ]
    whole = (text if "@" in text else f"{text}@{domain}" if domain else "" for text in found)
    known = (text for text in whole if text and text.lower() != primary.lower())
    return tuple(dict.fromkeys(known))


def _active(values: Values, layout: Layout, now: float) -> bool | Unset:
    active = is_active(values, layout.taken["status"], now)
    locked = any(map(_LOCKED.match, _all_hashes(values, layout)))
    return False if locked else active


def _password(values: Values, layout: Layout) -> StoredPassword | None:
    stored = _all_hashes(values, layout)
    if any(map(_LOCKED.match, stored)):
        return None
    usable = [text for text in stored if _is_usable(text)]
    digest = _digest(values, layout, stored)
    found = next(iter([*digest, *usable, *stored]), None)
    if found is None or found.partition("}")[2].startswith("*"):
        return None
    at, day_only = set_at(values, layout.taken["password_changed"])
    return StoredPassword(found, at, day_only)


def _all_hashes(values: Values, layout: Layout) -> tuple[str, ...]:
    return tuple(text for name in layout.taken["password"] for text in _hashes(values, name))


def _hashes(values: Values, attribute: str) -> Iterator[str]:
    """Name the values of a password that can be hashes; userPassword may hold any bytes."""
    for raw in values.get(attribute.lower(), ()):
        if raw.isascii():
            yield raw.decode()


def _digest(values: Values, layout: Layout, stored: tuple[str, ...]) -> tuple[str, ...]:
    """Take a digest that is kept beside the password only while it is that password's."""
    if layout.preset.digest is None:
        return ()
    kept, same = (texts(values, name) for name in layout.preset.digest)
    return kept if set(same) & set(stored) else ()


def _is_usable(text: str) -> bool:
    try:
        from_stored(text)
    except UnusablePassword:
        return False
    return True


def _missing(values: Values, layout: Layout) -> Mapping[str, tuple[str, ...]]:
    lacking = {
        key: tuple(name for name in layout.taken[key] if name.lower() not in values)
        for key in _HIDEABLE
    }
    return {key: names for key, names in lacking.items() if names}


def _primary(values: Values, layout: Layout) -> str:
    primary = next(iter(texts(values, layout.preset.primary[0])), "")
    raw = values.get("objectsid")
    if layout.preset.primary[1] == "objectSid":
        return f"{sid(raw[0]).rpartition('-')[0]}-{primary}" if raw and primary else ""
    return primary
