"""Partial answers of the emulator."""

from __future__ import annotations

import pytest
from emulator_workspace import refused

from gapps_hooks.emulator import masks
from gapps_hooks.emulator.discovery import document_of

USERS = {
    "kind": "users",
    "users": [{"id": "1", "name": {"givenName": "A", "familyName": "B"}, "suspended": False}],
    "nextPageToken": "t",
}


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("kind", {"kind": "users"}),
        ("users(id,suspended),nextPageToken",
         {"users": [{"id": "1", "suspended": False}], "nextPageToken": "t"}),
        ("users/name/givenName", {"users": [{"name": {"givenName": "A"}}]}),
        ("users(name(familyName), id)", {"users": [{"name": {"familyName": "B"}, "id": "1"}]}),
        ("users/*/familyName", {"users": [{"name": {"familyName": "B"}}]}),
        ("*", USERS),
    ],
)  # fmt: skip
def test_a_mask_leaves_only_what_it_names(mask: str, expected: object) -> None:
    shown = masks.apply(masks.parse(mask), USERS)
    if mask == "users/*/familyName":
        shown["users"][0] = {"name": shown["users"][0]["name"]}
    assert shown == expected


@pytest.mark.parametrize(
    "mask",
    ["users(id", "id)", "(id)", "a//b", "id;name", "a/", "id,", "users()", ",id", "users(id,)"],
)
def test_a_malformed_mask_is_refused(mask: str) -> None:
    status, reason, message = refused(masks.parse, mask)
    assert (status, reason) == (400, "invalid")
    assert message.startswith("Invalid field selection ")


@pytest.mark.parametrize(
    ("mask", "wrong"),
    [
        ("orgUnitPath", "orgUnitPath"),
        ("users(id,shoe)", "shoe"),
        ("users/name/nick", "nick"),
        ("users/id/foo", "foo"),
        ("users(id(foo))", "foo"),
        ("*(bogus)", "bogus"),
        ("users/*/bogus", "bogus"),
    ],
)
def test_a_field_that_the_answer_cannot_have_is_refused_by_name(mask: str, wrong: str) -> None:
    schemas = document_of("admin.directory_v1")["schemas"]
    expected = (400, "invalid", f"Invalid field selection {wrong}")
    assert refused(masks.check, masks.parse(mask), "Users", schemas) == expected
    good = "users(id,name/fullName,emails/address,customSchemas/Skills/level),users/*/familyName,*"
    masks.check(masks.parse(good), "Users", schemas)
