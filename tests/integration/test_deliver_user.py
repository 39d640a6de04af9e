"""People, from the hook's event to Google and back: the law of what is done to their accounts."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation, organise

from gapps_hooks.errors import NotFound
from gapps_hooks.model import Verdict
from gapps_hooks.outbox import entries, history, links

ALICE = {"given_name": "Alice", "family_name": "Archer", "id": "entryUUID:a1"}


def waiting(house: Organisation) -> list[str]:
    return [entry.name for entry in entries.all_entries(house.state)]


def password(house: Organisation, name: str) -> tuple[str | None, str]:
    found = house.emulator.password_of(f"{name}@example.org")
    assert found is not None
    return found


# --- adding --------------------------------------------------------------------------------------


def test_an_added_user_is_created_with_one_request(house: Organisation) -> None:
    with house.calls() as made:
        outcome = house.fire("user-add", "alice", ALICE)
    assert outcome.verdict is Verdict.DONE
    assert made == ["users.insert"]
    alice = house.user("alice@example.org")
    assert (alice.given_name, alice.family_name) == ("Alice", "Archer")
    assert waiting(house) == []


def test_a_password_that_came_before_goes_with_the_creation(house: Organisation) -> None:
    house.record("user-add", "alice", ALICE)
    house.record("password-set", "alice", {"password": "correct horse"})
    with house.calls() as made:
        house.drain()
    assert made == ["users.insert"]
    assert password(house, "alice")[0] == "crypt"


def test_names_missing_everywhere_fall_back_to_the_user_name(house: Organisation) -> None:
    house.fire("user-add", "bob")
    bob = house.user("bob@example.org")
    assert (bob.given_name, bob.family_name) == ("bob", "bob")


def test_an_account_without_a_known_password_gets_one_that_nobody_knows(
    house: Organisation,
) -> None:
    house.fire("user-add", "bob")
    house.fire("user-add", "carol")
    bob, carol = password(house, "bob"), password(house, "carol")
    assert bob[0] == carol[0] == "crypt"
    assert bob[1] != carol[1]


def test_the_same_event_again_costs_nothing(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    with house.calls() as made:
        outcome = house.fire("user-modify", "alice", ALICE)
    assert (outcome.verdict, made) == (Verdict.NOTHING, [])
    assert "last confirmed" in outcome.line


# --- changing ------------------------------------------------------------------------------------


def test_a_modified_user_costs_one_request_that_sends_only_the_change(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    with house.calls() as made:
        house.fire("user-modify", "alice", {"family_name": "Baker"})
    assert made == ["users.patch"]
    assert house.user("alice@example.org").family_name == "Baker"
    sent = [one.body for one in house.emulator.requests if one.call == "users.patch"]
    assert [set(body) for body in sent] == [{"name"}]


def test_phones_of_others_survive_ours(house: Organisation) -> None:
    house.fire("user-add", "alice", {**ALICE, "phones": ["+49 1"]})
    google_id = house.user("alice@example.org").id
    theirs = {"type": "home", "value": "+49 9"}
    house.google.patch_user(
        google_id, {"phones": [*map(dict, house.user(google_id).phones), theirs]}
    )
    house.fire("user-modify", "alice", {"phones": ["+49 2"]})
    assert {phone["value"] for phone in house.user(google_id).phones} == {"+49 9", "+49 2"}


def test_our_mark_is_merged_into_the_external_ids_that_are_there(house: Organisation) -> None:
    house.google.insert_user(
        {
            "primaryEmail": "alice@example.org",
            "name": {"givenName": "A", "familyName": "A"},
            "externalIds": [{"type": "login_id", "value": "theirs"}],
        },
        house.wiring.make_password(),
    )
    house.fire("user-add", "alice", {**ALICE, "employee_id": "77"})
    ids = house.user("alice@example.org").external_ids
    assert {"type": "login_id", "value": "theirs"} in [dict(entry) for entry in ids]
    assert {"type": "organization", "value": "77"} in [dict(entry) for entry in ids]
    assert any(entry.get("customType") == "gapps-hooks" for entry in ids)


def test_aliases_are_added_and_only_ours_removed(house: Organisation) -> None:
    house.fire("user-add", "alice", {**ALICE, "aliases": ["al@example.org"]})
    google_id = house.user("alice@example.org").id
    house.google.insert_user_alias(google_id, "theirs@example.org")
    house.fire("user-modify", "alice", {"aliases": ["ally@example.org"]})
    assert set(house.user(google_id).aliases) == {"ally@example.org", "theirs@example.org"}


# --- renaming ------------------------------------------------------------------------------------


def test_a_rename_keeps_the_account_and_the_old_address_as_alias(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    google_id = house.user("alice@example.org").id
    with house.calls() as made:
        outcome = house.fire("user-modify", "alicia", {"old_username": "alice"})
    assert (outcome.verdict, made) == (Verdict.DONE, ["users.patch"])
    renamed = house.user("alicia@example.org")
    assert renamed.id == google_id
    assert "alice@example.org" in renamed.aliases


def test_a_409_to_a_rename_that_took_effect_is_read_back(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.fail(fails="409 renamed", call="users.patch", when="after")
    outcome = house.fire("user-modify", "alicia", {"old_username": "alice"})
    assert outcome.verdict is Verdict.DONE
    assert house.user("alicia@example.org").primary_email == "alicia@example.org"
    assert waiting(house) == []


def test_the_alias_that_our_own_rename_left_is_given_to_the_next_one(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.fire("user-modify", "alicia", {"old_username": "alice"})
    outcome = house.fire("user-add", "alice", {**ALICE, "id": "entryUUID:a2"})
    assert outcome.verdict is Verdict.DONE
    assert house.user("alice@example.org").primary_email == "alice@example.org"
    assert house.user("alicia@example.org").aliases == ()


def test_a_password_waiting_while_the_name_changes_reaches_the_right_person(
    house: Organisation,
) -> None:
    house.fire("user-add", "bob", {"id": "entryUUID:b1"})
    house.record("password-set", "bob", {"password": "correct horse"})
    house.record("user-modify", "robert", {"old_username": "bob"})
    house.record("user-add", "bob", {"id": "entryUUID:b2"})
    before = house.emulator.password_of("bob@example.org")
    house.drain()
    assert house.emulator.password_of("robert@example.org") != before
    assert house.user("robert@example.org").id != house.user("bob@example.org").id


# --- disabling, deleting, coming back ------------------------------------------------------------


def test_disabling_suspends_with_two_requests_and_enabling_restores(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    with house.calls() as made:
        house.fire("user-modify", "alice", {"enabled": False})
    assert made == ["users.get", "users.patch"]
    assert house.user("alice@example.org").suspended
    house.fire("user-modify", "alice", {"enabled": True})
    assert not house.user("alice@example.org").suspended


def test_what_was_said_before_a_suspension_is_not_lost_by_it(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.record("user-modify", "alicia", {"old_username": "alice", "family_name": "Baker"})
    house.record("user-modify", "alicia", {"enabled": False})
    house.drain()
    assert waiting(house) == []
    alice = house.user("alicia@example.org")
    assert (alice.suspended, alice.family_name) == (True, "Baker")
    house.fire("user-modify", "alicia", {"enabled": True})
    assert not house.user("alicia@example.org").suspended


def test_what_was_said_of_a_lost_creation_outlives_its_suspension(house: Organisation) -> None:
    house.fail(fails="lost answer", call="users.insert", times=0)
    house.fire("user-add", "alice", {**ALICE, "password": "correct horse"})
    house.emulator.faults.clear()
    before = house.emulator.password_of("alice@example.org")
    house.record("user-modify", "alice", {"family_name": "Baker"})
    house.record("password-set", "alice", {"password": "battery staple"})
    house.record("user-modify", "alice", {"enabled": False})
    house.restart()
    house.drain(whole=True)
    house.fire("user-modify", "alice", {"enabled": True})
    alice = house.user("alice@example.org")
    assert (alice.suspended, alice.family_name) == (False, "Baker")
    assert house.emulator.password_of("alice@example.org") != before
    assert waiting(house) == []


def test_what_was_said_of_one_whom_the_rule_disables_is_used_when_it_does_not(
    tmp_path: Path,
) -> None:
    house = organise(tmp_path, more='---[enabled]\nfilter = { employee_id = "S*" }\n')
    house.fire("user-add", "alice", {**ALICE, "employee_id": "S1"})
    house.record("user-modify", "alice", {"family_name": "Baker"})
    house.record("user-modify", "alice", {"employee_id": "X1"})
    house.drain()
    assert (waiting(house), house.user("alice@example.org").suspended) == ([], True)
    house.fire("user-modify", "alice", {"employee_id": "S1", "enabled": True})
    alice = house.user("alice@example.org")
    assert (alice.suspended, alice.family_name) == (False, "Baker")


def test_a_deleted_user_is_suspended_and_never_deleted(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    google_id = house.user("alice@example.org").id
    with house.calls() as made:
        house.fire("user-delete", "alice", {"id": ALICE["id"]})
    assert made == ["users.get", "users.patch"]
    assert house.user(google_id).suspended
    with house.calls() as again:
        assert house.fire("user-delete", "alice").verdict is Verdict.NOTHING
    assert again == []


def test_one_who_comes_back_with_name_and_id_gets_the_account_back(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    google_id = house.user("alice@example.org").id
    house.fire("user-delete", "alice")
    house.fire("user-add", "alice", ALICE)
    alice = house.user("alice@example.org")
    assert (alice.id, alice.suspended) == (google_id, False)


def test_the_next_one_of_that_name_never_gets_the_account(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.fire("user-delete", "alice", {"id": ALICE["id"]})
    outcome = house.fire("user-add", "alice", {**ALICE, "id": "entryUUID:another"})
    assert outcome.verdict is Verdict.BURIED
    assert "same person?" in outcome.line
    assert "links bind alice" in outcome.line
    assert house.user("alice@example.org").suspended


def test_deleted_added_and_deleted_while_google_is_away_ends_suspended(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.record("user-delete", "alice")
    house.record("user-add", "alice", ALICE)
    house.record("user-delete", "alice")
    house.drain()
    assert house.user("alice@example.org").suspended


def test_a_creation_whose_answer_was_lost_is_suspended_when_its_person_went_meanwhile(
    house: Organisation,
) -> None:
    house.fail(fails="lost answer", call="users.insert", times=0)
    house.record("user-add", "alice", ALICE)
    house.drain()
    house.emulator.faults.clear()
    house.record("user-delete", "alice")
    house.restart()
    house.drain()
    assert house.user("alice@example.org").suspended


def test_a_password_is_delivered_while_suspended_and_wiped_by_a_deletion(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", ALICE)
    house.fire("user-modify", "alice", {"enabled": False})
    before = house.emulator.password_of("alice@example.org")
    house.fire("password-set", "alice", {"password": "correct horse"})
    assert house.emulator.password_of("alice@example.org") != before
    house.record("password-set", "alice", {"password": "battery staple"})
    house.record("user-delete", "alice")
    assert all(entry.password is None for entry in entries.all_entries(house.state))


# --- whom it does not concern --------------------------------------------------------------------


def test_one_who_was_never_enabled_is_invisible(house: Organisation) -> None:
    house.google.insert_user(
        {"primaryEmail": "dora@example.org", "name": {"givenName": "D", "familyName": "D"}},
        house.wiring.make_password(),
    )
    with house.calls() as made:
        house.fire("user-modify", "dora", {"enabled": False})
        house.fire("user-delete", "dora")
    assert made == []
    assert not house.user("dora@example.org").suspended


def test_a_password_of_one_who_is_not_enabled_is_never_recorded(house: Organisation) -> None:
    receipt = house.record("password-set", "dora", {"password": "correct horse"})
    assert receipt.subject is None
    assert waiting(house) == []
    house.record("user-add", "erin", {"enabled": False, "password": "correct horse"})
    assert all(entry.password is None for entry in entries.all_entries(house.state))


# --- administrators ------------------------------------------------------------------------------

SENTENCE = (
    "The Google Workspace administrator account boss@example.org cannot be suspended. Create it "
    "in the account manager and enable Google for it, or list it under protected."
)


def test_an_administrator_is_never_suspended(house: Organisation) -> None:
    house.fire("user-add", "boss", {"id": "entryUUID:boss"})
    house.console.users().makeAdmin(userKey="boss@example.org", body={"status": True}).execute()
    outcome = house.fire("user-delete", "boss")
    assert outcome.verdict is Verdict.BURIED
    assert SENTENCE in outcome.line
    assert not house.user("boss@example.org").suspended
    assert house.troubles


def test_an_administrators_account_is_linked_and_left_alone(house: Organisation) -> None:
    with house.calls() as made:
        outcome = house.fire("user-add", "chief", {"email": "admin@example.org"})
    assert outcome.verdict is Verdict.DONE
    assert "users.patch" not in made
    before = house.emulator.password_of("admin@example.org")
    refused = house.fire("password-set", "chief", {"password": "correct horse"})
    assert refused.verdict is Verdict.BURIED
    assert house.emulator.password_of("admin@example.org") == before


# --- accounts that exist -------------------------------------------------------------------------


def make(house: Organisation, address: str, **fields: object) -> str:
    body = {"primaryEmail": address, "name": {"givenName": "X", "familyName": "Y"}, **fields}
    return house.google.insert_user(body, house.wiring.make_password()).id


def test_an_account_that_exists_is_adopted(house: Organisation) -> None:
    google_id = make(house, "alice@example.org")
    with house.calls() as made:
        outcome = house.fire("user-add", "alice", ALICE)
    assert outcome.verdict is Verdict.DONE
    assert made == ["users.insert", "users.get", "users.patch"]
    alice = house.user("alice@example.org")
    assert (alice.id, alice.given_name) == (google_id, "Alice")


def test_an_alias_of_somebody_else_is_not_taken(house: Organisation) -> None:
    google_id = make(house, "carol@example.org")
    house.google.insert_user_alias(google_id, "alice@example.org")
    outcome = house.fire("user-add", "alice", ALICE)
    assert outcome.verdict is Verdict.BURIED
    assert "alias of carol@example.org" in outcome.line
    assert house.user(google_id).given_name == "X"


def test_an_alias_of_somebody_else_keeps_no_other_one_away(house: Organisation) -> None:
    make(house, "al@example.org")
    aliases = ["al@example.org", "ally@example.org"]
    outcome = house.fire("user-add", "alice", {**ALICE, "aliases": aliases})
    assert outcome.verdict is Verdict.BURIED
    assert "the alias al@example.org is held by al@example.org" in outcome.line
    assert house.user("alice@example.org").aliases == ("ally@example.org",)


def test_a_groups_address_is_not_taken(house: Organisation) -> None:
    house.google.insert_group({"email": "alice@example.org"})
    outcome = house.fire("user-add", "alice", ALICE)
    assert outcome.verdict is Verdict.BURIED
    assert "held by a group" in outcome.line


def test_one_suspended_by_google_is_buried_with_the_reason(house: Organisation) -> None:
    make(house, "alice@example.org")
    house.emulator.suspend("alice@example.org", reason="ABUSE")
    outcome = house.fire("user-add", "alice", ALICE)
    assert outcome.verdict is Verdict.BURIED
    assert "ABUSE" in outcome.line


def test_an_explicit_add_restores_what_an_administrator_suspended_before(
    house: Organisation,
) -> None:
    google_id = make(house, "alice@example.org", suspended=True)
    house.clock.now += 60
    house.fire("user-add", "alice", ALICE)
    assert not house.user(google_id).suspended


def test_a_linked_account_that_is_gone_is_never_made_anew(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.clock.now += 3600
    house.console.users().delete(userKey="alice@example.org").execute()
    outcome = house.fire("user-modify", "alice", {"family_name": "Baker"})
    assert outcome.verdict is Verdict.BURIED
    assert "deleted at Google on 2" in outcome.line
    assert "undelete alice" in outcome.line
    with pytest.raises(NotFound):
        house.user("alice@example.org")


# --- bad names -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["postmaster", "abuse", "a..b", ".a", "ünï", "a" * 65, "a b"])
def test_a_name_that_google_refuses_is_buried_before_anything_is_sent(
    house: Organisation, name: str
) -> None:
    with house.calls() as made:
        outcome = house.fire("user-add", name, {"id": "entryUUID:1"})
    assert (outcome.verdict, made) == (Verdict.BURIED, [])
    assert f"{name}@example.org" in outcome.line


def test_an_address_outside_the_domains_is_buried(house: Organisation) -> None:
    outcome = house.fire("user-add", "alice", {"email": "alice@example.net"})
    assert outcome.verdict is Verdict.BURIED
    assert "outside the domains" in outcome.line


# --- too much ------------------------------------------------------------------------------------


def test_more_suspensions_than_the_bound_are_held_until_released(house: Organisation) -> None:
    names = [f"user{number}" for number in range(5)]
    for name in names:
        house.fire("user-add", name, {"id": f"entryUUID:{name}"})
    verdicts = [house.fire("user-delete", name).verdict for name in names]
    assert verdicts == [Verdict.DONE] * 3 + [Verdict.HELD] * 2
    assert not house.user("user4@example.org").suspended
    assert entries.release(house.state) == 2
    house.drain()
    assert house.user("user4@example.org").suspended


def test_history_tells_what_happened_without_secrets(house: Organisation) -> None:
    house.fire("user-add", "alice", {**ALICE, "password": "correct horse"})
    told = repr(history.read(house.state))
    assert "alice" in told
    assert "$6$" not in told


def test_two_people_never_share_an_account(house: Organisation) -> None:
    house.fire("user-add", "alice", {"email": "shared@example.org", "id": "entryUUID:1"})
    outcome = house.fire("user-add", "bob", {"email": "shared@example.org", "id": "entryUUID:2"})
    assert outcome.verdict is Verdict.BURIED
    assert "alice" in outcome.line
    assert len(links.all_links(house.state)) == 1


# --- watching only, and the organisation's own rules ----------------------------------------------


def test_observing_says_what_would_be_done_and_sends_nothing(tmp_path: Path) -> None:
    house = organise(tmp_path, more='mode = "observe"')
    with house.calls() as made:
        outcome = house.fire("user-add", "alice", ALICE)
    assert (outcome.verdict, made, waiting(house)) == (Verdict.NOTHING, [], [])
    assert "would be: " in outcome.line
    assert "alice@example.org" in outcome.line


def test_a_policy_file_sets_a_unit_adds_an_attribute_and_vetoes(tmp_path: Path) -> None:
    policies = tmp_path / "policy.d"
    policies.mkdir()
    (policies / "ours.py").write_text(
        "from gapps_hooks import hookimpl\n"
        "@hookimpl\n"
        "def gapps_attributes(account):\n"
        "    return {'recoveryEmail': f'{account.username}@example.net'}\n"
        "@hookimpl\n"
        "def gapps_veto(change, account):\n"
        "    return 'the director stays as he is' if change.address.startswith('boss@') else None\n"
    )
    house = organise(tmp_path)
    assert house.fire("user-add", "alice").verdict is Verdict.DONE
    shown = house.console.users().get(userKey="alice@example.org").execute()
    assert shown["recoveryEmail"] == "alice@example.net"
    refused = house.fire("user-add", "boss")
    assert refused.verdict is Verdict.BURIED
    assert "the director stays as he is" in refused.line


def test_a_policy_wishes_people_into_groups_and_out_again(tmp_path: Path) -> None:
    policies = tmp_path / "policy.d"
    policies.mkdir()
    file = policies / "ours.py"
    file.write_text(
        "from gapps_hooks import hookimpl\n"
        "@hookimpl\n"
        "def gapps_groups(account):\n"
        "    return ['everybody'] if account.family_name != 'Guest' else []\n"
    )
    house = organise(tmp_path)
    house.fire("group-change", "everybody", {"members": ["bob"]})
    house.fire("user-add", "alice", ALICE)
    assert list(house.members("everybody@example.org")) == ["alice@example.org"]
    house.fire("user-modify", "alice", {"family_name": "Guest"})
    assert house.members("everybody@example.org") == {}


def test_a_second_rename_within_googles_window_waits_and_is_made(house: Organisation) -> None:
    house.emulator.switches.rename_window = 40.0
    house.fire("user-add", "alice", ALICE)
    house.fire("user-modify", "alicia", {"old_username": "alice"})
    assert house.fire("user-modify", "alix", {"old_username": "alicia"}).verdict is Verdict.LATER
    house.settle()
    assert house.user("alix@example.org").primary_email == "alix@example.org"
    assert house.left() == {}


def test_a_rename_to_an_address_that_nobody_seems_to_hold_is_buried_in_the_end(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", ALICE)
    house.fail(fails="409 renamed", call="users.patch", times=0)
    assert house.fire("user-modify", "alicia", {"old_username": "alice"}).verdict is Verdict.LATER
    house.settle()
    assert house.left() == {"alicia": "buried"}
    assert "cannot be seen" in house.troubles[0]


def test_a_rename_to_a_groups_address_is_buried_at_once(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.google.insert_group({"email": "alicia@example.org"})
    outcome = house.fire("user-modify", "alicia", {"old_username": "alice"})
    assert outcome.verdict is Verdict.BURIED
    assert "held by the group" in outcome.line


# --- what is remembered until it is needed --------------------------------------------------------


def test_what_was_said_of_one_who_is_not_enabled_is_used_when_they_are(house: Organisation) -> None:
    house.fire("user-add", "alice", {**ALICE, "enabled": False, "password": "correct horse"})
    assert (waiting(house), house.state.rows("SELECT * FROM secrets")) == ([], [])
    with house.calls() as made:
        outcome = house.fire("user-modify", "alice", {"enabled": True})
    assert (outcome.verdict, made) == (Verdict.DONE, ["users.insert"])
    assert house.user("alice@example.org").family_name == "Archer"


def test_a_leaver_is_suspended_although_google_once_denied_the_account(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    house.clock.now += 3600
    house.fail(fails="404", call="users.get")
    assert house.fire("user-delete", "alice").verdict is Verdict.LATER
    house.drain(whole=True)
    assert house.user("alice@example.org").suspended


# --- one does not stand in the way of others ------------------------------------------------------


def test_a_policy_that_answers_nonsense_stops_nobody_else(tmp_path: Path) -> None:
    policies = tmp_path / "policy.d"
    policies.mkdir()
    (policies / "ours.py").write_text(
        "import datetime\n"
        "from gapps_hooks import hookimpl\n"
        "@hookimpl\n"
        "def gapps_attributes(account):\n"
        "    return {'x': datetime.date.today()} if account.username == 'alice' else {}\n"
    )
    house = organise(tmp_path)
    house.record("user-add", "alice")
    house.record("user-add", "bob")
    assert [outcome.verdict for outcome in house.drain()] == [Verdict.LATER, Verdict.DONE]
    assert waiting(house) == ["alice"]


def test_what_was_refused_is_not_held_against_the_others(house: Organisation) -> None:
    for name in ("alice", "bob", "carol", "dora"):
        house.fire("user-add", name, {"id": f"entryUUID:{name}"})
    house.fail(fails="403", call="users.patch", body={"suspended": True}, times=3)
    for _ in range(3):
        assert house.fire("user-delete", "alice").verdict is Verdict.BURIED
    verdicts = [house.fire("user-delete", name).verdict for name in ("bob", "carol", "dora")]
    assert verdicts == [Verdict.DONE] * 3


def test_an_address_that_becomes_free_digs_up_who_waited_for_it(house: Organisation) -> None:
    house.fire("user-add", "alice", ALICE)
    zed = {"email": "alice@example.org", "id": "entryUUID:z"}
    assert house.fire("user-add", "zed", zed).verdict is Verdict.BURIED
    house.fire("user-modify", "alice", {"email": "alice.b@example.org"})
    assert waiting(house) == []
    assert house.user("alice@example.org").primary_email == "alice@example.org"


def test_a_user_name_that_is_an_address_is_the_address(house: Organisation) -> None:
    assert house.fire("user-add", "alice@example.org").verdict is Verdict.DONE
    assert house.fire("user-add", "a@b@example.org").verdict is Verdict.BURIED


def test_a_crowd_is_delivered_oldest_first(house: Organisation) -> None:
    names = [f"user{number:03}" for number in range(130)]
    for name in names:
        house.record("user-add", name, {"id": f"entryUUID:{name}"})
    assert [outcome.name for outcome in house.drain()] == names
