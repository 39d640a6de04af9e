"""One person before deciding: all that is known of them, on both sides.

It must not know what follows from it: that is the planners' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gapps_hooks.model import Account, GoogleUser, Identity, Link, PasswordHash

#: What is said of an account that the source leaves out.
SYSTEM_ACCOUNT: Final = (
    "a system account, which never is at Google (of local files: a uid outside of UID_MIN to "
    "UID_MAX of login.defs)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasHolder:
    """An account with an alias that another person wants, and its link."""

    user: GoogleUser
    link: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """All that is known of one person before deciding."""

    name: str
    #: The desired state; None when the person is gone locally.
    account: Account | None
    #: Whether the account is there after all, but is left out as a system account.
    left_out: bool = False
    #: The address that the policy gives this person.
    address: str
    identity: Identity | None = None
    #: Whether the same number belongs to the same person by what else is known of both; None if
    #: nothing is.
    traced: bool | None = None
    password: PasswordHash | None = None
    link: Link | None = None
    #: What Google answered; None with ``asked`` means that Google has no such account.
    actual: GoogleUser | None = None
    asked: bool = False
    #: A creation was answered with 409: the address is held by somebody.
    taken: bool = False
    #: Who holds the address that a linked person was to be renamed to; ``holder`` is its link.
    occupant: GoogleUser | None = None
    #: Who has, as an alias, what the person wants as one, by that alias; only a whole list tells.
    alias_holders: Mapping[str, AliasHolder] = field(default_factory=dict)
    #: A creation was sent before and its answer may have been lost.
    attempted: bool = False
    #: The account manager said in so many words that the person was added.
    added: bool = False
    #: When the last event came that wants the account active, wall-clock seconds; of a source
    #: that says so without such an event, when the last event of all came.
    wished_at: float = 0.0
    #: When a suspension that is not ours was first seen; None also where nothing was wished in so
    #: many words, which alone can be newer.
    suspension_seen_at: float | None = None
    #: The password to create the account with when no event brought one.
    creation_password: PasswordHash | None = None
    #: Whether that one was made up, so that not even its owner knows it.
    made_up: bool = False
    #: Which one that is, for people (see first_passwords).
    first_password: str = ""
    #: The link that already has Google's account, when it is another subject's.
    holder: Link | None = None

    @property
    def wanted(self) -> bool:
        """Whether the person is to have an active Google account; unknown counts as yes."""
        return self.account is not None and self.account.enabled is not False
