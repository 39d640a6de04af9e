"""The json source: a listing of users and groups, from a file or from a program.

It must not know who wrote the listing, nor conclude anything from a bad one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from gapps_hooks.errors import BadInput, Complaint, SourceUnreadable
from gapps_hooks.model import Account, Group, Identity, Kind, StoredPassword, Unset
from gapps_hooks.payload import ListedUser, listed_group, listed_user, parse_json
from gapps_hooks.payload.json_text import FIELD
from gapps_hooks.sources.reading import Leash, read_file, read_output
from gapps_hooks.sources.source import Names
from gapps_hooks.validation import nearest, shown

_KEYS = ("groups", "users")


@dataclass(frozen=True, slots=True)
class _Listing:
    """What was listed, by name; None where the listing has no such key."""

    users: Mapping[str, ListedUser] | None = field(repr=False)
    groups: Mapping[str, Group] | None
    by_identity: Mapping[Identity, str]
    #: The file, or the program that printed it.
    origin: str

    def entries_of_users(self) -> Mapping[str, ListedUser]:
        """Return the users; raises SourceUnreadable where nobody is listed."""
        return _listed(self.users, "users", self.origin)

    def entries_of_groups(self) -> Mapping[str, Group]:
        """Return the groups; raises SourceUnreadable where none is listed."""
        return _listed(self.groups, "groups", self.origin)


class JsonSource:
    """The users and groups of a JSON object ``{"users": [...], "groups": [...]}``.

    A listing that has a bad entry, lacks the key or lists nobody concludes nothing. One that
    lacks the ``decisive`` group, which enables people for Google, does not say who is not in it.
    """

    def __init__(self, read: Callable[[], _Listing], leash: Leash | None = None) -> None:
        self._read = read
        self._leash = leash

    @classmethod
    def of_file(cls, path: Path, *, max_bytes: int, decisive: str | None = None) -> JsonSource:
        """Read a file anew for each question."""
        return cls(lambda: _parse(str(path), read_file(path, max_bytes)[0], decisive))

    @classmethod
    def of_command(
        cls,
        command: tuple[str, ...],
        *,
        timeout: float,
        max_bytes: int,
        decisive: str | None = None,
    ) -> JsonSource:
        """Run a program anew for each question; see read_output."""
        leash = Leash()
        run = partial(read_output, command, timeout=timeout, max_bytes=max_bytes, leash=leash)
        return cls(lambda: _parse(command[0], run(), decisive), leash)

    def snapshot(self) -> JsonSource:
        """See Source.snapshot."""
        listing = self._read()
        return JsonSource(lambda: listing)

    def cut_short(self) -> None:
        """See Source.cut_short; a program is killed."""
        if self._leash is not None:
            self._leash.cut()

    def account(self, name: str) -> Account | None:
        """See Source.account; someone who is listed is active unless ``enabled`` says no."""
        listed = self._read().entries_of_users().get(name)
        return listed.account if listed else None

    def leaves_out(self, kind: Kind, name: str) -> bool:  # noqa: ARG002 - the protocol's arguments
        """See Source.leaves_out; whatever is listed counts."""
        return False

    def account_by(self, identity: Identity) -> Account | None:
        """See Source.account_by."""
        listing = self._read()
        users = listing.entries_of_users()
        name = listing.by_identity.get(identity)
        return users[name].account if name is not None else None

    def stored_password(self, name: str) -> StoredPassword | None:
        """See Source.stored_password."""
        listed = self._read().entries_of_users().get(name)
        return listed.stored_password if listed else None

    def groups_with(self, username: str) -> tuple[str, ...]:
        """See Source.groups_with."""
        return _groups_of((self._read().groups or {}).values()).get(username, ())

    def group(self, name: str) -> Group | None:
        """See Source.group."""
        return self._read().entries_of_groups().get(name)

    def account_names(self) -> Names:
        """See Source.account_names."""
        listing = self._read()
        return _names(listing.users, "users", listing.origin)

    def group_names(self) -> Names:
        """See Source.group_names."""
        listing = self._read()
        return _names(listing.groups, "groups", listing.origin)

    def doubt(self, kind: Kind, name: str) -> str:  # noqa: ARG002 - the protocol's arguments
        """See Source.doubt."""
        return (self.account_names() if kind is Kind.USER else self.group_names()).why


_Entry = TypeVar("_Entry")


def _listed(entries: Mapping[str, _Entry] | None, key: str, origin: str) -> Mapping[str, _Entry]:
    if not entries:
        raise SourceUnreadable(_nobody(key, origin))
    return entries


def _nobody(key: str, origin: str) -> str:
    return f"the listing of {origin} has no {key}, from which nothing can be concluded"


def _names(entries: Mapping[str, object] | None, key: str, origin: str) -> Names:
    if not entries:
        return Names(names=(), complete=False, why=_nobody(key, origin))
    return Names(names=tuple(entries), complete=True)


def _parse(origin: str, raw: bytes, decisive: str | None) -> _Listing:
    try:
        listing = parse_json(raw, longest=len(raw)) or {}
        for key in listing.keys() - set(_KEYS):
            raise BadInput.of(shown(key), None, f"is not a known key{nearest(key, _KEYS)}")
        users = _entries(listing, "users", listed_user, lambda user: user.account)
        groups = _entries(listing, "groups", listed_group, lambda group: group)
    except BadInput as error:
        wrong = "\n".join(map(_complaint, error.complaints))
    else:
        return _joined(users, groups, decisive, origin)
    # raised here, so that no decoder's error, which holds the listing, hangs on to it
    raise SourceUnreadable(f"the listing of {origin} cannot be used: {wrong}")


def _complaint(one: Complaint) -> str:
    """The whole listing is no hook's payload, as which it was read."""
    return f"it {one.remedy}" if one.field == FIELD else str(one)


