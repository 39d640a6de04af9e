"""What becomes of a password or a stored hash on its way to Google."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passlib.hash import (  # type: ignore[import-untyped] # it ships no types
    bcrypt,
    des_crypt,
    md5_crypt,
    sha256_crypt,
    sha512_crypt,
)

from gapps_hooks import passwords
from gapps_hooks.errors import UnusablePassword
from gapps_hooks.model import PasswordHash

CLEAR = "correct horse 7"
# one for all, so that a test has the same name in each process that runs a part of them
SALT = "saltsalt"
PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=8, max_size=100)


def refusal(stored: str) -> str:
    with pytest.raises(UnusablePassword) as caught:
        passwords.from_stored(stored)
    assert caught.value.__context__ is None
    return str(caught.value)


@settings(max_examples=40, deadline=None)
@given(PRINTABLE)
def test_a_hashed_password_verifies_and_is_nowhere_in_its_text_form(clear: str) -> None:
    hashed = passwords.from_clear_text(clear)
    assert hashed.function == "crypt"
    assert sha512_crypt.verify(clear, hashed.value)
    assert hashed.value.startswith("$6$")
    assert repr(hashed) == "PasswordHash(function='crypt')"


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1).map(lambda text: f"s3cret-{text}-s3cret\u00e9"))
def test_a_refused_password_is_never_shown(clear: str) -> None:
    with pytest.raises(UnusablePassword) as caught:
        passwords.from_clear_text(clear)
    assert "s3cret" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    ("clear", "because"),
    [
        ("seven77", "7 characters"),
        ("x" * 101, "101 characters"),
        ("", "0 characters"),
        ("pässword1", "ASCII"),
        ("tab\tpassword", "printable"),
        ("line\npassword", "printable"),
        ("nul\0password", "printable"),
        ("\ud800password", "ASCII"),
    ],
)
def test_a_password_outside_googles_bounds_is_refused_with_the_bound(
    clear: str, because: str
) -> None:
    with pytest.raises(UnusablePassword, match=because):
        passwords.from_clear_text(clear)


@pytest.mark.parametrize("length", [8, 100])
def test_googles_bounds_themselves_are_taken(length: int) -> None:
    hashed = passwords.from_clear_text("a" * length)
    assert sha512_crypt.verify("a" * length, hashed.value)


@pytest.mark.parametrize(
    "stored",
    [
        sha512_crypt.using(rounds=5000, salt=SALT).hash(CLEAR),
        sha512_crypt.using(rounds=10_000, salt=SALT).hash(CLEAR),
        sha256_crypt.using(rounds=9999, salt=SALT).hash(CLEAR),
        md5_crypt.using(salt=SALT).hash(CLEAR),
        des_crypt.using(salt=SALT[:2]).hash("horse"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "{CRYPT}", "{crypt}", "{Crypt}"])
def test_a_crypt_hash_that_google_takes_loses_only_its_prefix(stored: str, prefix: str) -> None:
    assert passwords.from_stored(prefix + stored) == PasswordHash("crypt", stored)


@given(st.text(max_size=50))
def test_an_unsalted_digest_becomes_hexadecimal(clear: str) -> None:
    for name, function, prefix in (("sha1", "SHA-1", "{SHA}"), ("md5", "MD5", "{md5}")):
        digest = hashlib.new(name, clear.encode()).digest()
        wanted = PasswordHash(function, digest.hex())
        assert passwords.from_stored(prefix + base64.b64encode(digest).decode()) == wanted
        assert passwords.from_stored(prefix + digest.hex()) == wanted
        assert passwords.from_stored(digest.hex().upper()) == wanted


@pytest.mark.parametrize(
    ("stored", "name", "remedy"),
    [
        ("$y$j9T$abc$def", "yescrypt", "common-password"),
        ("{CRYPT}$y$j9T$abc$def", "yescrypt", 'replace "yescrypt" by "sha512"'),
        ("$7$CU..../....abc$def", "scrypt", "sha512"),
        ("{SSHA}" + base64.b64encode(b"x" * 28).decode(), "salted SHA", "$6$rounds=5000$"),
        ("{SSHA512}abc", "salted SHA", "CRYPT-SHA512"),
        ("{SHA512}abc", "SHA-2", "password-hash"),
        ("{PBKDF2-SHA512}10000$a$b", "PBKDF2", "set the password again"),
        ("{ARGON2}$argon2id$v=19$a", "argon2", "set the password again"),
        ("$argon2id$v=19$m=1,t=1,p=1$YQ$YQ", "argon2", "clear text"),
        ("$2y$10$" + "a" * 53, "bcrypt", "$6$"),
        ("$pbkdf2-sha256$29000$a$b", "PBKDF2", "$6$"),
        ("$NT$" + "a" * 32, "NT hash", "clear text"),
        ("{SASL}alice@EXAMPLE.ORG", "pointer", "clear text"),
        ("{CLEARTEXT}hunter22hunter", "clear text", '"password"'),
    ],
)
def test_a_hash_that_google_cannot_take_is_refused_with_the_way_to_one_that_it_can(
    stored: str, name: str, remedy: str
) -> None:
    text = refusal(stored)
    assert name in text
    assert remedy in text
    assert stored.rpartition("}")[2] not in text


def test_bcrypt_is_known_by_the_prefix_that_its_library_writes() -> None:
    assert bcrypt.ident_values
    assert all("bcrypt" in refusal(ident + "10$" + "a" * 53) for ident in bcrypt.ident_values)


def test_too_many_rounds_are_refused_with_the_number() -> None:
    text = refusal(sha512_crypt.using(rounds=10_001).hash(CLEAR))
    assert "10001 rounds" in text
    assert "rounds=5000" in text


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "!",
        "*",
        "!!",
        "!" + sha512_crypt.using(salt=SALT).hash(CLEAR),
        "$6$salt",
        "$6$salt$short",
        "$6$rounds=x$salt$" + "a" * 86,
        "$6$rounds=999$salt$" + "a" * 86,
        sha512_crypt.using(salt=SALT).hash(CLEAR) + "a",
        sha512_crypt.using(salt=SALT).hash(CLEAR) + "\n",
        "{CRYPT}",
        "{CRYPT}{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=",
        "{CRYPT}" + "a" * 40,
        "{SHA}dG9vIHNob3J0",
        "{MD5}not base64!",
        "{SHA}",
        "}",
        "x",
        "abc",
        "gg" * 16,
        "$9$what$ever",
        "é" * 13,
        "a" * 5000,
    ],
)
def test_what_is_no_whole_hash_is_refused_without_being_shown(stored: str) -> None:
    text = refusal(stored)
    assert text.startswith("password_hash: ")
    assert len(stored) < 10 or stored not in text


@given(st.text())
def test_any_text_is_either_taken_or_refused(text: str) -> None:
    try:
        taken = passwords.from_stored(text)
    except UnusablePassword:
        return
    assert taken.function in {"crypt", "MD5", "SHA-1"}


def test_the_unknown_password_is_another_one_each_time() -> None:
    made = [passwords.unknown() for _ in range(100)]
    assert {one.function for one in made} == {"crypt"}
    salts, hashes = zip(*(one.value.split("$")[2:] for one in made), strict=True)
    assert len(set(salts)) == len(set(hashes)) == 100
    letters = [set(column) for column in zip(*hashes, strict=True)]
    # of 512 bits the last letter has two
    assert letters.pop() == set("./01")
    assert min(len(column) for column in letters) > 32


def test_the_unknown_password_has_the_form_of_a_hash() -> None:
    for _ in range(100):
        made = passwords.unknown()
        assert passwords.from_stored(made.value) == made
        assert sha512_crypt.from_string(made.value).to_string() == made.value
    assert not sha512_crypt.verify(CLEAR, made.value)
