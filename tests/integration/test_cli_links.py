"""Links by hand: shown, bound to what is at Google, forgotten; and accounts undeleted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from command_line import CommandLine

from gapps_hooks.model import Kind
from gapps_hooks.outbox import subjects


def put_at_google(line: CommandLine, name: str, **fields: object) -> str:
    """Let an account be at Google already; return its id."""
    line.emulator.seed({"users": [{"primaryEmail": f"{name}@example.org", **fields}]})
    return str(line.user(name)["id"])


def marks(line: CommandLine, name: str) -> list[str]:
    ids = line.user(name).get("externalIds", ())
    return [one["value"] for one in ids if one.get("customType") == "gapps-hooks"]


# --- show ----------------------------------------------------------------------------------------


def test_nobody_is_linked_at_first(line: CommandLine) -> None:
    assert line.run("links").stdout == "Nobody is linked yet.\n"
    assert line.read("links", "show") == []


def test_links_are_listed_and_one_is_shown_whole(line: CommandLine) -> None:
    line.fire("user-add", "alice", {"id": "entryUUID:a1"})
    assert line.run("links", "show").stdout.splitlines()[1].split()[:2] == [
        "alice",
        "alice@example.org",
    ]
    details = line.run("links", "show", "alice").stdout
    assert "entryUUID:a1" in details
    assert "created by us" in details


def test_links_stand_in_the_order_of_names_and_say_what_is_a_group(line: CommandLine) -> None:
    line.fire("user-add", "zoe")
    line.fire("group-change", "staff", {"members": ["zoe"]})
    line.fire("user-add", "alice")
    shown = line.run("links").stdout.splitlines()[1:]
    assert [row.split()[0] for row in shown] == ["alice", "group:staff", "zoe"]
    told = [(one["kind"], one["name"]) for one in line.read("links", "show")]
    assert told == [("user", "alice"), ("group", "staff"), ("user", "zoe")]
    (staff,) = line.read("links", "show", "group:staff")
    assert (staff["kind"], staff["address"]) == ("group", "staff@example.org")


def test_what_was_delivered_is_said_in_plain_words(line: CommandLine) -> None:
    line.fire("user-add", "alice", {"given_name": "Alice", "password": "correct horse"})
    shown = line.run("links", "show", "alice").stdout
    (delivered,) = [row for row in shown.splitlines() if row.startswith("delivered:")]
    words = delivered.removeprefix("delivered:").strip().split(", ")
    assert {"address", "given name", "password"} <= set(words)
    (told,) = line.read("links", "show", "alice")
    assert told["delivered"] == words
    assert f"mark:             {told['mark']}\n" in shown
    assert not any("_" in word or word != word.lower() for word in words)


def test_a_password_that_nobody_knows_is_not_called_delivered(line: CommandLine) -> None:
    line.fire("user-add", "alice", {"given_name": "Alice"})
    assert "password" not in line.run("links", "show", "alice").stdout
    line.fire("password-set", "alice", {"password": "correct horse"})
    assert "password" in line.run("links", "show", "alice").stdout


def test_of_a_group_nothing_is_said_that_only_people_have(line: CommandLine) -> None:
    line.fire("group-change", "staff", {"members": []})
    shown = line.run("links", "show", "group:staff").stdout
    assert "group:staff\n" in shown
    assert "who may post and join" in shown
    assert "administrator" not in shown
    assert "suspended" not in shown


def test_somebody_without_a_link_is_said_to_have_none(line: CommandLine) -> None:
    result = line.run("links", "show", "alice")
    assert result.exit_code == 1
    assert "alice is not linked" in result.stderr


# --- bind ----------------------------------------------------------------------------------------


def test_a_bound_account_is_marked_and_keeps_its_address(line: CommandLine) -> None:
    known = put_at_google(line, "a.brown")
    result = line.run("links", "bind", "alice", "A.Brown@example.org")
    assert result.exit_code == 0, result.output
    (link,) = line.read("links", "show", "alice")
    assert (link["address"], link["google_id"]) == ("a.brown@example.org", known)
    assert not link["created"]
    assert marks(line, "a.brown")
    line.fire("user-modify", "alice", {"family_name": "Brown"})
    after = line.user("a.brown")
    assert (after["id"], after["name"]["familyName"]) == (known, "Brown")
    assert not line.user("alice")


def test_a_mark_is_put_beside_what_others_keep_in_the_same_field(line: CommandLine) -> None:
    theirs = {"type": "custom", "customType": "badge", "value": "42"}
    number = {"type": "organization", "value": "E-7"}
    put_at_google(line, "alice", externalIds=[theirs, number])
    line.run("links", "bind", "alice", "alice@example.org")
    ids = line.user("alice")["externalIds"]
    assert theirs in ids
    assert number in ids
    assert len(ids) == 3


def test_an_alias_is_refused_and_its_owner_named(line: CommandLine) -> None:
    put_at_google(line, "anna", aliases=["alice@example.org"])
    result = line.run("links", "bind", "alice", "alice@example.org")
    assert result.exit_code == 1
    assert "alias of the account anna@example.org" in result.stderr
    assert line.read("links", "show") == []


def test_an_address_that_google_does_not_have_is_refused(line: CommandLine) -> None:
    result = line.run("links", "bind", "alice", "nobody@example.org")
    assert result.exit_code == 1
    assert "Google has no account nobody@example.org" in result.stderr


def test_an_administrator_is_bound_and_left_alone(line: CommandLine) -> None:
    put_at_google(line, "boss", isAdmin=True)
    line.people({"username": "boss", "given_name": "Another", "phones": ["123"]})
    result = line.run("links", "bind", "boss", "boss@example.org")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "an administrator or protected: linked and left alone" in result.stdout
    assert line.run("reconcile", "boss").exit_code == 0
    assert line.read("outbox") == []
    assert marks(line, "boss") == []
    assert line.read("links", "show", "boss")[0]["administrator"]


def test_an_account_that_lives_in_another_link_is_not_taken(line: CommandLine) -> None:
    line.fire("user-add", "alice")
    result = line.run("links", "bind", "bob", "alice@example.org")
    assert result.exit_code == 1
    assert "links forget alice" in result.stderr
    assert [link["name"] for link in line.read("links", "show")] == ["alice"]


def test_whose_account_it_is_is_said_before_anything_else(line: CommandLine) -> None:
    line.people({"username": "alice"})
    line.fire("user-add", "alice")
    result = line.run("links", "bind", "dave", "alice@example.org")
    assert result.exit_code == 1
    assert "alice is linked to alice@example.org" in result.stderr


@pytest.mark.parametrize("name", ["nosuch", "ola"])
def test_a_refused_link_changes_nothing_here_or_there(line: CommandLine, name: str) -> None:
    line.people({"username": "alice"}, {"username": "ola"})
    line.fire("user-add", "alice")
    before = (line.user("alice"), line.read("links"), line.read("log"))
    line.emulator.requests.clear()
    assert line.run("links", "bind", name, "alice@example.org").exit_code == 1
    assert [call for call in line.emulator.requests.calls() if call != "token"] == ["users.get"]
    assert (line.user("alice"), line.read("links"), line.read("log")) == before
    with line.state() as state:
        assert subjects.of_name(state, Kind.USER, name) is None


def test_who_is_unknown_here_is_not_told_to_take_the_account_of_another(line: CommandLine) -> None:
    line.people({"username": "alice"})
    line.fire("user-add", "alice")
    refused = line.run("links", "bind", "nosuch", "alice@example.org").stderr
    assert "nosuch is unknown to the account manager, and alice is linked" in refused
    assert "links forget" not in refused


def test_a_link_whose_mark_google_refuses_is_not_made(line: CommandLine) -> None:
    put_at_google(line, "alice")
    line.emulator.faults.script([{"fails": "403", "call": "users.patch", "times": 1}])
    assert line.run("links", "bind", "alice", "alice@example.org").exit_code == 1
    assert (line.read("links"), line.read("outbox")) == ([], [])


def test_a_second_account_is_not_bound_over_the_first(line: CommandLine) -> None:
    line.fire("user-add", "alice")
    put_at_google(line, "other")
    result = line.run("links", "bind", "alice", "other@example.org")
    assert result.exit_code == 1
    assert line.read("links", "show", "alice")[0]["address"] == "alice@example.org"


def test_binding_answers_whether_it_is_the_same_person(line: CommandLine) -> None:
    line.fire("user-add", "alice", {"id": "entryUUID:a1"})
    known = line.user("alice")["id"]
    line.fire("user-delete", "alice")
    assert line.user("alice")["suspended"]
    buried = line.fire("user-add", "alice", {"id": "entryUUID:a2"})
    assert "links bind alice alice@example.org" in buried.stdout
    result = line.run("links", "bind", "alice", "alice@example.org")
    assert result.exit_code == 0, result.output
    assert line.user("alice")["id"] == known
    assert not line.user("alice").get("suspended")
    (link,) = line.read("links", "show")
    assert link["id"] == "entryUUID:a2"
    assert line.read("outbox", "list") == []


def test_binding_says_so_too_of_one_who_never_left(line: CommandLine) -> None:
    line.fire("user-add", "alice", {"id": "entryUUID:a1", "family_name": "Old"})
    buried = line.fire("user-modify", "alice", {"id": "entryUUID:a2", "family_name": "New"})
    assert "links bind alice alice@example.org" in buried.stdout
    assert line.run("links", "bind", "alice", "alice@example.org").exit_code == 0
    assert line.run("deliver").exit_code == 0
    assert line.user("alice")["name"]["familyName"] == "New"


def test_a_suspension_that_was_not_ours_outlives_the_binding(line: CommandLine) -> None:
    put_at_google(line, "alice", suspended=True)
    line.run("links", "bind", "alice", "alice@example.org")
    line.fire("user-modify", "alice", {"family_name": "Brown", "enabled": True})
    assert line.user("alice")["suspended"]


@pytest.mark.parametrize("people", [[{"username": "alice", "enabled": False}], [{"username": "b"}]])
def test_a_living_account_is_not_suspended_by_a_link(
    line: CommandLine, people: list[dict[str, object]]
) -> None:
    put_at_google(line, "alice")
    line.people(*people)
    result = line.run("links", "bind", "alice", "alice@example.org")
    assert result.exit_code == 1
    assert "alice@example.org would be suspended" in result.stderr
    assert "--force" in result.stderr
    assert not line.user("alice").get("suspended")
    assert (line.read("links", "show"), line.read("outbox", "list")) == ([], [])


def test_a_living_account_is_suspended_by_a_link_that_is_forced(line: CommandLine) -> None:
    put_at_google(line, "alice")
    line.people({"username": "alice", "enabled": False})
    result = line.run("links", "bind", "alice", "alice@example.org", "--force")
    assert result.exit_code == 0, result.output
    assert line.user("alice")["suspended"]


def test_without_a_source_the_last_word_on_being_enabled_counts(line: CommandLine) -> None:
    put_at_google(line, "alice")
    line.fire("user-modify", "alice", {"enabled": False})
    assert line.run("links", "bind", "alice", "alice@example.org").exit_code == 1
    line.fire("user-modify", "alice", {"enabled": True})
    assert not line.user("alice").get("suspended")


def test_a_suspended_account_is_linked_to_whoever_is_not_enabled(line: CommandLine) -> None:
    put_at_google(line, "alice", suspended=True)
    line.people({"username": "alice", "enabled": False})
    assert line.run("links", "bind", "alice", "alice@example.org").exit_code == 0


def test_a_group_is_bound_to_a_group(line: CommandLine) -> None:
    line.emulator.seed({"groups": [{"email": "everybody@example.org"}]})
    assert line.run("links", "bind", "group:staff", "everybody@example.org").exit_code == 0
    (link,) = line.read("links", "show", "group:staff")
    assert link["address"] == "everybody@example.org"
    line.fire("user-add", "alice")
    line.fire("group-change", "staff", {"members": ["alice"]})
    (group,) = line.emulator.state()["groups"]
    assert group["email"] == "everybody@example.org"
    assert [member["email"] for member in group["members"]] == ["alice@example.org"]


def test_without_google_nothing_is_bound(line: CommandLine) -> None:
    line.google.go_away()
    assert line.run("links", "bind", "alice", "alice@example.org").exit_code == 75
    assert line.read("links", "show") == []


# --- forget --------------------------------------------------------------------------------------


def test_a_forgotten_account_is_adopted_anew(line: CommandLine) -> None:
    line.fire("user-add", "alice")
    known = line.user("alice")["id"]
    forgotten = line.run("links", "forget", "alice")
    assert forgotten.exit_code == 0
    assert line.read("links", "show") == []
    assert "gapps-hooks reconcile alice" in forgotten.stdout
    assert line.fire("user-add", "alice").exit_code == 0
    assert line.read("links", "show", "alice")[0]["google_id"] == known


def test_of_a_group_that_is_forgotten_a_group_is_looked_for(line: CommandLine) -> None:
    line.fire("group-change", "staff", {"members": []})
    assert "a group is looked for" in line.run("links", "forget", "group:staff").stdout


def test_there_is_nothing_to_forget_of_a_stranger(line: CommandLine) -> None:
    assert line.run("links", "forget", "alice").exit_code == 1


# --- undelete ------------------------------------------------------------------------------------


def delete_at_google(line: CommandLine, name: str) -> None:
    """Let an administrator delete an account in the console."""
    state = line.emulator.state()
    address = f"{name}@example.org"
    gone = next(user for user in state["users"] if user["primaryEmail"] == address)
    state["users"].remove(gone)
    gone["deletionTime"] = datetime.now(UTC).isoformat()
    line.emulator.restore({**state, "deletedUsers": [*state["deletedUsers"], gone]})


def test_a_linked_account_that_was_deleted_is_brought_back(line: CommandLine) -> None:
    line.fire("user-add", "alice")
    known = line.user("alice")["id"]
    delete_at_google(line, "alice")
    assert not line.user("alice")
    result = line.run("undelete", "alice")
    assert result.exit_code == 0, result.output
    assert line.user("alice")["id"] == known
    assert [entry["name"] for entry in line.read("outbox", "list")] == ["alice"]
    assert line.run("deliver").exit_code == 0


def test_an_unlinked_account_is_found_by_its_address(line: CommandLine) -> None:
    put_at_google(line, "alice")
    delete_at_google(line, "alice")
    result = line.run("undelete", "alice")
    assert "links bind alice alice@example.org" in result.stdout
    assert line.user("alice")


def test_what_was_deleted_and_is_like_the_one_asked_for_is_named(line: CommandLine) -> None:
    assert "none was deleted at all" in line.run("undelete", "alice").stderr
    for name in ("alicia", "zebediah"):
        put_at_google(line, name)
        delete_at_google(line, name)
    stderr = line.run("undelete", "alice").stderr
    assert "addresses like it: alicia@example.org" in stderr
    assert "zebediah" not in stderr
    assert "2 others were, and none" in line.run("undelete", "x").stderr


def test_a_name_that_nobody_has_is_told_apart_from_an_account_that_nobody_deleted(
    line: CommandLine,
) -> None:
    stranger = line.run("undelete", "nosuch").stderr
    assert "nosuch is not known here, and no deleted account fits" in stranger
    assert "cannot be brought back" not in stranger
    line.people({"username": "alice"})
    with line.state() as state:
        subjects.create(state, Kind.USER, "nosuch")
    assert "nosuch is not known here" in line.run("undelete", "nosuch").stderr
    line.fire("user-add", "alice")
    assert "not known" not in line.run("undelete", "alice").stderr


def test_a_deleted_group_cannot_be_brought_back(line: CommandLine) -> None:
    assert line.run("undelete", "group:staff").exit_code == 2


def test_what_was_not_deleted_cannot_be_undeleted(line: CommandLine) -> None:
    line.fire("user-add", "alice")
    result = line.run("undelete", "alice")
    assert result.exit_code == 1
    assert "last 20 days" in result.stderr
