"""Everything that a story needs of the world, opened once and passed along as one value.

It must not know what the stories do with it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from gapps_hooks.google import Directory, connect
from gapps_hooks.google.boundaries import Observer, unobserved
from gapps_hooks.model import Change, PasswordHash
from gapps_hooks.outbox import State, limiter, open_state
from gapps_hooks.outbox.limiter import Rate
from gapps_hooks.passwords import unknown
from gapps_hooks.plan.rules import Rules
from gapps_hooks.plugins import Policy, open_policy
from gapps_hooks.settings import Settings, load_settings
from gapps_hooks.sources import Source, open_source
from gapps_hooks.trouble import tell_syslog

#: Seconds that a probe may take: somebody's hook waits for it.
PROBE_TIMEOUT: Final = 2.0
#: Google allows one a second ("Limits and quotas" of the Directory API).
ORG_UNITS_PER_SECOND: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """One installation, opened: its settings, state, source, policy, and the way to Google."""

    settings: Settings
    state: State
    #: None when the payload is all there is.
    source: Source | None
    policy: Policy
    rules: Rules
    directory: Directory
    #: Tries once whether Google can be reached, or (given True) signed in to; raises Outage.
    probe: Callable[[bool], None]
    #: Wall-clock seconds.
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    #: Uniform in [0, 1).
    random: Callable[[], float] = random.random
    #: Tells the system's log of trouble that nobody may be there to read on a terminal.
    tell_trouble: Callable[[str], None] = tell_syslog
    #: Why a change may not be made though it is planned by now; None if it may.
    forbids: Callable[[Change], str | None] = lambda _: None
    #: Makes the password of an account of which no password is known.
    make_password: Callable[[], PasswordHash] = field(default=unknown)


@dataclass(frozen=True, slots=True)
class SharedPace:
    """The installation's one quota: every process waits its turn in the state file."""

    state: State
    settings: Settings
    sleep: Callable[[float], None]

    def wait_turn(self, kinds: tuple[str, ...], longest: float) -> None:
        """Block until a request of these kinds may be sent, ``longest`` seconds at most.

        Raises:
            OutOfTime: the turn would come later; none was taken.
        """
        seconds = limiter.take(self.state, kinds, _rates(self.settings), longest)
        if seconds > 0:
            self.sleep(seconds)

    def slow_down(self, seconds: float, kind: str, *, about: str) -> None:
        """Hold every process back, because Google asked for fewer requests."""
        limiter.slow_down(self.state, seconds, kind, about=about)


def _rates(settings: Settings) -> Mapping[str, Rate]:
    return {
        "request": Rate(settings.google.rate, settings.google.burst),
        "creation": Rate(settings.google.creation_rate),
        "org-unit": Rate(ORG_UNITS_PER_SECOND),
    }


def open_wiring(path: Path) -> Wiring:
    """Open the installation that this settings file describes.

    Raises:
        BadSettings: something in the settings, the credentials or the policy is wrong.
        StateUnusable: the state directory or its database cannot be used.
    """
    settings = load_settings(path)
    state = open_state(settings.state.directory, domain=settings.domain, owner=settings.state.owner)
    return wire(settings, state, source=open_source(settings))


def wire(
    settings: Settings,
    state: State,
    *,
    source: Source | None,
    sleep: Callable[[float], None] = time.sleep,
    observe: Observer = unobserved,
) -> Wiring:
    """Put an installation together from settings, an open state and an open source.

    ``sleep`` may raise OutOfTime, which ends what is under way; its entry stays due. ``observe``
    is told of each request to Google: its method, and what it came to.
    """
    return Wiring(
        settings=settings,
        state=state,
        source=source,
        policy=open_policy(settings.policy_directory, domain=settings.domain),
        rules=make_rules(settings, state),
        directory=connect(
            settings,
            pace=SharedPace(state, settings, sleep),
            sleep=sleep,
            observe=observe,
        ),
        sleep=sleep,
        probe=lambda sign_in: _probe(settings, sign_in=sign_in),
    )


def with_snapshot(wiring: Wiring) -> Wiring:
    """Read the source once for one subject, so that its answers agree with each other."""
    source = wiring.source
    return wiring if source is None else replace(wiring, source=source.snapshot())


def _probe(settings: Settings, *, sign_in: bool) -> None:
    # It brings Google's client, which a hook that finds nothing to send never needs.
    from gapps_hooks.google import probe  # noqa: PLC0415 - keeps a door light, see above

    probe(settings, sign_in=sign_in, timeout=PROBE_TIMEOUT)


def make_rules(settings: Settings, state: State) -> Rules:
    """Take from the settings what planning needs."""
    return Rules(
        domains=settings.domains,
        admin=settings.admin,
        administrators=settings.administrators,
        existing_accounts=settings.existing_accounts,
        protected=settings.protected,
        role_addresses=settings.role_addresses,
        external_posting=settings.groups.external_posting,
        exact_groups=settings.groups.exact,
        removed_groups=settings.groups.removed,
        instance=state.instance,
        digest=state.digest,
    )
