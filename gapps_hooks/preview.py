"""What delivering a subject would do at Google, without doing or recording anything.

It must not know how plans are shown; it asks the source and Google, and writes nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from gapps_hooks.deliver.desired import desired_group, enabled_notes, in_scope
from gapps_hooks.deliver.gatherings import ask_about_group, find_occupant, gather
from gapps_hooks.deliver.people import ask_about_person, look_at_person
from gapps_hooks.deliver.stored import stored_to_push
from gapps_hooks.errors import GappsHooksError, Outage
from gapps_hooks.first_passwords import first_password
from gapps_hooks.model import Account, Change, Kind, Plan, Question, Refusal, Verb
from gapps_hooks.outbox import entries, links, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.plan.gathering import Gathering, MembersQuestion, Occupant
from gapps_hooks.plan.group import plan_group
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import ADMINISTRATOR_SENTENCE
from gapps_hooks.plan.user import plan_user
from gapps_hooks.sources.enabled import is_enabled
from gapps_hooks.sources.scope import OUT_OF_SCOPE
from gapps_hooks.wiring import Wiring, with_snapshot

#: The number of a subject that is not known yet.
_NOBODY: Final = -1
_MEMBERS: Final = frozenset({Verb.ADD_MEMBER, Verb.CHANGE_ROLE, Verb.REMOVE_MEMBER})
_ALIASES: Final = frozenset(
    {Verb.ADD_ALIAS, Verb.REMOVE_ALIAS, Verb.ADD_GROUP_ALIAS, Verb.REMOVE_GROUP_ALIAS}
)


def preview_entry(wiring: Wiring, entry: Entry, *, push_password: bool = False) -> Plan:
    """Plan what delivering the entry now would change, whatever the bounds say of it.

    What cannot be planned is a refusal that says why. A rename that nobody announced shows as two
    people; the delivery recognises it. ``push_password`` sends the stored password as well.

    Raises:
        Outage: Google cannot be asked anything at all.
    """
    seeing = with_snapshot(wiring)
    try:
        if entry.kind is Kind.USER:
            return _preview_user(seeing, entry, push=push_password)
        return _preview_group(seeing, entry)
    except Outage:
        raise
    except GappsHooksError as error:
        return Plan(refusals=(Refusal(str(error)),))


def administrator_notice(wiring: Wiring, plans: Iterable[Plan]) -> str | None:
    """Say that the administrator whom we act as is nobody's account here, while that is so.

    None where one of the plans says it already.
    """
    address = wiring.settings.admin
    sentence = ADMINISTRATOR_SENTENCE.format(address=address)
    if any(sentence in refusal.text for plan in plans for refusal in plan.refusals):
        return None
    if wiring.rules.is_protected(address) or _is_enabled_here(wiring, address):
        return None
    return sentence


def concerns_administrator(wiring: Wiring, kind: Kind, name: str) -> bool:
    """Whether the one named has, or is to have, the account that we act as."""
    if kind is not Kind.USER:
        return False
    address, subject = wiring.settings.admin, subjects.of_name(wiring.state, kind, name)
    link = links.of(wiring.state, subject) if subject is not None else None
    if link is not None:
        return link.address == address
    try:
        found = wiring.source.account(name) if wiring.source else None
        return wiring.policy.choose_address(found or Account(username=name)) == address
    except GappsHooksError:
        return name == address.partition("@")[0]


def _is_enabled_here(wiring: Wiring, address: str) -> bool:
    link = links.by_address(wiring.state, address)
    if link is not None and link.ended_at is not None:
        link = None
    if wiring.source is None:
        disabled = wiring.state.digest(False)  # noqa: FBT003 - the value that is remembered
        return link is not None and link.delivered.get("enabled") != disabled
    try:
        account = wiring.source.account(link.name if link else address.partition("@")[0])
        if account is None:
            return False
        if link is None and wiring.policy.choose_address(account) != address:
            return False
        return is_enabled(account, wiring.settings.enabled) is True
    except GappsHooksError:
        return False


def entry_of(wiring: Wiring, kind: Kind, name: str) -> Entry:
    """Return what waits for the subject, else an entry that says nothing but its name."""
    subject = subjects.of_name(wiring.state, kind, name)
    waiting = entries.get(wiring.state, subject) if subject is not None else None
    return waiting or Entry(
        subject=_NOBODY if subject is None else subject,
        kind=kind,
        name=name,
        generation=0,
        status="waiting",
        patch={},
        added=False,
        removed=False,
        password=None,
        old_name=None,
        identity=None,
        recorded_at=wiring.clock(),
        event_at=wiring.clock(),
        attempts=0,
        contradictions=0,
        due_at=wiring.clock(),
        reason="",
        released=False,
    )


# --- a person ------------------------------------------------------------------------------------


def _preview_user(wiring: Wiring, entry: Entry, *, push: bool) -> Plan:
    person = look_at_person(wiring, entry)
    notes: tuple[str, ...] = ()
    step = plan_user(person, wiring.rules, wiring.clock())
    if person.link is not None and person.link.ended_at is None:
        step = Question(person.link.google_id)
    while isinstance(step, Question) or (not person.asked and _creates(step.changes)):
        key = step.key if isinstance(step, Question) else person.address
        person = ask_about_person(wiring, person, key)
        person, notes = _with_stored(wiring, person, push=push)
        step = plan_user(person, wiring.rules, wiring.clock())
    plan = with_vetoes(wiring, step, person.account)
    return replace(plan, notes=(*plan.notes, *notes, *enabled_notes(wiring, person.account)))


def _with_stored(wiring: Wiring, person: Person, *, push: bool) -> tuple[Person, tuple[str, ...]]:
    """Add the stored password with which an account is made, or that is to be pushed."""
    if person.link is None and person.actual is None:
        if wiring.source is None or not person.wanted:
            return person, ()
        first = first_password(wiring.source.stored_password(person.name))
        return replace(person, first_password=first.words), ()
    if not push or person.account is None:
        return person, ()
    stored = stored_to_push(wiring, person)
    return replace(person, password=stored.password or person.password), stored.notes


def with_vetoes(wiring: Wiring, plan: Plan, account: Account | None) -> Plan:
    """Put refusals in the place of changes that the organisation's policy forbids.

    As in a delivery, a member or an own alias that is refused keeps no other change away.
    """
    reasons = {at: wiring.policy.veto(one, account) for at, one in enumerate(plan.changes)}
    vetoed = {at: reason for at, reason in reasons.items() if reason is not None}
    if not vetoed:
        return plan
    alone = all(_hangs_alone(plan.changes[at]) for at in vetoed)
    rest = tuple(one for at, one in enumerate(plan.changes) if at not in vetoed)
    vetoes = (Refusal(f"the organisation's policy refuses it: {text}") for text in vetoed.values())
    return replace(plan, changes=rest if alone else (), refusals=(*plan.refusals, *vetoes))


def _hangs_alone(change: Change) -> bool:
    """Whether nothing else depends on it; another's alias may be taken for an address."""
    own = bool(change.delivers) and not _ALIASES.isdisjoint(change.verbs)
    return own or not _MEMBERS.isdisjoint(change.verbs)


