"""Whose a password is: what waits under a name is never set on the account of who has it next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from organisation import Organisation, organise

from gapps_hooks.outbox import history

A_HASH = "$6$salt$" + "a" * 86
B_HASH = "$6$salt$" + "b" * 86
SENT = {"Anna": ("crypt", A_HASH), "Bert": ("crypt", B_HASH)}
OUTAGE = ConnectionRefusedError(111, "Connection refused")


def anna(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - a listing's fields
    return {"username": name, "id": "entryUUID:a", "given_name": "Anna", **more}


def bert(name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - a listing's fields
    return {"username": name, "id": "entryUUID:b", "given_name": "Bert", **more}


@pytest.fixture
def house(tmp_path: Path) -> Organisation:
    """Anna and Bert have accounts, and nothing waits."""
    house = organise(tmp_path, source=f'[source]\ntype = "json"\nfile = "{tmp_path}/accounts.json"')
    house.people(anna("anna"), bert("bert"))
    house.fire("user-add", "anna")
    house.fire("user-add", "bert")
    return house


def passwords(house: Organisation) -> dict[str, object]:
    """What each account of Google is signed in to with, by the person's first name."""
    users = house.emulator.state()["users"]
    return {
        user["name"]["givenName"]: house.emulator.password_of(user["primaryEmail"])
        for user in users
        if user["name"]["givenName"] in {"Anna", "Bert"}
    }


def lines(house: Organisation) -> str:
    return "\n".join(line.line for line in history.read(house.state))


@pytest.mark.parametrize("given", [{}, {"password_hash": A_HASH}], ids=["stored", "given"])
def test_a_password_under_a_name_that_another_has_by_now_goes_to_its_owner(
    house: Organisation, given: dict[str, str]
) -> None:
    before = passwords(house)
    house.people(anna("r12", password_hash=A_HASH), bert("bert"))
    house.record("password-set", "r12", given)
    house.people(anna("r20", password_hash=A_HASH), bert("r12"))
    house.record("user-modify", "r12")
    house.settle()
    assert passwords(house) == SENT | {"Bert": before["Bert"]}
    assert "told under the name r12, which its owner has no more, was passed on to anna" in lines(
        house
    )
    assert not house.left()


def test_a_password_under_a_name_that_nobody_has_any_more_goes_to_its_owner(
    house: Organisation,
) -> None:
    before = passwords(house)
    house.people(anna("r12", password_hash=A_HASH), bert("bert"))
    house.record("password-set", "r12")
    house.people(anna("r20", password_hash=A_HASH), bert("bert"))
    house.settle()
    assert passwords(house) == SENT | {"Bert": before["Bert"]}
    assert house.user("r20@example.org").given_name == "Anna"
    assert not house.left()


def test_a_password_whose_owner_is_gone_is_dropped_and_that_is_told(house: Organisation) -> None:
    before = passwords(house)
    house.people(anna("r12", password_hash=A_HASH), bert("bert"))
    house.record("password-set", "r12")
    house.people(bert("r12"))
    house.record("user-modify", "r12")
    house.settle()
    assert passwords(house) == before
    assert "its owner has no more, was dropped" in lines(house)
    assert "its owner has no more, was dropped" in house.troubles[0]
    assert not house.left()


def test_a_password_that_is_dropped_is_a_note_of_the_outcome(house: Organisation) -> None:
    before = passwords(house)
    house.people(anna("r12"), anna_two := {"username": "bert", "id": "entryUUID:c"}, bert("r20"))
    house.record("user-modify", "bert", {"old_username": "bert"})
    house.record("password-set", "r12", {"password_hash": A_HASH})
    house.people(anna_two, {"username": "r12", "id": "entryUUID:d", "given_name": "Dora"})
    (outcome,) = [one for one in house.settle() if one.name == "r12"]
    assert "dropped" in outcome.notes[-1]
    assert passwords(house) == before


def test_a_rename_that_is_told_does_not_bring_the_password_that_waited_under_the_name(
    house: Organisation,
) -> None:
    before = passwords(house)
    house.people(anna("r12", password_hash=A_HASH), bert("bert"))
    house.record("password-set", "r12")
    house.people(anna("r20", password_hash=A_HASH), bert("r12"))
    house.record("user-modify", "r12", {"old_username": "bert"})
    house.settle()
    assert passwords(house) == SENT | {"Bert": before["Bert"]}
    assert "passed on to anna" in lines(house)
    assert not house.left()


