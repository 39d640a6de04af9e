"""Accounts of ours that no link names: a creation's answer, or the links themselves, were lost.

It must not know what is planned for anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gapps_hooks.errors import Refused
from gapps_hooks.model import GoogleUser, Identity
from gapps_hooks.outbox.mending import LINKS_LOST
from gapps_hooks.outbox.roll import Outline
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import find_mark
from gapps_hooks.reconcile.snapshot import Snapshot
from gapps_hooks.wiring import Wiring


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What may be at Google though no link says so."""

    #: Subjects of whom a creation is on its way.
    begun: frozenset[int]
    #: Whether links may be missing, because the state file was damaged.
    links: bool
    #: Then, whom the accounts' marks name.
    marked: Mapping[Identity, GoogleUser]

    def may_be_there(self, outline: Outline | None) -> bool:
        """Whether somebody without a link may have an account that we made or adopted."""
        if outline is None or outline.google_id is not None:
            return self.links and outline is None
        return self.links or outline.subject in self.begun

    def check(self, person: Person, actual: GoogleUser | None) -> None:
        """Leave one to people whose mark an account at another address bears.

        Raises:
            Refused: it says how to link the account again.
        """
        if person.identity is None or not person.identity.lasting:
            return
        account = self.marked.get(person.identity)
        if account is not None and (actual is None or actual.id != account.id):
            raise Refused(
                f"links were lost with the damaged state file, and {account.primary_email} bears "
                f"the mark of {person.name}; link it again with gapps-hooks links bind "
                f"{person.name} {account.primary_email}"
            )


def find_lost(wiring: Wiring, snapshot: Snapshot) -> Lost:
    """See what may have been lost, before anybody is planned for."""
    links = bool(wiring.state.meta(LINKS_LOST))
    users = snapshot.google.users.values() if links else ()
    marks = ((find_mark(user, wiring.rules), user) for user in users)
    return Lost(
        begun=snapshot.memory.begun,
        links=links,
        marked={mark: user for mark, user in marks if mark is not None},
    )
