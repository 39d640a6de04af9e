"""Decide whether a person's Google option is on: the [enabled] rule, joined with being active.

It must not know where the account was read; it is pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from gapps_hooks.model import UNSET, Account, Unset
from gapps_hooks.settings import EnabledSettings

_ON: Final = frozenset({"1", "true", "yes", "on"})
_OFF: Final = frozenset({"", "0", "false", "no", "off"})


def is_enabled(account: Account, rule: EnabledSettings) -> bool | Unset:
    """Join "active locally" and the rule as Kleene's *and*: no wins over unknown over yes.

    UNSET means that it cannot be said, and so stays as it is: a payload that does not mention
    ``enabled`` must not restore anybody, and a field that is not known suspends nobody.
    """
    active, ruled = account.enabled, _rule(account, rule)
    if active is False or ruled is False:
        return False
    return True if active is True and ruled is True else UNSET


def _rule(account: Account, rule: EnabledSettings) -> bool | Unset:
    if rule.all:
        return True
    if rule.group is not None:
        return _is_in(account, rule.group)
    if rule.attribute is not None:
        return _attribute(_values(account, rule.attribute), rule.value)
    return _filter(account, rule.filter)


def _is_in(account: Account, group: str) -> bool | Unset:
    if isinstance(account.groups, Unset):
        return UNSET
    if group in account.groups:
        return True
    return False if account.groups_complete else UNSET


def _values(account: Account, field: str) -> tuple[str, ...] | Unset:
    """Return an attribute's or a field's values; () where it is known to be empty."""
    value: str | tuple[str, ...] | Unset | None
    if field in account.attributes:
        value = account.attributes[field]
    else:
        value = getattr(account, field, UNSET)
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def _attribute(values: tuple[str, ...] | Unset, wanted: str | None) -> bool | Unset:
    if isinstance(values, Unset):
        return UNSET
    if wanted is not None:
        return wanted in values
    words = {value.strip().lower() for value in values}
    if words & _ON:
        return True
    return False if words <= _OFF else UNSET


def _filter(account: Account, pairs: Iterable[tuple[str, str]]) -> bool | Unset:
    patterns: dict[str, list[str]] = {}
    for field, pattern in pairs:
        patterns.setdefault(field, []).append(pattern)
    answers = [_matches(_values(account, field), some) for field, some in patterns.items()]
    if False in answers:
        return False
    return UNSET if UNSET in answers else True


def _matches(values: tuple[str, ...] | Unset, patterns: list[str]) -> bool | Unset:
    if isinstance(values, Unset):
        return UNSET
    return any(fnmatchcase(value, pattern) for value in values for pattern in patterns)
