"""A group that is gone here: emptied of what we delivered, left, or deleted.

It must not know files, clocks, the network or the database: everything is an argument.
"""

from __future__ import annotations

from dataclasses import replace

from gapps_hooks.model import Change, Group, Link, Plan, Question, Verb
from gapps_hooks.plan.gathering import SYSTEM_GROUP, Gathering, MembersQuestion
from gapps_hooks.plan.group_aliases import (
    group_alias_changes,
    group_alias_question,
    remember_group_aliases,
)
from gapps_hooks.plan.group_settings import settings_change, settings_if_changed
from gapps_hooks.plan.members import delivered_keys, removal, unseen, was_delivered
from gapps_hooks.plan.rules import NOT_WHOLE, Rules


def plan_removed(gathering: Gathering, rules: Rules) -> Plan | Question | MembersQuestion:
    """Decide what is to be done for a group that is gone, or not to be at Google any more."""
    link = gathering.link
    if link is None and gathering.attempted:
        return _close_what_was_lost(gathering, rules)
    if link is None or link.ended_at is not None:
        return Plan(notes=(SYSTEM_GROUP if gathering.left_out else "not at Google",))
    if gathering.asked and gathering.actual is None:
        return Plan(notes=(f"{link.address} was deleted at Google, nothing is left to empty",))
    if rules.adding_only or rules.removed_groups == "leave":
        left = f"{link.address} is left as it is at Google"
        return Plan(notes=(NOT_WHOLE if rules.adding_only else left,))
    if rules.removed_groups == "delete" and link.created:
        verb = Change(verbs=(Verb.DELETE_GROUP,), google_id=link.google_id, address=link.address)
        return Plan(changes=(verb,))
    return _empty(gathering, link, rules)


def _close_what_was_lost(gathering: Gathering, rules: Rules) -> Plan | Question | MembersQuestion:
    """A group whose creation was sent, and that was removed before its answer was known."""
    if not gathering.asked:
        return Question(gathering.address)
    actual = gathering.actual
    if actual is None or actual.email != gathering.address or gathering.holder is not None:
        return Plan(notes=("not at Google",))
    if gathering.present is None:
        return MembersQuestion(actual.id)
    if not gathering.is_lost:
        return Plan(notes=(f"{actual.email} was not made here and is left as it is",))
    found = Change(verbs=(Verb.ADOPT,), google_id=actual.id, address=actual.email)
    return Plan(changes=(found, settings_change(actual.email, actual.id, rules)))


def _empty(gathering: Gathering, link: Link, rules: Rules) -> Plan | Question | MembersQuestion:
    ours = delivered_keys(gathering.memberships)
    gone = replace(gathering, group=Group(name=gathering.name, aliases=()), members=None)
    if group_alias_question(gone, link, rules):
        return Question(link.google_id)
    # A creation that was cut off may have left it open to the whole world.
    closing = settings_if_changed(link, link.address, rules)
    aliases = group_alias_changes(gone, link, rules)
    if ours and gathering.present is None:
        return MembersQuestion(link.google_id)
    leaving = [one for one in gathering.present or () if was_delivered(one, ours)]
    removals = (*(removal(link, one) for one in leaving), *unseen(gone, link)) if ours else ()
    changes = (*closing, *removals, *aliases)
    stays = f"{link.address} stays at Google, without members of ours"
    return Plan(
        changes=changes,
        notes=() if changes or ours else (stays,),
        confirms=remember_group_aliases(gone, link, rules),
    )
