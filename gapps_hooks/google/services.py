"""Google's API descriptions, bound to one endpoint: the objects that make requests.

It must not know credentials, retries or what the requests are for.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn
from urllib.parse import urljoin

from googleapiclient.discovery import build_from_document  # type: ignore[attr-defined] # stubs lack it
from googleapiclient.discovery_cache import get_static_doc

from gapps_hooks.errors import Refused


class _NoTransport:
    """Stands where a request would find a connection that nobody chose for it."""

    def request(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise Refused("A request was sent without a connection: report this as a fault.")


def build_service(name: str, version: str, api_endpoint: str | None) -> Any:  # noqa: ANN401 - made at run time
    """Make the service of an API from the description that the library ships; no network.

    ``client_options.api_endpoint`` would leave the batch address at Google, and the variable
    GOOGLE_CLOUD_UNIVERSE_DOMAIN would move the rest; so the description itself is changed, and
    nothing (batches too) can leave for another host.

    Args:
        name: Google's name of the API, such as ``admin``.
        version: Its version, such as ``directory_v1``.
        api_endpoint: Root URL that replaces Google's; None for Google.
    """
    document = describe(name, version, api_endpoint)
    return build_from_document(
        document,
        # The real one is given to each execute().
        http=_NoTransport(),
        client_options={"universe_domain": "googleapis.com"},
    )


def describe(name: str, version: str, api_endpoint: str | None) -> dict[str, Any]:
    """Read the description of an API and put ``api_endpoint`` in place of Google's hosts."""
    document: dict[str, Any] = json.loads(
        get_static_doc(name, version)  # type: ignore[no-untyped-call] # the library has no types
    )
    if api_endpoint is not None:
        root = api_endpoint.rstrip("/") + "/"
        document["rootUrl"] = root
        document["baseUrl"] = urljoin(root, document["servicePath"])
    document.pop("mtlsRootUrl", None)
    return document
