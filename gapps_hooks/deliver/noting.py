"""What is noted on disk before a change is sent whose answer may never be heard.

It must not know how a change is sent, nor what is planned from the notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from gapps_hooks.deliver.memory import Owner
from gapps_hooks.errors import AlreadyExists, NotFound, NotYet, Outage, Refused, Throttled
from gapps_hooks.model import Change, GoogleGroup, GoogleUser, Link, Verb
from gapps_hooks.outbox import links
from gapps_hooks.plan.unheard import RESTORING, SUSPENDING, SUSPENDING_AT
from gapps_hooks.wiring import Wiring

#: After one of these nothing was changed, unless an earlier try of the call did it.
_NOT_DONE: Final = (AlreadyExists, NotFound, NotYet, Outage, Refused, Throttled)


@contextmanager
def noted(
    wiring: Wiring, owner: Owner, change: Change, known: GoogleUser | GoogleGroup | None
) -> Iterator[None]:
    """Note what may be so from now on, for as long as nobody knows that it is not.

    Without it an account whose person leaves before the next try might be left active, and a
    suspension of ours be taken for an administrator's.
    """
    before = links.of(wiring.state, owner.subject)
    note = _note(wiring, change, before or _begun(owner, change, known))
    if note is None:
        yield
        return
    links.save(wiring.state, note)
    try:
        yield
    except _NOT_DONE as fault:
        if not fault.tried_before:
            _put_back(wiring, note, before)
        raise


def _begun(owner: Owner, change: Change, known: GoogleUser | GoogleGroup | None) -> Link | None:
    """Make the link to an account that is taken up, or suspended, without being linked yet."""
    if not isinstance(known, GoogleUser) or known.id != change.google_id:
        return None
    return Link(
        subject=owner.subject,
        google_id=known.id,
        address=known.primary_email,
        name=owner.name,
        identity=owner.identity,
        administrator=known.administrator,
    )


def _note(wiring: Wiring, change: Change, link: Link | None) -> Link | None:
    if link is None:
        return None
    if Verb.SUSPEND in change.verbs:
        sent = {"enabled": wiring.state.digest(SUSPENDING), SUSPENDING_AT: wiring.clock()}
        return replace(link, delivered={**link.delivered, **sent}, suspended_by_us=True)
    adopts = Verb.ADOPT in change.verbs and change.body and not link.delivered
    if Verb.RESTORE in change.verbs or adopts:
        enabled = wiring.state.digest(RESTORING)
        return replace(link, delivered={**link.delivered, "enabled": enabled})
    return None


def _put_back(wiring: Wiring, note: Link, before: Link | None) -> None:
    if before is not None:
        links.save(wiring.state, before)
        return
    made = links.by_google_id(wiring.state, note.google_id)
    if made is not None:
        links.forget(wiring.state, made.subject)
