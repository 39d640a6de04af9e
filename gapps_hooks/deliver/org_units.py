"""Org units that Google lacks, made when an account is to be in one.

It must not know whose account it is.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from gapps_hooks.errors import AlreadyExists, GoogleFault, Refused
from gapps_hooks.google import Directory
from gapps_hooks.model import Change

#: What Google's message says then.
_LACKS: Final = "INVALID_OU_ID"


def missing_unit(change: Change, fault: GoogleFault) -> str | None:
    """Name the org unit for whose lack a change was refused; None if that is not why."""
    path = change.body.get("orgUnitPath")
    lacks = isinstance(fault, Refused) and _LACKS in str(fault)
    return str(path) if lacks and path else None


def lacking(unit: str, fault: GoogleFault) -> Refused:
    """Word the refusal of an account for want of an org unit that is not to be made here."""
    return Refused(
        f"The organisational unit {unit} does not exist at Google: create it in the Admin console"
        " under Directory > Organizational units, have it made by org_units.create = true in the"
        f" settings, or correct it. (Google: {_LACKS})",
        status=fault.status,
        reason=fault.reason,
    )


def make_org_unit(directory: Directory, path: str) -> None:
    """Make an org unit, those above it first; one that is there is left as it is.

    Raises:
        GoogleFault: what Google said otherwise.
    """
    parent = ""
    for name in filter(None, path.split("/")):
        with suppress(AlreadyExists):
            directory.insert_org_unit(parent or "/", name)
        parent = f"{parent}/{name}"
