"""A directory as it is now: what was read once is remembered, and everything once it was listed.

It must not ask for the whole directory unless somebody asks for all names, nor keep any raw entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import Account, Group, Identity, Kind, Member, Role, StoredPassword
from gapps_hooks.sources.ldap_groups import GroupEntry
from gapps_hooks.sources.ldap_memory import EverybodyRead, GroupsRead
from gapps_hooks.sources.ldap_people import Person, account_of, without_hidden
from gapps_hooks.sources.ldap_shown import Shown
from gapps_hooks.sources.ldap_tree import Tree
from gapps_hooks.sources.ldap_values import Dn
from gapps_hooks.sources.source import Names

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class LdapSnapshot:
    """See Source; of one moment as far as a directory allows it, for one thread."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._everybody: EverybodyRead | None = None
        self._all_groups: GroupsRead | None = None
        self._people: dict[str, Person | None] = {}
        self._groups: dict[str, GroupEntry | None] = {}
        self._by_identity: dict[Identity, Person | None] = {}
        self._groups_of: dict[Dn, tuple[GroupEntry, ...]] = {}
        self._names_of_groups: dict[Dn, tuple[str, ...]] = {}
        self._stands_for: dict[Dn, Person | GroupEntry | None] = {}
        self._shows = Shown(tree, lambda: self._everybody.people if self._everybody else None)
        self._unseen: frozenset[str] | None = None
        self._decided: bool | None = None
        self._shown: bool | None = None

    def snapshot(self) -> LdapSnapshot:
        """See Source.snapshot."""
        return self

    def cut_short(self) -> None:
        """See Source.cut_short."""
        self._tree.connection.cut()

    def account(self, name: str) -> Account | None:
        """See Source.account; one who is builtin or the system's own is nobody."""
        person = self._person(name)
        return self._account(person) if person else None

    def doubt(self, kind: Kind, name: str) -> str:  # noqa: ARG002 - the protocol's arguments
        """See Source.doubt: what a look-up does not find is certainly not there, or it raises."""
        return ""

    def account_by(self, identity: Identity) -> Account | None:
        """See Source.account_by."""
        person = self._identified(identity)
        return self._account(person) if person else None

    def leaves_out(self, kind: Kind, name: str) -> bool:
        """See Source.leaves_out."""
        if kind is Kind.USER:
            person = self._person(name)
            return person is not None and not person.counts
        group = self._group(name)
        return group is not None and not self._is_ordinary(group)

    def stored_password(self, name: str) -> StoredPassword | None:
        """See Source.stored_password."""
        person = self._person(name)
        return person.password if person and person.counts else None

    def groups_with(self, username: str) -> tuple[str, ...]:
        """See Source.groups_with; the groups of groups do not list the person."""
        person = self._person(username)
        direct = self._direct_groups(person) if person else ()
        found = [group for group in direct if not self._is_private(group, username)]
        return tuple(sorted(group.name for group in found if group.counts))

    def group(self, name: str) -> Group | None:
        """See Source.group."""
        group = self._group(name)
        if group is None or not self._is_ordinary(group):
            return None
        if self._is_hidden(group):
            raise SourceUnreadable(
                f"the members of {name} are hidden from us, or no group has any; put somebody "
                "into it, or allow the one we sign in as to read members"
            )
        return Group(
            name=group.name,
            email=group.email,
            description=group.description,
            aliases=group.aliases,
            members=tuple(Member(reference) for reference in self._members(group)),
            unsaid_roles=frozenset({Role.MANAGER, Role.OWNER}),
            id=group.id,
        )

    def account_names(self) -> Names:
        """See Source.account_names; everybody is read."""
        everybody = self._read_everybody()
        names = tuple(person.name for person in everybody.people if person.counts)
        return Names(names=names, complete=not everybody.why, why=everybody.why)

    def group_names(self) -> Names:
        """See Source.group_names; everybody is read, for whose groups are private ones."""
        everybody, groups = self._read_everybody(), self._read_all_groups()
        names = tuple(group.name for group in groups.groups if self._is_ordinary(group))
        why = groups.why or everybody.why
        return Names(names=names, complete=not why, why=why)

    # --- people ------------------------------------------------------------------------------

    def _read_everybody(self) -> EverybodyRead:
        if self._everybody is None:
            self._everybody = EverybodyRead(self._tree.all(self._tree.people))
        return self._everybody

    def _person(self, name: str) -> Person | None:
        if self._everybody is not None:
            found = self._everybody.named(name)
            if found is not None or not self._everybody.why:
                return found
        return _remembered(self._people, name, lambda: self._tree.named(self._tree.people, name))

    def _identified(self, identity: Identity) -> Person | None:
        if self._everybody is not None:
            found = self._everybody.identified(identity)
            if found is not None or not self._everybody.why:
                return found
        return _remembered(self._by_identity, identity, lambda: self._tree.identified(identity))

    def _account(self, person: Person) -> Account | None:
        if not person.counts:
            return None
        names = self._group_names(person)
        complete = self._is_decided()
        account = account_of(person, names, complete=complete, unseen=self._not_seen(person))
        return without_hidden(account, self._shows.hidden(person))

    def _group_names(self, person: Person) -> tuple[str, ...]:
        if self._everybody is None:
            return _remembered(self._names_of_groups, person.dn, lambda: self._all_names(person))
        return self._all_names(person)

    def _all_names(self, person: Person) -> tuple[str, ...]:
        return tuple(self._called(group) for group in self._all_groups_of(person))

    def _not_seen(self, person: Person) -> frozenset[str]:
        """What the enabled rule looks at, and nobody has, may be hidden from us."""
        if all(person.more.values()):
            return frozenset()
        if self._unseen is None:
            self._unseen = frozenset(
                name for name in self._tree.layout.asked if not self._is_seen(name)
            )
        return self._unseen

    def _is_seen(self, attribute: str) -> bool:
        if self._everybody is not None:
            return any(person.more.get(attribute) for person in self._everybody.people)
        return self._tree.anybody_has(attribute)

    # --- groups ------------------------------------------------------------------------------

    def _read_all_groups(self) -> GroupsRead:
        if self._all_groups is None:
            self._all_groups = GroupsRead(self._tree.all(self._tree.groups))
        return self._all_groups

    def _group(self, name: str) -> GroupEntry | None:
        if self._all_groups is not None:
            found = self._all_groups.named(name)
            if found is not None or not self._all_groups.why:
                return found
        return _remembered(self._groups, name, lambda: self._tree.named(self._tree.groups, name))

    def _is_decided(self) -> bool:
        """Whether all groups are seen, and the one that enables people shows whom it has."""
        decisive = self._tree.layout.decisive
        if self._tree.groups_elsewhere or (self._all_groups and self._all_groups.why):
            return False
        if decisive is None:
            return True
        if self._decided is None:
            group = self._group(decisive)
            self._decided = group is not None and not self._is_hidden(group)
        return self._decided

    def _is_hidden(self, group: GroupEntry) -> bool:
        """Whether a group without members may well have some that we are not shown."""
        if group.shows or group.hidden:
            return group.hidden
        if self._shown is None:
            groups = self._all_groups.groups if self._all_groups else ()
            shown = any(one.shows for one in groups) if groups else None
            self._shown = self._tree.any_group_shows_members() if shown is None else shown
        return not self._shown and not any(self._primary_members(group))

    def _called(self, group: GroupEntry) -> str:
        """LDAP finds a group in whatever case the settings write its name."""
        decisive = self._tree.layout.decisive
        same = decisive is not None and decisive.casefold() == group.name.casefold()
        return decisive if decisive and same else group.name

    def _direct_groups(self, person: Person) -> tuple[GroupEntry, ...]:
        if self._everybody is not None:
            return self._read_all_groups().groups_of(person)
        return _remembered(self._groups_of, person.dn, lambda: tuple(self._tree.groups_of(person)))

    def _all_groups_of(self, person: Person) -> list[GroupEntry]:
        """Return a person's groups, and the groups that those are in."""
        found = {group.dn: group for group in self._direct_groups(person)}
        level: Sequence[GroupEntry] = tuple(found.values())
        while level:
            above = [group for group in self._groups_above(level) if group.dn not in found]
            found |= {group.dn: group for group in above}
            level = above
        return sorted(found.values(), key=lambda group: group.name)

    def _groups_above(self, groups: Iterable[GroupEntry]) -> Iterable[GroupEntry]:
        dns = [group.dn for group in groups]
        if self._all_groups is not None:
            return self._all_groups.groups_with(dns)
        return self._tree.groups_with_groups(dns)

    def _is_private(self, bare: GroupEntry, username: str) -> bool:
        """Whether a group without its members, which lists this person, is theirs alone."""
        group = self._group(bare.name) if bare.name == username else None
        return group is not None and not self._is_ordinary(group)

    def _is_ordinary(self, group: GroupEntry) -> bool:
        """Neither builtin nor the private group of the user of the same name."""
        if not group.counts:
            return False
        if group.member_dns or not set(group.member_names) <= {group.name} or not group.number:
            return True
        namesake = self._person(group.name)
        return namesake is None or namesake.primary != group.number

    # --- members -----------------------------------------------------------------------------

    def _members(self, group: GroupEntry) -> list[str]:
        """Name the members as payloads do; who stands for nobody is left out."""
        self._resolve(group.member_dns)
        stand = (self._stands_for[dn] for dn in group.member_dns)
        names = [reference for one in stand if (reference := _reference(one))]
        names += group.member_names
        names += [person.name for person in self._primary_members(group) if person.counts]
        return list(dict.fromkeys(names))

    def _primary_members(self, group: GroupEntry) -> Iterable[Person]:
        if self._everybody is not None and not self._everybody.why:
            return self._everybody.with_primary(group.number)
        return self._tree.primary_members(group)

    def _resolve(self, dns: Sequence[Dn]) -> None:
        both: tuple[EverybodyRead | GroupsRead | None, ...] = (self._everybody, self._all_groups)
        read = [whole for whole in both if whole is not None]
        for whole in read:
            found = {dn: one for dn in dns if (one := whole.at(dn)) is not None}
            self._stands_for.update(found)
        left = [dn for dn in dns if dn not in self._stands_for]
        all_is_read = len(read) > 1 and not any(whole.why for whole in read)
        asked = {} if all_is_read else self._tree.resolve(left)
        self._stands_for.update((dn, asked.get(dn)) for dn in left)


def _reference(found: Person | GroupEntry | None) -> str | None:
    if isinstance(found, GroupEntry):
        return f"group:{found.name}"
    return found.name if found is not None and found.counts else None


def _remembered(memory: dict[_Key, _Value], key: _Key, ask: Callable[[], _Value]) -> _Value:
    if key not in memory:
        memory[key] = ask()
    return memory[key]
