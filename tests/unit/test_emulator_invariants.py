"""What always holds in the emulated Workspace, whatever is done to it."""

from __future__ import annotations

from typing import Any

from emulator_workspace import World, user_body
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gapps_hooks.emulator import seeds
from gapps_hooks.emulator.api_errors import ApiError
from gapps_hooks.emulator.state import (
    aliases,
    groups,
    licences,
    lists,
    members,
    org_units,
    schemas,
    users,
)
from gapps_hooks.emulator.state.records import Group, User
from gapps_hooks.emulator.state.workspace import Workspace

NAMES = st.sampled_from(["ann", "ben", "cat", "dan", "team", "crew", "boss"])
ADDRESSES = NAMES.map("{}@example.org".format)
PEOPLE = st.one_of(ADDRESSES, st.just("friend@gmail.example"))
UNITS = st.sampled_from(["", "/x", "/y", "/x/y", "/y/x", "/x/y/z"])
UNIT_NAMES = st.sampled_from(["x", "y", "z"])
SCHEMAS = st.sampled_from(["Skills", "Badges"])
FIELDS = st.sets(st.sampled_from(["level", "colour"]), min_size=1)
SKUS = st.sampled_from(["101", "102"])
ME, PRODUCT, SEATS = "my_customer", "Google-Apps", 2


