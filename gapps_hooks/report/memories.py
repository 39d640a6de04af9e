"""What a link remembers as delivered, in words for people.

It must not know how it is compared with what is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gapps_hooks.report.words import field_name

_WORDS: Final = {
    "employeeId": "employee id",
    "phones": "telephones",
    "enabled": "whether it is enabled",
    "whoCanPostMessage": "who may post and join",
}
#: What is remembered of how something was delivered; it says nothing of what Google has.
_OURS_ALONE: Final = frozenset({"arrived", "former", "named", "stored"})


def delivered_words(keys: Iterable[str]) -> list[str]:
    """Name what was delivered; our own moments and notes (``…_at``, ``stored_as``) are left out."""
    told = (key for key in keys if key not in _OURS_ALONE and "_" not in key)
    return sorted(_WORDS.get(key, field_name(key)) for key in told)
