"""The group that switches the Google option on: a change of it reaches the people concerned.

It must not know what is delivered of the group itself, nor of the people.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from gapps_hooks.model import Group, Kind, Member, Membership, Unset
from gapps_hooks.outbox import entries, memberships, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.wiring import Wiring

#: Rows of the state's ``meta`` under which those are named whom a change of the group reached.
_REACHED: Final = "reached:"


def touch_people(wiring: Wiring, entry: Entry, group: Group | None) -> None:
    """Have those looked at who came into the group, or left it, since its last change.

    Each change does so once, whatever becomes of the group itself at Google.
    """
    wanted = group.members if group is not None else ()
    if isinstance(wanted, Unset):
        return
    now, before = {*_names(wanted)}, _reached(wiring, entry)
    if now == before:
        return
    with wiring.state.transaction():
        for name in sorted(now ^ before):
            # Who was renamed since is reached under the new name.
            if name in now or subjects.of_name(wiring.state, Kind.USER, name) is not None:
                entries.touch(wiring.state, Kind.USER, name)
        wiring.state.set_meta(_REACHED + entry.name, json.dumps(sorted(now)))


def _reached(wiring: Wiring, entry: Entry) -> set[str]:
    """Name those whom the group's last change reached."""
    kept = wiring.state.meta(_REACHED + entry.name)
    return {*(json.loads(kept) if kept else _names(memberships.of(wiring.state, entry.subject)))}


def _names(members: Iterable[Member | Membership]) -> tuple[str, ...]:
    """The user names among member references; a user name has neither ``@`` nor a colon."""
    return tuple(
        one.reference for one in members if "@" not in one.reference and ":" not in one.reference
    )
