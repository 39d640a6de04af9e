"""Specifies the directory against the emulator: every fault, before and after the write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gapps_hooks.emulator import Emulator, serve
from gapps_hooks.errors import (
    AlreadyExists,
    GoogleFault,
    NotFound,
    NotYet,
    Passing,
    Refused,
    SignInRefused,
    Throttled,
    Unreachable,
)
from gapps_hooks.google import Directory, HttpObject, connect, probe
from gapps_hooks.model import GoogleGroup, GoogleUser, PasswordHash, Role
from gapps_hooks.settings import (
    EnabledSettings,
    GoogleSettings,
    Settings,
    SourceSettings,
    StateSettings,
)

ADMIN = "admin@example.org"
ALICE = {
    "primaryEmail": "alice@example.org",
    "name": {"givenName": "Alice", "familyName": "Doe"},
}
PASSWORD = PasswordHash("crypt", "$6$saltsalt$" + "x" * 86)


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class FreePace:
    """A rate limit that notes how often everybody was slowed down, and lets everybody pass."""

    def __init__(self) -> None:
        self.slowed = 0

    def wait_turn(self, kinds: tuple[str, ...], longest: float) -> None:
        """Nobody waits here."""

    def slow_down(self, seconds: float, kind: str, *, about: str) -> None:  # noqa: ARG002 - the protocol's
        assert seconds > 0
        self.slowed += 1


@dataclass(frozen=True, slots=True)
class Scene:
    """An emulated Workspace, the directory under test, and a way to look without faults."""

    emulator: Emulator
    settings: Settings
    http_factory: Callable[[], HttpObject] | None
    pace: FreePace
    directory: Directory

    def fails(self, fails: str, call: str, *, times: int = 1, when: str = "before") -> None:
        line = {"fails": fails, "call": call, "times": times, "when": when, "seconds": 1.0}
        self.emulator.faults.script([line])

    def look(self) -> Directory:
        self.emulator.faults.clear()
        return self.directory

    def users(self) -> set[str]:
        found = {user.primary_email for user in self.look().list_users()}
        assert ADMIN in found
        return found - {ADMIN}


def settle(folder: Path, endpoint: str, key: dict[str, str]) -> Settings:
    path = folder / "key.json"
    path.write_text(json.dumps(key))
    return Settings(
        path=folder / "gapps-hooks.toml",
        domain="example.org",
        admin=ADMIN,
        google=GoogleSettings(credentials=path, api_endpoint=endpoint),
        source=SourceSettings(type="none"),
        enabled=EnabledSettings(all=True),
        state=StateSettings(directory=folder / "state"),
    )


@dataclass(frozen=True, slots=True)
class Door:
    """An emulator, and how to get at it: in this process, or over HTTP."""

    emulator: Emulator
    endpoint: str
    http_factory: Callable[[], HttpObject] | None


@pytest.fixture(scope="module", params=["in-process", "http"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    emulator = Emulator(domains=("example.org",), admins=(ADMIN,))
    if request.param == "http":
        with serve(emulator) as server:
            yield Door(emulator, server.url, None)
    else:
        yield Door(emulator, "http://emulator.test", emulator.transport)


@pytest.fixture
def scene(door: Door, tmp_path: Path) -> Scene:
    door.emulator.reset()
    key = door.emulator.key(f"{door.endpoint}/token")
    settings = settle(tmp_path, door.endpoint, key)
    clock, pace = Clock(), FreePace()
    directory = connect(
        settings,
        pace=pace,
        http_factory=door.http_factory,
        clock=clock,
        sleep=clock.sleep,
        random=lambda: 0.0,
    )
    return Scene(door.emulator, settings, door.http_factory, pace, directory)


@pytest.fixture
def alice(scene: Scene) -> GoogleUser:
    return scene.directory.insert_user(ALICE, PASSWORD)


@pytest.fixture
def staff(scene: Scene) -> GoogleGroup:
    return scene.directory.insert_group({"email": "staff@example.org", "name": "Staff"})


TOO_FAST = ["403 quota", "403 rate", "403 user rate", "403 text", "429", "503 text"]
WIRE = ["reset", "closed", "hang", "truncated", "lost answer"]
FALTERING = ["500", "500 empty", "502", "503", "504", "409 conflict", *WIRE]
PASSING = [*TOO_FAST, *FALTERING, "412 creation"]
FINAL = {
    "401": SignInRefused,
    "403": Refused,
    "404": NotFound,
    "409 renamed": AlreadyExists,
    **dict.fromkeys(TOO_FAST, Throttled),
    **dict.fromkeys(FALTERING, Passing),
    "412 creation": NotYet,
}
# The fault happens after the write by its very nature.
AFTER_ONLY = {"truncated", "lost answer"}


def hurried(scene: Scene, fails: str) -> Directory:
    return scene.directory.within(0.4) if fails == "hang" else scene.directory


# --- a fault that passes ------------------------------------------------------------------------


@pytest.mark.parametrize("fails", [fails for fails in PASSING if fails not in AFTER_ONLY])
def test_a_passing_fault_before_a_creation_is_overcome_within_the_call(
    scene: Scene, fails: str
) -> None:
    scene.fails(fails, "users.insert")
    user = hurried(scene, fails).insert_user(ALICE, PASSWORD)

    assert scene.directory.get_user(user.id).primary_email == "alice@example.org"
    assert scene.pace.slowed == (fails in TOO_FAST)


@pytest.mark.parametrize("fails", PASSING)
def test_after_a_creation_whose_answer_failed_the_account_exists_once(
    scene: Scene, fails: str
) -> None:
    scene.fails(fails, "users.insert", when="after")

    with pytest.raises(AlreadyExists):
        hurried(scene, fails).insert_user(ALICE, PASSWORD)
    assert scene.users() == {"alice@example.org"}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fails", PASSING)
def test_a_passing_fault_around_a_change_is_overcome_within_the_call(
    scene: Scene, alice: GoogleUser, fails: str, when: str
) -> None:
    scene.fails(fails, "users.patch", when=when)
    changed = hurried(scene, fails).patch_user(alice.id, {"suspended": True})

    assert changed.suspended
    assert scene.look().get_user(alice.id).suspended


@pytest.mark.parametrize("fails", PASSING)
def test_after_a_membership_whose_answer_failed_the_member_is_in_once(
    scene: Scene, alice: GoogleUser, staff: GoogleGroup, fails: str
) -> None:
    scene.fails(fails, "members.insert", when="after")

    with pytest.raises(AlreadyExists):
        hurried(scene, fails).insert_member(staff.id, "alice@example.org", Role.MEMBER)
    assert [member.id for member in scene.look().list_members(staff.id)] == [alice.id]


# A removal is answered with nothing, of which nothing can be cut off.
@pytest.mark.parametrize("fails", [fails for fails in PASSING if fails != "truncated"])
def test_after_a_removal_whose_answer_failed_the_member_is_gone(
    scene: Scene, alice: GoogleUser, staff: GoogleGroup, fails: str
) -> None:
    scene.directory.insert_member(staff.id, "alice@example.org", Role.MEMBER)
    scene.fails(fails, "members.delete", when="after")

    with pytest.raises(NotFound):
        hurried(scene, fails).delete_member(staff.id, alice.id)
    assert scene.look().list_members(staff.id) == ()


def test_a_token_that_google_forgot_is_replaced_without_anybody_noticing(
    scene: Scene, alice: GoogleUser
) -> None:
    scene.fails("401", "users.patch")

    assert scene.directory.patch_user(alice.id, {"suspended": True}).suspended


# --- a fault that stays -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fails", "expected"), [row for row in FINAL.items() if row[0] not in AFTER_ONLY]
)
def test_a_fault_that_stays_before_a_creation_has_its_verdict_and_nothing_is_created(
    scene: Scene, fails: str, expected: type[GoogleFault]
) -> None:
    scene.fails(fails, "users.insert", times=0)

    with pytest.raises(GoogleFault) as caught:
        hurried(scene, fails).insert_user(ALICE, PASSWORD)
    assert type(caught.value) is expected
    assert PASSWORD.value not in str(caught.value)
    assert scene.users() == set()


@pytest.mark.parametrize(("fails", "expected"), FINAL.items())
def test_a_fault_that_stays_after_a_change_has_its_verdict_and_the_change_is_made(
    scene: Scene, alice: GoogleUser, fails: str, expected: type[GoogleFault]
) -> None:
    scene.fails(fails, "users.patch", times=0, when="after")

    with pytest.raises(GoogleFault) as caught:
        hurried(scene, fails).patch_user(alice.id, {"suspended": True})
    assert type(caught.value) is expected
    assert scene.look().get_user(alice.id).suspended


# --- listings -----------------------------------------------------------------------------------


@pytest.fixture
def crowd(scene: Scene) -> set[str]:
    """401 members of the group crowd@example.org: two full pages and one more."""
    members = {f"user{number:03}@elsewhere.example" for number in range(401)}
    group = {"email": "crowd@example.org", "members": sorted(members)}
    scene.emulator.seed({"groups": [group]})
    return members


@pytest.mark.parametrize("fails", [None, "short page", "503", "reset", "truncated"])
def test_a_listing_is_whole_although_a_page_is_short_or_fails(
    scene: Scene, crowd: set[str], fails: str | None
) -> None:
    if fails:
        scene.fails(fails, "members.list")
    listed = scene.directory.list_members("crowd@example.org")

    assert sorted(member.email for member in listed) == sorted(crowd)


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("fails", ["repeated token", "expired token", "503", "truncated"])
def test_a_listing_that_cannot_be_whole_is_a_fault(scene: Scene, fails: str) -> None:
    scene.fails(fails, "members.list", times=0)

    with pytest.raises(Passing):
        scene.directory.list_members("crowd@example.org")


# --- disguises ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 404, 412])
def test_a_deleted_user_is_not_found_however_google_says_so(
    scene: Scene, alice: GoogleUser, status: int
) -> None:
    delete_at_google(scene, alice)
    scene.emulator.switches.deleted_user_status = status

    with pytest.raises(NotFound):
        scene.directory.get_user(alice.id)


def test_a_deleted_user_is_listed_and_can_be_restored_by_id(
    scene: Scene, alice: GoogleUser
) -> None:
    delete_at_google(scene, alice)
    deleted = scene.directory.list_deleted_users()
    scene.directory.undelete_user(alice.id, "/")

    assert [user.id for user in deleted] == [alice.id]
    assert deleted[0].deletion_time is not None
    assert scene.directory.get_user(alice.id).primary_email == "alice@example.org"


def delete_at_google(scene: Scene, user: GoogleUser) -> None:
    """Delete as an administrator would; the directory itself has no verb for it."""
    api = scene.directory._api  # noqa: SLF001 - see above
    api.caller.perform(api.users.delete(userKey=user.id), api.directory_sign_in)


def test_a_groups_address_is_no_user(scene: Scene, staff: GoogleGroup) -> None:
    with pytest.raises(NotFound):
        scene.directory.get_user(staff.email)


def test_an_alias_finds_its_owner_who_must_be_compared(scene: Scene, alice: GoogleUser) -> None:
    scene.directory.insert_user_alias(alice.id, "al@example.org")

    assert scene.directory.get_user("al@example.org").primary_email == "alice@example.org"


def test_an_address_that_google_cannot_resolve_is_not_found(
    scene: Scene, staff: GoogleGroup
) -> None:
    scene.emulator.switches.unresolvable = ("*@nowhere.example",)

    with pytest.raises(NotFound):
        scene.directory.insert_member(staff.id, "x@nowhere.example", Role.MEMBER)


def test_a_user_that_is_still_being_created_is_not_ready_yet(scene: Scene) -> None:
    scene.emulator.switches.creation_window = 3600.0
    user = scene.directory.insert_user(ALICE, PASSWORD)

    with pytest.raises(NotYet):
        scene.directory.patch_user(user.id, {"suspended": True})


def test_a_foreign_domain_is_refused_with_the_remedy(scene: Scene) -> None:
    with pytest.raises(Refused, match=r"Account > Domains|Admin roles"):
        scene.directory.insert_user({**ALICE, "primaryEmail": "a@stranger.example"}, PASSWORD)


def test_without_a_free_licence_the_sentence_says_where_to_get_one(scene: Scene) -> None:
    scene.emulator.switches.seats = 1

    with pytest.raises(Refused, match="Billing"):
        scene.directory.insert_user(ALICE, PASSWORD)


def test_a_switched_off_api_is_nobodys_entrys_fault(scene: Scene) -> None:
    scene.emulator.switches.disabled_apis = ("admin",)

    with pytest.raises(SignInRefused, match="APIs & Services"):
        scene.directory.list_users()


# --- the verbs ----------------------------------------------------------------------------------


def test_a_password_arrives_as_the_hash_that_it_is(scene: Scene, alice: GoogleUser) -> None:
    scene.directory.patch_user(alice.id, {}, PasswordHash("SHA-1", "a" * 40))

    assert scene.emulator.password_of("alice@example.org") == ("SHA-1", "a" * 40)


def test_a_hash_that_google_refuses_and_echoes_is_not_repeated(
    scene: Scene, alice: GoogleUser
) -> None:
    bcrypt = "$2y$10$" + "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"[:53]

    with pytest.raises(Refused, match="set the password anew") as caught:
        scene.directory.patch_user(alice.id, {}, PasswordHash("crypt", bcrypt))
    assert "N9qo8uLOickgx2ZMRZoMye" not in str(caught.value)


def test_a_user_is_changed_field_by_field_and_false_and_empty_arrive(
    scene: Scene, alice: GoogleUser
) -> None:
    directory = scene.directory
    directory.patch_user(
        alice.id, {"suspended": True, "phones": [{"value": "1", "type": "work"}]}, PASSWORD
    )
    restored = directory.patch_user(alice.id, {"suspended": False, "phones": []})

    assert (restored.suspended, restored.phones) == (False, ())
    assert (restored.given_name, restored.family_name) == ("Alice", "Doe")


def test_a_rename_leaves_the_old_address_as_an_alias_which_can_be_released(
    scene: Scene, alice: GoogleUser
) -> None:
    renamed = scene.directory.patch_user(alice.id, {"primaryEmail": "ally@example.org"})
    scene.directory.delete_user_alias(alice.id, "alice@example.org")

    assert renamed.primary_email == "ally@example.org"
    assert scene.directory.get_user(alice.id).aliases == ()
    with pytest.raises(NotFound):
        scene.directory.delete_user_alias(alice.id, "alice@example.org")


def test_a_group_lives_from_its_creation_to_its_deletion(
    scene: Scene, alice: GoogleUser, staff: GoogleGroup
) -> None:
    directory = scene.directory
    directory.patch_group_settings(staff.email, {"whoCanPostMessage": "ALL_IN_DOMAIN_CAN_POST"})
    directory.patch_group(staff.id, {"description": "All of us"})
    directory.insert_member(staff.id, alice.primary_email, Role.MEMBER)
    directory.patch_member(staff.id, alice.id, Role.OWNER)

    assert [group.description for group in directory.list_groups()] == ["All of us"]
    assert [member.role for member in directory.list_members(staff.id)] == [Role.OWNER]
    directory.delete_group(staff.id)
    with pytest.raises(NotFound):
        directory.get_group(staff.email)


def test_the_domains_are_listed_with_their_own_scope(scene: Scene) -> None:
    assert scene.directory.list_domains() == ("example.org",)


# --- outages ------------------------------------------------------------------------------------


def test_a_sign_in_service_that_falters_is_tried_again_within_the_call(scene: Scene) -> None:
    scene.fails("503", "token")

    assert scene.directory.get_user(ADMIN).administrator


def test_a_sign_in_service_that_stays_away_is_an_outage(scene: Scene) -> None:
    scene.fails("503", "token", times=0)

    with pytest.raises(Unreachable):
        scene.directory.get_user(ADMIN)


def test_a_probe_tells_when_delivery_may_go_on(scene: Scene) -> None:
    probe(scene.settings, http_factory=scene.http_factory)
    probe(scene.settings, sign_in=True, http_factory=scene.http_factory)

    scene.settings.google.credentials.unlink()
    with pytest.raises(SignInRefused, match="does not exist"):
        probe(scene.settings, sign_in=True, http_factory=scene.http_factory)
