"""Whether two ids may be one person's, and which of two says more; the mark that follows from it.

It must not know what is done to an account because of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gapps_hooks.model import Identity
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import Rules, find_mark, make_mark

#: The kind that stands in the mark of a person of whom no id is known.
_BY_NAME: Final = "name"


def same_identity(known: Identity | None, now: Identity | None, name: str) -> bool:
    """Whether two ids may be one person's: equal, or not comparable (then the name decides)."""
    if known is None or now is None or known.kind != now.kind:
        return known is None or known.kind != _BY_NAME or known.value == name
    return known.value == now.value


def is_proven(known: Identity | None, now: Identity | None) -> bool:
    """Whether an id that is never given to anybody else says that it is the same person."""
    return known is not None and known == now and known.lasting


def is_disproven(known: Identity | None, now: Identity | None) -> bool:
    """Whether lasting ids say that these are two persons."""
    if known is None or now is None or not (known.lasting and now.lasting):
        return False
    return known.kind == now.kind and known.value != now.value


def surer(known: Identity | None, now: Identity | None) -> Identity | None:
    """Choose the id to remember: another one of the same kind is another person's.

    A number that a system reuses never replaces a lasting identity either; otherwise two people
    could follow each other under one name, and the second be given the first one's account.
    """
    if known is None or now is None or known.kind == _BY_NAME:
        return now or known
    return known if known.kind == now.kind or (known.lasting and not now.lasting) else now


def own_mark(person: Person, rules: Rules) -> Mapping[str, Any]:
    """Make the mark of a person's account, with the surest id that is known."""
    known = person.link.identity if person.link is not None else None
    if known is None and person.actual is not None:
        known = find_mark(person.actual, rules)
    identity = surer(known, person.identity)
    named = identity is None or identity.kind == _BY_NAME
    return make_mark(rules, person.name, None if named else identity)
