"""Whether a name that nobody knew is somebody we know, renamed.

It must not know Google: it compares ids and traces of one person under two names.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from gapps_hooks.deliver.desired import Contradiction
from gapps_hooks.deliver.passing_on import passes_on
from gapps_hooks.errors import GappsHooksError, Passing, Refused
from gapps_hooks.model import Account, Identity, Kind
from gapps_hooks.outbox import entries, leases, links, memberships, owning, references, subjects
from gapps_hooks.outbox.entry import Entry, lift_removal
from gapps_hooks.wiring import Wiring


class Renamed(GappsHooksError):
    """The entry belongs to a person known under another name, who has the new one from now on."""

    def __init__(self, subject: int) -> None:
        super().__init__("known under another name")
        self.subject = subject


def look_for_rename(wiring: Wiring, entry: Entry) -> None:
    """Merge the entry into a known person's, if this one is that person renamed.

    A known person who is gone is looked for under a new name before that counts as an absence;
    one who is told to be gone only by a lasting identity.

    A rename is believed from a lasting identity, or from a number whose link has not ended and
    whose home, GECOS or password hash are unchanged; never from a reused number alone, nor where
    a deletion of the known person waits to be delivered.

    Raises:
        Renamed: merged; the known person's subject is the one to deliver.
        SourceUnreadable: the source could not be asked.
    """
    if entry.kind is not Kind.USER or wiring.source is None:
        return
    account = wiring.source.account(entry.name)
    link = links.of(wiring.state, entry.subject)
    if link is not None:
        if link.ended_at is None and link.identity is not None:
            _follow_linked(wiring, entry, link.identity, account)
        return
    if account is None and entry.identity is not None and entry.identity.lasting:
        _follow_newcomer(wiring, entry, entry.identity)
    if entry.removed or account is None or account.id is None:
        return
    known = _find(wiring, entry, account, account.id)
    if known is not None:
        waiting = entries.get(wiring.state, known)
        # under the old name only: the person is still there
        removed = account.id.lasting and waiting is not None and waiting.removed
        give_name(wiring, Kind.USER, known, entry.name, held=known, removed=removed)


def _follow_linked(
    wiring: Wiring, entry: Entry, identity: Identity, account: Account | None
) -> None:
    if account is None:
        _follow(wiring, entry, identity, displaced=False)
    elif identity.lasting and account.id is not None and account.id != identity:
        _follow(wiring, entry, identity, displaced=account.id.lasting)


def _follow(wiring: Wiring, entry: Entry, identity: Identity, *, displaced: bool) -> None:
    """Look for a known person under a new name; ``displaced``: somebody else has the old one."""
    assert wiring.source is not None  # noqa: S101 - a rename is only looked for in a source
    if entry.removed and not identity.lasting:
        return
    now = wiring.source.account_by(identity)
    if now is None or now.username == entry.name:
        return
    if not (identity.lasting or _is_same_person(wiring, entry.subject, now)):
        return
    other = subjects.of_name(wiring.state, Kind.USER, now.username)
    if other is None or links.of(wiring.state, other) is None:
        give_name(
            wiring,
            Kind.USER,
            entry.subject,
            now.username,
            held=other,
            removed=entry.removed,
            displaced=displaced,
        )
    elif not displaced or _passes_on(wiring, entry, now.username, other):
        entries.touch(wiring.state, Kind.USER, now.username)
        raise Contradiction(
            f"{entry.name} is called {now.username} now, as somebody else was; who that is now "
            "has to be known first"
        )


def _passes_on(wiring: Wiring, entry: Entry, name: str, other: int | None) -> bool:
    """Whether a name gets free when each who has another's by now is followed to it.

    Raises:
        Refused: they exchanged their names.
    """
    source = wiring.source
    assert source is not None  # noqa: S101 - a rename is only looked for in a source

    def called(identity: Identity) -> str | None:
        now = source.account_by(identity)
        if now is not None and now.username == entry.name:
            raise Refused(
                f"{entry.name} and {name} exchanged their names, and neither address is free for "
                "the other; give one of them a third name for a moment, and each keeps the own "
                "account"
            )
        return None if now is None else now.username

    return passes_on(wiring, Kind.USER, other, called)


def _follow_newcomer(wiring: Wiring, entry: Entry, identity: Identity) -> None:
    """Give what waits for one who was renamed before anything was delivered to the new name."""
    assert wiring.source is not None  # noqa: S101 - a rename is only looked for in a source
    now = wiring.source.account_by(identity)
    if entry.removed or now is None or now.username == entry.name:
        return
    other = subjects.of_name(wiring.state, Kind.USER, now.username)
    link = links.of(wiring.state, other) if other is not None else None
    if other is None or link is None:
        give_name(wiring, Kind.USER, entry.subject, now.username, held=other, removed=False)
    elif link.identity == identity:
        _merge(wiring, other, entry.subject, held=other)


def _merge(wiring: Wiring, known: int, absorbed: int, *, held: int) -> None:
    with _held(wiring, held), wiring.state.transaction():
        subjects.merge(wiring.state, known, absorbed)
    raise Renamed(known)


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


def give_name(  # noqa: PLR0913 - who gets which name, and what stands in the way
    wiring: Wiring,
    kind: Kind,
    known: int,
    name: str,
    *,
    held: int | None,
    removed: bool,
    displaced: bool = False,
) -> None:
    """Give the known person or group the new name, while nobody delivers the other subject.

    If they are ``displaced``, whoever has the old name by now is looked at, too: the event may
    have meant that one. So are the groups, which may have taken the one for the other.

    Raises:
        Renamed: done; the known subject is the one to deliver.
    """
    before, reference = subjects.name_of(wiring.state, known), kind.called(name)
    displaced = displaced or _is_anothers(wiring, kind, before, known)
    with _held(wiring, held), wiring.state.transaction():
        if removed:
            lift_removal(wiring.state, known)
        subjects.rename(wiring.state, known, name)
        references.follow(wiring.state, kind, before, name)
        if displaced:
            entries.touch(wiring.state, kind, before)
        concerned = memberships.groups_with if displaced else memberships.groups_awaiting
        for group in concerned(wiring.state, reference):
            entries.touch(wiring.state, Kind.GROUP, subjects.name_of(wiring.state, group))
    raise Renamed(known)


def _is_anothers(wiring: Wiring, kind: Kind, name: str, known: int) -> bool:
    """Whether the source has somebody else under a name; one may be found by both names."""
    assert wiring.source is not None  # noqa: S101 - a rename is only looked for in a source
    source, ids = wiring.source, owning.known_as(wiring.state, known)
    found = source.group(name) if kind is Kind.GROUP else source.account(name)
    return found is not None and found.id not in ids


def _held(wiring: Wiring, subject: int | None) -> AbstractContextManager[object]:
    """Keep others from delivering the other subject, if there is one."""
    lease = nullcontext() if subject is None else leases.hold(wiring.state.directory, subject)
    if lease is None:
        raise Passing("this is somebody renamed, who is being delivered at this moment")
    return lease
