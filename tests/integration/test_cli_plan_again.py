"""A reviewed plan that is carried out a second time: what is done is a note, not a refusal."""

from __future__ import annotations

import pytest
from command_line import CommandLine

ALICE = {"username": "alice", "family_name": "Archer", "id": "entryUUID:a"}
BOB = {"username": "bob", "family_name": "Baker", "id": "entryUUID:b"}
STAFF = {"name": "staff", "members": ["alice", "bob"]}
NOTHING_LEFT = "nothing is left to do here"
FAILED = 1


@pytest.fixture
def line(line: CommandLine) -> CommandLine:
    line.people(ALICE, BOB, groups=(STAFF,))
    return line


@pytest.fixture
def done(line: CommandLine) -> str:
    """A plan that was carried out."""
    file = str(line.folder / "plan.json")
    line.run("reconcile", "--dry-run", "--save", file)
    assert line.run("reconcile", "--plan", file).exit_code == 0
    return file


def test_what_is_done_already_is_a_note(line: CommandLine, done: str) -> None:
    again = line.run("reconcile", "--plan", done)
    assert (again.exit_code, again.stderr) == (0, "")
    for name in ("alice", "bob", "staff"):
        assert f"{name}: {NOTHING_LEFT}\n" in again.stdout
    assert "Done: nothing had to be changed.\n" in again.stdout
    told = line.read("reconcile", "--plan", done)["outcomes"]
    assert {one["verdict"] for one in told} == {"nothing"}


def test_a_test_of_what_is_done_already_names_nothing_to_carry_out(
    line: CommandLine, done: str
) -> None:
    again = line.run("reconcile", "--plan", done, "--dry-run")
    assert f"alice: {NOTHING_LEFT}\n" in again.stdout
    assert "arry it out" not in again.stdout


def test_an_observer_is_told_the_same(line: CommandLine, done: str) -> None:
    file = line.folder / "accounts.json"
    line.configure(source=f'type = "json"\nfile = "{file}"', top='mode = "observe"')
    again = line.run("reconcile", "--plan", done)
    assert (again.exit_code, again.stderr) == (0, "")
    assert f"alice: {NOTHING_LEFT}\n" in again.stdout


def test_what_came_since_is_refused_beside_it(line: CommandLine, done: str) -> None:
    line.people(ALICE, {**BOB, "family_name": "Butcher"}, groups=(STAFF,))
    again = line.run("reconcile", "--plan", done)
    assert again.exit_code == FAILED
    assert "bob: refused: not as it was reviewed" in again.stderr
    assert "; review anew: gapps-hooks reconcile --dry-run --save FILE\n" in again.stderr
    trouble = line.read("status")["last_reconcile"]["trouble"]
    assert trouble == "changed since the plan was saved: bob"
    assert f"alice: {NOTHING_LEFT}\n" in again.stdout


def test_who_is_buried_since_is_refused(line: CommandLine, done: str) -> None:
    line.people(ALICE, {**BOB, "email": "not-ours@example.com"}, groups=(STAFF,))
    line.fire("user-modify", "bob")
    again = line.run("reconcile", "--plan", done)
    assert again.exit_code == FAILED
    assert "bob: refused: not as it was reviewed" in again.stderr
