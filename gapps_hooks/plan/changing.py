"""A linked person who is to have an active account: what changed since it was last delivered.

It must not know files, clocks, the network or the database: everything is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from gapps_hooks.model import (
    Account,
    Change,
    Link,
    PasswordHash,
    Plan,
    Question,
    Refusal,
    Verb,
)
from gapps_hooks.plan.alias_merging import given_up
from gapps_hooks.plan.aliases import (
    alias_changes,
    alias_notes,
    alias_question,
    remember_aliases,
)
from gapps_hooks.plan.creation import protected_address, remember_state
from gapps_hooks.plan.existing import (
    BY_NAME,
    SUSPENDED_THERE,
    release_alias,
    restoring,
    suspension_notes,
    within_rights,
)
from gapps_hooks.plan.fields import (
    Difference,
    differ_from_actual,
    differ_from_memory,
    put,
    remember,
    wanted_fields,
)
from gapps_hooks.plan.freshness import (
    ADOPTED_SECONDS,
    CREATED_SECONDS,
    TRUST_SECONDS,
    is_stale,
)
from gapps_hooks.plan.identities import own_mark
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import Rules, why_not_address

#: Parts of lists that others fill too, which Google only takes whole.
_READ_FIRST: Final = frozenset({"employeeId", "phones"})


def plan_change(person: Person, link: Link, rules: Rules, now: float) -> Plan | Question:
    """Plan one PATCH that brings everything up to date, and the aliases after it."""
    account = person.account
    assert account is not None  # noqa: S101 - an absent account is not wanted
    restore = restoring(person, link, rules)
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
    patch = _patch(person, link, moved, restore, rules)
    if is_new_password(person, rules, now):
        patch = with_password(patch, person, rules)
    plan = _after_release(person, link, _compose(person, link, patch, rules), rules)
    decided = plan.changes or plan.refusals or person.asked
    if not decided and is_stale(link.confirmed_at, now, TRUST_SECONDS):
        return Question(link.google_id)
    # Of one who never left the number is enough, as it was to deliver everything else.
    by_name = restore and (link.identity is None or link.identity != person.identity)
    notes = (*suspension_notes(person, restore), *((BY_NAME,) if by_name else ()))
    return replace(plan, notes=(*plan.notes, *notes))


def _after_release(person: Person, link: Link, plan: Plan, rules: Rules) -> Plan:
    """Free the new address first, if an account holds it by an alias that a rename of ours left."""
    renamed = any(Verb.RENAME in change.verbs for change in plan.changes)
    if person.occupant is None or not renamed:
        return plan
    release = release_alias(person, person.occupant, rules)
    if isinstance(release, Refusal):
        return Plan(changes=given_up(plan.changes, link.google_id), refusals=(release,))
    return replace(plan, changes=(release, *plan.changes))


def _compose(person: Person, link: Link, patch: Change, rules: Rules) -> Plan:
    aliases = alias_changes(person, link.google_id, rules)
    first = given_up(aliases, link.google_id) if Verb.RENAME in patch.verbs else ()
    needed = (patch,) if patch.body or patch.password else ()
    return Plan(
        changes=(*first, *needed, *(one for one in aliases if one not in first)),
        notes=alias_notes(person, rules),
        confirms={**patch.delivers, **remember_aliases(person, rules)},
    )


def _difference(
    person: Person, account: Account, link: Link, rules: Rules
) -> Difference | Question:
    if person.actual is not None:
        mark = own_mark(person, rules)
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
    delivers = {**difference.delivers, "address": digest}
    if "named" in link.delivered:
        delivers["named"] = None
    if link.delivered.get("address") == digest or person.address == link.address:
        return replace(difference, delivers=delivers)
    reason = why_not_address(person.address, rules)
    if reason:
        return Refusal(reason)
    if rules.is_protected(person.address):
        return protected_address(person.address)
    former = {*link.delivered.get("former", ()), rules.digest(link.address)}
    return Difference(
        body={"primaryEmail": person.address, **difference.body},
        before={"primaryEmail": link.address, **difference.before},
        delivers={**delivers, "former": tuple(sorted(former))},
    )


def _patch(
    person: Person, link: Link, difference: Difference, restore: Mapping[str, Any], rules: Rules
) -> Change:
    body = {**difference.body, **restore}
    delivers = {**difference.delivers, **_remember_enabled(person, restore, rules)}
    verbs = [Verb.RENAME] if "primaryEmail" in body else []
    if restore:
        verbs.append(Verb.RESTORE)
    if body.keys() - {"primaryEmail", "suspended"}:
        verbs.append(Verb.UPDATE)
    return Change(
        verbs=tuple(verbs),
        google_id=link.google_id,
        address=link.address,
        body=body,
        before={**difference.before, **({"suspended": True} if restore else {})},
        delivers=delivers,
    )


def with_password(change: Change, person: Person, rules: Rules) -> Change:
    """Let a change carry the person's password too."""
    assert person.password is not None  # noqa: S101 - only a new one is sent
    return replace(
        change,
        verbs=(*change.verbs, Verb.PASSWORD),
        password=person.password,
        delivers={**change.delivers, "password": rules.digest(person.password.value)},
    )


def _remember_enabled(
    person: Person, restore: Mapping[str, Any], rules: Rules
) -> Mapping[str, Any]:
    """Only Google's answer, or a change of ours, tells whether the account is active there."""
    if person.account is None or person.account.enabled is not True:
        return {}
    if person.actual is None and not restore:
        return {}
    stands = person.actual is not None and person.actual.suspended and not restore
    return {"enabled": rules.digest(SUSPENDED_THERE if stands else True)}


def is_new_password(person: Person, rules: Rules, now: float) -> bool:
    """Whether there is a password to deliver that is not the one delivered a moment ago."""
    password = person.password
    return password is not None and not is_delivered(password, person.link, rules, now)


def is_delivered(password: PasswordHash, link: Link | None, rules: Rules, now: float) -> bool:
    """Whether this password is the one delivered a moment ago.

    Later the same one is sent again: it may have been changed at Google meanwhile.
    """
    delivered = link.delivered if link is not None else {}
    same = delivered.get("password") == rules.digest(password.value)
    return same and not is_stale(delivered.get("password_at", 0.0), now, TRUST_SECONDS)


def respect_administrators(
    plan: Plan, person: Person, link: Link, rules: Rules, now: float
) -> Plan | Question:
    """Let nothing through to an administrator or protected account that the settings forbid."""
    trusted = CREATED_SECONDS if link.created else ADOPTED_SECONDS
    if is_stale(link.administrator_checked_at, now, trusted) and not person.asked:
        return Question(link.google_id)
    flagged = person.actual.administrator if person.actual else link.administrator
    address = person.actual.primary_email if person.actual else link.address
    if rules.is_protected(address):
        return Plan(notes=(f"{address} is protected by the settings and left alone",))
    judged = within_rights(plan, address, rules, flagged=flagged)
    if judged.refusals and not _is_news(person, rules, now):
        return Plan(notes=(f"{address} is an administrator at Google and is left alone",))
    return judged


def _is_news(person: Person, rules: Rules, now: float) -> bool:
    """Whether the account manager says anything that it did not say before."""
    delivered = person.link.delivered if person.link is not None else {}
    said = {**remember_state(person, rules), **remember_aliases(person, rules)}
    if delivered.get("enabled") == rules.digest(SUSPENDED_THERE):
        said.pop("enabled")
    moved = any(delivered.get(key) != digest for key, digest in said.items())
    return moved or is_new_password(person, rules, now)