def _name_of(thing: Account | Group) -> str:
    return thing.username if isinstance(thing, Account) else thing.name


def _entries(
    listing: Mapping[str, Any],
    key: str,
    check: Callable[[object], _Entry],
    subject: Callable[[_Entry], Account | Group],
) -> dict[str, _Entry] | None:
    if key not in listing:
        return None
    if not isinstance(listing[key], list):
        raise BadInput.of(key, None, "must be a list")
    found: dict[str, _Entry] = {}
    identities: set[Identity] = set()
    for index, entry in enumerate(listing[key]):
        checked = _checked(f"{key}[{index}]", entry, check)
        thing = subject(checked)
        name = _name_of(thing)
        if name in found:
            raise BadInput.of(f"{key}[{index}]", shown(name), "is listed twice; list it once")
        if thing.id in identities:
            raise BadInput.of(f"{key}[{index}].id", str(thing.id), "is another's id too")
        identities |= {thing.id} if thing.id else set()
        found[name] = checked
    return found


def _checked(place: str, entry: object, check: Callable[[object], _Entry]) -> _Entry:
    try:
        return check(entry)
    except BadInput as error:
        complaints = [replace(one, field=f"{place}.{one.field}") for one in error.complaints]
    raise BadInput(complaints)


def _joined(
    users: Mapping[str, ListedUser] | None,
    groups: Mapping[str, Group] | None,
    decisive: str | None,
    origin: str,
) -> _Listing:
    """Tell each account its groups, where the listing has groups at all."""
    if users and groups:
        memberships = _groups_of(groups.values())
        complete = decisive is None or decisive in groups
        users = {
            name: _with_groups(user, memberships.get(name, ()), complete=complete)
            for name, user in users.items()
        }
    identities = {user.account.id: name for name, user in (users or {}).items() if user.account.id}
    return _Listing(users, groups, identities, origin)


def _with_groups(user: ListedUser, names: tuple[str, ...], *, complete: bool) -> ListedUser:
    return replace(user, account=replace(user.account, groups=names, groups_complete=complete))


def _groups_of(groups: Iterable[Group]) -> dict[str, tuple[str, ...]]:
    memberships: dict[str, tuple[str, ...]] = {}
    for group in groups:
        for member in () if isinstance(group.members, Unset) else group.members:
            already = memberships.get(member.reference, ())
            memberships[member.reference] = (*already, group.name)
    return memberships
