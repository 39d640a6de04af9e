"""Specifies where requests are addressed to; nothing is sent."""

from __future__ import annotations

import pytest

from gapps_hooks.errors import Refused
from gapps_hooks.google.services import build_service, describe

ENDPOINT = "http://127.0.0.1:8085"


def test_without_an_endpoint_requests_go_to_google() -> None:
    request = build_service("admin", "directory_v1", None).users().get(userKey="a@example.org")

    assert request.uri.startswith(
        "https://admin.googleapis.com/admin/directory/v1/users/a%40example.org"
    )


@pytest.mark.parametrize("endpoint", [ENDPOINT, ENDPOINT + "/"])
def test_the_endpoint_replaces_googles_host_in_requests_and_batches(endpoint: str) -> None:
    directory = build_service("admin", "directory_v1", endpoint)
    settings = build_service("groupssettings", "v1", endpoint)

    assert directory.users().list(customer="my_customer").uri.startswith(ENDPOINT + "/admin/")
    assert directory.new_batch_http_request()._batch_uri == ENDPOINT + "/batch"  # noqa: SLF001 - the library shows it nowhere else
    assert (
        settings.groups()
        .get(groupUniqueId="g@example.org")
        .uri.startswith(ENDPOINT + "/groups/v1/groups/g%40example.org")
    )


def test_no_host_of_google_is_left_in_an_address_of_the_description() -> None:
    for name, version in (("admin", "directory_v1"), ("groupssettings", "v1")):
        document = describe(name, version, ENDPOINT)
        addresses = [value for key, value in document.items() if key.endswith("Url")]

        assert {address.startswith(ENDPOINT) for address in addresses} == {True}


def test_the_environment_cannot_move_requests_to_another_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "evil.example")
    monkeypatch.setenv("GOOGLE_API_USE_MTLS_ENDPOINT", "always")
    request = build_service("admin", "directory_v1", None).users().get(userKey="1")

    assert request.uri.startswith("https://admin.googleapis.com/")


def test_a_request_that_nobody_gave_a_connection_to_goes_nowhere() -> None:
    with pytest.raises(Refused, match="without a connection"):
        build_service("admin", "directory_v1", None).users().get(userKey="1").execute()
