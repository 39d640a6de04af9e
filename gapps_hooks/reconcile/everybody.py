"""A reconcile of everybody: both sides read whole, planned, checked, carried out.

It must not know arguments, terminals or files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from gapps_hooks.errors import GappsHooksError, SourceUnreadable
from gapps_hooks.model import Kind, Outcome, Plan, Refusal
from gapps_hooks.outbox import leases
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.plan.group import plan_group
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.strangers import plan_stranger
from gapps_hooks.plan.user import plan_user
from gapps_hooks.plan.whole import REMOVING, Piece, Whole, in_order
from gapps_hooks.preview import administrator_notice
from gapps_hooks.reconcile.applying import Applying, Progress
from gapps_hooks.reconcile.checking import check_bounds, counted
from gapps_hooks.reconcile.claims import Claims
from gapps_hooks.reconcile.collisions import without_collisions
from gapps_hooks.reconcile.groups import GroupsPlanner
from gapps_hooks.reconcile.held import go_on
from gapps_hooks.reconcile.lost import find_lost
from gapps_hooks.reconcile.missing import doubt
from gapps_hooks.reconcile.notebook import Notebook
from gapps_hooks.reconcile.org_units import tell_new_units
from gapps_hooks.reconcile.passwordless import without_passwordless
from gapps_hooks.reconcile.people import PeoplePlanner
from gapps_hooks.reconcile.prospects import Prospects
from gapps_hooks.reconcile.saving import Saved
from gapps_hooks.reconcile.snapshot import Snapshot, take
from gapps_hooks.reconcile.work import Work, seen_user
from gapps_hooks.wiring import Wiring

#: Threads that read the members of groups; the shared rate limit decides how many are needed.
_READERS: Final = 16

#: Is told what is being read, and how many of it came so far.
Reading = Callable[[str, int], None]


class AlreadyRunning(GappsHooksError):
    """Another reconcile of everybody is under way in this installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Both sides compared: the plan, the works behind it, and what people should know."""

    whole: Whole
    #: Since when what Google said is true (wall-clock seconds).
    read_at: float
    works: Mapping[str, Work]
    notices: tuple[str, ...] = ()
    #: What is to be said of every run, though nothing failed.
    remarks: tuple[str, ...] = ()
    #: Whether nothing could be compared, because the source said nothing of anybody.
    blind: bool = False
    #: The pieces that are left to delivery, because an event on them waits.
    waiting: tuple[Piece, ...] = ()
    #: What was held before, and waits for a person.
    held: tuple[Entry, ...] = ()
    #: The wiring with which this plan has to be carried out.
    wiring: Wiring = field(repr=False)


@contextmanager
def alone(wiring: Wiring) -> Iterator[None]:
    """See that nobody else reconciles everybody meanwhile.

    Raises:
        AlreadyRunning: somebody does.
    """
    lease = leases.hold(wiring.state.directory, leases.EVERYBODY)
    if lease is None:
        raise AlreadyRunning("another reconcile is under way; wait for it to end, or stop it there")
    with lease:
        yield


def look(
    wiring: Wiring,
    *,
    dry: bool,
    push_passwords: bool = False,
    reading: Reading = lambda *_: None,
) -> Looked:
    """Read both sides whole and plan for everybody.

    A look that is not ``dry`` writes down of whom Google has everything as it should be.

    Raises:
        SourceUnreadable: there is no source, or it says nothing at all.
        GoogleFault: Google cannot be asked, or refuses to list.
    """
    if wiring.source is None:
        raise SourceUnreadable(
            "without a source there is nothing to compare Google with: set [source] type, or name "
            "people and groups"
        )
    snapshot = take(wiring, wiring.source, reading)
    doubt(snapshot, wiring)
    wiring = replace(wiring, source=snapshot.source)
    notebook = Notebook(wiring=wiring, read_at=snapshot.google.read_at, closed=dry)
    claims = Claims(wiring=wiring, snapshot=snapshot)
    works = _plan(claims, notebook, push_passwords=push_passwords, reading=reading)
    wiring, works = _careful(wiring, snapshot, works)
    notebook.close(adding_only=wiring.rules.adding_only)
    pieces = in_order(work.piece for work in works if not work.silent)
    pieces, passwordless = without_passwordless(pieces)
    blind = snapshot.blind and not any(one.plan.changes or one.plan.refusals for one in pieces)
    notice = None if blind else administrator_notice(wiring, (piece.plan for piece in pieces))
    incomplete = snapshot.said_once if blind else tuple(dict.fromkeys(snapshot.incomplete))
    return Looked(
        whole=Whole(pieces=pieces, incomplete=incomplete),
        blind=blind,
        read_at=snapshot.google.read_at,
        works={work.piece.key: work for work in works},
        notices=(notice,) if notice else (),
        remarks=(*_remarks(claims, pieces, dry=dry), *passwordless),
        waiting=tuple(piece for piece in pieces if _waits(snapshot, piece)),
        held=tuple(one for one in snapshot.memory.entries.values() if one.status == "held"),
        wiring=wiring,
    )


def _remarks(claims: Claims, pieces: Iterable[Piece], *, dry: bool) -> Iterator[str]:
    if _suspends_strangers(claims.wiring) and (why := claims.why_no_strangers()):
        yield why
    announced = dry and claims.wiring.settings.org_units.create
    if announced and (units := _new_units(claims.wiring, claims.snapshot, pieces)):
        yield units


def _waits(snapshot: Snapshot, piece: Piece) -> bool:
    entry = snapshot.memory.entries.get(piece.subject) if piece.subject is not None else None
    return entry is not None and entry.status == "waiting"


def _plan(
    claims: Claims, notebook: Notebook, *, push_passwords: bool, reading: Reading
) -> list[Work]:
    wiring, snapshot = claims.wiring, claims.snapshot
    prospects = Prospects()
    people = PeoplePlanner(
        wiring=wiring,
        snapshot=snapshot,
        push_passwords=push_passwords,
        confirm=notebook.person,
        prospects=prospects,
        lost=find_lost(wiring, snapshot),
        claims=claims,
    )
    works = list(without_collisions(snapshot, list(people.works())))
    read = iter(range(1, len(snapshot.google.groups) + 1))
    with ThreadPoolExecutor(_READERS, "members") as readers:
        groups = GroupsPlanner(
            wiring=wiring,
            snapshot=snapshot,
            prospects=prospects,
            confirm=notebook.group,
            readers=readers,
            progress=lambda: reading("members of groups", next(read, 0)),
        )
        try:
            works.extend(without_collisions(snapshot, list(groups.works())))
        finally:
            readers.shutdown(wait=True, cancel_futures=True)
    if _suspends_strangers(wiring) and not claims.why_no_strangers():
        works.extend(_strangers(wiring, snapshot, claims))
    return works


def _new_units(wiring: Wiring, snapshot: Snapshot, pieces: Iterable[Piece]) -> str:
    changes = (change for piece in pieces for change in piece.plan.changes)
    return tell_new_units(wiring.directory, snapshot.google.users.values(), changes)


def _suspends_strangers(wiring: Wiring) -> bool:
    return wiring.settings.unknown_accounts == "suspend"


def _strangers(wiring: Wiring, snapshot: Snapshot, claims: Claims) -> Iterator[Work]:
    """Plan for the accounts that nobody here has."""
    for user in snapshot.google.users.values():
        plan = Plan() if user.id in claims.claimed else plan_stranger(user, wiring.rules)
        if plan.changes:
            actual = seen_user(user, wiring.state.digest)
            piece = Piece(kind=Kind.USER, name=user.primary_email, actual=actual, plan=plan)
            yield Work(piece=piece, foreseen=snapshot.memory.entries)


def _careful(wiring: Wiring, snapshot: Snapshot, works: list[Work]) -> tuple[Wiring, list[Work]]:
    """After a read that was not whole nothing is taken away from anybody."""
    if not snapshot.incomplete:
        return wiring, works
    careful = replace(wiring, rules=replace(wiring.rules, adding_only=True))
    again = [one for work in works if (one := _adding_only(careful, work)) is not None]
    return careful, list(without_collisions(snapshot, again, frees=False))


def _adding_only(wiring: Wiring, work: Work) -> Work | None:
    if not REMOVING & work.piece.verbs:
        return work
    if work.known is None:
        return None
    now = wiring.clock()
    planned = (
        plan_user(work.known, wiring.rules, now)
        if isinstance(work.known, Person)
        else plan_group(work.known, wiring.rules, now)
    )
    if not isinstance(planned, Plan):
        planned = Plan(refusals=(Refusal("it cannot be planned from what was read"),))
    return replace(work, piece=replace(work.piece, plan=planned))


# --- for real ------------------------------------------------------------------------------------


def reviewed(looked: Looked, saved: Saved) -> tuple[list[Work], dict[str, str]]:
    """Take of a reviewed plan what still holds; say of the rest, by name, what changed since."""
    works: list[Work] = []
    changed: dict[str, str] = {}
    waiting = {piece.key for piece in looked.waiting}
    digest = looked.wiring.state.digest
    for key in saved.pieces:
        work = looked.works.get(key)
        why = saved.why_not(key, work.piece if work else None, digest, waits=key in waiting)
        if why is None and work is not None:
            works.append(work)
        else:
            changed[key] = why or ""
    return works, changed


def everything(looked: Looked) -> list[Work]:
    """Take whatever the plan does, and what is only to be remembered."""
    return [work for work in looked.works.values() if _is_due(work)]


def refused(looked: Looked) -> list[Work]:
    """Take what was refused, and may no longer be once the rest is done."""
    works = [work for work in looked.works.values() if not _is_due(work)]
    return [work for work in works if work.piece.plan.refusals and work.known is not None]


def _is_due(work: Work) -> bool:
    return work.settles or bool(work.piece.plan.changes)


def carry_out(  # noqa: PLR0913 - the words by which it is asked for
    looked: Looked,
    works: list[Work],
    *,
    force: bool,
    reviewed_only: bool = False,
    refused: Iterable[Work] = (),
    report: Callable[[Outcome], None],
    started: Callable[[Applying], None] = lambda _: None,
) -> Progress:
    """Carry the works out, after holding them against the bounds as a whole.

    ``refused`` are tried as well once an address that they want is free. With ``reviewed_only``
    nothing is done that the works do not say, whatever Google has by now.

    Raises:
        TooMuch: more would be done than the bounds allow; nothing was changed.
    """
    wiring = looked.wiring
    if not force:
        check_bounds(wiring, counted(works))
    applying = Applying(
        wiring, released=force, reviewed=reviewed_only, read_at=looked.read_at, report=report
    )
    started(applying)
    ordered = {piece.key: at for at, piece in enumerate(looked.whole.pieces)}
    works = sorted(works, key=lambda work: ordered.get(work.piece.key, 0))
    progress = applying.apply(works, refused)
    if not (reviewed_only or progress.stopped or looked.whole.incomplete):
        for outcome in go_on(wiring, looked.held, force=force):
            progress.outcomes.append(outcome)
            report(outcome)
    return progress
