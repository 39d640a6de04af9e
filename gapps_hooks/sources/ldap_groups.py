"""Turn what a directory answers of a group into a value as small as it can be kept.

It must not know how entries are found, nor who a member is; it is pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from gapps_hooks.model import UNSET, Identity, Unset
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
from gapps_hooks.sources.ldap_values import Dn, NotUnderstood, Values, lowered, sid, texts

#: Object classes that must have members (RFC 4519): without any, the members are hidden from us.
_NEVER_EMPTY: Final = frozenset({"groupofnames", "groupofuniquenames"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEntry:
    """A group's entry, decoded; who its members are is found out later."""

    dn: Dn
    name: str
    counts: bool
    id: Identity | None
    email: str | None
    description: str | None
    aliases: tuple[str, ...] | Unset
    #: What a person's ``primary`` is compared with; empty if there is none.
    number: str
    #: Members by DN and by user name.
    member_dns: tuple[Dn, ...]
    member_names: tuple[str, ...]
    #: Whether any members can be seen, even if they stand for nobody.
    shows: bool
    #: Whether the group must have members, of which none can be seen.
    hidden: bool


def decode_group(dn: str, attributes: Mapping[str, list[bytes]], layout: Layout) -> GroupEntry:
    """Decode a group's entry.

    Raises:
        NotUnderstood: it has no name, or a value that cannot be read.
    """
    values, taken = lowered(attributes), layout.taken
    place = dn_of(dn)
    name = name_of(place, values, taken["group_name"])
    by_dn, by_name = _members(values, layout)
    classes = {text.lower() for text in texts(values, "objectClass")}
    return GroupEntry(
        dn=place,
        name=name,
        counts=does_count(values, layout, "gidNumber") and not _is_builtin(name, layout),
        id=identity_of(values, taken["id"], needed=False),
        email=_email(values, layout, name),
        description=first_of(values, taken["group_description"]),
        aliases=_aliases(values, layout, name),
        number=_number(values, layout),
        member_dns=tuple(
            dn for dn in by_dn if not dn.normal.startswith(layout.preset.placeholders or ("\0",))
        ),
        member_names=by_name,
        shows=bool(by_dn or by_name),
        hidden=bool(classes & _NEVER_EMPTY) and not by_dn and not by_name,
    )


def _is_builtin(name: str, layout: Layout) -> bool:
    return any(fnmatchcase(name.lower(), pattern) for pattern in layout.preset.builtin_groups)


def _email(values: Values, layout: Layout, name: str) -> str | None:
    shown = (several_of(values, (attribute,)) for attribute in layout.taken["group_email"])
    return address_of(next(filter(None, shown), ()), name)


def _aliases(values: Values, layout: Layout, name: str) -> tuple[str, ...] | Unset:
    """Return all further addresses; a group that shows no address at all may hide them."""
    named = [(key, text) for key in layout.taken["group_aliases"] for text in texts(values, key)]
    if not named:
        return UNSET
    address = (_email(values, layout, name) or "").lower()
    found = (mail_alias(attribute, text).lower() for attribute, text in named)
    return tuple(dict.fromkeys(text for text in found if "@" in text and text != address))


def _number(values: Values, layout: Layout) -> str:
    raw = values.get(layout.preset.primary[1].lower())
    if layout.preset.primary[1] == "objectSid":
        return sid(raw[0]) if raw else ""
    return next(iter(texts(values, layout.preset.primary[1])), "")


def _members(values: Values, layout: Layout) -> tuple[tuple[Dn, ...], tuple[str, ...]]:
    by_dn: dict[Dn, None] = {}
    by_name: dict[str, None] = {}
    for attribute in layout.taken["members"]:
        for text in texts(values, attribute):
            if is_by_name(attribute):
                by_name[text] = None
            elif dn := Dn.of(text):
                by_dn[dn] = None
            else:
                raise NotUnderstood(f"has a {attribute} that is no distinguished name")
    return tuple(by_dn), tuple(by_name)


def is_by_name(attribute: str) -> bool:
    """Say whether an attribute of members holds user names; others hold DNs."""
    return attribute.lower() == "memberuid"
