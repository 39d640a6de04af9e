"""The ldap source: the people and groups of a directory server.

It must not know how a directory is asked, nor how its entries are laid out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from gapps_hooks.model import Account, Group, Identity, Kind, StoredPassword
from gapps_hooks.settings import Settings
from gapps_hooks.sources.ldap_access import access_of
from gapps_hooks.sources.ldap_connection import Connection
from gapps_hooks.sources.ldap_layout import layout_of
from gapps_hooks.sources.ldap_snapshot import LdapSnapshot
from gapps_hooks.sources.ldap_tree import Tree
from gapps_hooks.sources.source import Names


class LdapSource:
    """A directory; see Source for what each method answers. One connection, opened when needed."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        owners: Iterable[int],
        clock: Callable[[], float] = time.time,
    ) -> LdapSource:
        """Make the source that the settings describe; nothing is asked yet.

        ``owners`` are the user ids that may own the password's file.

        Raises:
            BadSettings: an attribute is named for what this program cannot read from it.
        """
        connection = Connection(access_of(settings.source, frozenset(owners)))
        return cls(Tree(connection, layout_of(settings), clock))

    def snapshot(self) -> LdapSnapshot:
        """See Source.snapshot: nothing is read yet, but nothing is asked twice."""
        return LdapSnapshot(self._tree)

    def cut_short(self) -> None:
        """See Source.cut_short; what asks is told that the connection is gone."""
        self._tree.connection.cut()

    def account(self, name: str) -> Account | None:
        """See Source.account."""
        return self.snapshot().account(name)

    def leaves_out(self, kind: Kind, name: str) -> bool:
        """See Source.leaves_out; builtin entries, system numbers and user-private groups."""
        return self.snapshot().leaves_out(kind, name)

    def doubt(self, kind: Kind, name: str) -> str:  # noqa: ARG002 - the protocol's arguments
        """See Source.doubt: what a look-up does not find is certainly not there, or it raises."""
        return ""

    def account_by(self, identity: Identity) -> Account | None:
        """See Source.account_by."""
        return self.snapshot().account_by(identity)

    def stored_password(self, name: str) -> StoredPassword | None:
        """See Source.stored_password; one that we may not read is none."""
        return self.snapshot().stored_password(name)

    def groups_with(self, username: str) -> tuple[str, ...]:
        """See Source.groups_with."""
        return self.snapshot().groups_with(username)

    def group(self, name: str) -> Group | None:
        """See Source.group; members that stand for nobody are left out."""
        return self.snapshot().group(name)

    def account_names(self) -> Names:
        """See Source.account_names."""
        return self.snapshot().account_names()

    def group_names(self) -> Names:
        """See Source.group_names."""
        return self.snapshot().group_names()
