"""Other people's client libraries play the same day at the emulator, and see the same Google."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import foreign_clients
import pytest
from foreign_clients import DAYS, INSTALLATION, Google

from gapps_hooks.emulator import ServiceAccountKey, new_key

# The first run installs and compiles, which pytest counts in.
pytestmark = pytest.mark.timeout(INSTALLATION)

#: What each of them tells at the end of the day.
TOLD: dict[str, Any] = {
    "renamed": ["alice@example.org", ["o'neil_x@example.org"], "Hargreaves"],
    "phones": [{"type": "work", "value": "+44"}],
    "suspended": [True, "ADMIN"],
    "pages": [
        ["admin@example.org", "alice@example.org", "bob@example.org"],
        ["carol@example.org"],
    ],
    "members": [["carol@example.org", "OWNER"], ["x@example.com", "MEMBER"]],
    "carol_is_member": True,
    "taken": [409, 409, "Entity already exists.", "duplicate"],
    "unknown": [404, 404, "Resource Not Found: userKey", "notFound"],
    "deleted": ["carol@example.org"],
    "restored": "carol@example.org",
}


@pytest.fixture(scope="module")
def key() -> ServiceAccountKey:
    return new_key("c" * 40)


@pytest.fixture
def google(key: ServiceAccountKey, tmp_path: Path) -> Iterator[Google]:
    with foreign_clients.google(key, tmp_path) as it:
        yield it


def node_plays(google: Google) -> str:
    google.environment["CLIENTS"] = str(foreign_clients.node())
    return google.must("node", DAYS / "day.mjs", google.key, google.url)


def go_plays(google: Google) -> str:
    return google.must(foreign_clients.go(), google.key, google.url)


def ruby_plays(google: Google) -> str:
    return google.must(foreign_clients.ruby(), DAYS / "day.rb", google.key)


def aiogoogle_plays(google: Google) -> str:
    return google.must(foreign_clients.aiogoogle(), DAYS / "day_aiogoogle.py", google.key)


@pytest.mark.parametrize(
    "plays",
    [node_plays, go_plays, ruby_plays, aiogoogle_plays],
    ids=["node", "go", "ruby", "aiogoogle"],
)
def test_a_day_is_read_back_as_it_was_played(
    google: Google, plays: Callable[[Google], str]
) -> None:
    assert json.loads(plays(google)) == TOLD
    state = google.emulator.state()
    people = {user["primaryEmail"]: user for user in state["users"]}
    assert set(people) == {f"{name}@example.org" for name in ("admin", "alice", "bob", "carol")}
    alice = people["alice@example.org"]
    assert (alice["suspended"], alice["aliases"]) == (True, ["o'neil_x@example.org"])
    assert alice["name"]["familyName"] == "Hargreaves"
    assert google.emulator.password_of("alice@example.org") == (
        "SHA-1",
        "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
    )
    (staff,) = state["groups"]
    # who is restored does not get memberships back
    assert [member["email"] for member in staff["members"]] == ["x@example.com"]
    assert "deletedUsers" not in state or not state["deletedUsers"]
    refused = [call for call in google.calls() if call[1] >= 400]
    assert sorted(refused) == [("users.get", 404), ("users.insert", 409)]
