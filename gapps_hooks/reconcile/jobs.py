"""One subject of a reconcile carried out: under its lease, if it is still as it was planned.

It must not know other subjects, nor when it is its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from gapps_hooks.deliver import group as group_delivery
from gapps_hooks.deliver import user as user_delivery
from gapps_hooks.deliver.carrying import reserve_some
from gapps_hooks.deliver.desired import resolve_members
from gapps_hooks.deliver.freeing import AliasRefused
from gapps_hooks.deliver.gatherings import gather
from gapps_hooks.deliver.people import look_at_person
from gapps_hooks.deliver.wishes import forget_arrival
from gapps_hooks.errors import (
    GappsHooksError,
    GoogleFault,
    NotYet,
    OutOfTime,
    Passing,
    Refused,
    Throttled,
)
from gapps_hooks.first_passwords import said_of_passwords
from gapps_hooks.model import Change, GoogleMember, Kind, Refusal, Role, Verb
from gapps_hooks.outbox import entries, leases, links, memberships, references, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.plan.gathering import Gathering, Resolved
from gapps_hooks.plan.person import Person
from gapps_hooks.reconcile.freshness import is_old, looked_anew
from gapps_hooks.reconcile.reviewing import why_not_reviewed
from gapps_hooks.reconcile.strangers import suspend_stranger
from gapps_hooks.reconcile.work import Work, entry_for
from gapps_hooks.wiring import Wiring

#: Sends several members of a group at once, as ``map`` does one after the other.
Each = Callable[..., Iterable[str | None]]


class Moved(GappsHooksError):
    """Something came in between: the subject is left to its own delivery."""


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A work and how far it has come; one thread at a time has it."""

    work: Work
    #: Whether the bounds are lifted for it.
    released: bool = False
    #: Whether people have reviewed what is planned, so that nothing else may be done.
    reviewed: bool = False
    #: Since when what was planned from is true (wall-clock seconds).
    read_at: float
    #: As what it is delivered, once it has begun.
    entry: Entry | None = None
    #: What is known now; None when it has to be looked at anew.
    known: Person | Gathering | None = None
    done: list[Change] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    #: Whether what was planned is out of date, and it is looked at anew.
    anew: bool = False
    #: How often it was put aside.
    tries: int = 0
    due_at: float = 0.0
    #: Whether an answer was lost, so that more may be done than is known.
    doubtful: bool = False
    #: Of a group: who is still to come in this run, and how many came since its last turn.
    awaited: set[str] = field(default_factory=set)
    arrived: int = 0
    #: Of a group: whether some of its members are made in this run, and may not be seen at once.
    settling: bool = False
    #: Of a group: members whom Google did not know yet.
    missing: int = 0
    #: Of a group: whether an alias or a member was refused while others were still to come.
    unsettled: bool = False

    #: Whether its outcome is told, and it has no more turns.
    finished: bool = False

    @property
    def creates(self) -> bool:
        """Whether an account is made."""
        return Verb.CREATE in self.work.piece.verbs

    @property
    def planned_refusals(self) -> tuple[Refusal, ...]:
        """Why it was refused before anything was sent."""
        return self.work.piece.plan.refusals


def carry_out_person(wiring: Wiring, job: Job) -> None:
    """Bring a person's account to what was planned, or nearer to it.

    Raises:
        Moved: something came in between.
        GappsHooksError: the verdict why not, or not wholly; ``job.done`` holds what was confirmed.
    """
    with _held(wiring, job) as entry:
        known = job.known if isinstance(job.known, Person) else None
        person = known or _look(wiring, job, entry)
        suspends = Verb.SUSPEND in job.work.piece.verbs
        if known is not None and (suspends or is_old(job.read_at, wiring.clock())):
            person = looked_anew(wiring, entry, known)
        job.known = None  # whatever becomes of it, a second try looks anew
        person, _ = user_delivery.prepare(wiring, entry, person)
        if {Verb.PASSWORD} & job.work.piece.verbs and not job.creates:
            reserve_some(wiring, entry, Verb.PASSWORD, 1)
        try:
            person, plan = user_delivery.bring_about(wiring, entry, person, job.done)
        except AliasRefused:
            _remember(wiring, job, entry)
            raise
        forget_arrival(wiring, entry.subject)
        _remember(wiring, job, entry)
        job.notes = (*said_of_passwords(job.done), *plan.notes)


def _look(wiring: Wiring, job: Job, entry: Entry) -> Person:
    person = look_at_person(wiring, entry)
    planned = job.work.known
    return replace(person, password=planned.password if isinstance(planned, Person) else None)


def _remember(wiring: Wiring, job: Job, entry: Entry) -> None:
    if any(Verb.PASSWORD in change.verbs for change in job.done):
        entries.password_came(wiring.state, entry.subject)
    link = links.of(wiring.state, entry.subject)
    if link is not None and job.work.remembers:
        delivered = {**link.delivered, **job.work.remembers}
        links.save(wiring.state, replace(link, delivered=delivered))


def carry_out_group(wiring: Wiring, job: Job, each: Each) -> None:
    """Bring a group to what was planned, as far as its members are at Google by now.

    Raises as carry_out_person.
    """
    with _held(wiring, job) as entry:
        first = len(job.done)
        old = first == 0 and is_old(job.read_at, wiring.clock())
        known = job.known if isinstance(job.known, Gathering) and not old else None
        known = known or _gather(wiring, job, entry)
        job.known, job.unsettled = None, False
        # Who comes from now on is in the next turn, this one being the last or not.
        more = bool(job.awaited)
        # Read before the names: whoever gets his new one in between is known by either.
        rows = memberships.of(wiring.state, entry.subject)
        gathering = replace(known, memberships=rows, members=_resolved(wiring, job))
        before = links.of(wiring.state, entry.subject)
        try:
            gathering, job.notes = group_delivery.bring_about(
                wiring, entry, gathering, job.done, each
            )
        except group_delivery.LEFT_OUT as error:
            if not more:
                raise
            job.unsettled, job.notes = True, (str(error),)
            return
        forget_arrival(wiring, entry.subject)
        job.missing = sum(note.endswith(group_delivery.UNKNOWN_MEMBER) for note in job.notes)
        job.known = _afterwards(wiring, entry, gathering, job.done[first:], made=before is None)


