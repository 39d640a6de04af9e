"""What is to be done for each group, from both sides; the members are read one group at a time.

It must not know how people were planned, nor write anything but through the notebook.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import Final

from gapps_hooks.deliver.wishes import DROPPED, WISHED
from gapps_hooks.errors import GappsHooksError, GoogleFault, NotFound, Outage
from gapps_hooks.model import (
    GoogleMember,
    Kind,
    Member,
    Membership,
    Plan,
    Question,
    Refusal,
    Unset,
)
from gapps_hooks.outbox import links, memberships
from gapps_hooks.plan.freshness import is_stale
from gapps_hooks.plan.gathering import Gathering, MembersQuestion, Occupant
from gapps_hooks.plan.group import plan_group
from gapps_hooks.plan.group_aliases import wanted_addresses
from gapps_hooks.plan.members import memberships_after
from gapps_hooks.plan.whole import Piece
from gapps_hooks.preview import with_vetoes
from gapps_hooks.reconcile.prospects import Prospects
from gapps_hooks.reconcile.renames import renamed_groups
from gapps_hooks.reconcile.snapshot import Snapshot
from gapps_hooks.reconcile.targets import Target, find_targets, is_attempted
from gapps_hooks.reconcile.waiting import left_to_delivery
from gapps_hooks.reconcile.work import Work, seen_group, wanted_group
from gapps_hooks.wiring import Wiring

#: So many groups' members are asked for ahead of the one that is planned.
_AHEAD: Final = 32
_SETTLING_SECONDS: Final = 120.0

#: Takes a group that is as wanted.
ConfirmGroup = Callable[[Gathering, Plan], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsPlanner:
    """Plans for every group in turn, while the members of the next ones are being read."""

    wiring: Wiring
    snapshot: Snapshot
    prospects: Prospects
    confirm: ConfirmGroup
    readers: Executor
    #: Called for each group whose members were read.
    progress: Callable[[], None]

    def works(self) -> Iterator[Work]:
        """Plan for every group that the settings want, or that is linked; silent ones are left out.

        Raises:
            Outage: Google cannot be asked anything.
        """
        moves = renamed_groups(self.snapshot)
        still = {f"group:{new}": f"group:{old}" for new, old in moves.still.items()}
        self.prospects.still.update(still)
        self.prospects.names.note(Kind.GROUP, moves.renamed)
        targets = tuple(find_targets(self.wiring, self.snapshot, moves))
        for target in targets:
            self._announce(target)
        waiting: deque[tuple[Target, Future[tuple[GoogleMember, ...]] | None]] = deque()
        for target in targets:
            waiting.append((target, self._ask_members(target)))
            if len(waiting) > _AHEAD:
                yield from self._work(*waiting.popleft())
        while waiting:
            yield from self._work(*waiting.popleft())

    def _announce(self, target: Target) -> None:
        """Let groups that name this one know where it is, or is going to be."""
        if target.undecided:
            self.prospects.group(target.name, target.link, ())
        if target.group is None or target.undecided:
            return
        self.prospects.group(target.name, target.link, ())
        if target.link is None:
            found = self.snapshot.google.group_of(target.address)
            self.prospects.expect(target.name, target.address, found.id if found else None)

    # --- members ---------------------------------------------------------------------------------

    def _ask_members(self, target: Target) -> Future[tuple[GoogleMember, ...]] | None:
        actual = None if target.undecided else self._actual_id(target)
        if actual is None or actual not in self.snapshot.google.groups:
            return None
        if target.outline and target.outline.subject in self.snapshot.memory.entries:
            return None
        return self.readers.submit(self.wiring.directory.list_members, actual)

    def _actual_id(self, target: Target) -> str | None:
        if target.link is not None and target.link.ended_at is None:
            return target.link.google_id
        found = self.snapshot.google.group_of(target.address)
        wanted = target.group is not None
        return found.id if found and wanted and found.email == target.address else None

    # --- one group -------------------------------------------------------------------------------

    def _work(
        self, target: Target, asked: Future[tuple[GoogleMember, ...]] | None
    ) -> Iterator[Work]:
        outline = target.outline
        entry = self.snapshot.memory.entries.get(outline.subject) if outline else None
        if target.undecided:
            yield Work(piece=self._piece(target, Plan(notes=(target.undecided,)), None))
            return
        if entry is not None:
            yield Work(piece=self._piece(target, left_to_delivery(self.wiring, entry), None))
            return
        try:
            present = asked.result() if asked is not None else None
            work = self._planned(target, present)
        except Outage:
            raise
        except NotFound:
            text = "it was deleted at Google while it was being read; the next run sees that"
            work = Work(piece=self._piece(target, Plan(notes=(text,)), None))
        except GoogleFault as fault:
            text = f"the members of {target.address} could not be read: {fault}"
            self.snapshot.incomplete.append(text)
            work = Work(piece=self._piece(target, Plan(notes=(text,)), None))
        except GappsHooksError as error:
            work = Work(piece=self._piece(target, Plan(refusals=(Refusal(str(error)),)), None))
        if asked is not None:
            self.progress()
        if work is not None:
            yield work

    def _planned(self, target: Target, present: tuple[GoogleMember, ...] | None) -> Work | None:
        link = target.link
        live = link is not None and link.ended_at is None
        unseen = live and link is not None and link.google_id not in self.snapshot.google.groups
        if unseen and link is not None:
            if self.snapshot.google.groups_why or link.subject in self.snapshot.unseen:
                return self._passed(target, "not in Google's list, which is not whole")
            if not is_stale(link.created_at, self.wiring.clock(), _SETTLING_SECONDS):
                return self._passed(target, "created moments ago")
            if target.group is None:
                return self._doubted(target)
        gathering, members = self._gathering(target, present)
        plan = self._decide(gathering)
        plan = with_vetoes(self.wiring, plan, None)
        if target.group is not None:
            self.prospects.group(target.name, target.link, plan.changes)
        settled = not plan.changes and not plan.refusals
        renamed = target.outline is not None and target.outline.name != target.name
        keep = renamed or (settled and live and self._rows_move(gathering))
        if settled and not keep:
            self.confirm(gathering, plan)
        work = Work(
            piece=self._piece(target, plan, gathering),
            known=gathering,
            members=members,
            names=self.prospects.names,
            old_name=target.outline.name if target.outline and renamed else None,
            settles=keep,
        )
        return None if work.silent and not keep else work

    def _passed(self, target: Target, text: str) -> Work:
        return Work(piece=self._piece(target, Plan(notes=(f"{target.address}: {text}",)), None))

    def _doubted(self, target: Target) -> Work:
        """One that is gone here, and that Google does not know: it is asked again."""
        known = replace(self._gathering(target, None)[0], asked=False)
        text = f"Google says that there is no {target.address}; it is asked again"
        piece = self._piece(target, Plan(notes=(text,)), None)
        return Work(piece=piece, known=known, settles=True)

    def _rows_move(self, gathering: Gathering) -> bool:
        """Whether what is remembered of the members is not what it would be after a delivery."""
        if gathering.members is None:
            return False
        return set(memberships_after(gathering, {})) != set(gathering.memberships)

    def _gathering(
        self, target: Target, present: tuple[GoogleMember, ...] | None
    ) -> tuple[Gathering, tuple[Member, ...] | None]:
        outline, link, google = target.outline, target.link, self.snapshot.google
        rows = memberships.of(self.wiring.state, outline.subject) if outline is not None else ()
        rows = self.prospects.names.delivered(rows)
        members = self._members(target, rows)
        actual_id = self._actual_id(target)
        live = link is not None and link.ended_at is None
        actual = google.groups.get(actual_id or "")
        if actual is None and not live:
            actual = google.group_of(target.address)
        user = None if live else google.user_of(target.address)
        held = actual is not None and not live
        holder = links.by_google_id(self.wiring.state, actual.id) if actual and held else None
        gathering = Gathering(
            name=target.name,
            group=target.group,
            address=target.address,
            members=None if members is None else self.prospects.resolve(members),
            link=link,
            memberships=rows,
            actual=actual,
            asked=True,
            present=present,
            taken=actual is None and user is not None,
            attempted=outline is not None and link is None and is_attempted(self.snapshot, outline),
            holder=holder,
        )
        return replace(gathering, occupants=self._occupants(gathering)), members

    def _occupants(self, gathering: Gathering) -> Mapping[str, Occupant]:
        """Find which of the wanted addresses other groups have as aliases."""
        own = gathering.actual.id if gathering.actual is not None else None
        found: dict[str, Occupant] = {}
        for address in wanted_addresses(gathering):
            group = self.snapshot.google.group_of(address)
            if group is not None and group.id != own and group.email != address:
                link = links.by_google_id(self.wiring.state, group.id)
                found[address] = Occupant(group=group, link=link)
        return found

    def _members(self, target: Target, rows: tuple[Membership, ...]) -> tuple[Member, ...] | None:
        """Say who is to be in it: as the source has it, and whom the policy wants now."""
        group = target.group
        if group is None:
            return None
        wishes = tuple(Member(WISHED + name) for name in self._wished(group.name, rows))
        if isinstance(group.members, Unset):
            ours = [row for row in rows if not row.reference.startswith((WISHED, DROPPED))]
            kept = tuple(Member(row.reference, row.role) for row in ours)
            return (*kept, *wishes) if rows or wishes else None
        listed = self.prospects.as_known(group.members)
        named = {member.reference for member in listed}
        silent = (row for row in rows if row.role in group.unsaid_roles)
        stay = tuple(
            Member(row.reference, row.role) for row in silent if row.reference not in named
        )
        return (*listed, *stay, *wishes)

    def _wished(self, name: str, rows: tuple[Membership, ...]) -> Iterable[str]:
        """Name whom the policy wants in a group, or wanted and was not asked about now."""
        wished = self.prospects.wishes.get(name, ())
        rows = tuple(row for row in rows if row.reference.startswith(WISHED))
        before = [row.reference.removeprefix(WISHED) for row in rows]
        return dict.fromkeys((*wished, *filter(self.prospects.unasked.__contains__, before)))

    def _decide(self, gathering: Gathering) -> Plan:
        step = plan_group(gathering, self.wiring.rules, self.wiring.clock())
        while not isinstance(step, Plan):
            if isinstance(step, Question):
                raise GoogleFault(f"{gathering.address} changed at Google while it was read")
            assert isinstance(step, MembersQuestion)  # noqa: S101 - the only other question
            present = self.wiring.directory.list_members(step.google_id)
            gathering = replace(gathering, present=present)
            step = plan_group(gathering, self.wiring.rules, self.wiring.clock())
        return step

    def _piece(self, target: Target, plan: Plan, gathering: Gathering | None) -> Piece:
        digest, outline = self.wiring.state.digest, target.outline
        told = gathering if plan.changes else None
        return Piece(
            kind=Kind.GROUP,
            name=target.name,
            subject=outline.subject if outline is not None else None,
            generation=outline.generation if outline is not None else 0,
            actual=seen_group(told.actual, told.present, digest) if told else "",
            desired=wanted_group(told.group, told.address, told.members, digest) if told else "",
            plan=plan,
        )
