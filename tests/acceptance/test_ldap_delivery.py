"""Events of people and groups in a real directory, delivered to an emulated Google."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from organisation import Organisation, organise
from slapd import Slapd, ldif
from trees import Somebody, crowd, rfc2307bis

from gapps_hooks.model import Verdict

MORE = '---\n[enabled]\ngroup = "google"\n'


@pytest.fixture
def slapd(tmp_path: Path) -> Iterator[Slapd]:
    tree = rfc2307bis(crowd(22))
    server = Slapd(tmp_path / "slapd", tree.base)
    server.fill(tree.entries)
    with server:
        yield server


@pytest.fixture
def house(tmp_path: Path, slapd: Slapd) -> Organisation:
    folder = tmp_path / "house"
    folder.mkdir()
    return organise(folder, source=slapd.source("rfc2307bis"), more=MORE)


def person(slapd: Slapd, name: str) -> str:
    return f"dn: uid={name},ou=People,{slapd.base}"


def group(slapd: Slapd, name: str) -> str:
    return f"dn: cn={name},ou=Groups,{slapd.base}"


def test_a_person_of_the_enabling_group_comes_with_name_and_hash(
    house: Organisation, slapd: Slapd
) -> None:
    outcome = house.fire("user-add", "user0003")
    assert outcome.verdict is Verdict.NOTHING, "user0003 is in no group that enables"
    inner = group(slapd, "inner")
    slapd.modify(
        *(inner, "changetype: modify", "add: member"),
        f"member: uid=user0003,ou=People,{slapd.base}",
    )
    assert house.fire("user-add", "user0003").verdict is Verdict.DONE
    found = house.found_user("user0003@example.org")
    assert found is not None
    assert found["name"]["givenName"] == crowd(22)[3].given


def test_one_who_expires_is_suspended_and_comes_back(house: Organisation, slapd: Slapd) -> None:
    house.fire("user-add", "user0001")
    dn = person(slapd, "user0001")
    slapd.modify(dn, "changetype: modify", "add: shadowExpire", "shadowExpire: 1")
    assert house.fire("user-modify", "user0001").verdict is Verdict.DONE
    assert house.user("user0001@example.org").suspended
    slapd.modify(dn, "changetype: modify", "delete: shadowExpire")
    house.fire("user-modify", "user0001")
    assert not house.user("user0001@example.org").suspended


@pytest.mark.parametrize("event", ["user-delete", "user-modify"])
def test_one_whose_entry_is_gone_is_suspended(
    house: Organisation, slapd: Slapd, event: str
) -> None:
    house.fire("user-add", "user0001")
    slapd.modify(person(slapd, "user0001"), "changetype: delete")
    assert house.fire(event, "user0001").verdict is Verdict.DONE
    assert house.user("user0001@example.org").suspended


@pytest.mark.parametrize("event", ["user-delete", "user-modify"])
def test_nobody_is_suspended_while_the_directory_is_away(
    house: Organisation, slapd: Slapd, event: str
) -> None:
    house.fire("user-add", "user0001")
    slapd.stop()
    outcome = house.fire(event, "user0001")
    assert outcome.verdict is Verdict.LATER
    assert "cannot be reached" in outcome.line
    assert not house.user("user0001@example.org").suspended
    slapd.start()
    if event == "user-delete":
        slapd.modify(person(slapd, "user0001"), "changetype: delete")
    house.settle()
    assert house.user("user0001@example.org").suspended is (event == "user-delete")


def test_a_renamed_entry_is_the_same_person(house: Organisation, slapd: Slapd) -> None:
    house.fire("user-add", "user0001")
    before = house.user("user0001@example.org")
    dn = person(slapd, "user0001")
    slapd.modify(dn, "changetype: modrdn", "newrdn: uid=married", "deleteoldrdn: 1")
    slapd.modify(
        *(group(slapd, "inner"), "changetype: modify", "add: member"),
        f"member: uid=married,ou=People,{slapd.base}",
    )
    assert house.fire("user-modify", "married").verdict is Verdict.DONE
    assert house.user("married@example.org").id == before.id


def test_another_person_with_the_same_name_is_another_person(
    house: Organisation, slapd: Slapd
) -> None:
    house.fire("user-add", "user0001")
    slapd.modify(person(slapd, "user0001"), "changetype: delete")
    house.fire("user-delete", "user0001")
    newcomer = Somebody("user0001", 2001, "Someone", "Else")
    entry = {
        "objectClass": ["inetOrgPerson", "posixAccount"],
        "uid": newcomer.name,
        "cn": newcomer.full,
        "sn": newcomer.family,
        "uidNumber": "2001",
        "gidNumber": "3000",
        "homeDirectory": "/home/user0001",
    }
    text = ldif(f"uid=user0001,ou=People,{slapd.base}", entry)
    slapd.modify(text.replace("objectClass::", "changetype: add\nobjectClass::", 1))
    assert house.fire("user-add", "user0001").verdict is Verdict.BURIED
    assert house.user("user0001@example.org").suspended


def test_a_group_has_the_members_that_the_directory_lists(
    house: Organisation, slapd: Slapd
) -> None:
    for name in ("user0001", "user0004"):
        house.fire("user-add", name)
    house.fire("group-change", "staff")
    slapd.modify(
        *(group(slapd, "staff"), "changetype: modify", "replace: member"),
        *(f"member: uid={name},ou=People,{slapd.base}" for name in ("user0001", "gone")),
    )
    house.fire("group-change", "staff")
    assert set(house.members("staff@example.org")) == {"user0001@example.org"}
    slapd.modify(
        *(group(slapd, "staff"), "changetype: modify", "add: member"),
        f"member: uid=user0004,ou=People,{slapd.base}",
    )
    house.fire("group-change", "staff")
    assert set(house.members("staff@example.org")) == {
        "user0001@example.org",
        "user0004@example.org",
    }


def test_the_stored_hash_is_sent_when_a_password_was_set(house: Organisation, slapd: Slapd) -> None:
    house.fire("user-add", "user0001")
    fresh = "{CRYPT}$6$other$" + "b" * 86
    slapd.modify(
        *(person(slapd, "user0001"), "changetype: modify", "replace: userPassword"),
        f"userPassword: {fresh}",
    )
    with house.calls() as made:
        assert house.fire("password-set", "user0001").verdict is Verdict.DONE
    assert made == ["users.patch"]


def test_a_whole_delivery_asks_the_directory_a_few_times_only(
    house: Organisation, slapd: Slapd
) -> None:
    house.fire("user-add", "user0001")
    before = slapd.searches()
    house.fire("user-modify", "user0001")
    assert slapd.searches() - before <= 8
