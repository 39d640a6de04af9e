"""Single look-ups through the system's name services, for accounts that no local file has.

It must not know the files; what it answers never counts as a whole list.
"""

from __future__ import annotations

import grp
import os
import pwd
from typing import Protocol

from gapps_hooks.sources.nss_lines import Membership, Person


class NameServices(Protocol):
    """Where nsswitch.conf points beside the local files."""

    def person(self, key: str | int) -> Person | None:
        """Look a person up by user name or uid."""

    def group(self, key: str | int) -> Membership | None:
        """Look a group up by name or gid."""

    def groups_of(self, username: str, gid: int) -> tuple[Membership, ...]:
        """Return the groups that a person is in, with the primary one."""


class SystemNameServices:
    """The name services of this system (getpwnam(3), getgrnam(3), getgrouplist(3))."""

    def person(self, key: str | int) -> Person | None:
        """See NameServices.person."""
        try:
            found = pwd.getpwnam(key) if isinstance(key, str) else pwd.getpwuid(key)
        except (KeyError, ValueError, OverflowError):
            return None
        return Person(
            name=found.pw_name,
            password=found.pw_passwd,
            uid=found.pw_uid,
            gid=found.pw_gid,
            gecos=found.pw_gecos.encode(errors="surrogateescape").decode("utf-8", "replace"),
            home=found.pw_dir,
        )

    def group(self, key: str | int) -> Membership | None:
        """See NameServices.group."""
        try:
            found = grp.getgrnam(key) if isinstance(key, str) else grp.getgrgid(key)
        except (KeyError, ValueError, OverflowError):
            return None
        return Membership(name=found.gr_name, gid=found.gr_gid, members=tuple(found.gr_mem))

    def groups_of(self, username: str, gid: int) -> tuple[Membership, ...]:
        """See NameServices.groups_of."""
        found = [self.group(number) for number in os.getgrouplist(username, gid)]
        return tuple(group for group in found if group is not None)
