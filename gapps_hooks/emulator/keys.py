"""Service account keys as Google's console hands them out, made here.

It must not know tokens or scopes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

_KEY_SIZE = 2048
_EXPONENT = 65537


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountKey:
    """A key of a service account; its text form never shows the private half."""

    email: str
    key_id: str
    project: str
    private: rsa.RSAPrivateKey

    def __repr__(self) -> str:
        return f"ServiceAccountKey({self.email}, {self.key_id})"

    def as_json(self, token_uri: str) -> dict[str, Any]:
        """Return the key file's content, for a token endpoint."""
        pem = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return {
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": self.key_id,
            "private_key": pem.decode(),
            "client_email": self.email,
            "client_id": str(int(self.key_id[:16], 16)),
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        }


def new_key(key_id: str, project: str = "gapps-hooks-emulator") -> ServiceAccountKey:
    """Make a new key; ``key_id`` is 40 hex digits."""
    return ServiceAccountKey(
        email=f"hooks@{project}.iam.gserviceaccount.com",
        key_id=key_id,
        project=project,
        private=rsa.generate_private_key(public_exponent=_EXPONENT, key_size=_KEY_SIZE),
    )


def key_of(document: dict[str, Any]) -> ServiceAccountKey:
    """Read a key file's content; raises KeyError or ValueError when it is none."""
    private = load_pem_private_key(document["private_key"].encode(), password=None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ValueError("the private key of a service account is an RSA key")  # noqa: TRY004 - it is the file's content
    return ServiceAccountKey(
        email=document["client_email"],
        key_id=document["private_key_id"],
        project=document.get("project_id", ""),
        private=private,
    )
