"""The preset for Active Directory against a real domain controller, Samba's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from domain_controller import BASE, PASSWORD, DomainController
from trees import Somebody, crowd

from gapps_hooks.model import Kind, Member
from gapps_hooks.settings import (
    EnabledSettings,
    GoogleSettings,
    Settings,
    SourceSettings,
    StateSettings,
)
from gapps_hooks.sources import Source, open_source
from gapps_hooks.sources.enabled import is_enabled
from gapps_hooks.sources.ldap_access import Access
from gapps_hooks.sources.ldap_layout import layout_of
from gapps_hooks.sources.ldap_writing import try_writing

PEOPLE = crowd(24)
PLACE = f"CN=Users,{BASE}"
RULE = EnabledSettings(group="google")


def dn(one: Somebody) -> str:
    return f"CN={one.full},{PLACE}"


def _add(controller: DomainController, one: Somebody) -> None:
    attributes: dict[str, Any] = {
        "objectClass": "user",
        "sAMAccountName": one.name,
        "givenName": one.given,
        "sn": one.family,
        "displayName": f"{one.given} {one.family}",
        "mail": f"{one.name}@example.org",
        "proxyAddresses": [f"SMTP:{one.name}@example.org", f"smtp:{one.name}.alias@example.org"],
        "userAccountControl": "512" if one.active else "514",
        "unicodePwd": f'"{PASSWORD}"'.encode("utf-16-le"),
    }
    controller.add(dn(one), attributes)


def _group(controller: DomainController, name: str, members: list[str]) -> None:
    attributes = {"objectClass": "group", "sAMAccountName": name, "mail": f"{name}@example.org"}
    controller.add(f"CN={name},{PLACE}", attributes | ({"member": members} if members else {}))


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DomainController]:
    with DomainController(tmp_path_factory.mktemp("ad") / "dc") as samba:
        for one in PEOPLE:
            _add(samba, one)
        _group(samba, "inner", [dn(one) for one in PEOPLE if one.google])
        _group(samba, "google", [f"CN=inner,{PLACE}"])
        _group(samba, "primary", [dn(PEOPLE[0])])
        yield samba


def settings_of(controller: DomainController, **more: object) -> Settings:
    keys: dict[str, Any] = {
        "type": "ldap",
        "preset": "active-directory",
        "uri": controller.uri,
        "ca_file": controller.folder / "ca.pem",
        "base": BASE,
        "bind_dn": f"CN=Administrator,{PLACE}",
        "password_file": controller.password_file,
        "page_size": 7,
        **more,
    }
    return Settings(
        path=Path("/etc/gapps-hooks/gapps-hooks.toml"),
        domain="example.org",
        admin="admin@example.org",
        google=GoogleSettings(credentials=Path("/key.json")),
        source=SourceSettings(**keys),
        enabled=RULE,
        state=StateSettings(directory=Path("/state")),
    )


@pytest.fixture(params=["single", "whole"])
def source(controller: DomainController, request: pytest.FixtureRequest) -> Source:
    found = open_source(settings_of(controller))
    assert found is not None
    if request.param == "single":
        return found
    snapshot = found.snapshot()
    snapshot.account_names()
    snapshot.group_names()
    return snapshot


# Making a domain takes some fifteen seconds of a free machine.
pytestmark = pytest.mark.timeout(300)


def test_everybody_is_read_as_they_are(source: Source) -> None:
    names = source.account_names()
    assert (sorted(names.names), names.why) == ([one.name for one in PEOPLE], "")
    for one in PEOPLE:
        account = source.account(one.name)
        assert account is not None
        assert (account.given_name, account.family_name) == (one.given, one.family)
        assert account.email == f"{one.name}@example.org"
        assert account.aliases == (f"{one.name}.alias@example.org",)
        assert is_enabled(account, RULE) is (one.active and one.google)
        assert account.id is not None
        assert account.id.kind == "objectGUID"
        assert source.account_by(account.id) == account
        assert source.stored_password(one.name) is None
    assert source.account("nobody") is None


def test_builtin_people_and_groups_are_left_out(source: Source) -> None:
    for name in ("Administrator", "Guest", "krbtgt"):
        assert source.account(name) is None
        assert source.leaves_out(Kind.USER, name)
    assert source.leaves_out(Kind.GROUP, "Domain Users")
    names = source.group_names()
    assert {"inner", "google", "primary"} <= set(names.names)
    assert "Domain Admins" not in names.names


def test_groups_are_nested_and_have_those_whose_primary_group_they_are(
    controller: DomainController, source: Source
) -> None:
    google = source.group("google")
    assert google is not None
    assert google.members == (Member("group:inner"),)
    found = open_source(settings_of(controller))
    assert found is not None
    controller.modify(
        *(f"dn: {dn(PEOPLE[0])}", "changetype: modify", "replace: primaryGroupID"),
        f"primaryGroupID: {_rid(controller, 'primary')}",
    )
    primary = found.group("primary")
    assert primary is not None
    assert primary.members == (Member(PEOPLE[0].name),)
    account = found.account(PEOPLE[0].name)
    assert account is not None
    assert isinstance(account.groups, tuple)
    assert "primary" in account.groups


def _rid(controller: DomainController, group: str) -> str:
    asked = (f"(sAMAccountName={group})", "primaryGroupToken")
    done = controller.ldap("ldapsearch", "-LLL", "-b", BASE, *asked)
    return done.stdout.decode().rpartition("primaryGroupToken: ")[2].split()[0]


def test_people_cannot_write_what_is_taken(controller: DomainController) -> None:
    one = PEOPLE[1]
    layout = layout_of(settings_of(controller))
    access = Access(
        uri=controller.uri,
        ca_file=controller.folder / "ca.pem",
        bind_dn=dn(one),
        password_file=controller.password_file,
    )
    tried = {one.attribute: one for one in try_writing(access, layout, f"CN=google,{PLACE}")}
    for attribute in ("mail", "proxyAddresses", "sAMAccountName", "userAccountControl"):
        assert tried[attribute].writable is False, tried[attribute]
    assert tried[f"member of CN=google,{PLACE}"].writable is False
