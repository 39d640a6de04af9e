"""Bringing an account back that was deleted at Google in the last 20 days.

It must not know who deleted it, nor how the wish to have it back was spoken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.linking import exclusively
from gapps_hooks.model import Account, GoogleUser, Kind, Link
from gapps_hooks.outbox import entries, history, links, subjects
from gapps_hooks.wiring import Wiring

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
    account = _account(wiring, name)
    found = _find(wiring, link, link.address if link else wiring.policy.choose_address(account))
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


def _account(wiring: Wiring, name: str) -> Account:
    found = wiring.source.account(name) if wiring.source else None
    return found or Account(username=name)


def _find(wiring: Wiring, link: Link | None, address: str) -> GoogleUser:
    deleted = wiring.directory.list_deleted_users()
    same = [user for user in deleted if link is not None and user.id == link.google_id]
    namesakes = [user for user in deleted if user.primary_email == address]
    candidates = same or ([] if link is not None else namesakes)
    if not candidates:
        raise NothingDeleted(
            f"no account of {address} was deleted at Google in the last 20 days; what was deleted "
            "before cannot be brought back"
        )
    return max(candidates, key=lambda user: user.deletion_time or _LONG_AGO)


def _look_again(wiring: Wiring, link: Link, name: str) -> bool:
    """Have a linked person looked at; False if the link was forgotten or bound anew meanwhile."""
    with exclusively(wiring.state, link.subject, wiring.sleep):
        now = links.of(wiring.state, link.subject)
        if now is None or now.google_id != link.google_id:
            return False
        links.save(wiring.state, replace(now, confirmed_at=0.0))
        entries.touch(wiring.state, Kind.USER, name)
    return True
