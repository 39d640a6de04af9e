"""The stored password of somebody who is named, sent as if it had been set just now.

It must not know how a password is delivered, nor when a look takes its turn.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

from gapps_hooks.deliver.carrying import Held, limit_of
from gapps_hooks.deliver.people import look_at_person
from gapps_hooks.deliver.stored import Stored, stored_to_push
from gapps_hooks.deliver.subject import deliver
from gapps_hooks.errors import GappsHooksError
from gapps_hooks.model import Event, EventKind, Kind, Outcome, Verb, Verdict
from gapps_hooks.outbox import bounds, subjects
from gapps_hooks.preview import entry_of
from gapps_hooks.record import Desk, record
from gapps_hooks.wiring import Wiring

_FORCE: Final = "the stored password is not sent; if it is right, repeat with --force"


def count(wiring: Wiring, names: Iterable[str]) -> int:
    """Count those who have an account and a stored password that would be sent."""
    return sum(_stored(wiring, name).password is not None for name in names)


def push(wiring: Wiring, name: str, *, force: bool, patience: float) -> Outcome | None:
    """Send the stored password of one who has an account, or say why it is not sent.

    None means that the person has no account, or that nothing has to be said.
    """
    stored = _stored(wiring, name)
    if stored.password is None:
        line = "; ".join(stored.notes)
        return _told(name, Verdict.NOTHING, line) if line else None
    try:
        return _send(wiring, name, force=force, patience=patience)
    except Held as error:
        return _told(name, Verdict.HELD, f"{error.excess}; {_FORCE}")
    except GappsHooksError as error:
        return _told(name, Verdict.REFUSED, str(error))


def _stored(wiring: Wiring, name: str) -> Stored:
    try:
        person = look_at_person(wiring, entry_of(wiring, Kind.USER, name))
    except GappsHooksError:
        return Stored()  # the look itself says what is the matter
    if person.link is None or person.link.ended_at is not None:
        return Stored()  # an account that is made gets the stored password anyway
    return stored_to_push(wiring, person)


def _send(wiring: Wiring, name: str, *, force: bool, patience: float) -> Outcome | None:
    state, subject = wiring.state, subjects.of_name(wiring.state, Kind.USER, name)
    assert subject is not None  # noqa: S101 - who is linked has one
    before = subjects.generation_of(state, subject)
    _reserve(wiring, name, subject, before, force=force)
    try:
        receipt = record(_desk(wiring), _event(name))
    except GappsHooksError:
        bounds.give_back(state, subject, before, Verb.PASSWORD)
        raise
    if receipt.subject is None:
        bounds.give_back(state, subject, before, Verb.PASSWORD)
        return _told(name, Verdict.NOTHING, receipt.line)
    now = subjects.generation_of(state, receipt.subject)
    bounds.carry_over(state, subject, before, heir=receipt.subject, newer=now)
    outcome = deliver(wiring, receipt.subject, patience=patience)
    if outcome is not None and not _may_be_sent(outcome):
        bounds.give_back(state, receipt.subject, now, Verb.PASSWORD)
    return outcome


def _reserve(wiring: Wiring, name: str, subject: int, generation: int, *, force: bool) -> None:
    limit = None if force else limit_of(wiring, Verb.PASSWORD)
    over = bounds.reserve(wiring.state, subject, generation, Verb.PASSWORD, 1, limit)
    if over is not None:
        raise Held(over, name)


def _may_be_sent(outcome: Outcome) -> bool:
    """Whether the password is at Google, or gets there when the entry is tried again."""
    sent = any(Verb.PASSWORD in change.verbs for change in outcome.done)
    return sent or outcome.verdict is Verdict.LATER


def _desk(wiring: Wiring) -> Desk:
    return Desk(
        settings=wiring.settings,
        state=wiring.state,
        source=wiring.source,
        tell_trouble=wiring.tell_trouble,
    )


def _event(name: str) -> Event:
    return Event(id=secrets.token_hex(16), kind=EventKind.PASSWORD_SET, name=name)


def _told(name: str, verdict: Verdict, line: str) -> Outcome:
    return Outcome(verdict=verdict, kind=Kind.USER, name=name, line=line)
