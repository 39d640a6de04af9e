"""Sign-in: service account keys, the token endpoint's rules, and the tokens given out.

It must not know HTTP, nor what a token is used for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gapps_hooks.emulator.assertions import check_window, parts_of
from gapps_hooks.emulator.consents import Consent, Consents
from gapps_hooks.emulator.token_errors import REFUSALS, TokenError

#: google-auth writes this audience whatever the key's token_uri is.
AUDIENCE = "https://oauth2.googleapis.com/token"
#: The token URLs that Google has had.
_AUDIENCES = (
    AUDIENCE,
    "https://www.googleapis.com/oauth2/v4/token",
    "https://www.googleapis.com/oauth2/v3/token",
    "https://accounts.google.com/o/oauth2/token",
)
_REFRESH = "refresh_token"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_LIFETIME = 3600.0
#: In a signed assertion; an access token of Google's has one.
_DOTS = 2
_NOT_AUTHORISED = (
    "Client is unauthorized to retrieve access tokens using this method, or client not "
    "authorized for any of the scopes requested."
)


class Subjects(Protocol):
    """Tells which addresses may be impersonated, and whether anybody may."""

    def may_sign_in(self, address: str) -> bool:
        """Tell whether the address is a live account that is not suspended."""

    def token_error(self) -> str:
        """Return the key of REFUSALS that answers every request for a token, "" for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What an access token stands for; the subject is None for the service account itself."""

    client: str
    subject: str | None
    scopes: frozenset[str]
    expires_at: float
    #: The one service that a self-signed token without scopes is for, as a URL.
    audience: str = ""


@dataclass(slots=True, kw_only=True)
class Client:
    """A service account: its public keys by id, and the scopes delegated to it."""

    email: str
    keys: dict[str, rsa.RSAPublicKey] = field(default_factory=dict)
    #: Scopes granted domain-wide in the Admin console.
    granted: frozenset[str] = frozenset()
    #: Whether the service account itself has an administrator's role.
    has_role: bool = False


class SignIn:
    """The token endpoint: trades signed assertions for access tokens."""

    def __init__(
        self, *, now: Callable[[], float], new_token: Callable[[], str], subjects: Subjects
    ) -> None:
        self._now = now
        self._new_token = new_token
        self._subjects = subjects
        self._tokens: dict[str, Token] = {}
        self._consents = Consents(now)
        self.clients: dict[str, Client] = {}

    def exchange(
        self, form: Mapping[str, str], own_audiences: Collection[str] = ()
    ) -> dict[str, Any]:
        """Return the token answer for a form; raises TokenError as the token endpoint does.

        ``own_audiences`` are the URLs of this server's token endpoint.
        """
        if refusal := REFUSALS.get(self._subjects.token_error()):
            raise TokenError(*refusal)
        if form.get("grant_type") == _REFRESH:
            return self._refreshed(form)
        if form.get("grant_type") != GRANT_TYPE:
            raise TokenError(
                "unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}"
            )
        claims = self._verified(form.get("assertion", ""))
        client = self.clients[str(claims["iss"])]
        check_window(claims, self._now())
        asked = frozenset(str(claims.get("scope", "")).split())
        # Nobody has to delegate what a service account does in its own name.
        scopes = _granted(asked, client.granted if "sub" in claims else asked)
        if claims.get("aud") not in (*_AUDIENCES, *own_audiences):
            raise TokenError("invalid_grant", "Invalid JWT: Failed audience check.")
        return self._issue(client.email, self._subject(claims), scopes)

    def token(self, text: str) -> Token | None:
        """Return what a token stands for; None when unknown, expired, or its key is gone."""
        token = self._self_signed(text) if text.count(".") == _DOTS else self._tokens.get(text)
        if token is None or token.expires_at <= self._now():
            return None
        if token.subject is not None and not self._subjects.may_sign_in(token.subject):
            return None
        return token

    def consent(self, consent: Consent, text: str = "") -> str:
        """Note a person's consent, as the browser's screen does; return its refresh token.

        ``text`` is the token that a former run gave, "" for a new one.
        """
        while not text or (self._consents.is_given(text) and not consent.lasting):
            text = f"1//{self._new_token()}"
        self._consents.give(text, consent)
        return text

    def withdraw(self, subject: str) -> None:
        """Take back all that a person allowed applications."""
        self._consents.withdraw(subject)

    def revoke_key(self, client: str, key_id: str) -> None:
        """Delete a service account's key, as its owner can in the Cloud console."""
        del self.clients[client].keys[key_id]

    def revoke(self, text: str) -> None:
        """Take back an access or a refresh token, as the revocation endpoint does (RFC 7009)."""
        if consent := self._consents.take_back(text):
            ended = (consent.client_id, consent.subject)
            self._tokens = {
                key: token
                for key, token in self._tokens.items()
                if (token.client, token.subject) != ended
            }
        elif self._tokens.pop(text, None) is None:
            raise TokenError("invalid_token", "Token expired or revoked")

    def forget(self) -> None:
        """Make every token invalid, and take back every consent that is not lasting."""
        self.revoke_tokens()
        self._consents.forget()

    def revoke_tokens(self) -> None:
        """Make every token that was given out invalid."""
        self._tokens.clear()

    def _refreshed(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Trade a refresh token for an access token (RFC 6749, section 6)."""
        consent = self._consents.use(form.get("refresh_token", ""))
        if consent is None or not self._subjects.may_sign_in(consent.subject):
            raise TokenError("invalid_grant", "Token has been expired or revoked.")
        if form.get("client_id") != consent.client_id:
            raise TokenError("invalid_client", "The OAuth client was not found.", 401)
        if form.get("client_secret") != consent.client_secret:
            raise TokenError("invalid_client", "Unauthorized", 401)
        asked = frozenset(form.get("scope", "").split()) or consent.scopes
        if not asked <= consent.scopes:
            raise TokenError("invalid_scope", "Bad Request")
        answer = self._issue(consent.client_id, consent.subject, asked)
        return answer | {"scope": " ".join(sorted(asked))}

    def _self_signed(self, text: str) -> Token | None:
        """Return what a service account gave itself (https://google.aip.dev/auth/4111)."""
        try:
            claims = self._verified(text)
            check_window(claims, self._now())
        except TokenError:
            return None
        audience, scopes = (
            str(claims.get("aud", "")),
            frozenset(str(claims.get("scope", "")).split()),
        )
        if claims.get("sub") != claims["iss"] or not (audience or scopes):
            return None
        return Token(
            client=str(claims["iss"]),
            subject=None,
            scopes=scopes,
            expires_at=claims["exp"],
            audience="" if scopes else audience,
        )

    def _verified(self, assertion: str) -> dict[str, Any]:
        header, claims, signed, signature = parts_of(assertion)
        client = self.clients.get(str(claims.get("iss", "")))
        if client is None:
            raise TokenError("invalid_grant", "Invalid grant: account not found")
        # Google's Node and Ruby clients do not say which key they signed with.
        fitting = [key for id_, key in client.keys.items() if header.get("kid", id_) == id_]
        known = any(_signed_by(key, signed, signature) for key in fitting)
        if header.get("alg") != "RS256" or not known:
            raise TokenError("invalid_grant", "Invalid JWT Signature.")
        return claims

    def _subject(self, claims: Mapping[str, Any]) -> str | None:
        subject = claims.get("sub")
        if subject is None:
            return None
        if "@" not in str(subject):
            raise TokenError("invalid_grant", "Not a valid email")
        if not self._subjects.may_sign_in(str(subject)):
            raise TokenError("invalid_grant", "Invalid email or User ID")
        return str(subject)

    def _issue(self, client: str, subject: str | None, scopes: frozenset[str]) -> dict[str, Any]:
        now = self._now()
        self._tokens = {
            text: token for text, token in self._tokens.items() if token.expires_at > now
        }
        text = f"ya29.{self._new_token()}"
        self._tokens[text] = Token(
            client=client, subject=subject, scopes=scopes, expires_at=now + TOKEN_LIFETIME
        )
        lifetime = int(TOKEN_LIFETIME) - 1
        return {"access_token": text, "expires_in": lifetime, "token_type": "Bearer"}


def _signed_by(key: rsa.RSAPublicKey, signed: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _granted(scopes: frozenset[str], granted: frozenset[str]) -> frozenset[str]:
    if not scopes:
        raise TokenError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    if not scopes & granted:
        raise TokenError("unauthorized_client", _NOT_AUTHORISED, 401)
    if not scopes <= granted:
        raise TokenError("access_denied", "Requested client not authorized.", 403)
    return scopes
