"""Groups, from the hook's event to Google and back: only the difference, only what is ours."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation, organise

from gapps_hooks.deliver.subject import deliver
from gapps_hooks.model import Kind, Verdict
from gapps_hooks.outbox import entries

TEAM = "team@example.org"


def add(house: Organisation, *names: str) -> None:
    for name in names:
        house.fire("user-add", name, {"id": f"entryUUID:{name}"})


def at(*names: str) -> set[str]:
    return {f"{name}@example.org" for name in names}


def people(names: Iterable[str]) -> list[dict[str, Any]]:
    return [{"username": name, "id": f"entryUUID:{name}"} for name in names]


# --- creating ------------------------------------------------------------------------------------


def test_a_new_group_is_made_with_its_members_and_only_the_domain_may_post(
    house: Organisation,
) -> None:
    add(house, "alice", "bob")
    with house.calls() as made:
        outcome = house.fire(
            "group-change", "team", {"members": ["alice"], "owners": ["bob"], "description": "Us"}
        )
    assert outcome.verdict is Verdict.DONE
    assert made == ["groups.insert", "settings.patch", *["members.insert"] * 2]
    found = house.found_group(TEAM)
    assert (found["name"], found["description"]) == ("team", "Us")
    assert found["settings"]["whoCanPostMessage"] == "ALL_IN_DOMAIN_CAN_POST"
    assert found["settings"]["whoCanJoin"] == "INVITED_CAN_JOIN"
    assert house.roles(TEAM) == {"alice@example.org": "MEMBER", "bob@example.org": "OWNER"}
    assert house.left() == {}


def test_posting_from_outside_is_opened_by_the_settings_alone(tmp_path: Path) -> None:
    house = organise(tmp_path, more="---\n[groups]\nexternal_posting = true\n")
    house.fire("group-change", "team", {"members": []})
    settings = house.found_group(TEAM)["settings"]
    assert settings["whoCanPostMessage"] == "ANYONE_CAN_POST"
    assert settings["whoCanJoin"] == "INVITED_CAN_JOIN"


def test_a_name_with_a_space_becomes_an_address_and_stays_the_groups_name(
    house: Organisation,
) -> None:
    outcome = house.fire("group-change", "Domain Guests", {"members": []})
    assert outcome.verdict is Verdict.DONE
    assert house.found_group("domain_guests@example.org")["name"] == "Domain Guests"


def test_a_group_that_the_settings_leave_out_is_not_made(tmp_path: Path) -> None:
    house = organise(tmp_path, more='---\n[groups]\nwhich = ["team-*"]\n')
    with house.calls() as made:
        outcome = house.fire("group-change", "other", {"members": []})
    assert (outcome.verdict, made) == (Verdict.NOTHING, [])
    assert house.fire("group-change", "team-x", {"members": []}).verdict is Verdict.DONE


@pytest.mark.parametrize("name", ["postmaster", "abuse", "a..b"])
def test_a_name_that_google_refuses_is_buried_before_anything_is_sent(
    house: Organisation, name: str
) -> None:
    with house.calls() as made:
        outcome = house.fire("group-change", name, {"members": []})
    assert (outcome.verdict, made) == (Verdict.BURIED, [])


# --- changing ------------------------------------------------------------------------------------


def test_the_same_again_within_an_hour_costs_nothing_and_later_one_look(
    house: Organisation,
) -> None:
    add(house, "alice")
    house.fire("group-change", "team", {"members": ["alice"]})
    with house.calls() as made:
        outcome = house.fire("group-change", "team", {"members": ["alice"]})
    assert (outcome.verdict, made) == (Verdict.NOTHING, [])
    house.clock.now += 3700
    with house.calls() as later:
        house.fire("group-change", "team", {"members": ["alice"]})
    assert later == ["members.list"]


def test_only_the_difference_is_sent(house: Organisation) -> None:
    add(house, "alice", "bob", "carol", "dora")
    house.fire("group-change", "team", {"members": ["alice", "bob", "carol"]})
    with house.calls() as made:
        house.fire("group-change", "team", {"members": ["alice", "carol", "dora"]})
    assert sorted(made) == ["members.delete", "members.insert", "members.list"]
    assert set(house.roles(TEAM)) == at("alice", "carol", "dora")


def test_members_that_could_not_be_announced_whole_are_not_taken_for_sent(
    house: Organisation,
) -> None:
    """Cut off while it was written down who is about to be added, and that Google has to be asked.

    Whoever was noted without that note would be there by memory, and never sent.
    """
    add(house, "alice", "bob")
    house.forbid("INSERT ON links", "NEW.confirmed_at = 0")
    assert house.fire("group-change", "team", {"members": ["alice", "bob"]}).verdict == "later"
    house.allow()
    house.restart()
    house.settle()
    assert set(house.roles(TEAM)) == at("alice", "bob")
    assert not house.left()


def test_members_who_were_announced_are_sent_though_another_change_was_done_meanwhile(
    house: Organisation,
) -> None:
    add(house, "alice", "bob")
    house.fire("group-change", "team", {"members": [], "aliases": ["us@example.org"]})
    house.fail(fails="503", call="members.insert", times=0)
    house.fire("group-change", "team", {"members": ["alice", "bob"]})
    house.emulator.faults.clear()
    house.fail(fails="503", call="groups.patch", times=9)
    said = {"old_name": "team", "members": ["alice", "bob"], "aliases": []}
    assert house.fire("group-change", "crew", said).verdict is Verdict.LATER
    house.settle()
    assert set(house.roles("crew@example.org")) == at("alice", "bob")
    assert not house.left()


def test_members_who_were_announced_are_sent_though_we_were_cut_off_after_another_change(
    house: Organisation,
) -> None:
    add(house, "alice", "bob")
    house.fire("group-change", "team", {"members": []})
    house.fail(fails="503", call="members.insert", times=0)
    house.fire("group-change", "team", {"members": ["alice", "bob"]})
    house.emulator.faults.clear()
    house.forbid("INSERT ON memberships", "TRUE")
    house.fire("group-change", "team", {"members": ["alice", "bob"], "description": "Us"})
    house.allow()
    house.restart()
    house.settle()
    assert house.found_group(TEAM)["description"] == "Us"
    assert set(house.roles(TEAM)) == at("alice", "bob")


def test_a_description_costs_one_request_and_can_be_cleared(house: Organisation) -> None:
    house.fire("group-change", "team", {"members": [], "description": "one"})
    with house.calls() as made:
        house.fire("group-change", "team", {"members": [], "description": "two"})
    assert made == ["groups.patch"]
    assert house.found_group(TEAM)["description"] == "two"
    house.fire("group-change", "team", {"members": []})
    assert house.found_group(TEAM)["description"] == "two"
    house.fire("group-change", "team", {"members": [], "description": None})
    assert house.found_group(TEAM)["description"] == ""


def test_a_renamed_group_stays_the_same_group_with_its_members(house: Organisation) -> None:
    add(house, "alice")
    house.fire("group-change", "team", {"members": ["alice"]})
    google_id = house.group(TEAM).id
    with house.calls() as made:
        outcome = house.fire("group-change", "crew", {"old_name": "team", "members": ["alice"]})
    assert (outcome.verdict, made) == (Verdict.DONE, ["groups.patch"])
    crew = house.group("crew@example.org")
    assert (crew.id, crew.name) == (google_id, "crew")
    assert house.group(TEAM).id == google_id
    assert set(house.roles("crew@example.org")) == at("alice")


def test_an_address_of_its_own_survives_another_name(house: Organisation) -> None:
    house.fire("group-change", "team", {"members": [], "email": "we@example.org"})
    house.fire("group-change", "crew", {"old_name": "team", "members": []})
    assert house.group("we@example.org").name == "crew"


def test_a_change_that_says_nothing_of_the_address_leaves_it(house: Organisation) -> None:
    add(house, "alice")
    house.fire("group-change", "team", {"members": [], "email": "we@example.org"})
    house.fire("group-change", "team", {"members": ["alice"]})
    assert set(house.roles("we@example.org")) == at("alice")


# --- roles ---------------------------------------------------------------------------------------


def test_roles_are_changed_in_place(house: Organisation) -> None:
    add(house, "alice", "bob")
    house.fire("group-change", "team", {"members": ["alice"], "owners": ["bob"], "managers": []})
    with house.calls() as made:
        house.fire(
            "group-change", "team", {"members": [], "owners": ["alice"], "managers": ["bob"]}
        )
    assert made == ["members.list", "members.patch", "members.patch"]
    assert house.roles(TEAM) == {"alice@example.org": "OWNER", "bob@example.org": "MANAGER"}
    house.fire("group-change", "team", {"members": ["bob"], "owners": ["alice"], "managers": []})
    assert house.roles(TEAM) == {"alice@example.org": "OWNER", "bob@example.org": "MEMBER"}


def test_roles_of_which_nothing_is_said_stay(house: Organisation) -> None:
    add(house, "alice", "bob", "carol")
    house.fire(
        "group-change", "team", {"members": ["alice"], "owners": ["bob"], "managers": ["carol"]}
    )
    house.fire("group-change", "team", {"members": []})
    assert house.roles(TEAM) == {"bob@example.org": "OWNER", "carol@example.org": "MANAGER"}
    house.fire("group-change", "team", {"members": [], "owners": []})
    assert house.roles(TEAM) == {"carol@example.org": "MANAGER"}


def test_an_owner_listed_as_a_member_too_stays_owner(house: Organisation) -> None:
    add(house, "bob")
    house.fire("group-change", "team", {"members": [], "owners": ["bob"]})
    house.fire("group-change", "team", {"members": ["bob"]})
    assert house.roles(TEAM) == {"bob@example.org": "OWNER"}


def test_an_unsaid_owner_who_is_not_at_google_yet_arrives_as_owner(house: Organisation) -> None:
    house.fire("group-change", "team", {"members": [], "owners": ["bob"]})
    house.fire("group-change", "team", {"members": []})
    add(house, "bob")
    assert house.roles(TEAM) == {"bob@example.org": "OWNER"}


def test_one_account_under_two_references_is_added_once_in_the_stronger_role(
    house: Organisation,
) -> None:
    add(house, "alice")
    outcome = house.fire(
        "group-change", "team", {"members": ["alice@example.org"], "owners": ["alice"]}
    )
    assert outcome.verdict is Verdict.DONE
    assert house.roles(TEAM) == {"alice@example.org": "OWNER"}
    with house.calls() as made:
        house.fire("group-change", "team", {"members": ["alice@example.org"], "owners": ["alice"]})
    assert made == []


# --- who is not simply a user --------------------------------------------------------------------


def test_groups_nest_and_one_that_comes_later_is_added_when_it_is_there(
    house: Organisation,
) -> None:
    add(house, "alice")
    outcome = house.fire("group-change", "all", {"members": ["group:team"]})
    assert any("group:team" in note for note in outcome.notes)
    assert house.roles("all@example.org") == {}
    house.fire("group-change", "team", {"members": ["alice"]})
    house.drain()
    assert house.roles("all@example.org") == {TEAM: "MEMBER"}


def test_a_cycle_is_buried_with_a_remedy(house: Organisation) -> None:
    house.fire("group-change", "one", {"members": []})
    house.fire("group-change", "two", {"members": ["group:one"]})
    outcome = house.fire("group-change", "one", {"members": ["group:two"]})
    assert outcome.verdict is Verdict.BURIED
    assert "member of itself" in outcome.line


def test_addresses_outside_are_taken_as_they_are(house: Organisation) -> None:
    house.fire("group-change", "team", {"members": ["Guest@Example.NET"]})
    assert house.roles(TEAM) == {"guest@example.net": "MEMBER"}
    house.fire("group-change", "team", {"members": []})
    assert house.roles(TEAM) == {}


def test_one_address_that_google_does_not_know_is_noted_and_stops_nobody(
    house: Organisation,
) -> None:
    house.emulator.switches.set({"unresolvable": ["gone@*"]})
    add(house, "alice", "bob")
    members = ["alice", "gone@example.net", "bob", "nobody@example.org"]
    outcome = house.fire("group-change", "team", {"members": members})
    assert outcome.verdict is Verdict.DONE
    assert set(house.roles(TEAM)) == at("alice", "bob")
    assert {note.partition(":")[0] for note in outcome.notes} == {
        "gone@example.net",
        "nobody@example.org",
    }
    assert house.left() == {}


def test_a_member_who_comes_later_arrives_without_another_group_event(house: Organisation) -> None:
    outcome = house.fire("group-change", "team", {"members": ["alice", "bob"]})
    assert any("alice" in note for note in outcome.notes)
    add(house, "alice")
    assert set(house.roles(TEAM)) == at("alice")
    add(house, "bob")
    assert set(house.roles(TEAM)) == at("alice", "bob")
    assert house.left() == {}


def test_one_who_is_disabled_stays_a_member(house: Organisation) -> None:
    add(house, "alice", "bob")
    house.fire("group-change", "team", {"members": ["alice", "bob"]})
    house.fire("user-modify", "alice", {"enabled": False})
    house.fire("group-change", "team", {"members": ["alice"]})
    assert set(house.roles(TEAM)) == at("alice")
    house.fire("user-modify", "alice", {"enabled": True})
    house.fire("group-change", "team", {"members": ["alice"]})
    assert set(house.roles(TEAM)) == at("alice")


def test_one_who_is_disabled_is_not_added_until_enabled(house: Organisation) -> None:
    add(house, "alice")
    house.fire("user-modify", "alice", {"enabled": False})
    outcome = house.fire("group-change", "team", {"members": ["alice"]})
    assert any("alice" in note for note in outcome.notes)
    assert house.roles(TEAM) == {}
    house.fire("user-modify", "alice", {"enabled": True})
    assert set(house.roles(TEAM)) == at("alice")


def test_a_deleted_person_leaves_the_group_with_the_next_word_about_it(
    house: Organisation,
) -> None:
    add(house, "alice", "bob")
    house.fire("group-change", "team", {"members": ["alice", "bob"]})
    house.fire("user-delete", "alice")
    house.fire("group-change", "team", {"members": ["bob"]})
    assert set(house.roles(TEAM)) == at("bob")


def test_a_renamed_person_stays_a_member_once(house: Organisation) -> None:
    add(house, "alice")
    house.fire("group-change", "team", {"members": ["alice"]})
    house.fire("user-modify", "alicia", {"old_username": "alice"})
    house.fire("group-change", "team", {"members": ["alicia"]})
    assert house.roles(TEAM) == {"alicia@example.org": "MEMBER"}


VETO = """
from gapps_hooks import hookimpl

