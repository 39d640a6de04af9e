"""Which org units would be made for the accounts that are planned, told before they are.

It must not know how an account is planned, nor make a unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from gapps_hooks.errors import GoogleFault
from gapps_hooks.google import Directory
from gapps_hooks.model import Change, GoogleUser


def tell_new_units(
    directory: Directory, users: Iterable[GoogleUser], changes: Iterable[Change]
) -> str:
    """Name the org units that the changes need and that Google lacks; empty if there are none.

    Google is asked, once, only where a unit is that of no account which it has listed.
    """
    wanted = _with_those_above(str(change.body.get("orgUnitPath", "/")) for change in changes)
    if not wanted:
        return ""
    unseen = _beyond(wanted, (user.org_unit_path for user in users))
    if not unseen:
        return ""
    try:
        lacking = _beyond(unseen, directory.list_org_units())
    except GoogleFault as fault:
        return (
            f"org units that are made if Google lacks them: {_named(unseen)} (its list of them "
            f"could not be read: {fault})"
        )
    return f"org units that Google lacks, and that are made: {_named(lacking)}" if lacking else ""


def _with_those_above(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(one for path in set(paths) for one in _upwards(path))


def _upwards(path: str) -> Iterator[str]:
    """Name a unit and all above it but the topmost, which is always there."""
    unit = PurePosixPath(path)
    yield from (str(one) for one in (unit, *unit.parents) if one.name)


def _beyond(paths: Iterable[str], known: Iterable[str]) -> frozenset[str]:
    # To Google the case of a unit's name makes no difference.
    there = {path.casefold() for path in _with_those_above(known)}
    return frozenset(path for path in paths if path.casefold() not in there)


def _named(paths: Iterable[str]) -> str:
    return ", ".join(sorted(paths))
