"""What was said about a subject, and how two sayings become one: the later word wins.

It must not know the database, clocks or Google.

Every word carries the sequence number of the event that said it, so combining is commutative,
associative and idempotent: in whatever order subjects turn out to be the same, the result is
that of the events in their order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from gapps_hooks.model import Event, EventKind, Identity, PasswordHash

#: Version of the JSON form below, which is stored beside it.
VERSION: Final = 1

#: The payload's key that makes a group-change a deletion.
_DELETED: Final = "deleted"

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What was said about a subject since it was last delivered.

    Each word is a pair of a sequence number and a value; the plain numbers are those of the last
    event of their sort, 0 if there was none.
    """

    #: The payload's keys.
    keys: Mapping[str, tuple[int, Any]] = field(default_factory=dict)
    password: tuple[int, PasswordHash] | None = None
    #: Whose that password is, where its event told it.
    owner: tuple[int, Identity] | None = None
    old_name: tuple[int, str] | None = None
    identity: tuple[int, Identity] | None = None
    #: Why a stored password that was set cannot be sent, as a sentence; a later password voids it.
    unsent: tuple[int, str] | None = None
    #: When it was last said that the account is wanted active, wall-clock seconds.
    wished_at: tuple[int, float] | None = None
    #: When delivery first saw a suspension that is not ours, wall-clock seconds.
    suspension_seen_at: float | None = None
    #: The last user-add.
    added_by: int = 0
    #: The last event that says that the subject exists: a user-add, or a group-change.
    present_by: int = 0
    #: The last deletion; what was said before it is void.
    removed_by: int = 0

    @property
    def patch(self) -> dict[str, Any]:
        """The payload's keys with their last values."""
        return {key: value for key, (_, value) in self.keys.items()}

    @property
    def added(self) -> bool:
        """Whether a user-add came after every deletion."""
        return self.added_by > self.removed_by

    @property
    def tells_only(self) -> bool:
        """Whether nothing is to be delivered: it only tells of a password that cannot be sent."""
        more = self.keys or self.password or self.added or self.removed
        return self.unsent is not None and not more

    @property
    def removed(self) -> bool:
        """Whether the last word on the subject's existence is its deletion."""
        return self.removed_by > self.present_by


def said(event: Event, sequence: int, now: float = 0.0, unsent: str = "") -> Words:
    """The words of one event that is recorded ``now``, in wall-clock seconds.

    ``unsent`` says why the password that it tells of cannot be sent.
    """
    removed = is_removal(event)
    present = not removed and event.kind in {EventKind.USER_ADD, EventKind.GROUP_CHANGE}
    patch = {} if removed else {key: event.patch[key] for key in event.patch if key != _DELETED}
    password = None if removed else event.password
    return Words(
        keys={key: (sequence, value) for key, value in patch.items()},
        password=None if password is None else (sequence, password),
        owner=None if password is None or event.owner is None else (sequence, event.owner),
        unsent=(sequence, unsent) if unsent else None,
        old_name=None if event.old_name is None else (sequence, event.old_name),
        identity=None if event.identity is None else (sequence, event.identity),
        wished_at=(sequence, now) if _is_wish(event) else None,
        added_by=sequence if event.kind is EventKind.USER_ADD else 0,
        present_by=sequence if present else 0,
        removed_by=sequence if removed else 0,
    )


def _is_wish(event: Event) -> bool:
    return event.kind is EventKind.USER_ADD or event.patch.get("enabled") is True


def is_removal(event: Event) -> bool:
    """Whether the event says that its subject is gone."""
    if event.kind is EventKind.GROUP_CHANGE:
        return bool(event.patch.get(_DELETED))
    return event.kind is EventKind.USER_DELETE


def combine(first: Words, second: Words) -> Words:
    """Both sayings as one."""
    removed_by = max(first.removed_by, second.removed_by)
    keys: dict[str, tuple[int, Any]] = {}
    for key in (*first.keys, *second.keys):
        word = _later(first.keys.get(key), second.keys.get(key))
        if word is not None and word[0] > removed_by:
            keys[key] = word
    password = _later(first.password, second.password)
    unsent = _later(first.unsent, second.unsent)
    last = max(removed_by, password[0] if password is not None else 0)
    password = password if password is not None and password[0] > removed_by else None
    return Words(
        keys=keys,
        password=password,
        owner=_owner_of(password, first, second),
        unsent=unsent if unsent is not None and unsent[0] > last else None,
        old_name=_later(first.old_name, second.old_name),
        identity=_later(first.identity, second.identity),
        wished_at=_later(first.wished_at, second.wished_at),
        suspension_seen_at=first.suspension_seen_at or second.suspension_seen_at,
        added_by=max(first.added_by, second.added_by),
        present_by=max(first.present_by, second.present_by),
        removed_by=removed_by,
    )


def asks_the_same(first: Words, second: Words) -> bool:
    """Whether both sayings ask for the same change; passwords and ids take nothing away."""
    return _asked(first) == _asked(second)


def _asked(words: Words) -> tuple[object, ...]:
    old_name = words.old_name and words.old_name[1]
    return words.patch, words.added, words.removed, old_name


def _owner_of(
    password: tuple[int, PasswordHash] | None, *sayings: Words
) -> tuple[int, Identity] | None:
    owners = (each.owner for each in sayings if each.owner is not None)
    return next((word for word in owners if password and word[0] == password[0]), None)


def _later(
    first: tuple[int, _Value] | None, second: tuple[int, _Value] | None
) -> tuple[int, _Value] | None:
    if first is None or second is None:
        return first or second
    return first if first[0] >= second[0] else second


def to_json(words: Words) -> str:
    """The words as text; of the password only the sequence number, its hash is kept apart."""
    return json.dumps(
        {
            "keys": words.keys,
            "password": words.password and words.password[0],
            "owner": words.owner and str(words.owner[1]),
            "unsent": words.unsent,
            "old_name": words.old_name,
            "identity": words.identity and (words.identity[0], str(words.identity[1])),
            "wished_at": words.wished_at,
            "suspension_seen_at": words.suspension_seen_at,
            "added_by": words.added_by,
            "present_by": words.present_by,
            "removed_by": words.removed_by,
        }
    )


def from_json(text: str, password: PasswordHash | None) -> Words:
    """The words that ``to_json`` wrote, and the hash that was kept apart."""
    stored = json.loads(text)
    identity, wished_at = stored["identity"], stored.get("wished_at")
    unsent, owner = stored.get("unsent"), stored.get("owner")
    known = None if password is None or owner is None else Identity.parse(owner)
    return Words(
        keys={key: (sequence, value) for key, (sequence, value) in stored["keys"].items()},
        password=None if password is None else (stored["password"], password),
        owner=None if known is None else (stored["password"], known),
        unsent=unsent and tuple(unsent),
        old_name=stored["old_name"] and tuple(stored["old_name"]),
        identity=identity and (identity[0], Identity.parse(identity[1])),
        wished_at=wished_at and tuple(wished_at),
        suspension_seen_at=stored.get("suspension_seen_at"),
        added_by=stored["added_by"],
        present_by=stored["present_by"],
        removed_by=stored["removed_by"],
    )
