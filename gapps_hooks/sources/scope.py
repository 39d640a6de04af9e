"""Decide which local groups are kept at Google: the [groups] setting; it is pure.

It must not know where the group was read. That system groups, user-private groups and builtin
groups are out is the sources' business, who know ids and primary groups.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from gapps_hooks.model import Group
from gapps_hooks.settings import Settings

#: What is said of a group that is not kept.
OUT_OF_SCOPE: Final = "groups.which in the settings does not keep this group at Google"


def group_in_scope(group: Group, settings: Settings) -> bool:
    """Say whether a group is kept.

    Unset means none for nss, those with an address for ldap, all for json and payloads.
    """
    which = settings.groups.which
    if which is None and settings.source.type == "ldap":
        return bool(group.email)
    if which is None:
        which = "none" if settings.source.type == "nss" else "all"
    if isinstance(which, str):
        return which == "all"
    return any(fnmatchcase(group.name, pattern) for pattern in which)


def keeps_groups(settings: Settings) -> bool:
    """Say whether any group may be kept; as `group_in_scope`, before one is seen."""
    which = settings.groups.which
    return bool(settings.source.type != "nss" if which is None else which != "none" and which)