@hookimpl
def gapps_veto(change, account):
    if change.body.get("email") == "alice@example.org":
        return "not alice"
"""


def test_a_member_whom_google_refuses_keeps_nobody_else_out(house: Organisation) -> None:
    add(house, "alice")
    house.fire("group-change", "team", {"members": []})
    house.fire("group-change", "crew", {"members": ["group:team"]})
    outcome = house.fire("group-change", "team", {"members": ["group:crew", "alice"]})
    assert outcome.verdict is Verdict.BURIED
    assert "crew@example.org: The group would be a member of itself" in outcome.line
    assert set(house.roles(TEAM)) == at("alice")
    assert house.fire("group-change", "team", {"members": ["alice"]}).verdict is Verdict.DONE
    assert not house.left()


def test_a_member_whom_google_refuses_keeps_no_alias_away(house: Organisation) -> None:
    add(house, "alice")
    house.fire("group-change", "team", {"members": []})
    house.fail(fails="403", call="members.insert")
    said = {"members": ["alice"], "aliases": ["us@example.org"]}
    assert house.fire("group-change", "team", said).verdict is Verdict.BURIED
    assert house.group(TEAM).aliases == ("us@example.org",)


def test_a_member_whom_the_policy_refuses_keeps_nobody_else_in_or_out(tmp_path: Path) -> None:
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d" / "ours.py").write_text(VETO)
    house = organise(tmp_path)
    add(house, "alice", "bob", "carol")
    house.fire("group-change", "team", {"members": ["alice", "bob"]})
    assert set(house.roles(TEAM)) == at("bob")
    outcome = house.fire("group-change", "team", {"members": ["alice", "carol"]})
    assert outcome.verdict is Verdict.BURIED
    assert "alice@example.org: the organisation's policy refuses it: not alice" in outcome.line
    assert set(house.roles(TEAM)) == at("carol")
    (tmp_path / "policy.d" / "ours.py").unlink()
    house.restart()
    house.fire("group-change", "team", {"members": ["alice", "carol"]})
    assert set(house.roles(TEAM)) == at("alice", "carol")
    assert not house.left()


def test_where_google_refuses_everybody_not_everybody_is_tried(house: Organisation) -> None:
    names = [f"p{number}" for number in range(12)]
    add(house, "alice", *names)
    house.fire("group-change", "team", {"members": ["alice"]})
    house.fail(fails="403", call="members.insert", times=0)
    with house.calls() as made:
        outcome = house.fire("group-change", "team", {"members": names})
    assert outcome.verdict is Verdict.BURIED
    assert made.count("members.insert") == 10
    assert house.roles(TEAM) == {}  # who has to leave is no newcomer
    house.emulator.faults.clear()
    house.fire("group-change", "team")
    assert set(house.roles(TEAM)) == at(*names)


# --- groups that exist ---------------------------------------------------------------------------


def found(house: Organisation, *members: dict[str, str], address: str = TEAM, **more: str) -> None:
    house.emulator.seed({"groups": [{"email": address, "members": list(members), **more}]})


def test_a_group_full_of_strangers_is_only_added_to(house: Organisation) -> None:
    add(house, "alice", "bob")
    found(
        house,
        {"email": "guest@example.net"},
        {"email": "bob@example.org", "role": "OWNER"},
        {"email": "boss@example.net", "role": "OWNER"},
    )
    outcome = house.fire("group-change", "team", {"members": ["alice"]})
    assert outcome.verdict is Verdict.DONE
    assert house.roles(TEAM) == {
        "alice@example.org": "MEMBER",
        "bob@example.org": "OWNER",
        "boss@example.net": "OWNER",
        "guest@example.net": "MEMBER",
    }
    house.fire("group-change", "team", {"members": []})
    assert set(house.roles(TEAM)) == {*at("bob"), "boss@example.net", "guest@example.net"}


def test_settings_of_a_group_that_exists_are_left_alone(house: Organisation) -> None:
    found(house)
    house.fire("group-change", "team", {"members": []})
    settings = house.found_group(TEAM)["settings"]
    assert settings["whoCanPostMessage"] == "ANYONE_CAN_POST"


def test_an_owner_who_was_there_is_not_demoted_by_being_listed(house: Organisation) -> None:
    add(house, "bob")
    found(house, {"email": "bob@example.org", "role": "OWNER"})
    house.fire("group-change", "team", {"members": ["bob"]})
    assert house.roles(TEAM) == {"bob@example.org": "OWNER"}


def test_exactness_is_a_setting(tmp_path: Path) -> None:
    house = organise(tmp_path, more="---\n[groups]\nexact = true\n")
    add(house, "alice")
    found(house, {"email": "guest@example.net"}, {"email": "boss@example.net", "role": "OWNER"})
    house.fire("group-change", "team", {"members": ["alice"], "owners": [], "managers": []})
    assert set(house.roles(TEAM)) == at("alice")


def test_owners_and_outsiders_put_into_our_group_at_google_stay(house: Organisation) -> None:
    add(house, "alice", "bob", "carol")
    house.fire("group-change", "team", {"members": ["alice"]})
    state = house.emulator.state()
    (team,) = state["groups"]
    team["members"] += [
        {"email": "guest@example.net"},
        {"email": "bob@example.org", "role": "OWNER"},
        {"email": "carol@example.org"},
    ]
    house.emulator.restore(state)
    house.clock.now += 3700
    house.fire("group-change", "team", {"members": ["alice"]})
    assert set(house.roles(TEAM)) == {*at("alice", "bob"), "guest@example.net"}


@pytest.mark.parametrize("holder", ["user", "alias"])
def test_on_equal_addresses_the_user_wins(house: Organisation, holder: str) -> None:
    if holder == "user":
        house.fire("user-add", "team", {"id": "entryUUID:t"})
    else:
        house.fire("user-add", "alice", {"id": "entryUUID:t", "aliases": [TEAM]})
    outcome = house.fire("group-change", "team", {"members": []})
    assert outcome.verdict is Verdict.BURIED
    assert TEAM in outcome.line
    assert house.emulator.state()["groups"] == []


def test_two_local_groups_never_share_one_at_google(house: Organisation) -> None:
    house.fire("group-change", "team", {"members": []})
    outcome = house.fire("group-change", "crew", {"members": [], "email": TEAM})
    assert outcome.verdict is Verdict.BURIED
    assert "team" in outcome.line


def test_an_alias_of_another_group_is_not_taken(house: Organisation) -> None:
    house.fire("group-change", "crew", {"members": []})
    alias = house.console.groups().aliases()
    alias.insert(groupKey="crew@example.org", body={"alias": TEAM}).execute()
    outcome = house.fire("group-change", "team", {"members": []})
    assert outcome.verdict is Verdict.BURIED
    assert "alias" in outcome.line


def test_one_that_was_declared_is_not_taken_though_a_rename_left_it(house: Organisation) -> None:
    house.fire("group-change", "team", {"members": []})
    house.fire("group-change", "crew", {"members": [], "old_name": "team", "aliases": [TEAM]})
    outcome = house.fire("group-change", "team", {"members": []})
    assert outcome.verdict is Verdict.BURIED
    assert "alias" in outcome.line


def test_a_group_deleted_at_google_is_not_made_anew_by_itself(house: Organisation) -> None:
    house.fire("group-change", "team", {"members": []})
    house.google.delete_group(house.group(TEAM).id)
    house.clock.now += 3700
    outcome = house.fire("group-change", "team", {"members": []})
    assert outcome.verdict is Verdict.BURIED
    assert "deleted at Google" in outcome.line
    assert "links forget group:team" in outcome.line


# --- removing ------------------------------------------------------------------------------------


def test_a_removed_group_is_emptied_of_ours_and_keeps_strangers(house: Organisation) -> None:
    add(house, "alice", "bob")
    found(house, {"email": "guest@example.net"}, {"email": "bob@example.org", "role": "OWNER"})
    house.fire("group-change", "team", {"members": ["alice"]})
    with house.calls() as made:
        outcome = house.fire("group-change", "team", {"deleted": True})
    assert (outcome.verdict, made) == (Verdict.DONE, ["members.list", "members.delete"])
    assert set(house.roles(TEAM)) == {*at("bob"), "guest@example.net"}
    with house.calls() as again:
        assert house.fire("group-change", "team", {"deleted": True}).verdict is Verdict.NOTHING
    assert again == []


def test_a_removed_group_can_be_left_as_it_is(tmp_path: Path) -> None:
    house = organise(tmp_path, more='---\n[groups]\nremoved = "leave"\n')
    add(house, "alice")
    house.fire("group-change", "team", {"members": ["alice"]})
    with house.calls() as made:
        house.fire("group-change", "team", {"deleted": True})
    assert made == []
    assert set(house.roles(TEAM)) == at("alice")


def test_only_a_group_of_ours_can_be_deleted(tmp_path: Path) -> None:
    house = organise(tmp_path, more='---\n[groups]\nremoved = "delete"\n')
    add(house, "alice")
    found(house, {"email": "guest@example.net"})
    house.fire("group-change", "team", {"members": ["alice"]})
    house.fire("group-change", "crew", {"members": ["alice"]})
    house.fire("group-change", "team", {"deleted": True})
    house.fire("group-change", "crew", {"deleted": True})
    assert [group["email"] for group in house.emulator.state()["groups"]] == [TEAM]
    assert set(house.roles(TEAM)) == {"guest@example.net"}


def test_a_group_whose_lost_creation_was_removed_again_is_closed(house: Organisation) -> None:
    house.fail(fails="lost answer", call="groups.insert", times=0)
    house.record("group-change", "team", {"members": []})
    house.drain()
    house.emulator.faults.clear()
    house.record("group-change", "team", {"deleted": True})
    house.restart()
    house.drain(whole=True)
    assert house.left() == {}
    assert house.found_group(TEAM)["settings"]["whoCanPostMessage"] == "ALL_IN_DOMAIN_CAN_POST"


def test_a_list_that_waits_follows_a_person_who_is_renamed_meanwhile(house: Organisation) -> None:
    add(house, "alice")
    house.fail(fails="503", call="groups.insert", times=0)
    house.record("group-change", "team", {"members": ["alice"]})
    house.drain()
    house.emulator.faults.clear()
    house.record("user-modify", "alicia", {"old_username": "alice"})
    house.drain(whole=True)
    assert set(house.roles(TEAM)) == at("alicia")


@pytest.mark.parametrize("name", ["team", "The team"])
def test_a_group_that_a_person_made_after_ours_was_refused_is_not_taken_for_ours(
    house: Organisation, name: str
) -> None:
    add(house, "alice", "bob", "dora")
    house.fail(fails="403", call="groups.insert")
    said = {"members": ["alice"], "description": "Us"}
    assert house.fire("group-change", "team", said).verdict is Verdict.BURIED
    found(house, {"email": "dora@example.org"}, name=name)
    house.fire("group-change", "team", said)
    house.fire("group-change", "team", {"members": ["bob"]})
    assert set(house.roles(TEAM)) == at("bob", "dora")
    assert house.found_group(TEAM)["settings"]["whoCanPostMessage"] == "ANYONE_CAN_POST"
    assert (house.group(TEAM).name, house.group(TEAM).description) == (name, "")


def test_a_group_that_a_person_made_after_ours_was_refused_is_left_open_when_ours_goes(
    house: Organisation,
) -> None:
    add(house, "dora")
    house.fail(fails="403", call="groups.insert")
    house.fire("group-change", "team", {"members": []})
    found(house, {"email": "dora@example.org"}, name="team")
    before = house.found_group(TEAM)
    house.fire("group-change", "team", {"deleted": True})
    assert house.found_group(TEAM) == before
    house.fire("group-change", "team", {"members": []})
    assert set(house.roles(TEAM)) == at("dora")


@pytest.mark.parametrize("said", [{"deleted": True}, {"members": []}])
def test_a_group_without_members_that_has_another_name_is_not_taken_for_ours(
    house: Organisation, said: dict[str, Any]
) -> None:
    house.fail(fails="403", call="groups.insert")
    house.fire("group-change", "team", {"members": []})
    found(house, name="The team")
    before = house.found_group(TEAM)
    house.fire("group-change", "team", said)
    assert house.found_group(TEAM) == before


@pytest.mark.parametrize("fails", ["429", "403 quota"])
@pytest.mark.parametrize("strangers", [(), ({"email": "x@example.net"},)])
def test_a_creation_that_google_did_not_take_is_not_on_its_way(
    house: Organisation, fails: str, strangers: tuple[dict[str, str], ...]
) -> None:
    found(house, *strangers)
    house.fail(fails=fails, call="groups.insert", times=0)
    house.record("group-change", "team", {"members": []})
    house.drain()
    house.emulator.faults.clear()
    house.drain(whole=True)
    assert set(house.roles(TEAM)) == {member["email"] for member in strangers}
    assert house.found_group(TEAM)["settings"]["whoCanJoin"] != "INVITED_CAN_JOIN"


def test_a_group_deleted_by_us_is_made_anew_when_it_comes_back(tmp_path: Path) -> None:
    house = organise(tmp_path, more='---\n[groups]\nremoved = "delete"\n')
    house.fire("group-change", "team", {"members": []})
    house.fire("group-change", "team", {"deleted": True})
    outcome = house.fire("group-change", "team", {"members": []})
    assert outcome.verdict is Verdict.DONE
    assert house.found_group(TEAM)["settings"]["whoCanJoin"] == "INVITED_CAN_JOIN"


def test_a_strangers_group_met_before_a_crash_is_still_a_strangers(house: Organisation) -> None:
    found(house, {"email": "owner@example.net"})
    house.fail(fails="500", call="members.list", times=0)
    house.record("group-change", "team", {"members": []})
    house.drain()
    house.emulator.faults.clear()
    house.restart()
    house.drain(whole=True)
    assert house.left() == {}
    assert set(house.roles(TEAM)) == {"owner@example.net"}
    assert house.found_group(TEAM)["settings"]["whoCanJoin"] != "INVITED_CAN_JOIN"


def test_a_group_that_comes_back_is_the_same_one(house: Organisation) -> None:
    add(house, "alice")
    house.fire("group-change", "team", {"members": ["alice"], "id": "entryUUID:g"})
    google_id = house.group(TEAM).id
    house.fire("group-change", "team", {"deleted": True})
    assert house.roles(TEAM) == {}
    outcome = house.fire("group-change", "team", {"members": ["alice"], "id": "entryUUID:g"})
    assert outcome.verdict is Verdict.DONE
    assert (house.group(TEAM).id, set(house.roles(TEAM))) == (google_id, at("alice"))


def test_a_look_at_a_removed_group_does_not_bring_it_back(house: Organisation) -> None:
    house.fire("group-change", "team", {"members": []})
    house.fire("group-change", "team", {"deleted": True})
    with house.calls() as made:
        entries.touch(house.state, Kind.GROUP, "team")
        house.drain()
    assert made == []


def test_a_group_never_seen_that_is_removed_is_nothing(house: Organisation) -> None:
    found(house, {"email": "guest@example.net"})
    with house.calls() as made:
        outcome = house.fire("group-change", "team", {"deleted": True})
    assert (outcome.verdict, made) == (Verdict.NOTHING, [])


def test_more_removals_than_the_bound_are_held_until_released(tmp_path: Path) -> None:
    house = organise(tmp_path, more="---\n[bounds.remove_member]\nleast = 2\nmost = 2\n")
    add(house, "alice", "bob", "carol")
    house.fire("group-change", "team", {"members": ["alice", "bob", "carol"]})
    outcome = house.fire("group-change", "team", {"members": []})
    assert outcome.verdict is Verdict.HELD
    assert set(house.roles(TEAM)) == at("alice", "bob", "carol")
    entries.release(house.state)
    house.drain()
    assert house.roles(TEAM) == {}


# --- when Google is slow, forgets or answers nothing ---------------------------------------------


@pytest.mark.parametrize("call", ["groups.insert", "settings.patch", "members.insert"])
@pytest.mark.parametrize("fails", ["lost answer", "503", "404"])
def test_a_crash_in_the_middle_of_making_a_group_ends_with_the_whole_group(
    house: Organisation, call: str, fails: str
) -> None:
    add(house, "alice", "bob")
    house.fail(fails=fails, call=call, times=0, nth=2 if call == "members.insert" else 1)
    house.record("group-change", "team", {"members": ["alice"], "owners": ["bob"]})
    house.drain()
    house.restart()
    house.drain()
    house.emulator.faults.clear()
    house.settle()
    team = house.found_group(TEAM)
    assert team["settings"]["whoCanPostMessage"] == "ALL_IN_DOMAIN_CAN_POST"
    assert team["settings"]["whoCanJoin"] == "INVITED_CAN_JOIN"
    assert house.roles(TEAM) == {"alice@example.org": "MEMBER", "bob@example.org": "OWNER"}
    assert house.left() == {}


@pytest.mark.parametrize("call", ["members.insert", "members.delete", "members.patch"])
def test_a_crash_in_the_middle_of_changing_members_is_made_good(
    house: Organisation, call: str
) -> None:
    add(house, "alice", "bob", "carol")
    house.fire("group-change", "team", {"members": ["alice"], "owners": ["bob"]})
    house.fail(fails="lost answer", call=call, times=0)
    house.record("group-change", "team", {"members": ["bob", "carol"], "owners": []})
    house.drain()
    house.restart()
    house.emulator.faults.clear()
    house.settle()
    assert house.roles(TEAM) == {"bob@example.org": "MEMBER", "carol@example.org": "MEMBER"}
    house.fire("group-change", "team", {"members": [], "owners": []})
    assert house.roles(TEAM) == {}


def test_a_group_that_is_unknown_for_a_minute_gets_settings_and_members(
    house: Organisation,
) -> None:
    house.emulator.switches.group_window = 45.0
    add(house, "alice")
    house.fire("group-change", "team", {"members": ["alice"]})
    house.settle()
    assert house.found_group(TEAM)["settings"]["whoCanPostMessage"] == "ALL_IN_DOMAIN_CAN_POST"
    assert set(house.roles(TEAM)) == at("alice")
    assert house.left() == {}
    assert len(house.emulator.state()["groups"]) == 1


def test_members_that_show_late_are_neither_added_twice_nor_forgotten(house: Organisation) -> None:
    house.emulator.switches.member_lag = 30.0
    add(house, "alice", "bob", "carol")
    house.fire("group-change", "team", {"members": ["alice"]})
    house.fire("group-change", "team", {"members": ["alice", "bob"]})
    house.fire("group-change", "team", {"members": ["alice", "bob", "carol"]})
    assert set(house.roles(TEAM)) == at("alice", "bob", "carol")
    house.fire("group-change", "team", {"members": ["carol"]})
    house.settle()
    house.clock.now += 60
    house.fire("group-change", "team", {"members": ["carol"]})
    house.settle()
    assert set(house.roles(TEAM)) == at("carol")


def test_members_beyond_a_page_are_seen(house: Organisation) -> None:
    strangers = [{"email": f"guest{number}@example.net"} for number in range(450)]
    found(house, *strangers)
    add(house, "alice")
    with house.calls() as made:
        house.fire("group-change", "team", {"members": ["alice", "guest449@example.net"]})
    assert made.count("members.list") == 3
    assert made.count("members.insert") == 1
    assert len(house.roles(TEAM)) == 451


@pytest.mark.parametrize("fails", ["short page", "repeated token", "expired token"])
def test_a_listing_that_breaks_off_removes_and_adds_nothing_wrong(
    house: Organisation, fails: str
) -> None:
    strangers = [{"email": f"guest{number}@example.net"} for number in range(250)]
    found(house, *strangers)
    add(house, "alice")
    house.fire("group-change", "team", {"members": ["alice"]})
    house.fail(fails=fails, call="members.list")
    house.fire("group-change", "team", {"members": ["guest1@example.net"]})
    house.settle()
    assert "alice@example.org" not in house.roles(TEAM)
    assert len(house.roles(TEAM)) == 250
    assert house.left() == {}


# --- whose Google option a group switches on -----------------------------------------------------

BY_GROUP = '---\n[enabled]\ngroup = "google"\n'


def with_source(folder: Path, more: str = BY_GROUP) -> Organisation:
    source = f'[source]\ntype = "json"\nfile = "{folder / "accounts.json"}"'
    return organise(folder, source=source, more=more)


@pytest.mark.parametrize("kept", [True, False])
def test_a_change_of_the_enabled_group_reaches_the_people_concerned(
    tmp_path: Path, *, kept: bool
) -> None:
    more = BY_GROUP + ("" if kept else '[groups]\nwhich = "none"\n')
    house = with_source(tmp_path, more)
    names = ["alice", "bob", "carol"]
    house.people(*people(names), groups=({"name": "google", "members": ["alice"]},))
    house.fire("group-change", "google")
    assert house.found_user("alice@example.org") is not None
    assert house.found_user("bob@example.org") is None
    house.people(*people(names), groups=({"name": "google", "members": ["bob", "carol"]},))
    house.fire("group-change", "google")
    users = {one["primaryEmail"]: one["suspended"] for one in house.emulator.state()["users"]}
    assert users == {
        "admin@example.org": False,
        "alice@example.org": True,
        "bob@example.org": False,
        "carol@example.org": False,
    }
    assert house.left() == {}
    house.people(*people(names), groups=({"name": "google", "members": names},))
    house.fire("group-change", "google")
    assert not house.user("alice@example.org").suspended
    if kept:
        assert set(house.roles("google@example.org")) == at(*names)


def test_an_enabled_group_that_is_emptied_suspends_its_people_within_the_bound(
    tmp_path: Path,
) -> None:
    house = with_source(tmp_path)
    names = [f"user{number}" for number in range(6)]
    house.people(*people(names), groups=({"name": "google", "members": names},))
    house.fire("group-change", "google")
    house.people(*people(names), groups=({"name": "google", "members": []},))
    house.fire("group-change", "google")
    suspended = [one for one in house.emulator.state()["users"] if one["suspended"]]
    assert len(suspended) == 3
    assert list(house.left().values()) == ["held"] * 3


def test_an_enabled_group_that_is_gone_suspends_nobody(tmp_path: Path) -> None:
    """Without the group nobody can say who is in it; the settings have to name another one."""
    house = with_source(tmp_path)
    other = {"name": "other", "members": []}
    google = {"name": "google", "members": ["alice"]}
    house.people(*people(["alice"]), groups=(google, other))
    house.fire("group-change", "google")
    house.people(*people(["alice"]), groups=(other,))
    house.fire("group-change", "google", {"deleted": True})
    assert not house.user("alice@example.org").suspended


def test_a_source_that_is_empty_takes_nobodys_google_account(tmp_path: Path) -> None:
    house = with_source(tmp_path)
    house.people(*people(["alice"]), groups=({"name": "google", "members": ["alice"]},))
    house.fire("group-change", "google")
    for listing in ("", "{}", '{"users": [], "groups": []}', '{"users": [{"username": "alice"'):
        (tmp_path / "accounts.json").write_text(listing)
        house.fire("group-change", "google")
        house.fire("group-change", "google", {"deleted": True})
        house.fire("user-modify", "alice")
    house.settle(1.0)
    assert not house.user("alice@example.org").suspended
    assert set(house.roles("google@example.org")) == at("alice")


# --- what the policy wishes ----------------------------------------------------------------------

WISHES = """
from gapps_hooks import hookimpl

