"""How an installation stands: what waits, what stops it, what a person has to do.

It must not ask Google or the source, so that it answers at once and also during an outage.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gapps_hooks.errors import GappsHooksError
from gapps_hooks.model import Kind, Verb
from gapps_hooks.outbox import State, bounds, breaker, entries, leases, links, mending
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.outbox.limiter import Rate
from gapps_hooks.outbox.usage import Usage, usage
from gapps_hooks.pausing import is_paused
from gapps_hooks.plugins import open_policy
from gapps_hooks.settings import Settings

#: What waits longer than this (seconds) is worth a monitor's attention.
OVERDUE: Final = 900.0
#: The row of ``meta`` in which a reconcile of everybody leaves {"at": seconds, "line": text}, and
#: "trouble", a sentence, if it was not whole, was refused or failed.
LAST_RECONCILE: Final = "last-reconcile"
_BOUNDED: Final = (
    *(Verb.SUSPEND, Verb.RESTORE, Verb.RENAME),
    *(Verb.REMOVE_MEMBER, Verb.PASSWORD, Verb.CREATE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The last reconcile of everybody: when, in wall-clock seconds, and what it came to."""

    at: float
    line: str
    #: Why it was not whole, was refused or failed, or whom it refused; "" if all is well.
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand; times are wall-clock seconds."""

    settings: Settings
    #: When it was looked at.
    now: float
    paused: bool
    #: Why a copied state file sends nothing, as a sentence.
    binding: str | None
    #: Why the organisation's policy does not load, so that nothing is delivered; "" if it does.
    policy: str
    #: The outage that lasts, as Google's side told it, and since when.
    outage: breaker.Break | None
    #: What became of a damage of the state file, as long as the damaged file is there.
    mended: str | None
    entries: tuple[Entry, ...]
    #: How many people and how many groups are linked.
    linked: int
    linked_groups: int
    #: How often each bounded kind of change was done in the last 24 hours.
    done: tuple[tuple[Verb, int], ...]
    #: Whether a resident agent works on this state.
    agent: bool
    #: None if there was none yet.
    reconciled: Reconciled | None
    quota: Usage

    def of(self, status: str) -> tuple[Entry, ...]:
        """Return the entries that are waiting, held or buried."""
        return tuple(entry for entry in self.entries if entry.status == status)

    @property
    def oldest(self) -> float | None:
        """Seconds for which the oldest waiting entry has waited; None if nothing waits."""
        waiting = self.of("waiting")
        return self.now - min(entry.recorded_at for entry in waiting) if waiting else None

    @property
    def exit_status(self) -> int:
        """0 all well, 75 nothing gets through, 4 held, 1 a person has to read the advice.

        That is where something is buried, the policy does not load, or the state file was damaged.
        Of several the first that holds of 1, 4, 75. A deliberate pause and an entry that waits for
        its next try are well.
        """
        if self.of("buried") or self.policy or self.mended:
            return 1
        if self.of("held"):
            return 4
        overdue = self.oldest is not None and self.oldest > OVERDUE and not self.paused
        return 75 if self.outage or self.binding or overdue else 0

    def advice(self) -> Iterator[str]:
        """Say what a person has to do, a sentence each."""
        if self.binding:
            yield self.binding
        if self.policy:
            yield f"Nothing is delivered until the policy loads: {self.policy}"
        if self.mended:
            yield f"{self.mended}; remove that file when you have looked, and this notice goes"
        if self.paused:
            yield "paused by hand; go on with: gapps-hooks resume"
        if self.outage:
            yield f"Nothing can be sent: {self.outage.reason}"
        if self.reconciled and self.reconciled.trouble:
            yield f"The last reconcile of everybody: {self.reconciled.trouble}"
        unsent = (entry for entry in self.of("waiting") if entry.unsent)
        for entry in (*self.of("held"), *self.of("buried"), *unsent):
            yield f"{entry.name}: {entry.status}: {entry.why}"


def look(settings: Settings, state: State) -> Standing:
    """See how things stand; raises StateUnusable."""
    return Standing(
        settings=settings,
        now=state.clock(),
        paused=is_paused(state),
        binding=state.binding_problem(),
        policy=policy_problem(settings),
        outage=breaker.current(state),
        mended=mending.notice(state.directory, state.meta(mending.NOTICE)),
        entries=entries.all_entries(state),
        linked=links.count(state, Kind.USER),
        linked_groups=links.count(state, Kind.GROUP),
        done=tuple((verb, bounds.used(state, verb)) for verb in _BOUNDED),
        agent=leases.is_held(state.directory, leases.AGENT),
        reconciled=_reconciled(state),
        quota=usage(state, Rate(settings.google.rate, settings.google.burst)),
    )


def policy_problem(settings: Settings) -> str:
    """Say why the organisation's policy does not load; "" if it does."""
    try:
        open_policy(settings.policy_directory, domain=settings.domain)
    except GappsHooksError as error:
        return str(error)
    return ""


def remember_reconcile(state: State, line: str, trouble: str = "") -> None:
    """Remember when everybody was reconciled last, and what it came to."""
    said = {"at": state.clock(), "line": line} | ({"trouble": trouble} if trouble else {})
    with state.transaction():
        state.set_meta(LAST_RECONCILE, json.dumps(said))


def _reconciled(state: State) -> Reconciled | None:
    text = state.meta(LAST_RECONCILE)
    if not text:
        return None
    said = json.loads(text)
    return Reconciled(
        at=float(said["at"]), line=str(said["line"]), trouble=str(said.get("trouble", ""))
    )
