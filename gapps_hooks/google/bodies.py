"""What is sent of a user: the fields, and the hash of a password beside them.

It must not know requests, nor what the fields mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gapps_hooks.model import PasswordHash


def with_password(body: Mapping[str, Any], password: PasswordHash | None) -> dict[str, Any]:
    """Make a body of its own, with the hash if there is one."""
    if password is None:
        return dict(body)
    return {**body, "password": password.value, "hashFunction": password.function}
