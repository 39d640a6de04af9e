"""A person's answer to "whose is this account at Google?": links are bound and forgotten by hand.

It must not know how the answer is given, nor deliver anything but our mark.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from gapps_hooks.claimants import CannotBind, address_of, claimants, demand_unclaimed
from gapps_hooks.deliver.desired import Contradiction, desired_account, group_address
from gapps_hooks.deliver.people import look_at_person
from gapps_hooks.deliver.wishes import touch_groups_with
from gapps_hooks.errors import GappsHooksError, NotFound
from gapps_hooks.model import Account, GoogleGroup, GoogleUser, Group, Identity, Kind, Link
from gapps_hooks.outbox import State, entries, history, leases, links, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.payload import account_from, group_from
from gapps_hooks.plan.aliases import remember_aliases
from gapps_hooks.plan.creation import remember_state
from gapps_hooks.plan.existing import SUSPENDED_THERE
from gapps_hooks.plan.fields import differ_from_actual
from gapps_hooks.plan.rules import left_alone, make_mark
from gapps_hooks.preview import entry_of
from gapps_hooks.wiring import Wiring

#: Seconds to wait for a delivery of the same subject to end.
_PATIENCE: Final = 15.0
_POLL: Final = 0.1


@dataclass(frozen=True, slots=True)
class Bound:
    """A link that was made by hand."""

    subject: int
    link: Link
    note: str
    #: Whether the account is an administrator's or protected, and nothing is delivered to it.
    left_alone: bool


def bind(wiring: Wiring, kind: Kind, name: str, address: str, *, suspending: bool = False) -> Bound:
    """Link a person or group to the account or group at Google with exactly this primary address.

    Neither name nor address is changed by it: a bound account keeps the address that it has.
    What waits for the subject is due at once. An administrator's or protected account is linked
    as it is, and left alone. ``suspending`` allows a link by which a living account would be
    suspended at once.

    Raises:
        CannotBind: nothing at Google has the address, or only as an alias; or the account would be
            suspended; or another has it, and nobody here has the name.
        Claimed: another link that still lives has it.
        GappsHooksError: Google, the source or the state could not be asked.
    """
    actual = _find(wiring, kind, address.lower())
    subject = subjects.of_name(wiring.state, kind, name)
    demand_unclaimed(wiring, kind, name, subject, actual)
    alone = isinstance(actual, GoogleUser) and left_alone(actual, wiring.rules)
    if isinstance(actual, GoogleUser) and not (alone or suspending):
        _demand_enabled(wiring, name, actual)
    if subject is None:
        subject = subjects.create(wiring.state, kind, name)
    with exclusively(wiring.state, subject, wiring.sleep):
        link, note = _bind(wiring, subject, name, actual)
        if not alone:
            entries.touch(wiring.state, kind, name)
    history.write(
        wiring.state,
        subject=subject,
        kind=kind,
        name=name,
        what="bind",
        verdict="done",
        line=f"linked by hand to {link.address}; {note}",
    )
    # they may have left out one of whom it was not known who he is
    touch_groups_with(wiring, kind.called(name), link.address)
    return Bound(subject=subject, link=link, note=note, left_alone=alone)


def forget(state: State, link: Link, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Forget a link, as if the account or group had never been seen; Google is left as it is.

    Raises:
        CannotBind: a delivery that is under way does not end.
    """
    with exclusively(state, link.subject, sleep):
        links.forget(state, link.subject)


@contextmanager
def exclusively(state: State, subject: int, sleep: Callable[[float], None]) -> Iterator[None]:
    """Keep deliveries of the subject away meanwhile; raise CannotBind if one does not end."""
    waited = 0.0
    while (lease := leases.hold(state.directory, subject)) is None:
        if waited >= _PATIENCE:
            raise CannotBind("it is being delivered right now; try again in a moment")
        sleep(_POLL)
        waited += _POLL
    with lease:
        yield


def _find(wiring: Wiring, kind: Kind, address: str) -> GoogleUser | GoogleGroup:
    what = "account" if kind is Kind.USER else "group"
    actual: GoogleUser | GoogleGroup
    try:
        if kind is Kind.USER:
            actual = wiring.directory.get_user(address)
        else:
            actual = wiring.directory.get_group(address)
    except NotFound as error:
        raise CannotBind(
            f"Google has no {what} {address}; look in the Admin console, or let one be made"
        ) from error
    primary = address_of(actual)
    if primary != address:
        raise CannotBind(
            f"{address} is only an alias of the {what} {primary} at Google; if that is who you "
            f"mean, bind {primary}"
        )
    return actual


