"""Turn clear text or a stored hash into what Google accepts; the only user of passlib and libcrypt.

It must not know where a password comes from, where it rests or how it is sent.

What Google takes is said at
https://developers.google.com/admin-sdk/directory/reference/rest/v1/users (``password``,
``hashFunction``): crypt(3) as DES, ``$1$``, ``$5$`` and ``$6$`` with at most 10,000 rounds, and
MD5 or SHA-1 as plain hexadecimal digests. No salted LDAP scheme and no newer crypt is accepted.
"""

from __future__ import annotations

import base64
import binascii
import ctypes
import functools
import re
import secrets
from collections.abc import Callable
from typing import Any, Final

# passlib ships no type information
from passlib.hash import (  # type: ignore[import-untyped] # it has no types
    des_crypt,
    md5_crypt,
    sha256_crypt,
    sha512_crypt,
)

from gapps_hooks.errors import Complaint, UnusablePassword
from gapps_hooks.model import PasswordHash

#: Google's bounds on the length of a password in clear text, in characters.
SHORTEST, LONGEST = 8, 100
#: The rounds that crypt(3) takes when none are written; half of what Google allows.
ROUNDS: Final = 5000
#: Google refuses a crypt hash whose ``rounds=`` is above this.
MOST_ROUNDS: Final = 10_000

_LONGEST_HASH = 1024
#: libxcrypt and glibc's older crypt under one name; libxcrypt without the old interfaces.
_CRYPT_LIBRARIES: Final = ("libcrypt.so.1", "libcrypt.so.2")
#: Bytes of struct crypt_data: of libxcrypt, and of glibc, which has 131,232.
_XCRYPT_WORK, _CRYPT_WORK = 1 << 15, 1 << 18
#: Random bytes that make the 16 letters of a salt, the most that sha512-crypt looks at.
_SALT_BYTES: Final = 12
#: Bytes of SHA-512, which are written as 86 letters.
_HASH_BYTES: Final = 64
#: What crypt(3) has to answer: of our own salt, 512 bits in crypt(5)'s alphabet.
_WHOLE: Final = re.compile(r"\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}")
_CRYPTS: dict[str, Any] = {"$6$": sha512_crypt, "$5$": sha256_crypt, "$1$": md5_crypt}
#: Google's name of an unsalted digest, by its length in bytes.
_DIGESTS = {16: "MD5", 20: "SHA-1"}

_SHA512_IN_PAM = (
    'unless it is done, replace "yescrypt" by "sha512" on the pam_unix.so line of '
    "/etc/pam.d/common-password (gapps-hooks enable pam --set-sha512 does it; on other systems: "
    "system-auth, or ENCRYPT_METHOD SHA512 in /etc/login.defs); then set the password again"
)
_SHA512_IN_LDAP = (
    "let the directory store {CRYPT} with the salt format $6$rounds=5000$%.16s "
    "(OpenLDAP: password-hash and password-crypt-salt-format; 389-ds: CRYPT-SHA512) "
    "and set the password again"
)
_SEND_IT = (
    'let the account manager store sha512-crypt ($6$), or pass on the clear text as "password", '
    "and set the password again"
)

