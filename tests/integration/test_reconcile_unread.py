"""A source that cannot be read of many is told of in one sentence, with their number."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_files import LocalFiles, hashed
from organisation import Organisation, organise
from reconciled import reconcile

from gapps_hooks.model import Kind, Verb, Verdict
from gapps_hooks.reconcile.named import Look
from gapps_hooks.reconcile.named import reconcile as reconcile_named
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


def test_one_who_is_gone_from_passwd_and_still_in_shadow_is_not_gone(
    office: Organisation, files: LocalFiles
) -> None:
    files.lose("p1")
    run = reconcile(office)
    (sentence,) = run.looked.whole.incomplete
    assert sentence.startswith("1 person (p1) is not readable and left as they are: passwd has no")
    assert "shadow still has" in sentence
    assert run.done == []
    files.leave("p1")
    assert reconcile(office).done == [("p1@example.org", Verb.SUSPEND)]


def test_of_a_passwd_that_was_cut_off_nothing_is_concluded_even_by_force(
    office: Organisation, files: LocalFiles
) -> None:
    files.lose(*MANY[1:])
    run = reconcile(office, force=True)
    assert any("4 people (p1, p2, p3 …)" in text for text in run.looked.whole.incomplete)
    assert run.done == []


def test_a_look_at_one_who_is_still_in_shadow_suspends_nobody(
    office: Organisation, files: LocalFiles
) -> None:
    files.lose("p1")
    (outcome,) = reconcile_named(office.wiring, Look(named=((Kind.USER, "p1"),)))
    assert outcome.verdict is Verdict.LATER
    assert "shadow still has" in outcome.line
    office.settle(1.0)
    assert office.left() == {"p1": "buried"}
    assert not office.user("p1@example.org").suspended


def test_whose_deletion_is_told_is_suspended_though_shadow_still_has_a_line(
    office: Organisation, files: LocalFiles
) -> None:
    files.lose("p1")
    office.fire("user-delete", "p1")
    assert office.user("p1@example.org").suspended


def test_a_group_that_is_still_in_gshadow_is_not_gone(tmp_path: Path, files: LocalFiles) -> None:
    source = f'[source]\ntype = "nss"\ndirectory = "{files.directory}"'
    office = organise(tmp_path, source=source, more='---\n[groups]\nwhich = ["staff"]')
    files.group("staff", 2000, "p0")
    reconcile(office)
    members = office.members("staff@example.org")
    files.replace("group", "root:x:0:\nusers:x:100:\n")
    run = reconcile(office)
    assert any("gshadow still has" in text for text in run.looked.whole.incomplete)
    assert office.members("staff@example.org") == members


def test_one_person_is_named_alone() -> None:
    unread = Unread()
    unread.add("alice", "no answer")
    assert list(unread.sentences()) == [
        "1 person (alice) is not readable and left as they are: no answer"
    ]
