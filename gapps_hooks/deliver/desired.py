"""What a subject should now be: the account manager's current truth, or what its events said.

It must not know Google: it reads sources, merges payloads and asks the policy, nothing else.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from gapps_hooks.deliver.wishes import WISHED
from gapps_hooks.errors import GappsHooksError
from gapps_hooks.model import UNSET, Account, Group, Kind, Link, Member, Unset
from gapps_hooks.outbox import links, subjects
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.payload import account_from, group_from
from gapps_hooks.plan.gathering import Resolved
from gapps_hooks.sources import Source
from gapps_hooks.sources.decisive import why_undecided
from gapps_hooks.sources.enabled import is_enabled
from gapps_hooks.sources.scope import group_in_scope
from gapps_hooks.wiring import Wiring


class Contradiction(GappsHooksError):
    """The source says otherwise than the event: read it again later, conclude nothing."""


def desired_account(wiring: Wiring, entry: Entry) -> Account | None:
    """Read what a person should now be; None when the person is gone.

    Raises:
        Contradiction: event and source disagree, or absence cannot be concluded.
        SourceUnreadable: the source could not be read.
        PolicyFailed: a plugin of the organisation raised.
    """
    said = account_from(entry.patch, entry.name)
    if wiring.source is None:
        return None if entry.removed else with_policy(wiring, said)
    found = wiring.source.account(entry.name)
    _compare_presence(wiring.source, entry, present=found is not None)
    if found is None:
        return None
    return with_policy(wiring, _fill(found, said))


def _compare_presence(source: Source, entry: Entry, *, present: bool) -> None:
    if entry.removed and present:
        raise Contradiction(f"the event says that {entry.name} is gone, the source still has it")
    if present or entry.removed or source.leaves_out(entry.kind, entry.name):
        return
    if entry.added:
        raise Contradiction(f"the event says that {entry.name} was added, the source has none")
    if doubt := source.doubt(entry.kind, entry.name):
        raise Contradiction(f"{entry.name} was not found, but absence cannot be concluded: {doubt}")


def is_left_out(wiring: Wiring, entry: Entry, found: Account | Group | None) -> bool:
    """Say whether the source has one that was not found, and leaves it out as a system's.

    Raises:
        SourceUnreadable: the source could not be read.
    """
    if found is not None or wiring.source is None:
        return False
    return wiring.source.leaves_out(entry.kind, entry.name)


def _fill(found: Account, said: Account) -> Account:
    """Let a payload speak only where the source has nothing to say."""
    gaps: dict[str, Any] = {
        field.name: getattr(said, field.name)
        for field in fields(Account)
        if getattr(found, field.name) is UNSET
    }
    return replace(found, **gaps)


def with_policy(wiring: Wiring, account: Account) -> Account:
    """Join what the source says with the settings and the policy; raises PolicyFailed."""
    enabled = is_enabled(account, wiring.settings.enabled)
    ruled = account if enabled is account.enabled else replace(account, enabled=enabled)
    unit, extra = wiring.policy.org_unit(ruled), dict(wiring.policy.attributes(ruled))
    same = (unit, extra) == (ruled.org_unit, ruled.extra)
    return ruled if same else replace(ruled, org_unit=unit, extra=extra)


def enabled_notes(wiring: Wiring, account: Account | None) -> tuple[str, ...]:
    """Say of whom it is not known whether they are enabled that the group for it is missing."""
    if wiring.source is None or account is None or account.enabled is not UNSET:
        return ()
    why = why_undecided(wiring.source, wiring.settings)
    return (why,) if why else ()


def desired_address(wiring: Wiring, entry: Entry, account: Account, link: Link | None) -> str:
    """Say which address the person is to have.

    Without a source a payload that says nothing of the address leaves it as it is, unless the
    person got a new name and the address was made from the old one.
    """
    wanted = wiring.policy.choose_address(account)
    if link is None or wiring.source is not None or not isinstance(account.email, Unset):
        return wanted
    named = link.delivered.get("named") or link.name
    by_name = wiring.policy.choose_address(replace(account, username=named))
    return wanted if entry.name != named and by_name == link.address else link.address


def desired_group(wiring: Wiring, entry: Entry) -> Group | None:
    """Read what a group should now be; None when it is gone or not to be at Google.

    Raises:
        Contradiction: event and source disagree, or absence cannot be concluded.
        SourceUnreadable: the source could not be read.
    """
    said = group_from(entry.patch, entry.name)
    if wiring.source is None:
        return None if entry.removed or _is_over(wiring, entry) else said
    found = wiring.source.group(entry.name)
    _compare_presence(wiring.source, replace(entry, added=False), present=found is not None)
    return None if found is None else _with_texts(found, said)


def _with_texts(found: Group, said: Group) -> Group:
    """Let a payload speak where the source has no place for it, as /etc/group has none."""
    return replace(
        found,
        description=said.description if found.description is UNSET else found.description,
        aliases=said.aliases if found.aliases is UNSET else found.aliases,
    )


def _is_over(wiring: Wiring, entry: Entry) -> bool:
    """Without a source a group that was removed stays so until something is said of it again."""
    link = links.of(wiring.state, entry.subject)
    return link is not None and link.ended_at is not None and not entry.patch


def in_scope(wiring: Wiring, group: Group) -> bool:
    """Whether the settings want this group at Google."""
    return group_in_scope(group, wiring.settings)


def group_address(wiring: Wiring, group: Group, link: Link | None) -> str:
    """Say which address the group is to have: its own, else its name in the domain."""
    if isinstance(group.email, str) and group.email:
        return group.email.lower()
    by_name = f"{group.name}@{wiring.settings.domain}".lower().replace(" ", "_")
    if link is None or link.name != group.name or isinstance(group.email, str | None):
        return by_name
    return link.address


def resolve_members(wiring: Wiring, members: tuple[Member, ...]) -> tuple[Resolved, ...]:
    """Turn member references into addresses at Google, or notes why they have none."""
    return tuple(
        _resolve(wiring, member.reference, Resolved(reference=member.reference, role=member.role))
        for member in members
    )


def _resolve(wiring: Wiring, reference: str, bare: Resolved) -> Resolved:
    if reference.startswith("group:"):
        return _resolve_subject(wiring, Kind.GROUP, reference.removeprefix("group:"), bare)
    if "@" in reference:
        return replace(bare, address=reference.lower())
    return _resolve_subject(wiring, Kind.USER, reference.removeprefix(WISHED), bare)


def _resolve_subject(wiring: Wiring, kind: Kind, name: str, bare: Resolved) -> Resolved:
    subject = subjects.of_name(wiring.state, kind, name)
    link = links.of(wiring.state, subject) if subject is not None else None
    if link is None or link.ended_at is not None:
        return replace(bare, note="not at Google (yet); added when it is")
    known = replace(bare, address=link.address, google_id=link.google_id)
    disabled = link.delivered.get("enabled") == wiring.state.digest(False)  # noqa: FBT003 - a value
    return replace(known, note="not enabled for Google; left as it is") if disabled else known
