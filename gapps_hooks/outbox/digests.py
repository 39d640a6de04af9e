"""Keyed digests: telling whether a value is the same as before without keeping it.

It must not know where the key is kept or what the values mean.
"""

from __future__ import annotations

import hmac
import json
from typing import Any, Final

#: Hexadecimal digits of a digest: 128 bits, too many to meet another by chance.
_DIGITS: Final = 32
_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def keyed_digest(key: bytes, value: Any) -> str:  # noqa: ANN401 - anything that JSON can say
    """HMAC-SHA256 (RFC 2104) of a JSON value in canonical form, as 32 hexadecimal digits."""
    return hmac.digest(key, _CANONICAL.encode(value).encode(), "sha256").hex()[:_DIGITS]
