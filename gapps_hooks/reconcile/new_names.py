"""Members who have another name in the source than here: who is meant, by either name.

It must not know how anybody was planned, nor what a group is to do with its members.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gapps_hooks.deliver.wishes import WISHED
from gapps_hooks.model import Kind, Member, Membership
from gapps_hooks.outbox import subjects
from gapps_hooks.outbox.roll import Outline
from gapps_hooks.outbox.state import State


@dataclass(frozen=True, slots=True)
class NewNames:
    """Grows while everybody is planned for; a plan names members as the source does."""

    #: As the state has them, by the reference that the source has.
    _known: dict[str, Outline] = field(default_factory=dict)
    #: The source's references, by those that the state has.
    _new: dict[str, str] = field(default_factory=dict)

    def note(self, kind: Kind, renamed: Mapping[str, Outline]) -> None:
        """Note who has which new name."""
        self._known.update({kind.called(new): known for new, known in renamed.items()})
        self._new.update({kind.called(one.name): kind.called(new) for new, one in renamed.items()})

    def delivered(self, rows: tuple[Membership, ...]) -> tuple[Membership, ...]:
        """Name delivered members as the source does, as if the new names had come."""
        taken = {row.reference for row in rows}
        new = {one: self._new.get(one, one) for one in taken}
        return tuple(
            row if new[row.reference] in taken else replace(row, reference=new[row.reference])
            for row in rows
        )

    def as_known(self, state: State, members: Iterable[Member]) -> tuple[Member, ...]:
        """Name members as they are known by now, whether or not their new names have come.

        Else one whose new name waits would leave the group under the old one. Left out is whoever
        is to have a name that is still another's: the other one would be taken for him.
        """
        return tuple(self._as_known(state, members))

    def _as_known(self, state: State, members: Iterable[Member]) -> Iterator[Member]:
        for one in members:
            name = one.reference.removeprefix(WISHED)
            if name in self._known:
                wish = one.reference.removesuffix(name)
                yield replace(one, reference=wish + self._now(state, name))
            elif name not in self._new or self._now(state, self._new[name]) != name:
                yield one

    def _now(self, state: State, new: str) -> str:
        """Find by which of both references one is known now."""
        known, (kind, _) = self._known[new], Kind.meant(new)
        keeps = subjects.of_name(state, kind, known.name) == known.subject
        return kind.called(known.name) if keeps else new
