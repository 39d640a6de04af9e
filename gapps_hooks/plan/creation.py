"""The account that Google does not have yet, and what is remembered of an account taken up.

It must not know when a creation is allowed: that is decided before it is asked for.
"""

from __future__ import annotations

from typing import Any

from gapps_hooks.model import Change, Plan, Refusal, Verb
from gapps_hooks.plan.aliases import alias_changes, alias_notes, remember_aliases
from gapps_hooks.plan.fields import create_body, remember
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import Rules, make_mark


def create(person: Person, rules: Rules) -> Plan:
    """Plan one users.insert that carries everything known, and the aliases after it."""
    account = person.account
    assert account is not None  # noqa: S101 - nobody creates an account for an absent person
    if rules.is_protected(person.address):
        return Plan(refusals=(protected_address(person.address),))
    delivers = remember_state(person, rules)
    password = person.password or person.creation_password
    if password is not None and (person.password or not person.made_up):
        delivers["password"] = rules.digest(password.value)
    change = Change(
        verbs=(Verb.CREATE, Verb.PASSWORD) if person.password else (Verb.CREATE,),
        google_id="",
        address=person.address,
        body=create_body(person.address, account, make_mark(rules, person.name, person.identity)),
        password=password,
        first_password="" if person.password else person.first_password,
        delivers=delivers,
    )
    return Plan(
        changes=(change, *alias_changes(person, "", rules)),
        notes=alias_notes(person, rules),
        confirms=remember_aliases(person, rules),
    )


def remember_state(person: Person, rules: Rules) -> dict[str, Any]:
    """Digest all that a person's active account is delivered with, but its aliases."""
    assert person.account is not None  # noqa: S101 - an absent person has no active account
    return remember(person.account, rules) | {
        "address": rules.digest(person.address),
        "enabled": rules.digest(True),  # noqa: FBT003 - the value that is remembered
    }


def protected_address(address: str) -> Refusal:
    """Say that no account is made at, or moved to, an address that the settings protect.

    Such an account could not be suspended when its person leaves.
    """
    return Refusal(
        f"{address} is protected by the settings, and no account is made there; make it at Google, "
        "or take it out of 'protected'"
    )
