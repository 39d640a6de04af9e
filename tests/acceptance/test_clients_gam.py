"""GAM, the program of many administrators, works at the emulator as it does at Google."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import foreign_clients
import pytest
from foreign_clients import INSTALLATION, Google

from gapps_hooks.emulator import Fault, ServiceAccountKey, new_key

# The first run installs GAM, which pytest counts in.
pytestmark = pytest.mark.timeout(INSTALLATION)

# docs/emulator.md tells people the same lines.
SETTINGS = """\
[DEFAULT]
enable_dasa = true
customer_id = {customer}
domain = example.org
admin_email = admin@example.org
cacerts_pem = {authority}
cache_dir = {folder}/cache
drive_dir = {folder}
num_threads = 2
"""


class Gam:
    """GAM in a folder of its own, signing for a service account that has a role."""

    def __init__(self, google: Google) -> None:
        self._program = foreign_clients.gam()
        self._google = google
        folder = google.folder
        (folder / "cache").mkdir()
        (folder / "oauth2service.json").write_bytes(google.key.read_bytes())
        customer = google.emulator.workspace.ids.customer
        settings = SETTINGS.format(customer=customer, authority=google.authority, folder=folder)
        (folder / "gam.cfg").write_text(settings)
        google.environment["GAMCFGDIR"] = str(folder)
        google.emulator.assign_role()

    def __call__(self, *words: str) -> str:
        """Run a line of GAM's that has to succeed; return what it printed."""
        return self._google.must(self._program, *words)

    def refused(self, *words: str) -> tuple[int, str]:
        """Run a line of GAM's; return its exit status and its complaint."""
        done = self._google.run(self._program, *words)
        return done.returncode, done.stderr

    def shown(self, *words: str) -> dict[str, Any]:
        """Return what GAM shows as one JSON object."""
        result: dict[str, Any] = json.loads(self(*words, "formatjson"))
        return result

    def rows(self, *words: str) -> list[dict[str, str]]:
        """Return what GAM prints as CSV."""
        return list(csv.DictReader(io.StringIO(self(*words))))

    def create(self, *names: str) -> None:
        """Create users in one batch from a CSV file."""
        lines = [f"{name}@example.org,{name.title()},Smith" for name in names]
        (self._google.folder / "people.csv").write_text("\n".join(["mail,first,last", *lines]))
        words = "csv people.csv gam create user ~mail firstname ~first lastname ~last"
        self(*words.split(), "password", "random")


@pytest.fixture(scope="module")
def key() -> ServiceAccountKey:
    return new_key("9" * 40)


@pytest.fixture
def google(key: ServiceAccountKey, tmp_path: Path) -> Iterator[Google]:
    with foreign_clients.google(key, tmp_path) as it:
        yield it


@pytest.fixture
def gam(google: Google) -> Gam:
    return Gam(google)


def test_gam_creates_changes_and_suspends_a_user(gam: Gam, google: Google) -> None:
    alice = ["user", "alice@example.org"]
    gam("create", *alice, "firstname", "Alice", "lastname", "Liddell", "password", "correct horse")
    held = google.emulator.password_of("alice@example.org")
    assert held is not None
    assert (held[0], held[1][:3]) == ("crypt", "$6$")

    phone = ["phone", "type", "work", "value", "+441234", "primary"]
    gam("update", *alice, "lastname", "Hargreaves", "email", "ali@example.org", *phone)
    gam("suspend", *alice)
    shown = gam.shown("info", *alice, "nolicenses")
    assert shown["primaryEmail"] == "ali@example.org"
    assert shown["aliases"] == ["alice@example.org"]
    assert (shown["suspended"], shown["suspensionReason"]) == (True, "ADMIN")
    assert shown["name"]["fullName"] == "Alice Hargreaves"
    assert shown["phones"][0]["value"] == "+441234"

    (held_alice,) = (
        user
        for user in google.emulator.state()["users"]
        if user["primaryEmail"] == "ali@example.org"
    )
    assert (held_alice["id"], held_alice["suspended"]) == (shown["id"], True)


def test_gam_is_told_in_googles_words(gam: Gam) -> None:
    gam.create("bob")
    words = "create user bob@example.org firstname Bob lastname Smith password random"
    status, complaint = gam.refused(*words.split())
    assert status != 0
    assert "Duplicate" in complaint
    status, complaint = gam.refused("info", "user", "nobody@example.org", "nolicenses")
    assert status != 0
    assert "Does not exist" in complaint


def test_gam_makes_a_batch_of_users_from_a_table(gam: Gam, google: Google) -> None:
    names = ["bob", "carol", "dan", "eve"]
    # GAM retries what the client library does not
    google.emulator.faults.script([Fault(fails="403 quota", call="users.insert")])
    gam.create(*names)
    rows = gam.rows("print", "users", "fields", "primaryemail,firstname")
    assert [row["primaryEmail"].partition("@")[0] for row in rows] == ["admin", *names]
    assert rows[1]["name.givenName"] == "Bob"
    assert google.calls("users.insert").count(("users.insert", 200)) == 4
    assert google.calls("users.insert").count(("users.insert", 403)) == 1


def test_gam_brings_a_groups_members_into_line(gam: Gam, google: Google) -> None:
    gam.create("bob", "carol", "dan")
    staff = ["group", "staff@example.org"]
    gam("create", *staff, "name", "The staff", "whocanpostmessage", "all_members_can_post")
    gam("update", *staff, "sync", "members", "users", "bob,dan")
    gam("update", *staff, "sync", "members", "users", "bob,carol,x@example.com")
    gam("update", *staff, "update", "manager", "users", "carol")

    rows = gam.rows("print", "group-members", *staff)
    told = {(row["email"], row["role"], row["type"]) for row in rows}
    assert told == {
        ("bob@example.org", "MEMBER", "USER"),
        ("carol@example.org", "MANAGER", "USER"),
        ("x@example.com", "MEMBER", "USER"),
    }
    shown = gam.shown("info", *staff)
    assert (shown["name"], shown["directMembersCount"]) == ("The staff", "3")
    assert shown["whoCanPostMessage"] == "ALL_MEMBERS_CAN_POST"

    (group,) = google.emulator.state()["groups"]
    assert {(member["email"], member["role"]) for member in group["members"]} == {
        (email, role) for email, role, _ in told
    }
    assert group["settings"]["whoCanPostMessage"] == "ALL_MEMBERS_CAN_POST"


def test_gam_brings_a_deleted_user_back(gam: Gam, google: Google) -> None:
    gam.create("carol")
    before = gam.shown("info", "user", "carol", "nolicenses")
    gam("delete", "user", "carol")
    (gone,) = gam.rows("print", "users", "deletedonly")
    assert gone["primaryEmail"] == "carol@example.org"
    gam("undelete", "user", "carol", "ou", "/")
    assert gam.shown("info", "user", "carol", "nolicenses")["id"] == before["id"]
    assert ("users.undelete", 204) in google.calls("users.undelete")


def test_gam_gives_licences_and_finds_them(gam: Gam, google: Google) -> None:
    gam.create("bob")
    gam("user", "bob", "add", "license", "Google-Drive-storage-20GB")
    # it asks for every product there is, and 404 has to tell it which of them he lacks
    (held,) = gam.shown("info", "user", "bob")["licenses"]
    assert held.startswith("Google-Drive-storage-20GB ")
    statuses = [status for _, status in google.calls("licenseAssignments.get")]
    assert (statuses.count(200), set(statuses)) == (1, {200, 404})
