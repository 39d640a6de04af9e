"""The emulator's switches: what is off by default because most tests want a well-behaved Google.

It must not know what happens when a switch is on; the rules ask.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType
from typing import Any, Final, get_type_hints

from gapps_hooks.emulator.token_errors import REFUSALS


def _one_of(usual: Any, *others: Any) -> Any:  # noqa: ANN401 - a field, in the place of its value
    return field(default=usual, metadata={"known": (usual, *others)})


def _some_of(*known: str) -> Any:  # noqa: ANN401 - a field, in the place of its value
    return field(default=(), metadata={"known": known})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf


def _is_count(value: object) -> bool:
    return isinstance(value, int) and _is_number(value)


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)


def _are_counts(value: object) -> bool:
    return isinstance(value, Mapping) and all(map(_is_count, value.values()))


#: What a switch of each type takes: in words, and as a test.
_KINDS: Final[Mapping[object, tuple[str, Callable[[object], bool]]]] = MappingProxyType(
    {
        bool: ("true or false", lambda value: isinstance(value, bool)),
        str: ("a text", lambda value: isinstance(value, str)),
        int: ("a whole number from 0", _is_count),
        float: ("a number from 0", _is_number),
        int | None: ("a whole number from 0, or null", lambda it: it is None or _is_count(it)),
        float | None: ("a number from 0, or null", lambda it: it is None or _is_number(it)),
        tuple[str, ...]: ("a list of texts", _are_texts),
        Mapping[str, int]: ("whole numbers by name", _are_counts),
    }
)


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
    requests_per_minute: float | None = None
    #: What an exceeded minute is called: ``rateLimitExceeded`` or ``userRateLimitExceeded``.
    requests_reason: str = _one_of("rateLimitExceeded", "userRateLimitExceeded")
    #: Its status: 403, or 429 (both are seen).
    requests_status: int = _one_of(403, 429)
    #: User creations a second (Google: 10), or None for no quota.
    creations_per_second: float | None = None
    #: Changes of org units a second (Google: 1), or None for no quota.
    org_units_per_second: float | None = None
    #: Calls of the licensing API a second (Google: 1), or None for no quota.
    licences_per_second: float | None = None
    #: Calls of the Groups Settings API a day (Google: 100,000), or None for no quota.
    settings_per_day: int | None = None
    #: Requests a second of the whole account, over which there is 429, or None for no quota.
    account_per_second: float | None = None
    #: The answer to creations that come too fast: 403 (quotaExceeded) or 503.
    creations_status: int = _one_of(403, 503)
    #: Accounts that the customer may have, or None for no limit.
    seats: int | None = None
    #: The customer has paid; else a full Workspace says so.
    paid: bool = True
    #: Licences by SKU that can be given out; a SKU that is not named has no limit.
    licence_seats: Mapping[str, int] = field(default_factory=dict)
    #: Archived User licences, or None for no limit: 412 without a free one.
    archived_seats: int | None = None
    #: Patterns (fnmatch) of addresses whose mail is on hold in Vault: 412 on deletion.
    held: tuple[str, ...] = ()
    #: Deleted users keep their seat for 20 days.
    deleted_users_take_seats: bool = True
    #: The answer to reading a deleted user by id: 412, 400 or 404 (reports differ).
    deleted_user_status: int = _one_of(412, 400, 404)
    #: The answer to a membership cycle: 412 or 400 (reports differ).
    cycle_status: int = _one_of(412, 400)
    #: The answer to an insert in a domain that is not ours: 404 or 403 (reports differ).
    foreign_domain_status: int = _one_of(404, 403)
    #: The answer to a service account that has neither subject nor role: 403 or 503.
    undelegated_status: int = _one_of(403, 503)
    #: The words of 2018 for missing scopes, bad tokens and foreign domains.
    old_wording: bool = False
    #: A PUT of a user without a name is refused, as was seen until 2021; GAM's pass today.
    update_needs_name: bool = False
    #: The answer to an insert shows ipWhitelisted (published later) or lacks it (seen in 2018).
    insert_shows_ip_whitelisted: bool = True
    #: The longest given or family name: 60 (help) or 40 (limits page).
    name_length: int = 60
    #: The longest group name: 75, 73 or 60, by page.
    group_name_length: int = 75
    #: The longest group description: 4096 or 300, by page.
    description_length: int = 4096
    #: A renamed group keeps its old address as alias.
    group_rename_keeps_alias: bool = True
    #: New accounts are suspended by Google until a person signs in (WEB_LOGIN_REQUIRED).
    web_login_required: bool = False
    #: The organisation keeps its groups private: ANYONE_CAN_POST is refused.
    private_groups: bool = False
    #: Who sees the members of a new group: ``ALL_MEMBERS_CAN_VIEW`` or ``ALL_IN_DOMAIN_CAN_VIEW``.
    members_visible_to: str = _one_of("ALL_MEMBERS_CAN_VIEW", "ALL_IN_DOMAIN_CAN_VIEW")
    #: Patterns (fnmatch) of outside addresses that are no Google account: 400 memberKey.
    unresolvable: tuple[str, ...] = ()
    #: The domain's API access is off: 403 domainCannotUseApis.
    domain_cannot_use_apis: bool = False
    #: What the token endpoint answers instead of a token: a key of token_errors.REFUSALS.
    token_error: str = _one_of("", *REFUSALS)
    #: Switched-off APIs: ``admin``, ``groupssettings``, ``licensing`` (403 accessNotConfigured).
    disabled_apis: tuple[str, ...] = _some_of("admin", "groupssettings", "licensing")

    def set(self, values: Mapping[str, Any]) -> None:
        """Turn several switches by name, or none of them.

        Raises ValueError for a name that is none and for a value that the switch does not take.
        """
        known = {entry.name for entry in dataclasses.fields(self)}
        if unknown := set(values) - known:
            raise ValueError(
                f"no such switch: {', '.join(sorted(unknown))}; there are: "
                f"{', '.join(sorted(known))}"
            )
        kinds = get_type_hints(Switches)
        for entry in dataclasses.fields(self):
            if entry.name in values:
                _check(entry.name, values[entry.name], kinds[entry.name], entry.metadata)
        for name, value in values.items():
            setattr(self, name, tuple(value) if isinstance(value, list) else value)

    def reset(self) -> None:
        """Turn every switch back to what it is at the start."""
        self.set(dataclasses.asdict(Switches()))


def _check(name: str, value: object, kind: object, metadata: Mapping[str, Any]) -> None:
    """Refuse a value of a wrong type, or one that is not among those of the switch."""
    wanted, fits = _KINDS[kind]
    if not fits(value):
        raise ValueError(f"{name} = {value!r}: give {wanted}")
    known = metadata.get("known", ())
    for one in value if isinstance(value, list | tuple) else (value,):
        if known and one not in known:
            raise ValueError(f"{name} = {value!r}: there are {', '.join(map(repr, known))}")
