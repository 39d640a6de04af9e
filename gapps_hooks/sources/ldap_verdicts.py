"""What each answer of a directory server means for people: a sentence with the remedy.

It must not know what was asked, nor talk to any server; it is pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import ldap  # type: ignore[import-untyped] # it has no types

from gapps_hooks.errors import SourceUnreadable

#: Where the settings say as whom we sign in.
SIGN_IN: Final = "source.bind_dn and source.password_file"
_BASES: Final = "source.base, source.user_base and source.group_base"
_LONGEST: Final = 200
_LIMITS: Final = (
    "allow the one we sign in as to read everything (OpenLDAP: olcLimits … size=unlimited "
    "time=unlimited; 389-ds: nsSizeLimit, nsLookThroughLimit)"
)

#: The sentence for each error, the most particular first.
_SENTENCES: Final[Mapping[str, str]] = {
    "SIZELIMIT_EXCEEDED": f"gives no more entries (size limit); {_LIMITS}",
    "TIMELIMIT_EXCEEDED": f"took longer than it may (time limit); {_LIMITS}",
    "ADMINLIMIT_EXCEEDED": f"stopped at a limit of its administrator's; {_LIMITS}",
    "BUSY": "is busy; it is asked again later",
    "UNAVAILABLE": "is not available; it is asked again later",
    "UNWILLING_TO_PERFORM": "is not willing to answer; see its log",
    "TIMEOUT": "did not answer in time; see whether it is overloaded, or raise source.timeout",
    "SERVER_DOWN": "cannot be reached; see whether it runs, and source.uri",
    "CONNECT_ERROR": "does not let us connect; see source.uri and source.ca_file",
    "INVALID_CREDENTIALS": "refuses the sign-in; see {said}",
    "INAPPROPRIATE_AUTH": "does not take this way to sign in; see source.bind_dn and source.sasl",
    "INSUFFICIENT_ACCESS": "does not let us read that; allow it for the one we sign in as",
    "STRONG_AUTH_REQUIRED": "wants an encrypted connection; set starttls or an ldaps:// uri",
    "CONFIDENTIALITY_REQUIRED": "wants an encrypted connection; set starttls or an ldaps:// uri",
    "PROTOCOL_ERROR": "does not understand us; if starttls is set, it may not know StartTLS",
    "AUTH_UNKNOWN": "does not know this way to sign in; see source.sasl",
    "AUTH_METHOD_NOT_SUPPORTED": "does not know this way to sign in; see source.sasl",
    "NO_SUCH_OBJECT": f"has no such entry, or hides it from us; see {_BASES}, and who may read it",
    "INVALID_DN_SYNTAX": f"cannot read a name; see {_BASES}",
    "FILTER_ERROR": "cannot read a filter; see source.user_filter and source.group_filter",
    "REFERRAL": "points to another server, which is not followed; ask that one (source.uri)",
    "PARTIAL_RESULTS": "points to another server, which is not followed; ask that one (source.uri)",
    "UNAVAILABLE_CRITICAL_EXTENSION": "cannot give its answer in pages; see its log",
}
#: What only says that the connection is gone.
_LOST: Final = frozenset({"SERVER_DOWN", "CONNECT_ERROR", "TIMEOUT", "UNAVAILABLE", "BUSY"})


def is_lost(error: Exception) -> bool:
    """Say whether the connection cannot be used any more after this."""
    return type(error).__name__ in _LOST


def verdict(error: Exception, uri: str, what: str = "", said: str = SIGN_IN) -> SourceUnreadable:
    """Make the error for people out of python-ldap's.

    Args:
        error: what python-ldap raised.
        uri: the server.
        what: what was asked for, such as a base; shown if given.
        said: where people said as whom we sign in.
    """
    name = type(error).__name__
    sentence = _SENTENCES.get(name, f"answers with {name}; see its log").format(said=said)
    about = f" ({what})" if what else ""
    return SourceUnreadable(f"{uri} {sentence}{about}{_quoted(error)}")


def _quoted(error: Exception) -> str:
    """Quote what the server or the TLS library says, which is no secret."""
    details: Any = error.args[0] if error.args else {}
    if not isinstance(details, dict):
        return ""
    info = " ".join(str(details.get("info") or "").split())
    if not info or isinstance(error, ldap.INVALID_CREDENTIALS):
        return ""
    text = "".join(letter if letter.isprintable() else "?" for letter in info)
    return f": {text[:_LONGEST]}"
