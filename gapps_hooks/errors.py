"""The exception tree; an error is a verdict: it says what the caller has to do next.

It must know nothing of the rest of the package.

    GappsHooksError
    ├── BadInput                  the caller must correct it; nothing was changed (exit 64)
    │   ├── BadSettings           the settings file, every complaint at once
    │   └── UnusablePassword      a password or hash that Google cannot take
    ├── NotRecorded               the event could not be put on disk (exit 1)
    │   └── StateUnusable         the state directory or its database
    │       └── StateDamaged      the database is damaged; opening it anew mends it
    ├── SourceUnreadable          the account manager's truth could not be read: conclude nothing
    ├── PolicyFailed              the organisation's own policy broke: the entry waits
    └── GoogleFault               what a Google call came to, other than done
        ├── Passing               the same call may work later
        │   ├── Throttled         Google asks for fewer requests
        │   ├── OutOfTime         nothing was sent: the caller's time was over
        │   └── NotYet            a new or renamed object is still settling at Google
        ├── Outage                nobody's entry's fault: stop all delivery
        │   ├── Unreachable       connection, name lookup, TLS
        │   └── SignInRefused     key, administrator, scope, clock or API switch
        ├── AlreadyExists         409: the address or membership is there
        ├── NotFound              404: the key is unknown
        └── Refused               Google said no, and will say no again
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class GappsHooksError(Exception):
    """Root of everything this program raises on purpose; its text is a sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing wrong with an input: which field, which value, what to do."""

    #: Dotted name of the field or key, such as ``members[2]`` or ``google.credentials``.
    field: str
    #: The offending value as text, shortened, never a secret; None when there is no value.
    value: str | None
    #: A sentence that says what is wrong and how to put it right.
    remedy: str

    def __str__(self) -> str:
        shown = "" if self.value is None else f" = {self.value}"
        return f"{self.field}{shown}: {self.remedy}"


class BadInput(GappsHooksError):
    """The caller's input is wrong; nothing was changed."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(map(str, self.complaints)))

    @classmethod
    def of(cls, field: str, value: str | None, remedy: str) -> BadInput:
        """Make the error of a single complaint."""
        return cls((Complaint(field=field, value=value, remedy=remedy),))


class BadSettings(BadInput):
    """The settings are wrong; every complaint is listed, with the file that it is about."""

    def __init__(self, complaints: Iterable[Complaint], file: str = "") -> None:
        super().__init__(complaints)
        lines = (
            f"{file}: {one}" if file and one.value != file else str(one) for one in self.complaints
        )
        self.args = ("\n".join(lines),)


class UnusablePassword(BadInput):
    """Google cannot take this password or hash; the remedy says how to get one that it can."""

    @property
    def remedy(self) -> str:
        """The sentence without the field's name, for a hash that no payload brought."""
        return "; ".join(complaint.remedy for complaint in self.complaints)


class NotRecorded(GappsHooksError):
    """The event is not on disk and nothing was changed."""


class StateUnusable(NotRecorded):
    """The state directory or its database cannot be used; the text says why and what to do."""


class StateDamaged(StateUnusable):
    """The database is damaged, or was mended meanwhile; it can be used when it is opened anew."""


class SourceUnreadable(GappsHooksError):
    """The account manager's truth could not be read, wholly or in part."""


class PolicyFailed(GappsHooksError):
    """A hook of the organisation's own policy raised, or answered nonsense; the entry waits."""


class GoogleFault(GappsHooksError):
    """A Google call that did not end in *done*.

    ``status`` is the HTTP status (None when there was no answer), ``reason`` Google's
    ``errors[0].reason`` or the token endpoint's ``error``; ``retry_after`` the seconds that
    Google asks to wait, where it says so.
    """

    def __init__(
        self,
        text: str,
        *,
        status: int | None = None,
        reason: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after
        #: An earlier try of the same call may have taken effect: what is refused as already done
        #: can be our own doing.
        self.tried_before = False


class Passing(GoogleFault):
    """A passing fault: the same call may work later, and may already have taken effect."""


class Throttled(Passing):
    """Google asks for fewer requests."""


class OutOfTime(Passing):
    """There was no time left to ask; nothing was sent, and nothing is held against the entry."""


class NotYet(Passing):
    """The object was created, renamed or changed moments ago and is still settling at Google."""


class Outage(GoogleFault):
    """Nobody's entry's fault: all delivery stops until a probe gets through."""


class Unreachable(Outage):
    """No connection to Google: network, name lookup, proxy or TLS."""


class SignInRefused(Outage):
    """Google does not let us in: key, administrator, scope, clock or a switched-off API."""


class AlreadyExists(GoogleFault):
    """409: the address is in use, or the member is already there."""


class NotFound(GoogleFault):
    """404 (or one of its disguises): Google does not know the key."""


class Refused(GoogleFault):
    """Google refused, and will refuse again until a person changes something."""
