"""One look: read, compare with what was seen, tell what happened, remember.

It must not know when to look, nor what becomes of what it tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Event, EventKind, Kind
from gapps_hooks.outbox import State, links, seen
from gapps_hooks.outbox.seen import Seen
from gapps_hooks.settings import Settings
from gapps_hooks.sources import NssSource
from gapps_hooks.sources.nss_whole import left_over
from gapps_hooks.watching.comparing import Absence, Comparison, compare
from gapps_hooks.watching.plausible import why_implausible
from gapps_hooks.watching.sight import Eye, Sight
from gapps_hooks.watching.telling import Teller

_AT: Final = "seen-at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one look came to."""

    told: tuple[Event, ...] = ()
    #: Why nothing was concluded of somebody, as sentences; it is worth another look.
    doubts: tuple[str, ...] = ()


class Looker:
    """Looks at the local files, each time for what happened since the last time."""

    def __init__(
        self,
        *,
        settings: Settings,
        state: State,
        source: NssSource,
        record: Callable[[Event], object],
    ) -> None:
        self._settings = settings
        self._state = state
        self._source = source
        self._record = record
        self._eye = Eye(state, settings.enabled)
        self._before: dict[tuple[Kind, str], Seen] | None = None

    def look(self) -> Looked:
        """Tell what happened since the last look; of the very first nothing is told.

        Raises:
            SourceUnreadable: the files cannot be read whole, or seem not to be whole; nothing is
                concluded.
            NotRecorded: something could not be told; all of it is told again by the next look.
        """
        source = self._source.snapshot()
        sight = self._eye.look(source)
        if self._before is None:
            self._before = seen.all_seen(self._state)
        rule = seen.rule(self._state)
        if not rule:
            everybody = tuple(one.seen for one in sight.present.values())
            others = tuple(self._before.keys() - sight.present.keys())
            self._remember(sight, Comparison(seen=everybody, gone=others))
            return Looked()
        found = compare(self._before, sight, self._absence(source, sight), ruled=rule == sight.rule)
        self._check_plausible(found)
        told = self._tell(source, sight, found)
        if found.seen or found.gone or rule != sight.rule or told:
            self._remember(sight, found)
        return Looked(told=told, doubts=found.doubts)

    def _check_plausible(self, found: Comparison) -> None:
        gone = {one.name for one in found.differences if one.event is EventKind.USER_DELETE}
        doubt = why_implausible(gone, links.all_links(self._state)) if gone else ""
        if doubt:
            raise SourceUnreadable(doubt)

    def _absence(self, source: NssSource, sight: Sight) -> Absence:
        before = self._before or {}
        others = {
            place: one
            for place, one in before.items()
            if place not in sight.present or sight.present[place].seen.identity != one.identity
        }
        return Absence(
            names=seen.names(self._state, frozenset(others)),
            left_out=source.leaves_out,
            left_over=lambda kind, name: left_over(source.files(), kind, name),
        )

    def _tell(self, source: NssSource, sight: Sight, found: Comparison) -> tuple[Event, ...]:
        teller = Teller(
            settings=self._settings,
            state=self._state,
            source=source,
            since=float(self._state.meta(_AT) or 0.0),
        )
        enabled = _enabled(sight)
        told = []
        for difference in found.differences:
            event = teller.event(difference, enabled=enabled.get(difference.name, False))
            if event is not None:
                self._record(event)
                told.append(event)
        return tuple(told)

    def _remember(self, sight: Sight, found: Comparison) -> None:
        with self._state.transaction(durable=False):
            seen.remember(self._state, rule=sight.rule, seen=found.seen, gone=found.gone)
            self._state.set_meta(_AT, repr(self._state.clock()))
        if self._before is not None:
            self._before.update({one.place: one for one in found.seen})
            for place in found.gone:
                self._before.pop(place, None)


def _enabled(sight: Sight) -> Mapping[str, bool]:
    people = (one for one in sight.present.values() if one.seen.kind is Kind.USER)
    return {one.name: one.enabled is not False for one in people}
