"""A pure model of Google on which plans are carried out, so that convergence can be said.

It must not know the real delivery: it plans, asks, applies and remembers with nothing but values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from plan_builders import DOMAIN, NOW

from gapps_hooks.deliver.memory import Owner, remember_answer, remember_change, remember_look
from gapps_hooks.model import (
    Change,
    GoogleGroup,
    GoogleMember,
    GoogleUser,
    Link,
    Membership,
    Plan,
    Question,
    Role,
    Verb,
)
from gapps_hooks.plan.gathering import Gathering
from gapps_hooks.plan.group import plan_group
from gapps_hooks.plan.members import memberships_after
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import Rules
from gapps_hooks.plan.user import plan_user


class TakenError(Exception):
    """409: another user, alias or group holds the address."""


@dataclass(kw_only=True)
class PureGoogle:
    """As much of Google as a plan can be carried out on: users, groups, members, requests."""

    users: dict[str, GoogleUser] = field(default_factory=dict)
    groups: dict[str, GoogleGroup] = field(default_factory=dict)
    members: dict[str, dict[str, GoogleMember]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    @classmethod
    def holding(cls, *users: GoogleUser) -> PureGoogle:
        return cls(users={user.id: user for user in users})

    def user(self, key: str) -> GoogleUser | None:
        self.requests.append(f"get {key}")
        known = (one for one in self.users.values() if key in _names(one))
        return next(known, None)

    def group(self, key: str) -> GoogleGroup | None:
        self.requests.append(f"get {key}")
        return next((one for one in self.groups.values() if key in {one.id, one.email}), None)

    def send(self, change: Change, google_id: str) -> GoogleUser | GoogleGroup | None:
        """Carry out one change, as Google would."""
        verb = change.verbs[0]
        if change.verbs == (Verb.ADOPT,) and not change.body:
            return self.users.get(google_id) or self.groups[google_id]
        self.requests.append(f"{verb} {change.address}")
        if verb in {Verb.ADD_ALIAS, Verb.REMOVE_ALIAS}:
            self._alias(verb, google_id, change.body["alias"])
            return None
        if verb in {Verb.ADD_MEMBER, Verb.CHANGE_ROLE, Verb.REMOVE_MEMBER}:
            self._member(verb, google_id, change)
            return None
        if verb is Verb.SET_GROUP_SETTINGS:
            return None
        if verb in {Verb.CREATE_GROUP, Verb.UPDATE_GROUP, Verb.RENAME_GROUP}:
            return self._group(google_id, change)
        return self._patch(google_id, change)

    def _patch(self, google_id: str, change: Change) -> GoogleUser:
        made = GoogleUser(id=f"id-{len(self.users)}-new", primary_email=change.address)
        user = made if Verb.CREATE in change.verbs else self.users[google_id]
        wanted = change.body.get("primaryEmail", user.primary_email)
        others = [one for one in self.users.values() if one.id != user.id]
        if any(wanted in _names(one) for one in others) or self._is_group(wanted):
            raise TakenError(wanted)
        self.users[user.id] = _patched(user, change.body)
        return self.users[user.id]

    def _is_group(self, address: str) -> bool:
        return any(one.email == address for one in self.groups.values())

    def _alias(self, verb: Verb, google_id: str, alias: str) -> None:
        user = self.users[google_id]
        without = tuple(one for one in user.aliases if one != alias)
        aliases = (*without, alias) if verb is Verb.ADD_ALIAS else without
        self.users[google_id] = replace(user, aliases=aliases)

    def _group(self, google_id: str, change: Change) -> GoogleGroup:
        body = change.body
        if not google_id and (self._is_group(body["email"]) or self.user(body["email"])):
            raise TakenError(body["email"])
        fresh = GoogleGroup(id=f"group-{len(self.groups)}", email=body.get("email", ""))
        group = self.groups[google_id] if google_id else fresh
        self.groups[group.id] = replace(group, **body)
        return self.groups[group.id]

    def _member(self, verb: Verb, google_id: str, change: Change) -> None:
        members = self.members.setdefault(google_id, {})
        address = change.body["email"]
        if verb is Verb.REMOVE_MEMBER:
            members.pop(address, None)  # what is gone counts as removed
            return
        role = Role(change.body["role"])
        known = members.get(address, GoogleMember(id=f"member-{address}", email=address))
        members[address] = replace(known, role=role)


def _names(user: GoogleUser) -> set[str]:
    return {user.id, user.primary_email, *user.aliases}


def _patched(user: GoogleUser, body: Mapping[str, Any]) -> GoogleUser:
    name = body.get("name", {})
    address = body.get("primaryEmail", user.primary_email)
    aliases = tuple(one for one in user.aliases if one != address)
    if address != user.primary_email:
        aliases = (*aliases, user.primary_email)
    suspended = body.get("suspended", user.suspended)
    return replace(
        user,
        primary_email=address,
        aliases=aliases,
        given_name=name.get("givenName", user.given_name),
        family_name=name.get("familyName", user.family_name),
        suspended=suspended,
        suspension_reason=(user.suspension_reason or "ADMIN") if suspended else "",
        org_unit_path=body.get("orgUnitPath", user.org_unit_path),
        external_ids=tuple(body.get("externalIds", user.external_ids)),
        phones=tuple(body.get("phones", user.phones)),
    )


# --- carrying plans out --------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of one look at a person."""

    plan: Plan
    link: Link | None
    #: Requests to Google, reads among them.
    requests: tuple[str, ...]


