"""Specifies what the directory's verbs put on the wire; Google's side is a script."""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import httplib2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gapps_hooks.errors import (
    GoogleFault,
    NotFound,
    Passing,
    Refused,
    SignInRefused,
    Unreachable,
)
from gapps_hooks.google import Directory, HttpObject, connect, probe
from gapps_hooks.model import PasswordHash, Role
from gapps_hooks.settings import Settings

ENDPOINT = "http://google.test:8085"
SECRET = "$6$saltsalt$5VbZlNqkW1yVZ0xMZ"
PASSWORD = PasswordHash("crypt", SECRET)
USER = {"id": "1", "primaryEmail": "alice@example.org"}
GROUP = {"id": "00g", "email": "staff@example.org"}


class Google:
    """Answers in order, grants every token, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, object] | Exception] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.scopes: list[str] = []
        self.token_answer: tuple[int, object] = (200, {"access_token": "ya29.hidden"})
        self.timeout = 0.0

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        **_more: object,
    ) -> tuple[httplib2.Response[str], bytes]:
        if urlsplit(uri).path == "/token" and method == "POST":
            self.scopes.append(_scope(body))
            return self._say(*self.token_answer)
        self.asked.append((method, uri, json.loads(body) if body else None))
        answer = self.answers.pop(0) if self.answers else (200, {})
        if isinstance(answer, Exception):
            raise answer
        return self._say(*answer)

    def close(self) -> None:
        """Be like httplib2.Http."""

    def _say(self, status: int, body: object) -> tuple[httplib2.Response[str], bytes]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httplib2.Response({"status": str(status)}), content

    @property
    def path(self) -> str:
        return urlsplit(self.asked[-1][1]).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.asked[-1][1]).query)

    @property
    def body(self) -> Any:  # noqa: ANN401 - JSON
        return self.asked[-1][2]


class FreePace:
    """A rate limit that notes who asked, and lets everybody pass."""

    def __init__(self) -> None:
        self.turns: list[tuple[str, ...]] = []

    def wait_turn(self, kinds: tuple[str, ...], longest: float) -> None:  # noqa: ARG002 - the protocol's
        self.turns.append(kinds)

    def slow_down(self, seconds: float, kind: str, *, about: str) -> None:
        """Nobody waits here."""


def _scope(body: str | bytes | None) -> str:
    import base64  # noqa: PLC0415 - used here only

    form = parse_qs(body.decode() if isinstance(body, bytes) else body or "")
    payload = form["assertion"][0].split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=="))["scope"])


def failure(status: int, reason: str, message: str) -> tuple[int, object]:
    entry = {"message": message, "domain": "global", "reason": reason}
    return status, {"error": {"code": status, "message": message, "errors": [entry]}}


@pytest.fixture(scope="module")
def pem() -> str:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture
def settings(tmp_path: Path, pem: str) -> Settings:
    key = tmp_path / "key.json"
    information = {
        "type": "service_account",
        "client_id": "1122",
        "client_email": "hooks@project",
        "private_key": pem,
        "token_uri": f"{ENDPOINT}/token",
    }
    key.write_text(json.dumps(information))
    google = SimpleNamespace(credentials=key, api_endpoint=ENDPOINT, timeout=10.0, ca_bundle=None)
    return cast("Settings", SimpleNamespace(admin="admin@example.org", google=google))


@pytest.fixture
def google() -> Google:
    return Google()


@pytest.fixture
def pace() -> FreePace:
    return FreePace()


@pytest.fixture
def directory(settings: Settings, google: Google, pace: FreePace) -> Directory:
    return connect(
        settings,
        pace=pace,
        http_factory=lambda: cast("HttpObject", google),
        sleep=lambda _seconds: None,
        random=lambda: 0.0,
    )


def test_a_password_goes_into_the_body_with_its_function(
    directory: Directory, google: Google, pace: FreePace
) -> None:
    google.answers = [(200, USER)]
    body = {"primaryEmail": "alice@example.org", "suspended": False}
    directory.insert_user(body, PASSWORD)

    assert google.path == "/admin/directory/v1/users"
    assert google.body == {**body, "password": SECRET, "hashFunction": "crypt"}
    assert "password" not in body
    assert pace.turns == [("request", "creation")]


def test_false_empty_and_null_are_sent_as_they_are(directory: Directory, google: Google) -> None:
    google.answers = [(200, USER)]
    body: dict[str, Any] = {"suspended": False, "phones": [], "externalIds": None, "notes": ""}
    directory.patch_user("1", body)

    assert google.asked[-1][0] == "PATCH"
    assert google.body == body


def test_only_what_the_values_hold_is_asked_for(directory: Directory, google: Google) -> None:
    google.answers = [(200, USER)]
    directory.get_user("alice@example.org")
    fields = google.query["fields"][0]

    assert "name(givenName,familyName)" in fields
    assert {"id", "primaryEmail", "suspended", "isAdmin", "externalIds"} <= set(fields.split(","))
    assert "emails" not in fields


@pytest.mark.parametrize("key", ["o'b+x@example.org", "a/b+c@x.y", "a b", "é@example.org"])
def test_a_key_is_one_segment_of_the_path_whatever_is_in_it(
    directory: Directory, google: Google, key: str
) -> None:
    google.answers = [(200, USER)]
    directory.get_user(key)
    segments = google.path.split("/")

    assert len(segments) == 6
    assert unquote(segments[-1]) == key


@pytest.mark.parametrize("key", ["", ".", ".."])
def test_a_key_that_would_address_something_else_is_refused(
    directory: Directory, google: Google, key: str
) -> None:
    for call in (
        lambda: directory.get_user(key),
        lambda: directory.delete_group(key),
        lambda: directory.delete_member("00g", key),
        lambda: directory.delete_user_alias("1", key),
        lambda: directory.delete_group_alias("00g", key),
    ):
        with pytest.raises(Refused, match="neither an address nor an id"):
            call()
    assert google.asked == []


def test_a_listing_follows_its_pages_to_the_end(
    directory: Directory, google: Google, pace: FreePace
) -> None:
    page = {"kind": "admin#directory#members"}
    google.answers = [
        (200, {**page, "members": [{"id": "1"}, {"id": "2"}], "nextPageToken": "a"}),
        (200, {**page, "nextPageToken": "b"}),
        (200, {**page, "members": [{"id": "2"}, {"id": "3"}]}),
    ]

    assert [member.id for member in directory.list_members("00g")] == ["1", "2", "3"]
    assert google.query["pageToken"] == ["b"]
    assert len(pace.turns) == 3


def test_a_page_that_comes_again_is_an_error_and_no_short_list(
    directory: Directory, google: Google
) -> None:
    google.answers = [
        (200, {"kind": "k", "members": [{"id": token}], "nextPageToken": token})
        for token in ("a", "b", "a")
    ]

    with pytest.raises(Passing, match="repeats a page"):
        directory.list_members("00g")


@pytest.mark.parametrize("broken", [b"", b"{", b"<html></html>", b"[]", b"{}", b"null"])
def test_a_page_that_is_none_is_an_error_and_no_short_list(
    directory: Directory, google: Google, broken: bytes
) -> None:
    google.answers = [
        (200, {"kind": "k", "users": [USER], "nextPageToken": "a"}),
        *[(200, broken)] * 50,
    ]

    with pytest.raises(Passing):
        directory.within(0.5).list_users()


def test_an_empty_list_has_no_array_at_all(directory: Directory, google: Google) -> None:
    google.answers = [(200, {"kind": "admin#directory#groups"})]

    assert list(directory.group_pages()) == [()]


def test_users_of_all_domains_are_listed_and_deleted_ones_on_their_own(
    directory: Directory, google: Google
) -> None:
    google.answers = [(200, {"kind": "k", "users": [USER]})] * 2
    directory.list_users("isAdmin=true")
    first = google.query
    directory.list_deleted_users()

    assert (first["customer"], first["maxResults"]) == (["my_customer"], ["500"])
    assert (first["query"], "showDeleted" in first) == (["isAdmin=true"], False)
    assert google.query["showDeleted"] == ["true"]


def test_a_member_is_named_by_address_or_by_id(directory: Directory, google: Google) -> None:
    google.answers = [(200, {"id": "1"})] * 2
    directory.insert_member("00g", "alice@example.org", Role.MEMBER)
    by_address = google.body
    directory.insert_member("00g", "C0123", Role.OWNER)

    assert by_address == {"email": "alice@example.org", "role": "MEMBER"}
    assert google.body == {"id": "C0123", "role": "OWNER"}


@pytest.mark.parametrize(
    ("call", "method", "path", "body"),
    [
        (lambda d: d.delete_member("00g", "1"), "DELETE", "groups/00g/members/1", None),
        (lambda d: d.delete_group("00g"), "DELETE", "groups/00g", None),
        (
            lambda d: d.delete_user_alias("1", "a@example.org"),
            "DELETE",
            "users/1/aliases/a%40example.org",
            None,
        ),
        (
            lambda d: d.insert_user_alias("1", "a@example.org"),
            "POST",
            "users/1/aliases",
            {"alias": "a@example.org"},
        ),
        (
            lambda d: d.delete_group_alias("00g", "a@example.org"),
            "DELETE",
            "groups/00g/aliases/a%40example.org",
            None,
        ),
        (
            lambda d: d.insert_group_alias("00g", "a@example.org"),
            "POST",
            "groups/00g/aliases",
            {"alias": "a@example.org"},
        ),
        (
            lambda d: d.undelete_user("1", "/Staff"),
            "POST",
            "users/1/undelete",
            {"orgUnitPath": "/Staff"},
        ),
    ],
)
@pytest.mark.parametrize("answer", [(204, b""), (200, {"alias": "a@example.org"})])
def test_verbs_without_an_answer_take_any_success(  # noqa: PLR0913, PLR0917 - one row of a table
    directory: Directory,
    google: Google,
    call: Callable[[Directory], None],
    method: str,
    path: str,
    body: object,
    answer: tuple[int, object],
) -> None:
    google.answers = [answer]
    call(directory)

    assert [asked[0] for asked in google.asked] == [method]
    assert google.path == f"/admin/directory/v1/{path}"
    assert google.body == body


def test_group_settings_have_a_token_of_their_own(directory: Directory, google: Google) -> None:
    google.answers = [(200, GROUP), (200, {"email": "staff@example.org"})]
    directory.insert_group({"email": "staff@example.org"})
    directory.patch_group_settings("staff@example.org", {"whoCanJoin": "INVITED_CAN_JOIN"})

    assert google.path == "/groups/v1/groups/staff%40example.org"
    assert google.query["alt"] == ["json"]
    assert [scope.rpartition("/")[2] for scope in google.scopes] == [
        "admin.directory.group",
        "apps.groups.settings",
    ]


def test_a_scope_that_only_group_settings_need_stops_nobody_else(
    directory: Directory, google: Google
) -> None:
    google.token_answer = (401, {"error": "unauthorized_client"})

    with pytest.raises(Refused, match=r"apps\.groups\.settings"):
        directory.patch_group_settings("staff@example.org", {"whoCanJoin": "INVITED_CAN_JOIN"})
    with pytest.raises(Refused, match=r"domain\.readonly"):
        directory.list_domains()
    with pytest.raises(SignInRefused):
        directory.get_user("1")


def test_an_undeletion_that_took_effect_unheard_is_done(
    directory: Directory, google: Google
) -> None:
    google.answers = [
        ConnectionResetError(),
        failure(412, "conditionNotMet", "undelete: not deleted"),
        (200, USER),
    ]
    directory.undelete_user("1", "/")

    assert google.asked[-1][0] == "GET"


def test_an_undeletion_that_is_refused_is_reported(directory: Directory, google: Google) -> None:
    google.answers = [
        failure(412, "conditionNotMet", "cannot undelete"),
        failure(404, "notFound", "Resource Not Found: userKey"),
    ]

    with pytest.raises(Refused, match="20 days"):
        directory.undelete_user("1", "/")


def test_within_bounds_every_call_that_follows(directory: Directory, google: Google) -> None:
    google.answers = [failure(503, "backendError", "")] * 50
    hurried = directory.within(0.0)

    with pytest.raises(Passing, match="no time left"):
        hurried.get_user("1")
    assert google.asked == []
    assert google.timeout == 0.0


def test_nothing_secret_is_in_any_log_or_traceback_at_the_most_talkative_level(
    directory: Directory, google: Google, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).propagate = True
    google.answers = [
        ConnectionResetError(),
        (403, b"Request rate higher than configured"),
        failure(401, "authError", "Invalid Credentials"),
        (200, USER),
        failure(400, "invalid", f"Invalid Input: {SECRET}"),
    ]
    directory.insert_user({"primaryEmail": "alice@example.org"}, PASSWORD)
    with pytest.raises(GoogleFault) as caught:
        directory.patch_user("1", {}, PASSWORD)
    told = caplog.text + "".join(traceback.format_exception(caught.value)) + repr(caught.value)

    assert "/admin/directory/v1/users" in told
    assert SECRET not in told
    assert "ya29.hidden" not in told
    assert "PRIVATE KEY" not in told


def test_an_error_answer_says_nothing_on_a_terminal_that_did_not_ask(
    directory: Directory,
    google: Google,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As in a program that has not set logging up: Python then prints warnings by itself.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    google.answers = [failure(403, "forbidden", "Not Authorized to access this resource/api")]

    with pytest.raises(Refused):
        directory.get_user("1")
    assert capsys.readouterr() == ("", "")


def test_making_the_way_to_google_touches_neither_google_nor_the_key_file(
    settings: Settings, google: Google, pace: FreePace
) -> None:
    settings.google.credentials.unlink()
    directory = connect(settings, pace=pace, http_factory=lambda: cast("HttpObject", google))

    with pytest.raises(SignInRefused, match="does not exist"):
        directory.get_user("1")
    assert google.asked == []


def test_a_probe_is_content_with_any_answer(settings: Settings, google: Google) -> None:
    google.answers = [(404, b"<html>not found</html>")]
    probe(settings, http_factory=lambda: cast("HttpObject", google))

    assert [(method, uri) for method, uri, _ in google.asked] == [
        ("HEAD", f"{ENDPOINT}/"),
        ("HEAD", f"{ENDPOINT}/token"),
    ]
    assert google.scopes == []


def test_a_probe_fails_as_long_as_only_the_api_can_be_reached(
    settings: Settings, google: Google
) -> None:
    google.answers = [(404, b""), ConnectionRefusedError(111, "refused")]

    with pytest.raises(Unreachable):
        probe(settings, http_factory=lambda: cast("HttpObject", google))


@pytest.mark.parametrize("error", [ConnectionRefusedError(111, "no"), TimeoutError()], ids=repr)
def test_a_probe_without_an_answer_is_still_an_outage(
    settings: Settings, google: Google, error: Exception
) -> None:
    google.answers = [error]

    with pytest.raises(Unreachable):
        probe(settings, http_factory=lambda: cast("HttpObject", google))


def test_a_probe_of_the_sign_in_asks_for_one_token(settings: Settings, google: Google) -> None:
    probe(settings, sign_in=True, http_factory=lambda: cast("HttpObject", google))

    assert len(google.scopes) == 1
    assert google.asked == []


def test_a_probe_of_a_sign_in_that_is_refused_says_why(settings: Settings, google: Google) -> None:
    google.token_answer = (
        400,
        {"error": "invalid_grant", "error_description": "Not a valid email"},
    )

    with pytest.raises(SignInRefused, match=r"admin@example\.org"):
        probe(settings, sign_in=True, http_factory=lambda: cast("HttpObject", google))


def test_a_member_that_google_cannot_resolve_is_not_found(
    directory: Directory, google: Google
) -> None:
    google.answers = [failure(400, "required", "Missing required field: memberKey")]

    with pytest.raises(NotFound):
        directory.insert_member("00g", "nobody@elsewhere.example", Role.MEMBER)


def test_google_client_is_not_loaded_before_it_is_needed(tmp_path: Path) -> None:
    import subprocess  # noqa: PLC0415 - used here only
    import sys  # noqa: PLC0415 - used here only

    program = (
        "import sys; from gapps_hooks.google import Directory, Pace, connect;"
        "print({'googleapiclient', 'google.auth', 'httplib2', 'tenacity'} & set(sys.modules))"
    )
    started = time.monotonic()
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )

    assert result.stdout.strip() == "set()", time.monotonic() - started
