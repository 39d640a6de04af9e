"""The account that Google does not have yet, and the aliases that belong to a person.

It must not know when a creation is allowed: that is decided before it is asked for.
"""

from __future__ import annotations

from gapps_hooks.model import Change, Plan, Verb
from gapps_hooks.plan.fields import create_body, remember
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import Rules, make_mark


def create(person: Person, rules: Rules) -> Plan:
    """Plan one users.insert that carries everything known, and the aliases after it."""
    account = person.account
    assert account is not None  # noqa: S101 - nobody creates an account for an absent person
    delivers = remember(account, rules) | {
        "address": rules.digest(person.address),
        "enabled": rules.digest(True),  # noqa: FBT003 - the value that is remembered
    }
    password = person.password or person.creation_password
    if password is not None:
        delivers["password"] = rules.digest(password.value)
    change = Change(
        verbs=(Verb.CREATE, Verb.PASSWORD) if person.password else (Verb.CREATE,),
        google_id="",
        address=person.address,
        body=create_body(person.address, account, make_mark(rules, person.name, person.identity)),
        password=password,
        delivers=delivers,
    )
    return Plan(changes=(change, *alias_changes(person, "", rules)))


def alias_question(person: Person, rules: Rules) -> bool:
    """Whether an alias has to go, whose text only Google still knows (we keep digests)."""
    if not isinstance(getattr(person.account, "aliases", None), tuple) or person.link is None:
        return False
    wanted = {rules.digest(alias) for alias in _wanted(person)}
    return bool(set(person.link.delivered.get("aliases", ())) - wanted) and not person.asked


def alias_changes(person: Person, google_id: str, rules: Rules) -> tuple[Change, ...]:
    """Add missing aliases; remove only those that we delivered (three-way merge).

    An empty ``google_id`` stands for the account that the change before creates.
    """
    delivered = set(person.link.delivered.get("aliases", ())) if person.link else set()
    changes = []
    for verb, alias in _alias_steps(person, delivered, rules):
        digest = {rules.digest(alias)}
        delivered = delivered | digest if verb is Verb.ADD_ALIAS else delivered - digest
        changes.append(
            Change(
                verbs=(verb,),
                google_id=google_id,
                address=person.address,
                body={"alias": alias},
                delivers={"aliases": tuple(sorted(delivered))},
            )
        )
    return tuple(changes)


def _wanted(person: Person) -> tuple[str, ...]:
    aliases = person.account.aliases if person.account else ()
    if not isinstance(aliases, tuple):
        return ()
    return tuple(dict.fromkeys(alias for alias in aliases if alias != person.address))


def _alias_steps(person: Person, delivered: set[str], rules: Rules) -> tuple[tuple[Verb, str], ...]:
    if person.account is None or not isinstance(person.account.aliases, tuple):
        return ()
    wanted, present = _wanted(person), person.actual.aliases if person.actual else ()
    gone = [
        (Verb.REMOVE_ALIAS, alias)
        for alias in present
        if alias not in wanted and rules.digest(alias) in delivered
    ]
    missing = [
        (Verb.ADD_ALIAS, alias)
        for alias in wanted
        if (alias not in present if person.actual else rules.digest(alias) not in delivered)
    ]
    return (*gone, *missing)
