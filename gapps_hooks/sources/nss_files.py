"""Read the five files of local accounts together, and index them.

It must not know what an account means, nor ask anything but these files.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.sources.nss_lines import (
    Membership,
    Person,
    Shadow,
    Table,
    first_fields,
    group_table,
    id_range,
    other_services,
    passwd_table,
    shadow_table,
)
from gapps_hooks.sources.reading import read_file

_COMPULSORY: Final = ("passwd", "group")
_SHADOWS: Final = ("shadow", "gshadow")
_OPTIONAL: Final = ("login.defs", "nsswitch.conf")
#: A file that changed less than this many seconds before it was read may have changed again
#: within the same tick of the file system's clock.
_SETTLED: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What the files said at one moment."""

    passwd: Table[Person]
    group: Table[Membership]
    #: The table, or why it cannot be read: only root may.
    shadow: Table[Shadow] | str
    #: The names of gshadow, as far as it is there and may be read.
    gshadow: frozenset[str] = field(repr=False)
    uids: range
    gids: range
    #: Services beside the files, such as ``sss``.
    passwd_elsewhere: tuple[str, ...]
    group_elsewhere: tuple[str, ...]
    by_uid: Mapping[int, tuple[Person, ...]] = field(repr=False)
    #: User names by primary gid, and groups by the users whom they list.
    by_primary_gid: Mapping[int, tuple[str, ...]] = field(repr=False)
    listed_in: Mapping[str, tuple[str, ...]] = field(repr=False)
    #: Group names by gid, which several groups may share.
    by_gid: Mapping[int, tuple[str, ...]] = field(repr=False)


class FilesReader:
    """Reads the files of a directory, again only if one of them changed."""

    def __init__(self, directory: Path, max_bytes: int, clock: Callable[[], float]) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._clock = clock
        self._remembered: tuple[tuple[object, ...], Files] | None = None

    def read(self) -> Files:
        """Return the current content.

        Raises:
            SourceUnreadable: passwd or group, or a file that is there, cannot be read.
        """
        signature = self._signature()
        if self._remembered and self._remembered[0] == signature:
            return self._remembered[1]
        files = self._parsed()
        newest = max((mark[-1] for mark in signature if mark), default=0) / 1e9
        settled = self._clock() - newest > _SETTLED and self._signature() == signature
        self._remembered = (signature, files) if settled else None
        return files

    def _signature(self) -> tuple[tuple[int, ...] | None, ...]:
        return tuple(
            _mark(self._directory / name) for name in (*_COMPULSORY, *_SHADOWS, *_OPTIONAL)
        )

    def _parsed(self) -> Files:
        passwd = passwd_table(self._compulsory("passwd"), "passwd")
        group = group_table(self._compulsory("group"), "group")
        switch = self._optional("nsswitch.conf")
        definitions = self._optional("login.defs")
        people = tuple(passwd.entries.values())
        return Files(
            passwd=passwd,
            group=group,
            shadow=self._shadow(),
            gshadow=self._gshadow(),
            uids=id_range(definitions, "UID"),
            gids=id_range(definitions, "GID"),
            passwd_elsewhere=_elsewhere(switch, "passwd", passwd.points_elsewhere),
            group_elsewhere=_elsewhere(switch, "group", group.points_elsewhere),
            by_gid=_grouped((line.gid, line.name) for line in group.entries.values()),
            by_uid=_grouped((person.uid, person) for person in people),
            by_primary_gid=_grouped((person.gid, person.name) for person in people),
            listed_in=_grouped(
                (member, line.name) for line in group.entries.values() for member in line.members
            ),
        )

    def _compulsory(self, name: str) -> bytes:
        raw, _ = read_file(self._directory / name, self._max_bytes)
        if not raw.strip():
            raise SourceUnreadable(f"{self._directory / name} is empty; nothing is concluded")
        return raw

    def _optional(self, name: str) -> bytes:
        path = self._directory / name
        return read_file(path, self._max_bytes)[0] if path.exists() else b""

    def _shadow(self) -> Table[Shadow] | str:
        try:
            raw, _ = read_file(self._directory / "shadow", self._max_bytes)
        except SourceUnreadable as error:
            return f"{error} (only root may read it, and on Debian the group shadow)"
        return shadow_table(raw, "shadow")

    def _gshadow(self) -> frozenset[str]:
        try:
            raw, _ = read_file(self._directory / "gshadow", self._max_bytes)
        except SourceUnreadable:
            return frozenset()
        return first_fields(raw)


def _mark(path: Path) -> tuple[int, ...] | None:
    """Return what changes when a file does; the last number is its change time in ns."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mode,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _elsewhere(switch: bytes, database: str, points: bool) -> tuple[str, ...]:  # noqa: FBT001 - a fact
    return other_services(switch, database) or (("nis",) if points else ())


_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


def _grouped(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, tuple[_Value, ...]]:
    grouped: dict[_Key, list[_Value]] = {}
    for key, value in pairs:
        grouped.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in grouped.items()}
