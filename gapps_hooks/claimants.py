"""Whose an account or group at Google is already, before it is linked to somebody by hand.

It must not know how a link is made.
"""

from __future__ import annotations

from dataclasses import replace

from gapps_hooks.deliver.desired import Contradiction, desired_account
from gapps_hooks.errors import GappsHooksError
from gapps_hooks.model import GoogleGroup, GoogleUser, Kind, Link
from gapps_hooks.outbox import links
from gapps_hooks.preview import entry_of
from gapps_hooks.wiring import Wiring


class CannotBind(GappsHooksError):
    """The link cannot be made; the text says why and what to do."""


def address_of(actual: GoogleUser | GoogleGroup) -> str:
    """Say which primary address it has."""
    return actual.primary_email if isinstance(actual, GoogleUser) else actual.email


def demand_unclaimed(
    wiring: Wiring, kind: Kind, name: str, subject: int | None, actual: GoogleUser | GoogleGroup
) -> None:
    """See that no other link lives in it, and that the subject is linked to nothing else.

    Raises:
        Claimed: one of both is so; it is named.
        CannotBind: another has it, and nobody here has the name.
        GappsHooksError: the source or the state could not be read.
    """
    here = links.of(wiring.state, subject) if subject is not None else None
    if here is not None and here.google_id != actual.id:
        raise links.Claimed(replace(here, google_id=actual.id, address=address_of(actual)), here)
    other = next((one for one in claimants(wiring, subject, actual) if one.ended_at is None), None)
    if other is None:
        return
    if kind is Kind.USER and _is_unknown(wiring, name):
        raise CannotBind(
            f"{name} is unknown to the account manager, and {other.name} is linked to "
            f"{other.address} (Google id {other.google_id}); nothing was changed"
        )
    link = Link(subject=-1, google_id=actual.id, address=address_of(actual), name=name)
    raise links.Claimed(link, other)


def _is_unknown(wiring: Wiring, name: str) -> bool:
    try:
        return desired_account(wiring, entry_of(wiring, Kind.USER, name)) is None
    except Contradiction:
        return False


def claimants(
    wiring: Wiring, subject: int | None, actual: GoogleUser | GoogleGroup
) -> tuple[Link, ...]:
    """Find whose else it is by its id or its address, ended or not."""
    found = (
        links.by_google_id(wiring.state, actual.id),
        links.by_address(wiring.state, address_of(actual)),
    )
    others = {link.subject: link for link in found if link is not None and link.subject != subject}
    return tuple(others.values())
