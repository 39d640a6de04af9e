"""Keyed digests: telling whether a value is the same as before without keeping it.

It must not know where the key is kept or what the values mean.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, Final

#: Hexadecimal digits of a digest: 128 bits, too many to meet another by chance.
_DIGITS: Final = 32


def keyed_digest(key: bytes, value: Any) -> str:  # noqa: ANN401 - anything that JSON can say
    """HMAC-SHA256 (RFC 2104) of a JSON value in canonical form, as 32 hexadecimal digits."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()[:_DIGITS]
