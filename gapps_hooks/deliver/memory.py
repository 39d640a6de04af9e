"""What the link remembers after Google confirmed a change.

It must not know the database that keeps links, nor how the change was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gapps_hooks.model import Change, GoogleGroup, GoogleUser, Identity, Link, Verb
from gapps_hooks.plan.identities import surer
from gapps_hooks.plan.rules import MARK_TYPE
from gapps_hooks.plan.unheard import OURS

#: Is true in what a link holds until the groups concerned know that its owner is there.
ARRIVED = "arrived"

#: Changes after which the person, or the group, may be missing from groups.
_ARRIVALS = frozenset(
    {Verb.CREATE, Verb.ADOPT, Verb.RESTORE, Verb.CREATE_GROUP},
)
#: A change by one of these verbs makes the account ours to lift the suspension of, or active.
_ACTIVE = frozenset({Verb.CREATE, Verb.RESTORE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whom a link is made for."""

    subject: int
    name: str
    identity: Identity | None
    #: A creation of ours was on its way, so that what is found may be it.
    attempted: bool = False


def remember_change(
    link: Link | None, owner: Owner, change: Change, answer: GoogleUser | GoogleGroup, now: float
) -> Link:
    """Say what the link holds once Google confirmed this change with this answer."""
    before = link or Link(
        subject=owner.subject, google_id=answer.id, address=_address(answer), name=owner.name
    )
    made = bool({Verb.CREATE, Verb.CREATE_GROUP} & set(change.verbs))
    found = Verb.ADOPT in change.verbs and owner.attempted and _was_ours(change, answer)
    after = replace(
        before,
        google_id=answer.id,
        name=owner.name,
        identity=surer(before.identity, owner.identity),
        delivered=_merge(
            before.delivered,
            {**change.delivers, **_password_time(change, now), **_arrival(change)},
        ),
        created=before.created or made or found,
        created_at=now if made else before.created_at,
        # Of a group's members a change says nothing: they may still have to be asked for.
        confirmed_at=before.confirmed_at if isinstance(answer, GoogleGroup) else now,
        ended_at=None,
        suspended_by_us=_suspended_by_us(before, change),
    )
    return remember_look(after, answer, now)


def remember_answer(link: Link, owner: Owner, confirms: Mapping[str, Any], now: float) -> Link:
    """Say what the link holds once Google (or a trusted memory) confirmed that all is so."""
    told = {key: value for key, value in confirms.items() if key != OURS}
    delivered = _merge(link.delivered, told)
    # Whoever turned out to be active, or suspended already, is not so by a change of ours.
    unmoved = delivered.get("enabled") == link.delivered.get("enabled")
    return replace(
        link,
        name=owner.name,
        identity=surer(link.identity, owner.identity),
        delivered=delivered,
        confirmed_at=now,
        suspended_by_us=link.suspended_by_us and (unmoved or OURS in confirms),
    )


def remember_look(link: Link, answer: GoogleUser | GoogleGroup, now: float) -> Link:
    """Say what the link holds after Google was asked, whatever is planned next.

    It confirms nothing: what the answer showed to be wrong may still fail to be put right.
    """
    if isinstance(answer, GoogleGroup):
        return replace(link, address=answer.email)
    return replace(
        link,
        address=answer.primary_email,
        administrator=answer.administrator,
        administrator_checked_at=now,
    )


def _was_ours(change: Change, answer: GoogleUser | GoogleGroup) -> bool:
    """Whether an account bore a mark before it was adopted; groups cannot bear any.

    Without this a stranger's account, met while a creation of ours was refused, would be taken
    for one that we made, and be trusted for ever not to become an administrator's.
    """
    if isinstance(answer, GoogleGroup):
        return True
    marked = any(entry.get("customType") == MARK_TYPE for entry in answer.external_ids)
    return marked and "externalIds" not in change.body


def _arrival(change: Change) -> Mapping[str, Any]:
    """Note that groups have to hear of it, whatever becomes of the changes that follow."""
    return {ARRIVED: True} if _ARRIVALS.intersection(change.verbs) else {}


def _password_time(change: Change, now: float) -> Mapping[str, Any]:
    return {} if change.password is None else {"password_at": now}


def _address(answer: GoogleUser | GoogleGroup) -> str:
    return answer.primary_email if isinstance(answer, GoogleUser) else answer.email


def _merge(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**before, **after}


def _suspended_by_us(before: Link, change: Change) -> bool:
    if Verb.SUSPEND in change.verbs:
        return True
    return before.suspended_by_us and not _ACTIVE.intersection(change.verbs)
