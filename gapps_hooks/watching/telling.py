"""Which difference is worth an event: not what concerns nobody at Google, nor what a hook told.

It must not know how differences are found, nor write anything.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Final

from gapps_hooks.errors import UnusablePassword
from gapps_hooks.model import Event, EventKind, Group, Kind, StoredPassword
from gapps_hooks.outbox import State, entries, links, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.passwords import from_stored
from gapps_hooks.settings import Settings
from gapps_hooks.sources import NssSource
from gapps_hooks.sources.scope import group_in_scope
from gapps_hooks.watching.comparing import Difference

#: Events that only say where to look: what a hook has announced for later may come first.
_LOOKS: Final = frozenset({EventKind.USER_ADD, EventKind.USER_MODIFY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Turns differences into events, by what is known and by one reading of the files."""

    settings: Settings
    state: State
    source: NssSource
    #: When the look before this one was taken, wall-clock seconds.
    since: float

    def event(self, difference: Difference, *, enabled: bool) -> Event | None:
        """Make the event of a difference; None if there is nothing to tell.

        ``enabled`` is whether the person's Google option is on, or may be.
        """
        if difference.event is EventKind.GROUP_CHANGE:
            return _event(difference) if self._group_matters(difference) else None
        subject = self._subject(Kind.USER, difference.old_name or difference.name)
        if subject is None and not enabled:
            return None  # a local account that was never enabled is invisible
        if difference.event is EventKind.PASSWORD_SET:
            return _event(difference) if self._is_new(difference, subject) else None
        known = self._as_known(difference, subject)
        return _event(known, defer=self._defer(known, subject))

    def _subject(self, kind: Kind, name: str) -> int | None:
        return subjects.of_name(self.state, kind, name)

    def _as_known(self, difference: Difference, subject: int | None) -> Difference:
        """What Google was told already is no wish of now, which might lift a suspension there.

        After a time without a watcher, what a hook told long ago is new here.
        """
        link = None if subject is None else links.of(self.state, subject)
        entry = None if subject is None else entries.get(self.state, subject)
        left = entry is not None and entry.removed  # whoever comes now is another
        if link is None or link.ended_at is not None or left:
            return difference
        on = link.delivered.get("enabled") == self.state.digest(True)  # noqa: FBT003 - a value
        added = difference.event is EventKind.USER_ADD
        event = EventKind.USER_MODIFY if added else difference.event
        return replace(difference, event=event, wish=difference.wish and not on)

    def _group_matters(self, difference: Difference) -> bool:
        if group_in_scope(Group(name=difference.name), self.settings):
            return True
        # people of another service are in no file, so their joining is seen here alone
        if difference.name == self.settings.enabled.group and self.source.files().passwd_elsewhere:
            return True
        subject = self._subject(Kind.GROUP, difference.old_name or difference.name)
        return subject is not None and links.of(self.state, subject) is not None

    def _defer(self, difference: Difference, subject: int | None) -> float:
        """What a hook has put off until another program has done its part stays put off."""
        entry = None if subject is None else entries.get(self.state, subject)
        if entry is None or difference.event not in _LOOKS:
            return 0.0
        announced = entry.status == "waiting" and entry.added and not entry.attempts
        return max(0.0, entry.due_at - self.state.clock()) if announced else 0.0

    # --- passwords -------------------------------------------------------------------------

    def _is_new(self, difference: Difference, subject: int | None) -> bool:
        stored = self.source.stored_password(difference.name)
        if stored is None or (difference.came_with and not self._came_later(difference, subject)):
            return False
        return subject is None or not self._was_told(subject, stored)

    def _came_later(self, difference: Difference, subject: int | None) -> bool:
        """First sight of a hash is a baseline, unless an account was made before it was set."""
        link = None if subject is None else links.of(self.state, subject)
        account = self.source.account(difference.name)
        if subject is None or link is None or link.ended_at is not None or account is None:
            return False
        if link.identity != account.id:  # somebody else's account
            return False
        traces = subjects.traces(self.state, subject)
        return bool(traces) and traces.get("hash") != difference.came_with

    def _was_told(self, subject: int, stored: StoredPassword) -> bool:
        entry, link = entries.get(self.state, subject), links.of(self.state, subject)
        delivered = link.delivered if link is not None else {}
        try:
            password = from_stored(stored.value)
        except UnusablePassword:
            # The same one may have been told in a form that can be sent, as clear text.
            at = float(delivered.get("password_at", 0.0))
            return at > self.since or _waits(entry)
        waits = entry is not None and entry.password == password
        return waits or delivered.get("password") == self.state.digest(password.value)


def _waits(entry: Entry | None) -> bool:
    return entry is not None and entry.password is not None


def _event(difference: Difference, *, defer: float = 0.0) -> Event:
    patch = {"deleted": True} if difference.deleted else {}
    return Event(
        id=secrets.token_hex(16),
        kind=difference.event,
        name=difference.name,
        patch={**patch, "enabled": True} if difference.wish else patch,
        old_name=difference.old_name,
        defer=defer,
    )
