"""Aliases compared in three ways: said, delivered, and at Google -> additions and removals.

It must not know whether a person or a group has them, nor when either may be changed at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gapps_hooks.model import Change, Link, Unset, Verb
from gapps_hooks.plan.rules import Rules, why_not_address

_REMOVES: Final = frozenset({Verb.REMOVE_ALIAS, Verb.REMOVE_GROUP_ALIAS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Aliases:
    """All that is known of the aliases of one account or group before deciding."""

    #: As the account manager has them, lower-case and without the address; None: nothing is said.
    said: tuple[str, ...] | None
    #: Digests of those that we delivered.
    delivered: frozenset[str] = frozenset()
    #: Those at Google, without the address that is wanted; None while nobody asked.
    present: tuple[str, ...] | None = None


#: Where nothing is said, nothing else matters.
_UNSAID: Final = Aliases(said=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One alias that comes or goes, and the digests of ours once that is done."""

    alias: str
    adds: bool
    ours: tuple[str, ...]


def aliases_of(
    said: tuple[str, ...] | Unset,
    address: str,
    link: Link | None,
    present: tuple[str, ...] | None,
) -> Aliases:
    """Put together what is known; an alias that becomes the address leaves the lists by itself."""
    if isinstance(said, Unset):
        return _UNSAID
    others = None if present is None else tuple(one for one in present if one != address)
    lower = tuple(alias.lower() for alias in said)
    mentioned = tuple(dict.fromkeys(alias for alias in lower if alias != address))
    return Aliases(
        said=mentioned,
        delivered=frozenset(link.delivered.get("aliases", ())) if link else frozenset(),
        present=others,
    )


def are_forgotten(aliases: Aliases, rules: Rules) -> bool:
    """Whether an alias has to go, whose text only Google still knows (we keep digests)."""
    if aliases.said is None or aliases.present is not None:
        return False
    return bool(aliases.delivered - set(rules.digests(_wanted(aliases, rules))))


def steps(aliases: Aliases, rules: Rules) -> Iterator[Step]:
    """Remove what only we delivered and nobody wants any more, and add what is missing."""
    if aliases.said is None:
        return
    ours = set(aliases.delivered)
    if aliases.present is not None:
        declared = (one for one in aliases.present if one in _wanted(aliases, rules))
        ours.update(rules.digests(declared))
    for alias, adds in (*_gone(aliases, rules), *_missing(aliases, rules)):
        digest = {rules.digest(alias)}
        ours = ours | digest if adds else ours - digest
        yield Step(alias=alias, adds=adds, ours=tuple(sorted(ours)))


def given_up(changes: Iterable[Change], google_id: str) -> tuple[Change, ...]:
    """Take those that remove an alias of this one.

    They go before a new address, and also if that is refused: whoever has the new address may
    wait for such an alias.
    """
    removals = (change for change in changes if _REMOVES.intersection(change.verbs))
    return tuple(change for change in removals if change.google_id == google_id)


def digests_after(aliases: Aliases, rules: Rules) -> tuple[str, ...] | None:
    """Digest the aliases that are ours once all steps are done; None if nothing is said."""
    if aliases.said is None:
        return None
    stays = aliases.delivered if rules.adding_only else frozenset()  # what stays is still ours
    return tuple(sorted({*rules.digests(_wanted(aliases, rules)), *stays}))


def refusals(aliases: Aliases, rules: Rules) -> tuple[str, ...]:
    """Say which aliases are not taken, and why; they never hold up other changes."""
    found = (why_not_address(alias, rules) for alias in aliases.said or ())
    return tuple(f"alias not added: {reason}" for reason in found if reason is not None)


def _wanted(aliases: Aliases, rules: Rules) -> tuple[str, ...]:
    return tuple(one for one in aliases.said or () if why_not_address(one, rules) is None)


def _gone(aliases: Aliases, rules: Rules) -> Iterator[tuple[str, bool]]:
    wanted = _wanted(aliases, rules)
    for alias in () if rules.adding_only else aliases.present or ():
        if alias not in wanted and rules.digest(alias) in aliases.delivered:
            yield alias, False


def _missing(aliases: Aliases, rules: Rules) -> Iterator[tuple[str, bool]]:
    for alias in _wanted(aliases, rules):
        there = (
            rules.digest(alias) in aliases.delivered
            if aliases.present is None
            else alias in aliases.present
        )
        if not there:
            yield alias, True
