"""Accounts that are at Google already: whose they are, and whether they may be taken up.

It must not know files, clocks, the network or the database: everything is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from gapps_hooks.model import Change, GoogleUser, Link, Plan, Question, Refusal, Verb
from gapps_hooks.plan.alias_release import free_alias
from gapps_hooks.plan.aliases import alias_changes, alias_notes, remember_aliases
from gapps_hooks.plan.creation import create, remember_state
from gapps_hooks.plan.fields import differ_from_actual
from gapps_hooks.plan.identities import own_mark
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import Rules, find_mark, left_alone
from gapps_hooks.plan.unheard import (
    BY_ADMINISTRATOR,
    RESTORING,
    SUSPENDING,
    bears_own_mark,
    is_being_suspended,
    is_own_suspension,
)

#: Remembered as ``enabled`` while a suspension that is not ours stands against what is wanted.
SUSPENDED_THERE: Final = "suspended at Google"
#: What the line says of a person whom no lasting id proves.
BY_NAME: Final = "taken up by its name alone: no id that could be compared was given"
BY_NUMBER: Final = "taken up by name and number, which a system gives to another person later"
#: What the settings' ``administrators`` lets through to an administrator's account.
_RIGHTS: Final[Mapping[str, frozenset[Verb]]] = {
    "leave": frozenset(),
    "profile": frozenset({Verb.UPDATE, Verb.ADOPT}),
    "all": frozenset(Verb) - {Verb.SUSPEND},
}


def whose(person: Person, actual: GoogleUser, rules: Rules) -> Literal["ours", "other", "unmarked"]:
    """Say whom this installation's mark on the account names: this person, another, nobody."""
    if find_mark(actual, rules) is None:
        return "unmarked"
    return "ours" if bears_own_mark(person, actual, rules) else "other"


def same_person_question(
    person: Person, address: str, known: str, but: str = "has another id now"
) -> Refusal:
    """Ask a person whether two accounts belong to one human being.

    What is linked to the name has to be forgotten before the name can get another account.
    """
    forget = f"gapps-hooks links forget {person.name}; " if person.link is not None else ""
    return Refusal(
        f"same person? {address} belonged to {known}, and {person.name} {but}; "
        f"if it is the same person: gapps-hooks links bind {person.name} {address}; "
        f"if not, rename {address} at Google and take away the alias that this leaves, then: "
        f"{forget}gapps-hooks outbox retry {person.name}"
    )


def another_leaver(person: Person, link: Link) -> Refusal:
    """Ask whether one who leaves, with another id, is the person whose account it is."""
    return Refusal(
        f"same person? {link.address} belongs to {link.name} ({link.identity}), and who leaves is "
        f"{person.name} ({person.identity}); if it is the same person: gapps-hooks links bind "
        f"{person.name} {link.address}; if not: gapps-hooks outbox drop {person.name}"
    )


def gone(link: Link, actual: GoogleUser | None = None) -> Refusal:
    """Say that a linked account is no longer at Google; it is never created anew by itself."""
    when = f" on {actual.deletion_time:%Y-%m-%d}" if actual and actual.deletion_time else ""
    return Refusal(
        f"{link.address} was deleted at Google{when}; bring it back with gapps-hooks undelete "
        f"{link.name} (within 20 days), or let a new one be made with gapps-hooks links forget "
        f"{link.name}"
    )


def held_elsewhere(address: str) -> Refusal:
    """Say that an address is in use by something that is no user's primary address."""
    return Refusal(
        f"{address} is held by a group, or by an account of another domain, at Google; free the "
        "address there, or give the person another 'email'"
    )


def adopt(person: Person, actual: GoogleUser, rules: Rules) -> Plan:
    """Plan to take up an account that exists and is not linked to this person."""
    if actual.primary_email != person.address:
        return _claim_from_alias(person, actual, rules)
    refusal = _why_deleted(person, actual) or _why_not_adopt(person, actual, rules)
    if refusal is not None:
        return Plan(refusals=(refusal,))
    if left_alone(actual, rules):
        note = f"{actual.primary_email} is an administrator or protected: linked and left alone"
        seen = {**remember_state(person, rules), **remember_aliases(person, rules)}
        if actual.suspended:
            seen["enabled"] = rules.digest(SUSPENDED_THERE)
        return Plan(changes=(bare_adoption(actual, seen),), notes=(note,))
    plan = _adopting(person, actual, rules)
    return within_rights(plan, actual.primary_email, rules, flagged=actual.administrator)


def bare_adoption(actual: GoogleUser, delivers: Mapping[str, Any]) -> Change:
    """Link an account without sending anything to Google."""
    return Change(
        verbs=(Verb.ADOPT,), google_id=actual.id, address=actual.primary_email, delivers=delivers
    )


def _claim_from_alias(person: Person, actual: GoogleUser, rules: Rules) -> Plan:
    release = release_alias(person, actual, rules)
    if isinstance(release, Refusal):
        return Plan(refusals=(release,))
    created = create(person, rules)
    if created.refusals:
        return created
    return replace(created, changes=(release, *created.changes))


def release_alias(person: Person, actual: GoogleUser, rules: Rules) -> Change | Refusal:
    """Plan to free the person's address where it is an alias that a rename of ours left."""
    freed = free_alias(person.address, actual, person.holder, rules)
    if freed is not None:
        return freed
    return Refusal(
        f"{person.address} is an alias of {actual.primary_email} at Google; remove the alias "
        "there, or give the person another 'email'"
    )


