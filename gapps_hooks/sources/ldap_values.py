"""Decode the values of LDAP attributes: texts, names, ids, times and distinguished names.

It must not know which attribute a field is taken from, nor talk to any directory; it is pure.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import ldap  # type: ignore[import-untyped] # it has no types
import ldap.dn  # type: ignore[import-untyped] # it has no types
import ldap.filter  # type: ignore[import-untyped] # it has no types

_DAY: Final = 86_400
#: Seconds from Windows' epoch, 1601-01-01, to ours.
_WINDOWS_EPOCH: Final = 11_644_473_600
_NEVER_IN_WINDOWS: Final = 0x7FFF_FFFF_FFFF_FFFF
# RFC 4517 section 3.3.13
_GENERALIZED = re.compile(
    r"(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)?)?(?:[.,](\d+))?(?:Z|([+-])(\d\d)(\d\d)?)"
)
#: The first part of a DN as normal_dn writes it, with the comma that no backslash is before.
_FIRST = re.compile(r"\A(?:[^\\,]|\\.)*,?")
_SHORTEST_SID: Final = 8
_GUID_BYTES: Final = 16


class NotUnderstood(Exception):
    """A value that cannot be what its attribute says; the text says what is wrong with it."""


Values = Mapping[str, list[bytes]]


def lowered(attributes: Mapping[str, list[bytes]]) -> dict[str, list[bytes]]:
    """Find attributes by their lower-case names, for a server may write them as it likes."""
    return {name.lower(): values for name, values in attributes.items()}


def texts(values: Values, attribute: str) -> tuple[str, ...]:
    """Return an attribute's values as clean texts, each once, without empty ones.

    Raises:
        NotUnderstood: one is not UTF-8, as RFC 4511 section 4.1.2 has it.
    """
    found = (_text(attribute, raw) for raw in values.get(attribute.lower(), ()))
    return tuple(dict.fromkeys(text for text in found if text))


def _text(attribute: str, raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise NotUnderstood(f"has a value of {attribute} that is not UTF-8") from None
    printable = (letter if letter.isprintable() else " " for letter in text)
    return " ".join("".join(printable).split())


def number(text: str) -> int | None:
    """Read a whole number; None if it is none."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,19}", text) else None


# --- ids -----------------------------------------------------------------------------------------


def guid(raw: bytes) -> str:
    """Write an objectGUID as Microsoft does: the first three of its parts are little-endian.

    Raises:
        NotUnderstood: it has not 16 bytes.
    """
    if len(raw) != _GUID_BYTES:
        raise NotUnderstood(f"has an objectGUID of {len(raw)} bytes instead of {_GUID_BYTES}")
    return str(uuid.UUID(bytes_le=raw))


def guid_bytes(text: str) -> bytes | None:
    """Turn a written GUID into objectGUID's bytes; None if it is none."""
    try:
        return uuid.UUID(text).bytes_le
    except ValueError:
        return None


def sid(raw: bytes) -> str:
    """Write an objectSid as ``S-1-5-21-…`` (MS-DTYP section 2.4.2).

    Raises:
        NotUnderstood: its length is not what it says.
    """
    if len(raw) < _SHORTEST_SID or len(raw) != _SHORTEST_SID + 4 * raw[1]:
        raise NotUnderstood(f"has an objectSid of {len(raw)} bytes, which is not what it says")
    parts = [raw[0], int.from_bytes(raw[2:8], "big")]
    parts += [
        int.from_bytes(raw[place : place + 4], "little")
        for place in range(_SHORTEST_SID, len(raw), 4)
    ]
    return "S-" + "-".join(map(str, parts))


def sid_bytes(text: str) -> bytes:
    """Turn a written SID, such as sid() makes, into objectSid's bytes."""
    revision, authority, *parts = (int(part) for part in text.removeprefix("S-").split("-"))
    head = bytes((revision, len(parts))) + authority.to_bytes(6, "big")
    return head + b"".join(part.to_bytes(4, "little") for part in parts)


# --- times ---------------------------------------------------------------------------------------


def generalized_time(text: str) -> float | None:
    """Read GeneralizedTime (RFC 4517 section 3.3.13) as seconds since the epoch, or None."""
    match = _GENERALIZED.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    try:
        moment = datetime(
            *(int(year), int(month), int(day), int(hour), int(minute or 0)),
            min(int(second or 0), 59),  # 60 is a leap second
            tzinfo=UTC,
        )
    except ValueError:
        return None
    away = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    unit = 1 if second else 60 if minute else 3600
    rest = float(f"0.{fraction}") * unit if fraction else 0.0
    return (moment - away if sign == "+" else moment + away).timestamp() + rest


def filetime(text: str) -> float | None:
    """Read Windows' FILETIME, 100 ns since 1601, as seconds since the epoch; None for never."""
    ticks = number(text)
    if ticks is None or ticks <= 0 or ticks >= _NEVER_IN_WINDOWS:
        return None
    return ticks / 10_000_000 - _WINDOWS_EPOCH


def days(text: str) -> float | None:
    """Read days since the epoch as seconds; 0 and -1 say nothing (shadow(5))."""
    count = number(text)
    return float(count * _DAY) if count is not None and count > 0 else None


def seconds(text: str) -> float | None:
    """Read seconds since the epoch; 0 says nothing."""
    count = number(text)
    return float(count) if count is not None and count > 0 else None


# --- distinguished names -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dn:
    """A distinguished name; equal ones are those that most directories take for equal."""

    #: In the form of normal_dn.
    normal: str
    #: As the directory writes it, which is what it has to be asked with: it may well compare more
    #: narrowly, such as the two small sigmas of Greek.
    written: str = field(compare=False)

    @classmethod
    def of(cls, text: str) -> Dn | None:
        """Read a DN; None if it is none."""
        normal = normal_dn(text)
        if normal is None:
            return None
        bare = _without_uid(text)
        return cls(normal, normal if bare == normal else bare)

    @property
    def above(self) -> str:
        """The entry that it is directly below, in the form of normal_dn."""
        return _FIRST.sub("", self.normal, count=1)

    @property
    def first(self) -> tuple[str, str]:
        """The attribute and the value that it begins with, as written."""
        kind, value, _flags = ldap.dn.str2dn(self.written)[0][0]
        return kind, value


def normal_dn(text: str) -> str | None:
    """Write a DN so that equal ones are equal texts; None if it is none.

    Types and values are compared as most are in LDAP: without case, and without the width of
    blanks (RFC 4518). A trailing ``#'…'B``, which a uniqueMember may have, is left out.
    """
    try:
        parts = ldap.dn.str2dn(_without_uid(text))
    except ldap.DECODING_ERROR:
        return None
    return ldap.dn.dn2str([sorted(map(_normal_part, part)) for part in parts]) if parts else None


def _without_uid(text: str) -> str:
    return re.sub(r"#'[01]*'B\Z", "", text)


def _normal_part(part: tuple[str, str, int]) -> tuple[str, str, int]:
    kind, value, _flags = part
    folded = unicodedata.normalize("NFKC", value).casefold()
    return kind.lower(), " ".join(folded.split()), 1


def equals(attribute: str, value: str | bytes) -> str:
    """Make a filter (RFC 4515) for a value, with everything escaped that has a meaning in one."""
    if isinstance(value, bytes):
        escaped = "".join(f"\\{byte:02x}" for byte in value)
        return f"({attribute}={escaped})"
    return f"({attribute}={ldap.filter.escape_filter_chars(value)})"
