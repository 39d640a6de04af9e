"""Parse the lines of passwd(5), shadow(5), group(5), login.defs(5) and nsswitch.conf(5).

It must not know where the bytes were read, nor what an account is; it is pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from gapps_hooks.errors import SourceUnreadable

#: Services of nsswitch.conf that answer from the files that we read, or add only system accounts.
LOCAL_SERVICES: Final = frozenset({"files", "compat", "systemd", "db"})
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A line of passwd; the shell, which says nothing about being active, is left out."""

    name: str
    #: ``x`` where shadow has the hash.
    password: str = field(repr=False)
    uid: int
    gid: int
    gecos: str = field(repr=False)
    home: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A line of shadow."""

    password: str = field(repr=False)
    #: The day of the last change, in days since the epoch; None where it is not known.
    changed: int | None
    #: Days since the epoch from which on the account is expired; None is never.
    expires: int | None

    @property
    def changed_at(self) -> float | None:
        """The beginning of the day of the last change, in wall-clock seconds."""
        return None if self.changed is None else float(self.changed * _DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A line of group."""

    name: str
    gid: int
    members: tuple[str, ...]


_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[_Entry]):
    """The lines of one file by name; of lines with the same name the first counts, as in glibc."""

    entries: Mapping[str, _Entry]
    #: What is wrong with lines that could not be read, as a sentence; empty if all could.
    broken: str = ""
    #: Whether a line (+ or -, see nsswitch.conf's compat) points to accounts kept elsewhere.
    points_elsewhere: bool = False

    def find(self, name: str) -> _Entry | None:
        """Return a line; None if there certainly is none.

        Raises:
            SourceUnreadable: it may be among the lines that could not be read.
        """
        found = self.entries.get(name)
        if found is None and self.broken:
            raise SourceUnreadable(self.broken)
        return found


def passwd_table(raw: bytes, origin: str) -> Table[Person]:
    """Parse passwd."""
    return _table(raw, origin, _person)


def shadow_table(raw: bytes, origin: str) -> Table[Shadow]:
    """Parse shadow."""
    return _table(raw, origin, _shadow)


def group_table(raw: bytes, origin: str) -> Table[Membership]:
    """Parse group."""
    return _table(raw, origin, _membership)


def first_fields(raw: bytes) -> frozenset[str]:
    """Return the names that lines begin with, of a file of which nothing else matters."""
    names = (_name(line.partition(b":")[0]) for line in raw.split(b"\n"))
    return frozenset(name for name in names if name is not None)


def id_range(raw: bytes, kind: str) -> range:
    """Return the ids of ordinary users (``UID``) or groups (``GID``) from login.defs.

    Raises:
        SourceUnreadable: a bound is no number.
    """
    bounds = {"MIN": 1000, "MAX": 60000}  # login.defs(5): the defaults of useradd and groupadd
    for line in _text(raw).splitlines():
        words = line.split()
        if words and words[0] in {f"{kind}_MIN", f"{kind}_MAX"}:
            bounds[words[0].removeprefix(f"{kind}_")] = _number(words)
    return range(bounds["MIN"], bounds["MAX"] + 1)


def other_services(raw: bytes, database: str) -> tuple[str, ...]:
    """Return the services that nsswitch.conf names for a database beside the local files."""
    for line in _text(raw).splitlines():
        name, colon, rest = line.partition("#")[0].partition(":")
        if colon and name.strip() == database:
            words = re.sub(r"\[[^\]]*\]", " ", rest).split()
            return tuple(word for word in words if word not in LOCAL_SERVICES)
    return ()


def _number(words: list[str]) -> int:
    try:
        # strtol(3) with base 0, as shadow-utils reads it: 0x… and 0… too
        text = words[1]
        return int(text, 8 if re.fullmatch("0[0-7]+", text) else 0)
    except (IndexError, ValueError):
        raise SourceUnreadable(f"login.defs has no number for {words[0]}; correct it") from None


def _table(raw: bytes, origin: str, parse: Callable[[list[bytes]], _Entry | None]) -> Table[_Entry]:
    entries: dict[str, _Entry] = {}
    broken: list[int] = []
    elsewhere = False
    lines = raw.split(b"\n")
    if lines.pop():  # the last line has no end: it may be half of one
        broken.append(len(lines) + 1)
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith(b"#"):
            continue
        if line.startswith((b"+", b"-")):
            elsewhere = True
            continue
        fields = line.split(b":")
        name, entry = _name(fields[0]), parse(fields)
        if name is None or entry is None:
            broken.append(number)
        else:
            entries.setdefault(name, entry)
    return Table(entries=entries, broken=_broken(origin, broken), points_elsewhere=elsewhere)


def _broken(origin: str, numbers: list[int]) -> str:
    if not numbers:
        return ""
    more = f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
    return f"line {min(numbers)}{more} of {origin} cannot be read; correct it"


def _name(raw: bytes) -> str | None:
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        return None
    return name if name and name.isprintable() else None


def _text(raw: bytes) -> str:
    """Decode what people wrote, perhaps before their system spoke UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _id(raw: bytes) -> int | None:
    return int(raw) if re.fullmatch(rb"[0-9]{1,10}", raw) else None


def _person(fields: list[bytes]) -> Person | None:
    if len(fields) != 7:  # noqa: PLR2004 - passwd(5)
        return None
    name, password, uid, gid, gecos, home, _shell = fields
    user, group = _id(uid), _id(gid)
    if user is None or group is None:
        return None
    return Person(
        name=_text(name),
        password=_text(password),
        uid=user,
        gid=group,
        gecos=_text(gecos),
        home=_text(home),
    )


def _shadow(fields: list[bytes]) -> Shadow | None:
    if len(fields) != 9 or not re.fullmatch(rb"-?[0-9]{0,10}", fields[7]):  # noqa: PLR2004 - shadow(5)
        return None
    # pam_unix: an account is expired from that day on; -1 and nothing mean never
    expires = int(fields[7]) if fields[7].strip(b"-") else -1
    # 0 only says that a new password has to be set at the next login
    changed = int(fields[2]) if re.fullmatch(rb"[0-9]{1,10}", fields[2]) else 0
    return Shadow(
        password=_text(fields[1]),
        changed=changed or None,
        expires=expires if expires >= 0 else None,
    )


def _membership(fields: list[bytes]) -> Membership | None:
    if len(fields) != 4:  # noqa: PLR2004 - group(5)
        return None
    gid = _id(fields[2])
    members = [_name(member) for member in fields[3].split(b",") if member]
    known = tuple(member for member in members if member is not None)
    if gid is None or len(known) < len(members):
        return None
    return Membership(name=_text(fields[0]), gid=gid, members=known)
