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


def test_a_dry_run_names_those_that_are_made_and_asks_google_once(tmp_path: Path) -> None:
    organisation = several(tmp_path, "[org_units]\ncreate = true")
    with organisation.calls() as calls:
        looked = dry(organisation)
    (remark,) = looked.remarks
    named = "/Staff, /Staff/Berlin, /Staff/Berlin/Kitchen"
    assert remark == f"org units that Google lacks, and that are made: {named}"
    assert calls.count("orgunits.list") == 1
    reconcile(organisation)
    with organisation.calls() as calls:
        assert dry(organisation).remarks == ()
    assert calls == ["users.list", "groups.list"]


def test_units_that_are_there_are_not_announced(tmp_path: Path) -> None:
    organisation = several(tmp_path, "[org_units]\ncreate = true")
    organisation.google.insert_org_unit("/", "STAFF")
    (remark,) = dry(organisation).remarks
    assert remark.endswith(": /Staff/Berlin, /Staff/Berlin/Kitchen")


def test_a_unit_of_which_google_shows_an_account_is_not_asked_for(tmp_path: Path) -> None:
    organisation = several(tmp_path, "[org_units]\ncreate = true")
    reconcile(organisation)
    organisation.people(person("new", org_unit="/Staff/Berlin"), person("top"))
    with organisation.calls() as calls:
        looked = dry(organisation)
    assert planned(looked)["new"] == ["create"]
    assert (looked.remarks, "orgunits.list" in calls) == ((), False)


def test_without_the_scope_they_are_announced_as_possible(tmp_path: Path) -> None:
    organisation = several(tmp_path, "[org_units]\ncreate = true")
    organisation.fail(call="orgunits.list", fails="403")
    (remark,) = dry(organisation).remarks
    assert remark.startswith("org units that are made if Google lacks them: /Staff, ")


def test_nothing_is_announced_that_the_settings_do_not_allow(tmp_path: Path) -> None:
    organisation = several(tmp_path, "")
    with organisation.calls() as calls:
        assert dry(organisation).remarks == ()
    assert "orgunits.list" not in calls


def test_an_event_makes_them_as_well(tmp_path: Path) -> None:
    organisation = several(tmp_path, "[org_units]\ncreate = true")
    assert organisation.fire("user-add", "p0").verdict is Verdict.DONE
    assert organisation.user("p0@example.org").org_unit_path == "/Staff/Berlin"


def test_otherwise_the_account_is_refused_with_the_remedy(tmp_path: Path) -> None:
    organisation = several(tmp_path, "")
    run = reconcile(organisation)
    assert run.verdicts["p0"] is Verdict.REFUSED
    assert "organisational unit /Staff/Berlin does not exist at Google" in run.lines["p0"]
    assert "org_units.create = true" in run.lines["p0"]
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
