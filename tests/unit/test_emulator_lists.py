"""The emulator's listings: pages, tokens, order, queries, distortions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from emulator_workspace import World, refused
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.emulator.state import lists, members, users
from gapps_hooks.emulator.state.pages import Distortion
from gapps_hooks.emulator.state.query import parse

NAMES = ("alice", "bob", "boss", "carol", "dave", "helper")
BAD_TOKEN = (400, "invalid", "Invalid Input: pageToken")


@pytest.fixture
def world() -> World:
    it = World()
    for name in ("dave", "alice", "carol", "bob"):
        it.insert(name, externalIds=[{"type": "custom", "customType": "mark", "value": name[0]}])
    return it


def ask(world: World, distortion: Distortion | None = None, **parameters: str) -> dict[str, Any]:
    given = {"customer": "my_customer", **parameters}
    return lists.users(world.workspace, lists.Wish(parameters=given, distortion=distortion))


def names(answer: dict[str, Any]) -> list[str]:
    return [entry["primaryEmail"].partition("@")[0] for entry in answer.get("users", [])]


def walk(world: World, **parameters: str) -> Iterator[list[str]]:
    token = ""
    while True:
        answer = ask(world, None, **parameters, pageToken=token)
        yield names(answer)
        token = answer.get("nextPageToken", "")
        if not token:
            return


@pytest.mark.parametrize("size", [1, 2, 4, 5, 6, 500])
@pytest.mark.parametrize("order", ["email", "givenName"])
@pytest.mark.parametrize("direction", ["ASCENDING", "DESCENDING"])
def test_every_user_is_on_exactly_one_page_in_order(
    world: World, size: int, order: str, direction: str
) -> None:
    pages = list(walk(world, maxResults=str(size), orderBy=order, sortOrder=direction))
    expected = list(NAMES) if direction == "ASCENDING" else list(reversed(NAMES))
    assert [name for page in pages for name in page] == expected
    assert len(pages) == -(-len(NAMES) // size)


def test_an_empty_listing_has_no_array_at_all(world: World) -> None:
    assert "users" not in ask(world, query="email=nobody@example.org")


def test_a_walk_survives_changes_between_its_pages(world: World) -> None:
    first = ask(world, maxResults="2")
    users.delete(world.workspace, world.boss, "bob@example.org")
    world.insert("aaron")
    rest = ask(world, pageToken=first["nextPageToken"])
    assert names(first) + names(rest) == ["alice", "bob", "boss", "carol", "dave", "helper"]


@pytest.mark.parametrize(("asked", "given"), [("", 100), ("500", 500), ("1000", 500)])
def test_a_page_of_users_has_100_and_at_most_500(asked: str, given: int) -> None:
    wish = lists.Wish(parameters={"maxResults": asked})
    assert wish.walk("users", 0.0, usual=100, most=500).size == given


@pytest.mark.parametrize("size", ["0", "-1", "many"])
def test_a_page_of_no_size_is_refused(world: World, size: str) -> None:
    assert refused(ask, world, maxResults=size) == (400, "invalid", "Invalid Input: maxResults")


def test_users_are_not_listed_without_customer_or_domain(world: World) -> None:
    wish = lists.Wish(parameters={})
    assert refused(lists.users, world.workspace, wish) == (400, "badRequest", "Bad Request")


def test_a_domain_leaves_out_the_users_of_the_others(world: World) -> None:
    world.insert("x", primaryEmail="x@example.net")
    given = lists.Wish(parameters={"domain": "example.net"})
    assert names(lists.users(world.workspace, given)) == ["x"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("email=alice@example.org", ["alice"]),
        ("email:b*", ["bob", "boss"]),
        ("isAdmin=true", ["boss"]),
        ("isDelegatedAdmin=true", ["helper"]),
        ("isSuspended=true", ["carol"]),
        ("isSuspended=false email:c*", []),
        ("externalId=d", ["dave"]),
        ("externalId='d' isSuspended=false", ["dave"]),
        ("givenName:'bo*'", ["bob", "boss"]),
        ("familyName=example orgUnitPath=/", list(NAMES)),
    ],
)
def test_a_query_chooses(world: World, query: str, expected: list[str]) -> None:
    world.patch("carol@example.org", suspended=True)
    assert names(ask(world, query=query)) == expected


@pytest.mark.parametrize("query", ["isAdmin=perhaps", "shoeSize=44", "alice", "email='a"])
def test_a_query_that_is_not_understood_is_refused(world: World, query: str) -> None:
    assert refused(ask, world, query=query) == (400, "invalid", "Invalid Input: query")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1))
def test_a_quoted_value_may_hold_anything(value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    assert parse(f"externalId='{escaped}'")[0].value == value


@pytest.mark.parametrize("yes", ["true", "True"])
def test_only_the_deleted_are_listed_when_asked_for(world: World, yes: str) -> None:
    users.delete(world.workspace, world.boss, "bob@example.org")
    answer = ask(world, showDeleted=yes)
    assert names(answer) == ["bob"]
    assert answer["users"][0]["deletionTime"]
    assert "bob" not in names(ask(world))


def test_a_token_is_good_for_its_own_question_only(world: World) -> None:
    token = ask(world, maxResults="1")["nextPageToken"]
    assert refused(ask, world, query="isAdmin=true", pageToken=token) == BAD_TOKEN
    assert refused(ask, world, pageToken="bm9uc2Vuc2U=") == BAD_TOKEN
    assert refused(ask, world, pageToken="W10=") == BAD_TOKEN


def test_a_walk_of_more_than_an_hour_is_cut_and_a_token_ends_after_three_days(
    world: World,
) -> None:
    token = ask(world, maxResults="1")["nextPageToken"]
    world.time += 3600
    assert ask(world, pageToken=token)
    world.time += 1
    cut = (503, "backendError", "Service unavailable. Please try again")
    assert refused(ask, world, pageToken=token) == cut
    world.time += 3 * 86400
    assert refused(ask, world, pageToken=token) == BAD_TOKEN


def test_a_short_page_has_a_token_for_the_rest(world: World) -> None:
    first = ask(world, Distortion.SHORT)
    rest = ask(world, pageToken=first["nextPageToken"])
    assert len(names(first)) == 3
    assert names(first) + names(rest) == list(NAMES)


def test_a_repeated_token_leads_to_the_same_page_again(world: World) -> None:
    first = ask(world, Distortion.REPEATED, maxResults="2")
    again = ask(world, maxResults="2", pageToken=first["nextPageToken"])
    assert names(again) == names(first)


def test_a_stale_listing_shows_users_as_they_were(world: World) -> None:
    world.time += 100
    users.delete(world.workspace, world.boss, "bob@example.org")
    world.patch("alice@example.org", suspended=True)
    world.insert("zoe")
    answer = ask(world, Distortion.STALE)
    assert names(answer) == list(NAMES)
    assert not any(entry["suspended"] for entry in answer["users"])


def test_groups_are_listed_by_address_member_and_query(world: World) -> None:
    for name in ("team", "crew"):
        world.group(name)
    members.insert(world.workspace, "crew@example.org", {"email": "bob@example.org"})

    def listed(**parameters: str) -> list[str]:
        shown = lists.groups(world.workspace, lists.Wish(parameters=parameters))
        return [entry["name"] for entry in shown.get("groups", [])]

    assert listed() == ["crew", "team"]
    assert listed(userKey="bob@example.org") == ["crew"]
    assert listed(query="memberKey=bob@example.org") == ["crew"]
    assert listed(query="email:t*") == ["team"]
    assert listed(query="name=crew", customer="my_customer") == ["crew"]
    assert listed(domain="example.net") == []
    wish = lists.Wish(parameters={"customer": "my_customer", "userKey": "bob@example.org"})
    assert refused(lists.groups, world.workspace, wish) == (400, "badRequest", "Bad Request")
