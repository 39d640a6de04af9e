"""Whatever happens on both sides and in between: one reconcile, and both agree."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from organisation import Organisation, close_all
from reconciled import Run, dry, listed, person, planned, reconcile, refusals

from gapps_hooks.model import Kind
from gapps_hooks.outbox import links, subjects

NAMES = ("ann", "bob", "cid", "dot")
SOMEBODY = st.sampled_from(NAMES)
GROUPS = ("red", "blue")
PROTECTED = "boss@example.org"
ADMINISTRATOR = "root2@example.org"
STRANGER = "zoe@example.org"
OUTSIDER = "friend@elsewhere.test"


class Both(RuleBasedStateMachine):
    """An account manager with a few people and groups beside a Google that others use too."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.organisation: Organisation = listed(self.folder, more=f'protected = ["{PROTECTED}"]')
        self.people: dict[str, dict[str, Any]] = {"boss": person("boss")}
        self.groups: dict[str, set[str]] = {"red": set()}
        self.generation = 0
        self.organisation.emulator.seed(
            {
                "users": [
                    {"primaryEmail": PROTECTED},
                    {"primaryEmail": ADMINISTRATOR, "isAdmin": True},
                    {"primaryEmail": STRANGER, "aliases": ["z@example.org"]},
                ],
                "groups": [
                    {
                        "email": "blue@example.org",
                        "members": [{"email": OUTSIDER, "role": "OWNER"}, STRANGER],
                    }
                ],
            }
        )
        self.untouchable = self.seen(PROTECTED, ADMINISTRATOR, STRANGER)
        self.write()

    def teardown(self) -> None:
        close_all()
        shutil.rmtree(self.folder)

    def write(self) -> None:
        groups = [
            {"name": name, "members": sorted(members & self.people.keys())}
            for name, members in self.groups.items()
        ]
        self.organisation.people(*self.people.values(), groups=tuple(groups))

    def seen(self, *addresses: str) -> list[Any]:
        found = [self.organisation.found_user(address) for address in addresses]
        volatile = {"etag", "externalIds"}
        return [{k: v for k, v in (user or {}).items() if k not in volatile} for user in found]

    # --- here --------------------------------------------------------------------------------

    @rule(name=SOMEBODY)
    def comes(self, name: str) -> None:
        if name not in self.people:
            self.generation += 1
            self.people[name] = person(name, id=f"entryUUID:{name}{self.generation}")
            self.write()

    @rule(name=SOMEBODY, text=st.sampled_from(["One", "Two"]), enabled=st.booleans())
    def changes(self, name: str, text: str, enabled: bool) -> None:  # noqa: FBT001 - drawn
        if name in self.people:
            self.people[name] |= {"family_name": text, "enabled": enabled}
            self.write()

    @rule(name=SOMEBODY)
    def leaves(self, name: str) -> None:
        if self.people.pop(name, None) is not None:
            self.write()

    @rule(old=SOMEBODY, new=SOMEBODY)
    def is_renamed(self, old: str, new: str) -> None:
        if old in self.people and new not in self.people:
            self.people[new] = self.people.pop(old) | {"username": new}
            for group, members in self.groups.items():
                self.groups[group] = members ^ {old, new} if old in members else members
            self.write()

    @rule(name=SOMEBODY, group=st.sampled_from(GROUPS))
    def joins_or_leaves(self, name: str, group: str) -> None:
        self.groups.setdefault(group, set())
        self.groups[group] ^= {name}
        self.write()

    @rule(group=st.sampled_from(GROUPS))
    def group_goes(self, group: str) -> None:
        if len(self.groups) > 1 and self.groups.pop(group, None) is not None:
            self.write()

    # --- in between --------------------------------------------------------------------------

    @rule(name=SOMEBODY)
    def a_hook_comes(self, name: str) -> None:
        event = "user-modify" if name in self.people else "user-delete"
        self.organisation.record(event, name)
        self.organisation.drain()

    @rule(group=st.sampled_from(GROUPS))
    def a_group_hook_comes(self, group: str) -> None:
        if group in self.groups:
            self.organisation.record("group-change", group)
            self.organisation.drain()

    @rule(call=st.sampled_from(["users.insert", "users.patch", "members.insert", "groups.insert"]))
    def an_answer_will_be_lost(self, call: str) -> None:
        self.organisation.fail(call=call, fails="lost answer")

    @rule()
    def the_process_is_replaced(self) -> None:
        self.organisation.restart()

    # --- at Google ---------------------------------------------------------------------------

    @rule(name=SOMEBODY)
    def somebody_edits_a_name(self, name: str) -> None:
        state = self.organisation.emulator.state()
        for user in state["users"]:
            if user["primaryEmail"] == f"{name}@example.org":
                user["name"] = {"givenName": "Edited", "familyName": "There"}
        self.organisation.emulator.restore(state)

    @rule(group=st.sampled_from(GROUPS), name=SOMEBODY)
    def somebody_takes_a_member_out(self, group: str, name: str) -> None:
        state = self.organisation.emulator.state()
        for one in state["groups"]:
            if one["email"] == f"{group}@example.org":
                gone = f"{name}@example.org"
                one["members"] = [m for m in one["members"] if m["email"] != gone]
        self.organisation.emulator.restore(state)

    # --- both --------------------------------------------------------------------------------

    @rule()
    def both_are_compared(self) -> None:
        organisation = self.organisation
        organisation.clock.now += 90_000.0
        organisation.settle()
        organisation.emulator.faults.clear()
        run = self.until_nothing_waits()
        looked = dry(organisation)
        assert planned(looked) == {}, (planned(looked), run.lines)
        refused = {key.removeprefix("group:") for key in refusals(looked)} | {
            name for name, status in organisation.left().items() if status != "waiting"
        }
        self.agree(refused)

    def until_nothing_waits(self) -> Run:
        """What one run leaves to delivery is delivered; the bounds are for other tests."""
        run = reconcile(self.organisation, force=True)
        self.organisation.settle()
        return run

    def agree(self, refused: set[str]) -> None:
        for name, account in self.people.items():
            user = self.organisation.found_user(f"{name}@example.org")
            if name in refused | {"boss"}:
                continue
            if not account.get("enabled", True):
                assert user is None or user["suspended"] or not self.is_linked(name), name
                continue
            assert user is not None, name
            if not user["suspended"]:
                assert user["name"]["familyName"] == account["family_name"]
        for group, members in self.groups.items():
            if group in refused:
                continue
            roles = self.organisation.roles(f"{group}@example.org")
            for name in members & self.people.keys() - refused - {"boss"}:
                if self.people[name].get("enabled", True):
                    assert f"{name}@example.org" in roles, (group, name)

    def is_linked(self, name: str) -> bool:
        state = self.organisation.state
        subject = subjects.of_name(state, Kind.USER, name)
        return subject is not None and links.of(state, subject) is not None

    @invariant()
    def nobody_is_touched_who_is_not_ours(self) -> None:
        assert self.seen(PROTECTED, ADMINISTRATOR, STRANGER) == self.untouchable

    @invariant()
    def nothing_is_removed_that_the_rules_keep(self) -> None:
        roles = self.organisation.roles("blue@example.org")
        assert roles[OUTSIDER] == "OWNER"
        assert STRANGER in roles

    @invariant()
    def nothing_is_ever_deleted(self) -> None:
        assert self.organisation.emulator.state()["deletedUsers"] == []


TestBoth = Both.TestCase
TestBoth.settings = settings(
    max_examples=int(os.environ.get("GAPPS_HOOKS_EXAMPLES", "15")),
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
