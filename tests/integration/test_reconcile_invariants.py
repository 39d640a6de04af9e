"""Whatever happens on both sides and in between: one reconcile, and both agree."""

from __future__ import annotations

import json
import os
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from reconcile_world import NAMES, OUTSIDER, STRANGER, World
from reconciled import Run, dry, planned, reconcile, refusals
from world_groups import GROUP_ALIASES, GROUPS, MORE_GROUPS, address_of

from gapps_hooks.model import Verb
from gapps_hooks.outbox import entries
from gapps_hooks.plan.whole import REMOVING
from gapps_hooks.reconcile.checking import TooMuch
from gapps_hooks.reconcile.everybody import Looked, carry_out, everything, look, refused

EXAMPLES: Final = int(os.environ.get("GAPPS_HOOKS_EXAMPLES", "15"))
SOMEBODY = st.sampled_from(NAMES)
SOME_GROUP = st.sampled_from(GROUPS)
ANY_GROUP = st.sampled_from((*GROUPS, *MORE_GROUPS))
#: Aliases of groups; some of them may be somebody's, or another group's, address.
SOME_ADDRESSES = (*GROUP_ALIASES, *map(address_of, (*NAMES[:1], *GROUPS, *MORE_GROUPS[:1])))
DAY: Final = 90_000.0
#: How many groups, or people, can have each the next one's name; a run follows one of them.
LONGEST_CHAIN: Final = 3
#: What breaks a list off, each as a script for one call; a stale list is from before everything.
BROKEN: Final[dict[str, list[dict[str, Any]]]] = {
    "a page fails": [{"fails": "short page"}, {"fails": "503", "nth": 2, "times": 0}],
    "a page token is repeated": [{"fails": "repeated token", "times": 0}],
    "a page token expires": [{"fails": "short page"}, {"fails": "expired token", "times": 0}],
    "an answer is cut short": [
        {"fails": "short page"},
        {"fails": "truncated", "nth": 2, "times": 0},
    ],
}
STALE: Final[list[dict[str, Any]]] = [{"fails": "stale list", "times": 0, "seconds": 1e9}]
SOURCES: Final[tuple[dict[str, Any], ...]] = (
    {"users": []},
    {"groups": []},
    {"users": [], "groups": []},
)
#: Which list breaks off how, or what the account manager lists instead of everybody.
FAULTS = st.one_of(
    st.tuples(st.sampled_from(["users.list", "groups.list"]), st.sampled_from([*BROKEN.values()])),
    st.tuples(st.just("users.list"), st.just(STALE)),
    st.tuples(st.just("the source"), st.sampled_from(SOURCES)),
)


