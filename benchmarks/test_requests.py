"""How many requests each event costs, counted at the emulator behind the installed hooks.

The counts are exact on every machine, so these are asserted. It must not look at the clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pytest
from installed import DOMAIN, Installed, installed
from rich.console import Console
from rich.table import Table

TOKEN: Final = "token"
#: The largest page of a group's members that Google gives (Directory API, members.list).
PAGE: Final = 200
PASSWORD: Final = {"password": "correct horse battery"}


class Tally:
    """Runs events and writes down what each of them asked of Google."""

    def __init__(self, site: Installed) -> None:
        self.site = site
        self.table = Table("event", "requests", "tokens", "calls", title="Requests per event")

    def quietly(self, event: str, name: str, payload: dict[str, Any] | None = None) -> None:
        """Run an event that only prepares another."""
        self.site.hook(event, name, payload=payload)

    def count(
        self, title: str, event: str, name: str, payload: dict[str, Any] | None = None
    ) -> list[str]:
        """Run an event; return its calls in order, without those for a token."""
        before = len(self.site.emulator.requests.calls())
        line = self.site.hook(event, name, payload=payload).stdout.strip()
        made = self.site.emulator.requests.calls()[before:]
        calls = [call for call in made if call != TOKEN]
        times = (f"{number} {call}" for call, number in Counter(calls).items())
        shown = ", ".join(times) or f"none ({line})"
        self.table.add_row(title, str(len(calls)), str(made.count(TOKEN)), shown)
        return calls


@pytest.fixture(scope="module")
def tally(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tally]:
    with installed(tmp_path_factory.mktemp("requests")) as site:
        tally = Tally(site)
        yield tally
        print()
        Console(width=120).print(tally.table)


@pytest.fixture
def alice(tally: Tally, request: pytest.FixtureRequest) -> str:
    """A person of this test's own, who has just been added."""
    name = request.node.name.removeprefix("test_").replace("_", "-")[:40]
    tally.quietly("user-add", name, {"given_name": "Alice", "family_name": "Example"})
    return str(name)


def test_add(tally: Tally) -> None:
    names = {"given_name": "Ann", "family_name": "Example"}
    assert tally.count("user added", "user-add", "ann", names) == ["users.insert"]


def test_add_with_password(tally: Tally) -> None:
    calls = tally.count("user added, with password", "user-add", "bert", dict(PASSWORD))
    assert calls == ["users.insert"]


def test_password(tally: Tally, alice: str) -> None:
    calls = tally.count("password set", "password-set", alice, dict(PASSWORD))
    assert calls == ["users.patch"]


def test_modify(tally: Tally, alice: str) -> None:
    calls = tally.count("user changed", "user-modify", alice, {"family_name": "Changed"})
    assert calls == ["users.patch"]


def test_phones(tally: Tally, alice: str) -> None:
    phones = {"phones": ["+49 30 1234567"]}
    assert len(tally.count("user changed: phones", "user-modify", alice, phones)) <= 2


def test_rename(tally: Tally, alice: str) -> None:
    renamed = {"old_username": alice}
    calls = tally.count("user renamed", "user-modify", f"{alice}-new", renamed)
    assert calls == ["users.patch"]


def test_disable_and_enable(tally: Tally, alice: str) -> None:
    calls = tally.count("user disabled", "user-modify", alice, {"enabled": False})
    assert len(calls) <= 2
    calls = tally.count("user enabled again", "user-modify", alice, {"enabled": True})
    assert calls == ["users.patch"]


def test_delete(tally: Tally, alice: str) -> None:
    assert len(tally.count("user deleted", "user-delete", alice)) <= 2
    assert tally.count("user deleted, again", "user-delete", alice) == []


def test_repeat(tally: Tally, alice: str) -> None:
    names = {"given_name": "Alice", "family_name": "Example"}
    assert tally.count("the same again: user added", "user-add", alice, names) == []
    assert tally.count("the same again: user changed", "user-modify", alice, names) == []


def test_first_contact_with_an_existing_account(tally: Tally) -> None:
    tally.site.emulator.seed({"users": [{"primaryEmail": f"old@{DOMAIN}"}]})
    calls = tally.count("account that exists: adopted", "user-add", "old")
    assert calls == ["users.insert", "users.get", "users.patch"]
    calls = tally.count("… its password set", "password-set", "old", dict(PASSWORD))
    assert calls == ["users.patch"]


def _add_people(tally: Tally, how_many: int) -> list[str]:
    addresses = [f"person-{number}@{DOMAIN}" for number in range(how_many)]
    tally.site.emulator.seed({"users": [{"primaryEmail": address} for address in addresses]})
    return addresses


def test_group(tally: Tally) -> None:
    people = _add_people(tally, PAGE + 3)
    first, more, fewer = people[:3], people[:5], people[1:5]
    calls = tally.count("group made, 3 members", "group-change", "staff", {"members": first})
    assert calls.count("members.insert") == len(first)
    calls = tally.count("group: 2 members more", "group-change", "staff", {"members": more})
    assert sorted(calls) == ["members.insert", "members.insert", "members.list"]
    calls = tally.count("group: 1 member less", "group-change", "staff", {"members": fewer})
    assert sorted(calls) == ["members.delete", "members.list"]
    calls = tally.count("group: the same again", "group-change", "staff", {"members": fewer})
    assert calls == []


def test_a_group_of_two_pages(tally: Tally) -> None:
    people = [f"person-{number}@{DOMAIN}" for number in range(PAGE + 3)]
    tally.quietly("group-change", "all", {"members": people[:-1]})
    title = f"group of {PAGE + 2}: 1 member more"
    calls = tally.count(title, "group-change", "all", {"members": people})
    assert sorted(calls) == ["members.insert", "members.list", "members.list"]
