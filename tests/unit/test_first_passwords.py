"""Which password a new account gets, and what is said of it."""

from __future__ import annotations

import pytest

from gapps_hooks.first_passwords import first_password, said_of_passwords, signing_in_later
from gapps_hooks.model import Change, PasswordHash, StoredPassword, Verb

HASH = "$6$salt$" + "a" * 86
YESCRYPT = "$y$j9T$salt$" + "c" * 43


def made(words: str) -> Change:
    return Change(verbs=(Verb.CREATE,), google_id="", address="a@x.org", first_password=words)


def test_a_hash_that_google_takes_is_the_password() -> None:
    first = first_password(StoredPassword(HASH))
    assert first.stored == PasswordHash("crypt", HASH)
    assert (first.words, first.remedy) == ("the stored one", "")


@pytest.mark.parametrize("stored", [None, StoredPassword(YESCRYPT), StoredPassword("{UNHEARD}x")])
def test_nobody_knows_any_other_and_no_word_shows_the_hash(stored: StoredPassword | None) -> None:
    first = first_password(stored)
    assert first.stored is None
    assert first.words.startswith("one that nobody knows (")
    assert stored is None or stored.value not in first.words + first.remedy


def test_the_remedy_is_that_of_the_scheme() -> None:
    assert "--set-sha512" in first_password(StoredPassword(YESCRYPT)).remedy
    assert first_password(None).remedy == ""


def test_those_whom_nobody_can_sign_in_to_are_counted_in_the_right_number() -> None:
    unknown, known = made(first_password(None).words), made("the stored one")
    assert signing_in_later([known, made("")]) == ""
    assert signing_in_later([unknown, known]).startswith("1 of the new accounts gets a password")
    assert signing_in_later([unknown] * 3).startswith("3 of the new accounts get a password")
    assert list(said_of_passwords([known, made("")])) == ["password: the stored one"]
