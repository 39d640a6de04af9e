"""Who is called as somebody else was is followed by a lasting id, and nobody is taken for gone."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, permutations
from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation, organise
from reconciled import dry, planned, reconcile

from gapps_hooks.deliver.subject import drain
from gapps_hooks.model import Account, Identity, Kind, Verdict
from gapps_hooks.outbox import links
from gapps_hooks.sources.json_listing import JsonSource


def person(name: str, identity: str, given_name: str) -> dict[str, Any]:
    return {"username": name, "id": f"entryUUID:{identity}", "given_name": given_name}


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    """Anna and Bert have accounts, and nothing waits."""
    house = organise(tmp_path, source=f'[source]\ntype = "json"\nfile = "{tmp_path}/accounts.json"')
    house.people(person("anna", "a", "Anna"), person("bert", "b", "Bert"))
    house.fire("user-add", "anna")
    house.fire("user-add", "bert")
    return house


def there(house: Organisation) -> dict[str, tuple[str, bool]]:
    """Address and suspension of each account, by the person's first name."""
    users = house.emulator.state()["users"]
    found = {one["name"]["givenName"]: (one["primaryEmail"], one["suspended"]) for one in users}
    return {name: found[name] for name in ("Anna", "Bert")}


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("user-modify", "anna"),
        ("user-delete", "anna"),
        ("user-modify", "bert"),
        ("user-modify", "bobby"),
    ],
)
def test_one_who_takes_the_name_that_another_gave_up_is_followed(
    house: Organisation, event: str, name: str
) -> None:
    house.people(person("bert", "a", "Anna"), person("bobby", "b", "Bert"))
    house.record(event, name)
    house.settle()
    house.record("user-modify", "bert")
    house.settle()
    assert there(house) == {
        "Anna": ("bert@example.org", False),
        "Bert": ("bobby@example.org", False),
    }
    assert not house.left()


def test_an_event_on_a_name_that_was_passed_on_is_for_both(house: Organisation) -> None:
    house.people(person("bert", "a", "Anna"), person("bobby", "b", "Bert"))
    house.record("user-modify", "bert")
    house.settle()
    assert there(house) == {
        "Anna": ("bert@example.org", False),
        "Bert": ("bobby@example.org", False),
    }


def test_a_reconcile_takes_one_step_in_a_run_and_nobody_for_gone(house: Organisation) -> None:
    house.people(person("bert", "a", "Anna"), person("bobby", "b", "Bert"))
    count = len(house.emulator.state()["users"])
    for _ in range(2):
        reconcile(house)
        assert [suspended for _, suspended in there(house).values()] == [False, False]
    assert len(house.emulator.state()["users"]) == count
    assert there(house) == {
        "Anna": ("bert@example.org", False),
        "Bert": ("bobby@example.org", False),
    }


def test_a_group_loses_nobody_while_a_reconcile_follows_names_step_by_step(
    house: Organisation,
) -> None:
    team = {"name": "team", "members": ["anna", "bert"]}
    house.people(person("anna", "a", "Anna"), person("bert", "b", "Bert"), groups=(team,))
    reconcile(house)
    house.people(
        person("bert", "a", "Anna"),
        person("bobby", "b", "Bert"),
        groups=({**team, "members": ["bert", "bobby"]},),
    )
    for _ in range(2):
        with house.calls() as calls:
            reconcile(house)
        assert "members.delete" not in calls
        assert len(house.roles("team@example.org")) == 2
    assert set(house.roles("team@example.org")) == {"bert@example.org", "bobby@example.org"}
    assert planned(dry(house)) == {}


def test_a_group_has_everybody_again_once_events_have_followed_their_names(
    house: Organisation,
) -> None:
    people = (person("anna", "a", "Anna"), person("bert", "b", "Bert"))
    house.people(*people, groups=({"name": "team", "members": ["anna", "bert"]},))
    house.fire("group-change", "team")
    moved = (person("bert", "a", "Anna"), person("bobby", "b", "Bert"))
    house.people(*moved, groups=({"name": "team", "members": ["bert", "bobby"]},))
    for event, name in (
        ("group-change", "team"),
        ("user-modify", "bert"),
        ("user-modify", "bobby"),
    ):
        house.fire(event, name)
    house.settle()
    assert set(house.roles("team@example.org")) == {"bert@example.org", "bobby@example.org"}
    assert not house.left()


