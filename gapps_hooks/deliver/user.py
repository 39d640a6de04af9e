"""One person's entry: look, decide, ask, carry out, and look after the groups concerned.

It must not know back-off, breakers or leases: whoever calls it judges what it raises.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from http import HTTPStatus

from gapps_hooks.deliver.carrying import Task, maybe_our_own, reserve
from gapps_hooks.deliver.delivered import Delivered
from gapps_hooks.deliver.desired import enabled_notes
from gapps_hooks.deliver.doubt import demand_certainty
from gapps_hooks.deliver.freeing import AliasRefused, carry_out_freeing
from gapps_hooks.deliver.memory import Owner, remember_answer, remember_look
from gapps_hooks.deliver.people import (
    ask_about_person,
    find_lost_link,
    look_at_person,
    traces,
)
from gapps_hooks.deliver.wishes import tell_arrival, wish_for_groups
from gapps_hooks.errors import AlreadyExists, NotFound, NotYet, Refused
from gapps_hooks.first_passwords import first_password, said_of_passwords
from gapps_hooks.model import (
    Change,
    GoogleUser,
    Link,
    Plan,
    Question,
)
from gapps_hooks.outbox import links, subjects
from gapps_hooks.outbox.entry import Entry, note_suspension
from gapps_hooks.outbox.owning import is_anothers
from gapps_hooks.plan.alias_release import free_alias
from gapps_hooks.plan.freshness import is_stale
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.user import plan_user
from gapps_hooks.wiring import Wiring

#: A linked account that Google does not know is still settling for this long after its creation.
SETTLING_SECONDS = 120.0
#: A plan may be overtaken by Google's answer (address taken, account gone) this many times.
_ROUNDS = 3


def deliver_user(wiring: Wiring, entry: Entry, done: list[Change]) -> Delivered:
    """Bring one person's Google account to what it should now be.

    Raises:
        GappsHooksError: the verdict why not, or not wholly; ``done`` holds what was confirmed.
    """
    try:
        return _deliver(wiring, entry, done)
    finally:
        # Also if what followed failed: an alias that is refused must keep nobody out of a group.
        tell_arrival(wiring, entry.subject, entry.name)


def _deliver(wiring: Wiring, entry: Entry, done: list[Change]) -> Delivered:
    person, remedy = _look(wiring, entry)
    try:
        person, plan = bring_about(wiring, entry, person, done)
    except AliasRefused:
        wish_for_groups(wiring, entry, person)
        raise
    wish_for_groups(wiring, entry, person)
    passwords = tuple(said_of_passwords(done))
    return Delivered(
        notes=(
            *passwords,
            *((remedy,) if passwords and remedy else ()),
            *plan.notes,
            *enabled_notes(wiring, person.account),
        ),
        confirmed_at=None if person.asked or person.link is None else person.link.confirmed_at,
    )


def bring_about(
    wiring: Wiring, entry: Entry, person: Person, done: list[Change]
) -> tuple[Person, Plan]:
    """Decide, carry out and remember, starting from what is known of the person already.

    Groups that wait for the person are the caller's business. Raises as deliver_user.
    """
    for _ in range(_ROUNDS):
        person, plan = _decide(wiring, entry, person)
        try:
            _carry_out(wiring, entry, person, plan, done)
            _respect(wiring, entry, plan)
        except AlreadyExists as error:
            person = _taken(wiring, entry, person, error)
        except AliasRefused:
            _respect(wiring, entry, plan)
            rest = {key: value for key, value in plan.confirms.items() if key != "aliases"}
            _conclude(wiring, entry, person, replace(plan, confirms=rest), done)
            raise
        except NotFound:
            link = person.link or links.of(wiring.state, entry.subject)  # made by this very plan
            if link is None:
                raise
            person = _gone(wiring, entry, replace(person, link=link), link)
        else:
            _conclude(wiring, entry, person, plan, done)
            return person, plan
    raise NotYet(f"{person.address} keeps changing at Google while it is being changed")


def _respect(wiring: Wiring, entry: Entry, plan: Plan) -> None:
    """Go no further than the plan says."""
    if not plan.refusals:
        return
    if plan.refusals[0].suspended:
        note_suspension(wiring.state, entry.subject)
    raise Refused(plan.refusals[0].text)


def _carry_out(
    wiring: Wiring, entry: Entry, person: Person, plan: Plan, done: list[Change]
) -> None:
    reserve(wiring, entry, plan, done)
    task = Task(owner=_owner(entry, person), done=done, account=person.account, known=person.actual)
    try:
        carry_out_freeing(wiring, entry, task, plan.changes, partial(_release, wiring))
    except Refused as error:
        if error.status == HTTPStatus.CONFLICT and _is_settling(wiring, entry):
            raise NotYet(f"{person.address} may still be settling at Google") from error
        raise


def _release(wiring: Wiring, alias: str) -> Change | None:
    """Plan to free an alias that another person has from a rename of ours."""
    holder = _occupant(wiring, alias)
    if holder is None:
        return None
    return free_alias(alias, holder, links.by_google_id(wiring.state, holder.id), wiring.rules)


def _is_settling(wiring: Wiring, entry: Entry) -> bool:
    """Whether the person may have been renamed at Google just now, also by what waited long."""
    link = links.of(wiring.state, entry.subject)
    last = max(entry.event_at, link.confirmed_at if link is not None else 0.0)
    return not is_stale(last, wiring.clock(), SETTLING_SECONDS)


def _owner(entry: Entry, person: Person) -> Owner:
    # A new name of one who is suspended is delivered when they are active again.
    return Owner(
        subject=entry.subject,
        name=entry.name if person.wanted or person.link is None else person.link.name,
        identity=person.identity,
        attempted=person.attempted,
    )


def _taken(wiring: Wiring, entry: Entry, person: Person, error: AlreadyExists) -> Person:
    """Google has the address already: ask whose it is, once."""
    occupant = None if person.taken or person.link is None else _occupant(wiring, person.address)
    if person.taken or (person.link is not None and occupant is None):
        raise Refused(str(error), status=error.status, reason=error.reason) from error
    if occupant is not None:
        holder = links.by_google_id(wiring.state, occupant.id)
        link = links.of(wiring.state, entry.subject)
        return replace(person, link=link, taken=True, occupant=occupant, holder=holder)
    maybe_ours = maybe_our_own(wiring, entry.subject, error, attempted=person.attempted)
    return replace(person, taken=True, asked=False, actual=None, attempted=maybe_ours)


def _occupant(wiring: Wiring, address: str) -> GoogleUser | None:
    """Find the account that holds an address as an alias; None if it is its own."""
    with suppress(NotFound):
        found = wiring.directory.get_user(address)
        return None if found.primary_email == address else found
    return None


def _gone(wiring: Wiring, entry: Entry, person: Person, link: Link) -> Person:
    """Google does not know a linked account: settling after its creation, or deleted there."""
    if not is_stale(link.created_at, wiring.clock(), SETTLING_SECONDS):
        raise NotYet(f"{link.address} was created moments ago")
    found = _in_the_bin(wiring, link)
    if found is None and not person.wanted:
        demand_certainty(entry, link.address)
    return replace(person, asked=True, actual=found)


def _in_the_bin(wiring: Wiring, link: Link) -> GoogleUser | None:
    """Find what was deleted less than 20 days ago, to say since when it can be undeleted."""
    deleted = wiring.directory.list_deleted_users()
    return next((user for user in deleted if user.id == link.google_id), None)


# --- looking -------------------------------------------------------------------------------------


def _look(wiring: Wiring, entry: Entry) -> tuple[Person, str]:
    person = look_at_person(wiring, entry)
    lost = find_lost_link(wiring, entry, person)
    if lost is not None:
        links.save(wiring.state, lost)
        person = replace(person, link=lost, attempted=False)
    return prepare(wiring, entry, person)


def prepare(wiring: Wiring, entry: Entry, person: Person) -> tuple[Person, str]:
    """Note by what the person is known, and give one who has no account yet a password.

    With it comes what is to be done where Google does not take the stored one, else nothing.
    """
    if person.account is not None:
        # Whoever comes after somebody who left is first compared with what is known of that one.
        left = person.link is not None and person.link.ended_at is not None
        if not _is_anothers(person):
            told = None if left else traces(wiring, person.account)
            subjects.note(wiring.state, entry.subject, person.identity, told)
    if person.link is not None or not person.wanted or person.password is not None:
        return person, ""
    # The first sight of a stored hash is sent only with an account that we create.
    if wiring.source is None:  # nothing is missed: a password comes by an event of its own
        return replace(person, creation_password=wiring.make_password(), made_up=True), ""
    first = first_password(wiring.source.stored_password(entry.name))
    known = replace(
        person,
        creation_password=first.stored or wiring.make_password(),
        made_up=first.stored is None,
        first_password=first.words,
    )
    return known, first.remedy


def _is_anothers(person: Person) -> bool:
    """Whether the link is somebody else's, who is still to be found by the own lasting id."""
    linked = person.link.identity if person.link is not None else None
    return linked is not None and linked.lasting and is_anothers(person.identity, (linked,))


