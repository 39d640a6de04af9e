"""One person: desired state, link and Google's answer -> a plan, or the question to ask first.

It must not know files, clocks, the network or the database: everything is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from gapps_hooks.model import (
    UNSET,
    Account,
    Change,
    GoogleUser,
    Link,
    Plan,
    Question,
    Refusal,
    Verb,
)
from gapps_hooks.plan import existing
from gapps_hooks.plan.creation import alias_changes, alias_question, create
from gapps_hooks.plan.fields import (
    Difference,
    differ_from_actual,
    differ_from_memory,
    put,
    remember,
    wanted_fields,
)
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import (
    ADMINISTRATOR_SENTENCE,
    Rules,
    left_alone,
    make_mark,
    why_not_address,
)

#: For this long Google's last answer is trusted without asking again.
TRUST_SECONDS: Final = 3600.0
#: For this long it is trusted that an adopted account did not become an administrator.
ADMINISTRATOR_SECONDS: Final = 600.0
_READ_FIRST: Final = frozenset({"employeeId", "phones"})


def plan_user(person: Person, rules: Rules, now: float) -> Plan | Question:
    """Decide what is to be done for a person (the three-way comparison of one subject)."""
    if person.link is not None and person.link.ended_at is None:
        return _plan_linked(person, person.link, rules, now)
    if not person.wanted:
        return _plan_unwanted_stranger(person, rules)
    if person.link is not None:
        return _take_up(person, person.link, rules, now)
    return _plan_unlinked(person, rules)


def _take_up(person: Person, link: Link, rules: Rules, now: float) -> Plan | Question:
    """A deleted person is there again: the same only if name and id match (or no id is known)."""
    if link.name != person.name or not existing.same_identity(
        link.identity, person.identity, person.name
    ):
        known = f"{link.name} ({link.identity})" if link.identity else link.name
        return Plan(refusals=(existing.same_person_question(person, link.address, known),))
    delivered = {**link.delivered, "enabled": rules.digest(False)}  # noqa: FBT003 - a value
    plan = _plan_linked(person, replace(link, ended_at=None, delivered=delivered), rules, now)
    if isinstance(plan, Question) or (link.identity and person.identity):
        return plan
    return replace(plan, notes=(*plan.notes, "taken up by its name alone: no id was given"))


def _plan_unwanted_stranger(person: Person, rules: Rules) -> Plan | Question:
    if not person.attempted or person.link is not None:
        return Plan(notes=("not enabled for Google, nothing of it is there",))
    if not person.asked:
        return Question(person.address)
    if person.actual is None or existing.whose(person, person.actual, rules) != "ours":
        return Plan(notes=("not enabled for Google, nothing of it is there",))
    return _suspend(person.actual, rules)


def _plan_unlinked(person: Person, rules: Rules) -> Plan | Question:
    account = person.account
    if account is None or account.enabled is UNSET:
        return Plan(notes=("no Google account is linked and nothing says that one is wanted",))
    refusal = why_not_address(person.address, rules)
    if refusal:
        return Plan(refusals=(Refusal(refusal),))
    if person.asked:
        if person.actual is not None:
            return existing.adopt(person, person.actual, rules)
        if person.taken:
            return Plan(refusals=(existing.held_elsewhere(person.address),))
    elif person.taken or not person.added:
        return Question(person.address)
    return create(person, rules)


# --- a linked person -----------------------------------------------------------------------------


def _plan_linked(person: Person, link: Link, rules: Rules, now: float) -> Plan | Question:
    if person.asked and person.actual is None:
        return Plan(refusals=(existing.gone(link),)) if person.wanted else Plan()
    if not person.wanted:
        return _plan_disable(person, link, rules, now)
    steps = _plan_change(person, link, rules, now)
    if isinstance(steps, Question) or not steps.changes:
        return steps
    return _respect_administrators(steps, person, link, rules, now)


def _plan_disable(person: Person, link: Link, rules: Rules, now: float) -> Plan | Question:
    known_disabled = link.delivered.get("enabled") == rules.digest(False)  # noqa: FBT003 - a value
    if not known_disabled:
        if person.actual is None:
            return Question(link.google_id)
        return _with_password(_suspend(person.actual, rules), person, link, rules)
    plan = _with_password(Plan(), person, link, rules)
    if not plan.changes:
        return Plan(notes=("already suspended",))
    return _respect_administrators(plan, person, link, rules, now)


def _suspend(actual: GoogleUser, rules: Rules) -> Plan:
    if rules.is_protected(actual.primary_email):
        return Plan(notes=(f"{actual.primary_email} is protected by the settings and left alone",))
    if actual.administrator or left_alone(actual, rules):
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
    if plan.refusals or person.account is None or not _password_is_new(person, link, rules):
        return plan
    assert person.password is not None  # noqa: S101 - said by _password_is_new
    extra = {"password": rules.digest(person.password.value)}
    if plan.changes:
        only = plan.changes[0]
        both = replace(
            only,
            verbs=(*only.verbs, Verb.PASSWORD),
            password=person.password,
            delivers={**only.delivers, **extra},
        )
        return replace(plan, changes=(both,))
    change = Change(
        verbs=(Verb.PASSWORD,),
        google_id=link.google_id,
        address=link.address,
        password=person.password,
        delivers=extra,
    )
    return replace(plan, changes=(change,))


def _password_is_new(person: Person, link: Link, rules: Rules) -> bool:
    if person.password is None:
        return False
    return link.delivered.get("password") != rules.digest(person.password.value)


def _plan_change(person: Person, link: Link, rules: Rules, now: float) -> Plan | Question:
    account = person.account
    assert account is not None  # noqa: S101 - an absent account is not wanted
    restore = existing.restoring(person, link, rules)
    if isinstance(restore, Question):
        return restore
    if isinstance(restore, Refusal):
        return Plan(refusals=(restore,))
    difference = _difference(person, account, link, rules)
    if isinstance(difference, Question) or alias_question(person, rules):
        return Question(link.google_id)
    moved = _move_address(person, link, rules, difference)
    if isinstance(moved, Refusal):
        return Plan(refusals=(moved,))
    return _compose(person, link, _patch(person, link, moved, restore, rules), rules, now)


def _compose(
    person: Person, link: Link, patch: Change, rules: Rules, now: float
) -> Plan | Question:
    aliases = alias_changes(person, link.google_id, rules)
    if patch.body or patch.password:
        return Plan(changes=(patch, *aliases))
    if not aliases and not person.asked and now - link.confirmed_at > TRUST_SECONDS:
        return Question(link.google_id)
    return Plan(changes=aliases, confirms=patch.delivers)


def _difference(
    person: Person, account: Account, link: Link, rules: Rules
) -> Difference | Question:
    if person.actual is not None:
        mark = make_mark(rules, person.name, person.identity)
        return differ_from_actual(account, person.actual, link.delivered, rules, mark)
    moved = differ_from_memory(account, link.delivered, rules)
    if moved & _READ_FIRST:
        return Question(link.google_id)
    wanted = wanted_fields(account)
    body: dict[str, Any] = {}
    for key in sorted(moved):
        put(body, key, wanted[key])
    if "name" in body:  # Google's PUT and, by one report, its PATCH want the name whole
        for key in {"givenName", "familyName"} & wanted.keys():
            put(body, key, wanted[key])
    return Difference(body=body, delivers=remember(account, rules))


def _move_address(
    person: Person, link: Link, rules: Rules, difference: Difference
) -> Difference | Refusal:
    """Add the new primary address where the wanted one changed since it was last delivered."""
    digest = rules.digest(person.address)
    if link.delivered.get("address") == digest or person.address == link.address:
        return replace(difference, delivers={**difference.delivers, "address": digest})
    reason = why_not_address(person.address, rules)
    if reason:
        return Refusal(reason)
    former = {*link.delivered.get("former", ()), rules.digest(link.address)}
    return Difference(
        body={"primaryEmail": person.address, **difference.body},
        before={"primaryEmail": link.address, **difference.before},
        delivers={**difference.delivers, "address": digest, "former": tuple(sorted(former))},
    )


def _patch(
    person: Person, link: Link, difference: Difference, restore: Mapping[str, Any], rules: Rules
) -> Change:
    body = {**difference.body, **restore}
    delivers = {**difference.delivers}
    verbs = [Verb.RENAME] if "primaryEmail" in body else []
    if restore:
        verbs.append(Verb.RESTORE)
    if person.account is not None and person.account.enabled is True:
        delivers["enabled"] = rules.digest(True)  # noqa: FBT003 - the value that is remembered
    if body.keys() - {"primaryEmail", "suspended"}:
        verbs.append(Verb.UPDATE)
    password = person.password if _password_is_new(person, link, rules) else None
    if password is not None:
        verbs.append(Verb.PASSWORD)
        delivers["password"] = rules.digest(password.value)
    return Change(
        verbs=tuple(verbs),
        google_id=link.google_id,
        address=link.address,
        body=body,
        before={**difference.before, **({"suspended": True} if restore else {})},
        password=password,
        delivers=delivers,
    )


def _respect_administrators(
    plan: Plan, person: Person, link: Link, rules: Rules, now: float
) -> Plan | Question:
    """Let nothing through to an administrator or protected account that the settings forbid."""
    stale = not link.created and now - link.administrator_checked_at > ADMINISTRATOR_SECONDS
    if stale and not person.asked:
        return Question(link.google_id)
    flagged = person.actual.administrator if person.actual else link.administrator
    address = person.actual.primary_email if person.actual else link.address
    if rules.is_protected(address):
        return Plan(notes=(f"{address} is protected by the settings and left alone",))
    return existing.within_rights(plan, address, rules, flagged=flagged)
