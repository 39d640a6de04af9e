"""The emulator's token endpoint, without HTTP."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from gapps_hooks.emulator.consents import Consent
from gapps_hooks.emulator.keys import ServiceAccountKey, key_of, new_key
from gapps_hooks.emulator.signin import AUDIENCE, GRANT_TYPE, Client, SignIn
from gapps_hooks.emulator.token_errors import TokenError

NOW = 1_790_000_000.0
WINDOW = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)
UNAUTHORISED = (
    "Client is unauthorized to retrieve access tokens using this method, or client not "
    "authorized for any of the scopes requested."
)


class Desk:
    """A token endpoint with one client, and a clock."""

    def __init__(self, key: ServiceAccountKey) -> None:
        self.key = key
        self.time = NOW
        self.people = {"admin@example.org"}
        self.refusal = ""
        self.tokens = 0
        self.sign_in = SignIn(now=lambda: self.time, new_token=self._token, subjects=self)
        self.client = Client(
            email=key.email,
            keys={key.key_id: key.private.public_key()},
            granted=frozenset({"user", "group"}),
        )
        self.sign_in.clients[key.email] = self.client

    def may_sign_in(self, address: str) -> bool:
        return address in self.people

    def token_error(self) -> str:
        return self.refusal

    def _token(self) -> str:
        self.tokens += 1
        return str(self.tokens)

    def exchange(self, header: dict[str, Any] | None = None, **claims: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the rule takes
        usual = {
            "iss": self.key.email,
            "sub": "admin@example.org",
            "scope": "user",
            "aud": AUDIENCE,
            "iat": NOW,
            "exp": NOW + 3600,
        }
        head = {"alg": "RS256", "kid": self.key.key_id, **(header or {})}
        chosen = {name: value for name, value in (usual | claims).items() if value is not None}
        return self.send(signed(self.key, head, chosen))

    def send(self, assertion: str) -> dict[str, Any]:
        return self.sign_in.exchange({"grant_type": GRANT_TYPE, "assertion": assertion})


def signed(key: ServiceAccountKey, *parts: Any) -> str:  # noqa: ANN401 - header and claims
    text = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    signature = key.private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{encoded(signature)}"


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.fixture(scope="module")
def key() -> ServiceAccountKey:
    return new_key("0" * 39 + "1")


@pytest.fixture
def desk(key: ServiceAccountKey) -> Desk:
    return Desk(key)


def test_a_good_assertion_becomes_a_token_for_an_hour(desk: Desk) -> None:
    answer = desk.exchange()
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3599
    token = desk.sign_in.token(answer["access_token"])
    assert token is not None
    assert token.subject == "admin@example.org"
    assert token.scopes == {"user"}
    desk.time += 3600
    assert desk.sign_in.token(answer["access_token"]) is None


@pytest.mark.parametrize(
    "audience", [AUDIENCE, "https://www.googleapis.com/oauth2/v4/token", "http://127.0.0.1:1/token"]
)
def test_an_assertion_may_be_for_any_of_googles_token_urls_or_for_this_server(
    desk: Desk, audience: str
) -> None:
    assertion = signed(
        desk.key,
        {"alg": "RS256"},
        {"iss": desk.key.email, "scope": "user", "aud": audience, "iat": NOW, "exp": NOW + 60},
    )
    form = {"grant_type": GRANT_TYPE, "assertion": assertion}
    assert desk.sign_in.exchange(form, ("http://127.0.0.1:1/token",))["access_token"]


@pytest.mark.parametrize(
    ("claims", "error", "description", "status"),
    [
        ({"iss": "stranger"}, "invalid_grant", "Invalid grant: account not found", 400),
        ({"header": {"kid": "0" * 40}}, "invalid_grant", "Invalid JWT Signature.", 400),
        ({"header": {"alg": "HS256"}}, "invalid_grant", "Invalid JWT Signature.", 400),
        ({"iat": None}, "invalid_grant", "Invalid JWT: iat (issued at) is not set.", 400),
        ({"exp": None}, "invalid_grant", "Invalid JWT: exp (expiration time) is not set.", 400),
        ({"iat": NOW + 301}, "invalid_grant", WINDOW, 400),
        ({"iat": NOW - 7200, "exp": NOW - 3600}, "invalid_grant", WINDOW, 400),
        ({"exp": NOW + 3901}, "invalid_grant", WINDOW, 400),
        ({"scope": ""}, "invalid_scope", "Invalid OAuth scope or ID token audience provided.", 400),
        ({"scope": "mail"}, "unauthorized_client", UNAUTHORISED, 401),
        ({"scope": "user mail"}, "access_denied", "Requested client not authorized.", 403),
        ({"aud": "https://example.org"}, "invalid_grant",
         "Invalid JWT: Failed audience check.", 400),
        ({"aud": "https://evil.example/token"}, "invalid_grant",
         "Invalid JWT: Failed audience check.", 400),
        ({"aud": [AUDIENCE]}, "invalid_grant", "Invalid JWT: Failed audience check.", 400),
        ({"sub": "nobody@example.org"}, "invalid_grant", "Invalid email or User ID", 400),
        ({"sub": "nobody"}, "invalid_grant", "Not a valid email", 400),
    ],
)  # fmt: skip
def test_a_wrong_assertion_is_refused_in_googles_words(
    desk: Desk, claims: dict[str, Any], error: str, description: str, status: int
) -> None:
    with pytest.raises(TokenError) as caught:
        desk.exchange(**claims)
    assert caught.value.body() == {"error": error, "error_description": description}
    assert caught.value.status == status


@pytest.mark.parametrize("assertion", ["", "a.b", "a.b.c", "bnVsbA.bnVsbA.bnVsbA", "é.é.é"])
def test_what_is_no_assertion_is_refused(desk: Desk, assertion: str) -> None:
    with pytest.raises(TokenError) as caught:
        desk.send(assertion)
    assert caught.value.body() == {"error": "invalid_request", "error_description": "Bad Request"}


def test_a_claim_that_was_changed_after_signing_is_found_out(desk: Desk) -> None:
    claims = {"iss": desk.key.email, "iat": NOW, "exp": NOW + 60, "scope": "user", "aud": AUDIENCE}
    head, _, signature = signed(desk.key, {"alg": "RS256", "kid": desk.key.key_id}, claims).split(
        "."
    )
    forged = encoded(json.dumps(claims | {"scope": "group"}).encode())
    with pytest.raises(TokenError, match=r"invalid_grant"):
        desk.send(f"{head}.{forged}.{signature}")


def test_other_grants_are_refused(desk: Desk) -> None:
    with pytest.raises(TokenError, match="unsupported_grant_type"):
        desk.sign_in.exchange({"grant_type": "password"})


def test_a_revoked_key_signs_nobody_in_any_more(desk: Desk) -> None:
    desk.exchange()
    desk.sign_in.revoke_key(desk.key.email, desk.key.key_id)
    with pytest.raises(TokenError, match=r"Invalid JWT Signature"):
        desk.exchange()


def test_a_token_ends_with_its_subject(desk: Desk) -> None:
    text = desk.exchange()["access_token"]
    desk.people.clear()
    assert desk.sign_in.token(text) is None


def test_a_service_account_may_sign_in_as_itself(desk: Desk) -> None:
    token = desk.sign_in.token(desk.exchange(sub=None)["access_token"])
    assert token is not None
    assert token.subject is None


def test_a_key_file_can_be_read_back_and_its_text_form_is_no_secret(key: ServiceAccountKey) -> None:
    again = key_of(key.as_json("http://127.0.0.1/token"))
    assert again.key_id == key.key_id
    assert again.private.private_numbers() == key.private.private_numbers()
    assert "PRIVATE" not in repr(key)


def test_an_assertion_need_not_name_its_key(desk: Desk) -> None:
    header = {"alg": "RS256", "typ": "JWT"}
    claims = {
        "iss": desk.key.email,
        "sub": "admin@example.org",
        "scope": "user",
        "aud": AUDIENCE,
        "iat": NOW,
        "exp": NOW + 3600,
    }
    assert desk.send(signed(desk.key, header, claims))["access_token"]
    with pytest.raises(TokenError, match="Signature"):
        desk.send(signed(replace(desk.key, private=new_key("2" * 40).private), header, claims))


# --- people's consent, and service accounts that sign for themselves ------------------------------


def consented(desk: Desk) -> dict[str, str]:
    consent = Consent(
        client_id="gam",
        client_secret="secret",
        subject="admin@example.org",
        scopes=frozenset({"user", "group"}),
    )
    return {
        "grant_type": "refresh_token",
        "client_id": "gam",
        "client_secret": "secret",
        "refresh_token": desk.sign_in.consent(consent),
    }


def test_a_refresh_token_becomes_a_token_in_the_persons_name(desk: Desk) -> None:
    answer = desk.sign_in.exchange(consented(desk))
    assert (answer["scope"], answer["token_type"]) == ("group user", "Bearer")
    token = desk.sign_in.token(answer["access_token"])
    assert token is not None
    assert (token.subject, token.scopes) == ("admin@example.org", frozenset({"user", "group"}))


def test_a_refresh_token_can_be_asked_for_less(desk: Desk) -> None:
    answer = desk.sign_in.exchange(consented(desk) | {"scope": "user"})
    assert answer["scope"] == "user"


@pytest.mark.parametrize(
    ("changed", "error", "description", "status"),
    [
        ({"refresh_token": "x"}, "invalid_grant", "Token has been expired or revoked.", 400),
        ({"client_id": "x"}, "invalid_client", "The OAuth client was not found.", 401),
        ({"client_secret": "x"}, "invalid_client", "Unauthorized", 401),
        ({"scope": "user settings"}, "invalid_scope", "Bad Request", 400),
    ],
)
def test_a_wrong_refresh_is_refused(
    desk: Desk, changed: dict[str, str], error: str, description: str, status: int
) -> None:
    with pytest.raises(TokenError) as refused:
        desk.sign_in.exchange(consented(desk) | changed)
    assert refused.value == TokenError(error, description, status)


def test_a_consent_ends_when_it_is_withdrawn_or_its_person_goes(desk: Desk) -> None:
    form = consented(desk)
    desk.people.clear()
    with pytest.raises(TokenError, match="expired or revoked"):
        desk.sign_in.exchange(form)
    desk.people.add("admin@example.org")
    assert desk.sign_in.exchange(form)
    desk.sign_in.withdraw("admin@example.org")
    with pytest.raises(TokenError, match="expired or revoked"):
        desk.sign_in.exchange(form)


def test_of_a_hundred_and_one_consents_the_oldest_goes_without_a_word(desk: Desk) -> None:
    first, second = consented(desk), consented(desk)
    for _ in range(98):
        consented(desk)
    assert desk.sign_in.exchange(first)
    last = consented(desk)
    with pytest.raises(TokenError, match="expired or revoked"):
        desk.sign_in.exchange(first)
    assert desk.sign_in.exchange(second)
    assert desk.sign_in.exchange(last)


def test_a_refresh_token_ends_after_six_months_in_which_nobody_used_it(desk: Desk) -> None:
    form = consented(desk)
    for _ in range(3):
        desk.time += 180 * 86400
        assert desk.sign_in.exchange(form)
    desk.time += 183 * 86400
    with pytest.raises(TokenError, match="expired or revoked"):
        desk.sign_in.exchange(form)


def self_signed(desk: Desk, **claims: Any) -> str:  # noqa: ANN401 - whatever the rule takes
    usual = {
        "iss": desk.key.email,
        "sub": desk.key.email,
        "aud": "https://admin.googleapis.com/",
        "iat": NOW,
        "exp": NOW + 3600,
    }
    chosen = {name: value for name, value in (usual | claims).items() if value is not None}
    return signed(desk.key, {"alg": "RS256", "kid": desk.key.key_id}, chosen)


def test_a_self_signed_token_is_for_one_service(desk: Desk) -> None:
    token = desk.sign_in.token(self_signed(desk))
    assert token is not None
    assert (token.client, token.subject) == (desk.key.email, None)
    assert (token.audience, token.scopes) == ("https://admin.googleapis.com/", frozenset())


def test_a_self_signed_token_with_scopes_is_for_these(desk: Desk) -> None:
    token = desk.sign_in.token(self_signed(desk, scope="user group"))
    assert token is not None
    assert (token.audience, token.scopes) == ("", frozenset({"user", "group"}))


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "admin@example.org"},
        {"iss": "nobody@example.org"},
        {"aud": None},
        {"exp": NOW - 1},
        {"iat": NOW + 7200, "exp": NOW + 9000},
        {"exp": NOW + 86400},
    ],
)
def test_a_wrong_self_signed_token_is_none(desk: Desk, claims: dict[str, Any]) -> None:
    assert desk.sign_in.token(self_signed(desk, **claims)) is None


def test_a_self_signed_token_ends_with_its_key(desk: Desk) -> None:
    token = self_signed(desk)
    assert desk.sign_in.token(token)
    desk.sign_in.revoke_key(desk.key.email, desk.key.key_id)
    assert desk.sign_in.token(token) is None
