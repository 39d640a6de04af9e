"""A linked person who is to have no active account any more: suspension, once, and who is exempt.

It must not know files, clocks, the network or the database: everything is an argument.
"""

from __future__ import annotations

from dataclasses import replace

from gapps_hooks.model import Change, GoogleUser, Link, Plan, Question, Refusal, Verb
from gapps_hooks.plan.changing import is_new_password, respect_administrators
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import ADMINISTRATOR_SENTENCE, Rules, is_administrator


def plan_disable(person: Person, link: Link, rules: Rules, now: float) -> Plan | Question:
    """Suspend at the transition only; deliver a password while suspended too."""
    known_disabled = link.delivered.get("enabled") == rules.digest(False)  # noqa: FBT003 - a value
    if not known_disabled:
        if person.actual is None:
            return Question(link.google_id)
        plan = suspend(person.actual, rules)
        untouched = not plan.changes and not plan.confirms
        return plan if untouched else _with_password(plan, person, link, rules)
    plan = _with_password(Plan(), person, link, rules)
    if not plan.changes:
        return Plan(notes=("already suspended",))
    return respect_administrators(plan, person, link, rules, now)


def suspend(actual: GoogleUser, rules: Rules) -> Plan:
    """Suspend an account that is managed, whatever the settings say never an administrator."""
    if rules.is_protected(actual.primary_email):
        return Plan(notes=(f"{actual.primary_email} is protected by the settings and left alone",))
    if is_administrator(actual, rules):
        sentence = ADMINISTRATOR_SENTENCE.format(address=actual.primary_email)
        return Plan(refusals=(Refusal(sentence),))
    confirms = {"enabled": rules.digest(False)}  # noqa: FBT003 - the value that is remembered
    if actual.suspended:
        return Plan(notes=("was suspended at Google already",), confirms=confirms)
    change = Change(
        verbs=(Verb.SUSPEND,),
        google_id=actual.id,
        address=actual.primary_email,
        body={"suspended": True},
        before={"suspended": False},
        delivers=confirms,
    )
    return Plan(changes=(change,))


def _with_password(plan: Plan, person: Person, link: Link, rules: Rules) -> Plan:
    """Deliver a linked person's password while suspended too; a deleted person has none."""
    if person.account is None or person.password is None or not is_new_password(person, rules):
        return plan
    bare = Change(verbs=(), google_id=link.google_id, address=link.address)
    only = plan.changes[0] if plan.changes else bare
    both = replace(
        only,
        verbs=(*only.verbs, Verb.PASSWORD),
        password=person.password,
        delivers={**only.delivers, "password": rules.digest(person.password.value)},
    )
    return replace(plan, changes=(both,))
