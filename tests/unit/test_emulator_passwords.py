"""Which passwords and hashes the emulator takes."""

from __future__ import annotations

import pytest
from emulator_workspace import refused
from passlib.hash import (  # type: ignore[import-untyped] # it has no types
    des_crypt,
    md5_crypt,
    sha256_crypt,
    sha512_crypt,
)

from gapps_hooks.emulator.state.passwords import read_password

WRONG = (400, "invalid", "Invalid Password")


@pytest.mark.parametrize(
    "value",
    [
        des_crypt.using(salt="ab").hash("secret"),
        md5_crypt.using(salt="ab").hash("secret"),
        sha256_crypt.using(rounds=5000, salt="ab").hash("secret"),
        sha512_crypt.using(rounds=5000, salt="ab").hash("secret"),
        sha512_crypt.using(rounds=10000, salt="ab").hash("secret"),
    ],
)
def test_crypt_takes_des_md5_sha256_and_sha512(value: str) -> None:
    body = {"password": value, "hashFunction": "crypt"}
    assert read_password(body) == ("crypt", value)


@pytest.mark.parametrize(("function", "digits"), [("MD5", 32), ("SHA-1", 40)])
def test_a_digest_is_hexadecimal_and_of_its_length(function: str, digits: int) -> None:
    good = "0aF" + "0" * (digits - 3)
    assert read_password({"password": good, "hashFunction": function}) == (function, good)
    for bad in (good[:-1], good + "0", "g" * digits, "2jmj7l5rSw0yVb/vlWAYkK/YBwk="):
        assert refused(read_password, {"password": bad, "hashFunction": function}) == WRONG


@pytest.mark.parametrize("value", ["8 chars!", "x" * 100])
def test_clear_text_of_8_to_100_ascii_characters_is_taken(value: str) -> None:
    assert read_password({"password": value}) == (None, value)


@pytest.mark.parametrize("value", ["7 chars", "x" * 101, "pässword", None, 12345678, ""])
def test_other_clear_text_is_refused(value: object) -> None:
    assert refused(read_password, {"password": value}) == WRONG


@pytest.mark.parametrize(
    "value",
    [
        sha512_crypt.using(rounds=10001, salt="ab").hash("secret"),
        "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
        "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "$6$salt$tooshort",
        "secret",
    ],
)
def test_other_hashes_than_crypts_own_are_refused(value: str) -> None:
    assert refused(read_password, {"password": value, "hashFunction": "crypt"}) == WRONG


def test_a_bcrypt_hash_is_refused_with_the_value_itself() -> None:
    value = "$2y$10$abcdefghijklmnopqrstuuFxzVnWNLVGvQF7h6DkU7v6rq5i3b1aW"
    body = {"password": value, "hashFunction": "crypt"}
    assert refused(read_password, body) == (400, "invalid", f"Invalid Input: {value}")


def test_an_unknown_hash_function_is_named() -> None:
    body = {"password": "0" * 64, "hashFunction": "SHA-256"}
    assert refused(read_password, body) == (400, "invalid", "Invalid Input: hashFunction")
