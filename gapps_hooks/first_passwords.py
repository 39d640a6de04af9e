"""The password of an account that we make: the stored one, or one that nobody knows.

It must not know how an account is made; what it says of a password shows nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gapps_hooks.errors import UnusablePassword
from gapps_hooks.model import Change, PasswordHash, StoredPassword
from gapps_hooks.passwords import from_stored, remedy_for_scheme, scheme_that_is_not_taken

_NOBODY_KNOWS: Final = "one that nobody knows"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPassword:
    """What an account is made with."""

    #: Which password it is, for people.
    words: str
    #: None where one is to be made that nobody knows.
    stored: PasswordHash | None = None
    #: How Google gets one that it takes; empty where it has one, nothing is stored, or it is not
    #: known.
    remedy: str = ""


def first_password(stored: StoredPassword | None) -> FirstPassword:
    """Choose what an account is made with, from what is stored for the person."""
    if stored is None:
        return FirstPassword(words=f"{_NOBODY_KNOWS} (none is stored)")
    try:
        return FirstPassword(words="the stored one", stored=from_stored(stored.value))
    except UnusablePassword:
        scheme = scheme_that_is_not_taken(stored.value)
        kind = f"{scheme}, which" if scheme else "the stored one is of a kind that"
        words = f"{_NOBODY_KNOWS} ({kind} Google does not take)"
        return FirstPassword(words=words, remedy=remedy_for_scheme(stored.value))


def said_of_passwords(changes: Iterable[Change]) -> Iterator[str]:
    """Say which password each new account got, where no event brought it."""
    return (f"password: {change.first_password}" for change in changes if change.first_password)


def signing_in_later(changes: Iterable[Change]) -> str:
    """Count the new accounts whose password nobody knows; empty if there are none."""
    number = sum(change.first_password.startswith(_NOBODY_KNOWS) for change in changes)
    if not number:
        return ""
    if number == 1:
        return (
            "1 of the new accounts gets a password that nobody knows; its owner signs in after it "
            "is set"
        )
    return (
        f"{number} of the new accounts get a password that nobody knows; they sign in after it is "
        "set"
    )
