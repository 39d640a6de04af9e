"""Ids and etags in the shapes that Google gives them; an id is never given out twice.

It must not know what the ids are for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
from collections.abc import Callable
from typing import Any

_BASE36 = string.digits + string.ascii_lowercase


class Identifiers:
    """Gives out ids of one customer, reproducibly from a seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - reproducible, and protects nothing
        self._given: set[str] = set()
        self.customer = "C0" + self._letters(7)
        self._etag_prefix = self._letters(43)

    def user(self) -> str:
        """Return a new user id: 21 digits."""
        return self._new(lambda: f"1{self._random.randrange(10**20):020d}")

    def group(self) -> str:
        """Return a new group id: 15 characters."""
        return self._new(lambda: "0" + self._letters(14))

    def org_unit(self) -> str:
        """Return a new org unit id, such as ``id:03ph8a2z1xdnme9``."""
        return self._new(lambda: "id:0" + self._letters(14))

    def schema(self) -> str:
        """Return a new id of a schema or of its field, such as ``x1b4Qn7Wc2VtZ8kd0gRs3A==``."""
        return self._new(lambda: self._letters(22) + "==")

    def reserve(self, known: str) -> None:
        """Never give out this id, which came with a seed."""
        self._given.add(known)

    def exchange(self, given: str, known: str) -> str:
        """Take back an id that nobody saw, in the place of one that came with a seed."""
        self._given.discard(given)
        self.reserve(known)
        return known

    def spent(self) -> frozenset[str]:
        """Return every id that was given out or came with a seed."""
        return frozenset(self._given)

    def go_on(self, moment: float) -> None:
        """Give out other ids and tokens from here on than a former run did; ``moment`` is now."""
        self._random.seed(f"{self._seed} {moment}")

    def token(self) -> str:
        """Return an opaque text for an access token."""
        return self._letters(60)

    def etag(self, value: Any) -> str:  # noqa: ANN401 - any JSON value has an etag
        """Return the etag of a JSON value, quotes included: customer's prefix, slash, digest."""
        text = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
        digest = base64.urlsafe_b64encode(hashlib.sha256(text).digest()[:20]).decode().rstrip("=")
        return f'"{self._etag_prefix}/{digest}"'

    def _letters(self, count: int) -> str:
        return "".join(self._random.choices(_BASE36, k=count))

    def _new(self, make: Callable[[], str]) -> str:
        identifier = make()
        while identifier in self._given:
            identifier = make()
        self._given.add(identifier)
        return identifier