#: What a stored value that Google cannot take begins with, in lower case: its name and remedy.
_UNUSABLE: tuple[tuple[str, str, str], ...] = (
    ("$y$", "yescrypt", _SHA512_IN_PAM),
    ("$gy$", "gost-yescrypt", _SHA512_IN_PAM),
    ("$7$", "scrypt", _SHA512_IN_PAM),
    ("$2", "bcrypt", _SEND_IT),
    ("$argon2", "argon2", _SEND_IT),
    ("$pbkdf2", "PBKDF2", _SEND_IT),
    ("$sha1$", "sha1-crypt", _SEND_IT),
    ("$md5", "SunMD5", _SEND_IT),
    ("$3$", "an NT hash", _SEND_IT),
    ("$nt$", "an NT hash", _SEND_IT),
    ("{nt", "an NT hash", _SEND_IT),
    ("{x-nthash}", "an NT hash", _SEND_IT),
    ("{lanman}", "a LAN Manager hash", _SEND_IT),
    ("{ssha", "salted SHA", _SHA512_IN_LDAP),
    ("{smd5}", "salted MD5", _SHA512_IN_LDAP),
    ("{sha2", "SHA-2 without crypt", _SHA512_IN_LDAP),
    ("{sha384}", "SHA-2 without crypt", _SHA512_IN_LDAP),
    ("{sha512}", "SHA-2 without crypt", _SHA512_IN_LDAP),
    ("{argon2", "argon2", _SHA512_IN_LDAP),
    ("{bcrypt}", "bcrypt", _SHA512_IN_LDAP),
    ("{blf-crypt}", "bcrypt", _SHA512_IN_LDAP),
    ("{pbkdf2", "PBKDF2", _SHA512_IN_LDAP),
    ("{apr1}", "Apache's MD5", _SHA512_IN_LDAP),
    ("{sasl}", "a pointer to another sign-in service, not a hash", _SEND_IT),
    ("{k", "a pointer to Kerberos, not a hash", _SEND_IT),
    ("{clear", 'clear text; pass it on as "password"', _SHA512_IN_LDAP),
    ("{plain", 'clear text; pass it on as "password"', _SHA512_IN_LDAP),
)


def from_clear_text(text: str) -> PasswordHash:
    """Hash a password in clear text with sha512-crypt.

    Args:
        text: 8 to 100 printable ASCII characters (Google's User.password).

    Raises:
        UnusablePassword: Google would not take it; the text never shows the value.
    """
    if not SHORTEST <= len(text) <= LONGEST:
        raise _unusable("password", f"has {len(text)} characters; Google takes 8 to 100")
    if not (text.isascii() and text.isprintable()):
        raise _unusable("password", "may only have printable ASCII characters at Google")
    return _hashed(text)


def from_stored(text: str) -> PasswordHash:
    """Make a hash that the account manager stores into the form that Google takes.

    Args:
        text: crypt(3) with or without ``{CRYPT}`` (RFC 2307 section 5.3), ``{SHA}`` or
            ``{MD5}`` with a base64 digest, or a bare hexadecimal SHA-1 or MD5 digest.

    Raises:
        UnusablePassword: Google cannot take it; the text says how to get one that it can.
    """
    if not text or len(text) > _LONGEST_HASH or not (text.isascii() and text.isprintable()):
        raise _unusable("password_hash", "is no password hash; leave it out if there is none")
    if text.startswith(("!", "*")):
        raise _unusable("password_hash", "is locked or empty (it begins with ! or *)")
    bare = re.sub(r"^\{crypt\}", "", text, flags=re.IGNORECASE)
    _refuse_known_unusable(bare)
    if bare == text and (digest := _digest(text)):
        return digest
    return _crypt(bare)


def scheme_that_is_not_taken(text: str) -> str:
    """Name the scheme of a stored hash that Google cannot take; empty if it is none of them."""
    return _scheme(text)[0]


def remedy_for_scheme(text: str) -> str:
    """Say what is to be done about a stored hash of such a scheme; empty if it is none of them."""
    return _scheme(text)[1]


def _scheme(text: str) -> tuple[str, str]:
    lower = re.sub(r"^\{crypt\}", "", text.lower())
    known = ((name, remedy) for prefix, name, remedy in _UNUSABLE if lower.startswith(prefix))
    return next(known, ("", ""))


def unknown() -> PasswordHash:
    """Make a hash at random: a password that nobody knows, not even we.

    Whoever wants to find what it is the hash of has to try 2^512 texts, as with any hash of a text
    as long; and making one out of a text takes longer than everything else a creation costs us.
    """
    # of 512 bits six make a letter, and two are left for the last one
    letters = _letters(_HASH_BYTES)[:85] + secrets.choice("./01")
    return PasswordHash("crypt", f"$6${_letters(_SALT_BYTES)}${letters}")


def _hashed(text: str) -> PasswordHash:
    return PasswordHash("crypt", (_system_crypt() or _own_crypt)(text))


def _own_crypt(text: str) -> str:
    return str(sha512_crypt.using(rounds=ROUNDS).hash(text))


