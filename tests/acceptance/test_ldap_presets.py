"""Each kind of directory, with its example settings, from a real slapd: people of many scripts."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pytest
from slapd import Slapd, make_certificates
from trees import HASH, MAKERS, Somebody, Tree, crowd

from gapps_hooks.model import Account, Identity, Kind, Role
from gapps_hooks.passwords import from_stored
from gapps_hooks.settings import Settings, load_settings
from gapps_hooks.sources import Source, open_source
from gapps_hooks.sources.enabled import is_enabled
from gapps_hooks.sources.scope import group_in_scope

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
PEOPLE = 264
#: Where each preset's people have their id.
KINDS = {"active-directory": "objectGUID", "freeipa": "ipaUniqueID"}


@dataclass
class Served:
    """A directory that is served, and the settings that read it."""

    tree: Tree
    slapd: Slapd
    settings: Settings

    @cached_property
    def source(self) -> Source:
        """Answers each question anew."""
        source = open_source(self.settings)
        assert source is not None
        return source

    @cached_property
    def whole(self) -> Source:
        """Has read everything."""
        snapshot = self.source.snapshot()
        assert snapshot.account_names().complete, snapshot.account_names().why
        assert snapshot.group_names().complete, snapshot.group_names().why
        return snapshot


@pytest.fixture(scope="module", params=MAKERS)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    tree = MAKERS[request.param](crowd(PEOPLE))
    folder = tmp_path_factory.mktemp(request.param)
    slapd = Slapd(folder=folder / "slapd", base=tree.base, schemas=tree.schemas)
    tree.serve(slapd)
    with slapd:
        yield Served(tree, slapd, load_settings(example(request.param, folder, slapd)))


def example(preset: str, folder: Path, slapd: Slapd) -> Path:
    """Write the example's settings as they are but for the place and the secrets."""
    text = (EXAMPLES / f"ldap-{preset}.toml").read_text()
    uri = slapd.tls_uri if "ldaps://" in text else slapd.uri
    text = re.sub(r'"ldaps?://[^"]*"', f'"{uri}"', text)
    text = re.sub(r'(?m)^bind_dn = "[^"]*"', f'bind_dn = "cn=sync,{slapd.base}"', text)
    text = text.replace("/etc/ipa/ca.crt", "/etc/gapps-hooks/ca.pem")
    if "ldaps://" in text and "ca_file" not in text:
        text = text.replace("[source]", '[source]\nca_file = "/etc/gapps-hooks/ca.pem"')
    path = folder / "gapps-hooks.toml"
    path.write_text(text.replace("/etc/gapps-hooks/", f"{folder}/"))
    path.chmod(0o600)
    shutil.copy(slapd.ca_file, folder / "ca.pem")
    shutil.copy(slapd.password_file, folder / "ldap-password")
    key = {"type": "service_account", "client_email": "a@b", "token_uri": "x", "private_key": "y"}
    (folder / "service-account.json").write_text(json.dumps(key))
    (folder / "service-account.json").chmod(0o600)
    return path


def read(source: Source, one: Somebody) -> Account:
    account = source.account(one.name)
    assert account is not None
    return account


def test_everybody_is_listed_and_nobody_else(served: Served) -> None:
    names = served.source.account_names()
    assert (sorted(names.names), names.why) == (sorted(one.name for one in served.tree.people), "")


def test_everybody_is_listed_over_tls_as_well(served: Served, tmp_path: Path) -> None:
    at = replace(
        served.settings.source,
        uri=served.slapd.tls_uri,
        ca_file=served.slapd.ca_file,
        starttls=False,
    )
    source = open_source(replace(served.settings, source=at))
    assert source is not None
    assert len(source.account_names().names) == PEOPLE
    make_certificates(tmp_path)
    strange = replace(at, ca_file=tmp_path / "ca.pem")
    stranger = open_source(replace(served.settings, source=strange))
    assert stranger is not None
    assert stranger.account_names().names == ()


def test_names_of_every_script_arrive_as_they_are(served: Served) -> None:
    for one in served.tree.people:
        account = read(served.whole, one)
        assert (account.given_name, account.family_name) == (
            " ".join(one.given.split()),
            " ".join(one.family.split()),
        )
        assert account.full_name == " ".join(f"{one.given} {one.family}".split())


def test_single_questions_and_the_whole_directory_give_the_same_answers(served: Served) -> None:
    for one in served.tree.people[::11]:
        assert read(served.source, one) == read(served.whole, one)
        assert served.source.stored_password(one.name) == served.whole.stored_password(one.name)
        assert served.source.groups_with(one.name) == served.whole.groups_with(one.name)
    for name in served.tree.groups:
        assert served.source.group(name) == served.whole.group(name)


