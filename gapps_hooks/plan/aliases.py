"""The aliases of a person's account: wanted, delivered, and at Google -> additions and removals.

It must not know when an account may be changed at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gapps_hooks.model import Change, Verb
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import Rules, why_not_address


def alias_question(person: Person, rules: Rules) -> bool:
    """Whether an alias has to go, whose text only Google still knows (we keep digests)."""
    if person.asked or person.link is None or not _is_said(person):
        return False
    wanted = {rules.digest(alias) for alias in _wanted(person, rules)}
    return bool(set(person.link.delivered.get("aliases", ())) - wanted)


def alias_changes(person: Person, google_id: str, rules: Rules) -> tuple[Change, ...]:
    """Add missing aliases; remove only those that we delivered (three-way merge).

    An empty ``google_id`` stands for the account that the change before creates.
    """
    delivered = set(person.link.delivered.get("aliases", ())) if person.link else set()
    changes = []
    for verb, alias in _steps(person, delivered, rules):
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


def remember_aliases(person: Person, rules: Rules) -> Mapping[str, Any]:
    """Digest the aliases that the account has once all changes are done, if any are said."""
    if not _is_said(person):
        return {}
    digests = set(rules.digests(_wanted(person, rules)))
    if rules.adding_only and person.link is not None:  # what stays is still ours
        digests.update(person.link.delivered.get("aliases", ()))
    return {"aliases": tuple(sorted(digests))}


def alias_notes(person: Person, rules: Rules) -> tuple[str, ...]:
    """Say which aliases are not taken, and why; they never hold up the person's other changes."""
    refused = ((alias, why_not_address(alias, rules)) for alias in _said(person))
    return tuple(f"alias not added: {reason}" for _, reason in refused if reason is not None)


def _is_said(person: Person) -> bool:
    return person.account is not None and isinstance(person.account.aliases, tuple)


def _said(person: Person) -> tuple[str, ...]:
    if person.account is None or not isinstance(person.account.aliases, tuple):
        return ()
    aliases = (alias.lower() for alias in person.account.aliases)
    return tuple(dict.fromkeys(alias for alias in aliases if alias != person.address))


def _wanted(person: Person, rules: Rules) -> tuple[str, ...]:
    return tuple(alias for alias in _said(person) if why_not_address(alias, rules) is None)


def _steps(person: Person, delivered: set[str], rules: Rules) -> tuple[tuple[Verb, str], ...]:
    if not _is_said(person):
        return ()
    wanted, present = _wanted(person, rules), person.actual.aliases if person.actual else ()
    gone = [
        (Verb.REMOVE_ALIAS, alias)
        for alias in present
        # An alias that becomes the primary address leaves the list by itself.
        if alias not in (*wanted, person.address)
        and rules.digest(alias) in delivered
        and not rules.adding_only
    ]
    missing = [
        (Verb.ADD_ALIAS, alias)
        for alias in wanted
        if (alias not in present if person.actual else rules.digest(alias) not in delivered)
    ]
    return (*gone, *missing)
