"""Whether a name that nobody knew is somebody we know, renamed.

It must not know Google: it compares ids and traces of one person under two names.
"""

from __future__ import annotations

from gapps_hooks.errors import GappsHooksError, Passing
from gapps_hooks.model import Account, Identity, Kind
from gapps_hooks.outbox import entries, leases, links, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.wiring import Wiring


class Renamed(GappsHooksError):
    """The entry belongs to a person known under another name; it was merged into theirs."""

    def __init__(self, subject: int) -> None:
        super().__init__("known under another name")
        self.subject = subject


def look_for_rename(wiring: Wiring, entry: Entry) -> None:
    """Merge the entry into a known person's, if this one is that person renamed.

    A rename is believed from a lasting identity, or from a number whose link has not ended and
    whose home, GECOS or password hash are unchanged; never from a reused number alone, nor where
    a deletion of the known person waits to be delivered.

    Raises:
        Renamed: merged; the known person's subject is the one to deliver.
    """
    if entry.kind is not Kind.USER or wiring.source is None or entry.removed:
        return
    if links.of(wiring.state, entry.subject) is not None:
        return
    account = wiring.source.account(entry.name)
    if account is None or account.id is None:
        return
    known = _find(wiring, entry, account, account.id)
    if known is not None:
        _merge(wiring, entry, known)


def _find(wiring: Wiring, entry: Entry, account: Account, identity: Identity) -> int | None:
    for subject in subjects.with_identity(wiring.state, Kind.USER, identity):
        link = links.of(wiring.state, subject)
        if subject == entry.subject or link is None:
            continue
        if identity.lasting:
            return subject
        if link.ended_at is None and _is_same_person(wiring, subject, account):
            return subject
    return None


def _is_same_person(wiring: Wiring, subject: int, account: Account) -> bool:
    assert wiring.source is not None  # noqa: S101 - a rename is only looked for in a source
    old_name = subjects.name_of(wiring.state, subject)
    waiting = entries.get(wiring.state, subject)
    deleted = waiting is not None and waiting.removed
    if deleted or wiring.source.account(old_name) is not None:
        return False
    before = subjects.traces(wiring.state, subject)
    return any(
        before.get(key) == wiring.state.digest(text)
        for key, text in account.traces.items()
        if text and (key != "home" or text.endswith(f"/{old_name}"))
    )


def _merge(wiring: Wiring, entry: Entry, known: int) -> None:
    lease = leases.hold(wiring.state.directory, known)
    if lease is None:
        raise Passing(f"{entry.name} was renamed while the old name is being delivered")
    with lease:
        subjects.rename(wiring.state, known, entry.name)
    raise Renamed(known)
