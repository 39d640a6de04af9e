"""An organisation that was synchronised long ago: both sides written down without sending anything.

It must not know what is measured with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from gapps_hooks.model import Account, Identity, Kind, Link, Membership
from gapps_hooks.outbox import State, links, memberships, open_state, subjects
from gapps_hooks.plan.creation import remember_state
from gapps_hooks.plan.person import Person
from gapps_hooks.plan.rules import Rules, make_mark
from gapps_hooks.settings import load_settings
from gapps_hooks.wiring import make_rules

DOMAIN: Final = "example.org"
_SETTINGS: Final = """\
domain = "{domain}"
admin = "admin@{domain}"
[google]
credentials = "{folder}/key.json"
api_endpoint = "{url}"
[source]
type = "json"
file = "{folder}/accounts.json"
max_bytes = 200000000
[enabled]
all = true
[state]
directory = "{folder}/state"
"""
_LONG_AGO: Final = 1_700_000_000.0


@dataclass(frozen=True, slots=True)
class Size:
    """How large an organisation is."""

    people: int
    groups: int = 0
    members: int = 0


def write_source(folder: Path, size: Size) -> None:
    """Write what the account manager has."""
    listing = {
        "users": [_user(number) for number in range(size.people)],
        "groups": [
            {"name": f"group{number}", "members": [name_of(one) for one in _members(number, size)]}
            for number in range(size.groups)
        ],
    }
    (folder / "accounts.json").write_text(json.dumps(listing))


def write_settings(folder: Path, url: str) -> Path:
    """Write the settings of an installation that talks to this emulator."""
    path = folder / "gapps-hooks.toml"
    path.touch(mode=0o600)
    path.write_text(_SETTINGS.format(domain=DOMAIN, folder=folder, url=url))
    (folder / "key.json").touch(mode=0o600)
    return path


def remember_all(folder: Path, settings: Path, size: Size) -> Path:
    """Fill the state as after a synchronisation; return the seed of a Google that fits it."""
    loaded = load_settings(settings)
    with open_state(folder / "state", domain=DOMAIN) as state:
        rules = make_rules(loaded, state)
        with state.transaction():
            users = [_remember_user(state, rules, number) for number in range(size.people)]
            groups = [_remember_group(state, rules, number, size) for number in range(size.groups)]
    seed = folder / "seed.json"
    seed.write_text(json.dumps({"users": users, "groups": groups}))
    return seed


def _remember_user(state: State, rules: Rules, number: int) -> dict[str, Any]:
    listed = _user(number)
    identity = Identity.parse(listed["id"])
    account = Account(
        username=listed["username"],
        given_name=listed["given_name"],
        family_name=listed["family_name"],
        enabled=True,
        id=identity,
    )
    address = f"{account.username}@{DOMAIN}"
    person = Person(name=account.username, account=account, address=address, identity=identity)
    link = Link(
        subject=subjects.create(state, Kind.USER, account.username),
        google_id=_google_id(number),
        address=address,
        name=account.username,
        identity=identity,
        delivered=remember_state(person, rules),
        created=True,
        created_at=_LONG_AGO,
        confirmed_at=_LONG_AGO,
        administrator_checked_at=_LONG_AGO,
    )
    links.save(state, link)
    return {
        "id": link.google_id,
        "primaryEmail": address,
        "name": {"givenName": listed["given_name"], "familyName": listed["family_name"]},
        "externalIds": [dict(make_mark(rules, account.username, identity))],
    }


def _remember_group(state: State, rules: Rules, number: int, size: Size) -> dict[str, Any]:
    name = f"group{number}"
    address = f"{name}@{DOMAIN}"
    delivered = {"name": name, "address": address, "whoCanPostMessage": "ALL_IN_DOMAIN_CAN_POST"}
    link = Link(
        subject=subjects.create(state, Kind.GROUP, name),
        google_id=f"0{number:014d}",
        address=address,
        name=name,
        delivered={key: rules.digest(value) for key, value in delivered.items()},
        created=True,
        created_at=_LONG_AGO,
        confirmed_at=_LONG_AGO,
    )
    links.save(state, link)
    inside = tuple(_members(number, size))
    one = Membership(reference="")
    memberships.replace(
        state,
        link.subject,
        [
            replace(
                one,
                reference=name_of(at),
                address=f"{name_of(at)}@{DOMAIN}",
                google_id=_google_id(at),
            )
            for at in inside
        ],
    )
    members = [f"{name_of(at)}@{DOMAIN}" for at in inside]
    return {"id": link.google_id, "email": address, "name": name, "members": members}


def _members(group: int, size: Size) -> Iterable[int]:
    return ((group * size.members + at) % size.people for at in range(size.members))


def name_of(number: int) -> str:
    """Say how the account manager calls one of the people."""
    return f"person{number:06d}"


def _google_id(number: int) -> str:
    return str(10**20 + number)


def _user(number: int) -> dict[str, Any]:
    return {
        "username": name_of(number),
        "given_name": f"Given{number}",
        "family_name": f"Family{number}",
        "id": f"entryUUID:{number:08d}-0000-4000-8000-000000000000",
    }
