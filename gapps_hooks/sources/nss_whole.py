"""Whether the files of local accounts say everything, and who left them only in part.

It must not know what is concluded from it.
"""

from __future__ import annotations

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Kind
from gapps_hooks.sources.nss_files import Files


def check_whole(files: Files) -> None:
    """See that every line of passwd, group and shadow could be read.

    Raises:
        SourceUnreadable: one could not.
    """
    if isinstance(files.shadow, str):
        raise SourceUnreadable(files.shadow)
    for table in (files.passwd, files.shadow, files.group):
        if table.broken:
            raise SourceUnreadable(table.broken)


def has_lost_nobody(files: Files) -> bool:
    """Whether passwd is not the rest of a longer one: root, and all whom shadow has, are there."""
    if isinstance(files.shadow, str) or files.shadow.broken:
        return False
    return {"root", *files.shadow.entries} <= files.passwd.entries.keys()


def why_incomplete(database: str, services: tuple[str, ...]) -> str:
    """Say why a database of nsswitch.conf cannot be listed; empty if it can."""
    if not services:
        return ""
    return (
        f"nsswitch.conf looks {database} up in {', '.join(services)} too, and what is there "
        "cannot be listed reliably; use the ldap source for it"
    )


def has_all_groups(files: Files, decisive: str | None) -> bool:
    """Whether somebody who is seen in no group is in none.

    A file that lacks the ``decisive`` group, which enables people, may be cut off at a line's end.
    """
    named = decisive is None or decisive in files.group.entries
    return named and not files.group_elsewhere


def left_over(files: Files, kind: Kind, name: str) -> str | None:
    """Name the file that still has somebody whom passwd or group has not; None if none has.

    Whoever deletes an account removes both lines; a file that was written halfway, or that is
    being written, has lost only one of them.
    """
    if kind is Kind.GROUP:
        return "gshadow" if name in files.gshadow else None
    shadowed = not isinstance(files.shadow, str) and name in files.shadow.entries
    return "shadow" if shadowed else None


def why_left_over(files: Files, kind: Kind, name: str) -> str:
    """Say why one who is in passwd or group no more is not believed to be gone; empty if so."""
    rest = left_over(files, kind, name)
    if rest is None:
        return ""
    lost, mender = ("passwd", "pwck") if kind is Kind.USER else ("group", "grpck")
    return f"{lost} has no such line, but {rest} still has ({mender} finds and mends that)"


def lines_of(files: Files, name: str, today: int) -> tuple[object, ...]:
    """Return everything that the files say of a person; equal if nothing of it has changed.

    ``today`` is the day since the epoch, which counts for one who may expire.
    """
    person = files.passwd.entries[name]
    shadow = None if isinstance(files.shadow, str) else files.shadow.entries.get(name)
    day = today if shadow is not None and shadow.expires is not None else None
    groups = (files.by_gid.get(person.gid), files.listed_in.get(name))
    return person, shadow, groups, day
