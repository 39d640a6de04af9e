"""What programs of administrators need of the emulator: documents, consent, a role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httplib2
import pytest
from google.auth import jwt
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped] # it has no types

from gapps_hooks.emulator import Emulator, RunningServer, new_key, serve

ADMIN = "/admin/directory/v1/users/admin@example.org"


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return Emulator(account_key=new_key("e" * 40))


@pytest.fixture
def server(emulator: Emulator) -> Iterator[RunningServer]:
    emulator.reset()
    with serve(emulator) as it:
        yield it


@pytest.fixture
def http() -> Iterator[httplib2.Http]:
    it = httplib2.Http()
    yield it
    it.close()


def fetched(
    http: httplib2.Http, url: str, method: str = "GET", body: str | None = None, host: str = ""
) -> tuple[int, Any]:
    response, raw = http.request(url, method, body=body, headers={"host": host} if host else {})
    return response.status, json.loads(raw) if raw else None


@pytest.mark.parametrize(
    ("path", "name", "base"),
    [
        ("/discovery/v1/apis/admin/directory_v1/rest", "admin", "/"),
        ("/$discovery/rest?version=directory_v1", "admin", "/"),
        ("/discovery/v1/apis/groupssettings/v1/rest", "groupssettings", "/groups/v1/groups/"),
    ],
)
def test_a_document_leads_to_where_it_was_asked_for(
    server: RunningServer, http: httplib2.Http, path: str, name: str, base: str
) -> None:
    status, document = fetched(http, server.url + path)
    assert (status, document["name"]) == (200, name)
    assert (document["rootUrl"], document["baseUrl"]) == (f"{server.url}/", server.url + base)
    assert "mtlsRootUrl" not in document


def test_under_googles_name_a_document_is_googles_own(
    server: RunningServer, http: httplib2.Http
) -> None:
    url = f"{server.url}/$discovery/rest?version=v1"
    status, document = fetched(http, url, host="groupssettings.googleapis.com")
    assert (status, document["name"]) == (200, "groupssettings")
    assert document["rootUrl"] == "https://www.googleapis.com/"


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/discovery/v1/apis/drive/v3/rest", ""),
        ("/$discovery/rest?version=v7", ""),
        ("/$discovery/rest?version=v1", "drive.googleapis.com"),
    ],
)
def test_there_are_no_documents_of_other_apis(
    server: RunningServer, http: httplib2.Http, path: str, host: str
) -> None:
    status, refusal = fetched(http, server.url + path, host=host)
    assert (status, refusal["error"]["errors"][0]["reason"]) == (404, "notFound")


def test_consent_lets_an_application_act_for_a_person(
    server: RunningServer, http: httplib2.Http
) -> None:
    body = json.dumps({"address": "admin@example.org", "token_uri": f"{server.url}/token"})
    status, kept = fetched(http, f"{server.control_url}/consent", "POST", body)
    assert (status, kept["type"]) == (200, "authorized_user")
    credentials = Credentials(  # type: ignore[no-untyped-call] # it has no types
        None,
        refresh_token=kept["refresh_token"],
        token_uri=kept["token_uri"],
        client_id=kept["client_id"],
        client_secret=kept["client_secret"],
    )
    status, user = fetched(AuthorizedHttp(credentials, http=http), server.url + ADMIN)
    assert (status, user["isAdmin"]) == (200, True)
    assert server.emulator.requests.counts()["users.get"] == 1


def test_a_service_account_with_a_role_signs_for_itself_and_for_one_service(
    server: RunningServer, http: httplib2.Http
) -> None:
    def signing_for(audience: str) -> AuthorizedHttp:
        credentials = jwt.Credentials.from_service_account_info(  # type: ignore[no-untyped-call] # it has no types
            server.key(), audience=audience
        )
        return AuthorizedHttp(credentials, http=http)

    own = signing_for("https://admin.googleapis.com/")
    assert fetched(own, server.url + ADMIN)[0] == 403
    fetched(http, f"{server.control_url}/role", "POST")
    assert fetched(own, server.url + ADMIN)[0] == 200
    # no more than a delegated administrator
    assert fetched(own, server.url + ADMIN, "PUT", '{"suspended": true}')[0] == 403
    other = signing_for("https://groupssettings.googleapis.com/")
    assert fetched(other, server.url + ADMIN)[0] == 403
