"""Carrying out a plan: within the bounds, past the policy's veto, remembered change by change.

It must not know how a plan is made, nor what becomes of an entry whose plan fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gapps_hooks.deliver.memory import Owner, remember_change
from gapps_hooks.deliver.noting import noted
from gapps_hooks.deliver.org_units import lacking, make_org_unit, missing_unit
from gapps_hooks.deliver.send import Answer, send
from gapps_hooks.errors import AlreadyExists, GappsHooksError, Outage, Refused, Throttled
from gapps_hooks.model import (
    Account,
    Change,
    GoogleGroup,
    GoogleMember,
    GoogleUser,
    Link,
    Plan,
    Verb,
)
from gapps_hooks.outbox import bounds, creations, links, memberships
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.settings import BoundSettings
from gapps_hooks.wiring import Wiring


class Held(GappsHooksError):
    """Too much at once: the entry waits until a person releases it.

    ``excess`` says what is too much, for whoever has another way to let it go.
    """

    def __init__(self, over: bounds.Exceeded, subject: str) -> None:
        self.excess = (
            f"{over.used + over.asked} x {over.verb} within 24 hours is more than the bound of "
            f"{over.limit}"
        )
        super().__init__(f"{self.excess}; if it is right: gapps-hooks outbox release {subject}")


class Observed(GappsHooksError):
    """Nothing is sent, because the settings say to observe; ``plan`` is what would be done."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("observing: nothing is sent")
        self.plan = plan


#: How each bounded verb's limit is found, from the settings and the number of what it acts on.
_LIMITS: Final[dict[Verb, Callable[[BoundSettings, int], int | None]]] = {
    Verb.CREATE: lambda limits, _: limits.create,
    Verb.CREATE_GROUP: lambda _, __: None,
    Verb.SUSPEND: lambda limits, population: limits.suspend.limit(population),
    Verb.RESTORE: lambda limits, population: limits.restore.limit(population),
    Verb.RENAME: lambda limits, population: limits.rename.limit(population),
    Verb.REMOVE_MEMBER: lambda limits, population: limits.remove_member.limit(population),
    Verb.DELETE_GROUP: lambda limits, population: limits.delete_group.limit(population),
    Verb.REMOVE_ALIAS: lambda limits, population: limits.remove_alias.limit(population),
    Verb.REMOVE_GROUP_ALIAS: lambda limits, population: limits.remove_alias.limit(population),
    Verb.PASSWORD: lambda limits, population: limits.password.limit(population),
}
_TAKES: Final = frozenset({Verb.REMOVE_ALIAS, Verb.REMOVE_GROUP_ALIAS})
#: Events bring passwords one by one, because somebody set one; only a reconcile pushes them.
_OF_EVENTS: Final = _LIMITS.keys() - {Verb.PASSWORD}


def reserve(wiring: Wiring, entry: Entry, plan: Plan, done: Iterable[Change]) -> None:
    """Count the plan's bounded changes before the first is sent; all or nothing is done.

    ``done`` is what was done for the same entry already: in turns no more may be done than at once.

    Raises:
        Observed: the settings say that nothing is sent.
        Held: within 24 hours more of one kind would be done than the settings allow.
    """
    if plan.changes and wiring.settings.mode == "observe":
        raise Observed(plan)
    before = _counted(done)
    with wiring.state.transaction(durable=False):
        for verb, count in _needed(wiring, entry, plan).items():
            reserve_some(wiring, entry, verb, before[verb] + count)


def foresee(wiring: Wiring, entry: Entry, plan: Plan, before: Counter[Verb]) -> Held | None:
    """Say why the plan would be held, once ``before`` is done; if it would not be, add it there."""
    counts = _needed(wiring, entry, plan)
    for verb, count in counts.items():
        limit = None if entry.released else limit_of(wiring, verb)
        used = bounds.used(wiring.state, verb) + before[verb]
        if limit is not None and used + count > limit:
            over = bounds.Exceeded(verb=verb, used=used, asked=count, limit=limit)
            return Held(over, entry.kind.called(entry.name))
    before.update(counts)
    return None


def _needed(wiring: Wiring, entry: Entry, plan: Plan) -> Counter[Verb]:
    counts = _counted(plan.changes)
    if Verb.DELETE_GROUP in counts:  # takes everybody out of it
        counts[Verb.REMOVE_MEMBER] += len(memberships.of(wiring.state, entry.subject))
    return counts


def is_bounded(wiring: Wiring, plan: Plan) -> bool:
    """Whether the plan, delivered as an event is, could be held as too much."""
    return any(limit_of(wiring, verb) is not None for verb in _counted(plan.changes))


def _counted(changes: Iterable[Change]) -> Counter[Verb]:
    return Counter(verb for change in changes for verb in change.verbs if verb in _OF_EVENTS)


def reserve_some(wiring: Wiring, entry: Entry, verb: Verb, count: int) -> None:
    """Count so many changes of a kind before the first is sent; raises Held."""
    limit = None if entry.released else limit_of(wiring, verb)
    over = bounds.reserve(wiring.state, entry.subject, entry.generation, verb, count, limit)
    if over is not None:
        raise Held(over, entry.kind.called(entry.name))


