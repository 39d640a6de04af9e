"""What a person's entry says of the password: its hash, or that it is locked."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from gapps_hooks.model import UNSET
from gapps_hooks.settings import (
    EnabledSettings,
    GoogleSettings,
    Settings,
    SourceSettings,
    StateSettings,
)
from gapps_hooks.sources.ldap_fields import identity_of
from gapps_hooks.sources.ldap_layout import layout_of
from gapps_hooks.sources.ldap_people import Person, account_of, decode_person, without_hidden
from gapps_hooks.sources.ldap_values import Dn, NotUnderstood, lowered

NOW = 1_800_000_000.0
CRYPT = "$6$salt$" + "a" * 86
SHA = "{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M="


def read(*hashes: str, preset: Literal["rfc2307", "clearos"] = "rfc2307", **more: str) -> Person:
    settings = Settings(
        path=Path("/etc/gapps-hooks/gapps-hooks.toml"),
        domain="example.org",
        admin="admin@example.org",
        google=GoogleSettings(credentials=Path("/key.json")),
        source=SourceSettings(
            type="ldap", uri="ldap://127.0.0.1", preset=preset, base="dc=example,dc=org"
        ),
        enabled=EnabledSettings(all=True),
        state=StateSettings(directory=Path("/state")),
    )
    values = {"uid": "alice", "entryUUID": "1", "uidNumber": "2000", **more}
    attributes = {name: [value.encode()] for name, value in values.items()}
    attributes["userPassword"] = [value.encode() for value in hashes]
    return decode_person("uid=alice,dc=example,dc=org", attributes, layout_of(settings), NOW)


@pytest.mark.parametrize(
    "hashes",
    [
        ["{CRYPT}!" + CRYPT],
        ["{crypt}!!"],
        ["{CRYPT}!"],
        ["!{CRYPT}" + CRYPT],
        ["{SSHA}!" + SHA],
        [SHA, "{CRYPT}!" + CRYPT],
        ["{CRYPT}!" + CRYPT, "{CRYPT}" + CRYPT],
    ],
)
def test_a_hash_behind_a_mark_of_exclamation_is_a_lock_and_nothing_to_send(
    hashes: list[str],
) -> None:
    person = read(*hashes)
    assert (person.active, person.password) == (False, None)


def test_no_digest_beside_a_locked_hash_is_sent() -> None:
    digest = {"clearSHA1Password": "a" * 40, "clearSHAPassword": SHA}
    assert read(SHA, preset="clearos", **digest).password is not None
    assert read(SHA, "{CRYPT}!" + CRYPT, preset="clearos", **digest).password is None


def test_a_digest_of_an_older_password_is_not_sent() -> None:
    digest = {"clearSHA1Password": "a" * 40, "clearSHAPassword": SHA}
    ours, newer = read(SHA, preset="clearos", **digest), "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3"
    theirs = read(newer, preset="clearos", **digest)
    assert (ours.password and ours.password.value) == "a" * 40
    assert (theirs.password and theirs.password.value) == newer


def test_one_who_is_locked_is_inactive_also_where_the_status_is_hidden() -> None:
    active, locked = read("{CRYPT}" + CRYPT), read("{CRYPT}!" + CRYPT)
    for person, enabled in ((active, UNSET), (locked, False)):
        account = account_of(person, (), complete=True, unseen=frozenset())
        assert without_hidden(account, frozenset({"status"})).enabled is enabled


@pytest.mark.parametrize("text", ["{CRYPT}*", "!a clear text, which is no lock"])
def test_one_without_a_usable_password_is_not_locked(text: str) -> None:
    assert read(text).active is True


def test_a_hash_is_taken_as_it_is() -> None:
    person = read("{CRYPT}" + CRYPT)
    assert person.active is True
    assert person.password is not None
    assert person.password.value == "{CRYPT}" + CRYPT


def test_an_id_with_two_values_is_none() -> None:
    values = {"uid": [b"alice"], "entryUUID": [b"1", b"2"]}
    assert identity_of(lowered(values), ("entryUUID",), needed=False) is None
    with pytest.raises(NotUnderstood, match="has no entryUUID"):
        identity_of(lowered(values), ("entryUUID",))


@pytest.mark.parametrize(
    ("dn", "above"),
    [
        ("uid=a,ou=B,dc=c", "ou=b,dc=c"),
        ("cn=Ng\\, Al\\2c x,ou=B,dc=c", "ou=b,dc=c"),
        ("dc=c", ""),
    ],
)
def test_an_entry_is_below_another(dn: str, above: str) -> None:
    found = Dn.of(dn)
    assert found is not None
    assert found.above == above
