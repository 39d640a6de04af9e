"""What may stand in the path of a request to name one thing at Google.

It must not know what is asked of it.
"""

from __future__ import annotations

from gapps_hooks.errors import Refused


def path_key(key: str) -> str:
    """Refuse what would change the path: an empty key addresses the whole collection."""
    if key in {"", ".", ".."}:
        raise Refused(f"{key!r} is neither an address nor an id of Google.")
    return key
