"""Take from an entry what people and groups both have: name, id, texts, and whether it counts.

It must not know how entries are found; it is pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gapps_hooks.model import Identity
from gapps_hooks.sources.ldap_layout import Layout, kind_of
from gapps_hooks.sources.ldap_values import Dn, NotUnderstood, Values, guid, number, texts

#: nobody's number on every system
_NOBODY: Final = frozenset({65534, 4294967294})


def dn_of(text: str) -> Dn:
    """Read the DN of an entry.

    Raises:
        NotUnderstood: it is none.
    """
    dn = Dn.of(text)
    if dn is None:
        raise NotUnderstood("has a name that cannot be read")
    return dn


def first_of(values: Values, attributes: Iterable[str]) -> str | None:
    """Return the first value of the first attribute that has one."""
    return next((text for name in attributes for text in texts(values, name)), None)


def several_of(values: Values, attributes: Iterable[str]) -> tuple[str, ...]:
    """Return all values of all attributes, each once."""
    return tuple(dict.fromkeys(text for name in attributes for text in texts(values, name)))


def address_of(emails: tuple[str, ...], name: str) -> str | None:
    """Of several addresses the order means nothing in LDAP: prefer the one of the user name."""
    own = (text for text in emails if text.lower().startswith(f"{name.lower()}@"))
    return next(own, emails[0] if emails else None)


def mail_alias(attribute: str, text: str) -> str:
    """Return the address in a value of an attribute of aliases; empty if it is none of mail."""
    if attribute.lower() != "proxyaddresses":
        return text
    # MS-OXOABK section 2.2.3.23: a type before the colon; SMTP: is the primary address
    kind, _, address = text.partition(":")
    return address if kind.lower() == "smtp" else ""


def name_of(dn: Dn, values: Values, attributes: tuple[str, ...]) -> str:
    """Choose among several names the one that the entry is called by.

    Raises:
        NotUnderstood: it has none.
    """
    for attribute in attributes:
        found = texts(values, attribute)
        kind, called = dn.first
        if kind.lower() == attribute.lower() and len(found) > 1:
            return next((text for text in found if text.casefold() == called.casefold()), found[0])
        if found:
            return found[0]
    raise NotUnderstood(f"has no {' or '.join(attributes)} that we may read")


def identity_of(
    values: Values, attributes: tuple[str, ...], *, needed: bool = True
) -> Identity | None:
    """Return the id in the first attribute that has exactly one value.

    Raises:
        NotUnderstood: it is needed and cannot be seen.
    """
    for attribute in attributes:
        raw = values.get(attribute.lower(), [])
        if len(raw) == 1:
            binary = attribute.lower() == "objectguid"
            value = guid(raw[0]) if binary else next(iter(texts(values, attribute)), "")
            if value:
                return Identity(kind_of(attribute), value)
    if needed and attributes:
        raise NotUnderstood(
            f"has no {attributes[0]} that we may read; allow reading it, or set "
            "source.attributes.id to what never changes"
        )
    return None


def does_count(values: Values, layout: Layout, numbered: str) -> bool:
    """Say whether an entry counts: neither builtin nor, by its number, the system's own."""
    preset = layout.preset
    if preset.builtin_mark and preset.builtin_mark[1] in texts(values, preset.builtin_mark[0]):
        return False
    classes = {text.lower() for text in texts(values, "objectClass")}
    wanted = {name.lower() for name in preset.counted_classes}
    if numbered == "uidNumber" and wanted and not wanted & classes:
        return False
    numbers = [number(text) for text in texts(values, numbered)]
    return not any(one is not None and _is_system(one, preset.least_number) for one in numbers)


def _is_system(one: int, least: int) -> bool:
    return least > 0 and (one < least or one in _NOBODY)
