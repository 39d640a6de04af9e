"""Where a directory keeps its people and groups: the preset, joined with the settings.

It must not know any entry, nor talk to any directory; it is pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gapps_hooks.errors import BadSettings, Complaint
from gapps_hooks.settings import PRESETS, Preset, Settings, SourceSettings, asked_attributes, taken
from gapps_hooks.settings.ldap_presets import Taken
from gapps_hooks.sources.ldap_status import can_date, can_judge

_GROUP_FIELDS: Final = frozenset(
    {"group_name", "group_email", "group_description", "group_aliases", "members"}
)
#: Kinds of id by the attribute that holds them, where they are not called alike.
_KINDS: Final = {"uidnumber": "uid", "gidnumber": "gid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One directory's layout; attributes are named as the settings name them."""

    preset: Preset
    user_base: str
    group_base: str
    user_filter: str
    group_filter: str
    #: Which attributes each field is taken from.
    taken: Taken
    #: What the enabled rule and the policy look at beside the fields.
    asked: tuple[str, ...]
    #: The group that enables people for Google.
    decisive: str | None
    page_size: int

    @property
    def person_attributes(self) -> tuple[str, ...]:
        """What has to be read of a person."""
        preset = self.preset
        names = [name for key in self.taken.keys() - _GROUP_FIELDS for name in self.taken[key]]
        names += [*self.asked, *(preset.digest or ()), preset.primary[0], *self._marks()]
        return _each_once((*names, "uidNumber", *self._sid()))

    @property
    def group_attributes(self) -> tuple[str, ...]:
        """What has to be read of a group."""
        names = [name for key in sorted(_GROUP_FIELDS) for name in self.taken[key]]
        names += [*self.taken["id"], "objectClass", self.preset.primary[1], *self._marks()]
        return _each_once(names)

    @property
    def bare_group_attributes(self) -> tuple[str, ...]:
        """What has to be read of a group whose members nobody asks for."""
        members = {name.lower() for name in self.taken["members"]}
        return tuple(name for name in self.group_attributes if name.lower() not in members)

    def _marks(self) -> tuple[str, ...]:
        mark = self.preset.builtin_mark
        return ("objectClass",) if mark is None else ("objectClass", mark[0])

    def _sid(self) -> tuple[str, ...]:
        return ("objectSid",) if self.preset.primary[1] == "objectSid" else ()


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple({name.lower(): name for name in names}.values())


def kind_of(attribute: str) -> str:
    """Name the kind of id that an attribute holds: ``entryUUID``, or ``uid`` for uidNumber."""
    return _KINDS.get(attribute.lower(), attribute)


def layout_of(settings: Settings) -> Layout:
    """Join the preset with the settings.

    Raises:
        BadSettings: an attribute is named for what this program cannot read from it.
    """
    source = settings.source
    preset = PRESETS[source.preset or "rfc2307"]
    base = source.base or preset.base or ""
    fields = taken(source)
    _check(source)
    asked = (*asked_attributes(settings.enabled), *source.more_attributes)
    return Layout(
        preset=preset,
        user_base=source.user_base or _below(preset.users, base),
        group_base=source.group_base or _below(preset.groups, base),
        user_filter=source.user_filter or preset.user_filter,
        group_filter=source.group_filter or preset.group_filter,
        taken=fields,
        asked=_each_once(asked),
        decisive=settings.enabled.group,
        page_size=source.page_size,
    )


def _below(place: str, base: str) -> str:
    return f"{place},{base}" if place else base


def _check(source: SourceSettings) -> None:
    own = source.attributes
    wrong = [
        Complaint(field=f"source.attributes.{key}", value=repr(name), remedy=remedy)
        for key, names, known, remedy in (
            ("status", own.status, can_judge, "is no status that this program understands"),
            ("password_changed", own.password_changed, can_date, "is no time of a password"),
        )
        for name in names or ()
        if not known(name)
    ]
    if wrong:
        raise BadSettings(wrong)
