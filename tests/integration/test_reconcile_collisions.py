"""Addresses that pass from one to the other in one run: shown as they are done, or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation
from reconciled import dry, listed, person, planned, reconcile, refusals

from gapps_hooks.model import Verdict
from gapps_hooks.reconcile import saving
from gapps_hooks.reconcile.everybody import carry_out, look, reviewed

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


@pytest.mark.parametrize("by", ["a run", "a reviewed plan"])
def test_an_address_that_is_given_up_is_freed_and_that_is_shown_before(
    house: Organisation, say: Say, kind: str, by: str
) -> None:
    say(a="a", b="b", c="c")
    reconcile(house)
    say(a="d", b="a", c="b")
    frees, renames = ("alias", "rename") if kind == "people" else ("group-alias", "rename-group")
    freed = [f"remove-{frees}", renames]
    assert verbs(house) == sorted([freed, freed, [renames]])
    if by == "a run":
        reconcile(house)
    else:
        carry_out_reviewed(house)
    assert addresses(house, kind) == {"d": [], "a": [], "b": ["c@example.org"]}
    assert verbs(house) == []


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


def carry_out_reviewed(house: Organisation) -> None:
    file = house.folder / "plan.json"
    saving.save(file, dry(house).whole.pieces, house.state.digest, passwords=False)
    looked = look(house.wiring, dry=False)
    works, changed = reviewed(looked, saving.load(file, house.state.digest))
    assert changed == {}
    progress = carry_out(looked, works, force=False, reviewed_only=True, report=lambda _: None)
    assert {one.verdict for one in progress.outcomes} == {Verdict.DONE}


def test_after_a_read_that_was_not_whole_no_address_is_freed(house: Organisation) -> None:
    house.people(person("one"), groups=(group("a"), group("b")))
    reconcile(house)
    moved = ({**group("a"), "email": "c@example.org"}, {**group("b"), "email": "a@example.org"})
    house.people(groups=moved)
    looked = dry(house)
    assert looked.whole.incomplete
    assert planned(looked) == {"group:a": ["rename-group"]}
    assert "a@example.org is held by the group a@example.org" in refusals(looked)["group:b"]


def test_who_wants_the_address_of_one_who_is_refused_is_refused_too(
    house: Organisation, say: Say, kind: str
) -> None:
    say(a="a", b="b", c="c")
    reconcile(house)
    taken(house, kind, "d@example.org")
    say(a="d", b="a", c="b")
    looked = dry(house)
    assert planned(looked) == {}
    assert len(refusals(looked)) == 3
    with house.calls() as calls:
        reconcile(house)
    assert {*calls} <= {"users.list", "groups.list", "members.list"}


def test_an_address_that_its_owner_keeps_as_alias_is_refused(
    house: Organisation, say: Say, kind: str
) -> None:
    say(a="a", b="b")
    reconcile(house)
    say("a", a="d", b="a")
    looked = dry(house)
    assert len(planned(looked)) == len(refusals(looked)) == 1
    reconcile(house)
    assert addresses(house, kind) == {"d": ["a@example.org"], "b": []}


def test_an_exchange_of_addresses_is_refused_for_both(
    house: Organisation, say: Say, kind: str
) -> None:
    say(a="a", b="b")
    reconcile(house)
    say(a="b", b="a")
    assert planned(dry(house)) == {}
    reconcile(house)
    assert addresses(house, kind) == {"a": [], "b": []}
    assert len(refusals(dry(house))) == 2