def _bind(
    wiring: Wiring, subject: int, name: str, actual: GoogleUser | GoogleGroup
) -> tuple[Link, str]:
    state = wiring.state
    entry, before = entries.get(state, subject), links.of(state, subject)
    former = tuple(one for one in claimants(wiring, subject, actual) if one.ended_at is not None)
    known = before or (former[0] if former else None)
    if isinstance(actual, GoogleGroup):
        link = _bound_group(wiring, subject, name, entry, actual)
        _replace(state, former, link)
        return link, "its members are looked at"
    link = _bound_user(wiring, subject, name, entry, actual, known)
    # Our mark says whose it is, so it is sent only once the link is certain.
    _replace(state, former, link)
    try:
        return link, _mark(wiring, name, link.identity, actual)
    except GappsHooksError:
        with state.transaction():
            links.forget(state, subject)
            for one in (*former, *((before,) if before is not None else ())):
                links.save(state, one)
        raise


def _replace(state: State, former: tuple[Link, ...], link: Link) -> None:
    """Put the link in the place of those of people who are gone; raise Claimed if one lives."""
    with state.transaction():
        for other in former:
            links.forget(state, other.subject)
        links.save(state, link)


# --- a person ------------------------------------------------------------------------------------


def _demand_enabled(wiring: Wiring, name: str, actual: GoogleUser) -> None:
    """See that the account does not lose its life by being linked."""
    if actual.suspended:
        return
    try:
        account = desired_account(wiring, entry_of(wiring, Kind.USER, name))
    except Contradiction:
        return  # nothing is concluded from it by the delivery either
    if account is None or account.enabled is False:
        here = "unknown to the account manager" if account is None else "not enabled for Google"
        raise CannotBind(
            f"{name} is {here}, so that the live account {actual.primary_email} would be suspended "
            f"once it is linked; nothing was changed. Enable {name} first (see [enabled] in the "
            "settings), or repeat with --force if the account is to be suspended"
        )


def _bound_user(  # noqa: PLR0913, PLR0917 - both sides of the link
    wiring: Wiring,
    subject: int,
    name: str,
    entry: Entry | None,
    actual: GoogleUser,
    known: Link | None,
) -> Link:
    account = _account(wiring, name, entry)
    identity = _identity(wiring, subject, entry, account)
    digest = wiring.state.digest
    delivered = dict(known.delivered) if known else {}
    wanted = wiring.policy.choose_address(account)
    ours = known is not None and known.suspended_by_us
    # The address that the policy gives counts as delivered: binding is no rename. An account that
    # we suspended counts as disabled, so that it is restored if the person is enabled.
    enabled = not (ours and actual.suspended)
    delivered |= {"address": digest(wanted), "enabled": digest(enabled)}
    if left_alone(actual, wiring.rules):
        delivered |= _seen(wiring, name, actual, account)
    return Link(
        subject=subject,
        google_id=actual.id,
        address=actual.primary_email,
        name=name,
        identity=identity,
        delivered=delivered,
        created=known.created if known else False,
        administrator=actual.administrator,
        administrator_checked_at=wiring.clock(),
        suspended_by_us=ours,
    )


def _seen(wiring: Wiring, name: str, actual: GoogleUser, account: Account) -> dict[str, Any]:
    """Remember what is wanted as delivered, so that only a later change of it is refused."""
    person = look_at_person(wiring, entry_of(wiring, Kind.USER, name))
    if person.account is None:
        return {}
    seen = {**remember_state(person, wiring.rules), **remember_aliases(person, wiring.rules)}
    if actual.suspended:
        seen["enabled"] = wiring.state.digest(SUSPENDED_THERE)
    return seen | {"address": wiring.state.digest(wiring.policy.choose_address(account))}


def _mark(wiring: Wiring, name: str, identity: Identity | None, actual: GoogleUser) -> str:
    if left_alone(actual, wiring.rules):
        return "an administrator or protected: linked and left alone"
    if wiring.settings.mode == "observe":
        return "left unmarked, because the mode is observe"
    mark = make_mark(wiring.rules, name, identity)
    said_nothing = Account(username=name)
    body = differ_from_actual(said_nothing, actual, {}, wiring.rules, mark).body
    if body:
        wiring.directory.patch_user(actual.id, body)
    return "marked as managed from here"


def _account(wiring: Wiring, name: str, entry: Entry | None) -> Account:
    found = wiring.source.account(name) if wiring.source else None
    return found or account_from(entry.patch if entry else {}, name)


def _identity(
    wiring: Wiring, subject: int, entry: Entry | None, thing: Account | Group
) -> Identity | None:
    if entry is not None and entry.identity is not None:
        return entry.identity
    known = subjects.identities(wiring.state, subject)
    return thing.id or next(iter(sorted(known, key=lambda one: not one.lasting)), None)


# --- a group -------------------------------------------------------------------------------------


def _bound_group(
    wiring: Wiring, subject: int, name: str, entry: Entry | None, actual: GoogleGroup
) -> Link:
    found = wiring.source.group(name) if wiring.source else None
    group = found or group_from(entry.patch if entry else {}, name)
    wanted = group_address(wiring, group, None)
    return Link(
        subject=subject,
        google_id=actual.id,
        address=actual.email,
        name=name,
        identity=_identity(wiring, subject, entry, group),
        delivered={"address": wiring.state.digest(wanted)},
    )
