"""Members of a group whose own new name did not come yet: they stay, under the name that is known.

It must not know Google, nor what else is wanted of the group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from gapps_hooks.deliver.group_identity import may_be_called
from gapps_hooks.deliver.passing_on import lasting_identity
from gapps_hooks.deliver.wishes import WISHED
from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Identity, Kind, Member, Membership
from gapps_hooks.outbox import links, roll
from gapps_hooks.sources import Source
from gapps_hooks.wiring import Wiring


def as_known(
    wiring: Wiring, members: tuple[Member, ...], rows: tuple[Membership, ...]
) -> tuple[Member, ...]:
    """Name members as they are known here, who would else leave as one and come as another.

    A newcomer whose name is still somebody else's here, and who is not known by another one, is
    left out: who that is has to be known first, and whoever arrives has the group looked at again.
    The source is asked about each who comes and each who leaves, and about nobody else.

    Raises:
        SourceUnreadable: it is not known what one who leaves is called now.
    """
    wanted = {one.reference for one in members if _is_told_by_name(one.reference)}
    before = {row.reference for row in rows if _is_told_by_name(row.reference)}
    if wiring.source is None or wanted == before:
        return members
    known = _Names(wiring, wiring.source).known(wanted, before)
    named = ((one, known.get(one.reference, one.reference)) for one in members)
    return tuple(replace(one, reference=name) for one, name in named if name is not None)


def _is_told_by_name(reference: str) -> bool:
    return not reference.startswith(WISHED) and "@" not in reference


@dataclass(slots=True)
class _Names:
    """Who is who: as the source has them now, and as they are known here."""

    wiring: Wiring
    source: Source
    _identified: dict[Kind, bool] = field(default_factory=dict)

    def known(self, wanted: set[str], before: set[str]) -> Mapping[str, str | None]:
        """Tell of references that mean others here under which name they are known, or None."""
        found: dict[str, str | None] = {}
        asked: Iterable[str] = (wanted - before) | self._that_left(wanted, before)
        while asked := set(asked) - found.keys():
            found |= self._by_their_ids(asked)
            # whose name one of these has here is called otherwise by now
            asked = wanted.intersection(filter(None, found.values()))
        return found

    def _that_left(self, wanted: set[str], before: set[str]) -> set[str]:
        """Find those who are wanted under the name that somebody has now who seems to leave."""
        leaving = [Kind.meant(reference) for reference in before - wanted]
        found = {self._called(name) for kind, name in leaving if kind is Kind.USER}
        if any(kind is Kind.GROUP for kind, _ in leaving):
            # a group is not found by its id; but in another one there are few
            found |= {one for one in wanted if Kind.meant(one)[0] is Kind.GROUP}
        return wanted.intersection(filter(None, found))

    def _called(self, name: str) -> str | None:
        identity = self._own(Kind.USER, name)
        found = None if identity is None else self.source.account_by(identity)
        return None if found is None else found.username

    def _by_their_ids(self, references: set[str]) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        others: dict[Kind, dict[str, Identity]] = {}
        for reference in references:
            kind, name = Kind.meant(reference)
            identity = self._lasting_identity(kind, name)
            if identity is None or self._is_called(kind, name, identity):
                found[reference] = reference
            else:
                others.setdefault(kind, {})[reference] = identity
        for kind, ids in others.items():
            names = roll.names_by_identity(self.wiring.state, kind, ids.values())
            found |= {one: self._known(one, ids[one], names) for one in ids}
        return found

    def _is_called(self, kind: Kind, name: str, identity: Identity) -> bool:
        """Whether the name means whom it means in the source, or is given to no group that is."""
        if identity == self._own(kind, name):
            return True
        return kind is Kind.GROUP and not may_be_called(self.wiring, self.source, name)

    def _known(
        self, reference: str, identity: Identity, names: Mapping[Identity, str]
    ) -> str | None:
        kind, name = Kind.meant(reference)
        if identity in names:
            return kind.called(names[identity])
        own = self._own(kind, name)
        is_anothers = own is not None and own.kind == identity.kind
        return None if is_anothers else reference

    def _own(self, kind: Kind, name: str) -> Identity | None:
        return lasting_identity(links.of_name(self.wiring.state, kind, name))

    def _lasting_identity(self, kind: Kind, name: str) -> Identity | None:
        """Ask for the id of one who comes, if anybody is known by one at all."""
        if kind not in self._identified:
            self._identified[kind] = roll.knows_identities(self.wiring.state, kind)
        identity = self._identity(kind, name) if self._identified[kind] else None
        return identity if identity is not None and identity.lasting else None

    def _identity(self, kind: Kind, name: str) -> Identity | None:
        """Ask for the id of one who comes; a group does not wait for one who cannot be read."""
        with suppress(SourceUnreadable):
            found = self.source.group(name) if kind is Kind.GROUP else self.source.account(name)
            return found.id if found is not None else None
        return None
