"""What hooks may say, key by key."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passlib.hash import sha512_crypt  # type: ignore[import-untyped] # it ships no types

from gapps_hooks.errors import BadInput, UnusablePassword
from gapps_hooks.model import (
    UNSET,
    Event,
    EventKind,
    Identity,
    Member,
    PasswordHash,
    Role,
    StoredPassword,
)
from gapps_hooks.payload import (
    account_from,
    check_name,
    group_from,
    listed_group,
    listed_user,
    parse_event,
    parse_json,
)

EVENT_ID = "0123456789abcdef" * 2
USER_TEXTS = ["username", "given_name", "family_name", "full_name", "email", "org_unit"]
USER_KEYS = [
    *USER_TEXTS,
    *("employee_id", "old_username", "password", "password_hash", "id"),
    *("aliases", "phones", "enabled"),
]
GROUP_KEYS = [
    *("name", "email", "description", "id", "old_name", "deleted"),
    *("members", "owners", "managers"),
]
USER_KINDS = (
    EventKind.USER_ADD,
    EventKind.USER_MODIFY,
    EventKind.USER_DELETE,
    EventKind.PASSWORD_SET,
)
ANY_TEXT = st.text(st.characters(), max_size=30)  # with surrogates, NUL, newlines
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


def event(kind: EventKind, payload: Mapping[str, Any] | None, name: str = "alice") -> Event:
    return parse_event(kind, name, payload, event_id=EVENT_ID)


def modify(**payload: object) -> Event:
    return event(EventKind.USER_MODIFY, payload)


def change(**payload: object) -> Event:
    return event(EventKind.GROUP_CHANGE, payload, name="staff")


def refusal(kind: EventKind, payload: Mapping[str, Any] | None, name: str = "alice") -> str:
    with pytest.raises(BadInput) as caught:
        event(kind, payload, name)
    return str(caught.value)


# --- absent, null, empty -----------------------------------------------------------------------


def test_an_absent_key_is_unchanged() -> None:
    account = account_from(modify(given_name="Alice").patch, "alice")
    assert account.given_name == "Alice"
    others = (account.family_name, account.email, account.aliases, account.enabled, account.phones)
    assert all(other is UNSET for other in others)


@pytest.mark.parametrize(
    "key", ["given_name", "family_name", "full_name", "email", "org_unit", "employee_id"]
)
def test_null_clears_a_text(key: str) -> None:
    assert getattr(account_from(modify(**{key: None}).patch, "alice"), key) is None


@pytest.mark.parametrize("key", ["aliases", "phones"])
@pytest.mark.parametrize("empty", [None, []])
def test_null_and_an_empty_list_clear_a_list(key: str, empty: object) -> None:
    assert getattr(account_from(modify(**{key: empty}).patch, "alice"), key) == ()


@pytest.mark.parametrize("key", sorted(set(USER_KEYS) - {"enabled", "aliases", "phones"}))
def test_an_empty_text_is_refused_by_name(key: str) -> None:
    assert f"{key}" in refusal(EventKind.USER_MODIFY, {key: ""}).split(":")[0]


@pytest.mark.parametrize("key", ["aliases", "phones"])
def test_an_empty_text_in_a_list_is_refused_by_its_place(key: str) -> None:
    entries = ["a@example.org", ""]
    assert refusal(EventKind.USER_MODIFY, {key: entries}).startswith(f"{key}[1] = '': is empty")


@pytest.mark.parametrize("key", ["enabled", "username", "old_username", "id", "password"])
def test_what_cannot_be_cleared_says_so(key: str) -> None:
    text = refusal(EventKind.USER_MODIFY, {key: None})
    assert text.startswith(key)
    assert "leave the key out" in text


def test_enabled_is_true_by_default_only_when_a_user_is_added() -> None:
    assert event(EventKind.USER_ADD, None).patch == {"enabled": True}
    assert event(EventKind.USER_ADD, {"enabled": False}).patch == {"enabled": False}
    for kind in USER_KINDS[1:]:
        assert event(kind, None).patch == {}


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["", " ", "a\nb", "a\0b", "a\x1b[31m", "\ud800", "a\u2028b", "x" * 256, "ü" * 128]
)
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match=r"^user"):
        check_name("user", name)
    assert "name" in refusal(EventKind.USER_ADD, None, name)
    printable = refusal(EventKind.USER_ADD, {"old_username": name})
    assert printable.replace("\n", "").isprintable()


@pytest.mark.parametrize("name", ["group:staff", "a:b"])
def test_a_person_whose_name_has_a_colon_is_refused(name: str) -> None:
    for kind in USER_KINDS:
        assert "has a colon, as no user name can" in refusal(kind, None, name)
    for key in ("username", "old_username"):
        assert "has a colon, as no user name can" in refusal(EventKind.USER_MODIFY, {key: name})
    assert event(EventKind.GROUP_CHANGE, None, "ops: all").name == "ops: all"


@pytest.mark.parametrize("name", ["alice", "Domain Users", "j.o'neill", "ünï", "x" * 255])
def test_other_names_are_fine(name: str) -> None:
    assert check_name("user", name) == name


def test_the_name_in_the_payload_must_be_the_subject_and_stays_out_of_the_patch() -> None:
    assert modify(username="alice").patch == {}
    assert change(name="staff", members=[]).patch == {"members": []}
    assert "username = 'bob'" in refusal(EventKind.USER_MODIFY, {"username": "bob"})
    assert "name = 'x'" in refusal(EventKind.GROUP_CHANGE, {"name": "x", "members": []}, "staff")


def test_an_old_name_leaves_the_patch() -> None:
    renamed = modify(old_username="alicia", given_name="Alice")
    assert renamed.old_name == "alicia"
    assert renamed.patch == {"given_name": "Alice"}
    assert change(old_name="team").old_name == "team"


@pytest.mark.parametrize("kind", [EventKind.USER_DELETE, EventKind.PASSWORD_SET])
def test_only_an_add_or_a_modify_takes_an_old_name(kind: EventKind) -> None:
    assert "old_username" in refusal(kind, {"old_username": "alicia"})


def test_the_id_is_read_as_kind_and_value() -> None:
    assert modify(id="entryUUID:12:34").identity == Identity("entryUUID", "12:34")
    assert account_from(modify(id="uid:7").patch, "alice").id == Identity("uid", "7")
    assert modify(id="4711").identity == Identity("id", "4711")
    for bad in (":x", "uid:", ":"):
        assert "kind" in refusal(EventKind.USER_MODIFY, {"id": bad})


# --- keys ----------------------------------------------------------------------------------------


def test_unknown_keys_are_refused_by_name_with_the_nearest_and_without_their_values() -> None:
    text = refusal(EventKind.USER_MODIFY, {"pasword": "hunter22hunter", "givenname": "A", "q": 1})
    assert "pasword: is not a known key; did you mean password?" in text
    assert "givenname: is not a known key; did you mean given_name?" in text
    assert "q: is not a known key" in text
    assert "hunter22" not in text


def test_every_complaint_comes_at_once() -> None:
    text = refusal(
        EventKind.USER_MODIFY,
        {"email": "x", "enabled": "yes", "phones": 7, "password": "short", "extra": 1},
        "al\nice",
    )
    for key in ("name", "email", "enabled", "phones", "password", "extra"):
        assert f"\n{key}" in "\n" + text


def test_reconcile_takes_no_payload() -> None:
    made = event(EventKind.RECONCILE, None, "")
    assert made.patch == {}
    assert "reconcile takes no payload" in refusal(EventKind.RECONCILE, {"username": "x"}, "")


@pytest.mark.parametrize("event_id", ["", "xyz", "A" * 32, "0" * 31, "0" * 33])
def test_the_event_id_is_32_hexadecimal_digits(event_id: str) -> None:
    with pytest.raises(BadInput, match="32 hexadecimal"):
        parse_event(EventKind.USER_ADD, "alice", None, event_id=event_id)


@pytest.mark.parametrize("defer", [-1.0, math.nan, math.inf, 3601.0])
def test_a_deferment_is_bounded(defer: float) -> None:
    with pytest.raises(BadInput, match="defer"):
        parse_event(EventKind.USER_ADD, "alice", None, event_id=EVENT_ID, defer=defer)


# --- addresses -----------------------------------------------------------------------------------


def test_addresses_are_lower_cased() -> None:
    made = modify(email="Alice@Example.ORG", aliases=["A@example.org", "a@example.org"])
    assert made.patch == {"email": "alice@example.org", "aliases": ["a@example.org"]}


@pytest.mark.parametrize(
    "address",
    [
        "alice",
        "@example.org",
        "alice@",
        "a@b@c.org",
        "a b@example.org",
        "a..b@example.org",
        ".a@example.org",
        "a@example",
        "a@-example.org",
        "a@example..org",
        "ä@example.org",
        "a@exämple.org",
        "<a@example.org>",
        "a@example.org\n",
        "x" * 65 + "@example.org",
        "a@" + "b." * 130 + "org",
    ],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    assert refusal(EventKind.USER_MODIFY, {"email": address}).startswith("email")
    assert refusal(EventKind.USER_MODIFY, {"aliases": [address]}).startswith("aliases[0]")


def test_an_org_unit_begins_with_a_slash() -> None:
    assert modify(org_unit="/Staff").patch == {"org_unit": "/Staff"}
    assert "must begin with /" in refusal(EventKind.USER_MODIFY, {"org_unit": "Staff"})


# --- passwords -----------------------------------------------------------------------------------


def test_a_password_is_hashed_at_once_and_stays_out_of_the_event() -> None:
    made = event(EventKind.PASSWORD_SET, {"password": "correct horse"})
    assert made.password is not None
    assert sha512_crypt.verify("correct horse", made.password.value)
    assert made.patch == {}
    assert "correct horse" not in repr(made)
    assert made.password.value not in repr(made)


def test_a_stored_hash_is_passed_on() -> None:
    digest = "a" * 40
    assert modify(password_hash=digest).password == PasswordHash("SHA-1", digest)


def test_a_password_and_a_hash_together_are_refused() -> None:
    both = {"password": "correct horse", "password_hash": "a" * 40}
    text = refusal(EventKind.USER_ADD, both)
    assert "not both" in text
    assert "horse" not in text


def test_a_password_that_google_cannot_take_is_its_own_error() -> None:
    with pytest.raises(UnusablePassword, match="yescrypt"):
        modify(password_hash="$y$j9T$abc$def")


@pytest.mark.parametrize("key", ["password", "password_hash"])
def test_only_events_of_living_users_take_a_password(key: str) -> None:
    assert key in refusal(EventKind.USER_DELETE, {key: "correct horse"})
    assert key in refusal(EventKind.GROUP_CHANGE, {key: "correct horse", "members": []})


# --- groups --------------------------------------------------------------------------------------


def test_members_are_names_groups_and_addresses() -> None:
    made = change(members=["bob", "group:ops", "X@Else.org", "bob"], owners=["eve"], managers=None)
    group = group_from(made.patch, "staff")
    assert group.members == (
        Member("bob"),
        Member("group:ops"),
        Member("x@else.org"),
        Member("eve", Role.OWNER),
    )
    assert group.unsaid_roles == frozenset()


def test_roles_without_a_list_are_unsaid() -> None:
    assert group_from(change(members=[]).patch, "staff").unsaid_roles == {
        Role.OWNER,
        Role.MANAGER,
    }


@pytest.mark.parametrize("payload", [{"description": "x"}, {"owners": []}, {"deleted": False}])
def test_members_are_compulsory_unless_deleted(payload: dict[str, object]) -> None:
    assert "members: is missing" in refusal(EventKind.GROUP_CHANGE, payload, "staff")


def test_a_deleted_group_needs_no_members() -> None:
    made = change(deleted=True)
    assert made.patch == {"deleted": True}
    assert group_from(made.patch, "staff").deleted
    assert change(members=[], deleted=False).patch == {"members": []}


def test_no_payload_says_nothing_of_members() -> None:
    made = event(EventKind.GROUP_CHANGE, None, "staff")
    assert group_from(made.patch, "staff").members is UNSET


def test_null_members_are_no_members() -> None:
    assert group_from(change(members=None).patch, "staff").members == ()


def test_a_member_has_one_role() -> None:
    text = refusal(
        EventKind.GROUP_CHANGE,
        {"members": ["bob", "A@x.org"], "owners": ["bob"], "managers": ["a@x.org"]},
        "staff",
    )
    assert "owners = 'bob': is also in members" in text
    assert "managers = 'a@x.org': is also in members" in text


@pytest.mark.parametrize("reference", ["", "group:", "a@b", "x\ny", 7, None])
def test_a_bad_member_is_refused_by_its_place(reference: object) -> None:
    payload = {"members": ["bob", reference]}
    assert refusal(EventKind.GROUP_CHANGE, payload, "staff").startswith("members[1]")


def test_a_description_may_have_lines() -> None:
    assert change(members=[], description="a\nb").patch["description"] == "a\nb"
    assert "description" in refusal(
        EventKind.GROUP_CHANGE, {"members": [], "description": "a\0b"}, "staff"
    )


# --- hostile input -------------------------------------------------------------------------------


def test_lists_and_texts_are_bounded() -> None:
    assert len(change(members=[f"u{n}" for n in range(10_000)]).patch["members"]) == 10_000
    too_many = {"members": [f"u{n}" for n in range(10_001)]}
    assert "limit is 10000" in refusal(EventKind.GROUP_CHANGE, too_many, "staff")
    assert modify(given_name="x" * 1024).patch["given_name"] == "x" * 1024
    assert "longer than 1024 bytes" in refusal(EventKind.USER_MODIFY, {"given_name": "ü" * 513})


def test_ten_thousand_bad_members_make_a_short_complaint() -> None:
    text = refusal(EventKind.GROUP_CHANGE, {"members": [None] * 9999}, "staff")
    assert len(text) < 3000
    assert "9979 more" in text


def tried(kind: EventKind, payload: Mapping[str, Any]) -> Event | BadInput:
    """Anything but an event or BadInput fails the test."""
    try:
        return event(kind, payload)
    except BadInput as error:
        return error


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(USER_KINDS),
    st.dictionaries(st.sampled_from(USER_KEYS) | ANY_TEXT, ANY_JSON, max_size=5),
)
def test_any_json_at_any_key_of_a_user_is_taken_or_refused_by_name(
    kind: EventKind, payload: dict[str, Any]
) -> None:
    result = tried(kind, payload)
    if isinstance(result, Event):
        assert payload.keys() <= set(USER_KEYS)
        assert json.loads(json.dumps(result.patch)) == result.patch
        assert account_from(result.patch, "alice").username == "alice"
    else:
        assert result.complaints
        assert all(complaint.field for complaint in result.complaints)
        assert str(result).encode()


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(GROUP_KEYS) | ANY_TEXT, ANY_JSON, max_size=5))
def test_any_json_at_any_key_of_a_group_is_taken_or_refused(payload: dict[str, Any]) -> None:
    result = tried(EventKind.GROUP_CHANGE, payload)
    if isinstance(result, Event):
        assert payload.keys() <= set(GROUP_KEYS)
        assert group_from(result.patch, "alice").name == "alice"
    else:
        assert str(result).encode()


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["password", "password_hash"]),
    st.sampled_from(USER_KINDS),
    st.text(max_size=60),
    st.dictionaries(st.sampled_from(USER_KEYS), ANY_JSON, max_size=3),
)
def test_a_secret_never_occurs_in_an_error(
    key: str, kind: EventKind, tail: str, rest: dict[str, Any]
) -> None:
    result = tried(kind, {**rest, key: f"S3CRET\u00fc{tail}"})
    assert isinstance(result, BadInput)
    assert "S3CRET" not in str(result) + repr(result)


@given(st.sampled_from(["password", "password_hash"]), ANY_JSON)
def test_a_secret_of_another_type_is_refused_by_name(key: str, value: object) -> None:
    if not isinstance(value, str):
        assert key in refusal(EventKind.USER_MODIFY, {key: value})


def test_a_payload_that_is_no_object_is_refused() -> None:
    bad: Any = ["x"]
    assert "one JSON object" in refusal(EventKind.USER_ADD, bad)


# --- JSON ----------------------------------------------------------------------------------------


def test_json_is_read_and_white_space_alone_is_nothing() -> None:
    assert parse_json(b'{"given_name": "\xc3\x84"}') == {"given_name": "Ä"}
    assert parse_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    assert parse_json(b"") is None
    assert parse_json(b" \r\n") is None


@pytest.mark.parametrize(
    ("raw", "because"),
    [
        (b'{"password": "S3CRET"', "is not JSON"),
        (b'{"password": S3CRET}', "is not JSON"),
        (b'"S3CRET"', "one JSON object"),
        (b"[]", "one JSON object"),
        (b"null", "one JSON object"),
        (b'{"password": "S3CRET", "password": "x"}', r"key twice \(password\)"),
        (b'{"a": NaN, "b": "S3CRET"}', "NaN"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"password": "S3CRET\xff"}', "not UTF-8 at byte 20"),
        ('{"a": "S3CRET"}'.encode("utf-16"), "UTF-8"),
        (b'{"a":' * 9 + b"1" + b"}" * 9, "nested deeper"),
        (b"[" * 500_000, "nested deeper"),
        (b'{"a":' * 100_000, "nested deeper"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"a": "' + b"x" * 10_000_000 + b'"}', "longer than 1048576 bytes"),
    ],
)
def test_json_that_is_not_taken_is_not_echoed(raw: bytes, because: str) -> None:
    with pytest.raises(BadInput, match=because) as caught:
        parse_json(raw)
    assert "S3CRET" not in str(caught.value)
    assert caught.value.__context__ is None


@given(st.binary(max_size=200) | ANY_JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_an_object_or_refused(raw: bytes) -> None:
    try:
        value = parse_json(raw)
    except BadInput:
        return
    assert value is None or isinstance(value, dict)


# --- listings ------------------------------------------------------------------------------------


def test_a_listed_user_is_enabled_and_may_have_a_hash() -> None:
    listed = listed_user({"username": "alice", "password_hash": "$y$secret"})
    assert listed.account.username == "alice"
    assert listed.account.enabled is True
    assert listed.stored_password == StoredPassword("$y$secret")
    assert "secret" not in repr(listed)


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ({}, "username"),
        ({"username": "a", "password": "x"}, "password"),
        ({"username": "a", "old_username": "b"}, "old_username"),
        ({"username": "a", "password_hash": 7}, "password_hash"),
        ({"username": "a", "emial": "x"}, "emial"),
        ("alice", "entry"),
    ],
)
def test_a_listed_user_is_checked_by_name(entry: object, key: str) -> None:
    with pytest.raises(BadInput, match=f"^{key}"):
        listed_user(entry)


def test_a_listed_group_is_checked_too() -> None:
    assert listed_group({"name": "staff", "members": ["bob"]}).members == (Member("bob"),)
    bad: tuple[dict[str, object], ...] = (
        {"name": "staff"},
        {"members": []},
        {"name": "a", "members": [], "deleted": True},
    )
    for entry in bad:
        with pytest.raises(BadInput):
            listed_group(entry)
