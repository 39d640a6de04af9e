"""Specifies the sign-in with real key files; the token endpoint is a script."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gapps_hooks.errors import SignInRefused, Unreachable
from gapps_hooks.google.sign_in import DIRECTORY_SCOPES, SignIn
from gapps_hooks.google.token_verdicts import SignInBusy


@dataclass
class TokenAnswer:
    """What google-auth wants of an HTTP answer."""

    status: int
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Endpoint:
    """The token endpoint: a new token for each request, unless the script says otherwise."""

    def __init__(self, *script: TokenAnswer | Exception, takes: float = 0.0) -> None:
        self.asked: list[dict[str, Any]] = []
        self._script = list(script)
        self._takes = takes

    def __call__(self, *, url: str, body: bytes, **more: object) -> TokenAnswer:
        time.sleep(self._takes)
        self.asked.append({"url": url, "form": parse_qs(body.decode()), **more})
        step = self._script.pop(0) if self._script else granted(f"token-{len(self.asked)}")
        if isinstance(step, Exception):
            raise step
        return step

    def claims(self) -> dict[str, Any]:
        payload = self.asked[-1]["form"]["assertion"][0].split(".")[1]
        decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
        return decoded


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def granted(token: str, life: int = 3599) -> TokenAnswer:
    return TokenAnswer(200, json.dumps({"access_token": token, "expires_in": life}).encode())


def refused(error: str, description: str = "") -> TokenAnswer:
    body = {"error": error, "error_description": description}
    return TokenAnswer(400, json.dumps(body).encode())


@pytest.fixture(scope="module")
def key() -> dict[str, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "client_id": "112233445566778899",
        "client_email": "hooks@project.iam.gserviceaccount.com",
        "private_key_id": "k1",
        "private_key": pem.decode(),
        "token_uri": "http://127.0.0.1:8085/token",
    }


@pytest.fixture
def key_file(tmp_path: Path, key: dict[str, str]) -> Path:
    path = tmp_path / "service-account.json"
    path.write_text(json.dumps(key))
    return path


def make(path: Path, clock: Clock | None = None) -> SignIn:
    return SignIn(
        key_file=path,
        admin="admin@example.org",
        scopes=DIRECTORY_SCOPES,
        clock=clock or Clock(),
        wall_clock=time.time,
    )


def token(sign_in: SignIn, endpoint: Endpoint) -> str:
    headers: dict[str, str] = {}
    sign_in.before_request(endpoint, "GET", "http://127.0.0.1:8085/", headers)
    return headers["authorization"]


def test_the_administrator_is_acted_for_with_only_the_scopes_that_are_needed(
    key_file: Path,
) -> None:
    endpoint = Endpoint()

    assert token(make(key_file), endpoint) == "Bearer token-1"
    assert endpoint.asked[0]["url"] == "http://127.0.0.1:8085/token"
    assert endpoint.claims()["sub"] == "admin@example.org"
    assert endpoint.claims()["iss"] == "hooks@project.iam.gserviceaccount.com"
    assert endpoint.claims()["scope"].split() == [
        "https://www.googleapis.com/auth/admin.directory.user",
        "https://www.googleapis.com/auth/admin.directory.group",
    ]


def test_a_token_serves_until_shortly_before_it_expires(key_file: Path) -> None:
    clock, endpoint = Clock(), Endpoint()
    sign_in = make(key_file, clock)
    tokens = []
    for now in (0.0, 3300.0, 3599.0 - 200.0):
        clock.now = now
        tokens.append(token(sign_in, endpoint))

    assert tokens == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_a_refresh_gets_another_token_whatever_the_clock_says(key_file: Path) -> None:
    endpoint, sign_in = Endpoint(), make(key_file)
    token(sign_in, endpoint)
    sign_in.refresh(endpoint)

    assert token(sign_in, endpoint) == "Bearer token-2"


def test_many_threads_ask_for_one_token(key_file: Path) -> None:
    endpoint, sign_in = Endpoint(takes=0.05), make(key_file)
    threads = [Thread(target=token, args=(sign_in, endpoint)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(endpoint.asked) == 1


def test_a_refusal_says_who_must_do_what(key_file: Path) -> None:
    endpoint = Endpoint(refused("unauthorized_client", "Client is unauthorized"))

    with pytest.raises(SignInRefused, match="client ID 112233445566778899"):
        token(make(key_file), endpoint)


@pytest.mark.parametrize(
    "step",
    [TokenAnswer(503, b"<html>busy</html>"), TimeoutError(), ConnectionResetError()],
    ids=repr,
)
def test_a_faltering_endpoint_is_asked_once_and_left_to_the_call_to_repeat(
    key_file: Path, step: TokenAnswer | Exception
) -> None:
    endpoint = Endpoint(step)

    with pytest.raises(SignInBusy):
        token(make(key_file), endpoint)
    assert len(endpoint.asked) == 1


def test_no_connection_to_the_endpoint_is_unreachable(key_file: Path) -> None:
    with pytest.raises(Unreachable):
        token(make(key_file), Endpoint(ConnectionRefusedError(111, "refused")))


def test_after_a_refusal_the_key_file_is_read_anew(key_file: Path, key: dict[str, str]) -> None:
    endpoint, sign_in = Endpoint(refused("invalid_grant", "Invalid JWT Signature.")), make(key_file)
    with pytest.raises(SignInRefused, match=str(key_file)):
        token(sign_in, endpoint)
    key_file.write_text(json.dumps({**key, "client_email": "new@project"}))
    token(sign_in, endpoint)

    assert endpoint.claims()["iss"] == "new@project"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "does not exist"),
        ("", "no JSON object"),
        ("[]", "no JSON object"),
        ("{", "no JSON object"),
        ('{"installed": {"client_id": "x"}}', "no service account key"),
        ('{"type": "authorized_user"}', "no service account key"),
        ('{"type": "service_account"}', "lacks client_email, private_key, token_uri"),
    ],
)
def test_a_key_file_that_is_none_is_named_with_the_remedy(
    tmp_path: Path, content: str | None, words: str
) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(SignInRefused) as caught:
        token(make(path), Endpoint())
    assert str(path) in str(caught.value)
    assert words in str(caught.value)
    assert "Service Accounts > Keys" in str(caught.value)


def test_a_directory_in_the_key_files_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(SignInRefused, match="cannot be read"):
        token(make(tmp_path), Endpoint())


@pytest.mark.parametrize("damage", ["", "no PEM", "-----BEGIN PRIVATE KEY-----\nMIIsecret\n"])
def test_a_damaged_private_key_is_not_quoted(
    key_file: Path, key: dict[str, str], damage: str
) -> None:
    key_file.write_text(json.dumps({**key, "private_key": damage}))

    with pytest.raises(SignInRefused, match="damaged") as caught:
        token(make(key_file), Endpoint())
    assert "MIIsecret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_key_of_another_universe_is_refused_because_it_cannot_act_for_anybody(
    key_file: Path, key: dict[str, str]
) -> None:
    key_file.write_text(json.dumps({**key, "universe_domain": "other.example"}))
    endpoint = Endpoint()

    with pytest.raises(SignInRefused, match="universe"):
        token(make(key_file), endpoint)
    assert endpoint.asked == []
