"""What every source of the account manager's truth answers, whatever it reads.

It must not know any particular source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gapps_hooks.model import Account, Group, Identity, Kind, StoredPassword


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of all accounts or groups, and whether these really are all."""

    names: tuple[str, ...]
    #: Whether the absence of a name here means anything.
    complete: bool
    #: Why not, as a sentence for people; empty if complete.
    why: str = ""


class Source(Protocol):
    """The account manager's current truth; None means *known* to be absent.

    Each call reads anew, so that an answer is never older than its question. Every method
    raises SourceUnreadable where the truth, or a part that the answer needs, cannot be read.
    """

    def account(self, name: str) -> Account | None:
        """Return a person by user name; ``enabled`` says whether they are active locally."""

    def leaves_out(self, kind: Kind, name: str) -> bool:
        """Say whether it is there, but does not count: a system account, or such a group."""

    def account_by(self, identity: Identity) -> Account | None:
        """Return the person who now has this id."""

    def stored_password(self, name: str) -> StoredPassword | None:
        """Return a person's stored hash as it is written; None if there is none to send."""

    def groups_with(self, username: str) -> tuple[str, ...]:
        """Return the names of the groups that a person is seen in, and that may be kept.

        There may be more of them: it concludes nothing.
        """

    def group(self, name: str) -> Group | None:
        """Return a group by name, with all its members."""

    def account_names(self) -> Names:
        """Enumerate the people."""

    def group_names(self) -> Names:
        """Enumerate the groups."""

    def doubt(self, kind: Kind, name: str) -> str:
        """Say why the absence of one who was not found means nothing; empty if it does.

        Where single look-ups are sure by themselves, this costs nothing.
        """

    def snapshot(self) -> Source:
        """Return the source as it is now: it reads nothing twice, and answers from memory.

        Where names are enumerated, everything is read with them.
        """

    def cut_short(self) -> None:
        """From another thread: stop what is being read, and leave nothing running behind."""
