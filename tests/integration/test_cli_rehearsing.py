"""``gapps-hooks reconcile`` of everybody as a test: what it shows, and how it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from command_line import CommandLine

FAILED, CHANGES, TOO_MUCH = 1, 3, 4


def person(name: str, family_name: str = "Archer") -> dict[str, Any]:
    return {"username": name, "family_name": family_name, "id": f"entryUUID:{name}"}


def observe(line: CommandLine, *users: dict[str, Any]) -> None:
    line.people(*users)
    file = line.folder / "accounts.json"
    line.configure(source=f'type = "json"\nfile = "{file}"', top='mode = "observe"')


def saved(line: CommandLine) -> str:
    file = line.folder / "plan.json"
    line.run("reconcile", "--dry-run", "--save", str(file))
    return str(file)


# --- observing -----------------------------------------------------------------------------------


def test_observing_shows_of_a_reviewed_plan_only_what_was_reviewed(line: CommandLine) -> None:
    observe(line, person("alice"))
    file = saved(line)
    observe(line, person("alice"), person("bob"))
    result = line.run("reconcile", "--plan", file)
    assert result.exit_code == 0, result.output
    assert "+ create alice@example.org" in result.stdout
    assert "bob" not in result.stdout
    assert "nothing is sent" in result.stdout
    assert not line.user("alice")


def test_observing_names_what_moved_since_a_plan_was_reviewed(line: CommandLine) -> None:
    observe(line, person("alice"), person("bob"))
    file = saved(line)
    observe(line, person("alice"), person("bob", "Moved"))
    result = line.run("reconcile", "--plan", file)
    assert result.exit_code == FAILED
    assert "bob: refused: not as it was reviewed: the account manager has" in result.stderr
    assert "+ create alice@example.org" in result.stdout
    assert "create bob" not in result.stdout
    told = line.read("reconcile", "--plan", file)
    assert [plan["name"] for plan in told["plans"]] == ["alice"]
    assert [one["name"] for one in told["outdated"]] == ["bob"]
    assert told["counts"] == {"create": 1}


def test_observing_refuses_a_plan_that_was_tampered_with(line: CommandLine) -> None:
    observe(line, person("alice"))
    file = Path(saved(line))
    file.write_text(file.read_text().replace("alice@", "mallory@"))
    result = line.run("reconcile", "--plan", str(file))
    assert result.exit_code == FAILED
    assert "not as it was saved" in result.stderr


# --- a plan that is looked at again --------------------------------------------------------------


def test_a_saved_plan_is_compared_with_both_sides_and_nothing_is_changed(line: CommandLine) -> None:
    line.people(person("alice"), person("bob"))
    file = saved(line)
    words = ("reconcile", "--plan", file, "--dry-run")
    assert line.run(*words).exit_code == 0
    assert line.run(*words, "--exit-code").exit_code == CHANGES
    line.people(person("alice"), person("bob", "Moved"), person("carol"))
    result = line.run(*words)
    assert result.exit_code == FAILED
    assert "+ create alice@example.org" in result.stdout
    assert "bob: refused: not as it was reviewed: the account manager has" in result.stderr
    assert "carol" not in result.output
    assert f"\nCarry it out with: gapps-hooks reconcile --plan {file}\n" in result.stdout
    assert (line.user("alice"), line.read("links", "show")) == ({}, [])


# --- too much ------------------------------------------------------------------------------------


@pytest.fixture
def crowd(line: CommandLine) -> CommandLine:
    """Eight people at Google, five of whom are gone here: three may be suspended in a day."""
    everybody = [person(f"p{at}") for at in range(8)]
    line.people(*everybody)
    line.run("reconcile")
    line.people(*everybody[:3])
    return line


def test_a_test_that_finds_too_much_says_so_and_is_4(crowd: CommandLine) -> None:
    result = crowd.run("reconcile", "--dry-run", "--exit-code")
    assert result.exit_code == TOO_MUCH
    assert "5 x suspend" in result.stdout
    assert "bounds.suspend allows 3" in result.stdout
    assert "5 x suspend" in crowd.read("reconcile", "--dry-run")["too_much"][0]


def test_who_reads_the_plan_is_not_told_to_read_it_nor_that_anything_was_refused(
    crowd: CommandLine,
) -> None:
    (sentence,) = crowd.read("reconcile", "--dry-run")["too_much"]
    assert sentence.startswith("too much: 5 x suspend; bounds.suspend allows 3 in 24 hours. ")
    assert sentence.endswith("if this plan is right, add --force")
    assert "--dry-run" not in sentence


def test_without_exit_code_a_test_is_0_whatever_it_finds(crowd: CommandLine) -> None:
    assert crowd.run("reconcile", "--dry-run").exit_code == 0


def test_with_force_nothing_is_too_much_for_a_test_either(crowd: CommandLine) -> None:
    result = crowd.run("reconcile", "--dry-run", "--exit-code", "--force")
    assert result.exit_code == CHANGES
    assert "too much" not in result.stdout


@pytest.mark.parametrize("more", [(), ("--force",)])
def test_a_saved_plan_that_is_too_much_is_carried_out_as_the_sentence_says(
    crowd: CommandLine, more: tuple[str, ...]
) -> None:
    file = str(crowd.folder / "plan.json")
    result = crowd.run("reconcile", "--dry-run", "--save", file, *more)
    assert f"carry it out with: gapps-hooks reconcile --plan {file} --force\n" in result.stdout
    assert crowd.run("reconcile", "--plan", file, "--force").exit_code == 0


@pytest.fixture
def held(crowd: CommandLine) -> CommandLine:
    """Three of the five are suspended, and the fourth is held."""
    for at in range(3, 7):
        crowd.fire("user-delete", f"p{at}")
    crowd.people(*(person(f"p{at}") for at in (0, 1, 2, 7)))
    assert crowd.read("outbox", "list")[0]["status"] == "held"
    return crowd


def test_force_lets_go_who_is_held_as_its_test_has_shown(held: CommandLine) -> None:
    assert "outbox release p6" in held.run("reconcile", "--dry-run").stdout
    shown = held.run("reconcile", "--dry-run", "--force").stdout
    assert "- suspend p6@example.org" in shown
    assert "! " not in shown.partition("\n")[2]
    assert held.run("reconcile", "--dry-run").exit_code == TOO_MUCH
    result = held.run("reconcile", "--force")
    assert (result.exit_code, held.read("outbox", "list")) == (0, []), result.output
    assert held.user("p6")["suspended"]


def test_a_plan_carried_out_by_force_leaves_who_is_held(held: CommandLine) -> None:
    file = str(held.folder / "plan.json")
    shown = held.run("reconcile", "--dry-run", "--force", "--save", file).stdout
    assert "outbox release p6" in shown
    held.run("reconcile", "--plan", file, "--force")
    assert "without --plan also for who is held" in " ".join(
        held.run("reconcile", "--help").stdout.split()
    )
    assert held.read("outbox", "list")[0]["status"] == "held"


def test_who_is_held_is_4_and_told_to_whoever_reads_errors(held: CommandLine) -> None:
    result = held.run("reconcile")
    assert result.exit_code == TOO_MUCH
    assert "p6: held: 4 x suspend within 24 hours is more than the bound of 3" in result.stderr
    assert "Done: nothing was changed. 1 held.\n" in result.stdout
    assert held.read("reconcile")["outcomes"][0]["verdict"] == "held"
    (plan,) = held.read("reconcile", "--dry-run")["plans"]
    assert (plan["refusals"], len(plan["held"])) == ([], 1)
    assert held.read("status")["last_reconcile"]["trouble"].startswith("1 held: p6; ")


def test_who_is_refused_is_worse_than_who_is_held(held: CommandLine) -> None:
    held.people(*(person(f"p{at}") for at in (0, 1, 2, 7)), person("abuse"))
    assert held.run("reconcile", "--dry-run").exit_code == FAILED
    assert held.run("reconcile").exit_code == FAILED


def test_who_is_held_is_worse_than_who_waits(held: CommandLine) -> None:
    held.emulator.faults.script([{"call": "users.patch", "fails": "503", "times": 0}])
    held.people(*(person(f"p{at}") for at in (1, 2, 7)), person("p0", "Moved"))
    held.fire("user-modify", "p0")
    assert held.run("reconcile").exit_code == TOO_MUCH


def test_what_is_refused_is_worse_than_too_much(crowd: CommandLine) -> None:
    crowd.people(*(person(f"p{at}") for at in range(3)), person("abuse"))
    assert crowd.run("reconcile", "--dry-run", "--exit-code").exit_code == FAILED


def test_a_test_counts_the_members_of_groups_that_would_be_deleted(line: CommandLine) -> None:
    """As the run itself does: a test that says nothing of them would be followed by a refusal."""
    stays, goes = {"name": "stays", "members": []}, {"name": "goes", "members": ["alice"]}
    line.people(person("alice"), groups=(stays, goes))
    file = line.folder / "accounts.json"
    more = '[groups]\nremoved = "delete"\n[bounds.remove_member]\nleast = 0\nmost = 0'
    line.configure(source=f'type = "json"\nfile = "{file}"', more=more)
    line.run("reconcile")
    line.people(person("alice"), groups=(stays,))
    line.configure(source=f'type = "json"\nfile = "{file}"', more=more)
    result = line.run("reconcile", "--dry-run", "--exit-code")
    assert result.exit_code == TOO_MUCH, result.output
    assert "1 x remove member" in result.stdout


# --- what it costs -------------------------------------------------------------------------------


def test_a_named_group_is_shown_from_one_reading_of_the_account_manager(line: CommandLine) -> None:
    people = [person(f"person{number}") for number in range(10)]
    staff = {"name": "staff", "members": ["person0"], "id": "entryUUID:staff"}
    line.people(*people, groups=(staff,))
    runs = line.folder / "runs"
    program = f"echo >> {runs}; cat {line.folder / 'accounts.json'}"
    source = f'type = "json"\ncommand = ["/bin/sh", "-c", "{program}"]'
    line.run("reconcile")
    newcomers = [one["username"] for one in people[1:]]
    line.people(*people, groups=({**staff, "members": newcomers},))
    line.configure(source=source)
    result = line.run("reconcile", "--dry-run", "group:staff")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("+ add member") == len(newcomers), result.stdout
    assert 1 <= len(runs.read_text().splitlines()) <= 2
