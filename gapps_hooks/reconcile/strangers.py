"""An account that nobody here has, suspended: after a last look at it, and within the bound.

It must not know who is here, nor when it is its turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from gapps_hooks.deliver.carrying import Held, limit_of
from gapps_hooks.deliver.send import send
from gapps_hooks.errors import GappsHooksError, NotFound, Refused
from gapps_hooks.model import Change, Kind, Plan, Verb
from gapps_hooks.outbox import bounds, entries, links
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.plan.strangers import plan_stranger
from gapps_hooks.wiring import Wiring

#: The bounds count by subject, and a stranger has none.
_NOBODY: Final = 0
_DIGITS: Final = 7


class Awaited(GappsHooksError):
    """Somebody came since it was planned, and it is not known which account will be theirs."""


def suspend_stranger(
    wiring: Wiring, change: Change, *, foreseen: Mapping[int, Entry], released: bool
) -> tuple[Change, ...]:
    """Suspend the account, and return what was done: nothing if somebody here has it by now.

    ``foreseen`` are the entries that waited when it was planned, by subject.

    Raises:
        Awaited: another waits by now, of one who has no account yet.
        Held: more would be suspended within 24 hours than the settings allow.
        GappsHooksError: the verdict why not.
    """
    _demand_nobody_awaited(wiring, foreseen)
    for planned in _look(wiring, change).changes:
        reason = wiring.policy.veto(planned, None)
        if reason is not None:
            raise Refused(f"the organisation's policy refuses it: {reason}")
        _reserve(wiring, planned, released=released)
        try:
            send(wiring.directory, planned)
        except GappsHooksError:
            bounds.give_back(wiring.state, _NOBODY, _number(planned), Verb.SUSPEND)
            raise
        return (planned,)
    return ()


def _look(wiring: Wiring, change: Change) -> Plan:
    """Plan anew: since the lists were read it may have become somebody's, or an administrator's."""
    if links.by_google_id(wiring.state, change.google_id) is not None:
        return Plan()
    try:
        return plan_stranger(wiring.directory.get_user(change.google_id), wiring.rules)
    except NotFound:
        return Plan()


def _demand_nobody_awaited(wiring: Wiring, foreseen: Mapping[int, Entry]) -> None:
    """Which address somebody is to have is known to delivery, which reads everything anew."""
    for entry in entries.all_entries(wiring.state):
        before = foreseen.get(entry.subject)
        known = before is not None and before.generation == entry.generation
        if entry.kind is not Kind.USER or known or _has_account(wiring, entry.subject):
            continue
        raise Awaited(f"left to the next reconcile: an event on {entry.name} came meanwhile")


def _has_account(wiring: Wiring, subject: int) -> bool:
    link = links.of(wiring.state, subject)
    return link is not None and link.ended_at is None


def _reserve(wiring: Wiring, change: Change, *, released: bool) -> None:
    limit = None if released else limit_of(wiring, Verb.SUSPEND)
    number = _number(change)
    over = bounds.reserve(wiring.state, _NOBODY, number, Verb.SUSPEND, 1, limit)
    if over is not None:
        raise Held(over, change.address)


def _number(change: Change) -> int:
    return int.from_bytes(sha256(change.google_id.encode()).digest()[:_DIGITS], "big")