class Both(RuleBasedStateMachine):
    """Rules for what people do on either side, and what a reconcile then has to come to."""

    world: World

    @initialize(suspends=st.booleans(), there=st.sets(SOMEBODY, min_size=2))
    def founded(self, suspends: bool, there: set[str]) -> None:  # noqa: FBT001 - drawn
        """Some people were there before, so that there is something to take away."""
        self.world = World(suspends_strangers=suspends)
        self.organisation = self.world.organisation
        for name in sorted(there):
            self.world.comes(name)
        self.world.groups.members["red"] = {*there}
        self.world.write()
        self.both_are_compared()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.close()

    # --- here --------------------------------------------------------------------------------

    @rule(name=SOMEBODY)
    def comes_or_leaves(self, name: str) -> None:
        if name in self.world.people:
            self.world.leaves(name)
        else:
            self.world.comes(name)
        self.world.write()

    @rule(
        name=SOMEBODY,
        text=st.sampled_from(["One", "Two"]),
        enabled=st.booleans(),
        aliases=st.integers(0, 2),
    )
    def changes(self, name: str, text: str, enabled: bool, aliases: int) -> None:  # noqa: FBT001 - drawn
        if name in self.world.people:
            self.world.changes(name, text, enabled=enabled, aliases=aliases)
            self.world.write()

    @rule(old=SOMEBODY, new=SOMEBODY)
    def is_renamed(self, old: str, new: str) -> None:
        people, groups = self.world.people, self.world.groups.members
        if old in people and new not in people:
            people[new] = people.pop(old) | {"username": new}
            for group, members in groups.items():
                groups[group] = members ^ {old, new} if old in members else members
            self.world.write()

    @rule(name=SOMEBODY, group=SOME_GROUP)
    def joins_or_leaves(self, name: str, group: str) -> None:
        if group not in self.world.groups.members:
            self.world.groups.comes(group)
        self.world.groups.members[group] ^= {name}
        self.world.write()

    @rule(group=SOME_GROUP)
    def group_goes(self, group: str) -> None:
        if len(self.world.groups.members) > 1 and group in self.world.groups.members:
            self.world.groups.goes(group)
            self.world.write()

    @rule(old=ANY_GROUP, new=ANY_GROUP, told=st.booleans())
    def group_is_renamed(self, old: str, new: str, told: bool) -> None:  # noqa: FBT001 - drawn
        if old in self.world.groups.members and new not in self.world.groups.members:
            self.world.groups.is_renamed(old, new)
            self.world.write()
            if told and address_of(new) not in self.world.all_roles():
                members = sorted(self.world.groups.members[new] & self.world.people.keys())
                said = {"old_name": old, "members": members}
                self.organisation.record("group-change", new, said)

    @rule(group=ANY_GROUP, aliases=st.sets(st.sampled_from(SOME_ADDRESSES), max_size=2))
    def group_has_aliases(self, group: str, aliases: set[str]) -> None:
        if group in self.world.groups.members:
            self.world.groups.aliases[group] = aliases
            self.world.write()

    # --- in between --------------------------------------------------------------------------

    @rule(name=SOMEBODY, group=st.none() | SOME_GROUP)
    def a_hook_comes(self, name: str, group: str | None) -> None:
        if group is None:
            event = "user-modify" if name in self.world.people else "user-delete"
            self.organisation.record(event, name)
        elif group in self.world.groups.members:
            self.organisation.record("group-change", group)
        self.organisation.drain()

    @rule(
        call=st.none()
        | st.sampled_from(["users.insert", "users.patch", "members.insert", "groups.insert"])
    )
    def an_answer_will_be_lost_or_the_process_is_replaced(self, call: str | None) -> None:
        if call is None:
            self.organisation.restart()
        else:
            self.organisation.fail(call=call, fails="lost answer")

    # --- at Google ---------------------------------------------------------------------------

    @rule(name=SOMEBODY)
    def somebody_edits_a_name(self, name: str) -> None:
        for user in self.world.seen(address_of(name)):
            self.world.edit_user(user["id"], name={"givenName": "Edited", "familyName": "There"})

    @rule(group=SOME_GROUP, name=SOMEBODY)
    def somebody_takes_a_member_out(self, group: str, name: str) -> None:
        def change(state: dict[str, Any]) -> None:
            for one in state["groups"]:
                if one["email"] == address_of(group):
                    kept = [m for m in one["members"] if m["email"] != address_of(name)]
                    one["members"] = kept

        self.world.edit(change)

    @rule(data=st.data())
    def somebody_suspends_or_lets_in(self, data: st.DataObject) -> None:
        if self.world.accounts:
            key = data.draw(st.sampled_from(sorted(self.world.accounts)))
            if self.world.users()[self.world.accounts[key]]["suspended"]:
                self.world.is_let_in(key)
            else:
                self.world.is_suspended_there(key)

    @rule(data=st.data())
    def somebody_gives_an_alias(self, data: st.DataObject) -> None:
        if self.world.accounts:
            key = data.draw(st.sampled_from(sorted(self.world.accounts)))
            user = self.world.users()[self.world.accounts[key]]
            alias = self.world.alias(key, "z")
            aliases = sorted({*user.get("aliases", ()), alias})
            self.world.edit_user(user["id"], aliases=aliases)
            self.world.others_aliases.add((key, alias))

    @rule(data=st.data(), flag=st.booleans())
    def somebody_is_made_an_administrator_or_is_none_any_more(
        self,
        data: st.DataObject,
        flag: bool,  # noqa: FBT001 - drawn
    ) -> None:
        if self.world.accounts:
            key = data.draw(st.sampled_from(sorted(self.world.accounts)))
            self.world.edit_user(self.world.accounts[key], isAdmin=flag)

    # --- both --------------------------------------------------------------------------------

    @rule(promoted=st.none() | SOMEBODY)
    def both_are_compared(self, promoted: str | None = None) -> None:
        self.a_day_passes()
        run = self.until_nothing_waits(promoted)
        for _ in range(LONGEST_CHAIN):
            if not goes_on(run.looked):
                break
            run = self.until_nothing_waits(None)
        looked = dry(self.organisation)
        waiting = self.aliases_of_others(looked)
        assert planned(looked).keys() <= waiting, (planned(looked), run.lines)
        refused_names = (
            {key.removeprefix("group:") for key in waiting}
            | {key.removeprefix("group:") for key in refusals(looked)}
            | {name for name, status in self.organisation.left().items() if status != "waiting"}
        )
        self.world.agree(refused_names)
        if self.world.suspends_strangers and not looked.remarks:
            assert self.world.seen(STRANGER)[0]["suspended"]

    @rule(name=SOMEBODY, removed=st.booleans())
    def one_goes_and_both_are_compared(self, name: str, removed: bool) -> None:  # noqa: FBT001 - drawn
        if name in self.world.people:
            if removed:
                self.world.leaves(name)
            else:
                self.world.changes(name, "Gone", enabled=False, aliases=0)
            self.world.write()
            self.both_are_compared()

    @precondition(lambda self: self.world.settled_off)
    @rule(data=st.data())
    def one_is_let_in_and_both_are_compared(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.world.settled_off)))
        self.world.is_let_in(key)
        self.both_are_compared()

    def aliases_of_others(self, looked: Looked) -> set[str]:
        """Find the groups that want nothing but what somebody else has; each run tells of them."""
        return {
            piece.key
            for piece in looked.whole.pieces
            if piece.plan.changes
            and all(
                change.verbs == (Verb.ADD_GROUP_ALIAS,)
                and self.world.is_anothers(change.body["alias"], piece.name)
                for change in piece.plan.changes
            )
        }

    def a_day_passes(self) -> None:
        """What waits is delivered, and the bounds have room again."""
        self.organisation.clock.now += DAY
        self.organisation.emulator.faults.clear()
        entries.release(self.organisation.state)
        self.organisation.settle()
        self.organisation.clock.now += DAY

    def until_nothing_waits(self, promoted: str | None) -> Run:
        """One run; what it leaves to delivery is delivered. The bounds have a rule of their own."""
        looked = look(self.organisation.wiring, dry=False)
        chosen = self.world.seen(address_of(promoted)) if promoted is not None else []
        for user in chosen:
            self.world.edit_user(user["id"], isAdmin=True)
        before = self.world.users()
        progress = carry_out(
            looked, everything(looked), force=True, refused=refused(looked), report=lambda _: None
        )
        self.organisation.settle()
        self.administrators_are_left_alone(before, {user["id"] for user in chosen})
        return Run(looked=looked, progress=progress)

    def administrators_are_left_alone(
        self, before: dict[str, dict[str, Any]], promoted: set[str]
    ) -> None:
        """Of one who became an administrator after the look only the suspension is ruled out."""
        after = self.world.users()
        for google_id, user in before.items():
            if google_id in promoted:
                assert not after[google_id]["suspended"] or user["suspended"], user
            elif user["isAdmin"]:
                assert after[google_id] == user

    @rule(fault=FAULTS)
    def not_everything_can_be_read(self, fault: tuple[str, Any]) -> None:
        """Nothing is taken away in that run; the next one finds both sides whole again."""
        self.a_day_passes()
        users, members = self.world.users(), self.world.memberships()
        self.break_off(*fault)
        run = reconcile(self.organisation, force=True)
        assert run.looked.whole.incomplete
        assert not REMOVING.intersection(verb for _, verb in run.done)
        self.organisation.emulator.faults.clear()
        after = self.world.users()
        assert [one for one in users if after[one]["suspended"] > users[one]["suspended"]] == []
        assert members <= self.world.memberships()
        self.world.write()
        self.both_are_compared()

    def break_off(self, where: str, how: Any) -> None:  # noqa: ANN401 - a script, or a listing
        if where == "the source":
            (self.organisation.folder / "accounts.json").write_text(json.dumps(how))
            return
        for fault in how:
            self.organisation.fail(call=where, **fault)

    @rule()
    def too_much_is_refused_before_the_first_write(self) -> None:
        self.a_day_passes()
        users, roles = self.world.users(), self.world.all_roles()
        try:
            run = reconcile(self.organisation)
        except TooMuch:
            assert (self.world.users(), self.world.all_roles()) == (users, roles)
        else:
            done = [verb for _, verb in run.done]
            for verb in (Verb.SUSPEND, Verb.RENAME, Verb.RESTORE, Verb.REMOVE_MEMBER):
                assert done.count(verb) <= 1, run.done

    @invariant()
    def nobody_is_touched_who_is_not_ours(self) -> None:
        assert self.world.seen(*self.world.left_alone) == self.world.untouchable

    @invariant()
    def nothing_is_removed_that_the_rules_keep(self) -> None:
        groups = self.organisation.emulator.state()["groups"]
        (blue,) = [one for one in groups if one["id"] == self.world.blue]
        roles = {member["email"]: member["role"] for member in blue["members"]}
        assert roles[OUTSIDER] == "OWNER"
        assert STRANGER in roles

    @invariant()
    def nothing_is_ever_deleted(self) -> None:
        assert self.organisation.emulator.state()["deletedUsers"] == []


def goes_on(looked: Looked) -> bool:
    """Whether the next run is to follow another of those whose names passed from one to another."""
    notes = (note for piece in looked.whole.pieces for note in piece.plan.notes)
    return any("the next run goes on" in note for note in notes)


TestBoth = pytest.mark.timeout(300 + 3 * EXAMPLES)(Both.TestCase)
TestBoth.settings = settings(max_examples=EXAMPLES, stateful_step_count=15)
