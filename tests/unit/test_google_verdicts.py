"""Specifies what each error answer of Google's APIs comes to; no network, no client."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.errors import (
    AlreadyExists,
    GoogleFault,
    NotFound,
    NotYet,
    Passing,
    Refused,
    SignInRefused,
    Throttled,
    Unreachable,
)
from gapps_hooks.google.rules import Answer
from gapps_hooks.google.verdicts import LONGEST_QUOTE, parse, verdict


def body(status: int, reason: str, message: str, **more: object) -> bytes:
    entry = {"message": message, "domain": "global", "reason": reason}
    error: dict[str, object] = {"code": status, "message": message, "errors": [entry], **more}
    return json.dumps({"error": error}).encode()


def judge(status: int, reason: str, message: str) -> GoogleFault:
    return verdict(parse(status, body(status, reason, message), {}))


CATALOGUE = [
    (400, "invalid", "Invalid Input: primary_user_email", Refused, "primary address"),
    (400, "invalid", "Invalid Given/Family Name: FamilyName", Refused, "family name"),
    (400, "required", "Required parameter: [resource.name.field]", Refused, "family name"),
    (400, "invalid", "Invalid Password", Refused, "set the password anew"),
    (400, "invalid", "Invalid Input: $2y$10$abcdefgh", Refused, "set the password anew"),
    (400, "invalid", "Invalid Input: INVALID_OU_ID", Refused, "Organizational units"),
    (400, "invalid", "Invalid Input", Refused, "refused the request"),
    (400, "invalid", "Invalid Input: memberKey", Refused, "this member"),
    (400, "invalid", "Invalid Input: groupKey", Refused, "group address"),
    (400, "invalid", "Invalid Input: resource", Refused, "the value that it names"),
    (400, "invalid", "Invalid field selection orgUnitPath", Refused, "report this"),
    (400, "invalid", "Invalid Input: pageToken", Passing, "starts over"),
    (400, "invalidArgument", "Failed request validation in update settings: X", Refused, "names"),
    (400, "required", "Missing required field: memberKey", NotFound, "no account or group"),
    (400, "required", "Missing required field: member", Refused, "this member"),
    (400, "badRequest", "Bad Request", Refused, "refused the request"),
    (400, "badRequest", "Type not supported: userKey", NotFound, "a group's"),
    (400, "conditionNotMet", "Cyclic memberships not allowed", Refused, "member of itself"),
    (412, "conditionNotMet", "Cyclic memberships not allowed", Refused, "member of itself"),
    (401, "authError", "Invalid Credentials", SignInRefused, "may still sign in"),
    (401, "required", "Login Required", SignInRefused, "may still sign in"),
    (403, "forbidden", "Not Authorized to access this resource/api", Refused, "Admin roles"),
    (403, "insufficientPermissions", "Insufficient Permission", SignInRefused, "delegation"),
    (403, "accessNotConfigured", "Admin SDK API has not been used", SignInRefused, "enable the"),
    (403, "domainCannotUseApis", "Domain cannot use apis", SignInRefused, "API controls"),
    (403, "quotaExceeded", "Request rate higher than configured.", Throttled, "fewer requests"),
    (403, "userRateLimitExceeded", "", Throttled, "fewer requests"),
    (403, "rateLimitExceeded", "Quota exceeded for quota metric", Throttled, "fewer requests"),
    (403, "dailyLimitExceeded", "", Throttled, "fewer requests"),
    (403, "somethingNew", "Nobody saw this before", Refused, "Nobody saw this before"),
    (404, "notFound", "Resource Not Found: userKey", NotFound, "does not know"),
    (404, "notFound", "Resource Not Found: 1040763465893", NotFound, "does not know"),
    (404, "notFound", "Resource Not Found: groupKey", NotFound, "does not know"),
    (404, "notFound", "Resource Not Found: memberKey", NotFound, "does not know"),
    (404, "notFound", "Resource Not Found", NotFound, "does not know"),
    (404, "notFound", "Domain not found.", Refused, "Account > Domains"),
    (404, "notFound", "Resource Not Found: domain", Refused, "Account > Domains"),
    (408, "", "", Passing, "tried again"),
    (409, "duplicate", "Entity already exists.", AlreadyExists, "in use"),
    (409, "duplicate", "Member already exists.", AlreadyExists, "already in the group"),
    (409, "conflict", "Conflicting requests. Please try again", Passing, "tried again"),
    (409, "", "Conflicting requests. Please try again", Passing, "tried again"),
    (412, "conditionNotMet", "User creation is not complete.", NotYet, "still creating"),
    (412, "conditionNotMet", "User is deleted.", NotFound, "is deleted"),
    (412, "conditionNotMet", "Cannot undelete this user", Refused, "20 days"),
    (412, "conditionNotMet", "The user is on a Vault hold", Refused, "Google Vault"),
    (412, "conditionNotMet", "A condition nobody knows", Refused, "nobody knows"),
    (412, "limitExceeded", "Domain user limit reached. Contact Support.", Refused, "licence"),
    (412, "limitExceeded", "Aliases", Refused, "30 aliases"),
    (412, "adminCannotUnsuspend", "Cannot restore a user", Refused, "accounts.google.com"),
    (412, "", "Cannot restore a user suspended for abuse.", Refused, "support"),
    (412, "", "Insufficient Archived User licenses", Refused, "Archived User licence"),
    (429, "rateLimitExceeded", "Rate Limit Exceeded", Throttled, "fewer requests"),
    (500, "backendError", "Backend Error", Passing, "tried again"),
    (500, "internalError", "Internal error encountered.", Passing, "tried again"),
    (500, "", "", Passing, "tried again"),
    (503, "backendError", "Service unavailable. Please try again", Passing, "tried again"),
    (504, "", "", Passing, "tried again"),
    (302, "", "", Unreachable, "proxy"),
]


@pytest.mark.parametrize(("status", "reason", "message", "expected", "words"), CATALOGUE)
def test_every_answer_of_the_catalogue_is_one_verdict_with_a_sentence(
    status: int, reason: str, message: str, expected: type[GoogleFault], words: str
) -> None:
    fault = judge(status, reason, message)

    assert type(fault) is expected
    assert words in str(fault)
    assert (fault.status, fault.reason) == (status, reason)


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (403, "Request rate higher than configured", Throttled),
        (429, "Quota exceeded for quota metric 'Queries'", Throttled),
        (429, "", Throttled),
        (502, "<html><title>502 Bad Gateway</title></html>", Passing),
        (503, "Quota exceeded for the current request", Throttled),
        (504, "gateway timeout", Passing),
        (401, "<html>no</html>", SignInRefused),
        (407, "<html>proxy</html>", Unreachable),
        (302, "<html>captive portal</html>", Unreachable),
    ],
)
def test_a_body_that_is_no_json_is_judged_by_its_status_and_words(
    status: int, text: str, expected: type[GoogleFault]
) -> None:
    assert type(verdict(parse(status, text.encode(), {}))) is expected


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412])
def test_a_refusal_in_html_comes_from_something_in_between_and_buries_nothing(status: int) -> None:
    fault = verdict(parse(status, b"<html>Resource Not Found: userKey</html>", {}))

    assert type(fault) is Passing
    assert "html" not in str(fault)


def test_the_reason_is_found_although_details_stand_in_the_body_too() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.Help", "links": []}]
    content = body(403, "accessNotConfigured", "switched off", details=details)

    assert parse(403, content, {}).reason == "accessNotConfigured"


def test_without_an_errors_list_the_reason_is_that_of_the_details() -> None:
    details = [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com"}]
    error = {"code": 403, "message": "scopes", "status": "PERMISSION_DENIED", "details": details}
    answer = parse(403, json.dumps({"error": error}).encode(), {})

    assert answer.reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    assert type(verdict(answer)) is SignInRefused


def test_without_errors_and_details_the_reason_is_the_status_word() -> None:
    error = {"code": 403, "message": "no", "status": "PERMISSION_DENIED"}

    assert parse(403, json.dumps({"error": error}).encode(), {}).reason == "PERMISSION_DENIED"


def test_retry_after_in_seconds_is_passed_on() -> None:
    fault = verdict(parse(429, b"", {"retry-after": "7"}))

    assert fault.retry_after == 7.0


@pytest.mark.parametrize("value", ["", "soon", "-1", "²", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_any_other_retry_after_is_left_out(value: str) -> None:
    assert parse(429, b"", {"retry-after": value}).retry_after is None


@pytest.mark.parametrize(
    "secret",
    [
        "$6$saltsalt$Zq2.abc/def",
        "$2y$10$N9qo8uLOickgx2ZMRZoMye",
        "5f4dcc3b5aa765d61d8327deb882cf99",
    ],
)
def test_a_hash_that_google_echoes_is_not_repeated(secret: str) -> None:
    fault = judge(400, "invalid", f"Invalid Input: {secret}")

    assert secret not in str(fault)
    assert "Invalid Input: …" in str(fault)


def test_a_named_secret_is_not_repeated_in_any_form() -> None:
    answer = Answer(status=400, reason="invalid", message="Invalid Input: abJnggxhB/yWI here")

    assert "abJnggxhB/yWI" not in str(verdict(answer, secrets=["abJnggxhB/yWI"]))


def test_foreign_text_is_one_printable_line_of_bounded_length() -> None:
    fault = judge(400, "invalid", "a\nb\x1b[31m\u202e" + "x" * 1000)

    assert str(fault).isprintable()
    assert len(str(fault)) < LONGEST_QUOTE + 200


@given(
    status=st.integers(min_value=300, max_value=599),
    content=st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["error", "errors", "details", "reason", "message", "status"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_whatever_stands_in_a_body_there_is_a_verdict(status: int, content: bytes) -> None:
    fault = verdict(parse(status, content, {}))

    assert isinstance(fault, GoogleFault)
    assert fault.status == status
    assert str(fault).isprintable()
