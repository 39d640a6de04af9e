"""One group's entry: look, decide, ask, carry out, and look after the people concerned.

It must not know back-off, breakers or leases: whoever calls it judges what it raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from gapps_hooks.deliver.carrying import Task, carry_out, maybe_our_own, reserve
from gapps_hooks.deliver.delivered import Delivered
from gapps_hooks.deliver.desired import desired_group, in_scope
from gapps_hooks.deliver.doubt import demand_certainty
from gapps_hooks.deliver.enabling_group import touch_people
from gapps_hooks.deliver.gatherings import ask_about_group, find_occupant, gather
from gapps_hooks.deliver.group_aliases import ALIAS_VERBS, AliasRefused, carry_out_aliases
from gapps_hooks.deliver.memory import Owner, remember_answer
from gapps_hooks.deliver.wishes import keep_members, tell_arrival
from gapps_hooks.errors import AlreadyExists, NotFound, NotYet, Refused
from gapps_hooks.model import Change, Membership, Plan, Verb
from gapps_hooks.outbox import links
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.plan.freshness import is_stale
from gapps_hooks.plan.gathering import Gathering, MembersQuestion
from gapps_hooks.plan.group import plan_group
from gapps_hooks.plan.group_release import aliases_first
from gapps_hooks.plan.members import memberships_after
from gapps_hooks.sources.scope import OUT_OF_SCOPE
from gapps_hooks.wiring import Wiring

#: A linked group that Google does not know is still settling for this long after its creation.
SETTLING_SECONDS = 120.0
_ROUNDS = 3
#: What is noted of a member who cannot be added, or not yet.
UNKNOWN_MEMBER: Final = "Google knows no such account"
#: After so many refusals of Google no other is added, or removed, or changed; so many are named.
_REFUSALS: Final = 10
_MEMBER_VERBS = frozenset({Verb.ADD_MEMBER, Verb.CHANGE_ROLE, Verb.REMOVE_MEMBER})


class MemberRefused(Refused):
    """Members cannot be had, or not be removed; all others are as they should be."""


#: What is raised at the end, once everything else of the group was tried.
LEFT_OUT: Final = (AliasRefused, MemberRefused)


def deliver_group(wiring: Wiring, entry: Entry, done: list[Change]) -> Delivered:
    """Bring one group at Google to what it should now be, sending only the difference.

    Raises:
        GappsHooksError: the verdict why not, or not wholly; ``done`` holds what was confirmed.
    """
    try:
        return _deliver(wiring, entry, done)
    finally:
        # Also if what followed failed: settings that are refused must keep it out of no group.
        tell_arrival(wiring, entry.subject, entry.kind.called(entry.name))


def _deliver(wiring: Wiring, entry: Entry, done: list[Change]) -> Delivered:
    group = desired_group(wiring, entry)
    wanted = group is None or in_scope(wiring, group)
    if wiring.settings.enabled.group == entry.name:
        touch_people(wiring, entry, group)
    if not wanted:
        return Delivered(notes=(OUT_OF_SCOPE,))
    gathering = gather(wiring, entry, group)
    gathering, notes = bring_about(wiring, entry, gathering, done)
    return Delivered(notes=notes, confirmed_at=_confirmed(gathering))


def bring_about(
    wiring: Wiring,
    entry: Entry,
    gathering: Gathering,
    done: list[Change],
    each: Callable[..., Iterable[str | None]] = map,
) -> tuple[Gathering, tuple[str, ...]]:
    """Decide, carry out and remember, starting from what is known of the group already.

    ``each`` is ``map``, or does the same for several members at once. Groups that wait for this
    one are the caller's business. Raises as deliver_group.
    """
    for _ in range(_ROUNDS):
        gathering, plan = _decide(wiring, entry, gathering)
        task = Task(owner=_owner(entry, gathering), done=done)
        try:
            missing = _carry_out(wiring, entry, gathering, plan, done, each)
            if plan.refusals:
                raise Refused(plan.refusals[0].text)
            _conclude(wiring, entry, gathering, plan, done)
            carry_out_aliases(wiring, entry, task, gathering, plan)
            _end(wiring, entry, gathering, done)
        except MemberRefused:
            carry_out_aliases(wiring, entry, task, gathering, plan)
            raise
        except AlreadyExists as error:
            gathering = _taken(wiring, entry, gathering, error)
        except NotFound as error:
            gathering = _gone(wiring, entry, gathering, error)
        else:
            return gathering, (*plan.notes, *missing)
    raise NotYet(f"{gathering.address} keeps changing at Google while it is being changed")


def _taken(wiring: Wiring, entry: Entry, gathering: Gathering, error: AlreadyExists) -> Gathering:
    renamed = _is_renamed(gathering)
    if renamed and gathering.address not in gathering.occupants:
        occupant = find_occupant(wiring, gathering, gathering.address)
        if occupant is not None:
            link = links.of(wiring.state, entry.subject)
            occupants = {**gathering.occupants, gathering.address: occupant}
            return replace(gathering, link=link, occupants=occupants)
    if gathering.taken or renamed:
        raise Refused(str(error), status=error.status, reason=error.reason) from error
    maybe_ours = maybe_our_own(wiring, entry.subject, error, attempted=gathering.attempted)
    return replace(gathering, taken=True, attempted=maybe_ours)


def _is_renamed(gathering: Gathering) -> bool:
    """Whether it has a group that gets the address, and none is made; also one that came back."""
    link = gathering.link
    return link is not None and (link.ended_at is None or link.address != gathering.address)


def _gone(wiring: Wiring, entry: Entry, gathering: Gathering, error: NotFound) -> Gathering:
    if gathering.link is None:
        raise NotYet(f"{gathering.address} was created moments ago") from error
    if not is_stale(gathering.link.created_at, wiring.clock(), SETTLING_SECONDS):
        raise NotYet(f"{gathering.link.address} was created moments ago") from error
    if gathering.group is None:
        demand_certainty(entry, gathering.link.address)
    return replace(gathering, asked=True, actual=None)


def _confirmed(gathering: Gathering) -> float | None:
    if gathering.link is None or gathering.present is not None:
        return None
    return gathering.link.confirmed_at


# --- deciding ------------------------------------------------------------------------------------


def _decide(wiring: Wiring, entry: Entry, gathering: Gathering) -> tuple[Gathering, Plan]:
    step = plan_group(gathering, wiring.rules, wiring.clock())
    while not isinstance(step, Plan):
        if isinstance(step, MembersQuestion):
            gathering = _ask_members(wiring, entry, gathering, step.google_id)
        else:
            gathering = _ask_about(wiring, entry, gathering, step.key)
        step = plan_group(gathering, wiring.rules, wiring.clock())
    return gathering, step


def _ask_about(wiring: Wiring, entry: Entry, gathering: Gathering, key: str) -> Gathering:
    asked = ask_about_group(wiring, gathering, key)
    if asked.actual is None and gathering.link is not None and key == gathering.link.google_id:
        return _gone(wiring, entry, gathering, NotFound("Google does not know the group"))
    return asked


def _ask_members(wiring: Wiring, entry: Entry, gathering: Gathering, google_id: str) -> Gathering:
    try:
        present = wiring.directory.list_members(google_id)
    except NotFound as error:
        return _gone(wiring, entry, gathering, error)
    return replace(gathering, present=present)


# --- carrying out --------------------------------------------------------------------------------


def _carry_out(  # noqa: PLR0913, PLR0917 - what is to be done, for whom, and how
    wiring: Wiring,
    entry: Entry,
    gathering: Gathering,
    plan: Plan,
    done: list[Change],
    each: Callable[..., Iterable[str | None]],
) -> tuple[str, ...]:
    """Make the group first, then its members; one who is unknown or refused stops no other."""
    reserve(wiring, entry, plan, done)
    task = Task(owner=_owner(entry, gathering), done=done, known=gathering.actual)
    members = [change for change in plan.changes if _MEMBER_VERBS.intersection(change.verbs)]
    later = _MEMBER_VERBS | ALIAS_VERBS
    others = (one for one in plan.changes if not later.intersection(one.verbs))
    carry_out(wiring, task, (*aliases_first(plan), *others))
    if members:
        _announce(wiring, entry, gathering, members)
    refused: list[tuple[Change, Refused]] = []
    answers = each(lambda change: _carry_out_member(wiring, task, change, refused), members)
    missing = tuple(note for note in answers if note is not None)
    if refused:  # before anything is concluded, so that Google is asked for its members again
        told = "; ".join(str(one) for _, one in refused[:_REFUSALS])
        raise MemberRefused(told) from refused[0][1]
    return missing


def _owner(entry: Entry, gathering: Gathering) -> Owner:
    # A new name of a group that is gone is delivered when the group is there again.
    gone = gathering.group is None or gathering.group.deleted
    return Owner(
        subject=entry.subject,
        name=gathering.link.name if gone and gathering.link is not None else entry.name,
        identity=gathering.group.id if gathering.group else None,
        attempted=gathering.is_lost,
    )


def _carry_out_member(
    wiring: Wiring, task: Task, change: Change, refused: list[tuple[Change, Refused]]
) -> str | None:
    alike = [one for other, one in refused if other.verbs == change.verbs and one.status]
    if len(alike) >= _REFUSALS:  # Google refuses the group's members, whoever they are
        return None
    try:
        carry_out(wiring, task, (change,))
    except Refused as error:
        told = Refused(f"{change.body['email']}: {error}", status=error.status)
        refused.append((change, told))
    except NotFound as error:
        if error.status != HTTPStatus.BAD_REQUEST and "memberKey" not in str(error):
            raise
        return f"{change.body['email']}: {UNKNOWN_MEMBER}"
    return None


def _announce(wiring: Wiring, entry: Entry, gathering: Gathering, members: list[Change]) -> None:
    """Say what is about to be ours before it is sent, so that a crash in the middle loses nothing.

    A link confirmed at 0 is asked for its members again, whatever happened to the requests.
    """
    added = _added(members)
    with wiring.state.transaction():  # the one without the other would tell of what was not sent
        after = _after(gathering, added)
        keep_members(wiring, entry.subject, gathering.memberships, after)
        link = links.of(wiring.state, entry.subject)
        if link is not None:
            links.save(wiring.state, replace(link, confirmed_at=0.0))


def _added(changes: list[Change]) -> dict[str, str | None]:
    return {
        change.body["email"]: change.body.get("id")
        for change in changes
        if Verb.ADD_MEMBER in change.verbs
    }


def _after(gathering: Gathering, added: dict[str, str | None]) -> tuple[Membership, ...]:
    delivered = {one.reference: one.role for one in gathering.memberships if one.address}
    after = [
        # A role that is only about to change is the old one as long as nothing was answered.
        replace(one, role=delivered.get(one.reference, one.role))
        for one in memberships_after(gathering, added)
    ]
    still = {one.reference for one in after}
    # What is to be removed stays ours until it is gone.
    return (*after, *(one for one in gathering.memberships if one.reference not in still))


# --- concluding ----------------------------------------------------------------------------------


def _conclude(
    wiring: Wiring, entry: Entry, gathering: Gathering, plan: Plan, done: list[Change]
) -> None:
    # Lost in a power cut, it is found again: the entry is settled on disk after this.
    with wiring.state.transaction(durable=False):
        if gathering.members is not None:
            added = _added(done)
            whole = not wiring.rules.adding_only
            after = memberships_after(gathering, added) if whole else _after(gathering, added)
            keep_members(wiring, entry.subject, gathering.memberships, after)
        link = links.of(wiring.state, entry.subject)
        if link is not None:
            fresh = wiring.clock() if done or gathering.present is not None else link.confirmed_at
            owner = _owner(entry, gathering)
            links.save(wiring.state, remember_answer(link, owner, plan.confirms, fresh))


def _end(wiring: Wiring, entry: Entry, gathering: Gathering, done: list[Change]) -> None:
    """Let the link of a group that is gone end, now that nothing of ours is left in it."""
    gone = gathering.group is None or gathering.group.deleted
    if gone and links.of(wiring.state, entry.subject) is not None and not wiring.rules.adding_only:
        keep_members(wiring, entry.subject, gathering.memberships, ())
        deleted = any(Verb.DELETE_GROUP in change.verbs for change in done)
        if deleted:  # the next group of this name is another one, with another id at Google
            links.forget(wiring.state, entry.subject)
        else:
            links.end(wiring.state, entry.subject, wiring.clock())
