"""The emulator's switches: what is off by default because most tests want a well-behaved Google.

It must not know what happens when a switch is on; the rules ask.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, kw_only=True)
class Switches:
    """What the emulated Google does besides the plain rules; times are in seconds."""

    #: Updates, deletions and aliases of a user inserted less than this ago: 412.
    creation_window: float = 0.0
    #: Reads by id of a user inserted less than this ago: 404.
    id_window: float = 0.0
    #: Members and settings of a group inserted less than this ago: 404 groupKey.
    group_window: float = 0.0
    #: Updates and deletions of a user renamed less than this ago: 409.
    rename_window: float = 0.0
    #: A member added less than this ago is neither found nor listed.
    member_lag: float = 0.0
    #: Every request takes this long.
    latency: float = 0.0
    #: Requests a minute and signed-in user (Google: 2400), or None for no quota.
    requests_per_minute: int | None = None
    #: What an exceeded minute is called: ``rateLimitExceeded`` or ``userRateLimitExceeded``.
    requests_reason: str = "rateLimitExceeded"
    #: User creations a second (Google: 10), or None for no quota.
    creations_per_second: int | None = None
    #: The answer to creations that come too fast: 403 (quotaExceeded) or 503.
    creations_status: int = 403
    #: Accounts that the customer may have, or None for no limit.
    seats: int | None = None
    #: Deleted users keep their seat for 20 days.
    deleted_users_take_seats: bool = True
    #: The answer to reading a deleted user by id: 412, 400 or 404 (reports differ).
    deleted_user_status: int = 412
    #: The answer to a membership cycle: 412 or 400 (reports differ).
    cycle_status: int = 412
    #: A renamed group keeps its old address as alias.
    group_rename_keeps_alias: bool = True
    #: New accounts are suspended by Google until a person signs in (WEB_LOGIN_REQUIRED).
    web_login_required: bool = False
    #: The organisation keeps its groups private: ANYONE_CAN_POST is refused.
    private_groups: bool = False
    #: Patterns (fnmatch) of outside addresses that are no Google account: 400 memberKey.
    unresolvable: tuple[str, ...] = ()
    #: Switched-off APIs: ``admin``, ``groupssettings`` (403 accessNotConfigured).
    disabled_apis: tuple[str, ...] = ()

    def set(self, values: Mapping[str, Any]) -> None:
        """Turn several switches by name; raises ValueError for a name that is none."""
        known = {field.name for field in dataclasses.fields(self)}
        if unknown := set(values) - known:
            raise ValueError(f"no such switch: {', '.join(sorted(unknown))}")
        for name, value in values.items():
            setattr(self, name, tuple(value) if isinstance(value, list) else value)

    def reset(self) -> None:
        """Turn every switch back to what it is at the start."""
        self.set(dataclasses.asdict(Switches()))
