"""Addresses that pass from one to the other in one run: shown as they are done, or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation
from reconciled import dry, listed, person, planned, reconcile, refusals

from gapps_hooks.model import Verdict

Entry = Mapping[str, Any]
Say = Callable[..., None]


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    return listed(tmp_path, tables="[bounds.rename]\nleast = 6\n[bounds.remove_alias]\nleast = 6\n")


@pytest.fixture(params=["people", "groups"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def say(house: Organisation, kind: str) -> Say:
    """Say which address each has, and which aliases."""

    def write(*aliases: str, **addresses: str) -> None:
        more = {name: {"email": f"{one}@example.org"} for name, one in addresses.items()}
        more["a"]["aliases"] = [f"{alias}@example.org" for alias in aliases]  # type: ignore[assignment] # JSON
        if kind == "people":
            house.people(*(person(name, **said) for name, said in more.items()))
        else:
            groups = ({**group(name), **said} for name, said in more.items())
            house.people(person("one"), groups=tuple(groups))

    return write


def group(name: str) -> dict[str, Any]:
    return {"name": name, "members": [], "aliases": [], "id": f"entryUUID:{name}"}


def addresses(house: Organisation, kind: str) -> dict[str, list[str]]:
    """Everybody's aliases at Google, by the address."""
    own = "primaryEmail" if kind == "people" else "email"
    found = house.emulator.state()["users" if kind == "people" else "groups"]
    told = {one[own].partition("@")[0]: one.get("aliases") or [] for one in found}
    return {name: aliases for name, aliases in told.items() if name != "admin"}


def taken(house: Organisation, kind: str, address: str) -> None:
    """Somebody at Google has an address, and keeps it."""
    if kind == "people":
        house.emulator.seed({"users": [{"primaryEmail": address}]})
    else:
        house.google.insert_group({"email": address})


def verbs(house: Organisation) -> list[list[str]]:
    return sorted(planned(dry(house)).values())


def test_addresses_pass_on_in_one_run_whoever_has_the_first_turn(
    house: Organisation, say: Say, kind: str
) -> None:
    say(a="a", b="b", c="c", d="d", e="e", f="f")
    reconcile(house)
    say(a="b", b="c", c="d", d="e", e="f", f="z")
    run = reconcile(house)
    assert {*run.verdicts.values()} == {Verdict.DONE}, run.lines
    assert {*addresses(house, kind)} == {"b", "c", "d", "e", "f", "z"}
    assert verbs(house) == []


def test_who_has_a_new_name_and_may_not_have_its_address_is_followed_without_a_request(
    house: Organisation, say: Say, kind: str
) -> None:
    say(a="a")
    reconcile(house)
    taken(house, kind, "b@example.org")
    if kind == "people":
        house.people(person("b", id="entryUUID:a"))
    else:
        house.people(person("one"), groups=({**group("b"), "id": "entryUUID:a"},))
    for _ in range(2):
        with house.calls() as calls:
            run = reconcile(house)
        assert {*calls} <= {"users.list", "groups.list", "members.list"}
        assert "b@example.org is held by" in refusals(run.looked).popitem()[1]


def test_who_has_a_new_name_gets_an_address_that_another_drops_in_the_same_run(
    house: Organisation, say: Say, kind: str
) -> None:
    say("c", a="a", b="b")
    reconcile(house)
    say(a="a", c="c")
    renamed = {"id": "entryUUID:b"}
    if kind == "people":
        house.people(person("a", aliases=[]), person("c", **renamed))
    else:
        house.people(person("one"), groups=(group("a"), {**group("c"), **renamed}))
    run = reconcile(house)
    assert run.verdicts == {"a": Verdict.DONE, "c": Verdict.DONE}, run.lines
    assert [outcome.name for outcome in run.progress.outcomes] == ["a", "c"]
    assert house.left() == {}
    assert addresses(house, kind) == {"a": [], "c": ["b@example.org"]}


def test_a_group_keeps_one_whose_new_address_comes_late(house: Organisation) -> None:
    members = {**group("g"), "members": ["b"]}
    house.people(person("a", aliases=["c@example.org"]), person("b"), groups=(members,))
    reconcile(house)
    renamed = person("c", id="entryUUID:b")
    house.people(person("a", aliases=[]), renamed, groups=({**members, "members": ["c"]},))
    with house.calls() as calls:
        reconcile(house)
    assert "members.delete" not in calls
    assert house.roles("g@example.org") == {"c@example.org": "MEMBER"}
    assert verbs(house) == []
