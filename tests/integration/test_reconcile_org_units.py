"""Org units that Google lacks are made on demand, if the settings say so."""

from __future__ import annotations

from pathlib import Path

from organisation import Organisation
from reconciled import dry, listed, person, planned, reconcile

from gapps_hooks.model import Verdict

PATHS = ("/Staff/Berlin", "/Staff/Berlin/Kitchen", "/Staff")


def several(folder: Path, tables: str) -> Organisation:
    organisation = listed(folder, tables=tables)
    people = [person(f"p{at}", org_unit=path) for at, path in enumerate(PATHS)]
    organisation.people(*people, person("top", org_unit="/"))
    return organisation


def test_units_are_made_from_the_top_down_and_slowly_enough(tmp_path: Path) -> None:
    organisation = several(tmp_path, "[org_units]\ncreate = true")
    organisation.emulator.switches.org_units_per_second = 1
    run = reconcile(organisation)
    assert set(run.verdicts.values()) == {Verdict.DONE}, run.lines
    made = {unit["orgUnitPath"] for unit in organisation.emulator.state()["orgUnits"]}
    assert set(PATHS) <= made
    assert organisation.user("p1@example.org").org_unit_path == "/Staff/Berlin/Kitchen"
    assert planned(dry(organisation)) == {}


def test_an_event_makes_them_as_well(tmp_path: Path) -> None:
    organisation = several(tmp_path, "[org_units]\ncreate = true")
    assert organisation.fire("user-add", "p0").verdict is Verdict.DONE
    assert organisation.user("p0@example.org").org_unit_path == "/Staff/Berlin"


def test_otherwise_the_account_is_refused_with_the_remedy(tmp_path: Path) -> None:
    organisation = several(tmp_path, "")
    run = reconcile(organisation)
    assert run.verdicts["p0"] is Verdict.REFUSED
    assert "organisational unit does not exist at Google" in run.lines["p0"]
    assert run.verdicts["top"] is Verdict.DONE
    assert organisation.left() == {}


def test_a_scope_that_was_not_granted_refuses_this_account_alone(tmp_path: Path) -> None:
    organisation = several(tmp_path, "[org_units]\ncreate = true")
    directory = "https://www.googleapis.com/auth/admin.directory"
    organisation.emulator.grant(
        f"{directory}.user",
        f"{directory}.group",
        "https://www.googleapis.com/auth/apps.groups.settings",
    )
    run = reconcile(organisation)
    assert run.verdicts["p0"] is Verdict.REFUSED
    assert run.verdicts["top"] is Verdict.DONE
