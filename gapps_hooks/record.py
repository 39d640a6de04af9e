"""One message from a hook -> on disk: validated, its password hashed or read, and merged.

It must not know Google: nothing here waits for the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gapps_hooks.errors import BadInput, NotRecorded, SourceUnreadable, UnusablePassword
from gapps_hooks.model import Account, Event, EventKind, Identity, Kind
from gapps_hooks.outbox import State, entries, history, links
from gapps_hooks.passwords import from_stored
from gapps_hooks.payload import account_from, parse_event
from gapps_hooks.settings import Settings
from gapps_hooks.sources import Source
from gapps_hooks.sources.enabled import is_enabled
from gapps_hooks.superseded import (
    READINGS,
    Reading,
    Standing,
    Superseded,
    see_that_it_counts,
    standing,
)

#: A reconcile is about nobody in particular: it is run, and never recorded.
_RECORDED: Final = tuple(kind for kind in EventKind if kind is not EventKind.RECONCILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What recording needs: it works without Google, policy and network."""

    settings: Settings
    state: State
    source: Source | None
    #: Tells the system's log of trouble that nobody may be there to read on a terminal.
    tell_trouble: Callable[[str], None]
    #: Around the moment in which the event comes on disk, which nothing may cut in two.
    keeping: Callable[[], AbstractContextManager[None]] = field(default=nullcontext)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What recording came to."""

    #: The subject whose entry waits; None when nothing had to be recorded.
    subject: int | None
    line: str
    duplicate: bool = False


def read_event(message: Mapping[str, Any]) -> Event:
    """Validate a hook's message; from here on there is no clear text.

    Raises:
        BadInput: a field, its value and the remedy; nothing is recorded.
    """
    kind = next((one for one in _RECORDED if one == message["event"]), None)
    if kind is None:
        known = ", ".join(_RECORDED)
        raise BadInput.of("event", str(message["event"]), f"must be one of {known}")
    return parse_event(
        kind,
        message["subject"],
        message.get("payload"),
        event_id=message["id"],
        defer=_seconds(message.get("defer")),
    )


def _seconds(said: object) -> float:
    if said is None:
        return 0.0
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise BadInput.of("defer", str(said), "must be a number of seconds from 0 to 3600")
    return float(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is to be put on disk, once all that may be slow was read."""

    #: None when nothing has to be recorded.
    event: Event | None
    #: What the receipt says.
    line: str = "recorded"
    #: Why its password is buried, alone or beside whatever else waits.
    bury: str | None = None
    #: The stored hash behind it, if there is one.
    reading: Reading | None = None
    #: What is left to find out where the state file alone tells it; asked while nobody else writes.
    look: Callable[[State], Prepared] | None = None


def record(desk: Desk, event: Event) -> Receipt:
    """Put an event on disk; when this returns, it is there (fsync) or did not have to be.

    Raises:
        NotRecorded: it is not on disk, and nothing was changed.
    """
    for _ in range(READINGS):
        prepared = prepare(desk, event)
        with suppress(Superseded):
            with desk.keeping():
                receipt = put(desk.state, prepared)
            tell_news(desk, prepared)
            return receipt
    raise NotRecorded(
        f"{event.name}: something else was recorded each of the {READINGS} times that the stored "
        "hash was read; send the event again"
    )


def prepare(desk: Desk, event: Event) -> Prepared:
    """Read what has to be known before an event is recorded; nothing is written.

    Raises:
        NotRecorded: that cannot be read.
    """
    if event.password is not None and desk.source is None:
        return Prepared(event=event, look=lambda state: _prepare_given(desk, state, event))
    if event.password is not None:
        return _prepare_given(desk, desk.state, event)
    if event.kind is EventKind.PASSWORD_SET:
        return _prepare_stored(desk, event)
    return Prepared(event=event)


def put(state: State, prepared: Prepared) -> Receipt:
    """Put it on disk; inside a transaction of the caller it is there when that ends.

    Raises:
        Superseded: it has to be prepared again.
    """
    with state.transaction():
        if prepared.look is not None:
            prepared = prepared.look(state)
        if prepared.event is None:
            return Receipt(subject=None, line=prepared.line)
        if prepared.reading is not None:
            see_that_it_counts(state, prepared.event, prepared.reading)
        recorded = entries.record(state, prepared.event, prepared.bury or "")
        if prepared.bury is not None and not recorded.duplicate:
            _write_history(state, recorded.subject, prepared.event.name, prepared.bury)
    return Receipt(subject=recorded.subject, line=prepared.line, duplicate=recorded.duplicate)


def tell_news(desk: Desk, prepared: Prepared) -> None:
    """Report once why a stored password cannot be sent; the event is on disk, whatever happens."""
    if prepared.event is None or prepared.bury is None:
        return
    with suppress(Exception):
        if _is_news(desk, prepared.bury):
            desk.tell_trouble(f"{prepared.event.name}: {prepared.bury}")


