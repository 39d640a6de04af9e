"""The least that a script can do to add one account, with the same client: what a hook is held to.

It must not know gapps-hooks. Usage: bare_call.py KEY_FILE API_ENDPOINT ADMIN ADDRESS
"""

from __future__ import annotations

import hashlib
import secrets
import sys
from typing import Any

from google.oauth2 import service_account
from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped] # it has no types
from googleapiclient.discovery import build

SCOPE = "https://www.googleapis.com/auth/admin.directory.user"


def users(key: str, api_endpoint: str, admin: str) -> Any:  # noqa: ANN401 - built from Google's discovery document
    """Make the resource of Google's users, with a connection of its own."""
    credentials = service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call] # google-auth has no types here
        key, subject=admin, scopes=[SCOPE]
    )
    signed = AuthorizedHttp(credentials)
    options = {"api_endpoint": api_endpoint}
    service = build(
        "admin", "directory_v1", http=signed, cache_discovery=False, client_options=options
    )
    return service.users()


def add(resource: Any, address: str) -> None:  # noqa: ANN401 - see users
    """Add one account."""
    body = {
        "primaryEmail": address,
        "name": {"givenName": "Alice", "familyName": "Example"},
        "password": hashlib.sha1(secrets.token_bytes(64)).hexdigest(),
        "hashFunction": "SHA-1",
    }
    resource.insert(body=body).execute()


if __name__ == "__main__":
    with users(*sys.argv[1:4]) as opened:
        add(opened, sys.argv[4])
