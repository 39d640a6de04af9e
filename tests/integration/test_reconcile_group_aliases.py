"""Aliases of groups in a reconcile: what is declared, listed at no further cost, and bounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation
from reconciled import dry, listed, person, planned, reconcile, refusals

from gapps_hooks.model import Kind, Verdict
from gapps_hooks.reconcile.checking import TooMuch
from gapps_hooks.reconcile.named import Look, foresee_all
from gapps_hooks.reconcile.named import reconcile as reconcile_named

ALICE = person("alice")
STAFF = "staff@example.org"
US, WE = "us@example.org", "we@example.org"


@pytest.fixture
def organisation(tmp_path: Path) -> Organisation:
    return listed(tmp_path)


def say(organisation: Organisation, *aliases: str, **more: Any) -> None:  # noqa: ANN401 - JSON
    group = {"name": "staff", "members": ["alice"], "aliases": list(aliases), **more}
    organisation.people(ALICE, groups=(group,))


def aliases(organisation: Organisation) -> set[str]:
    return set(organisation.group(STAFF).aliases)


def test_the_first_one_gives_groups_their_aliases_and_the_second_reads_pages_only(
    organisation: Organisation,
) -> None:
    say(organisation, US, WE)
    assert planned(dry(organisation))["group:staff"].count("add-group-alias") == 2
    with organisation.calls() as calls:
        reconcile(organisation)
    assert calls.count("groups.aliases.insert") == 2
    assert "groups.get" not in calls
    assert aliases(organisation) == {US, WE}
    with organisation.calls() as calls:
        assert reconcile(organisation).progress.outcomes == []
    assert calls == ["users.list", "groups.list", "members.list"]


def test_only_what_was_delivered_is_taken_away(organisation: Organisation) -> None:
    say(organisation, US)
    reconcile(organisation)
    organisation.google.insert_group_alias(organisation.group(STAFF).id, "theirs@example.org")
    say(organisation, WE)
    assert planned(dry(organisation)) == {"group:staff": ["remove-group-alias", "add-group-alias"]}
    reconcile(organisation)
    assert aliases(organisation) == {WE, "theirs@example.org"}
    assert planned(dry(organisation)) == {}


def test_an_alias_that_is_gone_at_google_comes_back(organisation: Organisation) -> None:
    say(organisation, US)
    reconcile(organisation)
    organisation.google.delete_group_alias(organisation.group(STAFF).id, US)
    reconcile(organisation)
    assert aliases(organisation) == {US}


def test_what_was_found_and_declared_is_ours_from_then_on(organisation: Organisation) -> None:
    made = organisation.google.insert_group({"email": STAFF, "name": "staff"})
    organisation.google.insert_group_alias(made.id, US)
    say(organisation, US)
    reconcile(organisation)
    say(organisation)
    reconcile(organisation)
    assert aliases(organisation) == set()


def test_a_list_that_says_nothing_of_aliases_leaves_them(organisation: Organisation) -> None:
    say(organisation, US)
    reconcile(organisation)
    organisation.people(ALICE, groups=({"name": "staff", "members": ["alice"]},))
    assert planned(dry(organisation)) == {}
    assert aliases(organisation) == {US}


def test_an_alias_of_somebody_else_is_refused_and_its_members_come_all_the_same(
    organisation: Organisation,
) -> None:
    organisation.google.insert_group({"email": US, "name": "us"})
    say(organisation, US)
    run = reconcile(organisation)
    outcome = next(one for one in run.progress.outcomes if one.name == "staff")
    assert outcome.verdict is Verdict.REFUSED
    assert f"the alias {US} is held by the group {US}" in outcome.line
    assert organisation.roles(STAFF) == {"alice@example.org": "MEMBER"}
    assert "group:staff" not in refusals(dry(organisation))


def test_an_alias_moves_from_one_group_to_another_in_one_run(organisation: Organisation) -> None:
    other = {"name": "other", "members": [], "aliases": [US]}
    staff = {"name": "staff", "members": [], "aliases": []}
    organisation.people(ALICE, groups=(other, staff))
    reconcile(organisation)
    organisation.people(ALICE, groups=({**other, "aliases": []}, {**staff, "aliases": [US]}))
    reconcile(organisation)
    assert aliases(organisation) == {US}
    assert planned(dry(organisation)) == {}


def test_too_many_aliases_taken_away_at_once_need_a_person(tmp_path: Path) -> None:
    organisation = listed(
        tmp_path, tables="[bounds.remove_alias]\nshare = 0.0\nleast = 1\nmost = 1\n"
    )
    say(organisation, US, WE)
    reconcile(organisation)
    say(organisation)
    with pytest.raises(TooMuch, match=r"2 x remove group alias; bounds\.remove_alias allows 1"):
        reconcile(organisation)
    assert aliases(organisation) == {US, WE}


def test_a_group_that_is_gone_loses_only_our_aliases(organisation: Organisation) -> None:
    say(organisation, US)
    reconcile(organisation)
    organisation.google.insert_group_alias(organisation.group(STAFF).id, "theirs@example.org")
    organisation.people(ALICE, groups=({"name": "other", "members": []},))
    assert planned(dry(organisation))["group:staff"] == ["remove-member", "remove-group-alias"]
    reconcile(organisation)
    assert aliases(organisation) == {"theirs@example.org"}
    assert planned(dry(organisation)) == {}


@pytest.mark.parametrize("way", ["renamed", "alias"])
def test_an_address_that_a_rename_left_is_released_and_shown_before(
    organisation: Organisation, way: str
) -> None:
    crew = {"name": "staff", "members": ["alice"], "aliases": [], "id": "entryUUID:c"}
    other = {"name": "other", "members": [], "aliases": [], "id": "entryUUID:o"}
    organisation.people(ALICE, groups=(crew, other))
    reconcile(organisation)
    organisation.people(ALICE, groups=({**crew, "name": "crew"}, other))
    reconcile(organisation)
    assert set(organisation.group("crew@example.org").aliases) == {STAFF}
    google_id = organisation.group("other@example.org").id
    wanted = {**other, "email": STAFF} if way == "renamed" else {**other, "aliases": [STAFF]}
    organisation.people(ALICE, groups=({**crew, "name": "crew"}, wanted))
    verb = "rename-group" if way == "renamed" else "add-group-alias"
    assert planned(dry(organisation)) == {"group:other": ["remove-group-alias", verb]}
    reconcile(organisation)
    assert organisation.group(STAFF).id == google_id
    assert organisation.group("crew@example.org").aliases == ()
    assert planned(dry(organisation)) == {}


@pytest.mark.parametrize("way", ["renamed", "alias"])
def test_a_test_of_one_group_shows_what_is_released_and_asks_for_nothing_else(
    organisation: Organisation, way: str
) -> None:
    crew = {"name": "staff", "members": [], "aliases": [], "id": "entryUUID:c"}
    other = {"name": "other", "members": [], "aliases": [], "id": "entryUUID:o"}
    for name in ("staff", "crew"):
        organisation.people(ALICE, groups=({**crew, "name": name}, other))
        reconcile(organisation)
    look = Look(named=((Kind.GROUP, "other"),))
    wanted = {**other, "email": STAFF} if way == "renamed" else {**other, "aliases": [STAFF]}
    organisation.people(ALICE, groups=({**crew, "name": "crew"}, wanted))
    with organisation.calls() as calls:
        (piece,) = foresee_all(organisation.wiring, look)
    assert calls == ["members.list", "groups.get"]
    (outcome,) = reconcile_named(organisation.wiring, look)
    assert outcome.done
    assert [change.verbs for change in piece.plan.changes] == [one.verbs for one in outcome.done]
    with organisation.calls() as calls:
        (piece,) = foresee_all(organisation.wiring, look)
    assert (piece.plan.changes, calls) == ((), ["members.list"])