def _why_deleted(person: Person, actual: GoogleUser) -> Refusal | None:
    if actual.deletion_time is None:
        return None
    return Refusal(
        f"{actual.primary_email} was deleted at Google on {actual.deletion_time:%Y-%m-%d}; bring "
        f"it back with gapps-hooks undelete {person.name} (within 20 days)"
    )


def _why_not_adopt(person: Person, actual: GoogleUser, rules: Rules) -> Refusal | None:
    address, owner = actual.primary_email, whose(person, actual, rules)
    if person.holder is not None and person.holder.ended_at is None:
        return Refusal(f"{address} is linked to {person.holder.name} already; one of them must go")
    if person.holder is not None or owner == "other":
        known = person.holder.name if person.holder else str(find_mark(actual, rules))
        return same_person_question(person, address, known)
    if owner == "ours":
        return _why_not_restore(person, actual)
    if rules.existing_accounts == "refuse":
        return Refusal(
            f"{address} exists at Google already and existing_accounts is 'refuse'; adopt it with "
            f"gapps-hooks links bind {person.name} {address}"
        )
    if actual.suspended and rules.existing_accounts == "adopt-active":
        return Refusal(
            f"{address} exists at Google and is suspended, and existing_accounts is "
            f"'adopt-active'; adopt it with gapps-hooks links bind {person.name} {address}"
        )
    return _why_not_restore(person, actual)


def _why_not_restore(person: Person, actual: GoogleUser) -> Refusal | None:
    """Refuse to lift a suspension that is Google's own, or newer than the wish to lift it."""
    if not actual.suspended:
        return None
    if actual.suspension_reason not in BY_ADMINISTRATOR:
        return Refusal(
            f"{actual.primary_email} was suspended by Google itself ({actual.suspension_reason}); "
            "it can only be restored in the Google Admin console"
        )
    since = actual.suspension_time
    known = since.timestamp() if since is not None else person.suspension_seen_at
    if person.added and known is not None and person.wished_at > known:
        return None
    when = f" on {since:%Y-%m-%d}" if since else ""
    return Refusal(
        f"{actual.primary_email} was suspended at Google by an administrator{when}; enable it "
        f"again there, or with gapps-hooks fire user-add {person.name}",
        suspended=True,
    )


def _adopting(person: Person, actual: GoogleUser, rules: Rules) -> Plan:
    assert person.account is not None  # noqa: S101 - nobody adopts for an absent person
    mark = own_mark(person, rules)
    difference = differ_from_actual(person.account, actual, {}, rules, mark)
    restore = {"suspended": False} if actual.suspended else {}
    verbs = [Verb.ADOPT, *([Verb.RESTORE] if restore else [])]
    delivers = remember_state(person, rules)
    if person.password is not None:
        verbs.append(Verb.PASSWORD)
        delivers["password"] = rules.digest(person.password.value)
    change = Change(
        verbs=tuple(verbs),
        google_id=actual.id,
        address=actual.primary_email,
        body={**difference.body, **restore},
        before={**difference.before, **({"suspended": True} if restore else {})},
        password=person.password,
        delivers=delivers,
    )
    return Plan(
        changes=(change, *alias_changes(person, actual.id, rules)),
        notes=(*(() if person.identity else (BY_NAME,)), *alias_notes(person, rules)),
        confirms=remember_aliases(person, rules),
    )


def restoring(person: Person, link: Link, rules: Rules) -> Mapping[str, Any] | Question | Refusal:
    """Say whether a linked, enabled person's suspension has to be lifted, and may be."""
    known = link.delivered.get("enabled")
    was_disabled = known in {rules.digest(value) for value in (False, RESTORING, SUSPENDING)}
    doubtful = person.added and (person.asked or known != rules.digest(True))  # noqa: FBT003 - a value
    wanted = person.account is not None and person.account.enabled is True
    if not wanted or not (was_disabled or doubtful):
        return {}
    if person.actual is None:
        ours = was_disabled and link.suspended_by_us and not is_being_suspended(link, rules)
        return {"suspended": False} if ours else Question(link.google_id)
    if not person.actual.suspended:
        return {}
    if is_own_suspension(link, person.actual, rules):
        return {"suspended": False}
    return _why_not_restore(replace(person, added=True), person.actual) or {"suspended": False}


def suspension_notes(person: Person, restore: Mapping[str, Any]) -> tuple[str, ...]:
    """Say of an account that stays suspended against the account manager's wish that it does."""
    if person.actual is None or not person.actual.suspended or restore:
        return ()
    if person.link is not None and person.link.suspended_by_us:
        return ("already suspended by us; not enabled for Google",)
    refusal = _why_not_restore(replace(person, added=False), person.actual)
    return (refusal.text,) if refusal is not None else ()


def within_rights(plan: Plan, address: str, rules: Rules, *, flagged: bool) -> Plan:
    """Refuse a plan that does more to an administrator's account than the settings allow."""
    if not flagged and address != rules.admin:
        return plan
    rights = _RIGHTS[rules.administrators]
    if all(rights.issuperset(change.verbs) for change in plan.changes):
        return plan
    text = (
        f"{address} is an administrator at Google and is left alone (administrators = "
        f"'{rules.administrators}'); change it there, or list it under protected"
    )
    return Plan(refusals=(Refusal(text),))
