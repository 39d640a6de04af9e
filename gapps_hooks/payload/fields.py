"""The kinds of text that payloads are made of, and what is wrong with a bad one.

It must not know which key holds which kind.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from gapps_hooks.errors import BadInput
from gapps_hooks.validation import shown

#: Bytes of UTF-8 that a name, a text and a description may have, and entries of a list.
LONGEST_NAME, LONGEST_TEXT, LONGEST_DESCRIPTION = 255, 1024, 4096
MOST_ENTRIES: Final = 10_000

#: What a member that is itself a group begins with.
GROUP_PREFIX: Final = "group:"

# control characters, surrogates, and what ends a line or a paragraph elsewhere than in ASCII
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# RFC 5321 section 4.1.2 (Mailbox without quoted strings and address literals), lengths 4.5.3.1
_ADDRESS = re.compile(
    r"(?=.{3,254}\Z)(?=[^@]{1,64}@)"
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def what_is_wrong_with_user_name(name: str) -> str | None:
    """Say what is wrong with a user's name, or None.

    passwd(5) has no place for a colon, and commands take ``group:staff`` for a group.
    """
    if wrong := what_is_wrong(name, longest=LONGEST_NAME):
        return wrong
    if ":" not in name:
        return None
    return "has a colon, as no user name can; changes of a group are told by group-change"


def check_name(field: str, name: str) -> str:
    """Return a user's or group's name if it can be one.

    Raises:
        BadInput: it is empty, longer than 255 bytes, or has control characters, line ends or
            bytes that are not UTF-8.
    """
    wrong = what_is_wrong(name, longest=LONGEST_NAME)
    if wrong:
        raise BadInput.of(field, shown(name), wrong)
    return name


def what_is_wrong(text: str, *, longest: int, lines: bool = False) -> str | None:
    """Say what is wrong with a text, or None.

    Args:
        text: what to judge.
        longest: the most bytes of UTF-8 that it may have.
        lines: whether tabs and line feeds are fine.
    """
    if not text or text.isspace():
        return "is empty; leave the key out if nothing is known, or send null or [] to clear it"
    if len(text) > longest or len(text.encode("utf-8", "surrogatepass")) > longest:
        return f"is longer than {longest} bytes; shorten it"
    allowed = "\t\n" if lines else ""
    bad = {
        unicodedata.category(character)
        for character in text
        if not character.isprintable() and character not in allowed
    }
    if "Cs" in bad:
        return "is not valid UTF-8; send it as UTF-8"
    if bad & _REFUSED_CATEGORIES:
        return "has control characters or line ends; remove them"
    return None


def what_is_wrong_with_address(text: str) -> str | None:
    """Say what is wrong with a lower-case e-mail address, or None."""
    if wrong := what_is_wrong(text, longest=LONGEST_TEXT):
        return wrong
    if not text.isascii():
        return "is not an address: write its domain in punycode and its user part in ASCII"
    return None if _ADDRESS.fullmatch(text) else "is not an address of the form name@domain"


def _accepted(text: str, wrong: str | None) -> str:
    if wrong:
        raise PydanticCustomError("text", "{wrong}", {"wrong": wrong})
    return text


def _name(text: str) -> str:
    return _accepted(text, what_is_wrong(text, longest=LONGEST_NAME))


def _user_name(text: str) -> str:
    return _accepted(text, what_is_wrong_with_user_name(text))


def _text(text: str) -> str:
    return _accepted(text, what_is_wrong(text, longest=LONGEST_TEXT))


def _description(text: str) -> str:
    return _accepted(text, what_is_wrong(text, longest=LONGEST_DESCRIPTION, lines=True))


def _address(text: str) -> str:
    lower = text.lower()
    return _accepted(lower, what_is_wrong_with_address(lower))


def _org_unit(text: str) -> str:
    wrong = None if text.startswith("/") else "must begin with /, as Google's orgUnitPath does"
    return _accepted(_text(text), wrong)


def _identity(text: str) -> str:
    wrong = None if re.fullmatch(r"[^:]+(:.*)?", text) else "must be written kind:value"
    if not wrong and text.endswith(":"):
        wrong = "has a kind but no value; write kind:value or leave it out"
    return _accepted(_text(text), wrong)


def _reference(text: str) -> str:
    if "@" in text:
        return _address(text)
    if text.startswith(GROUP_PREFIX):
        return GROUP_PREFIX + _name(text.removeprefix(GROUP_PREFIX))
    return _name(text)


Name = Annotated[str, AfterValidator(_name)]
UserName = Annotated[str, AfterValidator(_user_name)]
Text = Annotated[str, AfterValidator(_text)]
Description = Annotated[str, AfterValidator(_description)]
Address = Annotated[str, AfterValidator(_address)]
OrgUnit = Annotated[str, AfterValidator(_org_unit)]
IdentityText = Annotated[str, AfterValidator(_identity)]
Reference = Annotated[str, AfterValidator(_reference)]


def _each_once(entries: list[str]) -> list[str]:
    return list(dict.fromkeys(entries))


Texts = Annotated[list[Text], Field(max_length=MOST_ENTRIES), AfterValidator(_each_once)]
Addresses = Annotated[list[Address], Field(max_length=MOST_ENTRIES), AfterValidator(_each_once)]
References = Annotated[list[Reference], Field(max_length=MOST_ENTRIES), AfterValidator(_each_once)]
