"""The values that every other module speaks in: frozen, slotted, and without behaviour.

It must not know files, clocks, Google's client, the database or the settings.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final


class Unset(enum.Enum):
    """The type of UNSET: a field of which nothing was said, which therefore stays as it is."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET


#: What stands before a group's name, where people could also be meant.
_GROUP: Final = "group:"


class Kind(enum.StrEnum):
    """What a subject is."""

    USER = "user"
    GROUP = "group"

    def called(self, name: str) -> str:
        """Name one of this kind as people and commands do: ``alice``, ``group:staff``."""
        return f"{_GROUP}{name}" if self is Kind.GROUP else name

    @classmethod
    def meant(cls, called: str) -> tuple[Kind, str]:
        """Find the kind and the name of one who is called so."""
        name = called.removeprefix(_GROUP)
        return (cls.USER if name == called else cls.GROUP), name


class EventKind(enum.StrEnum):
    """What the account manager says happened."""

    USER_ADD = "user-add"
    USER_MODIFY = "user-modify"
    USER_DELETE = "user-delete"
    GROUP_CHANGE = "group-change"
    PASSWORD_SET = "password-set"  # noqa: S105 - the name of an event
    RECONCILE = "reconcile"


#: Kinds of id that a system gives to another account later: hints, never proofs.
REUSED_ID_KINDS: Final = frozenset({"uid", "gid"})


@dataclass(frozen=True, slots=True)
class Identity:
    """The account manager's identity of a person or group: ``entryUUID:…``, ``uid:1003``."""

    kind: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Identity:
        """Read ``kind:value``; a text without a colon is of the kind ``id``."""
        kind, colon, value = text.partition(":")
        return cls(kind, value) if colon else cls("id", text)

    @property
    def lasting(self) -> bool:
        """Whether the value is never given to anybody else (RFC 4530 entryUUID and its like)."""
        return self.kind not in REUSED_ID_KINDS

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """A password in a form that Google takes; its text form never shows it.

    ``function`` is Google's ``hashFunction``: ``crypt``, ``SHA-1``, ``MD5``.
    """

    function: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """A password's hash as the account manager keeps it; its text form never shows it."""

    value: str = field(repr=False)
    #: When the password was set, wall-clock seconds; None where the account manager does not say.
    changed_at: float | None = None
    #: Whether only the day is known: ``changed_at`` is then its beginning, in UTC.
    day_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person's desired state, as the account manager (or a payload) has it.

    UNSET means that nothing is known of a field, None or () that it is empty.
    """

    username: str
    given_name: str | Unset | None = UNSET
    family_name: str | Unset | None = UNSET
    full_name: str | Unset | None = UNSET
    #: Primary address; UNSET or None means that the policy makes one from the user name.
    email: str | Unset | None = UNSET
    aliases: tuple[str, ...] | Unset = UNSET
    #: Whether the person is active locally and the Google option is on.
    enabled: bool | Unset = UNSET
    #: Google's orgUnitPath, with a leading slash.
    org_unit: str | Unset | None = UNSET
    employee_id: str | Unset | None = UNSET
    phones: tuple[str, ...] | Unset = UNSET
    id: Identity | None = None
    #: What tells the same person under a new name: ``home``, ``gecos``, ``hash`` (never sent).
    traces: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Names of the local groups that the person is in, where the source knows them.
    groups: tuple[str, ...] | Unset = UNSET
    #: Whether the person is known to be in no other group than these.
    groups_complete: bool = True
    #: Anything else the source has, for the enabled rule and the policy; () is known to be empty.
    attributes: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict, repr=False)
    #: Further fields of Google's User resource that the policy adds.
    extra: Mapping[str, Any] = field(default_factory=dict)


class Role(enum.StrEnum):
    """Google's Member.role."""

    MEMBER = "MEMBER"
    MANAGER = "MANAGER"
    OWNER = "OWNER"


@dataclass(frozen=True, slots=True)
class Member:
    """One member as written: a user name, ``group:NAME`` or an address."""

    reference: str
    role: Role = Role.MEMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group's desired state, as the account manager (or a payload) has it."""

    name: str
    email: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    aliases: tuple[str, ...] | Unset = UNSET
    members: tuple[Member, ...] | Unset = UNSET
    #: Roles of which nothing was said: whoever was delivered in one of them stays in it.
    unsaid_roles: frozenset[Role] = frozenset()
    deleted: bool = False
    id: Identity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a hook said: which person or group to look at, and what it should now be.

    ``patch`` holds the validated payload as the contract's JSON keys (without password and
    old names), so that entries merge key by key.
    """

    #: 128 random bits as 32 hexadecimal digits; recording the same id twice changes nothing.
    id: str
    kind: EventKind
    #: The name that the account manager gave (argument 1).
    name: str
    patch: Mapping[str, Any] = field(default_factory=dict)
    old_name: str | None = None
    password: PasswordHash | None = None
    #: Whose password it is, where that is known: who had the name when it was told or read.
    owner: Identity | None = None
    identity: Identity | None = None
    #: Seconds before delivery is due, for a hook that only announces what another will complete.
    defer: float = 0.0

    @property
    def subject_kind(self) -> Kind:
        """Whether the event is about a person or a group."""
        return Kind.GROUP if self.kind is EventKind.GROUP_CHANGE else Kind.USER


# --- what is at Google -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleUser:
    """What Google answered about a user; field meanings are the User resource's."""

    id: str
    primary_email: str
    given_name: str = ""
    family_name: str = ""
    suspended: bool = False
    suspension_reason: str = ""
    suspension_time: datetime | None = None
    is_admin: bool = False
    is_delegated_admin: bool = False
    org_unit_path: str = "/"
    aliases: tuple[str, ...] = ()
    external_ids: tuple[Mapping[str, Any], ...] = ()
    phones: tuple[Mapping[str, Any], ...] = ()
    deletion_time: datetime | None = None

    @property
    def administrator(self) -> bool:
        """Whether the account has any administrator role."""
        return self.is_admin or self.is_delegated_admin


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleGroup:
    """What Google answered about a group."""

    id: str
    email: str
    name: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleMember:
    """What Google answered about a membership; ``type`` is USER, GROUP, CUSTOMER or EXTERNAL."""

    id: str
    email: str
    role: Role = Role.MEMBER
    type: str = "USER"


