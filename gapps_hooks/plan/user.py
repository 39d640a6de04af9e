"""One person: desired state, link and Google's answer -> a plan, or the question to ask first.

It must not know files, clocks, the network or the database: everything is an argument.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gapps_hooks.model import UNSET, Link, Plan, Question, Refusal, Verb
from gapps_hooks.plan import existing
from gapps_hooks.plan.changing import plan_change, respect_administrators
from gapps_hooks.plan.creation import create
from gapps_hooks.plan.identities import is_disproven, is_proven, same_identity
from gapps_hooks.plan.leaving import ALREADY, plan_disable, suspend
from gapps_hooks.plan.person import SYSTEM_ACCOUNT, Person
from gapps_hooks.plan.rules import Rules, why_not_address
from gapps_hooks.plan.unheard import RESTORING, bears_own_mark, is_being_adopted

#: Changes that Google does not answer with the account.
_ALIASES: Final = frozenset({Verb.ADD_ALIAS, Verb.REMOVE_ALIAS})
_NOTHING_SAID: Final = "no Google account is linked and nothing says that one is wanted"
_NOT_THERE: Final = "not enabled for Google, nothing of it is there"


def plan_user(person: Person, rules: Rules, now: float) -> Plan | Question:
    """Decide what is to be done for a person (the three-way comparison of one subject)."""
    if person.link is not None and (person.link.ended_at is None or _may_be_back(person, rules)):
        return _plan_linked(person, person.link, rules, now)
    if not person.wanted:
        return _plan_unwanted_stranger(person, rules)
    if person.account is None or person.account.enabled is UNSET:
        return Plan(notes=(_NOTHING_SAID,))
    if person.link is not None:
        return _take_up(person, person.link, rules, now)
    return _plan_unlinked(person, rules)


def _may_be_back(person: Person, rules: Rules) -> bool:
    """Whether one who left, came back and leaves again may have been restored by a lost answer."""
    delivered = person.link.delivered if person.link is not None else {}
    return not person.wanted and delivered.get("enabled") == rules.digest(RESTORING)


def _take_up(person: Person, link: Link, rules: Rules, now: float) -> Plan | Question:
    """A deleted person is there again: the same only if name and id match (or no id is known)."""
    but = _why_another(person, link)
    if but is not None:
        question = existing.same_person_question(person, link.address, link.name, but)
        return Plan(refusals=(question,))
    delivered = {**link.delivered, "enabled": rules.digest(False)}  # noqa: FBT003 - a value
    revived = replace(link, ended_at=None, delivered=delivered)
    plan = _plan_linked(replace(person, link=revived), revived, rules, now)
    if isinstance(plan, Question) or plan.refusals:
        return plan
    if all(_ALIASES.issuperset(change.verbs) for change in plan.changes):
        # Nothing else would tell the link that it lives again.
        if person.actual is None:
            return Question(link.google_id)
        adoption = existing.bare_adoption(person.actual, plan.confirms)
        plan = replace(plan, changes=(adoption, *plan.changes))
    if is_proven(link.identity, person.identity) or existing.BY_NAME in plan.notes:
        return plan
    numbered = link.identity is not None and link.identity == person.identity
    note = existing.BY_NUMBER if numbered else existing.BY_NAME
    return replace(plan, notes=(*plan.notes, note))


def _why_another(person: Person, link: Link) -> str | None:
    """Say what speaks against one who is there again being the person who had the account."""
    proven = is_proven(link.identity, person.identity)
    if link.name != person.name:
        return "has the same id, but another name" if proven else "has another name"
    if not proven and person.traced is False:
        return "has but name and number in common with the one who left"
    return None


def _plan_unwanted_stranger(person: Person, rules: Rules) -> Plan | Question:
    """Suspend only what a lost answer of ours made; everybody else is a stranger."""
    if person.link is not None:
        return Plan(notes=(_left(person.link),))
    if not person.attempted:
        return Plan(notes=(_nothing_of(person),))
    if not person.asked:
        return Question(person.address)
    actual = person.actual
    if actual is None or actual.primary_email != person.address or person.holder is not None:
        return Plan(notes=(_NOT_THERE,))
    if existing.whose(person, actual, rules) != "ours":
        return Plan(notes=(_NOT_THERE,))
    return suspend(actual, rules)


def _left(link: Link) -> str:
    if link.suspended_by_us:
        return ALREADY
    return f"not enabled for Google; {link.address} is left as it is since its owner left"


def _nothing_of(person: Person) -> str:
    if person.left_out:
        return SYSTEM_ACCOUNT
    if person.account is None:
        return f"no person here is called {person.name}, and nothing of it is at Google"
    return _NOT_THERE


def _plan_unlinked(person: Person, rules: Rules) -> Plan | Question:
    refusal = why_not_address(person.address, rules)
    if refusal:
        return Plan(refusals=(Refusal(refusal),))
    if person.asked:
        if person.actual is not None:
            return existing.adopt(person, person.actual, rules)
        if person.taken:
            return Plan(refusals=(existing.held_elsewhere(person.address),))
    elif person.taken or not person.added or rules.is_protected(person.address):
        return Question(person.address)
    return create(person, rules)


# --- a linked person -----------------------------------------------------------------------------


def _plan_linked(person: Person, link: Link, rules: Rules, now: float) -> Plan | Question:
    if person.asked and (person.actual is None or person.actual.deletion_time is not None):
        return _plan_gone(person, link, rules)
    begun = _plan_begun(person, link, rules) if is_being_adopted(link, rules) else None
    return begun or _plan_known(person, link, rules, now)


def _plan_known(person: Person, link: Link, rules: Rules, now: float) -> Plan | Question:
    same = same_identity(link.identity, person.identity, person.name)
    if not person.wanted:
        if is_disproven(link.identity, person.identity):
            return Plan(refusals=(existing.another_leaver(person, link),))
        # Whoever has the name now, the one who had this number is gone; the password is not theirs.
        leaver = person if same else replace(person, password=None)
        return plan_disable(leaver, link, rules, now)
    if not same:
        known = f"{link.name} ({link.identity})"
        return Plan(refusals=(existing.same_person_question(person, link.address, known),))
    steps = plan_change(person, link, rules, now)
    if isinstance(steps, Question) or not steps.changes:
        return steps
    return respect_administrators(steps, person, link, rules, now)


def _plan_begun(person: Person, link: Link, rules: Rules) -> Plan | Question | None:
    """One whose adoption was sent: adopted again, or suspended if it was carried out (None)."""
    if person.actual is None:
        return Question(link.google_id)
    if person.wanted and person.address == person.actual.primary_email:
        return existing.adopt(person, person.actual, rules)
    if person.wanted or bears_own_mark(person, person.actual, rules):
        return None
    return Plan(notes=(_NOT_THERE,))


def _plan_gone(person: Person, link: Link, rules: Rules) -> Plan:
    if person.wanted:
        return Plan(refusals=(existing.gone(link, person.actual),))
    return Plan(
        notes=(f"{link.address} was deleted at Google, nothing is left to suspend",),
        confirms={"enabled": rules.digest(False)},  # noqa: FBT003 - the value that is remembered
    )
