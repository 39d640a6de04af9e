"""Both sides as they are, read whole; and what of them could not be read.

It must not know what is compared, nor write anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, TypeVar

from gapps_hooks.errors import GoogleFault, NotFound, Outage, Passing
from gapps_hooks.model import GoogleGroup, GoogleUser, Kind
from gapps_hooks.outbox import entries, roll
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.outbox.roll import Outline
from gapps_hooks.sources import Names, Source
from gapps_hooks.wiring import Wiring

_Thing = TypeVar("_Thing", GoogleUser, GoogleGroup)
#: So many linked accounts that a list lacks are asked for one by one; more of them discredit it.
_ASKED_FOR: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the state knew before anything was read."""

    users: tuple[Outline, ...]
    groups: tuple[Outline, ...]
    #: What waits, is held or buried; by subject.
    entries: Mapping[int, Entry]
    begun: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Google:
    """What Google listed, and when the listing began (wall-clock seconds)."""

    users: Mapping[str, GoogleUser]
    #: Whose id each address, primary or alias, leads to.
    user_at: Mapping[str, str]
    groups: Mapping[str, GoogleGroup]
    group_at: Mapping[str, str]
    read_at: float
    #: Why the lists are not whole, as sentences; empty if they are.
    users_why: str = ""
    groups_why: str = ""

    def user_of(self, address: str) -> GoogleUser | None:
        """Find the user who has an address, primary or alias."""
        return self.users.get(self.user_at.get(address, ""))

    def group_of(self, address: str) -> GoogleGroup | None:
        """Find the group that has an address, primary or alias."""
        return self.groups.get(self.group_at.get(address, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Both sides, and why what was read of them is not whole."""

    memory: Memory
    source: Source
    people: Names
    groups: Names
    google: Google
    #: The users that were deleted in the last 20 days, by id; asked for once, when needed.
    bin: Callable[[], Mapping[str, GoogleUser]]
    #: Grows while more turns out not to be readable.
    incomplete: list[str] = field(default_factory=list)
    #: Linked subjects whose accounts are there though the list lacks them.
    unseen: set[int] = field(default_factory=set)


def take(
    wiring: Wiring, source: Source, progress: Callable[[str, int], None] = lambda *_: None
) -> Snapshot:
    """Read the state, then the source, then Google; ``progress`` gets what is read, and how many.

    A list of Google's that breaks off is what was read of it so far, and incomplete.

    Raises:
        SourceUnreadable: the source says nothing at all.
        Outage: Google cannot be asked anything.
        GoogleFault: Google refuses to list.
    """
    memory = _remember(wiring)
    source = source.snapshot()
    people, groups = source.account_names(), source.group_names()
    incomplete = [f"the people cannot be listed: {people.why}"] if not people.complete else []
    if not groups.complete and any(outline.live for outline in memory.groups):
        incomplete.append(f"the groups cannot be listed: {groups.why}")
    snapshot = Snapshot(
        memory=memory,
        source=source,
        people=people,
        groups=groups,
        google=_ask_google(wiring, progress),
        bin=cache(lambda: _read_bin(wiring, incomplete)),
        incomplete=incomplete,
    )
    _doubt(snapshot, wiring)
    return snapshot


def _read_bin(wiring: Wiring, incomplete: list[str]) -> Mapping[str, GoogleUser]:
    try:
        return {user.id: user for user in wiring.directory.list_deleted_users()}
    except Outage:
        raise
    except Passing as fault:
        incomplete.append(f"Google's list of deleted users could not be read: {fault}")
        return {}


def _remember(wiring: Wiring) -> Memory:
    state = wiring.state
    return Memory(
        users=roll.outlines(state, Kind.USER),
        groups=roll.outlines(state, Kind.GROUP),
        entries={entry.subject: entry for entry in entries.all_entries(state)},
        begun=roll.begun_creations(state),
    )


# --- Google --------------------------------------------------------------------------------------


def _ask_google(wiring: Wiring, progress: Callable[[str, int], None]) -> Google:
    read_at = wiring.clock()
    users, users_why = _collect(wiring.directory.user_pages(), "users", progress)
    groups, groups_why = _collect(wiring.directory.group_pages(), "groups", progress)
    return Google(
        users=users,
        user_at={at: user.id for user in users.values() for at in _addresses_of(user)},
        groups=groups,
        group_at={at: one.id for one in groups.values() for at in (one.email, *one.aliases)},
        read_at=read_at,
        users_why=users_why,
        groups_why=groups_why,
    )


def _addresses_of(user: GoogleUser) -> tuple[str, ...]:
    return (*user.aliases, user.primary_email)


def _collect(
    pages: Iterable[tuple[_Thing, ...]], what: str, progress: Callable[[str, int], None]
) -> tuple[dict[str, _Thing], str]:
    """Collect by Google's id, and say why it is not all; a fault before anything came is raised."""
    found: dict[str, _Thing] = {}
    first = True
    try:
        for page in pages:
            first = False
            found.update((thing.id, thing) for thing in page)
            progress(what, len(found))
    except Outage:
        raise
    except GoogleFault as fault:
        if first and not isinstance(fault, Passing):
            raise
        return found, f"Google's list of {what} could not be read to its end: {fault}"
    return found, ""


def _doubt(snapshot: Snapshot, wiring: Wiring) -> None:
    """See what a list that seems whole must hold: somebody, and whoever is linked."""
    google, memory = snapshot.google, snapshot.memory
    said = [google.users_why, google.groups_why]
    if not google.users and not google.users_why:
        said.append("Google listed no user at all, not even the administrator")
    if not google.groups and any(one.live for one in memory.groups) and not google.groups_why:
        said.append("Google listed no group at all, though some are linked")
    snapshot.incomplete.extend(filter(None, said))
    if not google.users_why:
        snapshot.incomplete.extend(_find_missing(snapshot, wiring))


def _find_missing(snapshot: Snapshot, wiring: Wiring) -> Iterable[str]:
    """Ask by id for linked accounts that the list lacks: a stale list lacks what is there."""
    users = snapshot.google.users
    missing = [one for one in snapshot.memory.users if one.live and one.google_id not in users]
    unexplained = [one for one in missing if one.google_id not in snapshot.bin()]
    if len(unexplained) > _ASKED_FOR:
        yield f"Google's list lacks {len(unexplained)} linked accounts"
        return
    for outline in unexplained:
        if _is_there(wiring, outline):
            yield f"Google's list lacks {outline.address}, which is there"
            snapshot.unseen.add(outline.subject)


def _is_there(wiring: Wiring, outline: Outline) -> bool:
    try:
        return wiring.directory.get_user(outline.google_id or "").id == outline.google_id
    except NotFound:
        return False