# --- deciding ------------------------------------------------------------------------------------


def _decide(wiring: Wiring, entry: Entry, person: Person) -> tuple[Person, Plan]:
    step = plan_user(person, wiring.rules, wiring.clock())
    while isinstance(step, Question):
        person = ask(wiring, entry, person, step.key)
        step = plan_user(person, wiring.rules, wiring.clock())
    return person, step


def ask(wiring: Wiring, entry: Entry, person: Person, key: str) -> Person:
    """Ask Google what it has of the person, and remember what it says of a linked one.

    Raises:
        NotYet: Google does not know what should be there, and is not believed yet.
        GoogleFault: Google did not answer that.
    """
    asked = ask_about_person(wiring, person, key)
    if person.link is None:
        return asked
    if asked.actual is None:
        return _gone(wiring, entry, person, person.link)
    if asked.actual.id != person.link.google_id:
        return asked
    seen = remember_look(person.link, asked.actual, wiring.clock())
    links.save(wiring.state, seen)
    return replace(asked, link=seen)


# --- concluding ----------------------------------------------------------------------------------


def _conclude(wiring: Wiring, entry: Entry, person: Person, plan: Plan, done: list[Change]) -> None:
    link = links.of(wiring.state, entry.subject)
    if link is None:
        return
    fresh = wiring.clock() if person.asked or done else link.confirmed_at
    # Lost in a power cut, it is found again: the entry is settled on disk after this.
    with wiring.state.transaction(durable=False):
        links.save(wiring.state, remember_answer(link, _owner(entry, person), plan.confirms, fresh))
        if person.account is not None:
            subjects.note(wiring.state, entry.subject, None, traces(wiring, person.account))
        elif not wiring.rules.adding_only:
            links.end(wiring.state, entry.subject, wiring.clock())
            links.rename_ended(wiring.state, entry.subject, entry.name)