def count_done(wiring: Wiring, entry: Entry, done: Iterable[Change]) -> None:
    """Count for good what an attempt did, so that the next one for the entry counts beside it."""
    for verb, count in Counter(verb for change in done for verb in change.verbs).items():
        if verb in _LIMITS:
            bounds.keep(wiring.state, entry.subject, entry.generation, verb, count)


def give_back(wiring: Wiring, entry: Entry, done: Iterable[Change]) -> None:
    """Count no more what was reserved for an entry that ended, or stopped, without doing it."""
    with wiring.state.transaction(durable=False):
        count_done(wiring, entry, done)
        for verb in _LIMITS:
            bounds.give_back(wiring.state, entry.subject, entry.generation, verb)


def limit_of(wiring: Wiring, verb: Verb) -> int | None:
    """Say how many changes of a kind are allowed in 24 hours; None where nothing bounds them."""
    if verb not in _LIMITS:
        return None
    count = memberships.count if verb is Verb.REMOVE_MEMBER else links.count
    population = count(wiring.state)
    return _LIMITS[verb](wiring.settings.bounds, population)


def maybe_our_own(wiring: Wiring, subject: int, error: AlreadyExists, *, attempted: bool) -> bool:
    """Whether what Google says is there already may be what we asked it to make.

    If it cannot be, the creation is no longer on its way: what is there is somebody else's.
    """
    if attempted or error.tried_before:
        return True
    with wiring.state.transaction():
        creations.finish(wiring.state, subject)
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """For whom changes are carried out, and what came of them so far."""

    owner: Owner
    #: Grows as changes are confirmed, so that a fault in the middle still tells the truth.
    done: list[Change]
    #: The person as the policy's veto is shown them.
    account: Account | None = None
    #: What Google last answered about the subject.
    known: GoogleUser | GoogleGroup | None = None


def carry_out(wiring: Wiring, task: Task, changes: tuple[Change, ...]) -> None:
    """Make the changes in order and remember each as soon as Google confirmed it.

    Raises:
        Refused: the policy vetoed a change.
        GoogleFault: the verdict of the call that failed.
        PolicyFailed: a plugin of the organisation raised.
    """
    for change in changes:
        aimed = _aim(wiring, task.owner, change)
        reason = wiring.policy.veto(aimed, task.account)
        if reason is not None:
            raise Refused(f"the organisation's policy refuses it: {reason}")
        forbidden = wiring.forbids(aimed)
        if forbidden is not None:
            raise Refused(forbidden)
        create = _creates(aimed)
        with noted(wiring, task.owner, aimed, task.known):
            answer = _create(wiring, task, aimed) if create else _send(wiring, aimed, task.known)
        _remember(wiring, task.owner, aimed, answer)
        task.done.append(_with_id(aimed, answer))


def _with_id(change: Change, answer: Answer) -> Change:
    """Note which id a member has: a list may not show him for a while."""
    if not isinstance(answer, GoogleMember):
        return change
    return replace(change, body={**change.body, "id": answer.id})


def _aim(wiring: Wiring, owner: Owner, change: Change) -> Change:
    """Give a change that follows a creation the id that the creation brought."""
    if _creates(change):
        return change
    link = links.of(wiring.state, owner.subject)
    return replace(change, google_id=change.google_id or (link.google_id if link else ""))


def _create(wiring: Wiring, task: Task, change: Change) -> Answer:
    """Send a creation, noted as being on its way for as long as nobody knows that it is not."""
    begun = creations.begin(wiring.state, task.owner.subject)
    try:
        return _send(wiring, change, task.known)
    except (Outage, Throttled) as fault:
        if begun and not fault.tried_before:
            with wiring.state.transaction():
                creations.finish(wiring.state, task.owner.subject)
        raise


def _creates(change: Change) -> bool:
    return bool({Verb.CREATE, Verb.CREATE_GROUP} & set(change.verbs))


def _send(wiring: Wiring, change: Change, known: GoogleUser | GoogleGroup | None) -> Answer:
    if change.verbs == (Verb.ADOPT,) and not change.body and change.password is None:
        return known
    try:
        return send(wiring.directory, change)
    except Refused as fault:
        unit = missing_unit(change, fault)
        if unit is None:
            raise
        if not wiring.settings.org_units.create:
            raise lacking(unit, fault) from fault
    make_org_unit(wiring.directory, unit)
    return send(wiring.directory, change)


def _remember(wiring: Wiring, owner: Owner, change: Change, answer: Answer) -> None:
    if isinstance(answer, GoogleUser | GoogleGroup):
        now, link = wiring.clock(), links.of(wiring.state, owner.subject)
        with wiring.state.transaction():
            links.save(wiring.state, remember_change(link, owner, change, answer, now))
            creations.finish(wiring.state, owner.subject)
    elif change.delivers or _TAKES.intersection(change.verbs):
        with wiring.state.transaction():  # the link may be another's, from whom an alias was freed
            link = links.by_google_id(wiring.state, change.google_id)
            if link is not None:
                links.save(wiring.state, replace(link, delivered=_delivered(wiring, link, change)))


def _delivered(wiring: Wiring, link: Link, change: Change) -> Mapping[str, Any]:
    """Say what the link holds now; whoever gives an alias again that went means it."""
    delivered = {**link.delivered, **change.delivers}
    if "former" in delivered and _TAKES.intersection(change.verbs):
        gone = wiring.rules.digest(change.body["alias"])
        delivered["former"] = tuple(one for one in delivered["former"] if one != gone)
    return delivered
