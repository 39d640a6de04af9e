"""The aliases of a group: wanted, delivered, and at Google -> additions and removals.

It must not know when a group may be changed at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gapps_hooks.model import UNSET, Change, Link, Verb
from gapps_hooks.plan.alias_merging import (
    Aliases,
    Step,
    aliases_of,
    are_forgotten,
    digests_after,
    refusals,
    steps,
)
from gapps_hooks.plan.gathering import Gathering
from gapps_hooks.plan.group_release import release
from gapps_hooks.plan.rules import Rules


def group_alias_question(gathering: Gathering, link: Link, rules: Rules) -> bool:
    """Whether an alias has to go, whose text only Google still knows (we keep digests)."""
    asks = not gathering.asked and not rules.adding_only
    return asks and are_forgotten(_of(gathering, link), rules)


def group_alias_changes(
    gathering: Gathering, link: Link | None, rules: Rules
) -> tuple[Change, ...]:
    """Add missing aliases; remove only those that we delivered (three-way merge).

    Without a link they are those of the group that a change before creates.
    """
    return tuple(
        change
        for step in steps(_of(gathering, link), rules)
        for change in (*_freed(gathering, step, rules), _change(gathering, link, step))
    )


def _change(gathering: Gathering, link: Link | None, step: Step) -> Change:
    return Change(
        verbs=(Verb.ADD_GROUP_ALIAS if step.adds else Verb.REMOVE_GROUP_ALIAS,),
        google_id=link.google_id if link else "",
        address=gathering.address,
        body={"alias": step.alias},
        delivers={"aliases": step.ours},
    )


def _freed(gathering: Gathering, step: Step, rules: Rules) -> Iterator[Change]:
    """Free the alias first, where another group has it only from a rename of ours."""
    occupant = gathering.occupants.get(step.alias) if step.adds else None
    if occupant is not None and (freed := release(step.alias, occupant, rules)):
        yield freed


def remember_group_aliases(gathering: Gathering, link: Link, rules: Rules) -> Mapping[str, Any]:
    """Digest the aliases that the group has, if any are said and none comes or goes.

    What comes or goes is remembered change by change: another's alias may be refused.
    """
    aliases = _of(gathering, link)
    after = digests_after(aliases, rules)
    return {} if after is None or any(steps(aliases, rules)) else {"aliases": after}


def group_alias_notes(gathering: Gathering, rules: Rules) -> tuple[str, ...]:
    """Say which aliases are not taken, and why; they never hold up the group's other changes."""
    return refusals(_of(gathering, gathering.link), rules)


def _of(gathering: Gathering, link: Link | None) -> Aliases:
    return aliases_of(
        UNSET if gathering.group is None else gathering.group.aliases,
        gathering.address,
        link,
        None if gathering.actual is None else gathering.actual.aliases,
    )


def wanted_addresses(gathering: Gathering) -> tuple[str, ...]:
    """Name the address and the aliases that the group is to have."""
    return gathering.address, *(_of(gathering, gathering.link).said or ())
