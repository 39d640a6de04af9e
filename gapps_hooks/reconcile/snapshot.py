"""Both sides as they are, read whole; and what of them could not be read.

It must not know what is compared, nor write anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

from gapps_hooks.errors import GoogleFault, Outage, Passing
from gapps_hooks.model import GoogleGroup, GoogleUser, Kind
from gapps_hooks.outbox import entries, roll
from gapps_hooks.outbox.entry import Entry
from gapps_hooks.outbox.roll import Outline
from gapps_hooks.sources import Names, Source
from gapps_hooks.sources.decisive import why_undecided
from gapps_hooks.wiring import Wiring

_Thing = TypeVar("_Thing", GoogleUser, GoogleGroup)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the state knew before anything was read."""

    users: tuple[Outline, ...]
    groups: tuple[Outline, ...]
    #: What waits, is held or buried, but for passwords that cannot be sent; by subject.
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
    #: So many of these sentences say of whole lists of the source's that they cannot be had.
    unlisted: int = 0
    #: Linked subjects that the lists lack, and that are there, or may be for all that is known.
    unseen: set[int] = field(default_factory=set)

    def binned(self, address: str) -> GoogleUser | None:
        """Who had the address and was deleted last."""
        namesakes = [one for one in self.bin().values() if one.primary_email == address]
        return max(namesakes, key=lambda one: str(one.deletion_time), default=None)

    @property
    def blind(self) -> bool:
        """Whether the source said nothing of anybody, and cannot say that there is nobody."""
        return not (self.people.complete or self.people.names or self.groups.names)

    @property
    def said_once(self) -> tuple[str, ...]:
        """Why both sides are not whole, without what says again why nobody could be listed."""
        lists, others = self.incomplete[: self.unlisted], self.incomplete[self.unlisted :]
        return tuple(
            dict.fromkeys([*lists, *(one for one in others if self.people.why not in one)])
        )


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
    lists = [f"the people cannot be listed: {people.why}"] if not people.complete else []
    if not groups.complete and any(outline.live for outline in memory.groups):
        lists.append(f"the groups cannot be listed: {groups.why}")
    undecided = why_undecided(source, wiring.settings)
    incomplete = [*lists, undecided] if undecided else [*lists]
    return Snapshot(
        memory=memory,
        source=source,
        people=people,
        groups=groups,
        google=_ask_google(wiring, progress),
        bin=cache(lambda: _read_bin(wiring, incomplete)),
        incomplete=incomplete,
        unlisted=len(lists),
    )


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
        entries={entry.subject: entry for entry in entries.all_entries(state) if not entry.idle},
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
