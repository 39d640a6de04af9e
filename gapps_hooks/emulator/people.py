"""Makes up people and groups for a seed: names of several countries, always the same for a number.

It must not know what a Workspace does with them.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import Any

#: Names made for each locale; people get mixtures of them, which is faster than a name for each.
_NAMES = 300
_MOST_MEMBERS = 40
_SUBJECTS = ("staff", "office", "project", "team", "lab", "course", "list")
_NOT_ALLOWED = re.compile(r"[^a-z0-9]+")
_LONGEST_PART = 24


class UnknownLocale(ValueError):
    """A locale that Faker does not have."""


def with_made_up(document: Mapping[str, Any], domain: str, *, seed: int = 0) -> dict[str, Any]:
    """Return a seed with people instead of how many (``people``, ``groups``, ``locales``) it asks.

    Raises ValueError for numbers that are none, UnknownLocale.
    """
    rest = {key: value for key, value in document.items() if key not in {"people", "locales"}}
    groups = document.get("groups", [])
    if "people" not in document:
        if "locales" in document or not isinstance(groups, list):
            raise ValueError("made-up groups and locales need people: say how many")
        return rest
    people, locales = document["people"], document.get("locales", [])
    how_many = 0 if isinstance(groups, list) else groups
    check_counts(people, how_many)
    if not (isinstance(locales, list | tuple) and all(isinstance(it, str) for it in locales)):
        raise ValueError(f'locales = {locales!r}: give a list such as ["de_DE"]')
    new = made_up(people, how_many, locales, domain, seed=seed)
    told = groups if isinstance(groups, list) else []
    users = [*document.get("users", []), *new["users"]]
    return rest | {"users": users, "groups": [*told, *new["groups"]]}


def check_counts(people: object, groups: object) -> None:
    """Refuse (ValueError) numbers of people and groups that cannot be made up."""
    for name, count in (("people", people), ("groups", groups)):
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise ValueError(f"{name} = {count!r}: give a whole number from 0")
    if groups and not people:
        raise ValueError(f"groups = {groups}: made-up groups are of made-up people; say how many")


def made_up(
    people: int, groups: int, locales: Sequence[str], domain: str, *, seed: int = 0
) -> dict[str, Any]:
    """Return a seed of so many people and groups in a domain.

    ``locales`` are Faker's, such as ``de_DE``; a number tells the addresses of people of one name
    apart. Raises UnknownLocale.
    """
    dice = random.Random(seed)  # noqa: S311 - reproducible, and protects nothing
    users = list(islice(_people(_names(locales, seed), domain, dice), people))
    addresses = [user["primaryEmail"] for user in users]
    return {"users": users, "groups": list(_groups(groups, addresses, domain, dice))}


def _names(locales: Sequence[str], seed: int) -> list[list[tuple[str, str]]]:
    return [list(_names_of(locale, seed)) for locale in locales or ("en_US",)]


def _names_of(locale: str, seed: int) -> Iterator[tuple[str, str]]:
    # half the emulator's start would go into it, and most seeds have people of their own
    from faker import Faker  # noqa: PLC0415 - so that only those who ask for people load it

    try:
        faker = Faker(locale)
    except AttributeError as error:
        raise UnknownLocale(f"Faker has no locale {locale}; a locale is such as de_DE") from error
    faker.seed_instance(seed)
    for _ in range(_NAMES):
        yield faker.first_name(), faker.last_name()


def _people(
    names: list[list[tuple[str, str]]], domain: str, dice: random.Random
) -> Iterator[dict[str, Any]]:
    taken: dict[str, int] = {}
    for known in cycle(names):
        given, family = dice.choice(known)[0], dice.choice(known)[1]
        local = ".".join(filter(None, (_plain(given), _plain(family)))) or "user"
        taken[local] = taken.get(local, 0) + 1
        number = taken[local]
        yield {
            "primaryEmail": f"{local}{number if number > 1 else ''}@{domain}",
            "name": {"givenName": given, "familyName": family},
        }


def _groups(
    how_many: int, addresses: Sequence[str], domain: str, dice: random.Random
) -> Iterator[dict[str, Any]]:
    for number in range(1, how_many + 1):
        subject = _SUBJECTS[number % len(_SUBJECTS)]
        members: Iterable[str] = dice.sample(
            addresses, min(len(addresses), dice.randint(1, _MOST_MEMBERS))
        )
        yield {
            "email": f"{subject}-{number}@{domain}",
            "name": f"{subject.title()} {number}",
            "members": list(members),
        }


def _plain(name: str) -> str:
    """Return a name as it can stand in an address: accents gone, other scripts empty."""
    bare = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore")
    return _NOT_ALLOWED.sub("", bare.decode().lower())[:_LONGEST_PART]
