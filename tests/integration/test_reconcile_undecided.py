"""A group that [enabled] names and nobody has decides of nobody, and everybody is told so."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_files import LocalFiles, hashed
from organisation import Organisation, organise
from reconciled import listed, person, reconcile

from gapps_hooks.model import Kind
from gapps_hooks.reconcile.named import Look, foresee_all

ENABLED = '[enabled]\ngroup = "google"\n[groups]\nwhich = "none"'
GOOGLE = {"name": "google", "members": ["alice", "bob"]}
WHY = (
    "the group google, which [enabled] names, does not exist in {}; until then nobody is enabled "
    "or disabled: make it there, or correct enabled.group"
)


@pytest.fixture
def office(tmp_path: Path) -> Organisation:
    """Two people of a listing, both at Google through the group."""
    office = listed(tmp_path, tables=ENABLED)
    office.people(person("alice"), person("bob"), groups=(GOOGLE,))
    reconcile(office)
    office.clock.now += 7200.0
    return office


def lose_the_group(office: Organisation) -> str:
    """Rename the group, as a slip of the hand does, and let one person go; why it is undecided."""
    office.people(person("alice"), groups=({**GOOGLE, "name": "gogle"},))
    return WHY.format(f"the listing of {office.folder / 'accounts.json'}")


def test_a_reconcile_without_the_group_is_not_whole_and_suspends_nobody(
    office: Organisation,
) -> None:
    why = lose_the_group(office)
    run = reconcile(office)
    assert why in run.looked.whole.incomplete
    assert run.done == []
    assert not any(user["suspended"] for user in office.emulator.state()["users"])


def test_a_reconcile_with_the_group_is_whole(office: Organisation) -> None:
    office.people(person("alice"), person("bob"), groups=({**GOOGLE, "members": ["alice"]},))
    run = reconcile(office)
    assert run.looked.whole.incomplete == ()
    assert [address for address, _ in run.done] == ["bob@example.org"]


def test_a_listing_without_groups_does_not_decide_either(office: Organisation) -> None:
    office.people(person("alice"), person("bob"))
    (sentence,) = [one for one in reconcile(office).looked.whole.incomplete if "[enabled]" in one]
    assert sentence.startswith("the group google, which [enabled] names, cannot be read: ")


def test_files_without_the_group_are_not_whole(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    files = LocalFiles(tmp_path / "etc")
    files.person("alice", 1001, password=hashed("alice"))
    source = f'[source]\ntype = "nss"\ndirectory = "{files.directory}"'
    office = organise(tmp_path, source=source, more=f"---\n{ENABLED}\n")
    run = reconcile(office)
    assert run.looked.whole.incomplete == (WHY.format(files.directory / "group"),)
    files.group("google", 2001)
    assert reconcile(office).looked.whole.incomplete == ()


@pytest.mark.parametrize("name", ["alice", "carol"])
def test_an_event_says_in_its_line_that_it_is_not_known(office: Organisation, name: str) -> None:
    why = lose_the_group(office)
    office.people(person("alice"), person("carol"), groups=({**GOOGLE, "name": "gogle"},))
    assert office.fire("user-modify", name).line.endswith(why)
    (piece,) = foresee_all(office.wiring, Look(named=((Kind.USER, name),)))
    assert why in piece.plan.notes
