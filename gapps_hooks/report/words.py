"""The words for what was done, for times and for values that people read.

It must not know how lines are put together to a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from gapps_hooks.model import Change, Role, Verb
from gapps_hooks.plan.rules import MARK_TYPE

_FIELDS: Final[Mapping[str, str]] = {
    "orgUnitPath": "org unit",
    "externalIds": "ids",
    "primaryEmail": "address",
    "email": "address",
    "givenName": "given name",
    "familyName": "family name",
    "suspended": "suspended",
}
#: Shown by their own verbs, so that "updated" does not name them again.
_SHOWN_BY_VERB: Final = frozenset({"primaryEmail", "suspended", "email"})
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400


def printable(value: object) -> str:
    """Write a value on one line, with every control character made visible."""
    text = str(value)
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text.encode("utf-8", "replace").decode()
    )


def field_name(key: str) -> str:
    """Name a field of Google's resources in words; one without words as Google does."""
    return _FIELDS.get(key, key)


def change_line(change: Change) -> str:
    """Say what a change did, such as ``renamed a@x.org → b@x.org, password set``."""
    return printable(", ".join(_DONE[verb](change) for verb in change.verbs))


def clock_time(seconds: float, *, now: float | None = None, zone: tzinfo | None = None) -> str:
    """Write a wall-clock time as ``12:03``, with its date where ``now`` is another day.

    ``zone`` is by default the machine's own.
    """
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(zone)
    today = now is None or datetime.fromtimestamp(now, UTC).astimezone(zone).date()
    return moment.strftime("%H:%M" if today in {True, moment.date()} else "%Y-%m-%d %H:%M")


def iso_time(seconds: float) -> str:
    """Write a wall-clock time for programs: ISO 8601, UTC, in milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def duration(seconds: float) -> str:
    """Write a number of seconds in the one or two units that matter, such as ``3 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        minutes = whole % _HOUR // _MINUTE
        return f"{whole // _HOUR} h" + (f" {minutes} min" if minutes else "")
    return f"{whole // _DAY} d"


def _updated(change: Change) -> str:
    names = sorted(field_name(key) for key in change.body.keys() - _SHOWN_BY_VERB)
    return f"updated {', '.join(names)}" if names else "updated"


def _renamed(change: Change) -> str:
    key = "primaryEmail" if "primaryEmail" in change.body else "email"
    return f"renamed {change.before.get(key, change.address)} → {change.body.get(key)}"


def _added(change: Change) -> str:
    role = change.body.get("role", Role.MEMBER)
    suffix = "" if role == Role.MEMBER else f" as {str(role).lower()}"
    return f"added {change.body.get('email')} to {change.address}{suffix}"


def _new_role(change: Change) -> str:
    role = str(change.body.get("role", Role.MEMBER)).lower()
    return f"made {change.body.get('email')} {role} of {change.address}"


_DONE: Final[Mapping[Verb, Callable[[Change], str]]] = {
    Verb.CREATE: lambda change: f"created {change.address}",
    Verb.UPDATE: _updated,
    Verb.RENAME: _renamed,
    Verb.SUSPEND: lambda _: "suspended",
    Verb.RESTORE: lambda _: "restored",
    Verb.PASSWORD: lambda _: "password set",
    Verb.ADOPT: lambda change: f"adopted {change.address}",
    Verb.ADD_ALIAS: lambda change: f"added alias {change.body.get('alias')}",
    Verb.REMOVE_ALIAS: lambda change: f"removed alias {change.body.get('alias')}",
    Verb.CREATE_GROUP: lambda change: f"created group {change.address}",
    Verb.UPDATE_GROUP: _updated,
    Verb.RENAME_GROUP: _renamed,
    Verb.DELETE_GROUP: lambda change: f"deleted group {change.address}",
    Verb.SET_GROUP_SETTINGS: lambda change: f"set who may post to and join {change.address}",
    Verb.ADD_GROUP_ALIAS: lambda change: f"added alias {change.body.get('alias')}",
    Verb.REMOVE_GROUP_ALIAS: lambda change: f"removed alias {change.body.get('alias')}",
    Verb.ADD_MEMBER: _added,
    Verb.CHANGE_ROLE: _new_role,
    Verb.REMOVE_MEMBER: lambda change: f"removed {change.body.get('email')} from {change.address}",
}


def flatten(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Write each single field of a request's body as its key and its value for people."""
    for key, value in fields.items():
        if isinstance(value, Mapping):
            yield from flatten(value)
        elif isinstance(value, list | tuple):
            yield key, f"[{', '.join(printable(_element(one)) for one in value)}]"
        else:
            yield key, "(none)" if value is None else printable(value)


def _element(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    ours = " (our mark: managed from here)" if value.get("customType") == MARK_TYPE else ""
    return f"{value.get('value', dict(value))}{ours}"
