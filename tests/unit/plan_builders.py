"""Small values by which the planners' specifications are written; it knows no planner.

It must not know how plans are carried out: plan_world does.
"""
# ruff: noqa: ANN401 - a builder takes any field of what it builds

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from gapps_hooks.model import (
    Account,
    GoogleMember,
    GoogleUser,
    Group,
    Link,
    Member,
    Membership,
    PasswordHash,
    Plan,
    Role,
    Verb,
)
from gapps_hooks.outbox.digests import keyed_digest
from gapps_hooks.plan.gathering import Gathering, Resolved
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import MARK_TYPE, Rules

NOW = 1_800_000_000.0
DOMAIN = "example.org"
ADMIN = f"admin@{DOMAIN}"
INSTANCE = "0a1b"
SECRET = "$6$salt$NeverToBeShown"
digest = partial(keyed_digest, b"key")


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, UTC)


def rules(**settings: Any) -> Rules:
    return Rules(
        **{
            "domains": (DOMAIN,),
            "admin": ADMIN,
            "instance": INSTANCE,
            "digest": digest,
            **settings,
        }
    )


def password(text: str = SECRET) -> PasswordHash:
    return PasswordHash("crypt", text)


def account(username: str = "alice", **fields: Any) -> Account:
    known = {"given_name": "Alice", "family_name": "Liddell", "enabled": True}
    return Account(username=username, **{**known, **fields})


def person(name: str = "alice", /, **fields: Any) -> Person:
    """Somebody whom the account manager has with Google on, unless the fields say otherwise."""
    known = {"account": account(name), "address": f"{name}@{DOMAIN}", "wished_at": NOW}
    return Person(name=name, **{**known, **fields})


def google_user(name: str = "alice", /, **fields: Any) -> GoogleUser:
    known = {"given_name": "Alice", "family_name": "Liddell"}
    return GoogleUser(id=f"id-{name}", primary_email=f"{name}@{DOMAIN}", **{**known, **fields})


def managed(name: str = "alice", **fields: Any) -> GoogleUser:
    """An account that bears our mark, as those do that we created or adopted."""
    return google_user(name, **{"external_ids": (mark(f"name:{name}"),), **fields})


def mark(owner: str, instance: str = INSTANCE) -> dict[str, str]:
    value = f"{instance}:user:{owner}"
    return {"type": "custom", "customType": MARK_TYPE, "value": value}


def link(name: str = "alice", **fields: Any) -> Link:
    """A person whom we delivered a moment ago, created by us, just as account() has them."""
    known: dict[str, Any] = {
        "google_id": f"id-{name}",
        "address": f"{name}@{DOMAIN}",
        "created": True,
        "confirmed_at": NOW,
        "administrator_checked_at": NOW,
        "delivered": delivered(address=f"{name}@{DOMAIN}"),
    }
    return Link(subject=1, name=name, **{**known, **fields})


def delivered(**values: object) -> dict[str, Any]:
    known = {"givenName": "Alice", "familyName": "Liddell", "enabled": True, **values}
    return {
        key: tuple(sorted(map(digest, value))) if isinstance(value, tuple) else digest(value)
        for key, value in known.items()
    }


def verbs(plan: Plan | object) -> list[Verb]:
    """Everything that a plan does, in order; a question or refusal in its place fails the test."""
    assert isinstance(plan, Plan), f"not decided yet: {plan}"
    assert not plan.refusals, plan.refusals
    return [verb for change in plan.changes for verb in change.verbs]


def refusal(plan: Plan | object) -> str:
    assert isinstance(plan, Plan), f"not decided yet: {plan}"
    assert not plan.changes, plan.changes
    (only,) = plan.refusals
    return only.text


# --- groups --------------------------------------------------------------------------------------


def member(name: str, role: Role = Role.MEMBER, **fields: Any) -> Resolved:
    address = f"{name}@{DOMAIN}"
    known = {"address": address, "google_id": f"member-{address}"}
    return Resolved(reference=name, role=role, **{**known, **fields})


def google_member(name: str, role: Role = Role.MEMBER, **fields: Any) -> GoogleMember:
    address = name if "@" in name else f"{name}@{DOMAIN}"
    return GoogleMember(id=f"member-{address}", email=address, role=role, **fields)


def membership(name: str, role: Role = Role.MEMBER) -> Membership:
    address = f"{name}@{DOMAIN}"
    return Membership(reference=name, role=role, address=address, google_id=f"member-{address}")


def group(*members: Member, **fields: Any) -> Group:
    return Group(**{"name": "staff", "members": members, **fields})


def gathering(*members: Resolved, **fields: Any) -> Gathering:
    """A group of the account manager with these members, unless the fields say otherwise."""
    known: dict[str, Any] = {
        "name": "staff",
        "group": group(*(Member(one.reference, one.role) for one in members)),
        "address": f"staff@{DOMAIN}",
        "members": members,
    }
    return Gathering(**{**known, **fields})


def group_link(**fields: Any) -> Link:
    post = "ALL_IN_DOMAIN_CAN_POST"
    known: dict[str, Any] = {
        "google_id": "group-0",
        "address": f"staff@{DOMAIN}",
        "created": True,
        "confirmed_at": NOW,
        "delivered": {
            "name": digest("staff"),
            "address": digest(f"staff@{DOMAIN}"),
            "whoCanPostMessage": digest(post),
        },
    }
    return Link(subject=2, name="staff", **{**known, **fields})
