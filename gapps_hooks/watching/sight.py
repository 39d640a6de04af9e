"""What is there now: everybody whom one reading of the files shows, as digests to be compared.

It must not know what was seen before, nor what follows from a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TypeVar

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Account, Group, Kind, Unset
from gapps_hooks.outbox import State
from gapps_hooks.outbox.seen import Seen, key_of
from gapps_hooks.settings import EnabledSettings
from gapps_hooks.sources import NssSource
from gapps_hooks.sources.enabled import is_enabled
from gapps_hooks.sources.nss_files import Files
from gapps_hooks.sources.nss_whole import check_whole, lines_of

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """A person or group that is there now."""

    name: str
    seen: Seen
    #: Whether the Google option of a person is on; UNSET if that cannot be known.
    enabled: bool | Unset = True
    #: Whether the stored password is one that may be sent: not locked.
    open: bool = False
    #: The last part of a person's home, which is often made from the name.
    home: str = ""
    #: Whether a group has any member.
    peopled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Everybody, at one moment."""

    present: Mapping[tuple[Kind, str], Present]
    #: Of what kinds the absence of somebody means something.
    complete: frozenset[Kind]
    #: The digest of the rule by which people are enabled.
    rule: str


class Eye:
    """Takes sights; whoever is unchanged since the last one is neither read nor digested again."""

    def __init__(self, state: State, rule: EnabledSettings) -> None:
        self._state = state
        self._rule = rule
        self._rule_digest = state.digest(repr(rule))
        #: By kind and name: a number that changes when anything does, and what it came to.
        self._before: dict[tuple[Kind, str], tuple[int, Present]] = {}

    def look(self, source: NssSource) -> Sight:
        """See everybody in a snapshot of the source.

        Raises:
            SourceUnreadable: a file, or a line of one, cannot be read: nothing is concluded.
        """
        files = source.files()
        check_whole(files)
        people, groups = source.account_names(), source.group_names()
        now = {(Kind.USER, name): self._person(source, files, name) for name in people.names}
        now |= {(Kind.GROUP, name): self._group(source, name) for name in groups.names}
        self._before = now
        lists = ((Kind.USER, people), (Kind.GROUP, groups))
        return Sight(
            present={one.seen.place: one for _, one in now.values()},
            complete=frozenset(kind for kind, names in lists if names.complete),
            rule=self._rule_digest,
        )

    def _person(self, source: NssSource, files: Files, name: str) -> tuple[int, Present]:
        number = hash(lines_of(files, name, source.today()))
        before = self._before.get((Kind.USER, name))
        # of a group that another service knows no line tells
        if before is not None and before[0] == number and not files.group_elsewhere:
            return before
        account = _still_there(source.account(name), name)
        facts = dict(_about_person(account, self._rule))
        present = Present(
            name=name,
            seen=self._seen(Kind.USER, name, str(account.id), facts),
            enabled=is_enabled(account, self._rule),
            open=source.stored_password(name) is not None,
            home=PurePath(account.traces.get("home", "")).name,
        )
        return number, present

    def _group(self, source: NssSource, name: str) -> tuple[int, Present]:
        group = _still_there(source.group(name), name)
        facts = dict(_about_group(group))
        number = hash((group.id, tuple(facts.items())))
        before = self._before.get((Kind.GROUP, name))
        if before is not None and before[0] == number:
            return before
        seen = self._seen(Kind.GROUP, name, str(group.id), facts)
        return number, Present(name=name, seen=seen, peopled=bool(group.members))

    def _seen(self, kind: Kind, name: str, identity: str, facts: Mapping[str, str]) -> Seen:
        digest = self._state.digest
        return Seen(
            kind=kind,
            key=key_of(self._state, kind, name),
            identity=digest(identity),
            marks={what: digest(value) for what, value in facts.items()},
        )


def _about_person(account: Account, rule: EnabledSettings) -> Iterator[tuple[str, str]]:
    """What is compared of a person; the traces are digested as those of a subject are."""
    names = (account.given_name, account.family_name, account.full_name)
    yield "about", "\n".join(name if isinstance(name, str) else "" for name in names)
    yield "active", str(account.enabled)
    yield "ruled", str(is_enabled(replace(account, enabled=True), rule))
    yield from account.traces.items()


def _about_group(group: Group) -> Iterator[tuple[str, str]]:
    # whom a service keeps to itself is no member who has gone
    if not isinstance(group.members, Unset):
        yield "members", "\n".join(sorted(member.reference for member in group.members))


def _still_there(found: _Found | None, name: str) -> _Found:
    if found is None:
        raise SourceUnreadable(f"{name} was listed, and is not there")
    return found
