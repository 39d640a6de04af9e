"""The aliases of a person's account: wanted, delivered, and at Google -> additions and removals.

It must not know when an account may be changed at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gapps_hooks.model import UNSET, Change, Verb
from gapps_hooks.plan.alias_merging import (
    Aliases,
    Step,
    aliases_of,
    are_forgotten,
    digests_after,
    refusals,
    steps,
)
from gapps_hooks.plan.alias_release import free_alias
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import Rules


def alias_question(person: Person, rules: Rules) -> bool:
    """Whether an alias has to go, whose text only Google still knows (we keep digests)."""
    return not person.asked and person.link is not None and are_forgotten(_of(person), rules)


def alias_changes(person: Person, google_id: str, rules: Rules) -> tuple[Change, ...]:
    """Add missing aliases; remove only those that we delivered (three-way merge).

    An empty ``google_id`` stands for the account that the change before creates.
    """
    return tuple(
        change
        for step in steps(_of(person), rules)
        for change in (*_freed(person, step, rules), _change(person, google_id, step))
    )


def _change(person: Person, google_id: str, step: Step) -> Change:
    return Change(
        verbs=(Verb.ADD_ALIAS if step.adds else Verb.REMOVE_ALIAS,),
        google_id=google_id,
        address=person.address,
        body={"alias": step.alias},
        delivers={"aliases": step.ours},
    )


def _freed(person: Person, step: Step, rules: Rules) -> Iterator[Change]:
    """Free the alias first, where another person has it only from a rename of ours."""
    holder = person.alias_holders.get(step.alias) if step.adds else None
    if holder is not None and (freed := free_alias(step.alias, holder.user, holder.link, rules)):
        yield freed


def missing_aliases(person: Person, rules: Rules) -> Iterator[str]:
    """Name the aliases that are to be added."""
    return (step.alias for step in steps(_of(person), rules) if step.adds)


def remember_aliases(person: Person, rules: Rules) -> Mapping[str, Any]:
    """Digest the aliases that the account has once all changes are done, if any are said."""
    after = digests_after(_of(person), rules)
    return {} if after is None else {"aliases": after}


def alias_notes(person: Person, rules: Rules) -> tuple[str, ...]:
    """Say which aliases are not taken, and why; they never hold up the person's other changes."""
    return refusals(_of(person), rules)


def _of(person: Person) -> Aliases:
    return aliases_of(
        UNSET if person.account is None else person.account.aliases,
        person.address,
        person.link,
        None if person.actual is None else person.actual.aliases,
    )