@hookimpl
def gapps_groups(account):
    return ["everybody"] if account.family_name != "Guest" else ["guests"]
"""


def test_the_policys_wishes_make_groups_and_move_people(tmp_path: Path) -> None:
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d" / "ours.py").write_text(textwrap.dedent(WISHES))
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"family_name": "Archer", "id": "entryUUID:a"})
    house.drain()
    assert set(house.roles("everybody@example.org")) == at("alice")
    house.fire("user-modify", "alice", {"family_name": "Guest"})
    house.settle()
    assert house.roles("everybody@example.org") == {}
    assert set(house.roles("guests@example.org")) == at("alice")
    house.fire("user-delete", "alice")
    house.settle()
    assert house.roles("guests@example.org") == {}
    assert house.left() == {}


def test_a_wish_whose_group_could_not_be_told_of_it_is_wished_again(tmp_path: Path) -> None:
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d" / "ours.py").write_text(textwrap.dedent(WISHES))
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"family_name": "Archer", "id": "entryUUID:a"})
    house.forbid("INSERT ON entries", "NEW.subject IN (SELECT subject FROM links)")
    house.fire("user-add", "bob", {"family_name": "Baker", "id": "entryUUID:b"})
    house.allow()
    house.restart()
    house.settle()
    assert set(house.roles("everybody@example.org")) == at("alice", "bob")
    assert house.left() == {}


def test_wishes_that_come_and_go_while_their_group_is_delivered_are_not_lost(
    tmp_path: Path,
) -> None:
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d" / "ours.py").write_text(textwrap.dedent(WISHES))
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"family_name": "Archer", "id": "entryUUID:a"})
    deliver(house.wiring, house.record("user-add", "bob", {"id": "entryUUID:b"}).subject or 0)
    meanwhile = [
        house.record("user-add", "carol", {"id": "entryUUID:c"}).subject,
        house.record("user-modify", "alice", {"family_name": "Guest"}).subject,
    ]
    other = house.wiring

    def observe(call: str, _: str) -> None:
        while call == "directory.members.insert" and meanwhile:
            assert deliver(other, meanwhile.pop() or 0)

    house.observe = observe
    house.wire()
    house.settle()
    assert not meanwhile
    assert set(house.roles("everybody@example.org")) == at("bob", "carol")
    assert set(house.roles("guests@example.org")) == at("alice")
    assert house.left() == {}


def test_who_is_wished_out_of_a_strangers_group_while_he_is_put_into_it_leaves_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d" / "ours.py").write_text(textwrap.dedent(WISHES))
    house = organise(tmp_path)
    found(house, {"email": "x@example.net"}, address="guests@example.org")
    guest = {"family_name": "Guest", "id": "entryUUID:a"}
    deliver(house.wiring, house.record("user-add", "alice", guest).subject or 0)
    meanwhile = [house.record("user-modify", "alice", {"family_name": "Archer"}).subject or 0]
    other = house.wiring

    def observe(call: str, _: str) -> None:
        while call == "directory.members.list" and meanwhile:
            assert deliver(other, meanwhile.pop())

    house.observe = observe
    house.wire()
    deliver(house.wiring, house.record("group-change", "guests", {}).subject or 0)
    assert not meanwhile
    house.settle()
    assert set(house.roles("guests@example.org")) == {"x@example.net"}
    assert set(house.roles("everybody@example.org")) == at("alice")


def test_a_wish_and_a_list_of_members_live_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d" / "ours.py").write_text(textwrap.dedent(WISHES))
    house = organise(tmp_path)
    house.fire("group-change", "everybody", {"members": ["guest@example.net"]})
    house.fire("user-add", "alice", {"family_name": "Archer", "id": "entryUUID:a"})
    house.drain()
    both = {*at("alice"), "guest@example.net"}
    assert set(house.roles("everybody@example.org")) == both
    house.fire("group-change", "everybody", {"members": ["guest@example.net", "alice"]})
    assert set(house.roles("everybody@example.org")) == both
    house.fire("group-change", "everybody", {"members": []})
    assert set(house.roles("everybody@example.org")) == at("alice")
    house.fire("user-modify", "alice", {"family_name": "Guest"})
    house.settle()
    assert house.roles("everybody@example.org") == {}


def test_a_wish_survives_events_that_say_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "policy.d").mkdir()
    (tmp_path / "policy.d" / "ours.py").write_text(textwrap.dedent(WISHES))
    house = organise(tmp_path)
    house.fire("user-add", "alice", {"family_name": "Archer", "id": "entryUUID:a"})
    house.fire("user-modify", "alice", {"phones": ["+49 1"]})
    assert set(house.roles("everybody@example.org")) == at("alice")
    house.fire("user-modify", "alicia", {"old_username": "alice"})
    house.settle()
    assert set(house.roles("everybody@example.org")) == at("alicia")
    house.fire("user-delete", "alicia")
    house.settle()
    assert house.roles("everybody@example.org") == {}


def test_members_named_by_address_arrive_when_their_account_does(house: Organisation) -> None:
    house.fire("group-change", "team", {"members": ["alice@example.org", "crew@example.org"]})
    assert house.roles(TEAM) == {}
    add(house, "alice")
    house.fire("group-change", "crew", {"members": []})
    house.drain()
    assert set(house.roles(TEAM)) == at("alice", "crew")


def test_a_member_named_by_an_address_that_was_renamed_stays(house: Organisation) -> None:
    add(house, "alice")
    house.fire("group-change", "team", {"members": ["alice@example.org"]})
    house.fire("user-modify", "alicia", {"old_username": "alice"})
    house.fire("group-change", "team", {"members": ["alicia@example.org"]})
    assert set(house.roles(TEAM)) == at("alicia")


def test_outsiders_who_do_not_show_yet_are_taken_out_again(house: Organisation) -> None:
    house.emulator.switches.member_lag = 30.0
    found(house)
    house.fire("group-change", "team", {"members": ["guest@example.net"]})
    house.fire("group-change", "team", {"deleted": True})
    house.settle()
    assert house.roles(TEAM) == {}


def test_a_group_event_during_an_outage_is_delivered_with_the_members_that_came_meanwhile(
    house: Organisation,
) -> None:
    house.fail(fails="503", times=0)
    house.record("group-change", "team", {"members": ["alice", "bob"]})
    house.drain()
    house.record("user-add", "alice", {"id": "entryUUID:a"})
    house.record("user-add", "bob", {"id": "entryUUID:b"})
    house.drain()
    house.emulator.faults.clear()
    house.settle()
    assert set(house.roles(TEAM)) == at("alice", "bob")
    assert house.left() == {}


def test_a_group_of_ours_that_goes_before_its_settings_came_is_closed_all_the_same(
    house: Organisation,
) -> None:
    house.fail(fails="503", call="settings.patch", times=0)
    house.fire("group-change", "team", {"members": []})
    house.record("group-change", "team", {"deleted": True})
    house.emulator.faults.clear()
    house.settle()
    assert house.found_group(TEAM)["settings"]["whoCanPostMessage"] == "ALL_IN_DOMAIN_CAN_POST"
    assert house.left() == {}


# --- what a delivery that broke off must not lose -------------------------------------------------


def test_one_whose_arrival_was_not_the_end_of_his_delivery_gets_into_his_groups(
    house: Organisation,
) -> None:
    house.fire("group-change", "team", {"members": ["alice"]})
    house.emulator.switches.creation_window = 40.0
    house.fire("user-add", "alice", {"id": "entryUUID:a", "aliases": ["al@example.org"]})
    house.settle()
    assert set(house.roles(TEAM)) == at("alice")


def test_one_whose_alias_is_refused_gets_into_his_groups_all_the_same(house: Organisation) -> None:
    house.fire("group-change", "other", {"members": []})
    house.fire("group-change", "team", {"members": ["alice"]})
    house.fire("user-add", "alice", {"id": "entryUUID:a", "aliases": ["other@example.org"]})
    house.settle()
    assert house.left() == {"alice": "buried"}
    assert set(house.roles(TEAM)) == at("alice")


def test_a_role_taken_away_while_its_holder_is_disabled_is_gone(house: Organisation) -> None:
    add(house, "alice")
    house.fire("group-change", "team", {"members": [], "owners": ["alice"], "managers": []})
    house.fire("user-modify", "alice", {"enabled": False})
    house.fire("group-change", "team", {"members": ["alice"], "owners": [], "managers": []})
    house.fire("user-modify", "alice", {"enabled": True})
    assert house.roles(TEAM) == {"alice@example.org": "MEMBER"}


def test_a_role_that_could_not_be_taken_away_at_once_is_taken_away_later(
    house: Organisation,
) -> None:
    add(house, "alice")
    house.fire("group-change", "team", {"members": [], "owners": ["alice"], "managers": []})
    house.fail(fails="503", call="members.patch", times=0)
    house.fire("group-change", "team", {"members": ["alice"], "owners": [], "managers": []})
    house.emulator.faults.clear()
    house.settle()
    assert house.roles(TEAM) == {"alice@example.org": "MEMBER"}


def test_a_role_is_taken_from_a_member_who_does_not_show_yet(house: Organisation) -> None:
    add(house, "alice")
    house.fire("group-change", "team", {"members": [], "owners": [], "managers": []})
    house.emulator.switches.member_lag = 5.0
    house.fire("group-change", "team", {"members": [], "owners": ["alice"], "managers": []})
    house.fire("group-change", "team", {"members": ["alice"], "owners": [], "managers": []})
    house.settle()
    assert house.roles(TEAM) == {"alice@example.org": "MEMBER"}


def test_a_group_that_comes_back_has_the_words_that_were_said_since(house: Organisation) -> None:
    lists: dict[str, list[str]] = {"members": [], "owners": [], "managers": []}
    house.fire("group-change", "team", {**lists, "description": "first"})
    house.fire("group-change", "team", {"deleted": True})
    house.fire("group-change", "team", {**lists, "description": "second"})
    assert house.found_group(TEAM)["description"] == "second"


def test_a_group_that_went_before_its_rename_was_delivered_comes_back_renamed(
    house: Organisation,
) -> None:
    lists: dict[str, list[str]] = {"members": [], "owners": [], "managers": []}
    house.fire("group-change", "team", lists)
    house.fail(fails="503", call="groups.patch", times=0)
    house.record("group-change", "crew", {**lists, "old_name": "team"})
    house.drain()
    house.emulator.faults.clear()
    house.record("group-change", "crew", {"deleted": True})
    house.settle()
    house.fire("group-change", "crew", lists)
    assert [one["email"] for one in house.emulator.state()["groups"]] == ["crew@example.org"]