@functools.cache
def _system_crypt() -> Callable[[str], str] | None:
    """Return sha512-crypt by the system's own crypt(3), or None where there is none.

    It takes half the time of the one in Python, and lets other threads run meanwhile.
    """
    found = next(filter(None, map(_crypt_r, _CRYPT_LIBRARIES)), None)
    if found is None:
        return None
    crypt, empty = found

    def hashed(text: str) -> str:
        work = ctypes.create_string_buffer(len(empty))
        try:
            made = (
                crypt(text.encode(), f"$6${_letters(_SALT_BYTES)}$".encode(), work) or b""
            ).decode()
        finally:
            work.raw = empty  # the text may still stand in it
        return made if _WHOLE.fullmatch(made) else _own_crypt(text)

    return hashed


def _crypt_r(name: str) -> tuple[Callable[..., bytes | None], bytes] | None:
    """Find crypt_r(3) in a library, and what it works in while that is empty."""
    try:
        library = ctypes.CDLL(name)
        crypt = library.crypt_r
    except (OSError, AttributeError):
        return None
    crypt.restype, crypt.argtypes = ctypes.c_char_p, (ctypes.c_char_p,) * 2 + (ctypes.c_void_p,)
    is_libxcrypt = hasattr(library, "crypt_preferred_method")
    return crypt, bytes(_XCRYPT_WORK if is_libxcrypt else _CRYPT_WORK)


def _letters(length: int) -> str:
    """Write so many random bytes in crypt(5)'s alphabet."""
    # Asked for letter by letter, the system would be called 16 times and more, and each call lets
    # another thread have the interpreter first.
    return base64.b64encode(secrets.token_bytes(length), altchars=b"./").decode()


def _unusable(field: str, remedy: str) -> UnusablePassword:
    return UnusablePassword((Complaint(field=field, value=None, remedy=remedy),))


def _refuse_known_unusable(text: str) -> None:
    lower = text.lower()
    for prefix, name, remedy in _UNUSABLE:
        if lower.startswith(prefix):
            raise _unusable("password_hash", f"is {name}, which Google cannot take; {remedy}")


def _digest(text: str) -> PasswordHash | None:
    """Read an unsalted digest; None means that the text is not written like one."""
    scheme, _, rest = text.rpartition("}")
    expected = {"": None, "{md5": 16, "{sha": 20, "{sha1": 20}.get(scheme.lower(), 0)
    if expected == 0:
        return None
    raw = _hexadecimal(rest)
    if raw is None and expected:
        raw = _base64(rest)
    if raw is not None and len(raw) in _DIGESTS and expected in {None, len(raw)}:
        return PasswordHash(_DIGESTS[len(raw)], raw.hex())
    if expected is None:
        return None
    raise _unusable("password_hash", f"is no {scheme[1:].upper()} digest: {expected} bytes, base64")


def _hexadecimal(text: str) -> bytes | None:
    return bytes.fromhex(text) if re.fullmatch(r"([0-9A-Fa-f]{2})+", text) else None


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def _crypt(text: str) -> PasswordHash:
    handler = _CRYPTS.get(text[:3], des_crypt)
    parsed = _parsed(handler, text)
    if parsed is None or not parsed.checksum:
        raise _unusable(
            "password_hash",
            "is no whole hash of a kind that Google takes (crypt as DES, $1$, $5$ or $6$; SHA-1 "
            f"or MD5 as a digest); {_SEND_IT}",
        )
    if getattr(parsed, "rounds", 0) > MOST_ROUNDS and handler in {sha512_crypt, sha256_crypt}:
        raise _unusable(
            "password_hash",
            f"has {parsed.rounds} rounds and Google takes at most {MOST_ROUNDS}; set rounds=5000 "
            "where the password is hashed (pam_unix, SHA_CRYPT_MAX_ROUNDS in /etc/login.defs, or "
            "the directory's salt format) and set the password again",
        )
    return PasswordHash("crypt", text)


def _parsed(handler: Any, text: str) -> Any:  # noqa: ANN401 - passlib's handlers have no types
    try:
        return handler.from_string(text)
    except (ValueError, TypeError):
        return None