def _afterwards(
    wiring: Wiring, entry: Entry, gathering: Gathering, done: list[Change], *, made: bool
) -> Gathering:
    """What is known for the group's next turn, without asking Google again."""
    empty = made and any(Verb.CREATE_GROUP in change.verbs for change in done)
    present = () if empty else gathering.present
    return replace(
        gathering,
        link=links.of(wiring.state, entry.subject),
        present=None if present is None else _present(present, done),
        actual=None,
        asked=False,
        taken=False,
        attempted=False,
        holder=None,
    )


def _resolved(wiring: Wiring, job: Job) -> tuple[Resolved, ...] | None:
    members, names = job.work.members, job.work.names
    if members is None:
        return None
    return resolve_members(wiring, names.as_known(wiring.state, members))


def _gather(wiring: Wiring, job: Job, entry: Entry) -> Gathering:
    planned = job.work.known
    group = planned.group if isinstance(planned, Gathering) else None
    gathering = gather(wiring, entry, group)
    if gathering.link is None:
        return gathering
    return replace(gathering, link=replace(gathering.link, confirmed_at=0.0))


def _present(present: Iterable[GoogleMember], done: Iterable[Change]) -> tuple[GoogleMember, ...]:
    """Say who is in a group after these changes."""
    found = {one.id or one.email: one for one in present}
    for change in done:
        key = str(change.body.get("id") or change.body.get("email"))
        if Verb.REMOVE_MEMBER in change.verbs:
            found.pop(key, None)
        elif {Verb.ADD_MEMBER, Verb.CHANGE_ROLE}.intersection(change.verbs):
            role, email = Role(change.body["role"]), str(change.body["email"])
            known = found.get(key) or GoogleMember(id=key, email=email)
            found[key] = replace(known, role=role)
    return tuple(found.values())


def carry_out_stranger(wiring: Wiring, job: Job) -> None:
    """Suspend an account that nobody here has; raises as carry_out_person."""
    for change in job.work.piece.plan.changes:
        foreseen = job.work.foreseen
        job.done += suspend_stranger(wiring, change, foreseen=foreseen, released=job.released)
    if not job.done:
        job.notes = ("somebody here has it by now, or it is to be left alone",)


# --- the right to do it --------------------------------------------------------------------------


@contextmanager
def _held(wiring: Wiring, job: Job) -> Iterator[Entry]:
    subject = job.entry.subject if job.entry is not None else _subject(wiring, job.work)
    lease = leases.hold(wiring.state.directory, subject)
    if lease is None:
        raise Moved("another process is delivering it")
    with lease:
        if job.entry is None:
            job.entry = _begin(wiring, job, subject)
            job.known = None if job.anew else job.work.known
        elif _generation(wiring, subject) != job.entry.generation:
            raise Moved("an event came meanwhile, and it is left to delivery")
        idle = not job.work.piece.plan.changes
        if job.planned_refusals and idle and not job.anew:  # only the new name is noted
            raise Refused(job.planned_refusals[0].text)
        # Whoever is missing at Google is asked for as often as delivery asks.
        job.entry = replace(job.entry, attempts=job.tries)
        yield job.entry


def _subject(wiring: Wiring, work: Work) -> int:
    piece = work.piece
    if piece.subject is not None:
        return piece.subject
    with wiring.state.transaction():
        if subjects.of_name(wiring.state, piece.kind, piece.name) is not None:
            raise Moved("an event came meanwhile, and it is left to delivery")
        return subjects.create(wiring.state, piece.kind, piece.name)


def _begin(wiring: Wiring, job: Job, subject: int) -> Entry:
    """See that nothing came in between, and count what is done as an event of its own."""
    state, work = wiring.state, job.work
    with state.transaction():
        waiting = entries.get(state, subject)
        known = work.known.link if work.known is not None else None
        if (
            (waiting is not None and not waiting.idle)
            or _generation(wiring, subject) != work.piece.generation
            or links.of(state, subject) != known
        ):
            raise Moved("an event came meanwhile, and it is left to delivery")
        if work.old_name is not None:
            subjects.rename(state, subject, work.piece.name)
            references.follow(state, work.piece.kind, work.old_name, work.piece.name)
        generation = subjects.advance(state, subject)
    return entry_for(work, subject, generation, wiring.clock(), released=job.released)


def _generation(wiring: Wiring, subject: int) -> int:
    if subjects.final(wiring.state, subject) != subject:
        return -1
    return subjects.generation_of(wiring.state, subject)


def run(wiring: Wiring, job: Job, each: Each) -> None:
    """Carry out whatever kind of work it is; raises as carry_out_person."""
    if job.reviewed:
        wiring = replace(wiring, forbids=partial(why_not_reviewed, job.work.piece.plan.changes))
    try:
        if job.work.piece.kind is Kind.GROUP:
            carry_out_group(wiring, job, each)
        elif job.work.known is None:
            carry_out_stranger(wiring, job)
        else:
            carry_out_person(wiring, job)
    except GoogleFault as fault:
        certain = isinstance(fault, Throttled | OutOfTime | NotYet)
        job.doubtful |= fault.tried_before or (isinstance(fault, Passing) and not certain)
        raise
