"""One subject's piece of the plan and what it rests on; digests of both sides.

It must not know how it is planned or carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gapps_hooks.model import (
    Account,
    GoogleGroup,
    GoogleMember,
    GoogleUser,
    Group,
    Member,
    Unset,
)
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.plan.gathering import Gathering, Resolved
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.whole import Piece
from gapps_hooks.reconcile.new_names import NewNames

Digest = Callable[[Any], str]
_FIELDS: Final = (
    "username",
    "given_name",
    "family_name",
    "full_name",
    "email",
    "aliases",
    "enabled",
    "org_unit",
    "employee_id",
    "phones",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A piece, and what was known of its subject on both sides when it was planned."""

    piece: Piece
    #: None for an account that nobody here has, or where there is nothing to carry out.
    known: Person | Gathering | None = None
    #: The name that the subject had, where it has another one now.
    old_name: str | None = None
    #: What the link remembers beside what is delivered (see plan.baseline).
    remembers: Mapping[str, Any] = field(default_factory=dict)
    #: The members that a group is to have, the policy's wishes too; None if nothing is said of any.
    members: tuple[Member, ...] | None = None
    #: Which of them are known here under another name.
    names: NewNames = field(default_factory=NewNames)
    #: Of an account that nobody here has: the entries that waited by then, by subject.
    foreseen: Mapping[int, Entry] = field(default_factory=dict)
    #: Whether there is something to remember, though Google has everything as it should be.
    settles: bool = False

    @property
    def silent(self) -> bool:
        """Whether people need not be shown it."""
        plan = self.piece.plan
        return not (plan.changes or plan.refusals or plan.notes)


def entry_for(work: Work, subject: int, generation: int, now: float, *, released: bool) -> Entry:
    """Make the entry as which a piece is delivered: it says nothing but who is meant."""
    identity = work.known.identity if isinstance(work.known, Person) else None
    return Entry(
        subject=subject,
        kind=work.piece.kind,
        name=work.piece.name,
        generation=generation,
        status="waiting",
        patch={},
        added=False,
        removed=False,
        password=None,
        old_name=work.old_name,
        identity=identity,
        recorded_at=now,
        event_at=now,
        attempts=0,
        contradictions=0,
        due_at=now,
        reason="",
        released=released,
    )


def seen_user(user: GoogleUser | None, digest: Digest) -> str:
    """Digest what Google has of a person."""
    if user is None:
        return digest(None)
    fields = [
        *(user.id, user.primary_email, user.given_name, user.family_name),
        *(user.suspended, user.suspension_reason, user.is_admin, user.is_delegated_admin),
        *(user.org_unit_path, sorted(user.aliases)),
    ]
    listed = [[dict(entry) for entry in entries] for entries in (user.external_ids, user.phones)]
    return digest([*fields, *listed])


def wanted_account(account: Account | None, address: str, digest: Digest) -> str:
    """Digest what a person is to have."""
    if account is None:
        return digest(None)
    values = [_plain(getattr(account, name)) for name in _FIELDS]
    return digest([address, str(account.id), *values, dict(account.extra)])


def seen_group(
    group: GoogleGroup | None, present: Iterable[GoogleMember] | None, digest: Digest
) -> str:
    """Digest what Google has of a group and its members."""
    if group is None:
        return digest(None)
    members = [[one.id, one.email, one.role] for one in present or ()]
    fields = [group.id, group.email, group.name, group.description, sorted(group.aliases)]
    return digest([*fields, sorted(members)])


def wanted_group(
    group: Group | None, address: str, members: Iterable[Resolved] | None, digest: Digest
) -> str:
    """Digest what a group is to be."""
    if group is None:
        return digest(None)
    resolved = [[one.reference, one.role, one.address, one.note] for one in members or ()]
    texts = [group.name, _plain(group.description), _plain(group.aliases)]
    return digest([address, *texts, sorted(resolved, key=str)])


def _plain(value: Any) -> Any:  # noqa: ANN401 - a field of an account
    return "unset" if isinstance(value, Unset) else value
