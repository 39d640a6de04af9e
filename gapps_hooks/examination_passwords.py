"""How many of the enabled people's stored hashes Google takes, and what the others are.

It must not show any hash, change anything, nor know where the source keeps them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from gapps_hooks.errors import GappsHooksError, UnusablePassword
from gapps_hooks.finding import Finding
from gapps_hooks.managers import pam_unix
from gapps_hooks.model import UNSET, Account
from gapps_hooks.passwords import from_stored, remedy_for_scheme, scheme_that_is_not_taken
from gapps_hooks.settings import Settings
from gapps_hooks.sources import Source
from gapps_hooks.sources.enabled import is_enabled

#: Where Debian says how passwords are hashed, below the directory of the local files.
_STACK: Final = Path("pam.d/common-password")
_NOBODY_KNOWN: Final = "not known, because it is not known who is enabled; see enabled"


def examine_passwords(settings: Settings, source: Source) -> Finding:
    """Count the hashes; nothing is raised."""
    what = "passwords"
    try:
        seen = source.snapshot()
        accounts = tuple(_accounts(seen))
        enabled = [one.username for one in accounts if is_enabled(one, settings.enabled) is True]
        if not enabled and any(is_enabled(one, settings.enabled) is UNSET for one in accounts):
            return Finding(what=what, fine=False, text=_NOBODY_KNOWN)
        stored = tuple(map(seen.stored_password, enabled))
    except GappsHooksError as error:
        return Finding(what=what, fine=False, text=str(error))
    hashes = [one.value for one in stored if one is not None]
    unusable = Counter(scheme for value in hashes if (scheme := _unusable(value)))
    people = "person has" if len(stored) == 1 else "people have"
    usable = len(hashes) - unusable.total()
    text = f"{usable} of {len(stored)} enabled {people} a hash that Google takes"
    text += "".join(f"; {count} {scheme}" for scheme, count in sorted(unusable.items()))
    return Finding(what=what, fine=True, text=text + _remedy(settings, hashes, unusable))


def _accounts(source: Source) -> Iterator[Account]:
    for name in source.account_names().names:
        account = source.account(name)
        if account is not None:
            yield account


def _unusable(value: str) -> str:
    try:
        from_stored(value)
    except UnusablePassword:
        return scheme_that_is_not_taken(value) or "of a kind that is not known"
    return ""


def _of_scheme(value: str) -> str:
    return remedy_for_scheme(value) if _unusable(value) else ""


def _remedy(settings: Settings, hashes: list[str], unusable: Iterable[str]) -> str:
    local = settings.source.type == "nss"
    if not hashes:
        reader = settings.source.bind_dn or "us"
        return "" if local else f"; none can be read: let {reader} read it if it is to be"
    if not local:
        return "".join(f"; {one}" for one in sorted({*map(_of_scheme, hashes)} - {""}))
    if any("yescrypt" in scheme for scheme in unusable):
        if pam_unix.is_usable(settings.source.directory / _STACK):
            return (
                "; new ones are hashed with sha512: these people have to set their password again"
            )
        return (
            "; gapps-hooks enable pam --set-sha512 lets those who change their password from then "
            "on have one that Google takes"
        )
    return ""
