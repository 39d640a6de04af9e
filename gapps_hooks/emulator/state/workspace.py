"""One customer's Workspace: every record, found by key, in order, and by what it belongs to.

It must not know which changes are allowed; the modules beside it do.
"""

from __future__ import annotations

import copy
import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Self

from gapps_hooks.emulator.api_errors import ApiError, foreign_domain
from gapps_hooks.emulator.state.addresses import AddressBook, Owner
from gapps_hooks.emulator.state.collection import Collection
from gapps_hooks.emulator.state.ids import Identifiers
from gapps_hooks.emulator.state.past import Past, SeenGroup, SeenMember
from gapps_hooks.emulator.state.records import Group, Json, Membership, OrgUnit, User
from gapps_hooks.emulator.state.shown import show_group, show_member, show_user
from gapps_hooks.emulator.switches import Switches

#: How long a deleted user can be restored (Google: 20 days), in seconds.
BIN_TIME = 20 * 86400


class Workspace:
    """The records of one customer; ``now`` tells the time in seconds since the epoch."""

    def __init__(
        self, *, domains: tuple[str, ...], now: Callable[[], float], switches: Switches, seed: int
    ) -> None:
        self.now = now
        self.switches = switches
        self.ids = Identifiers(seed)
        self.created_at = now()
        self.addresses = AddressBook(domains, self._foreign)
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.org_units = {"/": OrgUnit(id=self.ids.org_unit(), path="/")}
        #: Custom schemas by name, and the licences of each user: product and SKU.
        self.schemas: dict[str, Json] = {}
        self.licences: dict[str, list[tuple[str, str]]] = {}
        self.groups_of: defaultdict[str, set[str]] = defaultdict(set)
        self.with_external_id: defaultdict[str, set[str]] = defaultdict(set)
        #: How many memberships are those of groups.
        self.nested = 0
        self.user_list: Collection[User] = Collection(self._seen_user)
        self.group_list: Collection[SeenGroup] = Collection(self._seen_group)
        self.member_lists: dict[str, Collection[SeenMember]] = {}
        self._deleted: dict[str, User] = {}
        self._past = Past()

    def copy(self) -> Self:
        """Return another Workspace that holds the same, and goes by the same clock and switches."""
        shared = (self.now, self.switches)
        return copy.deepcopy(self, {id(one): one for one in shared})

    def deleted(self) -> dict[str, User]:
        """Return the users deleted in the last 20 days, by id."""
        limit = self.now() - BIN_TIME
        kept = {key: user for key, user in self._deleted.items() if (user.deleted_at or 0) > limit}
        self._deleted = kept
        return kept

    def deleted_before(self, moment: float) -> dict[str, User]:
        """Return who was in the bin at an earlier moment (seconds since the epoch)."""
        return self._past.bin_at(moment, self.deleted().values())

    def groups_of_before(self, key: str, moment: float) -> frozenset[str]:
        """Return the groups that somebody was directly in at an earlier moment."""
        return self._past.groups_at(moment, key, self.groups_of.get(key, ()))

    def user_at(self, address: str) -> User | None:
        """Return the user who has the address as primary address or alias."""
        owner = self.addresses.owner(address)
        return self.users[owner.id] if owner and owner.kind == "user" else None

    def group_at(self, address: str) -> Group | None:
        """Return the group that has the address as primary address or alias."""
        owner = self.addresses.owner(address)
        return self.groups[owner.id] if owner and owner.kind == "group" else None

    def holder(self, key: str) -> User | Group | None:
        """Return the user or group with this id."""
        return self.users.get(key) or self.groups.get(key)

    def held_ids(self) -> frozenset[str]:
        """Return the ids of everything that is there, the bin included."""
        fields = (field for schema in self.schemas.values() for field in schema["fields"])
        return frozenset(
            (
                *self.users,
                *self.groups,
                *self.deleted(),
                *(unit.id for unit in self.org_units.values()),
                *(schema["schemaId"] for schema in self.schemas.values()),
                *(field["fieldId"] for field in fields),
            )
        )

    def add_user(self, user: User) -> None:
        """Put a user in, whose addresses nobody else may have (409)."""
        self._claim_all(user, Owner("user", user.id))
        self.user_list.remember(self.now(), user.address, user.id)
        self.users[user.id] = user
        self.user_list.add(user.address, user.id)
        self.index_external_ids(user)

    def bin_user(self, user: User) -> None:
        """Move a user into the bin: the addresses are free, the memberships gone."""
        self._leave_groups(user)
        self.user_list.remember(self.now(), user.address, user.id)
        self._unindex_external_ids(user)
        self._free_all(user)
        self.user_list.remove(user.address, user.id)
        del self.users[user.id]
        self.licences.pop(user.id, None)
        user.deleted_at = self.now()
        self._deleted[user.id] = user

    def unbin_user(self, user: User) -> None:
        """Put a user of the bin back."""
        self._past.restored(self.now(), user)
        self.add_user(user)
        user.deleted_at = None
        del self._deleted[user.id]

    def take_out_of_bin(self, key: str) -> None:
        """Forget a user of the bin, if there is one, whom a seed lets live."""
        self._deleted.pop(key, None)

    def put_into_bin(self, user: User) -> None:
        """Put a user straight into the bin, as a seed does."""
        self._deleted[user.id] = user

    def add_group(self, group: Group) -> None:
        """Put a group in, whose addresses nobody else may have (409)."""
        self._claim_all(group, Owner("group", group.id))
        self.group_list.remember(self.now(), group.address, group.id)
        self.groups[group.id] = group
        self.group_list.add(group.address, group.id)
        self.member_lists[group.id] = Collection(partial(self._seen_member, group.id))

    def remove_group(self, group: Group) -> None:
        """Take a group out with its memberships, on both sides."""
        for membership in list(group.members.values()):
            self.remove_member(group, membership)
        self._leave_groups(group)
        self.group_list.remember(self.now(), group.address, group.id)
        self._free_all(group)
        self.group_list.remove(group.address, group.id)
        del self.groups[group.id], self.member_lists[group.id]

    def add_member(self, group: Group, membership: Membership) -> None:
        """Put a member into a group."""
        order, address = self.member_lists[group.id], self.member_address(membership)
        order.remember(self.now(), address, membership.key)
        self._past.regrouped(self.now(), membership.key, self.groups_of[membership.key])
        self.nested += membership.type == "GROUP"
        group.members[membership.key] = membership
        self.groups_of[membership.key].add(group.id)
        order.add(address, membership.key)

    def remove_member(self, group: Group, membership: Membership) -> None:
        """Take a member out of a group."""
        order, address = self.member_lists[group.id], self.member_address(membership)
        order.remember(self.now(), address, membership.key)
        self._past.regrouped(self.now(), membership.key, self.groups_of[membership.key])
        self.nested -= membership.type == "GROUP"
        order.remove(address, membership.key)
        del group.members[membership.key]
        self.groups_of[membership.key].discard(group.id)

    def move(self, holder: User | Group, address: str) -> None:
        """Give the holder another primary address, which is claimed already, everywhere."""
        order = self.user_list if isinstance(holder, User) else self.group_list
        order.remove(holder.address, holder.id)
        order.add(address, holder.id)
        for group_id in self.groups_of[holder.id]:
            self.member_lists[group_id].remove(holder.address, holder.id)
            self.member_lists[group_id].add(address, holder.id)
        holder.address = address

    def member_address(self, membership: Membership) -> str:
        """Return the address under which a member is listed ("" for the whole customer)."""
        holder = self.holder(membership.key)
        return holder.address if holder else membership.outside_address

    def shown_user(self, user: User, *, full: bool = False) -> Json:
        """Return the user resource; ``full`` adds the custom schemas."""
        return show_user(user, self.ids, elsewhere=self._elsewhere(user), full=full)

    def shown_group(self, group: Group) -> Json:
        """Return the group resource."""
        return show_group(group, self.ids, elsewhere=self._elsewhere(group))

    def shown_member(self, membership: Membership, *, whole: bool = True) -> Json:
        """Return the member resource."""
        holder = self.holder(membership.key)
        return show_member(membership, holder, self.ids, whole=whole)

    def remember_user(self, user: User) -> None:
        """Note what a user looks like before a change."""
        self.user_list.remember(self.now(), user.address, user.id)

    def remember_group(self, group: Group) -> None:
        """Note what a group looks like before a change."""
        self.group_list.remember(self.now(), group.address, group.id)

    def index_external_ids(self, user: User) -> None:
        """Make the user found by the values of its externalIds."""
        for value in _external_values(user):
            self.with_external_id[value].add(user.id)

    def replace_profile(self, user: User, profile: Json) -> None:
        """Give the user another profile."""
        self._unindex_external_ids(user)
        user.profile = profile
        self.index_external_ids(user)

    def _foreign(self) -> ApiError:
        switches = self.switches
        return foreign_domain(switches.foreign_domain_status, old=switches.old_wording)

    def _seen_user(self, key: str) -> User:
        return copy.deepcopy(self.users[key])

    def _seen_group(self, key: str) -> SeenGroup:
        group = self.groups[key]
        alone = dataclasses.replace(group, aliases=[*group.aliases], members={})
        return SeenGroup(alone, self.shown_group(group))

    def _seen_member(self, group_id: str, key: str) -> SeenMember:
        membership = self.groups[group_id].members[key]
        shown = self.shown_member(membership, whole=False)
        return SeenMember(dataclasses.replace(membership), shown)

    def _elsewhere(self, holder: User | Group) -> Iterator[str]:
        if self.addresses.domain_aliases:
            for address in _addresses(holder):
                yield from self.addresses.elsewhere(address)

    def _unindex_external_ids(self, user: User) -> None:
        for value in _external_values(user):
            self.with_external_id[value].discard(user.id)

    def _leave_groups(self, holder: User | Group) -> None:
        for group_id in list(self.groups_of[holder.id]):
            group = self.groups[group_id]
            self.remove_member(group, group.members[holder.id])
        del self.groups_of[holder.id]

    def _claim_all(self, holder: User | Group, owner: Owner) -> None:
        claimed: list[str] = []
        try:
            for address in _addresses(holder):
                self.addresses.claim(address, owner)
                claimed.append(address)
        except Exception:
            for address in claimed:
                self.addresses.free(address)
            raise

    def _free_all(self, holder: User | Group) -> None:
        for address in _addresses(holder):
            self.addresses.free(address)


def _addresses(holder: User | Group) -> Iterable[str]:
    return (holder.address, *holder.aliases)


def _external_values(user: User) -> Iterator[str]:
    for entry in user.profile.get("externalIds") or ():
        yield str(entry.get("value", ""))