# --- a group -------------------------------------------------------------------------------------


def _preview_group(wiring: Wiring, entry: Entry) -> Plan:
    group = desired_group(wiring, entry)
    if group is not None and not in_scope(wiring, group):
        return Plan(notes=(OUT_OF_SCOPE,))
    gathering = gather(wiring, entry, group)
    if gathering.link is not None:  # so that its members are asked for
        gathering = replace(gathering, link=replace(gathering.link, confirmed_at=0.0))
    step = plan_group(gathering, wiring.rules, wiring.clock())
    while not isinstance(step, Plan) or (not gathering.asked and _creates(step.changes)):
        if isinstance(step, MembersQuestion):
            present = wiring.directory.list_members(step.google_id)
            gathering = replace(gathering, present=present)
        else:
            key = step.key if isinstance(step, Question) else gathering.address
            gathering = ask_about_group(wiring, gathering, key)
        step = plan_group(gathering, wiring.rules, wiring.clock())
    occupants = _occupants(wiring, gathering, step.changes)
    if occupants:  # delivery learns of them when Google refuses
        step = plan_group(replace(gathering, occupants=occupants), wiring.rules, wiring.clock())
        assert isinstance(step, Plan)  # noqa: S101 - it knows more than before
    return with_vetoes(wiring, step, None)


def _occupants(
    wiring: Wiring, gathering: Gathering, changes: tuple[Change, ...]
) -> dict[str, Occupant]:
    """Find which groups have, as aliases, the addresses that this one is to get."""
    wanted = [one.body["alias"] for one in changes if Verb.ADD_GROUP_ALIAS in one.verbs]
    wanted += [one.body["email"] for one in changes if Verb.RENAME_GROUP in one.verbs]
    found = ((address, find_occupant(wiring, gathering, address)) for address in wanted)
    return {address: occupant for address, occupant in found if occupant is not None}


def _creates(changes: tuple[Change, ...]) -> bool:
    return any({Verb.CREATE, Verb.CREATE_GROUP} & set(change.verbs) for change in changes)
