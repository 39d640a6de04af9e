"""A small organisation for tests: the real stories, the emulator in-process, one moveable clock."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gapps_hooks.deliver.subject import deliver, drain
from gapps_hooks.emulator import Emulator
from gapps_hooks.google import connect, probe
from gapps_hooks.model import GoogleGroup, GoogleMember, GoogleUser, Outcome, Verdict
from gapps_hooks.outbox import State, open_state
from gapps_hooks.plugins import open_policy
from gapps_hooks.record import Desk, Receipt, read_event, record
from gapps_hooks.settings import Settings, load_settings
from gapps_hooks.sources import open_source
from gapps_hooks.wiring import SharedPace, Wiring, make_rules

START = 1_790_000_000.0


@dataclass
class Clock:
    """Seconds since the epoch that pass only when somebody waits."""

    now: float = START

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Organisation:
    """One installation beside one Google domain."""

    folder: Path
    clock: Clock
    emulator: Emulator
    settings: Settings
    state: State
    wiring: Wiring
    troubles: list[str] = field(default_factory=list)

    # --- the account manager's side ----------------------------------------------------------

    def record(self, event: str, name: str, payload: Mapping[str, Any] | None = None) -> Receipt:
        """Record an event as a hook does, without delivering it."""
        desk = Desk(
            settings=self.settings,
            state=self.state,
            source=self.wiring.source,
            tell_trouble=self.troubles.append,
        )
        message = {
            "id": secrets.token_hex(16),
            "event": event,
            "subject": name,
            "payload": payload,
        }
        return record(desk, read_event(message))

    def fire(self, event: str, name: str, payload: Mapping[str, Any] | None = None) -> Outcome:
        """Record an event and deliver it, as a hook does; then drain what else is due."""
        receipt = self.record(event, name, payload)
        assert receipt.subject is not None, receipt.line
        outcome = deliver(self.wiring, receipt.subject)
        assert outcome is not None
        self.drain()
        return outcome

    def drain(self, *, whole: bool = False) -> list[Outcome]:
        """Deliver what is due now."""
        return list(drain(self.wiring, self.clock() + 3600.0, whole=whole))

    def people(self, *users: Mapping[str, Any], groups: tuple[Mapping[str, Any], ...] = ()) -> None:
        """Write the account manager's database, for a source of the type json."""
        file = self.folder / "accounts.json"
        file.write_text(json.dumps({"users": list(users), "groups": list(groups)}))

    # --- Google's side -----------------------------------------------------------------------

    def user(self, key: str) -> GoogleUser:
        """What Google has under this key; not counted."""
        with self.uncounted():
            return self._directory().get_user(key)

    def group(self, key: str) -> GoogleGroup:
        with self.uncounted():
            return self._directory().get_group(key)

    def members(self, group: str) -> dict[str, GoogleMember]:
        with self.uncounted():
            found = self._directory().list_members(self._directory().get_group(group).id)
        return {member.email: member for member in found}
