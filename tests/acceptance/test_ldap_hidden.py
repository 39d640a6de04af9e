"""What an access rule hides from us is not taken for absent."""

from __future__ import annotations

from pathlib import Path

import pytest
from organisation import organise
from slapd import Slapd, ldif, unit
from trees import MAKERS, crowd

from gapps_hooks.model import UNSET, Account
from gapps_hooks.settings import load_settings
from gapps_hooks.sources import open_source


def read(tmp_path: Path, preset: str, attribute: str) -> list[Account]:
    """Read the first by a single look-up and among everybody, with the attribute hidden."""
    tree = MAKERS[preset](crowd(22))
    rule = f'access to attrs={attribute} by dn.exact="cn=sync,{tree.base}" none by * none'
    slapd = Slapd(tmp_path / "s", tree.base, tree.schemas, self_written=rule if attribute else "")
    slapd.fill(tree.entries)
    (tmp_path / "house").mkdir()
    more = "---\n[enabled]\nall = true\n"
    house = organise(tmp_path / "house", source=slapd.source(preset), more=more)
    source = open_source(load_settings(house.folder / "gapps-hooks.toml"))
    assert source is not None
    active = next(one for one in tree.people if one.active)
    with slapd:
        whole = source.snapshot()
        whole.account_names()
        found = [source.account(active.name), whole.account(active.name)]
    return [account for account in found if account is not None]


@pytest.mark.parametrize(
    ("preset", "attribute", "field"),
    [
        ("clearos", "clearMailAliases", "aliases"),
        ("clearos", "mail", "aliases"),
        ("clearos", "clearAccountStatus", "enabled"),
        ("rfc2307bis", "shadowExpire", "enabled"),
        ("freeipa", "nsAccountLock", "enabled"),
        ("active-directory", "userAccountControl", "enabled"),
    ],
)
def test_what_is_hidden_is_not_known(
    tmp_path: Path, preset: str, attribute: str, field: str
) -> None:
    accounts = read(tmp_path, preset, attribute)
    assert [getattr(one, field) for one in accounts] == [UNSET, UNSET]


@pytest.mark.parametrize("preset", ["rfc2307", "rfc2307bis", "clearos", "freeipa"])
def test_where_nothing_is_hidden_the_active_are_active(tmp_path: Path, preset: str) -> None:
    assert [one.enabled for one in read(tmp_path, preset, "")] == [True, True]


GUESTS = "ou=Guests,ou=People,dc=example,dc=org"


def guest(name: str, number: int, **more: str) -> str:
    """An entry of one who is kept below the others."""
    classes = ["inetOrgPerson", "posixAccount", "shadowAccount"]
    return ldif(
        f"uid={name},{GUESTS}",
        {
            "objectClass": classes,
            "uid": name,
            "cn": name,
            "sn": name,
            "uidNumber": str(number),
            "gidNumber": "3000",
            "homeDirectory": f"/home/{name}",
            **more,
        },
    )


@pytest.mark.parametrize("hidden", [True, False])
def test_what_is_hidden_of_some_people_only_is_not_known_of_them(
    tmp_path: Path,
    hidden: bool,  # noqa: FBT001 - a case
) -> None:
    tree = MAKERS["rfc2307bis"](crowd(22))
    reader = f"cn=sync,{tree.base}"
    rule = f'access to dn.subtree="{GUESTS}" attrs=shadowExpire by dn.exact="{reader}" none'
    slapd = Slapd(tmp_path / "s", tree.base, tree.schemas, self_written=rule if hidden else "")
    guests = [guest("open", 9001), guest("locked", 9002, shadowExpire="1")]
    slapd.fill([*tree.entries, unit(GUESTS), *guests])
    (tmp_path / "house").mkdir()
    more = "---\n[enabled]\nall = true\n"
    house = organise(tmp_path / "house", source=slapd.source("rfc2307bis"), more=more)
    source = open_source(load_settings(house.folder / "gapps-hooks.toml"))
    assert source is not None
    active = next(one for one in tree.people if one.active)
    with slapd:
        whole, once = source.snapshot(), source.snapshot()
        whole.account_names()
        for asked in (source, whole, once):
            found = [asked.account(name) for name in (active.name, "open", "locked")]
            enabled = [account.enabled for account in found if account is not None]
            assert enabled == [True, *([UNSET, UNSET] if hidden else [True, False])]
