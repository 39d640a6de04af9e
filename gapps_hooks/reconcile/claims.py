"""Which of Google's accounts somebody here has, or may be to have: the others are strangers.

It must not know what is planned for anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gapps_hooks.deliver.desired import with_policy
from gapps_hooks.deliver.people import look_at_person
from gapps_hooks.errors import GappsHooksError
from gapps_hooks.model import Account, Link, Unset
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.reconcile.snapshot import Snapshot
from gapps_hooks.wiring import Wiring


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Grows while everybody is planned for."""

    wiring: Wiring
    snapshot: Snapshot
    #: Google's ids.
    claimed: set[str | None] = field(default_factory=set)
    #: Names of whom it is not known which account they are to have, or whether any.
    unsure: list[str] = field(default_factory=list)

    def note(self, name: str, account: Account | None, address: str) -> None:
        """Note the account of one who is not known to have none."""
        if account is None or account.enabled is False:
            return
        if isinstance(account.enabled, Unset):
            self.unsure.append(name)
        self._at(address)

    def unplanned(self, name: str, entry: Entry | None = None, link: Link | None = None) -> None:
        """Note whatever account may be that of one who is not planned for.

        What waits for a person's answer may wait for the very payload that names another.
        """
        unsure = entry is not None and entry.status != "waiting" and link is None
        try:
            for address in self._addresses(name, entry):
                self._at(address)
        except GappsHooksError:
            unsure = True
        if unsure:
            self.unsure.append(name)

    def _addresses(self, name: str, entry: Entry | None) -> Iterator[str]:
        """Say which addresses the person has by the source, and by delivery's own look."""
        account = self.snapshot.source.account(name)
        if account is not None:
            yield self.wiring.policy.choose_address(with_policy(self.wiring, account))
        if entry is not None:
            yield look_at_person(self.wiring, entry).address

    def _at(self, address: str) -> None:
        user = self.snapshot.google.user_of(address)
        self.claimed.update({user.id} if user is not None else ())

    def why_no_strangers(self) -> str:
        """Say why nobody is known to be a stranger; empty if it is known of everybody."""
        if self.snapshot.incomplete:
            return "no account that nobody here has is suspended: what was read is not whole"
        if self.unsure:
            some = f"{', '.join(self.unsure[:3])}{' …' if len(self.unsure) > 3 else ''}"  # noqa: PLR2004 - examples
            return (
                "no account that nobody here has is suspended: of "
                f"{len(self.unsure)} here it is not known whether they are to have one ({some})"
            )
        return ""
