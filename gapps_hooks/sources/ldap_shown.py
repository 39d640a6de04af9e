"""Whether an attribute that a person does not show is absent, or may be hidden from us.

It must not know what the attribute means, nor what follows.

A server leaves out what we may not read as if it were not there. But it judges the right to
compare before it looks for the value (RFC 4511 section 4.10): a comparison tells both apart.
Access rules are made for subtrees: what is found out of one counts for those beside, and for no
others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gapps_hooks.sources.ldap_people import Person
from gapps_hooks.sources.ldap_tree import Tree


class Shown:
    """What was found out of attributes; remembered, for one moment."""

    def __init__(self, tree: Tree, everybody: Callable[[], Iterable[Person] | None]) -> None:
        self._tree = tree
        self._everybody = everybody
        self._known: dict[tuple[str, str], bool] = {}
        #: The attributes that nobody directly below an entry shows.
        self._lacking: dict[str, set[str]] | None = None

    def hidden(self, person: Person) -> frozenset[str]:
        """Name the fields of a person of which an attribute may be hidden from us."""
        preset = self._tree.layout.preset
        return frozenset(
            field
            for field, missing in person.missing.items()
            for name in missing
            if name in preset.everybody_has or not self._is_known(name, person)
        )

    def _is_known(self, attribute: str, person: Person) -> bool:
        key = (attribute, person.dn.above)
        if key not in self._known:
            self._known[key] = self._is_seen(attribute, person)
        return self._known[key]

    def _is_seen(self, attribute: str, person: Person) -> bool:
        if self._lacking is None and (everybody := self._everybody()) is not None:
            self._lacking = _lacking(everybody)
        beside = (self._lacking or {}).get(person.dn.above)
        if beside is not None and attribute not in beside:
            return True
        may_compare = self._tree.connection.may_compare(person.dn.written, attribute)
        return self._tree.anybody_has(attribute) if may_compare is None else may_compare


def _lacking(everybody: Iterable[Person]) -> dict[str, set[str]]:
    lacking: dict[str, set[str]] = {}
    for person in everybody:
        missing = {name for names in person.missing.values() for name in names}
        lacking.setdefault(person.dn.above, missing).intersection_update(missing)
    return lacking
