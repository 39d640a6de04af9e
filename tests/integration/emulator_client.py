"""Google's own client on either door of the emulator, for tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from google.oauth2 import service_account
from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped] # it has no types
from googleapiclient.discovery import (  # type: ignore[attr-defined] # missing in its stubs
    build_from_document,
)
from googleapiclient.errors import HttpError

from gapps_hooks.emulator import Emulator
from gapps_hooks.emulator.discovery import document_of

PREFIX = "https://www.googleapis.com/auth/"
DIRECTORY = (
    "admin.directory.user",
    "admin.directory.user.security",
    "admin.directory.group",
    "admin.directory.orgunit",
    "admin.directory.domain.readonly",
    "admin.directory.customer.readonly",
)
GROUPS_SETTINGS = "apps.groups.settings"


@dataclass
class Door:
    """Where clients come in: a transport, and the URL to reach instead of Google's, if any."""

    emulator: Emulator
    transport: Callable[[], Any]
    url: str | None = None

    def http(
        self,
        scopes: tuple[str, ...] = DIRECTORY,
        subject: str | None = "admin@example.org",
        key: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - the library has no types
        """Return the transport that signs in by itself."""
        token_uri = f"{self.url}/token" if self.url else "https://oauth2.googleapis.com/token"
        credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call] # it has no types
            key or self.emulator.key(token_uri),
            scopes=[PREFIX + scope for scope in scopes],
            subject=subject,
        )
        return AuthorizedHttp(credentials, http=self.transport())

    def directory(self, **sign_in: Any) -> Any:  # noqa: ANN401 - a resource made at run time
        """Return the Directory API."""
        return self._api("admin.directory_v1", self.http(**sign_in))

    def settings(self) -> Any:  # noqa: ANN401 - a resource made at run time
        """Return the Groups Settings API."""
        return self._api("groupssettings.v1", self.http(scopes=(GROUPS_SETTINGS,)))

    def _api(self, name: str, http: Any) -> Any:  # noqa: ANN401 - a resource made at run time
        document = document_of(name)
        if self.url:
            document["rootUrl"] = f"{self.url}/"
            document["baseUrl"] = f"{self.url}/{document['servicePath']}"
        return build_from_document(document, http=http)


def in_process(emulator: Emulator, timeout: float | None = 60.0) -> Door:
    """Return the door without a socket."""
    return Door(emulator, lambda: emulator.transport(timeout))


def body(name: str, /, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of a user body
    """Return the smallest body that users.insert takes."""
    return {
        "primaryEmail": f"{name}@example.org",
        "name": {"givenName": name.title(), "familyName": "Example"},
        "password": "correct horse",
        **more,
    }


def refusal(request: Any) -> tuple[int, str, str]:  # noqa: ANN401 - a request made at run time
    """Send a request, and return (status, reason, message) of the error that it ends in."""
    with pytest.raises(HttpError) as caught:
        request.execute()
    error = envelope(caught.value)["error"]
    return error["code"], error["errors"][0]["reason"], error["message"]


def envelope(error: HttpError) -> dict[str, Any]:
    """Return the JSON body of an error."""
    loaded: dict[str, Any] = json.loads(error.content)
    return loaded
