"""People's consents, and how long and how many of them Google keeps.

It must not know the forms of the token endpoint, nor access tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

#: Of one person and application; the oldest goes without a word (Google's overview of OAuth 2.0).
_MOST = 100
#: Seconds for which a refresh token may lie unused: six months (same overview).
_UNUSED = 182.5 * 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a person allowed an application to do in their name until they take it back."""

    client_id: str
    client_secret: str = field(repr=False)
    subject: str
    scopes: frozenset[str]
    #: Whether it outlives a reset of the emulator.
    lasting: bool = False


class Consents:
    """Every consent by its refresh token; ``now`` tells the time in seconds since the epoch."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._given: dict[str, Consent] = {}
        self._used_at: dict[str, float] = {}

    def give(self, text: str, consent: Consent) -> None:
        """Note a consent; the oldest of the same person and application may go for it."""
        pair = _pair(consent)
        older = [text for text, given in self._given.items() if _pair(given) == pair]
        if len(older) >= _MOST:
            self.take_back(older[0])
        self._given[text] = consent
        self._used_at[text] = self._now()

    def use(self, text: str) -> Consent | None:
        """Return what a refresh token stands for; None when unknown or unused for too long."""
        now = self._now()
        if now - self._used_at.get(text, now) > _UNUSED:
            self.take_back(text)
        consent = self._given.get(text)
        if consent is not None:
            self._used_at[text] = now
        return consent

    def take_back(self, text: str) -> Consent | None:
        """Forget a refresh token; return what it stood for."""
        self._used_at.pop(text, None)
        return self._given.pop(text, None)

    def is_given(self, text: str) -> bool:
        """Tell whether there is a refresh token."""
        return text in self._given

    def forget(self) -> None:
        """Take back all that is not lasting."""
        for text in [text for text, given in self._given.items() if not given.lasting]:
            self.take_back(text)

    def withdraw(self, subject: str) -> None:
        """Take back all that a person allowed applications."""
        for text in [text for text, given in self._given.items() if given.subject == subject]:
            self.take_back(text)


def _pair(consent: Consent) -> tuple[str, str]:
    return consent.client_id, consent.subject
