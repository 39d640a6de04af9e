"""Files of local accounts that are all cut off at once: nobody is taken to be gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from local_files import LocalFiles, hashed
from organisation import Organisation, organise

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.record import Desk, record
from gapps_hooks.sources import NssSource
from gapps_hooks.watching.looking import Looker

PEOPLE = ("alice", "bob", "carol", "dave", "eve")


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    directory = tmp_path / "etc"
    directory.mkdir()
    files = LocalFiles(directory)
    for number, name in enumerate(PEOPLE):
        files.person(name, 1001 + number, f"{name.title()} Example", hashed(name))
    return files


@pytest.fixture
def office(tmp_path: Path, files: LocalFiles) -> Organisation:
    office = organise(tmp_path, source=f'[source]\ntype = "nss"\ndirectory = "{files.directory}"')
    for name in PEOPLE:
        office.fire("user-add", name)
    return office


@pytest.fixture
def look(office: Organisation) -> Callable[[], list[str]]:
    source = NssSource(office.settings.source.directory)
    desk = Desk(
        settings=office.settings,
        state=office.state,
        source=source,
        tell_trouble=office.troubles.append,
    )
    looker = Looker(
        settings=office.settings,
        state=office.state,
        source=source,
        record=lambda event: record(desk, event),
    )
    looker.look()
    return lambda: [f"{event.kind} {event.name}" for event in looker.look().told]


def suspended(office: Organisation) -> list[str]:
    return [name for name in PEOPLE if office.user(f"{name}@example.org").suspended]


def test_files_that_are_cut_to_root_suspend_nobody(
    office: Organisation, files: LocalFiles, look: Callable[[], list[str]]
) -> None:
    people, files.people = files.people, {}
    files.write()
    with pytest.raises(SourceUnreadable, match=r"5 of the 5 people .*gapps-hooks reconcile"):
        look()
    office.settle()
    assert (suspended(office), office.left()) == ([], {})
    files.people = people
    files.write()
    assert look() == []


def test_more_than_half_at_once_is_not_believed(
    files: LocalFiles, look: Callable[[], list[str]]
) -> None:
    files.leave(*PEOPLE[:3])
    with pytest.raises(SourceUnreadable, match="3 of the 5 people"):
        look()


def test_fewer_are_gone_as_ever(
    office: Organisation, files: LocalFiles, look: Callable[[], list[str]]
) -> None:
    files.leave("alice", "bob")
    assert sorted(look()) == ["user-delete alice", "user-delete bob"]
    office.settle()
    assert suspended(office) == ["alice", "bob"]


def test_who_was_suspended_on_a_persons_word_is_gone(
    office: Organisation, files: LocalFiles, look: Callable[[], list[str]]
) -> None:
    files.leave(*PEOPLE[:3])
    for name in PEOPLE[:3]:
        office.fire("user-delete", name)
    assert sorted(look()) == [f"user-delete {name}" for name in PEOPLE[:3]]
    office.settle()
    assert suspended(office) == list(PEOPLE[:3])
    assert look() == []


def test_nothing_else_is_concluded_from_such_files(
    office: Organisation, files: LocalFiles, look: Callable[[], list[str]]
) -> None:
    people = dict(files.people)
    files.people = {"mallory": people.pop("alice")}
    files.write()
    with pytest.raises(SourceUnreadable):
        look()
    assert office.left() == {}