def _prepare_given(desk: Desk, state: State, event: Event) -> Prepared:
    """A password of somebody who is not enabled for Google is never recorded."""
    may, account = _look_at_owner(desk, state, event)
    if may:
        owner = event.owner or _owner(event, account)
        return Prepared(event=event if owner == event.owner else replace(event, owner=owner))
    note = f"{event.name} is not enabled for Google; the password was not recorded"
    if event.kind is EventKind.PASSWORD_SET:
        return Prepared(event=None, line=note)
    return Prepared(event=replace(event, password=None), line=note)


def _owner(event: Event, account: Account | None) -> Identity | None:
    """Say whose the password is: whom the event names by id, else who has the name now."""
    told, seen = event.identity, account.id if account is not None else None
    return told if told is not None and (seen is None or seen.kind == told.kind) else seen


def _look_at_owner(desk: Desk, state: State, event: Event) -> tuple[bool, Account | None]:
    """Whether a password may be recorded, and the person as far as that had to be known."""
    name = event.old_name or event.name
    if links.is_live(state, Kind.USER, name):
        return True, _glance(desk, event.name) if _is_at_hand(desk) else None
    waiting = entries.of_name(state, Kind.USER, name)
    said = {**(waiting.patch if waiting else {}), **event.patch}
    added = event.kind is EventKind.USER_ADD or (waiting is not None and waiting.added)
    account = _read_account(desk, event, said)
    if account is None:
        # An account that is only just being added may be missing from a directory's replica.
        return added, None
    enabled = is_enabled(account, desk.settings.enabled) is not False
    return enabled and (added or desk.source is not None), account


def _glance(desk: Desk, name: str) -> Account | None:
    """See who has the name, where that does not decide whether the password is recorded."""
    with suppress(SourceUnreadable):
        return desk.source.account(name) if desk.source is not None else None
    return None


def _is_at_hand(desk: Desk) -> bool:
    """Whether the source is read in next to no time."""
    kind = desk.settings.source
    return kind.type == "nss" or (kind.type == "json" and kind.command is None)


def _read_account(desk: Desk, event: Event, said: Mapping[str, Any]) -> Account | None:
    if desk.source is None:
        return account_from(said, event.name)
    try:
        return desk.source.account(event.name)
    except SourceUnreadable as error:
        raise NotRecorded(
            f"cannot tell whether {event.name} is enabled for Google, so the password is not "
            f"recorded: {error}"
        ) from error


def _prepare_stored(desk: Desk, event: Event) -> Prepared:
    """A password-set without a password means: read the stored hash."""
    if desk.source is None:
        raise BadInput.of(
            "password", None, "is missing, and without a [source] there is no hash to read; send it"
        )
    before = standing(desk.state, event.name)
    try:
        # read once: the hash, and whether its owner is enabled, from the same moment
        source = desk.source.snapshot()
        stored = source.stored_password(event.name)
    except SourceUnreadable as error:
        raise NotRecorded(f"the stored hash of {event.name} cannot be read: {error}") from error
    if stored is None:
        return Prepared(event=None, line=f"{event.name} has no password; nothing to send")
    reading = _reading(desk, event.name, before, stored.value)
    try:
        password = from_stored(stored.value)
    except UnusablePassword as error:
        prepared = _prepare_unusable(replace(desk, source=source), event, error)
    else:
        seen = replace(desk, source=source)
        owner = _glance(seen, event.name)
        given = replace(event, password=password, owner=owner.id if owner is not None else None)
        prepared = _prepare_given(seen, desk.state, given)
    return replace(prepared, reading=reading)


def _reading(desk: Desk, name: str, before: Standing, value: str) -> Reading:
    source = desk.source

    def again() -> str | None:
        stored = source.stored_password(name) if source is not None else None
        return None if stored is None else stored.value

    return Reading(before=before, value=value, again=again if _is_at_hand(desk) else None)


def _prepare_unusable(desk: Desk, event: Event, error: UnusablePassword) -> Prepared:
    """A stored hash that Google cannot take: buried with its remedy, and reported once."""
    if not _look_at_owner(desk, desk.state, event)[0]:
        return Prepared(event=None, line=f"{event.name} is not enabled for Google")
    reason = f"password not sent: the stored hash {error.remedy}"
    return Prepared(event=event, line=reason, bury=reason)


def _write_history(state: State, subject: int, name: str, reason: str) -> None:
    history.write(
        state,
        subject=subject,
        kind=Kind.USER,
        name=name,
        what="password",
        verdict="buried",
        line=reason,
    )


def _is_news(desk: Desk, reason: str) -> bool:
    """Whether this was never told before: one unusable scheme concerns every account alike."""
    mark = f"told:{desk.state.digest(reason)}"
    if desk.state.meta(mark):
        return False
    with desk.state.transaction(durable=False):
        desk.state.set_meta(mark, "yes")
    return True
