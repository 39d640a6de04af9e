"""The kinds of value that the settings of an LDAP source are made of, and what is wrong with one.

It must not know which key holds which kind, nor talk to any directory.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator

from gapps_hooks.settings.kinds import Plain, wrong

# RFC 4512 section 2.5: a name, or a dotted number
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)+")
# RFC 4514 section 3, as far as a slip of the pen goes: pairs of a name and a value
_DN = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9-]*|[0-9.]+) *=(?:\\.|[^\\,;])*"
    r"(?:[,+] *(?:[A-Za-z][A-Za-z0-9-]*|[0-9.]+) *=(?:\\.|[^\\,;])*)*"
)
_SCHEMES: Final = frozenset({"ldap", "ldaps", "ldapi"})


def is_attribute(text: str) -> bool:
    """Say whether this can be an attribute's name."""
    return _ATTRIBUTE.fullmatch(text) is not None


def is_local(uri: str) -> bool:
    """Say whether a URI stays on this machine: a socket in the file system, or the loopback."""
    parts = urlsplit(uri)
    if parts.scheme == "ldapi" or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _uri(text: str) -> str:
    try:
        parts = urlsplit(text)
        fine = parts.scheme in _SCHEMES and _is_place(parts)
    except ValueError:
        fine = False
    if not fine or not text.isprintable() or " " in text:
        raise wrong(
            "is not an address such as ldaps://ldap.example.org, ldap://127.0.0.1 or "
            "ldapi://%2Frun%2Fslapd%2Fldapi"
        )
    return text.rstrip("/")


def _is_place(parts: SplitResult) -> bool:
    if parts.query or parts.fragment or parts.path not in {"", "/"}:
        return False
    if parts.scheme == "ldapi":
        return parts.netloc == "" or unquote(parts.netloc).startswith("/")
    return bool(parts.hostname) and parts.username is None and parts.port != 0


def _dn(text: str) -> str:
    if not _DN.fullmatch(text):
        raise wrong("is not a distinguished name such as ou=people,dc=example,dc=org")
    return text


def _filter(text: str) -> str:
    depth, closed = 0, False
    for character in text:
        depth += (character == "(") - (character == ")")
        closed |= depth == 0
        if closed and depth != 0:
            break
    if not (text.startswith("(") and text.endswith(")") and depth == 0 and "=" in text):
        raise wrong("is not a filter such as (&(objectClass=posixAccount)(!(uid=guest)))")
    return text


def _attributes(value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise wrong("must be the name of an attribute, or a list of names; [] takes none")
    for name in names:
        if not is_attribute(name):
            raise wrong(f"names {name!r}, which cannot be an attribute of LDAP")
    return tuple(names)


LdapUri = Annotated[Plain, AfterValidator(_uri)]
DistinguishedName = Annotated[Plain, AfterValidator(_dn)]
LdapFilter = Annotated[Plain, AfterValidator(_filter)]
AttributeNames = Annotated[tuple[str, ...], BeforeValidator(_attributes)]
