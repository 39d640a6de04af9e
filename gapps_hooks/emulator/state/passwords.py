"""Which passwords and password hashes Google takes.

It must not know who has them, and puts no value but a refused bcrypt hash into an error, as Google
does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gapps_hooks.emulator.api_errors import ApiError, invalid, invalid_input

_SHORTEST, _LONGEST = 8, 100
_MOST_ROUNDS = 10_000
_HEX_DIGITS = {"MD5": 32, "SHA-1": 40}
_ITOA64 = r"[./0-9A-Za-z]"
#: The kinds of crypt(3) that the users reference names: DES, $1$ MD5, $5$ SHA-256, $6$ SHA-512.
_CRYPT = re.compile(
    rf"{_ITOA64}{{13}}"
    rf"|\$1\$[^$]{{0,8}}\${_ITOA64}{{22}}"
    rf"|\$5\$(rounds=(?P<rounds5>\d+)\$)?[^$]{{0,16}}\${_ITOA64}{{43}}"
    rf"|\$6\$(rounds=(?P<rounds6>\d+)\$)?[^$]{{0,16}}\${_ITOA64}{{86}}"
)


def read_password(body: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return (hashFunction or None for clear text, value) of a user body.

    400 ``Invalid Password`` for clear text that is no 8 to 100 ASCII characters and for a value
    that is no hash of its kind; a bcrypt hash comes back in the message, as in Google's answer.
    """
    function, value = body.get("hashFunction"), body.get("password")
    if not isinstance(value, str):
        raise _refused()
    if function is None:
        _check_clear_text(value)
    elif function == "crypt":
        _check_crypt(value)
    elif function in _HEX_DIGITS:
        _check_digest(value, _HEX_DIGITS[function])
    else:
        raise invalid_input("hashFunction")
    return function, value


def _check_clear_text(value: str) -> None:
    if not (_SHORTEST <= len(value) <= _LONGEST and value.isascii()):
        raise _refused()


def _check_crypt(value: str) -> None:
    if value.startswith("$2"):
        raise invalid_input(value)
    match = _CRYPT.fullmatch(value)
    if match is None or int(match["rounds5"] or match["rounds6"] or 0) > _MOST_ROUNDS:
        raise _refused()


def _check_digest(value: str, digits: int) -> None:
    if not re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", value):
        raise _refused()


def _refused() -> ApiError:
    return invalid("Invalid Password")