# --- what ties both sides ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Subject ↔ Google's immutable id, with what was last delivered.

    ``delivered`` maps each delivered field to a keyed digest (multi-valued fields: to the tuple
    of their values' digests); it holds no password, and no personal data beyond what stands below.
    """

    subject: int
    google_id: str
    #: The primary address (users) or address (groups) at Google, lower-case.
    address: str
    #: The name and id under which the subject was delivered.
    name: str
    identity: Identity | None = None
    delivered: Mapping[str, Any] = field(default_factory=dict)
    #: Created by this installation (True) or found there and adopted (False).
    created: bool = False
    administrator: bool = False
    suspended_by_us: bool = False
    #: Wall-clock seconds since the epoch.
    created_at: float = 0.0
    confirmed_at: float = 0.0
    administrator_checked_at: float = 0.0
    #: When the local account was deleted, which ends the link; None while it lives.
    ended_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One membership that we delivered, or still have to."""

    reference: str
    role: Role = Role.MEMBER
    #: The address under which it was delivered; None while it was not.
    address: str | None = None
    #: Google's id of the member, when known.
    google_id: str | None = None


# --- decisions ---------------------------------------------------------------------------------


class Verb(enum.StrEnum):
    """What a change does at Google; also the name under which it is counted and bounded."""

    CREATE = "create"
    UPDATE = "update"
    RENAME = "rename"
    SUSPEND = "suspend"
    RESTORE = "restore"
    PASSWORD = "password"  # noqa: S105 - the name of a verb
    ADOPT = "adopt"
    ADD_ALIAS = "add-alias"
    REMOVE_ALIAS = "remove-alias"
    CREATE_GROUP = "create-group"
    UPDATE_GROUP = "update-group"
    RENAME_GROUP = "rename-group"
    DELETE_GROUP = "delete-group"
    SET_GROUP_SETTINGS = "set-group-settings"
    ADD_GROUP_ALIAS = "add-group-alias"
    REMOVE_GROUP_ALIAS = "remove-group-alias"
    ADD_MEMBER = "add-member"
    CHANGE_ROLE = "change-role"
    REMOVE_MEMBER = "remove-member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One request to do at Google.

    ``verbs`` names everything that the request does (a single PATCH may rename and restore);
    the first is the one it is shown under.
    """

    verbs: tuple[Verb, ...]
    #: The account or group it is done to: Google's immutable id, or "" for a creation.
    google_id: str
    #: The address shown to people.
    address: str
    #: Google's request body without the password; for aliases and members the one that is meant.
    body: Mapping[str, Any] = field(default_factory=dict)
    #: The same keys as they were, where known, to be shown as ``old -> new``.
    before: Mapping[str, Any] = field(default_factory=dict)
    password: PasswordHash | None = None
    #: Which password a new account gets, for people; empty where an event brought it.
    first_password: str = ""
    #: Keyed digests that the link holds once this change is done (see Link.delivered).
    delivers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not done, as a sentence that says what to do; the entry is buried."""

    text: str
    #: It is only too much at once: the entry is held until a person says yes.
    held: bool = False
    #: Of what is held: it is not so yet, a run would hold it.
    foreseen: bool = False
    #: An administrator's suspension stands in the way, which a later user-add may lift.
    suspended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done for one subject, in order; what is refused; what is worth knowing."""

    changes: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    #: Digests that the link holds once everything is done, changed or found so (Link.delivered).
    confirms: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """Planning cannot decide yet: Google has to be asked for the account or group of this key."""

    key: str


class Verdict(enum.StrEnum):
    """What became of an entry."""

    #: Google confirmed every change.
    DONE = "done"
    #: Nothing had to be sent.
    NOTHING = "nothing"
    #: It waits and is tried again by itself.
    LATER = "later"
    #: It waits for a person: too much at once.
    HELD = "held"
    #: It waits for a person: refused, with the reason.
    BURIED = "buried"
    #: Refused in a reconcile, which keeps nothing of it: the next one tries again.
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a subject's entry: a verdict and one line for people."""

    verdict: Verdict
    kind: Kind
    name: str
    line: str
    #: The changes that Google confirmed.
    done: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    #: Seconds until the next try, where the verdict is LATER.
    retry_in: float | None = None
    #: When the first of the events was recorded (wall-clock seconds); None where none is known.
    recorded_at: float | None = None
