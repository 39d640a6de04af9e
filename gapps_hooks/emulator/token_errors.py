"""What the token endpoint answers when it gives no token.

It must not know assertions, clients or HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gapps_hooks.emulator.api_errors import ApiError

_SERVER_ERROR = 500

#: What the token endpoint says when something is wrong that cannot be seen from the request.
REFUSALS: Final[Mapping[str, tuple[str, str, int]]] = MappingProxyType(
    {
        "admin_policy_enforced": ("admin_policy_enforced", "Blocked by the administrator.", 400),
        "disabled_client": ("disabled_client", "The OAuth client was disabled.", 401),
        "deleted_client": ("deleted_client", "The OAuth client was deleted.", 401),
        "invalid_client": ("invalid_client", "The OAuth client was not found.", 401),
        "org_internal": ("org_internal", "This client is restricted to its organization.", 403),
        "unauthorized_client": (
            "unauthorized_client", "Unauthorized client or scope in request.", 401,
        ),
        "account_restricted": ("access_denied", "Account restricted", 403),
        "account_deleted": ("invalid_grant", "The account has been deleted", 400),
        "invalid_grant": ("invalid_grant", "Bad Request", 400),
        "invalid_rapt": ("invalid_grant", "reauth related error (invalid_rapt)", 400),
        "invalid_subject": ("invalid_request", "Invalid impersonation prn email address", 400),
        "internal_failure": ("internal_failure", "Backend Error", 500),
    }
)  # fmt: skip


@dataclass(slots=True)
class TokenError(Exception):
    """An answer of the token endpoint other than a token (RFC 6749, section 5.2)."""

    error: str
    description: str
    status: int = 400

    def body(self) -> dict[str, str]:
        """Return the JSON body."""
        return {"error": self.error, "error_description": self.description}


def of_api_error(refusal: ApiError) -> TokenError:
    """Return a fault's error as the token endpoint would say it; its own words for them are few."""
    known = {401: "invalid_client", 403: "access_denied", 429: "rate_limit_exceeded"}
    broken = refusal.status >= _SERVER_ERROR
    error = "internal_failure" if broken else known.get(refusal.status, "invalid_request")
    return TokenError(error, refusal.message, refusal.status)
