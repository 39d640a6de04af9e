"""What a reconcile does with the password hash that the source stores for a person.

It must not know how a password is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gapps_hooks.errors import SourceUnreadable, UnusablePassword
from gapps_hooks.first_passwords import first_password
from gapps_hooks.model import PasswordHash, StoredPassword
from gapps_hooks.passwords import from_stored
from gapps_hooks.plan.baseline import first_sight, is_newer, is_settled
from gapps_hooks.plan.changing import is_new_password
from gapps_hooks.plan.person import Person
from gapps_hooks.sources import Source
from gapps_hooks.wiring import Wiring

#: So that a run which was interrupted goes on where it ended.
_JUST_SENT: Final = "the stored password was sent less than an hour ago, and is not sent again yet"
#: Why nothing is sent of one who has an account.
NONE_STORED: Final = "no password is stored that could be sent"
_NO_SOURCE: Final = "without a [source] there is no stored password to send"
_NOT_ENABLED: Final = "not enabled for Google, and so the stored password is not sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The password to send, if any, what the link is to remember of it, and what to say."""

    password: PasswordHash | None = None
    remembers: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    #: Which password an account is made with, for people.
    first: str = ""


def stored_to_push(wiring: Wiring, person: Person) -> Stored:
    """Decide about the stored hash of one whose stored password is asked for; see look_at_stored.

    Where none is sent the notes say why.
    """
    if wiring.source is None:
        return Stored(notes=(_NO_SOURCE,))
    if person.account is not None and person.account.enabled is not True:
        return Stored(notes=(_NOT_ENABLED,))
    return look_at_stored(wiring, wiring.source, person, push=True)


def look_at_stored(wiring: Wiring, source: Source, person: Person, *, push: bool) -> Stored:
    """Decide about the stored hash of one who is linked, or is to be.

    ``push`` sends it to one who is linked, or whose account is adopted, whatever is known of it; a
    new account gets it anyway.
    """
    try:
        stored = source.stored_password(person.name)
    except SourceUnreadable as error:
        return Stored(notes=(f"the stored password could not be read: {error}",) if push else ())
    exists = person.link is not None or person.actual is not None
    first = "" if exists else first_password(stored).words
    if stored is None or person.account is None:
        told = push and exists and person.account is not None
        return Stored(first=first, notes=(NONE_STORED,) if told else ())
    password, note = _usable(stored)
    remembers = _remembers(wiring, person, stored, password)
    if not exists:
        return Stored(remembers=remembers, first=first)
    if password is None:
        return Stored(remembers=remembers, notes=(note,) if push else ())
    delivered = person.link.delivered if person.link is not None else {}
    if push or is_newer(stored, password, delivered, wiring.rules):
        return _sent(wiring, replace(person, password=password), stored)
    return Stored(remembers=remembers)


def _sent(wiring: Wiring, person: Person, stored: StoredPassword) -> Stored:
    now = wiring.clock()
    sight = first_sight(stored, person.password, wiring.rules, now)
    if is_new_password(person, wiring.rules, now):
        return Stored(password=person.password, remembers=sight)
    return Stored(remembers=sight, notes=(_JUST_SENT,))


def _usable(stored: StoredPassword) -> tuple[PasswordHash | None, str]:
    try:
        return from_stored(stored.value), ""
    except UnusablePassword as error:
        return None, f"the stored password cannot be sent: it {error.remedy}"


def _remembers(
    wiring: Wiring, person: Person, stored: StoredPassword, password: PasswordHash | None
) -> Mapping[str, Any]:
    delivered = person.link.delivered if person.link is not None else {}
    settled = password is not None and is_settled(stored, password, delivered, wiring.rules)
    if "stored" in delivered and not settled:
        return {}
    return first_sight(stored, password, wiring.rules, wiring.clock())
