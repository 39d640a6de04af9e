"""Whether an entry says that a person is active, and when the password was set.

It must not know where the entry was read; it is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from gapps_hooks.model import UNSET, Unset
from gapps_hooks.sources.ldap_values import (
    Values,
    days,
    filetime,
    generalized_time,
    number,
    seconds,
    texts,
)

#: MS-ADTS section 2.2.16
_ACCOUNTDISABLE: Final = 0x2
#: The year of a lock that only an administrator takes off (draft-behera-ldap-password-policy
#: section 5.3.3); the draft writes 000001010000Z, and others the seconds as well.
_LOCKED_FOR_GOOD: Final = "0000"


def is_active(values: Values, attributes: Iterable[str], now: float) -> bool | Unset:
    """Say whether everything agrees that a person is active; UNSET if it cannot be understood.

    A lock-out after too many wrong passwords, which ends by itself, is none of that.
    """
    answers = [_STATUS[name.lower()](text, now) for name, text in _said(values, attributes)]
    if False in answers:
        return False
    return UNSET if UNSET in answers else True


def set_at(values: Values, attributes: Iterable[str]) -> tuple[float | None, bool]:
    """Return when the password was set, and whether only the day of that is known.

    It is the latest of what the attributes say.
    """
    said = [
        (_TIMES[name.lower()](text), name.lower() not in _DAYS)
        for name, text in _said(values, attributes)
    ]
    dated = [(time, exact) for time, exact in said if time is not None]
    latest, exact = max(dated, default=(None, True))
    return latest, not exact


def can_judge(attribute: str) -> bool:
    """Whether an attribute's status is understood here."""
    return attribute.lower() in _STATUS


def can_date(attribute: str) -> bool:
    """Whether an attribute's time is understood here."""
    return attribute.lower() in _TIMES


def _said(values: Values, attributes: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, text) for name in attributes for text in texts(values, name)]


def _expires_on_day(text: str, now: float) -> bool | Unset:
    day = number(text)
    if day is None:
        return UNSET
    return day < 0 or now // 86_400 < day  # as pam_unix: expired from that day on


def _is_not_true(text: str, _now: float) -> bool:
    return text.upper() != "TRUE"


def _not_locked_for_good(text: str, _now: float) -> bool:
    return not text.startswith(_LOCKED_FOR_GOOD)


def _samba_flags(text: str, _now: float) -> bool:
    return "D" not in text


def _clear_status(text: str, _now: float) -> bool:
    return text.lower() not in {"disabled", "locked"}


def _account_control(text: str, _now: float) -> bool | Unset:
    flags = number(text)
    return UNSET if flags is None else not flags & _ACCOUNTDISABLE


def _until_filetime(text: str, now: float) -> bool | Unset:
    if number(text) is None:
        return UNSET
    end = filetime(text)
    return end is None or now < end


def _until_time(text: str, now: float) -> bool | Unset:
    end = generalized_time(text)
    return UNSET if end is None else now < end


_STATUS: Final[Mapping[str, Callable[[str, float], bool | Unset]]] = {
    "shadowexpire": _expires_on_day,
    "nsaccountlock": _is_not_true,
    "logindisabled": _is_not_true,
    "pwdaccountlockedtime": _not_locked_for_good,
    "sambaacctflags": _samba_flags,
    "clearaccountstatus": _clear_status,
    "useraccountcontrol": _account_control,
    "accountexpires": _until_filetime,
    "krbprincipalexpiration": _until_time,
}
_TIMES: Final[Mapping[str, Callable[[str], float | None]]] = {
    "pwdchangedtime": generalized_time,
    "krblastpwdchange": generalized_time,
    "sambapwdlastset": seconds,
    "pwdlastset": filetime,
    "shadowlastchange": days,
}
#: Those that only know the day.
_DAYS: Final = frozenset({"shadowlastchange"})
