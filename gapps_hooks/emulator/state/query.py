"""The search language of users.list and groups.list, as far as it is emulated.

It must not know how a listing is walked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from gapps_hooks.emulator.api_errors import invalid_input
from gapps_hooks.emulator.state.records import Group, User

_CLAUSE = re.compile(
    r"""\s*(?P<field>[A-Za-z]+)\s*(?P<operator>[=:])\s*
        (?: '(?P<single>(?:[^'\\]|\\.)*)'
          | "(?P<double>(?:[^"\\]|\\.)*)"
          | (?P<bare>[^\s'"]\S*) )\s*""",
    re.VERBOSE,
)


class Clause(NamedTuple):
    """One condition: field, ``=`` or ``:``, value; ``:`` may end in ``*`` for a beginning."""

    field: str
    operator: str
    value: str

    def matches(self, text: str) -> bool:
        """Compare a text without regard to case."""
        text, value = text.casefold(), self.value.casefold()
        if self.operator == ":" and value.endswith("*"):
            return text.startswith(value[:-1])
        return value in text.split() or value == text if self.operator == ":" else value == text


def parse(query: str) -> tuple[Clause, ...]:
    """Read a query: conditions between blanks, all of which must hold; 400 for anything else."""
    clauses, position = [], 0
    while position < len(query.rstrip()):
        match = _CLAUSE.match(query, position)
        if match is None:
            raise invalid_input("query")
        quoted = match["single"] if match["single"] is not None else match["double"]
        value = match["bare"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        clauses.append(Clause(match["field"], match["operator"], value))
        position = match.end()
    return tuple(clauses)


def user_test(clauses: tuple[Clause, ...]) -> Callable[[User], bool]:
    """Return the test that all conditions make; 400 for a field that is not emulated."""
    tests = [_user_clause(clause) for clause in clauses]
    return lambda user: all(test(user) for test in tests)


def group_test(clauses: tuple[Clause, ...]) -> Callable[[Group], bool]:
    """Return the test that all conditions make; 400 for a field that is not emulated."""
    tests = [_group_clause(clause) for clause in clauses]
    return lambda group: all(test(group) for test in tests)


_FLAGS: Final[Mapping[str, Callable[[User], bool]]] = {
    "isSuspended": lambda user: user.suspended,
    "isAdmin": lambda user: user.is_admin,
    "isDelegatedAdmin": lambda user: user.is_delegated_admin,
}
_TEXTS: Final[Mapping[str, Callable[[User], list[str]]]] = {
    "email": lambda user: [user.address, *user.aliases],
    "givenName": lambda user: [user.profile["name"]["givenName"]],
    "familyName": lambda user: [user.profile["name"]["familyName"]],
    "externalId": lambda user: [
        str(entry.get("value", "")) for entry in user.profile.get("externalIds") or ()
    ],
}


def _user_clause(clause: Clause) -> Callable[[User], bool]:
    if flag := _FLAGS.get(clause.field):
        if clause.value not in {"true", "false"}:
            raise invalid_input("query")
        return lambda user: flag(user) == (clause.value == "true")
    if texts := _TEXTS.get(clause.field):
        return lambda user: any(clause.matches(text) for text in texts(user))
    if clause.field == "orgUnitPath":
        root = clause.value.rstrip("/")
        return lambda user: f"{user.org_unit}/".startswith(f"{root}/")
    raise invalid_input("query")


def _group_clause(clause: Clause) -> Callable[[Group], bool]:
    match clause.field:
        case "email":
            return lambda group: any(map(clause.matches, (group.address, *group.aliases)))
        case "name":
            return lambda group: clause.matches(group.name)
        case _:
            raise invalid_input("query")
