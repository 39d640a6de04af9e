"""A stored hash that was read before another was recorded never replaces it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from local_files import LocalFiles, hashed
from organisation import Organisation, organise

from gapps_hooks.model import Event, EventKind
from gapps_hooks.outbox import State, entries
from gapps_hooks.record import Desk, prepare, put, record
from gapps_hooks.sources import Source, open_source
from gapps_hooks.superseded import Superseded

OLDER, NEWER = hashed("older"), hashed("newer")


class Meanwhile:
    """A source with which something happens right after a hash was read."""

    def __init__(self, source: Source, happens: list[Callable[[], object]]) -> None:
        self._source, self._happens = source, happens

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the source has
        return getattr(self._source, name)

    def snapshot(self) -> Source:
        seen = self._source.snapshot()
        if self._happens:
            self._happens.pop()()
        return seen


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    directory = tmp_path / "etc"
    directory.mkdir()
    files = LocalFiles(directory)
    files.person("alice", 1001, "Alice Archer", OLDER)
    return files


def listing(files: LocalFiles) -> str:
    """A slow source that says what the local files say: one account and its hash."""
    script = files.directory / "list.sh"
    script.write_text(
        f'printf \'{{"users": [{{"username": "alice", "password_hash": "%s"}}]}}\' '
        f"$(sed -n 's/^alice:\\([^:]*\\):.*/\\1/p' {files.directory}/shadow)"
    )
    return f'[source]\ntype = "json"\ncommand = ["/bin/sh", "{script}"]'


@pytest.fixture(params=["nss", "command"])
def house(tmp_path: Path, files: LocalFiles, request: pytest.FixtureRequest) -> Organisation:
    nss = f'[source]\ntype = "nss"\ndirectory = "{files.directory}"'
    house = organise(tmp_path, source=nss if request.param == "nss" else listing(files))
    record(desk_of(house), happened(EventKind.USER_ADD))
    return house


def desk_of(house: Organisation) -> Desk:
    source = open_source(house.settings)
    return Desk(settings=house.settings, state=house.state, source=source, tell_trouble=print)


def happened(kind: EventKind = EventKind.PASSWORD_SET) -> Event:
    return Event(id=secrets.token_hex(16), kind=kind, name="alice", patch={})


def waiting(state: State) -> str:
    (entry,) = entries.all_entries(state)
    assert entry.password is not None
    return entry.password.value


def interrupted(desk: Desk, *happens: Callable[[], object]) -> Desk:
    assert desk.source is not None
    meanwhile: Any = Meanwhile(desk.source, list(happens))
    return replace(desk, source=meanwhile)


def test_what_was_read_before_another_was_recorded_has_to_be_read_again(
    house: Organisation, files: LocalFiles
) -> None:
    older = prepare(desk_of(house), happened())
    files.change("alice", password=NEWER)
    record(desk_of(house), happened())
    with pytest.raises(Superseded):
        put(house.state, older)
    assert waiting(house.state) == NEWER


def test_recording_reads_again_by_itself(house: Organisation, files: LocalFiles) -> None:
    def another() -> None:
        files.change("alice", password=NEWER)
        record(desk_of(house), happened())

    receipt = record(interrupted(desk_of(house), another), happened())
    assert receipt.subject is not None
    assert waiting(house.state) == NEWER


def test_the_same_hash_twice_is_no_reason_to_read_again(house: Organisation) -> None:
    first, second = prepare(desk_of(house), happened()), prepare(desk_of(house), happened())
    put(house.state, first)
    assert not put(house.state, second).duplicate
    assert waiting(house.state) == OLDER


def test_a_prepared_hash_is_not_shown(house: Organisation) -> None:
    assert OLDER not in repr(prepare(desk_of(house), happened()))
