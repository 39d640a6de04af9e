"""One group: desired state, link, memberships and Google's answer -> a plan, or a question.

It must not know files, clocks, the network or the database: everything is an argument.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gapps_hooks.model import (
    Change,
    GoogleGroup,
    Group,
    Link,
    Plan,
    Question,
    Refusal,
    Unset,
    Verb,
)
from gapps_hooks.plan.alias_merging import given_up
from gapps_hooks.plan.freshness import TRUST_SECONDS, is_stale
from gapps_hooks.plan.gathering import Gathering, MembersQuestion, Occupant
from gapps_hooks.plan.group_aliases import (
    group_alias_changes,
    group_alias_notes,
    group_alias_question,
    remember_group_aliases,
)
from gapps_hooks.plan.group_leaving import plan_removed
from gapps_hooks.plan.group_release import former, held_as_alias, release
from gapps_hooks.plan.group_settings import settings_change, settings_if_changed
from gapps_hooks.plan.members import additions, have_moved, member_changes, notes
from gapps_hooks.plan.rules import Rules, why_not_address


def plan_group(gathering: Gathering, rules: Rules, now: float) -> Plan | Question | MembersQuestion:
    """Decide what is to be done for a group (the three-way comparison of one subject)."""
    link, group = gathering.link, gathering.group
    for address in (gathering.address, *((link.address,) if link else ())):
        if rules.is_protected(address):
            return Plan(notes=(f"{address} is protected by the settings and left alone",))
    if group is None or group.deleted:
        return plan_removed(gathering, rules)
    if link is not None and link.ended_at is not None and link.address != gathering.address:
        # It came back under another name: it is its own group that gets the new address.
        return _take_up(gathering, group, link, rules, now)
    if link is None or link.ended_at is not None:
        return _plan_unlinked(gathering, group, rules)
    if gathering.asked and gathering.actual is None:
        text = (
            f"{link.address} was deleted at Google; let a new group be made with "
            f"gapps-hooks links forget group:{gathering.name}"
        )
        return Plan(refusals=(Refusal(text),))
    return _plan_linked(gathering, group, link, rules, now)


def _take_up(
    gathering: Gathering, group: Group, link: Link, rules: Rules, now: float
) -> Plan | Question | MembersQuestion:
    revived = replace(link, ended_at=None, confirmed_at=0.0)
    return plan_group(replace(gathering, group=group, link=revived), rules, now)


def _plan_unlinked(
    gathering: Gathering, group: Group, rules: Rules
) -> Plan | Question | MembersQuestion:
    refusal = why_not_address(gathering.address, rules)
    if refusal:
        return Plan(refusals=(Refusal(refusal),))
    if gathering.taken and not gathering.asked:
        return Question(gathering.address)
    if gathering.actual is not None:
        occupant = Occupant(group=gathering.actual, link=gathering.holder)
        freed = release(gathering.address, occupant, rules)
        if freed is None:
            return _adopt(gathering, group, gathering.actual, rules)
        created = _create(gathering, group, rules)
        return replace(created, changes=(freed, *created.changes))
    if gathering.taken:
        text = (
            f"{gathering.address} is held by a user at Google; the user keeps it: give the group "
            "another 'email'"
        )
        return Plan(refusals=(Refusal(text),))
    return _create(gathering, group, rules)


def _create(gathering: Gathering, group: Group, rules: Rules) -> Plan:
    body = {"email": gathering.address, **_texts(gathering, group)}
    creation = Change(
        verbs=(Verb.CREATE_GROUP,),
        google_id="",
        address=gathering.address,
        body=body,
        delivers=_remember(gathering, group, rules),
    )
    settings = settings_change(gathering.address, "", rules)
    members = additions("", gathering.address, gathering)
    aliases = group_alias_changes(gathering, None, rules)
    changes = (creation, settings, *members, *aliases)
    return Plan(changes=changes, notes=_notes(gathering, rules))


def _notes(gathering: Gathering, rules: Rules) -> tuple[str, ...]:
    return (*notes(gathering), *group_alias_notes(gathering, rules))


def _adopt(
    gathering: Gathering, group: Group, actual: GoogleGroup, rules: Rules
) -> Plan | MembersQuestion:
    refusal = _why_not_adopt(gathering, actual, rules)
    if refusal is not None:
        return Plan(refusals=(refusal,))
    if gathering.present is None and (gathering.members is not None or gathering.attempted):
        return MembersQuestion(actual.id)
    adoption = Change(
        verbs=(Verb.ADOPT,),
        google_id=actual.id,
        address=actual.email,
        delivers=_remember(gathering, group, rules),
    )
    link = _link_again(gathering, actual, lost=gathering.is_lost)
    texts = _texts_change(gathering, group, actual) if link.created else ()
    settings = (settings_change(actual.email, actual.id, rules),) if gathering.is_lost else ()
    members = member_changes(gathering, link, rules)
    aliases = group_alias_changes(gathering, link, rules)
    return Plan(
        changes=(adoption, *texts, *settings, *members, *aliases),
        notes=_notes(gathering, rules),
        confirms=remember_group_aliases(gathering, link, rules),
    )


def _link_again(gathering: Gathering, actual: GoogleGroup, *, lost: bool) -> Link:
    """What will be ours of a group that is adopted: what was, if it is the one that we had."""
    known = gathering.link if gathering.link and gathering.link.google_id == actual.id else None
    return Link(
        subject=0,
        google_id=actual.id,
        address=actual.email,
        name=gathering.name,
        delivered=known.delivered if known else {},
        created=lost or (known is not None and known.created),
    )


def _texts_change(gathering: Gathering, group: Group, actual: GoogleGroup) -> tuple[Change, ...]:
    """What was said of a group of ours since the words that it was made with."""
    seen = {"name": actual.name, "description": actual.description}
    told = {key: text for key, text in _texts(gathering, group).items() if seen[key] != text}
    verbs = (Verb.UPDATE_GROUP,)
    change = Change(verbs=verbs, google_id=actual.id, address=actual.email, body=told)
    return (change,) if told else ()


def _why_not_adopt(gathering: Gathering, actual: GoogleGroup, rules: Rules) -> Refusal | None:
    if actual.email != gathering.address:
        return held_as_alias(gathering.address, actual)
    if gathering.holder is not None and gathering.holder.ended_at is None:
        return Refusal(
            f"{actual.email} is linked to the group {gathering.holder.name} already; one of them "
            "must go"
        )
    if rules.existing_accounts == "refuse" and not gathering.attempted:
        return Refusal(
            f"the group {actual.email} exists at Google already and existing_accounts is "
            f"'refuse'; adopt it with gapps-hooks links bind group:{gathering.name} {actual.email}"
        )
    return None


def _plan_linked(
    gathering: Gathering, group: Group, link: Link, rules: Rules, now: float
) -> Plan | Question | MembersQuestion:
    patch = _patch(gathering, group, link, rules)
    if isinstance(patch, Refusal):
        return Plan(refusals=(patch,))
    if group_alias_question(gathering, link, rules):
        return Question(link.google_id)
    aliases = group_alias_changes(gathering, link, rules)
    first = given_up(aliases, link.google_id) if Verb.RENAME_GROUP in patch.verbs else ()
    freed = _free(gathering, patch, rules)
    if isinstance(freed, Refusal):
        return Plan(changes=first, refusals=(freed,))
    old = is_stale(link.confirmed_at, now, TRUST_SECONDS) and gathering.members is not None
    if gathering.present is None and (old or have_moved(gathering)):
        return MembersQuestion(link.google_id)
    renamed = replace(link, address=patch.body.get("email", link.address))
    settings = settings_if_changed(link, renamed.address, rules)
    members = member_changes(gathering, renamed, rules) if gathering.present is not None else ()
    needed = (patch,) if patch.body else ()
    later = tuple(one for one in aliases if one not in first)
    return Plan(
        changes=(*first, *freed, *needed, *settings, *members, *later),
        notes=_notes(gathering, rules),
        confirms={**patch.delivers, **remember_group_aliases(gathering, link, rules)},
    )


def _patch(gathering: Gathering, group: Group, link: Link, rules: Rules) -> Change | Refusal:
    delivers = _remember(gathering, group, rules)
    moved = {key for key, digest in delivers.items() if link.delivered.get(key) != digest}
    texts = _texts(gathering, group)
    # An adopted group may well have a name that people there chose.
    if gathering.actual is not None and link.created:
        seen = {"name": gathering.actual.name, "description": gathering.actual.description}
        moved = {*(moved & {"address"}), *(key for key in texts if texts[key] != seen[key])}
    body: dict[str, Any] = {key: value for key, value in texts.items() if key in moved}
    verb = Verb.UPDATE_GROUP
    if "address" in moved and gathering.address != link.address:
        reason = why_not_address(gathering.address, rules)
        if reason:
            return Refusal(reason)
        body, verb = {"email": gathering.address, **body}, Verb.RENAME_GROUP
        delivers = {**delivers, **former(link, rules)}
    return Change(
        verbs=(verb,),
        google_id=link.google_id,
        address=link.address,
        body=body,
        before={"email": link.address} if "email" in body else {},
        delivers=delivers,
    )


def _free(gathering: Gathering, patch: Change, rules: Rules) -> tuple[Change, ...] | Refusal:
    """Plan to free the new address first, where another group has it by an alias."""
    occupant = gathering.occupants.get(patch.body.get("email", ""))
    if occupant is None:
        return ()
    freed = release(gathering.address, occupant, rules)
    return held_as_alias(gathering.address, occupant.group) if freed is None else (freed,)


def _texts(gathering: Gathering, group: Group) -> dict[str, str]:
    texts = {"name": gathering.name}
    if not isinstance(group.description, Unset):
        texts["description"] = group.description or ""
    return texts


def _remember(gathering: Gathering, group: Group, rules: Rules) -> dict[str, Any]:
    values = {**_texts(gathering, group), "address": gathering.address}
    return {key: rules.digest(value) for key, value in values.items()}
