"""Turns an answer of Google's token endpoint into a sentence about the sign-in.

It must not know how a token is asked for, kept or renewed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

from gapps_hooks.errors import GoogleFault, SignInRefused, Unreachable
from gapps_hooks.google.rules import DELEGATION
from gapps_hooks.google.verdicts import quotable, seconds

#: Google accepts an assertion that is up to five minutes ahead of its own clock (seconds).
TOLERATED_SKEW: Final = 300


class SignInBusy(Unreachable):
    """The token endpoint faltered: worth another try in this call, then an outage.

    It is an outage and not a passing fault, because no call of any subject can be made.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Who asks for a token, as far as sentences need it."""

    #: The service account's numeric client id, which domain-wide delegation is given to.
    client_id: str
    #: The service account's address.
    client_email: str
    key_file: Path
    #: The administrator the calls are made as.
    admin: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """One row: the endpoint's ``error``, a part of its description, and the remedy."""

    text: str
    error: str = ""
    words: str = ""


# The first row that fits decides. Sources: "Using OAuth 2.0 for Server to Server Applications"
# (its error table) and answers that its users have published.
_RULES: Final = (
    _Rule(
        error="invalid_grant",
        words="short-lived token",
        text="Google finds this machine's clock wrong{skew}: set it, for example with"
        " 'timedatectl set-ntp true'.",
    ),
    _Rule(
        error="invalid_grant",
        words="signature",
        text="Google does not know the key in {key_file}, or it was deleted: create a new JSON"
        " key for {client_email} in the Google Cloud console under IAM & Admin > Service Accounts"
        " > Keys and put it there.",
    ),
    _Rule(
        error="invalid_grant",
        words="account not found",
        text="The service account {client_email} does not exist any more: create a new one and"
        " its JSON key in the Google Cloud console, and put the key into {key_file}.",
    ),
    _Rule(
        error="invalid_grant",
        words="email",
        text="The administrator {admin} of the setting admin does not exist at Google or is"
        " suspended: restore the account in the Admin console under Directory > Users, or name"
        " another administrator.",
    ),
    _Rule(
        error="invalid_request",
        words="impersonation",
        text="The setting admin = {admin} is no address that Google can act as: name an"
        " administrator's primary address.",
    ),
    _Rule(
        error="invalid_grant",
        words="deleted",
        text="The account {admin} of the setting admin was deleted at Google: name another"
        " administrator.",
    ),
    _Rule(
        error="invalid_grant",
        text="Google does not let the service account {client_email} act as {admin}{skew}: check"
        " that {admin} is an active administrator, that the key in {key_file} still exists, and"
        " that this machine's clock is right.",
    ),
    _Rule(
        error="unauthorized_client",
        text="The service account may not act for the domain yet: a super administrator must"
        " enter the client ID {client_id} (the number, not the address) with the scopes {scopes}"
        f" in the Admin console under {DELEGATION}; it can take up to 24 hours to work.",
    ),
    _Rule(
        error="access_denied",
        text="A scope is missing: a super administrator must give the client ID {client_id} all"
        f" of {{scopes}} in the Admin console under {DELEGATION}.",
    ),
    _Rule(
        error="admin_policy_enforced",
        text="A policy of the organisation blocks the service account: a super administrator must"
        " trust the client ID {client_id} in the Admin console under Security > Access and data"
        " control > API controls > App access control.",
    ),
    _Rule(
        error="invalid_scope",
        text="Google does not know one of the scopes {scopes}: report this as a fault of"
        " gapps-hooks.",
    ),
    _Rule(
        text="Google refuses to sign the service account {client_email} in: check in the Google"
        " Cloud console that it and its key (in {key_file}) exist and are enabled.",
    ),
)
_BUSY: Final = frozenset({"internal_failure", "server_error", "temporarily_unavailable"})


def token_verdict(
    status: int, content: bytes, headers: Mapping[str, str], *, applicant: Applicant, now: float
) -> GoogleFault | None:
    """Say what an answer of the token endpoint comes to; None is an access token.

    Args:
        status: The HTTP status.
        content: The body, whatever it is.
        headers: The headers under lower-case names.
        applicant: Who asked.
        now: This machine's wall clock, in seconds since the epoch.
    """
    document = _object(content)
    error = str(document.get("error") or "")
    if status == 200 and isinstance(document.get("access_token"), str):  # noqa: PLR2004 - HTTP's
        return None
    if status in {408, 429} or status >= 500 or error in _BUSY:  # noqa: PLR2004 - HTTP's
        return SignInBusy(
            f"Google's sign-in service could not answer just now (HTTP {status}); it is tried"
            " again.",
            status=status,
            reason=error,
            retry_after=seconds(headers.get("retry-after", "")),
        )
    if not error:
        return SignInRefused(
            "What answers at the token_uri of the key file"
            f" {applicant.key_file} is not Google's sign-in service (HTTP {status}): check the"
            " proxy and the key file.",
            status=status,
        )
    description = str(document.get("error_description") or "")
    skew = clock_skew(headers.get("date", ""), now)
    text = _sentence(error, description, applicant, skew)
    return SignInRefused(text, status=status, reason=error)


def clock_skew(date: str, now: float) -> float | None:
    """Seconds by which this machine is ahead of the sender of a Date header; None if unknown."""
    try:
        return now - parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return None


def _sentence(error: str, description: str, applicant: Applicant, skew: float | None) -> str:
    rule = next(rule for rule in _RULES if _fits(rule, error, description.casefold()))
    text = rule.text.format(
        skew=_spoken(skew),
        client_id=applicant.client_id,
        client_email=applicant.client_email,
        key_file=applicant.key_file,
        admin=applicant.admin,
        scopes=",".join(applicant.scopes),
    )
    words = quotable(f"{error}: {description}" if description else error)
    return f"{text} (Google: {words})"


def _fits(rule: _Rule, error: str, description: str) -> bool:
    return rule.error in {"", error} and rule.words in description


def _spoken(skew: float | None) -> str:
    if skew is None or abs(skew) <= TOLERATED_SKEW:
        return ""
    return f" ({abs(skew):.0f} seconds {'ahead of' if skew > 0 else 'behind'} Google's)"


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
