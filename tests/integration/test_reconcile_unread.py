"""A source that cannot be read of many is told of in one sentence, with their number."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_files import LocalFiles, hashed
from organisation import Organisation, organise
from reconciled import reconcile

from gapps_hooks.reconcile.unread import Unread

MANY = tuple(f"p{number}" for number in range(5))


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    folder = tmp_path / "etc"
    folder.mkdir()
    files = LocalFiles(folder)
    for number, name in enumerate(MANY):
        files.person(name, 1001 + number, password=hashed(name))
    return files


@pytest.fixture
def office(tmp_path: Path, files: LocalFiles) -> Organisation:
    office = organise(tmp_path, source=f'[source]\ntype = "nss"\ndirectory = "{files.directory}"')
    reconcile(office)
    return office


def test_many_who_are_not_found_where_others_are_asked_too_are_one_sentence(
    office: Organisation, files: LocalFiles
) -> None:
    files.replace("nsswitch.conf", "passwd: files sss\n")
    files.leave(*MANY[1:])
    run = reconcile(office)
    (_, sentence) = run.looked.whole.incomplete
    assert sentence.startswith("4 people (p1, p2, p3 …) are linked and not found")
    assert [piece.key for piece in run.looked.whole.pieces] == []
    assert run.done == []


def test_many_of_whom_something_cannot_be_read_are_one_sentence(
    office: Organisation, files: LocalFiles
) -> None:
    (files.directory / "shadow").unlink()
    run = reconcile(office)
    told = [text for text in run.looked.whole.incomplete if text.startswith("5 people (p0, p1, p2")]
    assert len(told) == 1
    assert "shadow" in told[0]
    assert [piece.key for piece in run.looked.whole.pieces] == []
    assert run.done == []


def test_one_person_is_named_alone() -> None:
    unread = Unread()
    unread.add("alice", "no answer")
    assert list(unread.sentences()) == [
        "1 person (alice) is not readable and left as they are: no answer"
    ]
