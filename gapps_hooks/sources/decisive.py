"""Whether the group that enables people for Google is there at all.

It must not know who is in it, nor what is concluded for anybody.
"""

from __future__ import annotations

from typing import Final

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Kind
from gapps_hooks.settings import Settings
from gapps_hooks.sources.source import Source

_UNTIL: Final = "until then nobody is enabled or disabled"


def why_undecided(source: Source, settings: Settings) -> str:
    """Say that the group which [enabled] names is missing; empty if it is there, or none is named.

    It may be misspelt, or lost with the end of a file: who is not in it is not known.
    """
    rule = settings.enabled
    if rule.all or rule.group is None:
        return ""
    try:
        if source.group(rule.group) is not None or source.leaves_out(Kind.GROUP, rule.group):
            return ""
    except SourceUnreadable as error:
        return f"the group {rule.group}, which [enabled] names, cannot be read: {error}; {_UNTIL}"
    return (
        f"the group {rule.group}, which [enabled] names, does not exist in {_place(settings)}; "
        f"{_UNTIL}: make it there, or correct enabled.group"
    )


def _place(settings: Settings) -> str:
    source = settings.source
    if source.type == "nss":
        return str(source.directory / "group")
    if source.type == "ldap":
        return f"the directory {source.uri}"
    return f"the listing of {source.file or (source.command or ('',))[0]}"
