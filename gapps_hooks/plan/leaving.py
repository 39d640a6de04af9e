"""A linked person who is to have no active account any more: suspended once, and who is exempt.

It must not know files, clocks, the network or the database: everything is an argument.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gapps_hooks.model import Change, GoogleUser, Link, Plan, Question, Refusal, Verb
from gapps_hooks.plan.changing import is_new_password, respect_administrators, with_password
from gapps_hooks.plan.freshness import TRUST_SECONDS, is_stale
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import ADMINISTRATOR_SENTENCE, NOT_WHOLE, Rules, is_administrator
from gapps_hooks.plan.unheard import OURS, is_own_suspension

LET_IN: Final = (
    "{address} is not enabled here, and somebody let it in again at Google; it is left as it is "
    "until it is enabled or deleted here, or suspended at Google"
)
ALREADY: Final = "already suspended"


def plan_disable(person: Person, link: Link, rules: Rules, now: float) -> Plan | Question:
    """Suspend who is not known to be suspended; deliver a password while suspended too.

    Whom somebody at Google let in after the suspension is left as he is until he leaves.
    """
    known_disabled = link.delivered.get("enabled") == rules.digest(False)  # noqa: FBT003 - a value
    leaves = person.account is None
    # After a deletion nobody looks any more, so this look has to be at Google itself.
    doubtful = leaves or not known_disabled or is_stale(link.confirmed_at, now, TRUST_SECONDS)
    if doubtful and person.actual is None:
        return Question(link.google_id)
    active = person.actual is not None and not person.actual.suspended
    if person.actual is not None and (not known_disabled or (active and leaves)):
        plan = _suspend_linked(person.actual, link, rules)
        untouched = not plan.changes and not plan.confirms
        return plan if untouched else _with_password(plan, person, link, rules, now)
    note = LET_IN.format(address=link.address) if active else ALREADY
    plan = _with_password(Plan(), person, link, rules, now)
    if not plan.changes:
        return Plan(notes=(note,))
    plan = replace(plan, notes=(note,)) if active else plan
    return respect_administrators(plan, person, link, rules, now)


def _suspend_linked(actual: GoogleUser, link: Link, rules: Rules) -> Plan:
    """Suspend, or find that a suspension of ours was carried out of which we heard nothing."""
    plan = suspend(actual, rules)
    if plan.confirms and actual.suspended and is_own_suspension(link, actual, rules):
        return replace(plan, notes=(ALREADY,), confirms={**plan.confirms, OURS: True})
    return plan


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
    if rules.adding_only:
        return Plan(notes=(NOT_WHOLE,))
    change = Change(
        verbs=(Verb.SUSPEND,),
        google_id=actual.id,
        address=actual.primary_email,
        body={"suspended": True},
        before={"suspended": False},
        delivers=confirms,
    )
    return Plan(changes=(change,))


def _with_password(plan: Plan, person: Person, link: Link, rules: Rules, now: float) -> Plan:
    """Deliver a linked person's password while suspended too; a deleted person has none."""
    if person.account is None or not is_new_password(person, rules, now):
        return plan
    bare = Change(verbs=(), google_id=link.google_id, address=link.address)
    only = plan.changes[0] if plan.changes else bare
    return replace(plan, changes=(with_password(only, person, rules),))
