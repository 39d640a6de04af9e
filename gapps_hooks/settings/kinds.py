"""The kinds of value that settings are made of, and what is wrong with a bad one.

It must not know which key holds which kind, nor look at any file.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

#: The keys of a user that a rule can look at, see DESIGN's contract of hooks.d.
USER_FIELDS: Final = frozenset(
    {
        "username",
        "given_name",
        "family_name",
        "full_name",
        "email",
        "aliases",
        "org_unit",
        "employee_id",
        "phones",
    }
)

# RFC 1123 section 2.1: letters, digits and inner hyphens; at least two labels
_DOMAIN = re.compile(
    r"(?=.{3,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def wrong(remedy: str) -> PydanticCustomError:
    """Make the error that pydantic collects; its text is the remedy."""
    return PydanticCustomError("settings", "{remedy}", {"remedy": remedy})


def _plain(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise wrong("is empty or has control characters; give it a value or leave the key out")
    return text


def _domain(text: str) -> str:
    if not _DOMAIN.fullmatch(text.lower()):
        raise wrong("is not a domain such as example.org (write other scripts in punycode)")
    return text.lower()


def _address(text: str) -> str:
    local, _, domain = text.rpartition("@")
    if not re.fullmatch(r"[^\s@<>,;\"]+", local) or not _DOMAIN.fullmatch(domain.lower()):
        raise wrong("is not an address such as admin@example.org")
    return text.lower()


def _absolute(value: Any) -> Any:  # noqa: ANN401 - whatever the file holds comes through here
    if isinstance(value, str) and (not value.isprintable() or not Path(value).is_absolute()):
        raise wrong("must be an absolute path, one that begins with /")
    return value


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        fine = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
        fine = fine and not (parts.query or parts.fragment) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or not text.isprintable() or " " in text:
        raise wrong("is not an address such as http://127.0.0.1:8085")
    return text.rstrip("/")


def _local_part(text: str) -> str:
    if "@" in text:
        raise wrong("is a whole address; write only what stands before the @")
    return text.lower()


def _command(command: tuple[str, ...]) -> tuple[str, ...]:
    if not command:
        raise wrong("names no program; write its absolute path and its arguments")
    _absolute(command[0])
    return command


def _field_patterns(value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """Turn ``{email = "*@a.org", org_unit = ["/A", "/B"]}`` into pairs of field and pattern."""
    if not isinstance(value, dict):
        return value
    if not value:
        raise wrong('is empty; write for example { org_unit = ["/Staff", "/Staff/*"] }')
    return tuple(
        (field, pattern) for field, several in value.items() for pattern in _patterns(several)
    )


def _patterns(value: object) -> list[Any]:
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, list) or not patterns:
        raise wrong("has a field without a pattern; write a text or a list of texts")
    return patterns


Plain = Annotated[str, AfterValidator(_plain)]
Domain = Annotated[str, AfterValidator(_domain)]
Address = Annotated[str, AfterValidator(_address)]
LowerCase = Annotated[Plain, AfterValidator(str.lower)]
LocalPart = Annotated[Plain, AfterValidator(_local_part)]
AbsolutePath = Annotated[Path, BeforeValidator(_absolute)]
Url = Annotated[str, AfterValidator(_url)]
Command = Annotated[tuple[Plain, ...], AfterValidator(_command)]
FieldPatterns = Annotated[
    tuple[tuple[str, Plain], ...],
    BeforeValidator(_field_patterns),
]
Flag = Annotated[bool, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=0)]
Seconds = Annotated[Number, Field(gt=0, le=300)]
