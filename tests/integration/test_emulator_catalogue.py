"""The rows of the error catalogue that switches and faults bring about, conflicts both ways."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from emulator_client import Door, body, envelope, in_process, refusal
from google.auth.exceptions import RefreshError
from googleapiclient.errors import HttpError

from gapps_hooks.emulator import Emulator, ServiceAccountKey, new_key
from gapps_hooks.emulator.token_errors import REFUSALS

Call = Callable[[Any], Any]
ALICE = "alice@example.org"
FORBIDDEN = "Not Authorized to access this resource/api"
QUOTA = (
    "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service "
    "'admin.googleapis.com' for consumer 'project_number:104076346589'."
)


@pytest.fixture(scope="module")
def key() -> ServiceAccountKey:
    return new_key("6" * 40)


@pytest.fixture
def door(key: ServiceAccountKey) -> Door:
    emulator = Emulator(account_key=key)
    emulator.seed(
        {
            "users": [{"primaryEmail": ALICE}, {"primaryEmail": "bob@example.org"}],
            "deletedUsers": [
                {"primaryEmail": "gone@example.org", "id": "199",
                 "deletionTime": "2999-01-01T00:00:00.000Z"}
            ],
            "groups": [
                {"email": "team@example.org", "members": [ALICE]},
                {"email": "outer@example.org", "members": ["team@example.org"]},
            ],
        }
    )  # fmt: skip
    return in_process(emulator)


def get_alice(api: Any) -> Any:  # noqa: ANN401 - requests are made at run time
    return api.users().get(userKey=ALICE)


def foreign_insert(api: Any) -> Any:  # noqa: ANN401 - requests are made at run time
    return api.users().insert(body=body("a", primaryEmail="a@b.example"))


def get_deleted(api: Any) -> Any:  # noqa: ANN401 - requests are made at run time
    return api.users().get(userKey="199")


def cycle(api: Any) -> Any:  # noqa: ANN401 - requests are made at run time
    return api.members().insert(groupKey="team@example.org", body={"email": "outer@example.org"})


def create(api: Any) -> Any:  # noqa: ANN401 - requests are made at run time
    return api.users().insert(body=body("new"))


def archive(api: Any) -> Any:  # noqa: ANN401 - requests are made at run time
    return api.users().patch(userKey=ALICE, body={"archived": True})


def names(length: int) -> Call:
    name = {"givenName": "x" * length, "familyName": "y"}
    return lambda api: api.users().insert(body=body("new", name=name))


#: Switches, call, and what it is answered with then.
_SWITCHED: dict[str, tuple[dict[str, Any], Call, tuple[int, str, str]]] = {
    "domain cannot use APIs": (
        {"domain_cannot_use_apis": True}, get_alice,
        (403, "domainCannotUseApis", "Domain cannot use apis"),
    ),
    "requests of a minute": (
        {"requests_per_minute": 0.5}, get_alice, (403, "rateLimitExceeded", QUOTA),
    ),
    "requests of a minute, 429": (
        {"requests_per_minute": 0.5, "requests_status": 429}, get_alice,
        (429, "rateLimitExceeded", QUOTA),
    ),
    "foreign domain, newest": (
        {}, foreign_insert, (404, "notFound", "Domain not found."),
    ),
    "foreign domain, old words": (
        {"old_wording": True}, foreign_insert, (404, "notFound", "Resource Not Found: domain"),
    ),
    "foreign domain, also seen": (
        {"foreign_domain_status": 403}, foreign_insert, (403, "forbidden", FORBIDDEN),
    ),
    "deleted user, newest": (
        {}, get_deleted, (412, "conditionNotMet", "User is deleted."),
    ),
    "deleted user, 400": (
        {"deleted_user_status": 400}, get_deleted,
        (400, "badRequest", "Type not supported: userKey"),
    ),
    "deleted user, 404": (
        {"deleted_user_status": 404}, get_deleted,
        (404, "notFound", "Resource Not Found: userKey"),
    ),
    "cycle, newest": (
        {}, cycle, (412, "conditionNotMet", "Cyclic memberships not allowed"),
    ),
    "cycle, 400": (
        {"cycle_status": 400}, cycle, (400, "conditionNotMet", "Cyclic memberships not allowed"),
    ),
    "no seat": (
        {"seats": 1}, create,
        (412, "limitExceeded", "Domain user limit reached. Contact Support."),
    ),
    "no seat in a trial": (
        {"seats": 1, "paid": False}, create,
        (412, "limitExceeded", "Domain user limit reached. Start paid subscription."),
    ),
    "no archived seat": (
        {"archived_seats": 0}, archive,
        (412, "conditionNotMet", "Insufficient archived user licenses"),
    ),
    "on Vault hold": (
        {"held": ["alice@*"]}, lambda api: api.users().delete(userKey=ALICE),
        (412, "conditionNotMet", "The user is on Vault hold."),
    ),
    "long name": (
        {}, names(61), (400, "invalid", "Invalid Given/Family Name: GivenName"),
    ),
    "long name by the limits page": (
        {"name_length": 40}, names(41), (400, "invalid", "Invalid Given/Family Name: GivenName"),
    ),
    "long group name": (
        {"group_name_length": 60},
        lambda api: api.groups().insert(body={"email": "g@example.org", "name": "x" * 61}),
        (400, "invalid", "Invalid Input: name"),
    ),
    "undeclared custom field": (
        {},
        lambda api: api.users().patch(userKey=ALICE, body={"customSchemas": {"No": {"a": "b"}}}),
        (400, "invalid", "Invalid Input: custom_schema"),
    ),
    "member without an address": (
        {}, lambda api: api.members().insert(groupKey="team@example.org", body={"email": ""}),
        (400, "required", "Missing required field: memberKey"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("switches", "call", "expected"), _SWITCHED.values(), ids=_SWITCHED.keys())
def test_a_row_of_the_catalogue(
    door: Door, switches: dict[str, Any], call: Call, expected: tuple[int, str, str]
) -> None:
    door.emulator.switches.set(switches)
    assert refusal(call(door.directory())) == expected


@pytest.mark.parametrize(
    ("fails", "expected"),
    [
        ("403 quota", (403, "quotaExceeded", "Request rate higher than configured.")),
        ("409 conflict", (409, "conflict", "Conflicting requests. Please try again")),
        ("409 renamed", (409, "duplicate", "Entity already exists.")),
        ("429", (429, "rateLimitExceeded", "Rate Limit Exceeded")),
        ("500", (500, "backendError", "Backend Error")),
        ("500 internal", (500, "internalError", "Internal error encountered.")),
        ("503", (503, "backendError", "Service unavailable. Please try again")),
        ("503 unavailable", (503, "backendError", "The service is currently unavailable.")),
    ],
)
def test_a_passing_error_of_the_catalogue(
    door: Door, fails: str, expected: tuple[int, str, str]
) -> None:
    api = door.directory()
    api.users().get(userKey=ALICE).execute()
    door.emulator.faults.script([{"fails": fails}])
    assert refusal(get_alice(api)) == expected
    assert get_alice(api).execute()["primaryEmail"] == ALICE


def test_the_groups_settings_of_a_day_can_be_used_up_and_come_back_by_and_by(door: Door) -> None:
    door.emulator.switches.settings_per_day = 2
    call = door.settings().groups().get(groupUniqueId="team@example.org")
    call.execute()
    call.execute()
    assert refusal(call) == (403, "dailyLimitExceeded", "Daily Limit Exceeded")
    assert get_alice(door.directory()).execute()
    door.emulator.advance(43200.0)
    assert call.execute()["email"] == "team@example.org"


def test_a_new_user_is_not_found_by_its_id_and_the_message_tells_the_id(door: Door) -> None:
    door.emulator.switches.id_window = 5.0
    api = door.directory()
    known = create(api).execute()["id"]
    expected = (404, "notFound", f"Resource Not Found: {known}")
    assert refusal(api.users().get(userKey=known)) == expected


def test_a_change_after_a_rename_meets_409_until_the_window_is_over(door: Door) -> None:
    door.emulator.switches.rename_window = 60.0
    users = door.directory().users()
    users.patch(userKey=ALICE, body={"primaryEmail": "ann@example.org"}).execute()
    again = users.patch(userKey="ann@example.org", body={"suspended": True})
    assert refusal(again) == (409, "duplicate", "Entity already exists.")
    door.emulator.advance(60.0)
    assert again.execute()["suspended"]


@pytest.mark.parametrize(
    ("old", "message", "status"),
    [
        (False, "Request had invalid authentication credentials. Expected", "UNAUTHENTICATED"),
        (True, "Invalid Credentials", None),
    ],
)
def test_a_bad_token_is_refused_in_new_and_in_old_words(
    door: Door, *, old: bool, message: str, status: str | None
) -> None:
    door.emulator.switches.old_wording = old
    door.emulator.faults.clear()
    uri = "https://admin.googleapis.com/admin/directory/v1/users/alice@example.org"
    response, content = door.emulator.transport().request(
        uri, headers={"Authorization": "Bearer nonsense"}
    )
    error = HttpError(response, content)
    told = envelope(error)["error"]
    assert (told["code"], told["errors"][0]["reason"]) == (401, "authError")
    assert told["message"].startswith(message)
    assert told["errors"][0]["message"] == "Invalid Credentials"
    assert told.get("status") == status


@pytest.mark.parametrize(
    ("old", "message"),
    [
        (False, "Request had insufficient authentication scopes."),
        (True, "Insufficient Permission"),
    ],
)
def test_a_missing_scope_is_told_in_new_and_in_old_words(
    door: Door, *, old: bool, message: str
) -> None:
    door.emulator.switches.old_wording = old
    api = door.directory(scopes=("admin.directory.group",))
    assert refusal(get_alice(api)) == (403, "insufficientPermissions", message)


# --- a service account in its own name ----------------------------------------------------------


def test_without_a_role_a_service_account_may_nothing(door: Door) -> None:
    api = door.directory(subject=None)
    assert refusal(get_alice(api)) == (403, "forbidden", FORBIDDEN)
    door.emulator.switches.undelegated_status = 503
    expected = (503, "backendError", "Service unavailable. Please try again")
    assert refusal(get_alice(api)) == expected


def test_with_a_role_it_needs_neither_subject_nor_delegation(door: Door) -> None:
    door.emulator.assign_role()
    door.emulator.grant()
    api = door.directory(subject=None)
    assert get_alice(api).execute()["primaryEmail"] == ALICE
    customer = get_alice(api).execute()["customerId"]
    assert len(api.users().list(customer=customer).execute()["users"]) == 3


def test_with_a_role_it_still_belongs_to_no_customer(door: Door) -> None:
    door.emulator.assign_role()
    api = door.directory(subject=None)
    homeless = (400, "invalid", "Invalid Input")
    assert refusal(api.users().list(customer="my_customer")) == homeless
    expected = (404, "notFound", "Domain not found.")
    assert refusal(api.groups().list(userKey=ALICE)) == expected


# --- people who are no administrators -----------------------------------------------------------


def test_anybody_sees_what_is_public_of_others(door: Door) -> None:
    users = door.directory(subject="bob@example.org").users()
    assert refusal(users.get(userKey=ALICE)) == (403, "forbidden", FORBIDDEN)
    shown = users.get(userKey=ALICE, viewType="domain_public").execute()
    assert shown["primaryEmail"] == ALICE
    assert not shown.keys() & {"isAdmin", "suspended", "orgUnitPath", "lastLoginTime"}
    listed = users.list(customer="my_customer", viewType="domain_public").execute()["users"]
    assert all("isAdmin" not in entry for entry in listed)


# --- the token endpoint -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", REFUSALS)
def test_the_token_endpoint_refuses_in_the_words_of_its_table(door: Door, kind: str) -> None:
    error, description, status = REFUSALS[kind]
    door.emulator.switches.token_error = kind
    # google-auth tries again after an internal failure, with a pause that is not ours.
    response, content = door.emulator.transport().request(
        "https://oauth2.googleapis.com/token", "POST", body="grant_type=refresh_token",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert response.status == status
    assert json.loads(content) == {"error": error, "error_description": description}


def test_a_refusal_reaches_googles_own_client(door: Door) -> None:
    door.emulator.switches.token_error = "admin_policy_enforced"
    with pytest.raises(RefreshError, match="admin_policy_enforced"):
        get_alice(door.directory()).execute()


def revoke(door: Door, token: str) -> int:
    response, _ = door.emulator.transport().request(
        "https://oauth2.googleapis.com/revoke", "POST", body=f"token={token}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    return int(response.status)


def test_a_revoked_access_token_opens_nothing(door: Door) -> None:
    http = door.http()
    uri = "https://admin.googleapis.com/admin/directory/v1/users/alice@example.org"
    assert http.request(uri)[0].status == 200
    token = http.credentials.token
    assert revoke(door, token) == 200
    header = {"Authorization": f"Bearer {token}"}
    assert door.emulator.transport().request(uri, headers=header)[0].status == 401
    assert revoke(door, token) == 400


def test_a_revoked_consent_gives_no_tokens_and_ends_those_given(door: Door) -> None:
    consent = door.emulator.consent("admin@example.org")
    form = "&".join(f"{key}={value}" for key, value in consent.items() if key != "type")
    asked: dict[str, Any] = {
        "uri": "https://oauth2.googleapis.com/token",
        "method": "POST",
        "body": f"grant_type=refresh_token&{form}",
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    }
    transport = door.emulator.transport()
    response, content = transport.request(**asked)
    assert response.status == 200
    assert revoke(door, consent["refresh_token"]) == 200
    response, content = transport.request(**asked)
    assert (response.status, b"Token has been expired or revoked." in content) == (400, True)


def test_no_token_is_in_the_log(door: Door) -> None:
    consent = door.emulator.consent("admin@example.org")
    token = consent["refresh_token"]
    door.emulator.transport().request(f"https://oauth2.googleapis.com/revoke?token={token}")
    assert all(token not in str(entry) for entry in door.emulator.requests)