def deliver(google: PureGoogle, who: Person, law: Rules, now: float = NOW) -> Delivery:
    """Plan, ask, plan, carry out and remember, as the delivery does, with nothing but values."""
    before, tries = len(google.requests), 0
    while True:
        who, plan = decide(google, who, law, now)
        try:
            after = _carry_out(google, who, plan, now)
        except TakenError:
            tries += 1
            assert tries == 1, "the same conflict twice"
            who = replace(who, taken=True, asked=False, actual=None)
        else:
            return Delivery(plan=plan, link=after, requests=tuple(google.requests[before:]))


def decide(google: PureGoogle, who: Person, law: Rules, now: float) -> tuple[Person, Plan]:
    for _ in range(2):
        step = plan_user(who, law, now)
        if isinstance(step, Plan):
            return who, step
        who = answered(google, who, step, now)
    step = plan_user(who, law, now)
    assert isinstance(step, Plan), f"asks for ever: {step}"
    return who, step


def answered(google: PureGoogle, who: Person, question: Question, now: float) -> Person:
    actual = google.user(question.key)
    if who.link is not None and actual is not None and actual.id == who.link.google_id:
        who = replace(who, link=remember_look(who.link, actual, now))
    return replace(who, asked=True, actual=actual)


def _target(change: Change, known: Link | None) -> str:
    if {Verb.CREATE, Verb.CREATE_GROUP} & set(change.verbs) or known is None:
        return change.google_id
    return change.google_id or known.google_id


def _carry_out(google: PureGoogle, who: Person, plan: Plan, now: float) -> Link | None:
    owner = Owner(subject=1, name=who.name, identity=who.identity, attempted=who.attempted)
    known = who.link
    if plan.refusals:
        return known
    for change in plan.changes:
        target = _target(change, known)
        answer = google.send(change, target)
        if answer is not None:
            known = remember_change(known, owner, change, answer, now)
        elif known is not None and known.google_id == target:
            known = replace(known, delivered={**known.delivered, **change.delivers})
    if known is None:
        return None
    known = remember_answer(known, owner, plan.confirms, now)
    return replace(known, ended_at=now) if who.account is None else known


# --- groups ---


@dataclass(frozen=True, kw_only=True)
class GroupDelivery:
    """What became of one look at a group."""

    plan: Plan
    link: Link | None
    memberships: tuple[Membership, ...]
    requests: tuple[str, ...]


def deliver_group(
    google: PureGoogle, what: Gathering, law: Rules, now: float = NOW
) -> GroupDelivery:
    before, tries = len(google.requests), 0
    while True:
        what, plan = decide_group(google, what, law, now)
        try:
            after = _carry_out_group(google, what, plan, now)
        except TakenError:
            tries += 1
            assert tries == 1, "the same conflict twice"
            what = replace(what, taken=True)
        else:
            break
    done = {one.body["email"]: None for one in plan.changes if Verb.ADD_MEMBER in one.verbs}
    kept = memberships_after(what, done) if what.members is not None else what.memberships
    return GroupDelivery(
        plan=plan,
        link=after,
        memberships=what.memberships if plan.refusals else kept,
        requests=tuple(google.requests[before:]),
    )


def decide_group(
    google: PureGoogle, what: Gathering, law: Rules, now: float
) -> tuple[Gathering, Plan]:
    for _ in range(3):
        step = plan_group(what, law, now)
        if isinstance(step, Plan):
            return what, step
        if isinstance(step, Question):
            what = replace(what, asked=True, actual=google.group(step.key))
            continue
        google.requests.append(f"members {step.google_id}")
        if step.google_id in google.groups:
            present = tuple(google.members.get(step.google_id, {}).values())
            what = replace(what, present=present)
        else:
            what = replace(what, asked=True, actual=None)
    raise AssertionError(f"asks for ever: {step}")


def _carry_out_group(google: PureGoogle, what: Gathering, plan: Plan, now: float) -> Link | None:
    owner = Owner(subject=2, name=what.name, identity=None, attempted=what.attempted)
    known = what.link
    if plan.refusals:
        return known
    for change in plan.changes:
        target = _target(change, known)
        answer = google.send(change, target)
        if answer is not None:
            known = remember_change(known, owner, change, answer, now)
        elif known is not None:
            known = replace(known, delivered={**known.delivered, **change.delivers})
    return None if known is None else remember_answer(known, owner, plan.confirms, now)


def in_group(*members: GoogleMember) -> PureGoogle:
    """Google with the group staff and these members in it."""
    staff = GoogleGroup(id="group-0", email=f"staff@{DOMAIN}", name="staff")
    return PureGoogle(groups={staff.id: staff}, members={staff.id: _by_address(members)})


def _by_address(members: Iterable[GoogleMember]) -> dict[str, GoogleMember]:
    return {one.email: one for one in members}
