"""The nss source: the accounts and groups of this system's own files.

It must not know Google, nor take from GECOS what its owner can write without being vouched for.

passwd, group and shadow are read here and not through the C library, which cannot tell an entry
that is absent from one that could not be looked up. Where nsswitch.conf names other services
too, single look-ups go through the library and an enumeration is never complete.
"""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import (
    UNSET,
    Account,
    Group,
    Identity,
    Kind,
    Member,
    StoredPassword,
    Unset,
)
from gapps_hooks.sources.nss_files import Files, FilesReader
from gapps_hooks.sources.nss_lines import Membership, Person, Shadow
from gapps_hooks.sources.nss_system import NameServices, SystemNameServices
from gapps_hooks.sources.nss_whole import (
    has_all_groups,
    has_lost_nobody,
    why_incomplete,
    why_left_over,
)
from gapps_hooks.sources.source import Names

_DAY: Final = 86_400
_MOST_BYTES: Final = 64 * 1024 * 1024
# crypt(5): $id$…, BSDi's _…, or the 13 characters of DES
_HASH = re.compile(r"\$[^$]+\$.+|_[./0-9A-Za-z]{19}|[./0-9A-Za-z]{13}")


class NssSource:
    """Local files; see Source for what each method answers.

    Files without the ``decisive`` group, which enables people, do not say who is not in it.
    """

    def __init__(
        self,
        directory: Path,
        *,
        max_bytes: int = _MOST_BYTES,
        decisive: str | None = None,
        clock: Callable[[], float] = time.time,
        services: NameServices | None = None,
    ) -> None:
        self._clock, self._decisive = clock, decisive
        self._services: NameServices = services or SystemNameServices()
        self._read: Callable[[], Files] = FilesReader(directory, max_bytes, clock).read

    def snapshot(self) -> NssSource:
        """See Source.snapshot; look-ups in other services still go there."""
        files = self._read()
        frozen = copy.copy(self)
        frozen._read = lambda: files  # noqa: SLF001 - another of our own kind
        return frozen

    def files(self) -> Files:
        """Return what the files say; raises SourceUnreadable."""
        return self._read()

    def today(self) -> int:
        """Return the day since the epoch, as it counts for who is expired."""
        return int(self._clock() // _DAY)

    def cut_short(self) -> None:
        """See Source.cut_short; nothing runs that would outlive the process."""

    def account(self, name: str) -> Account | None:
        """See Source.account; a uid outside UID_MIN…UID_MAX is nobody."""
        files = self._read()
        person = files.passwd.find(name)
        if person is None and files.passwd_elsewhere:
            return self._account_elsewhere(files, self._services.person(name))
        return self._account(files, person) if person else None

    def leaves_out(self, kind: Kind, name: str) -> bool:
        """See Source.leaves_out; an id out of the range, or a user's private group."""
        files = self._read()
        if kind is Kind.GROUP:
            line = files.group.find(name)
            return line is not None and not _is_ordinary(files, line)
        person = files.passwd.find(name)
        return person is not None and person.uid not in files.uids

    def account_by(self, identity: Identity) -> Account | None:
        """See Source.account_by; only uids are known here."""
        files = self._read()
        if identity.kind != "uid" or not re.fullmatch("[0-9]{1,10}", identity.value):
            return None
        uid = int(identity.value)
        people = files.by_uid.get(uid, ())
        if len(people) > 1:
            names = " and ".join(person.name for person in people)
            raise SourceUnreadable(f"uid {uid} is shared by {names}, so it tells nobody")
        if people:
            return self._account(files, people[0])
        if files.passwd.broken:
            raise SourceUnreadable(files.passwd.broken)
        if not files.passwd_elsewhere:
            return None
        return self._account_elsewhere(files, self._services.person(uid))

    def stored_password(self, name: str) -> StoredPassword | None:
        """See Source.stored_password; a locked hash is none to send."""
        files = self._read()
        person = files.passwd.find(name)
        if person is None or person.uid not in files.uids:
            return None
        password = _shadowed(files, person)
        if not _HASH.fullmatch(password.password):
            return None
        return StoredPassword(password.password, password.changed_at, day_only=True)

    def groups_with(self, username: str) -> tuple[str, ...]:
        """See Source.groups_with; system and user-private groups are left out."""
        files = self._read()
        if files.group.broken:
            raise SourceUnreadable(files.group.broken)
        lines = [files.group.entries[name] for name in _local_groups(files, username)]
        if files.group_elsewhere:
            known = {line.name for line in lines}
            lines += [line for line in self._elsewhere(files, username) if line.name not in known]
        return tuple(line.name for line in lines if _is_ordinary(files, line))

    def group(self, name: str) -> Group | None:
        """See Source.group; system and user-private groups are nothing."""
        files = self._read()
        if files.passwd.broken:  # a person whose primary group it is may be missing
            raise SourceUnreadable(files.passwd.broken)
        line = files.group.find(name)
        if line is None and files.group_elsewhere:
            line = self._services.group(name)
        if line is None or not _is_ordinary(files, line):
            return None
        members = tuple(Member(member) for member in _members(files, line))
        # a service may well keep its members to itself (sssd: ignore_group_members)
        silent = not members and name not in files.group.entries
        return Group(
            name=name, members=UNSET if silent else members, id=Identity("gid", str(line.gid))
        )

    def account_names(self) -> Names:
        """See Source.account_names."""
        files = self._read()
        people = files.passwd.entries.values()
        names = tuple(person.name for person in people if person.uid in files.uids)
        why = files.passwd.broken or why_incomplete("passwd", files.passwd_elsewhere)
        if not names and not has_lost_nobody(files):
            why = why or "passwd has no ordinary entry, from which nothing can be concluded"
        return Names(names=names, complete=not why, why=why)

    def group_names(self) -> Names:
        """See Source.group_names."""
        files = self._read()
        names = tuple(
            line.name for line in files.group.entries.values() if _is_ordinary(files, line)
        )
        why = files.group.broken or files.passwd.broken
        why = why or why_incomplete("group", files.group_elsewhere)
        if not files.group.entries:
            why = why or "group has no entry, from which nothing can be concluded"
        return Names(names=names, complete=not why, why=why)

    def doubt(self, kind: Kind, name: str) -> str:
        """See Source.doubt; who is gone from one file and not from its shadow is not gone yet."""
        listed = self.account_names() if kind is Kind.USER else self.group_names()
        return listed.why or why_left_over(self._read(), kind, name)

    def _account(self, files: Files, person: Person) -> Account | None:
        if person.uid not in files.uids:
            return None
        shadow = _shadowed(files, person)
        bare = shadow.password.lstrip("!*")
        locked = bare != shadow.password and _HASH.fullmatch(bare) is not None
        expired = shadow.expires is not None and self.today() >= shadow.expires
        return _described(
            person,
            enabled=not (locked or expired),
            groups=self._group_names(files, person),
            groups_complete=has_all_groups(files, self._decisive),
            trace=bare if _HASH.fullmatch(bare) else "",
        )

    def _account_elsewhere(self, files: Files, person: Person | None) -> Account | None:
        """Nobody here knows whether a person of another service is locked: ``enabled`` is UNSET."""
        if person is None or person.uid not in files.uids:
            return None
        return _described(
            person,
            enabled=UNSET,
            groups=self._group_names(files, person),
            groups_complete=has_all_groups(files, self._decisive),
            trace="",
        )

    def _group_names(self, files: Files, person: Person) -> tuple[str, ...] | Unset:
        # getgrouplist(3) leaves out what a service that is down would have told, without a word
        if files.group.broken:
            return UNSET
        names = _local_groups(files, person.name, person.gid)
        if files.group_elsewhere:
            lines = self._services.groups_of(person.name, person.gid)
            names += tuple(line.name for line in lines)
        return tuple(dict.fromkeys(names))

    def _elsewhere(self, files: Files, username: str) -> tuple[Membership, ...]:
        person = files.passwd.find(username) or self._services.person(username)
        return self._services.groups_of(person.name, person.gid) if person else ()


def _shadowed(files: Files, person: Person) -> Shadow:
    """Return the password field that counts, with its dates, as pam_unix finds them.

    Raises:
        SourceUnreadable: shadow would say, but cannot be read.
    """
    if person.password != "x":  # noqa: S105 - passwd(5): the mark of a shadowed password
        return Shadow(password=person.password, changed=None, expires=None)
    if isinstance(files.shadow, str):
        raise SourceUnreadable(files.shadow)
    line: Shadow | None = files.shadow.find(person.name)
    if line is None:
        raise SourceUnreadable(f"shadow has no line for {person.name} (pwck finds and mends that)")
    return line


def _described(
    person: Person,
    *,
    enabled: bool | Unset,
    groups: tuple[str, ...] | Unset,
    groups_complete: bool,
    trace: str,
) -> Account:
    given_name, family_name, full_name = _names_in(person)
    # without a name in it, such as the ",,," of a hasty adduser, it is like many others
    gecos = person.gecos if full_name and "&" not in person.gecos else ""
    traces = {"home": person.home, "gecos": gecos, "hash": trace}
    return Account(
        username=person.name,
        given_name=given_name,
        family_name=family_name,
        full_name=full_name,
        enabled=enabled,
        id=Identity("uid", str(person.uid)),
        traces={kind: value for kind, value in traces.items() if value},
        groups=groups,
        groups_complete=groups_complete,
    )


def _names_in(person: Person) -> tuple[str | None, str | None, str | None]:
    """Split the full name that GECOS begins with, as chfn(1) writes it; & is the login name."""
    login = person.name[:1].upper() + person.name[1:]
    text = person.gecos.partition(",")[0].replace("&", login)
    words = "".join(letter for letter in text if letter.isprintable()).split()
    if not words:
        return None, None, None
    return " ".join(words[:-1]) or words[0], words[-1], " ".join(words)


def _local_groups(files: Files, username: str, gid: int | None = None) -> tuple[str, ...]:
    if gid is None and username in files.passwd.entries:
        gid = files.passwd.entries[username].gid
    primary = () if gid is None else files.by_gid.get(gid, ())
    return tuple(dict.fromkeys((*primary, *files.listed_in.get(username, ()))))


def _members(files: Files, line: Membership) -> tuple[str, ...]:
    """Return those listed and those whose primary group it is, without system accounts."""
    people = files.passwd.entries
    names = dict.fromkeys((*line.members, *files.by_primary_gid.get(line.gid, ())))
    return tuple(name for name in names if name not in people or people[name].uid in files.uids)


def _is_ordinary(files: Files, line: Membership) -> bool:
    """Neither a system or builtin group, nor the private group of the user of the same name."""
    if line.gid not in files.gids:
        return False
    namesake = files.passwd.entries.get(line.name)
    private = namesake is not None and namesake.gid == line.gid
    return not (private and set(_members(files, line)) <= {line.name})