def test_another_ones_password_does_not_replace_the_persons_own_that_waits(
    house: Organisation,
) -> None:
    house.record("password-set", "bert", {"password_hash": B_HASH})
    house.people(anna("r12"), bert("bert"))
    house.record("password-set", "r12", {"password_hash": A_HASH})
    house.people(anna("r20"), bert("r12"))
    house.record("user-modify", "r12")
    house.settle()
    assert passwords(house) == SENT
    assert not house.left()


def test_two_passwords_under_one_name_go_to_the_two_who_had_it(house: Organisation) -> None:
    house.people(anna("r12"), bert("bert"))
    house.record("password-set", "r12", {"password_hash": A_HASH})
    house.people(anna("r20"), bert("r12"))
    house.record("password-set", "r12", {"password_hash": B_HASH})
    house.settle()
    assert passwords(house) == SENT
    assert not house.left()


def test_a_newer_password_of_the_owner_is_not_replaced_by_one_that_is_passed_on(
    house: Organisation,
) -> None:
    before = passwords(house)
    house.people(anna("r12"), bert("bert"))
    house.record("password-set", "r12", {"password_hash": B_HASH})
    house.people(anna("anna"), bert("r12"))
    house.record("password-set", "anna", {"password_hash": A_HASH})
    house.record("user-modify", "r12")
    house.settle()
    assert passwords(house) == SENT | {"Bert": before["Bert"]}
    assert "dropped: anna was told a newer one since" in lines(house)


def test_a_newcomer_who_got_another_name_at_once_takes_the_password_along(tmp_path: Path) -> None:
    house = organise(tmp_path, source=f'[source]\ntype = "json"\nfile = "{tmp_path}/accounts.json"')
    house.people(bert("bert"))
    house.fire("user-add", "bert")
    before = passwords(house)
    house.people(bert("bert"), anna("r12"))
    house.record("user-add", "r12", {"password_hash": A_HASH})
    house.people(bert("r12"), anna("r20"))
    house.record("user-modify", "r12")
    house.settle()
    assert passwords(house) == before | {"Anna": ("crypt", A_HASH)}
    assert house.user("r20@example.org").given_name == "Anna"


def test_a_linked_name_that_was_given_away_does_not_bring_its_new_owners_password_back(
    house: Organisation,
) -> None:
    """Both moved on without a word: what is told of the name then is not the linked one's."""
    before = passwords(house)
    house.people(anna("bert"), bert("r20"))
    house.record("password-set", "bert", {"password_hash": A_HASH})
    house.record("user-modify", "r20", {"old_username": "bert"})
    house.settle()
    assert passwords(house) == SENT | {"Bert": before["Bert"]}


def test_a_number_that_changed_under_a_name_keeps_the_password_from_the_next_one(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "etc"
    directory.mkdir()
    (directory / "group").write_text("users:x:100:\n")
    (directory / "nsswitch.conf").write_text("passwd: files\ngroup: files\n")
    system = "root:x:0:0::/root:/bin/sh\nbob:x:1001:100::/:/bin/sh\n"

    def write(number: int, stored: str) -> None:
        line = f"berta:x:{number}:100:Bert B:/home/berta:/bin/sh\n"
        (directory / "passwd").write_text(f"{system}{line}")
        (directory / "shadow").write_text(
            f"root:*:1::::::\nbob:*:1::::::\nberta:{stored}:1::::::\n"
        )

    house = organise(tmp_path, source=f'[source]\ntype = "nss"\ndirectory = "{directory}"')
    write(1002, A_HASH)
    house.record("user-add", "berta")
    house.record("password-set", "berta")
    write(1003, B_HASH)
    house.settle()
    assert passwords(house) == {"Bert": ("crypt", B_HASH)}


def test_without_a_source_a_name_that_is_told_with_another_id_brings_no_password(
    tmp_path: Path,
) -> None:
    house = organise(tmp_path)
    house.fire("user-add", "anna", {"id": "entryUUID:a", "given_name": "Anna"})
    before = passwords(house)
    told = {"id": "entryUUID:a", "given_name": "Anna", "password_hash": A_HASH}
    house.record("user-add", "r12", told)
    house.record("user-modify", "r12", {"id": "entryUUID:b", "given_name": "Bert"})
    house.settle()
    assert passwords(house)["Anna"] == ("crypt", A_HASH) != before["Anna"]
    assert passwords(house)["Bert"] != ("crypt", A_HASH)
