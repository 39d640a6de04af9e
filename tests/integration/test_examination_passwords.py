"""What ``gapps-hooks check`` says of the hashes that local files hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_files import LocalFiles, hashed
from organisation import organise

from gapps_hooks.examination import examine
from gapps_hooks.finding import Finding

REMEDY = (
    "; gapps-hooks enable pam --set-sha512 lets those who change their password from then on have "
    "one that Google takes"
)
YESCRYPT = "$y$j9T$salt$NeverToBeShown"


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    directory = tmp_path / "etc"
    directory.mkdir()
    files = LocalFiles(directory)
    for uid, name in enumerate(("alice", "bob", "carol", "dora"), start=1001):
        files.person(name, uid, password=hashed("fine"))
    files.group("google", 3000, "alice", "bob", "carol")
    return files


def said(tmp_path: Path, files: LocalFiles) -> Finding:
    source = f'[source]\ntype = "nss"\ndirectory = "{files.directory}"'
    house = organise(tmp_path, source=source, more='---\n[enabled]\ngroup = "google"\n')
    house.state.close()
    found = examine(house.folder / "gapps-hooks.toml")
    (one,) = [one for one in found if one.what == "passwords"]
    return one


def test_the_hashes_of_the_enabled_are_counted(tmp_path: Path, files: LocalFiles) -> None:
    files.change("dora", password=YESCRYPT)
    text = "3 of 3 enabled people have a hash that Google takes"
    assert said(tmp_path, files) == Finding(what="passwords", fine=True, text=text)


def test_what_google_does_not_take_is_named_with_the_remedy(
    tmp_path: Path, files: LocalFiles
) -> None:
    files.change("bob", password=YESCRYPT)
    files.change("carol", password=YESCRYPT)
    text = f"1 of 3 enabled people have a hash that Google takes; 2 yescrypt{REMEDY}"
    assert said(tmp_path, files) == Finding(what="passwords", fine=True, text=text)


@pytest.mark.parametrize("scheme", ["sha512", "yescrypt"])
def test_what_is_done_already_is_not_advised(
    tmp_path: Path, files: LocalFiles, scheme: str
) -> None:
    files.change("bob", password=YESCRYPT)
    stack = files.directory / "pam.d" / "common-password"
    stack.parent.mkdir()
    stack.write_text(f"password required pam_unix.so obscure {scheme}\n")
    done = "; new ones are hashed with sha512: these people have to set their password again"
    text = said(tmp_path, files).text
    assert text.endswith(done if scheme == "sha512" else REMEDY)


def test_another_scheme_has_no_remedy_of_yescrypt(tmp_path: Path, files: LocalFiles) -> None:
    files.change("bob", password="$2b$10$NeverToBeShown")
    files.change("carol", password="$new$NeverToBeShown")
    text = (
        "1 of 3 enabled people have a hash that Google takes; 1 bcrypt; 1 of a kind that is not "
        "known"
    )
    assert said(tmp_path, files) == Finding(what="passwords", fine=True, text=text)


def test_files_that_cannot_be_read_are_told(tmp_path: Path, files: LocalFiles) -> None:
    (files.directory / "shadow").unlink()
    one = said(tmp_path, files)
    assert not one.fine
    assert "shadow" in one.text
