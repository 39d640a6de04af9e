"""Aliases of groups, from the hook's event to Google: what is declared, and only ours removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import Organisation, organise

from gapps_hooks.model import Kind, Outcome, Verdict
from gapps_hooks.outbox import links, subjects

TEAM = "team@example.org"
US = "us@example.org"
WE = "we@example.org"


def say(house: Organisation, *aliases: str, **more: object) -> Outcome:
    return house.fire("group-change", "team", {"members": [], "aliases": [*aliases], **more})


def aliases(house: Organisation, key: str = TEAM) -> set[str]:
    return set(house.group(key).aliases)


def test_a_new_group_gets_its_aliases_after_its_members(house: Organisation) -> None:
    house.fire("user-add", "alice", {"id": "entryUUID:alice"})
    with house.calls() as made:
        outcome = say(house, US, "WE@example.org", members=["alice"])
    assert outcome.verdict is Verdict.DONE
    assert made == [
        "groups.insert",
        "settings.patch",
        "members.insert",
        *["groups.aliases.insert"] * 2,
    ]
    assert aliases(house) == {US, WE}
    assert f"added alias {US}" in outcome.line


def test_what_is_delivered_is_asked_for_and_sent_no_more(house: Organisation) -> None:
    say(house, US)
    with house.calls() as made:
        assert say(house, US).verdict is Verdict.NOTHING
    assert made == []


def test_aliases_are_added_and_only_ours_removed(house: Organisation) -> None:
    say(house, US)
    house.google.insert_group_alias(house.group(TEAM).id, "theirs@example.org")
    with house.calls() as made:
        assert say(house, WE).verdict is Verdict.DONE
    assert made == ["groups.get", "groups.aliases.delete", "groups.aliases.insert"]
    assert aliases(house) == {WE, "theirs@example.org"}


def test_what_is_not_said_stays_and_an_empty_list_clears(house: Organisation) -> None:
    say(house, US)
    house.fire("group-change", "team", {"members": [], "description": "Us"})
    assert aliases(house) == {US}
    assert say(house).verdict is Verdict.DONE
    assert aliases(house) == set()


def test_an_alias_that_the_group_has_already_counts_as_delivered(house: Organisation) -> None:
    made = house.google.insert_group({"email": TEAM})
    house.google.insert_group_alias(made.id, US)
    assert say(house, US).verdict is Verdict.DONE
    assert say(house).verdict is Verdict.DONE
    assert aliases(house) == set()


def test_an_alias_whose_answer_was_lost_is_ours(house: Organisation) -> None:
    say(house)
    house.fail(fails="lost answer", call="groups.aliases.insert")
    say(house, US)
    house.settle()
    assert aliases(house) == {US}
    assert house.left() == {}


@pytest.mark.parametrize("kind", ["user", "user's alias", "group", "group's alias"])
def test_an_alias_that_another_holds_is_refused_by_the_holders_name(
    house: Organisation, kind: str
) -> None:
    holder = WE if "alias" in kind else US
    if "user" in kind:
        house.fire("user-add", holder.partition("@")[0])
        held = house.user(holder)
        if "alias" in kind:
            house.google.insert_user_alias(held.id, US)
    else:
        other = house.google.insert_group({"email": holder})
        if "alias" in kind:
            house.google.insert_group_alias(other.id, US)
    house.fire("user-add", "alice", {"id": "entryUUID:alice"})
    outcome = say(house, US, "free@example.org", members=["alice"])
    assert outcome.verdict is Verdict.BURIED
    assert f"the alias {US} is held by" in outcome.line
    assert holder in outcome.line
    assert house.roles(TEAM) == {"alice@example.org": "MEMBER"}


def test_a_refused_alias_comes_when_its_holder_has_set_it_free(house: Organisation) -> None:
    house.fire("group-change", "other", {"members": [], "aliases": [US]})
    assert say(house, US).verdict is Verdict.BURIED
    house.fire("group-change", "other", {"members": [], "aliases": []})
    house.settle()
    assert aliases(house) == {US}
    assert house.left() == {}


def test_an_alias_outside_the_domains_holds_up_nothing_and_is_told(house: Organisation) -> None:
    outcome = say(house, US, "us@elsewhere.net")
    assert outcome.verdict is Verdict.DONE
    assert any("us@elsewhere.net" in note for note in outcome.notes)
    assert aliases(house) == {US}


def test_an_alias_that_is_gone_at_google_already_is_done(house: Organisation) -> None:
    say(house, US)
    house.google.delete_group_alias(house.group(TEAM).id, US)
    assert say(house).verdict is Verdict.NOTHING
    link = links.of(house.state, subjects.of_name(house.state, Kind.GROUP, "team") or 0)
    assert link is not None
    assert link.delivered["aliases"] == ()


def test_a_group_so_new_that_google_does_not_know_it_yet_waits(house: Organisation) -> None:
    say(house, US)
    house.fail(fails="404", call="groups.get")
    assert say(house).verdict is Verdict.LATER
    house.settle()
    assert aliases(house) == set()
    assert house.left() == {}


def test_aliases_taken_away_are_counted_and_bounded(tmp_path: Path) -> None:
    more = "---\n[bounds.remove_alias]\nshare = 0.0\nleast = 1\nmost = 1\n"
    house = organise(tmp_path, more=more)
    say(house, US, WE)
    outcome = say(house)
    assert outcome.verdict is Verdict.HELD
    assert aliases(house) == {US, WE}
    assert "outbox release" in outcome.line


def test_a_source_without_aliases_leaves_them_to_the_payload(tmp_path: Path) -> None:
    for name, text in {
        "passwd": "al:x:1500:1500::/:\n",
        "group": "team:x:1500:\n",
        "shadow": "",
    }.items():
        (tmp_path / name).write_text(text)
    source = f'[source]\ntype = "nss"\ndirectory = "{tmp_path}"'
    house = organise(tmp_path, source=source, more='---\n[groups]\nwhich = ["team"]\n')
    assert say(house, US).verdict is Verdict.DONE
    assert aliases(house) == {US}
    house.fire("group-change", "team")
    assert aliases(house) == {US}


# --- renamed -------------------------------------------------------------------------------------


def test_the_address_that_a_rename_leaves_as_alias_can_be_declared_and_taken_away(
    house: Organisation,
) -> None:
    say(house)
    house.fire("group-change", "crew", {"old_name": "team", "members": [], "aliases": [TEAM]})
    assert aliases(house, "crew@example.org") == {TEAM}
    house.fire("group-change", "crew", {"members": [], "aliases": []})
    assert aliases(house, "crew@example.org") == set()


def test_an_alias_becomes_the_address_and_is_not_missed(house: Organisation) -> None:
    say(house, US)
    outcome = say(house, email=US)
    assert outcome.verdict is Verdict.DONE
    assert house.group(US).email == US
    assert say(house, email=US).verdict is Verdict.NOTHING


# --- an address that a rename left ---------------------------------------------------------------

CREW = "crew@example.org"
OTHER = "other@example.org"


@pytest.fixture
def left_behind(house: Organisation) -> Organisation:
    """The team is the crew now and has its old address as alias; another group is there too."""
    say(house)
    house.fire("group-change", "other", {"members": [], "aliases": [WE]})
    house.fire("group-change", "crew", {"old_name": "team", "members": [], "aliases": []})
    assert aliases(house, CREW) == {TEAM}
    return house


def test_another_group_can_be_renamed_to_it(left_behind: Organisation) -> None:
    google_id = left_behind.group(OTHER).id
    outcome = left_behind.fire("group-change", "team", {"old_name": "other", "members": []})
    assert outcome.verdict is Verdict.DONE, outcome.line
    assert left_behind.group(TEAM).id == google_id
    assert aliases(left_behind) == {WE, OTHER}
    assert aliases(left_behind, CREW) == set()


def test_another_group_can_have_it_as_alias(left_behind: Organisation) -> None:
    said = {"members": [], "aliases": [TEAM, US]}
    with left_behind.calls() as made:
        outcome = left_behind.fire("group-change", "other", said)
    assert outcome.verdict is Verdict.DONE, outcome.line
    assert f"removed alias {TEAM}" in outcome.line
    assert aliases(left_behind, OTHER) == {TEAM, US}
    assert aliases(left_behind, CREW) == set()
    assert made.count("groups.aliases.delete") == 2
    assert left_behind.fire("group-change", "other", said).verdict is Verdict.NOTHING


def test_a_new_group_can_have_it_as_alias(left_behind: Organisation) -> None:
    outcome = left_behind.fire("group-change", "new", {"members": [], "aliases": [TEAM]})
    assert outcome.verdict is Verdict.DONE, outcome.line
    assert aliases(left_behind, "new@example.org") == {TEAM}


def test_one_that_somebody_declared_or_gave_stays_and_its_holder_is_named(
    left_behind: Organisation,
) -> None:
    left_behind.fire("group-change", "crew", {"members": [], "aliases": [TEAM]})
    left_behind.google.insert_group_alias(left_behind.group(CREW).id, US)
    for taken in (TEAM, US):
        outcome = left_behind.fire("group-change", "other", {"members": [], "aliases": [taken]})
        assert outcome.verdict is Verdict.BURIED
        assert f"the alias {taken} is held by the group {CREW}" in outcome.line
        outcome = left_behind.fire("group-change", "other", {"members": [], "email": taken})
        assert outcome.verdict is Verdict.BURIED
        assert f"{taken} is an alias of the group {CREW} at Google" in outcome.line
        left_behind.fire("group-change", "other", {"members": [], "email": None, "aliases": []})
    assert aliases(left_behind, CREW) == {TEAM, US}


def test_one_that_was_declared_and_given_up_and_then_given_by_somebody_stays(
    left_behind: Organisation,
) -> None:
    left_behind.fire("group-change", "crew", {"members": [], "aliases": [TEAM]})
    left_behind.fire("group-change", "crew", {"members": [], "aliases": []})
    left_behind.google.insert_group_alias(left_behind.group(CREW).id, TEAM)
    outcome = left_behind.fire("group-change", "other", {"members": [], "aliases": [TEAM]})
    assert outcome.verdict is Verdict.BURIED
    assert aliases(left_behind, CREW) == {TEAM}


def test_an_address_of_another_group_or_person_is_refused_by_the_holders_name(
    left_behind: Organisation,
) -> None:
    left_behind.fire("user-add", "alice")
    for taken, holder in ((CREW, f"the group {CREW}"), ("alice@example.org", "alice@example.org")):
        outcome = left_behind.fire("group-change", "other", {"members": [], "email": taken})
        assert outcome.verdict is Verdict.BURIED
        assert f"{taken} is held by {holder} at Google" in outcome.line


def test_to_release_one_counts_as_an_alias_taken_away(tmp_path: Path) -> None:
    more = "---\n[bounds.remove_alias]\nshare = 0.0\nleast = 1\nmost = 1\n"
    house = organise(tmp_path, more=more)
    say(house, US)
    house.fire("group-change", "crew", {"old_name": "team", "members": [], "aliases": []})
    assert aliases(house, CREW) == {TEAM}
    outcome = house.fire("group-change", "other", {"members": [], "aliases": [TEAM]})
    assert outcome.verdict is Verdict.HELD, outcome.line
    assert aliases(house, CREW) == {TEAM}
    house.clock.now += 90_000.0
    outcome = house.fire("group-change", "other", {"members": [], "aliases": [TEAM]})
    assert outcome.verdict is Verdict.DONE, outcome.line


# --- gone ----------------------------------------------------------------------------------------


def test_a_group_that_is_gone_loses_our_aliases_and_gets_them_again(house: Organisation) -> None:
    say(house, US)
    house.google.insert_group_alias(house.group(TEAM).id, "theirs@example.org")
    outcome = house.fire("group-change", "team", {"deleted": True})
    assert outcome.verdict is Verdict.DONE, outcome.line
    assert aliases(house) == {"theirs@example.org"}
    assert house.fire("group-change", "other", {"members": [], "aliases": [US]}).done
    house.fire("group-change", "other", {"members": [], "aliases": []})
    say(house, US)
    assert aliases(house) == {US, "theirs@example.org"}


def test_an_alias_that_could_not_be_taken_away_goes_when_google_lets_it(
    house: Organisation,
) -> None:
    house.fire("user-add", "alice", {"id": "entryUUID:alice"})
    say(house, US, members=["alice"])
    house.fail(fails="503", call="groups.aliases.delete", times=9)
    assert house.fire("group-change", "team", {"deleted": True}).verdict is Verdict.LATER
    house.settle()
    assert aliases(house) == set()
    assert house.roles(TEAM) == {}
    assert house.left() == {}


def test_an_alias_that_another_holds_keeps_no_other_one_away_and_is_not_taken_for_ours(
    house: Organisation,
) -> None:
    house.fire("user-add", "us")
    house.fire("user-add", "we")
    outcome = say(house, US, "last@example.org", WE)
    assert outcome.verdict is Verdict.BURIED
    assert f"the alias {US} is held by {US}" in outcome.line
    assert f"the alias {WE} is held by {WE}" in outcome.line
    assert aliases(house) == {"last@example.org"}
    with house.calls() as made:
        say(house, US, "last@example.org")
    assert made.count("groups.aliases.insert") == 1
    assert say(house, "last@example.org").verdict in {Verdict.DONE, Verdict.NOTHING}
    assert aliases(house) == {"last@example.org"}
