"""The search languages of users.list and groups.list.

It must not know how a listing is walked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from gapps_hooks.emulator.api_errors import invalid_input
from gapps_hooks.emulator.state.records import Group, Json, User
from gapps_hooks.emulator.state.searched import FLAGS, RELATED_USERS, TEXTS

_CLAUSE = re.compile(
    r"""\s*(?P<field>[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)?)\s*(?P<operator>[<>]=|[=:<>])\s*
        (?: '(?P<single>(?:[^'\\]|\\.)*)'
          | "(?P<double>(?:[^"\\]|\\.)*)"
          | \{(?P<braces>[^{}]*)\}
          | (?P<bare>[^\s'"{]\S*) )(?:\s+|$)""",
    re.VERBOSE,
)
#: What can be put in order: both numbers, or both texts.
_Ordered = TypeVar("_Ordered", float, str)
_WORD = re.compile(r"[^\s,;]+")


class Clause(NamedTuple):
    """One condition: field, operator, value.

    ``=`` is the whole value, ``:`` the value's words one behind the other, the last one a
    beginning when it ends in ``*``; ``<``, ``>``, ``<=``, ``>=`` are for custom fields.
    """

    field: str
    operator: str
    value: str

    def matches(self, text: str) -> bool:
        """Compare a text without regard to case."""
        text, value = text.casefold(), self.value.casefold()
        if self.operator == "=":
            return value == text
        if value.endswith("*"):
            return text.startswith(value[:-1]) or _has_words(text, value[:-1], beginning=True)
        return value == text or _has_words(text, value)

    def compares(self, found: object) -> bool:
        """Compare a value by order: numbers as numbers, all else (dates) as text."""
        try:
            left, right = float(str(found)), float(self.value)
        except ValueError:
            return _ordered(str(found), self.operator, self.value)
        return _ordered(left, self.operator, right)


def parse(query: str) -> tuple[Clause, ...]:
    """Read a query: conditions between blanks, all of which must hold; 400 for anything else."""
    clauses, position = [], 0
    while position < len(query.rstrip()):
        match = _CLAUSE.match(query, position)
        if match is None:
            raise invalid_input("query")
        quoted = match["single"] if match["single"] is not None else match["double"]
        bare = match["bare"] if match["braces"] is None else match["braces"].strip()
        value = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        clauses.append(Clause(match["field"], match["operator"], value))
        position = match.end()
    return tuple(clauses)


def user_test(
    clauses: tuple[Clause, ...],
    schemas: Mapping[str, Json],
    user_at: Callable[[str], User | None],
) -> Callable[[User], bool]:
    """Return the test that all conditions make; 400 for a field that cannot be searched.

    ``schemas`` are the declared custom schemas; ``user_at`` finds a user by address.
    """
    tests = [_user_clause(clause, schemas, user_at) for clause in clauses]
    return lambda user: all(test(user) for test in tests)


def group_test(clauses: tuple[Clause, ...]) -> Callable[[Group], bool]:
    """Return the test that all conditions make; 400 for a field that cannot be searched."""
    tests = [_group_clause(clause) for clause in clauses]
    return lambda group: all(test(group) for test in tests)


def member_key(clauses: tuple[Clause, ...]) -> str:
    """Return whose groups a query of groups asks for, "" for all; 400 with other conditions."""
    keys = [clause.value for clause in clauses if clause.field == "memberKey"]
    if keys and (len(clauses) > 1 or clauses[0].operator != "="):
        raise invalid_input("query")
    return keys[0] if keys else ""


def _user_clause(
    clause: Clause, schemas: Mapping[str, Json], user_at: Callable[[str], User | None]
) -> Callable[[User], bool]:
    if "." in clause.field:
        return _custom_clause(clause, schemas)
    if clause.operator not in {"=", ":"}:
        raise invalid_input("query")
    if clause.field in FLAGS:
        return _flag_clause(clause)
    if clause.field == "orgUnitPath":
        return _org_unit_clause(clause)
    if clause.field in RELATED_USERS:
        related, wanted = RELATED_USERS[clause.field], user_at(clause.value)
        known = wanted.address if wanted else clause.value
        return lambda user: known.lower() in related(user)
    if texts := TEXTS.get(clause.field):
        return lambda user: any(clause.matches(text) for text in texts(user))
    raise invalid_input("query")


def _flag_clause(clause: Clause) -> Callable[[User], bool]:
    flag, value = FLAGS[clause.field], clause.value.lower()
    if value not in {"true", "false"}:
        raise invalid_input("query")
    return lambda user: flag(user) == (value == "true")


def _org_unit_clause(clause: Clause) -> Callable[[User], bool]:
    root = clause.value.rstrip("/").casefold()
    if clause.operator != "=" or not clause.value.startswith("/"):
        raise invalid_input("query")
    return lambda user: f"{user.org_unit.casefold()}/".startswith(f"{root}/")


def _custom_clause(clause: Clause, schemas: Mapping[str, Json]) -> Callable[[User], bool]:
    schema, _, name = clause.field.partition(".")
    declared = {field["fieldName"]: field for field in schemas.get(schema, {}).get("fields", ())}
    if not declared.get(name, {}).get("indexed"):
        raise invalid_input("query")
    by_order = clause.operator not in {"=", ":"}

    def test(user: User) -> bool:
        found = user.profile.get("customSchemas", {}).get(schema, {}).get(name)
        values = [it["value"] for it in found] if isinstance(found, list) else [found]
        there = [value for value in values if value is not None]
        return any(clause.compares(it) if by_order else clause.matches(_text(it)) for it in there)

    return test


def _group_clause(clause: Clause) -> Callable[[Group], bool]:
    match clause.field:
        case "email":
            return lambda group: any(map(clause.matches, (group.address, *group.aliases)))
        case "name":
            return lambda group: clause.matches(group.name)
        case _:
            raise invalid_input("query")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _has_words(text: str, wanted: str, *, beginning: bool = False) -> bool:
    """Tell whether the words follow each other; of the last one, its beginning may do."""
    words, sought = _WORD.findall(text), _WORD.findall(wanted)
    if not sought:
        return False
    for start in range(len(words) - len(sought) + 1):
        *first, last = words[start : start + len(sought)]
        same = first == sought[:-1]
        if same and (last.startswith(sought[-1]) if beginning else last == sought[-1]):
            return True
    return False


def _ordered(left: _Ordered, operator: str, right: _Ordered) -> bool:
    match operator:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            return left >= right
