"""Which local groups are kept at Google."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from gapps_hooks.model import Group
from gapps_hooks.settings import (
    EnabledSettings,
    GoogleSettings,
    GroupsSettings,
    Settings,
    SourceSettings,
    StateSettings,
)
from gapps_hooks.sources.scope import group_in_scope

Which = Literal["none", "all"] | tuple[str, ...] | None


def kept(name: str, source: Literal["nss", "json", "none"], which: Which) -> bool:
    settings = Settings(
        path=Path("/etc/gapps-hooks/gapps-hooks.toml"),
        domain="example.org",
        admin="admin@example.org",
        google=GoogleSettings(credentials=Path("/key.json")),
        source=SourceSettings(type=source, file=Path("/list.json") if source == "json" else None),
        enabled=EnabledSettings(all=True),
        groups=GroupsSettings() if which is None else GroupsSettings(which=which),
        state=StateSettings(directory=Path("/state")),
    )
    return group_in_scope(Group(name=name), settings)


def test_unset_keeps_no_group_of_the_system_and_every_listed_or_announced_one() -> None:
    assert not kept("staff", "nss", None)
    assert kept("staff", "json", None)
    assert kept("staff", "none", None)


def test_unset_keeps_the_groups_of_a_directory_that_have_an_address() -> None:
    settings = Settings(
        path=Path("/etc/gapps-hooks/gapps-hooks.toml"),
        domain="example.org",
        admin="admin@example.org",
        google=GoogleSettings(credentials=Path("/key.json")),
        source=SourceSettings(type="ldap", preset="rfc2307", uri="ldapi://", base="dc=x"),
        enabled=EnabledSettings(all=True),
        state=StateSettings(directory=Path("/state")),
    )
    assert group_in_scope(Group(name="staff", email="staff@example.org"), settings)
    assert not group_in_scope(Group(name="staff", email=None), settings)
    assert not group_in_scope(Group(name="staff"), settings)


@pytest.mark.parametrize("source", ["nss", "json", "none"])
def test_what_is_set_holds_for_every_source(source: Literal["nss", "json", "none"]) -> None:
    assert kept("staff", source, "all")
    assert not kept("staff", source, "none")
    assert kept("team-a", source, ("staff", "team-*"))
    assert not kept("Team-a", source, ("staff", "team-*"))
