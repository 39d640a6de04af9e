"""The plan of everybody: a piece for each subject, in the order in which they are printed.

It must not know how a piece was planned, nor how it is carried out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from gapps_hooks.model import Change, Kind, Plan, Verb

#: Changes that take something away from somebody: only whole reads may lead to them.
REMOVING: Final = frozenset(
    {
        Verb.SUSPEND,
        Verb.REMOVE_ALIAS,
        Verb.REMOVE_GROUP_ALIAS,
        Verb.REMOVE_MEMBER,
        Verb.DELETE_GROUP,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What is to be done for one subject, and on what knowledge of both sides it rests."""

    kind: Kind
    name: str
    #: None for one of whom nothing is known yet, or an account that nobody here has.
    subject: int | None = None
    #: How many events there had been on the subject before anything was read.
    generation: int = 0
    #: Digests of what Google has, and of what is wanted.
    actual: str = ""
    desired: str = ""
    plan: Plan

    @property
    def key(self) -> str:
        """The name by which people name it: ``alice`` or ``group:staff``."""
        return self.kind.called(self.name)

    @property
    def verbs(self) -> frozenset[Verb]:
        """Everything that is done for it."""
        return frozenset(verb for change in self.plan.changes for verb in change.verbs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What is to be done for everybody."""

    pieces: tuple[Piece, ...]
    #: Why what was read is not whole, a sentence each; empty if it is.
    incomplete: tuple[str, ...] = ()

    def counts(self) -> Counter[Verb]:
        """Say how often each kind of change is to be done."""
        return count(change for piece in self.pieces for change in piece.plan.changes)

    @property
    def changes(self) -> bool:
        """Whether there is anything to do at all."""
        return any(piece.plan.changes for piece in self.pieces)

    @property
    def refusals(self) -> bool:
        """Whether anything is refused for another reason than that it is too much at once."""
        return any(not one.held for piece in self.pieces for one in piece.plan.refusals)

    @property
    def held(self) -> bool:
        """Whether anything is held already as too much at once."""
        refusals = (one for piece in self.pieces for one in piece.plan.refusals)
        return any(one.held and not one.foreseen for one in refusals)

    @property
    def foreseen(self) -> bool:
        """Whether a run would hold anything as too much at once."""
        return any(one.foreseen for piece in self.pieces for one in piece.plan.refusals)


def count(changes: Iterable[Change]) -> Counter[Verb]:
    """Count changes by kind; a password that comes with a new account is part of its creation."""
    found: Counter[Verb] = Counter()
    for change in changes:
        created = Verb.CREATE in change.verbs
        found.update(verb for verb in change.verbs if not (created and verb is Verb.PASSWORD))
    return found


def in_order(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Put pieces in order: users before groups, restores before creations, suspensions last."""
    return tuple(sorted(pieces, key=lambda piece: (_rank(piece), piece.name)))


def _rank(piece: Piece) -> int:
    if piece.verbs & {Verb.SUSPEND, Verb.DELETE_GROUP}:
        return 4
    if piece.kind is Kind.GROUP:
        return 3
    if Verb.RESTORE in piece.verbs:
        return 0
    return 2 if Verb.CREATE in piece.verbs else 1


def fingerprint(piece: Piece, digest: Callable[[Any], str]) -> str:
    """Digest a piece whole: both sides and every change; another one is another plan."""
    return digest(
        [
            piece.key,
            piece.generation,
            piece.actual,
            piece.desired,
            [_said(change) for change in piece.plan.changes],
        ]
    )


def whole_digest(pieces: Iterable[Piece], digest: Callable[[Any], str]) -> str:
    """Digest the plan of everybody."""
    return digest([fingerprint(piece, digest) for piece in pieces])


def _said(change: Change) -> list[Any]:
    password = None if change.password is None else change.password.value
    return [list(change.verbs), change.google_id, change.address, dict(change.body), password]
