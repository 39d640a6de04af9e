"""Bringing an account back that was deleted at Google in the last 20 days.

It must not know who deleted it, nor how the wish to have it back was spoken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Final

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.linking import exclusively
from gapps_hooks.model import Account, GoogleUser, Kind, Link
from gapps_hooks.outbox import entries, history, links, subjects
from gapps_hooks.wiring import Wiring

#: So many addresses are named that are like the one that was asked for.
_NEAR: Final = 3
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class NothingDeleted(GappsHooksError):
    """Google's bin holds no account of this person."""


@dataclass(frozen=True, slots=True)
class Undeleted:
    """An account that is back, or is coming: it may take Google a few minutes."""

    address: str
    #: Whether it is linked; a look at it was recorded then.
    linked: bool


def undelete(wiring: Wiring, name: str) -> Undeleted:
    """Undelete the account that is linked to the person, else the last one with their address.

    Raises:
        NothingDeleted: Google has none of the last 20 days.
        GoogleFault: what Google answered otherwise.
    """
    subject = subjects.of_name(wiring.state, Kind.USER, name)
    link = links.of(wiring.state, subject) if subject is not None else None
    known = wiring.source.account(name) if wiring.source else None
    account = known or Account(username=name)
    address = link.address if link else wiring.policy.choose_address(account)
    heard_of = subject is not None and (link is not None or wiring.source is None)
    stranger = None if heard_of or known is not None else name
    found = _find(wiring, link, address, stranger)
    unit = wiring.policy.org_unit(account)
    wiring.directory.undelete_user(found.id, unit if isinstance(unit, str) else "/")
    history.write(
        wiring.state,
        subject=subject,
        kind=Kind.USER,
        name=name,
        what="undelete",
        verdict="done",
        line=f"undeleted {found.primary_email} at Google",
    )
    linked = link is not None and _look_again(wiring, link, name)
    return Undeleted(address=found.primary_email, linked=linked)


def _find(wiring: Wiring, link: Link | None, address: str, stranger: str | None) -> GoogleUser:
    """Find what was deleted; ``stranger`` is the name that was given, if nobody here has it."""
    deleted = wiring.directory.list_deleted_users()
    same = [user for user in deleted if link is not None and user.id == link.google_id]
    namesakes = [user for user in deleted if user.primary_email == address]
    candidates = same or ([] if link is not None else namesakes)
    if not candidates and stranger is not None:
        raise NothingDeleted(
            f"{stranger} is not known here, and no deleted account fits: of the last 20 days "
            f"Google has none at {address}; {_others(address, deleted)}. Look at the name again"
        )
    if not candidates:
        raise NothingDeleted(
            f"no account of {address} was deleted at Google in the last 20 days; "
            f"{_others(address, deleted)}. What was deleted before cannot be brought back"
        )
    return max(candidates, key=lambda user: user.deletion_time or _LONG_AGO)


def _others(address: str, deleted: tuple[GoogleUser, ...]) -> str:
    """Say which deleted accounts may be meant instead."""
    if not deleted:
        return "none was deleted at all"
    by_name = {user.primary_email.partition("@")[0]: user.primary_email for user in deleted}
    names = get_close_matches(address.partition("@")[0], by_name, _NEAR)
    near = [by_name[name] for name in names]
    if not near:
        others = "1 other was" if len(deleted) == 1 else f"{len(deleted)} others were"
        return f"{others}, and none has an address like it"
    return f"deleted were, with addresses like it: {', '.join(near)}"


def _look_again(wiring: Wiring, link: Link, name: str) -> bool:
    """Have a linked person looked at; False if the link was forgotten or bound anew meanwhile."""
    with exclusively(wiring.state, link.subject, wiring.sleep):
        now = links.of(wiring.state, link.subject)
        if now is None or now.google_id != link.google_id:
            return False
        links.save(wiring.state, replace(now, confirmed_at=0.0))
        entries.touch(wiring.state, Kind.USER, name)
    return True
