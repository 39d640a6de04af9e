"""What is to be done for each person, from both sides as they were read.

It must not know groups, nor write anything but through the notebook that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gapps_hooks.deliver.desired import with_policy
from gapps_hooks.deliver.people import ask_about_person, is_traced
from gapps_hooks.deliver.stored import Stored, look_at_stored
from gapps_hooks.errors import GappsHooksError, Outage, SourceUnreadable
from gapps_hooks.model import Account, GoogleUser, Kind, Link, Plan, Question, Refusal
from gapps_hooks.outbox import links, roll
from gapps_hooks.outbox.roll import Outline
from gapps_hooks.plan.freshness import is_stale
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.user import plan_user
from gapps_hooks.plan.whole import Piece
from gapps_hooks.preview import with_vetoes
from gapps_hooks.reconcile.address_holders import with_holders
from gapps_hooks.reconcile.claims import Claims
from gapps_hooks.reconcile.lost import Lost
from gapps_hooks.reconcile.prospects import Prospects
from gapps_hooks.reconcile.renames import renamed_people
from gapps_hooks.reconcile.snapshot import Snapshot
from gapps_hooks.reconcile.unread import Unread
from gapps_hooks.reconcile.waiting import left_to_delivery
from gapps_hooks.reconcile.work import Work, seen_user, wanted_account
from gapps_hooks.wiring import Wiring

#: A linked account that Google does not list is still settling for this long after its creation.
_SETTLING_SECONDS: Final = 120.0
_NOTHING: Final = Stored()
#: What is so for good is not worth a line in every run.
_ROUTINE: Final = frozenset({"already suspended", "was suspended at Google already"})

#: Who is linked to each of Google's ids.
Holders = Mapping[str | None, Outline]
#: Takes a person who is as wanted, with what the link remembers from now on.
Confirm = Callable[[Person, Plan, Mapping[str, Any]], None]


class _Passed(Exception):
    """Nothing can be said of this person now; the text says why, if people should know.

    Google is asked again about one who is ``doubted``; an ``unwanted`` one has no account.
    """

    def __init__(
        self, why: str = "", *, doubted: Person | None = None, unwanted: bool = False
    ) -> None:
        super().__init__(why)
        self.doubted, self.unwanted = doubted, unwanted


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePlanner:
    """Plans for everybody in turn; what it finds of them on the way is there for the groups."""

    wiring: Wiring
    snapshot: Snapshot
    #: Whether every stored password of one who is enabled is sent.
    push_passwords: bool
    confirm: Confirm
    prospects: Prospects
    lost: Lost
    claims: Claims
    unread: Unread = field(default_factory=Unread)

    def works(self) -> Iterator[Work]:
        """Plan for everybody whom the source has, or who is linked; silent works are left out.

        Raises:
            Outage: Google cannot be asked anything.
        """
        moves = renamed_people(self.wiring, self.snapshot)
        renamed = moves.renamed
        self.prospects.still.update(moves.still)
        self.prospects.names.note(Kind.USER, renamed)
        moved = {outline.subject for outline in renamed.values()}
        named = {
            one.name: one
            for one in self.snapshot.memory.users
            if one.named and one.subject not in moved
        }
        holders: Holders = {
            one.google_id: one for one in self.snapshot.memory.users if one.google_id
        }
        for outlines in roll.in_pieces(sorted(self._names(named)), {**named, **renamed}):
            known = [one.subject for one in outlines.values() if one is not None]
            found = roll.links_of(self.wiring.state, known)
            for name, outline in outlines.items():
                link = found.get(outline.subject) if outline is not None else None
                why = moves.open.get(name)
                if why is None:
                    work = self._work(name, outline, link, holders)
                else:
                    work = self._undecided(name, outline, link, why)
                if work is not None:
                    yield work
        self.snapshot.incomplete.extend(self.unread.sentences())

    def _names(self, named: Mapping[str, Outline]) -> set[str]:
        linked = {one.name for one in named.values() if one.live or self.lost.may_be_there(one)}
        return {*self.snapshot.people.names, *linked}

    # --- one person ------------------------------------------------------------------------------

    def _undecided(self, name: str, outline: Outline | None, link: Link | None, why: str) -> Work:
        if link is not None:
            self.claims.claimed.add(link.google_id)
        self.prospects.unplanned(name, link, self.wiring.rules)
        self.claims.unplanned(name)
        return Work(piece=self._piece(name, outline, Plan(notes=(why,)), None))

    def _work(
        self, name: str, outline: Outline | None, link: Link | None, holders: Holders
    ) -> Work | None:
        if link is not None:
            self.claims.claimed.add(link.google_id)
        entry = self.snapshot.memory.entries.get(outline.subject) if outline else None
        if entry is not None:
            self.prospects.unplanned(name, link, self.wiring.rules)
            self.claims.unplanned(name, entry, link)
            plan = left_to_delivery(self.wiring, entry)
            return Work(piece=self._piece(name, outline, plan, None))
        try:
            person = self._person(name, outline, link, holders)
            return self._planned(person, outline)
        except Outage:
            raise
        except _Passed as reason:
            if not reason.unwanted:
                self.prospects.unplanned(name, link, self.wiring.rules)
            piece = self._piece(name, outline, Plan(notes=(str(reason),)), None)
            work = Work(piece=piece, known=reason.doubted, settles=reason.doubted is not None)
            return work if str(reason) else None
        except GappsHooksError as error:
            self.prospects.unplanned(name, link, self.wiring.rules)
            self.claims.unplanned(name)
            if isinstance(error, SourceUnreadable):
                self.unread.add(name, str(error))
                return None
            refused = Plan(refusals=(Refusal(str(error)),))
            return Work(piece=self._piece(name, outline, refused, None))

    def _person(
        self, name: str, outline: Outline | None, link: Link | None, holders: Holders
    ) -> Person:
        account = self._account(name)
        if account is None and link is not None:
            address = link.address
        else:
            address = self.wiring.policy.choose_address(account or Account(username=name))
        actual = self.snapshot.google.users.get(link.google_id) if link else None
        person = Person(
            name=name,
            account=account,
            address=address,
            identity=account.id if account else None,
            traced=self._traced(link, account),
            link=link,
            attempted=link is None and self.lost.may_be_there(outline),
            asked=actual is not None,
            actual=actual,
        )
        self.claims.note(name, account, address)
        if actual is not None:
            looked = person
        elif link is not None:
            looked = self._look_for_linked(person, link)
        elif account is not None and account.enabled is True:
            looked = self._look_unlinked(person, holders)
        else:
            return self._look_lost(person, holders)
        return with_holders(self.wiring, self.snapshot, looked)

    def _account(self, name: str) -> Account | None:
        found = self.snapshot.source.account(name)
        if found is not None:
            return with_policy(self.wiring, found)
        source = self.snapshot.source
        if source.leaves_out(Kind.USER, name):
            return None
        if not self.snapshot.people.complete:
            self.unread.missing.append(name)
            raise _Passed
        if why := source.doubt(Kind.USER, name):
            raise SourceUnreadable(why)
        return None

    def _traced(self, link: Link | None, account: Account | None) -> bool | None:
        left = link is not None and link.ended_at is not None
        return is_traced(self.wiring, link, account) if link and left and account else None

    # --- at Google -------------------------------------------------------------------------------

    def _look_for_linked(self, person: Person, link: Link) -> Person:
        """One who is not in Google's list."""
        if self.snapshot.google.users_why or link.subject in self.snapshot.unseen:
            text = f"{link.address} is not in Google's list, which is not whole; left as it is"
            raise _Passed(text)
        binned = self.snapshot.bin().get(link.google_id)
        settling = not is_stale(link.created_at, self.wiring.clock(), _SETTLING_SECONDS)
        if binned is None and settling:
            raise _Passed(f"{link.address} was created moments ago")
        if binned is None and not person.wanted:
            text = f"Google says that there is no {link.address}; it is asked again"
            raise _Passed(text, doubted=person)
        return replace(person, asked=True, actual=binned)

    def _look_unlinked(self, person: Person, holders: Holders) -> Person:
        actual = self.snapshot.google.user_of(person.address)
        self.lost.check(person, actual)
        if actual is None and self.snapshot.google.users_why:
            return ask_about_person(self.wiring, person, person.address)
        if actual is None:
            actual = self.snapshot.binned(person.address)
        taken = actual is None and self.snapshot.google.group_of(person.address) is not None
        if actual is not None and actual.deletion_time is None:
            self.claims.claimed.add(actual.id)
        holder = self._holder(actual, holders)
        return replace(person, asked=True, actual=actual, taken=taken, holder=holder)

    def _look_lost(self, person: Person, holders: Holders) -> Person:
        """One who is not to have an account: of interest only where a creation of ours was lost."""
        if not person.attempted:
            raise _Passed(unwanted=person.account is None or person.account.enabled is False)
        actual = self.snapshot.google.user_of(person.address)
        return replace(person, asked=True, actual=actual, holder=self._holder(actual, holders))

    def _holder(self, actual: GoogleUser | None, holders: Holders) -> Link | None:
        outline = holders.get(actual.id) if actual is not None else None
        return links.of(self.wiring.state, outline.subject) if outline is not None else None

    # --- deciding --------------------------------------------------------------------------------

    def _planned(self, person: Person, outline: Outline | None) -> Work | None:
        stored = self._stored(person)
        if stored.password or stored.first:
            person = replace(person, password=stored.password, first_password=stored.first)
        plan = self._decide(person)
        plan = with_vetoes(self.wiring, plan, person.account)
        if stored.notes:
            plan = replace(plan, notes=(*plan.notes, *stored.notes))
        self.prospects.planned(person, plan, self.wiring.rules)
        self._wish(person)
        renamed = outline is not None and outline.name != person.name
        if not plan.changes and not plan.refusals and not renamed:
            self.confirm(person, plan, stored.remembers)
            if not _ROUTINE.isdisjoint(plan.notes):
                plan = replace(plan, notes=tuple(n for n in plan.notes if n not in _ROUTINE))
        piece = self._piece(person.name, outline, plan, person)
        work = Work(
            piece=piece,
            known=person,
            old_name=outline.name if outline is not None and renamed else None,
            remembers=stored.remembers,
            settles=renamed,
        )
        return None if work.silent and not renamed else work

    def _wish(self, person: Person) -> None:
        account = person.account
        for group in self.wiring.policy.groups(account) if account and account.enabled else ():
            self.prospects.wishes.setdefault(group, []).append(person.name)

    def _decide(self, person: Person) -> Plan:
        now = self.wiring.clock()
        step = plan_user(person, self.wiring.rules, now)
        while isinstance(step, Question):
            person = ask_about_person(self.wiring, person, step.key)
            step = plan_user(person, self.wiring.rules, now)
        return step

    def _stored(self, person: Person) -> Stored:
        enabled = person.account is not None and person.account.enabled is True
        if person.link is None and not enabled:
            return _NOTHING
        push = self.push_passwords and enabled
        return look_at_stored(self.wiring, self.snapshot.source, person, push=push)

    def _piece(
        self, name: str, outline: Outline | None, plan: Plan, person: Person | None
    ) -> Piece:
        digest = self.wiring.state.digest
        told = person if plan.changes else None
        return Piece(
            kind=Kind.USER,
            name=name,
            subject=outline.subject if outline is not None else None,
            generation=outline.generation if outline is not None else 0,
            actual=seen_user(told.actual, digest) if told else "",
            desired=wanted_account(told.account, told.address, digest) if told else "",
            plan=plan,
        )