class AnyoneDoesAnything(RuleBasedStateMachine):
    """Random calls on a handful of addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.it = self.world.workspace
        self.ids = set(self.it.users)
        self.world.switches.licence_seats = {"101": SEATS}

    def attempt(self, call: Any, *arguments: Any) -> Any:  # noqa: ANN401 - any rule
        try:
            return call(self.it, *arguments)
        except ApiError:
            return None

    @rule(name=NAMES)
    def insert_user(self, name: str) -> None:
        if made := self.attempt(users.insert, user_body(name)):
            assert made["id"] not in self.ids
            self.ids.add(made["id"])

    @rule(name=NAMES)
    def insert_group(self, name: str) -> None:
        if made := self.attempt(groups.insert, {"email": f"{name}@example.org"}):
            assert made["id"] not in self.ids
            self.ids.add(made["id"])

    @rule(key=ADDRESSES, address=ADDRESSES)
    def rename(self, key: str, address: str) -> None:
        self.attempt(users.patch, self.world.boss, key, {"primaryEmail": address})
        self.attempt(groups.patch, key, {"email": address})

    @rule(key=ADDRESSES, alias=ADDRESSES, delete=st.booleans())
    def change_alias(self, key: str, alias: str, *, delete: bool) -> None:
        holder = self.it.user_at(key) or self.it.group_at(key)
        if holder and delete:
            self.attempt(aliases.delete, holder, alias)
        elif holder:
            self.attempt(aliases.insert, holder, {"alias": alias})

    @rule(key=ADDRESSES)
    def delete_user(self, key: str) -> None:
        if key != "boss@example.org":
            self.attempt(users.delete, self.world.boss, key)

    @rule(key=ADDRESSES)
    def delete_group(self, key: str) -> None:
        self.attempt(groups.delete, key)

    @rule(pick=st.integers(0, 9))
    def undelete(self, pick: int) -> None:
        deleted = sorted(self.it.deleted())
        if deleted:
            key = deleted[pick % len(deleted)]
            self.attempt(users.undelete, self.world.boss, key, {})

    @rule(group=ADDRESSES, member=PEOPLE, role=st.sampled_from(["OWNER", "MEMBER"]))
    def add_member(self, group: str, member: str, role: str) -> None:
        self.attempt(members.insert, group, {"email": member, "role": role})

    @rule(group=ADDRESSES, member=PEOPLE)
    def remove_member(self, group: str, member: str) -> None:
        self.attempt(members.delete, group, member)

    @rule(key=ADDRESSES, suspended=st.booleans())
    def suspend(self, key: str, *, suspended: bool) -> None:
        user = self.it.user_at(key)
        before = set(self.it.groups_of[user.id]) if user else set()
        if self.attempt(users.patch, self.world.boss, key, {"suspended": suspended}):
            assert user is not None
            assert self.it.groups_of[user.id] == before

    @rule(parent=UNITS, name=UNIT_NAMES)
    def insert_org_unit(self, parent: str, name: str) -> None:
        body = {"name": name, "parentOrgUnitPath": parent or "/"}
        if made := self.attempt(org_units.insert, ME, body):
            assert made["orgUnitId"] not in self.ids
            self.ids.add(made["orgUnitId"])

    @rule(path=UNITS, parent=UNITS, name=UNIT_NAMES)
    def move_org_unit(self, path: str, parent: str, name: str) -> None:
        body = {"name": name, "parentOrgUnitPath": parent or "/"}
        before = {unit.id for unit in self.it.org_units.values()}
        self.attempt(org_units.patch, ME, path, body)
        assert {unit.id for unit in self.it.org_units.values()} == before

    @rule(path=UNITS)
    def delete_org_unit(self, path: str) -> None:
        self.attempt(org_units.delete, ME, path)

    @rule(key=ADDRESSES, path=UNITS)
    def put_into_org_unit(self, key: str, path: str) -> None:
        self.attempt(users.patch, self.world.boss, key, {"orgUnitPath": path or "/"})

    @rule(name=SCHEMAS, fields=FIELDS)
    def declare(self, name: str, fields: set[str]) -> None:
        entries = [{"fieldName": field, "fieldType": "STRING"} for field in sorted(fields)]
        if not self.attempt(schemas.insert, ME, {"schemaName": name, "fields": entries}):
            self.attempt(schemas.patch, ME, name, {"fields": entries})

    @rule(name=SCHEMAS, new_name=SCHEMAS, delete=st.booleans())
    def change_schema(self, name: str, new_name: str, *, delete: bool) -> None:
        if delete:
            self.attempt(schemas.delete, ME, name)
        else:
            self.attempt(schemas.patch, ME, name, {"schemaName": new_name})

    @rule(key=ADDRESSES, name=SCHEMAS, field=st.sampled_from(["level", "colour"]))
    def write_custom_field(self, key: str, name: str, field: str) -> None:
        body = {"customSchemas": {name: {field: "1"}}}
        self.attempt(users.patch, self.world.boss, key, body)

    @rule(key=ADDRESSES, sku=SKUS)
    def give_licence(self, key: str, sku: str) -> None:
        self.attempt(licences.insert, PRODUCT, sku, {"userId": key})

    @rule(key=ADDRESSES, sku=SKUS, new=SKUS, delete=st.booleans())
    def change_licence(self, key: str, sku: str, new: str, *, delete: bool) -> None:
        if delete:
            self.attempt(licences.delete, PRODUCT, sku, key)
        else:
            self.attempt(licences.reassign, PRODUCT, sku, key, {"skuId": new})

    @rule(seconds=st.sampled_from([1.0, 11 * 86400.0]))
    def wait(self, seconds: float) -> None:
        self.world.time += seconds

    @invariant()
    def every_address_has_one_owner_and_every_owner_his_addresses(self) -> None:
        holders: list[User | Group] = [*self.it.users.values(), *self.it.groups.values()]
        held = [(address, one.id) for one in holders for address in (one.address, *one.aliases)]
        assert len({address for address, _ in held}) == len(held)
        owned = {address: owner.id for address, owner in self.it.addresses.everything().items()}
        assert dict(held) == owned

    @invariant()
    def memberships_agree_on_both_sides_and_dangle_nowhere(self) -> None:
        inside = {(group.id, key) for group in self.it.groups.values() for key in group.members}
        outside = {(group, key) for key, of in self.it.groups_of.items() for group in of}
        assert inside == outside
        for group in self.it.groups.values():
            for membership in group.members.values():
                assert membership.outside_address or self.it.holder(membership.key)

    @invariant()
    def no_group_is_in_itself(self) -> None:
        for group in self.it.groups.values():
            for key in group.members:
                if key in self.it.groups:
                    nested = self.it.groups[key]
                    assert not members.has_member(self.it, nested.id, group.id)["isMember"]

    @invariant()
    def a_listing_shows_everybody_once_in_order(self) -> None:
        shown = lists.users(self.it, lists.Wish(parameters={"customer": "my_customer"}))
        addresses = [entry["primaryEmail"] for entry in shown["users"]]
        assert addresses == sorted(user.address for user in self.it.users.values())
        for group in self.it.groups.values():
            listed = lists.group_members(self.it, group.id, lists.Wish(parameters={}))
            emails = [entry["email"] for entry in listed.get("members", [])]
            assert emails == sorted(map(self.it.member_address, group.members.values()))

    @invariant()
    def every_org_unit_hangs_in_the_tree_and_every_user_in_an_org_unit(self) -> None:
        units = self.it.org_units
        assert len({unit.id for unit in units.values()}) == len(units)
        for path, unit in units.items():
            assert unit.path == path
            assert (path.rpartition("/")[0] or "/") in units
        assert {user.org_unit for user in self.it.users.values()} <= units.keys()

    @invariant()
    def nobody_has_a_custom_field_that_is_not_declared(self) -> None:
        declared = {
            name: {field["fieldName"] for field in schema["fields"]}
            for name, schema in self.it.schemas.items()
        }
        for user in [*self.it.users.values(), *self.it.deleted().values()]:
            for name, values in user.profile.get("customSchemas", {}).items():
                assert set() < values.keys() <= declared[name]

    @invariant()
    def licences_are_held_once_by_users_who_are_here_and_no_more_than_there_are(self) -> None:
        held = [(key, *seat) for key, seats in self.it.licences.items() for seat in seats]
        assert len(set(held)) == len(held)
        assert {key for key, _, _ in held} <= self.it.users.keys()
        assert sum(sku == "101" for _, _, sku in held) <= SEATS
        wish = lists.Wish(parameters={"customerId": ME})
        shown = licences.listed(self.it, PRODUCT, "", wish).get("items", [])
        assert len(shown) == len(held)

    def teardown(self) -> None:
        """Whatever came about can be written down and built again, and seeded where it is."""
        written = seeds.dump(self.it)
        again = Workspace(
            domains=self.it.addresses.domains,
            now=self.it.now,
            switches=self.it.switches,
            seed=1,
        )
        seeds.load(again, written)
        once_more = seeds.dump(again)
        for kind in ("users", "deletedUsers", "groups", "orgUnits", "licences"):
            assert once_more[kind] == written[kind]
        assert once_more["schemas"] == written["schemas"]
        assert set(once_more["spentIds"]) >= set(written["spentIds"])
        seeds.load(again, once_more)
        assert seeds.dump(again) == once_more
        copied = again.copy()
        for user in list(copied.users.values()):
            copied.bin_user(user)
        for group in list(copied.groups.values()):
            copied.remove_group(group)
        assert seeds.dump(again) == once_more


AnyoneDoesAnything.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestAnyoneDoesAnything = AnyoneDoesAnything.TestCase
