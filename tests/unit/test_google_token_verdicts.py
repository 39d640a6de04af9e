"""Specifies what each answer of Google's token endpoint comes to; no network, no client."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from gapps_hooks.errors import GoogleFault, SignInRefused, Unreachable
from gapps_hooks.google.token_verdicts import Applicant, SignInBusy, clock_skew, token_verdict

NOW = 1_790_000_000.0
APPLICANT = Applicant(
    client_id="112233445566778899",
    client_email="hooks@project.iam.gserviceaccount.com",
    key_file=Path("/etc/gapps-hooks/service-account.json"),
    admin="admin@example.org",
    scopes=("https://www.googleapis.com/auth/admin.directory.user",),
)
CLOCK_WORDS = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
    " Check your iat and exp values in the JWT claim."
)


def judge(
    status: int, error: str, description: str = "", date: str | None = None
) -> GoogleFault | None:
    content = json.dumps({"error": error, "error_description": description}).encode()
    headers = {} if date is None else {"date": date}
    return token_verdict(status, content, headers, applicant=APPLICANT, now=NOW)


@pytest.mark.parametrize(
    ("status", "error", "description", "words"),
    [
        (401, "unauthorized_client", "Client is unauthorized to retrieve", "112233445566778899"),
        (401, "unauthorized_client", "Unauthorized client or scope", "Domain-wide delegation"),
        (403, "access_denied", "Requested client not authorized.", "admin.directory.user"),
        (403, "access_denied", "Account restricted", "scope"),
        (400, "admin_policy_enforced", "", "App access control"),
        (400, "invalid_grant", "Invalid email or User ID", "admin@example.org"),
        (400, "invalid_grant", "Not a valid email", "suspended"),
        (400, "invalid_grant", "Invalid JWT Signature.", "create a new JSON key"),
        (400, "invalid_grant", "Invalid grant: account not found", "does not exist any more"),
        (400, "invalid_grant", CLOCK_WORDS, "timedatectl"),
        (400, "invalid_grant", "Invalid JWT: Failed audience check.", "act as admin@example.org"),
        (400, "invalid_grant", "The account has been deleted", "name another administrator"),
        (400, "invalid_grant", "Bad Request", "act as admin@example.org"),
        (400, "invalid_grant", "reauth related error (invalid_rapt)", "act as"),
        (400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.", "scopes"),
        (400, "invalid_request", "Bad Request", "gserviceaccount.com"),
        (400, "invalid_request", "Invalid impersonation prn email address", "setting admin"),
        (401, "disabled_client", "", "are enabled"),
        (401, "deleted_client", "", "are enabled"),
        (401, "invalid_client", "", "are enabled"),
        (403, "org_internal", "", "are enabled"),
    ],
)
def test_every_refusal_is_a_sign_in_refused_with_its_remedy(
    status: int, error: str, description: str, words: str
) -> None:
    fault = judge(status, error, description)

    assert type(fault) is SignInRefused
    assert words in str(fault)
    assert error in str(fault)
    assert (fault.status, fault.reason) == (status, error)


@pytest.mark.parametrize(
    ("offset", "words"), [(-7200, "7200 seconds ahead of"), (7200, "7200 seconds behind")]
)
def test_a_wrong_clock_is_measured_against_the_date_header(offset: int, words: str) -> None:
    date = format_datetime(datetime.fromtimestamp(NOW + offset, UTC), usegmt=True)

    assert f"({words} Google's)" in str(judge(400, "invalid_grant", CLOCK_WORDS, date))


@pytest.mark.parametrize("date", [None, "", "yesterday", "32 Foo 99"])
def test_without_a_readable_date_the_skew_is_not_made_up(date: str | None) -> None:
    assert "seconds" not in str(judge(400, "invalid_grant", CLOCK_WORDS, date))


def test_a_small_skew_is_not_the_cause_and_not_mentioned() -> None:
    date = format_datetime(datetime.fromtimestamp(NOW - 5, UTC), usegmt=True)

    assert clock_skew(date, NOW) == 5.0
    assert "seconds" not in str(judge(400, "invalid_grant", "Bad Request", date))


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, ""), (502, ""), (503, ""), (429, ""), (408, ""), (400, "internal_failure")],
)
def test_a_faltering_endpoint_is_an_outage_worth_another_try(status: int, error: str) -> None:
    fault = judge(status, error)

    assert type(fault) is SignInBusy
    assert isinstance(fault, Unreachable)


def test_html_of_a_faltering_endpoint_is_an_outage_too() -> None:
    fault = token_verdict(502, b"<html></html>", {}, applicant=APPLICANT, now=NOW)

    assert type(fault) is SignInBusy


@pytest.mark.parametrize("content", [b"<html>Log in to the hotel</html>", b"[]", b"{}", b"\xff"])
def test_success_without_a_token_is_not_googles_sign_in(content: bytes) -> None:
    fault = token_verdict(200, content, {}, applicant=APPLICANT, now=NOW)

    assert type(fault) is SignInRefused
    assert "token_uri" in str(fault)


def test_a_token_is_no_fault() -> None:
    content = json.dumps({"access_token": "ya29.x", "expires_in": 3599}).encode()

    assert token_verdict(200, content, {}, applicant=APPLICANT, now=NOW) is None
