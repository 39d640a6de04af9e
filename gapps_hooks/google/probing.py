"""One try whether Google can be reached, or signed in to, for the breaker that stopped delivery.

It must not know what was to be delivered, nor decide when to try.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import google_auth_httplib2  # type: ignore[import-untyped] # it has no types

from gapps_hooks.errors import Passing, Unreachable
from gapps_hooks.google.boundaries import HttpObject
from gapps_hooks.google.services import describe
from gapps_hooks.google.sign_in import DIRECTORY_SCOPES, SignIn, token_uri
from gapps_hooks.google.transport import http_factory as real_http_factory
from gapps_hooks.google.transport import verdict_of

if TYPE_CHECKING:
    from gapps_hooks.settings import Settings


def probe(  # noqa: PLR0913 - each is a boundary of its own
    settings: Settings,
    *,
    sign_in: bool = False,
    timeout: float | None = None,
    http_factory: Callable[[], HttpObject] | None = None,
    clock: Callable[[], float] = time.monotonic,
    wall_clock: Callable[[], float] = time.time,
) -> None:
    """Make one connection to each host, by the proxy if any; return if delivery may go on.

    Without ``sign_in`` any HTTP answer of the API's and the token endpoint's host to a bare HEAD
    will do (it costs no quota); with it an access token must be granted.

    Args:
        settings: Where and as whom.
        sign_in: Ask for a token; for the outages that SignInRefused began.
        timeout: Seconds; by default ``google.timeout``.
        http_factory: Makes the HTTP object; None for a real connection.
        clock: Seconds that only count up.
        wall_clock: Seconds since the epoch.

    Raises:
        Outage: It is still as it was; the text says what to do.
    """
    google = settings.google
    make = http_factory or real_http_factory(
        timeout=timeout or google.timeout, ca_bundle=google.ca_bundle, proxy=google.proxy
    )
    connection = make()
    try:
        if sign_in:
            _ask_for_token(connection, settings, clock, wall_clock)
        else:
            _knock(connection, describe("admin", "directory_v1", google.api_endpoint)["rootUrl"])
            _knock(connection, token_uri(google.credentials))
    finally:
        connection.close()


def _ask_for_token(
    connection: HttpObject,
    settings: Settings,
    clock: Callable[[], float],
    wall_clock: Callable[[], float],
) -> None:
    SignIn(
        key_file=settings.google.credentials,
        admin=settings.admin,
        scopes=DIRECTORY_SCOPES,
        clock=clock,
        wall_clock=wall_clock,
    ).refresh(google_auth_httplib2.Request(connection))


def _knock(connection: HttpObject, url: str) -> None:
    try:
        connection.request(url, "HEAD")
    except Exception as error:
        fault = verdict_of(error)
        if fault is None:
            raise
    else:
        return
    # Whoever does not answer a HEAD would not answer a delivery.
    raise Unreachable(str(fault)) if isinstance(fault, Passing) else fault