def test_who_is_active_and_has_the_option_is_enabled(served: Served) -> None:
    for one in served.tree.people:
        account = read(served.whole, one)
        assert account.enabled is one.active
        assert is_enabled(account, served.settings.enabled) is (one.active and one.google)


def test_groups_have_their_members_and_those_who_are_in_them_otherwise(served: Served) -> None:
    for name, members in served.tree.groups.items():
        group = served.whole.group(name)
        assert group is not None
        assert isinstance(group.members, tuple)
        assert sorted(member.reference for member in group.members) == sorted(members)
        assert group.unsaid_roles == {Role.MANAGER, Role.OWNER}
    assert sorted(served.source.group_names().names) == sorted(served.tree.groups)


def test_a_group_is_kept_at_google_if_it_has_an_address(served: Served) -> None:
    team = served.whole.group("team-1")
    assert team is not None
    assert team.email == "team-1@example.org"
    assert group_in_scope(team, served.settings)


def test_an_id_finds_its_person_and_is_no_name(served: Served) -> None:
    kind = KINDS.get(served.tree.preset, "entryUUID")
    for source in (served.source, served.whole):
        account = read(source, served.tree.people[7])
        assert account.id is not None
        assert (account.id.kind, account.id.lasting) == (kind, True)
        assert source.account_by(account.id) == account
        nobody = Identity(kind, "00000000-0000-0000-0000-000000000000")
        assert source.account_by(nobody) is None
        assert source.account_by(Identity("uid", "2007")) is None


def test_hashes_are_taken_with_the_time_that_they_were_set(served: Served) -> None:
    one = served.tree.people[0]
    stored = served.whole.stored_password(one.name)
    if served.tree.preset == "active-directory":
        assert stored is None
        return
    assert stored is not None
    function = "SHA-1" if served.tree.preset == "clearos" else "crypt"
    assert from_stored(stored.value).function == function
    assert (stored.value == HASH) == (function == "crypt")
    assert stored.changed_at is not None
    assert 1_600_000_000 < stored.changed_at < 1_800_000_000


def test_addresses_are_taken_only_where_people_cannot_write_them(served: Served) -> None:
    one = served.tree.people[0]
    account = read(served.whole, one)
    trusted = {"clearos", "active-directory", "freeipa"}
    if served.tree.preset in trusted:
        assert account.email == f"{one.name}@example.org"
    else:
        assert not account.email
    if served.tree.preset in {"clearos", "active-directory"}:
        assert account.aliases == (f"{one.name}.alias@example.org",)


def test_nobody_is_known_to_be_absent(served: Served) -> None:
    for source in (served.source, served.whole):
        assert source.account("nobody-of-this-name") is None
        assert source.group("no-such-group") is None
        assert source.stored_password("nobody-of-this-name") is None
        assert not source.leaves_out(Kind.USER, "nobody-of-this-name")
        assert source.doubt(Kind.USER, "nobody") == ""


BUILTIN = {
    "rfc2307": (("daemon",), ()),
    "rfc2307bis": ((), ()),
    "clearos": (("winadmin", "nomembers"), ("allusers", "web_plugin", "domain_users")),
    "active-directory": (("Administrator",), ("Domain Users",)),
    "freeipa": ((), ("ipausers",)),
    "nethserver": (("daemon",), ()),
}


def test_what_comes_with_the_directory_is_left_out(served: Served) -> None:
    people, groups = BUILTIN[served.tree.preset]
    for source in (served.source, served.whole):
        for name in people:
            assert source.account(name) is None
            assert source.leaves_out(Kind.USER, name)
        for name in groups:
            assert source.group(name) is None
            assert source.leaves_out(Kind.GROUP, name)


def test_a_name_is_found_in_whatever_case_and_answered_as_it_is_written(served: Served) -> None:
    one = served.tree.people[3]
    for source in (served.source, served.whole):
        account = source.account(one.name.upper())
        assert account is not None
        assert account.username == one.name


def test_a_look_at_everybody_costs_the_pages_and_nothing_more(served: Served) -> None:
    snapshot = served.source.snapshot()
    before = served.slapd.searches()
    names, groups = snapshot.account_names().names, snapshot.group_names().names
    for name in names:
        assert snapshot.account(name) is not None
        snapshot.stored_password(name)
        snapshot.groups_with(name)
    for name in groups:
        assert snapshot.group(name) is not None
    # one page each at 500 a page; counting is a search too
    assert served.slapd.searches() - before <= 3


def test_one_event_reads_a_handful_of_entries(served: Served) -> None:
    snapshot = served.source.snapshot()
    before = served.slapd.searches()
    for _ in range(3):
        snapshot.account(served.tree.people[0].name)
        snapshot.stored_password(served.tree.people[0].name)
    # the server's controls, the person, the groups in levels, the enabling group; and counting
    assert served.slapd.searches() - before <= 7
