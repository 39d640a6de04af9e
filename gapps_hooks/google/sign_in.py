"""Signs in to Google as a service account that acts for an administrator of the domain.

It must not know what the access token is used for, and never writes one anywhere.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from google.auth.exceptions import RefreshError
from google.oauth2.service_account import Credentials

from gapps_hooks.errors import GoogleFault, Passing, SignInRefused
from gapps_hooks.google.token_verdicts import Applicant, SignInBusy, token_verdict
from gapps_hooks.google.transport import verdict_of

_AUTH: Final = "https://www.googleapis.com/auth/"
#: What every delivery needs. One scope that is not granted fails the whole token, so the ones
#: that only some calls need have a token of their own.
DIRECTORY_SCOPES: Final = (
    f"{_AUTH}admin.directory.user",
    f"{_AUTH}admin.directory.group",
)
GROUP_SETTINGS_SCOPES: Final = (f"{_AUTH}apps.groups.settings",)
ORG_UNIT_SCOPES: Final = (f"{_AUTH}admin.directory.orgunit",)
DOMAIN_SCOPES: Final = (f"{_AUTH}admin.directory.domain.readonly",)
#: A token is renewed this many seconds before it expires, as google-auth does it.
EARLY: Final = 225.0
#: Google's tokens live an hour; used where the answer does not say (seconds).
USUAL_LIFE: Final = 3600.0

_NEEDED: Final = ("client_email", "private_key", "token_uri")
_NEW_KEY: Final = (
    "create a JSON key in the Google Cloud console under IAM & Admin > Service Accounts > Keys and"
    " put it there (setting google.credentials)"
)


@dataclass(frozen=True, slots=True)
class _Grant:
    token: str = field(repr=False)
    #: By the monotonic clock.
    good_until: float


_NONE: Final = _Grant("", float("-inf"))


class SignIn:
    """An access token for some scopes, fetched when first needed and renewed under a lock.

    It has the two methods that google_auth_httplib2 wants of credentials. The key file is read
    at the first use and again after a refusal, so that a replaced key works without a restart.
    The token's age is taken from ``clock``, which is monotonic: a wall clock that is set cannot
    make an expired token look fresh.
    """

    def __init__(
        self,
        *,
        key_file: Path,
        admin: str,
        scopes: tuple[str, ...],
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self._key_file = key_file
        self._admin = admin
        self._scopes = scopes
        self._clock = clock
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._key: _Key | None = None
        self._grant = _NONE

    def before_request(
        self,
        request: Callable[..., Any],
        method: str,  # noqa: ARG002 - google-auth's interface
        url: str,  # noqa: ARG002 - google-auth's interface
        headers: MutableMapping[str, str],
    ) -> None:
        """Put a token that is good for a while into ``headers``; raises Outage."""
        if self._clock() >= self._grant.good_until:
            self.keep_fresh(request, 0.0)
        headers["authorization"] = f"Bearer {self._grant.token}"

    def keep_fresh(self, request: Callable[..., Any], ahead: float) -> None:
        """Renew a token that is not good for ``ahead`` seconds more; raises Outage.

        Others go on with the old one meanwhile, as long as it is good.
        """
        with self._lock:
            if self._clock() + ahead >= self._grant.good_until:
                self._renew(request)

    def refresh(self, request: Callable[..., Any]) -> None:
        """Get another token, because Google did not accept this one; raises Outage."""
        with self._lock:
            self._grant = _NONE
            self._renew(request)

    def _renew(self, request: Callable[..., Any]) -> None:
        self._key = self._key or _read_key(self._key_file, self._admin, self._scopes)
        credentials, asked_at = self._key.credentials, self._clock()
        fault = _fault_of(credentials, self._judging(request, self._key.applicant))
        if fault is not None:
            self._key = None
            raise fault
        self._grant = _Grant(str(credentials.token), asked_at + _life(credentials) - EARLY)

    def _judging(self, request: Callable[..., Any], applicant: Applicant) -> Callable[..., Any]:
        # google-auth would repeat the request by itself, sleep in between, and keep the Date
        # header from us, which tells how wrong this machine's clock is.
        def ask(**arguments: Any) -> Any:  # noqa: ANN401 - google-auth's interface
            answer = request(**arguments)
            headers = {name.lower(): value for name, value in answer.headers.items()}
            fault = token_verdict(
                answer.status, answer.data, headers, applicant=applicant, now=self._wall_clock()
            )
            if fault is not None:
                raise fault
            return answer

        return ask


def token_uri(key_file: Path) -> str:
    """Where the key file says that tokens are granted; raises SignInRefused if it is no key."""
    return str(_parse(key_file, _text(key_file))["token_uri"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    credentials: Credentials
    applicant: Applicant


def _fault_of(credentials: Credentials, request: Callable[..., Any]) -> GoogleFault | None:
    try:
        credentials.refresh(request)  # type: ignore[no-untyped-call] # google-auth has no types here
    except RefreshError as error:
        return SignInRefused(f"Google's sign-in library refuses the key file: {error}.")
    except Exception as error:
        fault = verdict_of(error)
        if fault is None:
            raise
        # Nobody can do anything without a token: to the outside this is no connection.
        return SignInBusy(str(fault)) if isinstance(fault, Passing) else fault
    return None


def _life(credentials: Credentials) -> float:
    if credentials.expiry is None:
        return USUAL_LIFE
    life: timedelta = credentials.expiry.replace(tzinfo=UTC) - datetime.now(UTC)
    return life.total_seconds()


def _read_key(path: Path, admin: str, scopes: tuple[str, ...]) -> _Key:
    information = _parse(path, _text(path))
    try:
        credentials = Credentials.from_service_account_info(  # type: ignore[no-untyped-call] # google-auth has no types here
            information, scopes=scopes, subject=admin
        )
    except (ValueError, TypeError, AttributeError):
        # The library's own words may quote the private key.
        credentials = None
    if credentials is None:
        raise SignInRefused(f"The private key in {path} is damaged: {_NEW_KEY}.")
    applicant = Applicant(
        client_id=str(information.get("client_id", "of the service account")),
        client_email=str(information["client_email"]),
        key_file=path,
        admin=admin,
        scopes=scopes,
    )
    return _Key(credentials=credentials, applicant=applicant)


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        remedy = f"does not exist: {_NEW_KEY}"
    except PermissionError:
        remedy = "may not be read by this user: give it to the owner of the state directory"
    except OSError as error:
        remedy = f"cannot be read ({error.strerror}): {_NEW_KEY}"
    raise SignInRefused(f"The service account key {path} {remedy}.")


def _parse(path: Path, content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise SignInRefused(f"The service account key {path} is no JSON object: {_NEW_KEY}.")
    if document.get("type") != "service_account":
        raise SignInRefused(
            f"{path} is no service account key (its type is not service_account): {_NEW_KEY}."
        )
    missing = [name for name in _NEEDED if not isinstance(document.get(name), str)]
    if missing:
        raise SignInRefused(
            f"The service account key {path} lacks {', '.join(missing)}: {_NEW_KEY}."
        )
    return document
