"""A group's entry in a directory: its further addresses, where they can be told."""

from __future__ import annotations

from typing import Final

import pytest

from gapps_hooks.model import UNSET, Unset
from gapps_hooks.settings.ldap_presets import PRESETS
from gapps_hooks.sources.ldap_groups import decode_group
from gapps_hooks.sources.ldap_layout import Layout

DN: Final = "cn=staff,dc=example,dc=org"


def layout(preset: str, *aliases: str) -> Layout:
    known = PRESETS[preset]
    taken = {**known.attributes, **({"group_aliases": aliases} if aliases else {})}
    return Layout(
        preset=known,
        user_base="dc=example,dc=org",
        group_base="dc=example,dc=org",
        user_filter="",
        group_filter="",
        taken=taken,
        asked=(),
        decisive=None,
        page_size=500,
    )


def aliases(how: Layout, **values: list[bytes]) -> tuple[str, ...] | Unset:
    name = how.taken["group_name"][0]
    return decode_group(DN, {name: [b"staff"], **values}, how).aliases


@pytest.mark.parametrize("preset", sorted(PRESETS.keys() - {"active-directory"}))
def test_presets_take_aliases_of_groups_from_nowhere(preset: str) -> None:
    assert aliases(layout(preset), mail=[b"staff@example.org", b"us@example.org"]) is UNSET


def test_active_directory_has_them_among_other_addresses() -> None:
    found = aliases(
        layout("active-directory"),
        mail=[b"Staff@example.org"],
        proxyAddresses=[b"SMTP:staff@example.org", b"smtp:Us@example.org", b"x500:/o=staff"],
    )
    assert found == ("us@example.org",)


def test_all_values_but_the_address_are_taken_where_the_settings_say_so() -> None:
    found = aliases(
        layout("rfc2307", "mail", "mailAlternateAddress"),
        mail=[b"us@example.org", b"staff@example.org"],
        mailAlternateAddress=[b"we@example.org", b"us@example.org", b"here"],
    )
    assert found == ("us@example.org", "we@example.org")


def test_a_group_that_shows_its_address_alone_is_known_to_have_no_other() -> None:
    assert aliases(layout("rfc2307", "mail"), mail=[b"staff@example.org"]) == ()


def test_a_group_that_shows_nothing_may_hide_them() -> None:
    assert aliases(layout("active-directory"), mail=[b"staff@example.org"]) is UNSET


@pytest.mark.parametrize("kind", ["groupOfNames", "groupOfUniqueNames", "posixGroup"])
def test_a_group_that_must_have_members_and_shows_none_hides_them(kind: str) -> None:
    bare = {"cn": [b"staff"], "objectClass": [kind.encode()]}
    how = layout("rfc2307bis")
    assert decode_group(DN, bare, how).hidden is (kind != "posixGroup")
    assert not decode_group(DN, {**bare, "member": [b"cn=a,dc=x"]}, how).hidden