@pytest.mark.parametrize("event", ["user-modify", "user-delete"])
def test_of_two_who_exchanged_their_names_neither_is_taken_for_gone(
    house: Organisation, event: str
) -> None:
    house.people(person("bert", "a", "Anna"), person("anna", "b", "Bert"))
    house.record(event, "anna")
    house.settle()
    assert [suspended for _, suspended in there(house).values()] == [False, False]


# --- found by the old name, too ------------------------------------------------------------------


class Directory(JsonSource):
    """Finds Anna by either name, as a directory does one with two values of uid."""

    def account(self, name: str) -> Account | None:
        return super().account("ann" if name == "anna" else name)

    def snapshot(self) -> Directory:
        return self


def test_one_who_is_found_by_the_old_name_too_is_followed_once(house: Organisation) -> None:
    house.people(person("ann", "a", "Anna"), person("bert", "b", "Bert"))
    listing = house.folder / "accounts.json"
    house.wiring = replace(house.wiring, source=Directory.of_file(listing, max_bytes=10_000))
    house.record("user-modify", "ann")
    assert [one.name for one in house.drain()] == ["ann"]
    assert there(house)["Anna"] == ("ann@example.org", False)
    assert not house.left()


def test_one_whose_link_tells_only_a_number_is_not_followed_to_and_fro(house: Organisation) -> None:
    """Between the two names, each of which is the other's former one, while Google refuses."""
    anna = links.of_name(house.state, Kind.USER, "anna")
    assert anna is not None
    links.save(house.state, replace(anna, identity=Identity("uid", "1003")))
    house.people(person("ann", "a", "Ann"), person("bert", "b", "Bert"))
    listing = house.folder / "accounts.json"
    house.wiring = replace(house.wiring, source=Directory.of_file(listing, max_bytes=10_000))
    house.fail(call="users.patch", fails="403", times=0)
    house.record("user-modify", "ann")
    outcomes = drain(house.wiring, house.clock() + 3600.0)
    assert [one.verdict for one in islice(outcomes, 9)] == [Verdict.BURIED]


# --- a newcomer under a name that passed on ------------------------------------------------------


def test_one_about_whom_it_was_asked_does_not_hide_whose_account_it_is(house: Organisation) -> None:
    nina, bert = person("anna", "n", "Nina"), person("bert", "b", "Bert")
    house.people(nina, bert)
    assert "same person?" in house.fire("user-add", "anna").line
    house.people({**nina, "username": "nina"}, bert)
    house.fire("user-add", "nina")
    assert there(house)["Anna"] == ("anna@example.org", False)
    house.people({**nina, "username": "nina"}, bert, person("ann", "a", "Anna"))
    house.fire("user-modify", "ann")
    house.settle()
    assert there(house)["Anna"] == ("ann@example.org", False)
    newcomer = house.found_user("nina@example.org")
    assert newcomer is not None
    assert newcomer["name"]["givenName"] == "Nina"
    assert not house.left()


@pytest.mark.parametrize("names", [*permutations(["anna", "bert", "bobby"])])
def test_a_newcomer_takes_nobodys_account_in_whatever_order_the_events_come(
    house: Organisation, names: tuple[str, ...]
) -> None:
    moved = person("bert", "a", "Anna"), person("bobby", "b", "Bert")
    house.people(*moved, person("anna", "n", "Nina"))
    for name in names:
        house.record("user-modify", name)
        house.settle()
    assert there(house) == {
        "Anna": ("bert@example.org", False),
        "Bert": ("bobby@example.org", False),
    }
    newcomer = house.found_user("anna@example.org")
    assert newcomer is not None
    assert newcomer["name"]["givenName"] == "Nina"
    assert not house.left()


def test_three_who_exchanged_their_names_are_told_how_each_keeps_the_own_account(
    house: Organisation,
) -> None:
    carl = person("carl", "c", "Carl")
    house.people(person("anna", "a", "Anna"), person("bert", "b", "Bert"), carl)
    house.fire("user-add", "carl")
    house.people(
        person("bert", "a", "Anna"), person("carl", "b", "Bert"), person("anna", "c", "Carl")
    )
    for name in ("anna", "bert", "carl"):
        assert "exchanged their names" in house.fire("user-modify", name).line
    assert set(house.left().values()) == {"buried"}
