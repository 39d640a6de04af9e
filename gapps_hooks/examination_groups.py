"""Whether the groups to be kept are there, and those at Google can be read, with their settings.

It must not change anything, nor know how its findings are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from gapps_hooks.errors import GappsHooksError, GoogleFault, NotFound
from gapps_hooks.finding import Finding
from gapps_hooks.model import Kind
from gapps_hooks.plan.gathering import SYSTEM_GROUP
from gapps_hooks.settings import Settings
from gapps_hooks.sources import Source
from gapps_hooks.wiring import Wiring

#: The local part of an address that no group has: asked for it, an API that is on knows no group.
_NOBODY: Final = "gapps-hooks-asks-whether-this-group-is-there"
_OR: Final = '; or keep no groups: groups.which = "none"'


def examine_groups(wiring: Wiring) -> Finding:
    """Read a page of groups, and the settings of one of them; nothing is raised."""
    what = "groups"
    try:
        found = next(wiring.directory.group_pages(), ())
    except GoogleFault as fault:
        return Finding(what=what, fine=False, text=f"{fault}{_OR}")
    address = found[0].email if found else f"{_NOBODY}@{wiring.settings.domain}"
    try:
        wiring.directory.see_group_settings(address)
    except NotFound:  # it is known of one that was made moments ago only later
        text = "groups can be read; there is none yet whose settings could be tried"
        return Finding(what=what, fine=True, text=f"{text}, but Google answers")
    except GoogleFault as fault:
        text = f"{fault} Asked for was the Groups Settings API, which closes new groups to the "
        text += "outside: enable the Groups Settings API and grant .../auth/apps.groups.settings"
        return Finding(what=what, fine=False, text=text + _OR)
    return Finding(what=what, fine=True, text="groups can be read, and the settings of one")


def examine_which(settings: Settings, source: Source) -> Iterator[Finding]:
    """Name what groups.which lists and no group here fits; nothing is raised."""
    which = settings.groups.which
    if which is None or isinstance(which, str):
        return
    try:
        text = "; ".join(_unfitting(which, source))
    except GappsHooksError as error:
        text = str(error)
    if text:
        yield Finding(what="groups.which", fine=True, note=True, text=text)


def _unfitting(which: tuple[str, ...], source: Source) -> Iterator[str]:
    seen = source.snapshot()
    listed = seen.group_names()
    for pattern in which:
        if seen.leaves_out(Kind.GROUP, pattern):
            yield f"{pattern} is {SYSTEM_GROUP}"
        elif listed.complete and not any(fnmatchcase(name, pattern) for name in listed.names):
            yield f"{pattern} fits no group here: make one, or correct it"
