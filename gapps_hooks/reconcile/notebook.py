"""What a reconcile learns of those who need nothing: written in few transactions, or not at all.

It must not know how anybody was planned.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Any, Final

from gapps_hooks.deliver.memory import Owner, remember_answer, remember_look
from gapps_hooks.model import GoogleGroup, GoogleUser, Identity, Link, Plan
from gapps_hooks.outbox import links, roll
from gapps_hooks.plan.gathering import Gathering
from gapps_hooks.plan.person import Person
from gapps_hooks.wiring import Wiring

_AT_ONCE: Final = 500
#: All of a link but when it was last looked at, of tens of thousands in each run.
_TIMES: Final = frozenset({"confirmed_at", "administrator_checked_at"})
_LASTING: Final = attrgetter(*(one.name for one in fields(Link) if one.name not in _TIMES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """Collects confirmations; a closed one (of a dry run) forgets them."""

    wiring: Wiring
    #: Since when what Google said is true (wall-clock seconds).
    read_at: float
    closed: bool
    _unchanged: list[Link] = field(default_factory=list)
    #: Those who are gone: only at the end is it known whether all was read.
    _gone: list[tuple[Link, Link]] = field(default_factory=list)

    def person(self, person: Person, plan: Plan, remembers: Mapping[str, Any]) -> None:
        """Note that a person is at Google as wanted."""
        link = person.link
        if self.closed or link is None or link.ended_at is not None:
            return
        actual = person.actual
        there = actual is not None and actual.deletion_time is None
        after = self._after(
            link,
            actual if there else None,
            (person.name, person.identity),
            {**plan.confirms, **remembers},
        )
        self._conclude(link, after, gone=person.account is None)

    def group(self, gathering: Gathering, plan: Plan) -> None:
        """Note that a group is at Google as wanted."""
        link = gathering.link
        if self.closed or link is None or link.ended_at is not None:
            return
        identity = gathering.group.id if gathering.group else None
        after = self._after(link, gathering.actual, (gathering.name, identity), plan.confirms)
        self._conclude(link, after, gone=gathering.group is None)

    def close(self, *, adding_only: bool) -> None:
        """Write down what was not written yet; where nothing is taken away, no link ends."""
        for before, after in self._gone:
            self._note(before, after if adding_only else replace(after, ended_at=self.read_at))
        self._gone.clear()
        self._flush()

    def _flush(self) -> None:
        roll.confirm(self.wiring.state, self._unchanged, self.read_at)
        self._unchanged.clear()

    def _after(
        self,
        link: Link,
        actual: GoogleUser | GoogleGroup | None,
        named: tuple[str, Identity | None],
        confirms: Mapping[str, Any],
    ) -> Link:
        seen = remember_look(link, actual, self.read_at) if actual is not None else link
        owner = Owner(subject=link.subject, name=named[0], identity=named[1])
        return remember_answer(seen, owner, confirms, self.read_at)

    def _conclude(self, before: Link, after: Link, *, gone: bool) -> None:
        if gone and not self.wiring.rules.adding_only:
            self._gone.append((before, after))
        else:
            self._note(before, after)

    def _note(self, before: Link, after: Link) -> None:
        if _LASTING(after) != _LASTING(before):
            with suppress(links.Claimed):  # another link claims the address; both stay as they are
                roll.save_unchanged(self.wiring.state, before, after)
            return
        self._unchanged.append(before)
        if len(self._unchanged) >= _AT_ONCE:
            self._flush()
