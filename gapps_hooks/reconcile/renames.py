"""Whose name is another one now: known people and groups that the source has under a new name.

It must not know Google, nor write anything: it compares ids and traces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from gapps_hooks.deliver.people import traces
from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Account, Identity
from gapps_hooks.outbox import subjects
from gapps_hooks.outbox.roll import Outline
from gapps_hooks.reconcile.snapshot import Snapshot
from gapps_hooks.wiring import Wiring

_TAKEN: Final = (
    "{old} is called {new} now, as somebody else was; once it is known who that is now, the next "
    "run goes on"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Who is known under another name than the source has."""

    #: By the new name.
    renamed: Mapping[str, Outline]
    #: Names of which nothing is concluded yet, with the reason: the old names of those who have
    #: taken another's, and what they have taken.
    open: Mapping[str, str]
    #: The old names of those who have taken another's, by the new one.
    still: Mapping[str, str]


def renamed_people(wiring: Wiring, snapshot: Snapshot) -> Moves:
    """Find who is known under another name than the source has.

    Believed is a lasting identity; a number only of one whose name is gone and whose home, GECOS
    or password hash are unchanged. Who has a link under the new name already is that one, unless
    a lasting identity says otherwise: then that one is to be known first.
    """
    names = frozenset(snapshot.people.names)
    linked = {one.name for one in snapshot.memory.users if one.named and one.google_id}
    found: dict[str, Outline] = {}
    taken: dict[str, str] = {}
    replaced: dict[str, str] = {}
    for outline in snapshot.memory.users:
        identity = outline.identity
        if identity is None or not (identity.lasting or _may_have_moved(outline, names)):
            continue
        account = _account_by(snapshot, identity)
        if account is None or account.username == outline.name:
            continue
        if account.username in linked or account.username in found:
            if identity.lasting and outline.live and outline.named:
                gone = taken if outline.name not in names else replaced
                gone[outline.name] = account.username
        elif identity.lasting or _is_same(wiring, outline, account):
            found[account.username] = outline
    taken |= _passed_on(replaced, {outline.name for outline in found.values()} | taken.keys())
    still = {new: old for old, new in taken.items()}
    return Moves(renamed=found, open=_undecided(found, taken), still=still)


def _undecided(renamed: Mapping[str, Outline], taken: Mapping[str, str]) -> Mapping[str, str]:
    why = {old: _TAKEN.format(old=old, new=new) for old, new in taken.items()}
    given_up = {outline.name for outline in renamed.values()}
    passed_on = {new: why[old] for old, new in taken.items() if new in given_up}
    return {**passed_on, **why}


def _may_have_moved(outline: Outline, names: frozenset[str]) -> bool:
    return outline.live and outline.named and outline.name not in names


def _account_by(snapshot: Snapshot, identity: Identity) -> Account | None:
    with suppress(SourceUnreadable):  # a number that several share tells nobody
        return snapshot.source.account_by(identity)
    return None


def _is_same(wiring: Wiring, outline: Outline, account: Account) -> bool:
    before = subjects.traces(wiring.state, outline.subject)
    # A home is made from the name, and says something only where it kept the old one.
    kept = {
        key: digest
        for key, digest in traces(wiring, account).items()
        if key != "home" or account.traces[key].endswith(f"/{outline.name}")
    }
    return any(before.get(key) == digest for key, digest in kept.items())


def renamed_groups(snapshot: Snapshot) -> Moves:
    """Find which linked groups have a new name, by lasting ids alone."""
    by_identity = _by_identity(snapshot.memory.groups)
    linked = {one.name for one in snapshot.memory.groups if one.named and one.google_id}
    found: dict[str, Outline] = {}
    taken: dict[str, str] = {}
    for name in snapshot.groups.names if by_identity else ():
        group = snapshot.source.group(name)
        known = by_identity.get(group.id) if group is not None and group.id else None
        if known is None or known.name == name:
            continue
        if name not in linked:
            found[name] = known
        else:
            taken[known.name] = name
    taken = _passed_on(taken, {outline.name for outline in found.values()})
    still = {new: old for old, new in taken.items()}
    return Moves(renamed=found, open=_undecided(found, taken), still=still)


def _passed_on(taken: Mapping[str, str], given_up: set[str]) -> dict[str, str]:
    """Pick out the names whose owner has another by now that gets free; in a circle none does."""
    found: dict[str, str] = {}
    while more := {old: new for old, new in taken.items() if new in given_up and old not in found}:
        found |= more
        given_up = given_up | more.keys()
    return found


def _by_identity(outlines: Iterable[Outline]) -> dict[Identity, Outline]:
    return {
        one.identity: one for one in outlines if one.live and one.identity and one.identity.lasting
    }
