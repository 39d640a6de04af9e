"""Every error of the catalogue that the emulated surface can raise, as Google's client gets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from emulator_client import DIRECTORY, GROUPS_SETTINGS, Door, body, envelope, in_process, refusal
from google.auth.exceptions import RefreshError
from googleapiclient.errors import HttpError

from gapps_hooks.emulator import Emulator, ServiceAccountKey, new_key

Call = Callable[[Any], Any]
FORBIDDEN = "Not Authorized to access this resource/api"
DUPLICATE = "Entity already exists."


@pytest.fixture(scope="module")
def key() -> ServiceAccountKey:
    return new_key("2" * 40)


@pytest.fixture
def door(key: ServiceAccountKey) -> Door:
    emulator = Emulator(account_key=key, delegated_admins=("helper@example.org",))
    emulator.seed(
        {
            "users": [
                {"primaryEmail": "alice@example.org", "aliases": ["al@example.org"]},
                {"primaryEmail": "bad@example.org", "suspended": True,
                 "suspensionReason": "ABUSE"},
                {"primaryEmail": "plain@example.org"},
            ],
            "deletedUsers": [
                {"primaryEmail": "gone@example.org", "id": "199", "deletionTime": _NOW}
            ],
            "groups": [
                {"email": "team@example.org", "members": ["alice@example.org"]},
                {"email": "outer@example.org", "members": ["team@example.org"]},
            ],
        }
    )  # fmt: skip
    return in_process(emulator)


_NOW = "2999-01-01T00:00:00.000Z"
_CATALOGUE: dict[str, tuple[Call, int, str, str]] = {
    "bad address": (
        lambda api: api.users().insert(body=body("a b")),
        400, "invalid", "Invalid Input: primary_user_email",
    ),
    "rename to a bad address": (
        lambda api: api.users().patch(
            userKey="alice@example.org", body={"primaryEmail": "nonsense"}
        ),
        400, "invalid", "Invalid Input: primary_user_email",
    ),
    "no family name": (
        lambda api: api.users().insert(body=body("a", name={"givenName": "A"})),
        400, "invalid", "Invalid Given/Family Name: FamilyName",
    ),
    "no given name": (
        lambda api: api.users().insert(body=body("a", name={"familyName": "A"})),
        400, "invalid", "Invalid Given/Family Name: GivenName",
    ),
    "PUT with a misspelt name": (
        lambda api: api.users().update(
            userKey="alice@example.org", body={"name": {"familyname": "B"}}
        ),
        400, "required", "Required parameter: [resource.name.field]",
    ),
    "short password": (
        lambda api: api.users().insert(body=body("a", password="short")),
        400, "invalid", "Invalid Password",
    ),
    "bcrypt": (
        lambda api: api.users().insert(
            body=body("a", password="$2y$10$x", hashFunction="crypt")
        ),
        400, "invalid", "Invalid Input: $2y$10$x",
    ),
    "unknown org unit": (
        lambda api: api.users().insert(body=body("a", orgUnitPath="/no")),
        400, "invalid", "Invalid Input: INVALID_OU_ID",
    ),
    "hasMember from outside": (
        lambda api: api.members().hasMember(groupKey="team@example.org", memberKey="a@b.example"),
        400, "invalid", "Invalid Input: memberKey",
    ),
    "group as owner": (
        lambda api: api.members().insert(
            groupKey="team@example.org", body={"email": "outer@example.org", "role": "OWNER"}
        ),
        400, "invalid", "Invalid Input: memberKey",
    ),
    "bad group address": (
        lambda api: api.groups().insert(body={"email": "a b"}),
        400, "invalid", "Invalid Input: groupKey",
    ),
    "bad mask": (
        lambda api: api.users().get(userKey="alice@example.org", fields="shoe"),
        400, "invalid", "Invalid field selection shoe",
    ),
    "unresolvable member": (
        lambda api: api.members().insert(
            groupKey="team@example.org", body={"email": "nobody@example.org"}
        ),
        400, "required", "Missing required field: memberKey",
    ),
    "member without a body": (
        lambda api: api.members().insert(groupKey="team@example.org", body={}),
        400, "required", "Missing required field: member",
    ),
    "list without customer": (
        lambda api: api.users().list(), 400, "badRequest", "Bad Request",
    ),
    "groups of customer and member": (
        lambda api: api.groups().list(customer="my_customer", userKey="alice@example.org"),
        400, "badRequest", "Bad Request",
    ),
    "user asked by a group's address": (
        lambda api: api.users().get(userKey="team@example.org"),
        400, "badRequest", "Type not supported: userKey",
    ),
    "cycle": (
        lambda api: api.members().insert(
            groupKey="team@example.org", body={"email": "outer@example.org"}
        ),
        412, "conditionNotMet", "Cyclic memberships not allowed",
    ),
    "foreign user": (
        lambda api: api.users().get(userKey="a@b.example"), 403, "forbidden", FORBIDDEN,
    ),
    "foreign group": (
        lambda api: api.members().list(groupKey="a@b.example"), 403, "forbidden", FORBIDDEN,
    ),
    "group asked by a user's address": (
        lambda api: api.groups().get(groupKey="alice@example.org"), 403, "forbidden", FORBIDDEN,
    ),
    "unknown user": (
        lambda api: api.users().get(userKey="nobody@example.org"),
        404, "notFound", "Resource Not Found: userKey",
    ),
    "unknown id": (
        lambda api: api.users().get(userKey="123"), 404, "notFound", "Resource Not Found: 123",
    ),
    "unknown group": (
        lambda api: api.groups().patch(groupKey="no@example.org", body={}),
        404, "notFound", "Resource Not Found: groupKey",
    ),
    "no member": (
        lambda api: api.members().delete(
            groupKey="team@example.org", memberKey="plain@example.org"
        ),
        404, "notFound", "Resource Not Found: memberKey",
    ),
    "insert into a foreign domain": (
        lambda api: api.users().insert(body=body("a", primaryEmail="a@b.example")),
        404, "notFound", "Domain not found.",
    ),
    "user in use": (
        lambda api: api.users().insert(body=body("al")), 409, "duplicate", DUPLICATE,
    ),
    "group in use": (
        lambda api: api.groups().insert(body={"email": "alice@example.org"}),
        409, "duplicate", DUPLICATE,
    ),
    "alias in use": (
        lambda api: api.users().aliases().insert(
            userKey="plain@example.org", body={"alias": "team@example.org"}
        ),
        409, "duplicate", DUPLICATE,
    ),
    "member twice": (
        lambda api: api.members().insert(
            groupKey="team@example.org", body={"email": "alice@example.org"}
        ),
        409, "duplicate", "Member already exists.",
    ),
    "deleted user": (
        lambda api: api.users().get(userKey="199"), 412, "conditionNotMet", "User is deleted.",
    ),
    "nothing to undelete": (
        lambda api: api.users().undelete(userKey="5", body={"orgUnitPath": "/"}),
        412, "conditionNotMet", "The user is not available for undelete.",
    ),
    "suspended by Google": (
        lambda api: api.users().patch(userKey="bad@example.org", body={"suspended": False}),
        412, "adminCannotUnsuspend", "Cannot restore a user suspended for abuse.",
    ),
    "foreign page token": (
        lambda api: api.users().list(customer="my_customer", pageToken="xyz"),
        400, "invalid", "Invalid Input: pageToken",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("call", "status", "reason", "message"), _CATALOGUE.values(), ids=_CATALOGUE.keys()
)
def test_a_wrong_call_is_refused_in_googles_words(
    door: Door, call: Call, status: int, reason: str, message: str
) -> None:
    assert refusal(call(door.directory())) == (status, reason, message)


def test_the_envelope_has_the_order_of_keys_that_google_sends_today(door: Door) -> None:
    with pytest.raises(HttpError) as caught:
        door.directory().users().insert(body=body("alice")).execute()
    assert json.dumps(envelope(caught.value)) == (
        '{"error": {"code": 409, "message": "Entity already exists.", "errors": [{"message": '
        '"Entity already exists.", "domain": "global", "reason": "duplicate"}]}}'
    )


def test_a_body_that_is_no_json_lacks_a_name(door: Door) -> None:
    response, content = door.http().request(
        "https://admin.googleapis.com/admin/directory/v1/users", "POST", body="primaryEmail=a"
    )
    assert response.status == 400
    assert b"Invalid Given/Family Name: FamilyName" in content


def test_without_a_token_login_is_required(door: Door) -> None:
    uri = "https://admin.googleapis.com/admin/directory/v1/users/admin@example.org"
    response, content = door.emulator.transport().request(uri)
    assert response.status == 401
    assert b'"reason": "required"' in content
    assert b'"location": "Authorization"' in content
    headers = {"Authorization": "Bearer nonsense"}
    response, content = door.emulator.transport().request(uri, headers=headers)
    assert response.status == 401
    assert b"Invalid Credentials" in content


def test_an_unknown_path_is_not_found(door: Door) -> None:
    response, _ = door.http().request("https://admin.googleapis.com/admin/directory/v1/nothing")
    assert response.status == 404


@pytest.mark.parametrize(
    ("scopes", "call"),
    [
        (("admin.directory.group",), lambda api: api.users().get(userKey="alice@example.org")),
        (("admin.directory.user",), lambda api: api.domains().list(customer="my_customer")),
        (("admin.directory.user",), lambda api: api.users().signOut(userKey="a@example.org")),
        (
            ("admin.directory.user.readonly",),
            lambda api: api.users().patch(userKey="alice@example.org", body={}),
        ),
    ],
)
def test_a_token_without_the_methods_scope_is_refused_and_told_which(
    door: Door, scopes: tuple[str, ...], call: Call
) -> None:
    with pytest.raises(HttpError) as caught:
        call(door.directory(scopes=scopes)).execute()
    error = envelope(caught.value)["error"]
    assert error["errors"][0]["reason"] == "insufficientPermissions"
    assert error["message"] == "Request had insufficient authentication scopes."
    assert error["status"] == "PERMISSION_DENIED"
    assert error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    challenge = caught.value.resp["www-authenticate"]
    assert challenge.startswith('Bearer realm="https://accounts.google.com/", error=insuff')


def test_members_alone_can_be_changed_with_the_members_scope(door: Door) -> None:
    api = door.directory(scopes=("admin.directory.group.member",))
    api.members().insert(groupKey="team@example.org", body={"email": "plain@example.org"}).execute()
    assert refusal(api.groups().get(groupKey="team@example.org"))[1] == "insufficientPermissions"


@pytest.mark.parametrize("disabled", ["admin", "groupssettings"])
def test_a_switched_off_api_says_where_to_switch_it_on(door: Door, disabled: str) -> None:
    door.emulator.switches.disabled_apis = (disabled,)
    calls = {
        "admin": door.directory().users().get(userKey="alice@example.org"),
        "groupssettings": door.settings().groups().get(groupUniqueId="team@example.org"),
    }
    with pytest.raises(HttpError) as caught:
        calls.pop(disabled).execute()
    error = envelope(caught.value)["error"]
    assert error["errors"][0]["reason"] == "accessNotConfigured"
    assert error["errors"][0]["domain"] == "usageLimits"
    assert "has not been used in project" in error["message"]
    assert error["details"][1]["metadata"]["service"] == f"{disabled}.googleapis.com"
    [other] = calls.values()
    assert other.execute()


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("plain@example.org", (403, "forbidden", FORBIDDEN)),
        (None, (400, "invalid", "Invalid Input")),
    ],
)
def test_only_administrators_list_users(
    door: Door, subject: str | None, expected: tuple[int, str, str]
) -> None:
    users = door.directory(subject=subject).users()
    assert refusal(users.list(customer="my_customer")) == expected


@pytest.mark.parametrize(
    ("sign_in", "words"),
    [
        ({"subject": "nobody@example.org"}, "invalid_grant: Invalid email or User ID"),
        ({"subject": "bad@example.org"}, "invalid_grant: Invalid email or User ID"),
        ({"scopes": ("drive",)}, "unauthorized_client: Client is unauthorized"),
        ({"scopes": (*DIRECTORY, "drive")}, "access_denied: Requested client not authorized"),
    ],
)
def test_a_refused_sign_in_reaches_the_caller_in_googles_words(
    door: Door, sign_in: dict[str, Any], words: str
) -> None:
    with pytest.raises(RefreshError, match=words):
        door.directory(**sign_in).users().get(userKey="alice@example.org").execute()


def test_only_the_delegated_scopes_are_granted(door: Door) -> None:
    door.emulator.grant(f"https://www.googleapis.com/auth/{GROUPS_SETTINGS}")
    assert door.settings().groups().get(groupUniqueId="team@example.org").execute()
    with pytest.raises(RefreshError, match="unauthorized_client"):
        door.directory().users().get(userKey="alice@example.org").execute()


def test_an_unknown_and_a_revoked_key_are_refused(door: Door, key: ServiceAccountKey) -> None:
    stranger = new_key("3" * 40, "elsewhere").as_json("https://oauth2.googleapis.com/token")
    with pytest.raises(RefreshError, match="account not found"):
        door.directory(key=stranger).users().get(userKey="alice@example.org").execute()
    door.emulator.sign_in.revoke_key(key.email, key.key_id)
    with pytest.raises(RefreshError, match="Invalid JWT Signature"):
        door.directory().users().get(userKey="alice@example.org").execute()


def test_an_expired_token_makes_the_client_sign_in_again(door: Door) -> None:
    users = door.directory().users()
    users.get(userKey="alice@example.org").execute()
    door.emulator.sign_in.revoke_tokens()
    users.get(userKey="alice@example.org").execute()
    statuses = [(entry.call, entry.status) for entry in door.emulator.requests]
    assert statuses == [
        ("token", 200), ("users.get", 200), ("users.get", 401), ("token", 200), ("users.get", 200),
    ]  # fmt: skip


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded"])
def test_the_requests_of_a_minute_are_limited(door: Door, reason: str) -> None:
    time = door.emulator.now()
    door.emulator.switches.set({"requests_per_minute": 3, "requests_reason": reason})
    users = door.directory().users()
    for _ in range(3):
        users.get(userKey="alice@example.org").execute()
    status, given, message = refusal(users.get(userKey="alice@example.org"))
    assert (status, given) == (403, reason)
    assert message.startswith("Quota exceeded for quota metric 'Queries'")
    door.emulator.advance(20 + door.emulator.now() - time)
    assert users.get(userKey="alice@example.org").execute()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (403, (403, "quotaExceeded", "Request rate higher than configured.")),
        (503, (503, "backendError", "Service unavailable. Please try again")),
    ],
)
def test_creations_of_a_second_are_limited(
    door: Door, status: int, expected: tuple[int, str, str]
) -> None:
    door.emulator.switches.set({"creations_per_second": 1, "creations_status": status})
    users = door.directory().users()
    users.insert(body=body("one")).execute()
    assert refusal(users.insert(body=body("two"))) == expected
    door.emulator.advance(1.0)
    assert users.insert(body=body("two")).execute()


def test_no_free_seat_names_the_header_as_its_place(door: Door) -> None:
    door.emulator.switches.seats = 5
    with pytest.raises(HttpError) as caught:
        door.directory().users().insert(body=body("one")).execute()
    entry = envelope(caught.value)["error"]["errors"][0]
    assert (entry["reason"], entry["location"], entry["locationType"]) == (
        "limitExceeded", "If-Match", "header",
    )  # fmt: skip


def test_settings_that_contradict_each_other_are_refused(door: Door) -> None:
    request = door.settings().groups().patch(
        groupUniqueId="team@example.org",
        body={"whoCanViewMembership": "ALL_IN_DOMAIN_CAN_VIEW",
              "whoCanViewGroup": "ALL_MEMBERS_CAN_VIEW"},
    )  # fmt: skip
    status, reason, message = refusal(request)
    assert (status, reason) == (400, "invalidArgument")
    assert message.startswith("Failed request validation in update settings: WHO_CAN_VIEW")


@pytest.mark.parametrize(
    ("switch", "call", "expected"),
    [
        (
            "creation_window",
            lambda api, it: api.users().patch(userKey=it["id"], body={}),
            (412, "conditionNotMet", "User creation is not complete."),
        ),
        (
            "creation_window",
            lambda api, it: (
                api.users().aliases().insert(userKey=it["id"], body={"alias": "x@example.org"})
            ),
            (412, "conditionNotMet", "User creation is not complete."),
        ),
        (
            "group_window",
            lambda api, _: api.members().insert(
                groupKey="new@example.org", body={"email": "alice@example.org"}
            ),
            (404, "notFound", "Resource Not Found: groupKey"),
        ),
    ],
)
def test_what_is_new_is_not_ready(
    door: Door, switch: str, call: Callable[[Any, Any], Any], expected: tuple[int, str, str]
) -> None:
    door.emulator.switches.set({switch: 40.0})
    api = door.directory()
    made = api.users().insert(body=body("new-user")).execute()
    api.groups().insert(body={"email": "new@example.org"}).execute()
    assert refusal(call(api, made)) == expected
    door.emulator.advance(40.0)
    assert call(api, made).execute()
