"""What is concluded from a directory that cannot be read, or not wholly: nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from scripted_directory import ScriptedDirectory
from slapd import Slapd, ldif, make_certificates, unit
from trees import Tree, active_directory, clearos, crowd, rfc2307bis
from wire import Wire

from gapps_hooks.errors import SourceUnreadable
from gapps_hooks.model import UNSET, Account, Identity, Member
from gapps_hooks.settings import (
    AttributeSettings,
    EnabledSettings,
    GoogleSettings,
    Settings,
    SourceSettings,
    StateSettings,
)
from gapps_hooks.sources import Names, Source, open_source
from gapps_hooks.sources.enabled import is_enabled

PEOPLE = 44
ALL = EnabledSettings(all=True)

Serve = Callable[..., Slapd]


@pytest.fixture(scope="module")
def tree() -> Tree:
    return rfc2307bis(crowd(PEOPLE))


@pytest.fixture
def serve(tmp_path: Path, tree: Tree) -> Iterator[Serve]:
    """Serves the tree, with further entries and lines of configuration."""
    servers: list[Slapd] = []

    def start(*entries: str, of: Tree | None = None, database: str = "", access: str = "") -> Slapd:
        content = of or tree
        slapd = Slapd(
            tmp_path / "slapd",
            content.base,
            content.schemas,
            database=database,
            self_written=access,
        )
        slapd.fill([*content.entries, *entries])
        servers.append(slapd)
        slapd.start()
        return slapd

    yield start
    for slapd in servers:
        slapd.stop()


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory, tree: Tree) -> Iterator[Slapd]:
    """The tree, served without any trouble."""
    fine = Slapd(tmp_path_factory.mktemp("fine") / "slapd", tree.base)
    fine.fill(tree.entries)
    with fine:
        yield fine


def source_of(slapd: Slapd, enabled: EnabledSettings = ALL, **more: Any) -> Source:  # noqa: ANN401 - a setting
    keys: dict[str, Any] = {
        "type": "ldap",
        "uri": slapd.uri,
        "preset": "rfc2307bis",
        "base": slapd.base,
        "bind_dn": f"cn=sync,{slapd.base}",
        "password_file": slapd.password_file,
    }
    source = open_source(
        Settings(
            path=Path("/etc/gapps-hooks/gapps-hooks.toml"),
            domain="example.org",
            admin="admin@example.org",
            google=GoogleSettings(credentials=Path("/key.json")),
            source=SourceSettings(**{**keys, **more}),
            enabled=enabled,
            state=StateSettings(directory=Path("/state")),
        )
    )
    assert source is not None
    return source


def why_unreadable(question: Callable[[], object]) -> str:
    with pytest.raises(SourceUnreadable) as caught:
        question()
    return str(caught.value)


def person(source: Source, name: str) -> Account:
    account = source.account(name)
    assert account is not None
    return account


def hide(what: str, slapd_base: str = "dc=example,dc=org") -> str:
    return f'access to {what} by dn.exact="cn=sync,{slapd_base}" none by * none'


# --- limits and parts elsewhere -------------------------------------------------------------------


def test_whoever_is_beyond_the_size_limit_is_not_gone(serve: Serve) -> None:
    slapd = serve(database='limits dn.exact="cn=sync,dc=example,dc=org" size=20')
    source = source_of(slapd, page_size=7)
    names = source.account_names()
    assert not names.complete
    assert "size limit" in names.why
    assert "olcLimits" in names.why
    assert 0 < len(names.names) <= 20
    snapshot = source.snapshot()
    snapshot.account_names()
    assert person(snapshot, "user0043").username == "user0043"
    assert snapshot.account("user9999") is None


def test_members_beyond_the_size_limit_stay_members(serve: Serve) -> None:
    slapd = serve(database='limits dn.exact="cn=sync,dc=example,dc=org" size=20')
    snapshot = source_of(slapd, page_size=7).snapshot()
    assert not snapshot.account_names().complete
    group = snapshot.group("team-1")
    assert group is not None
    assert isinstance(group.members, tuple)
    assert len(group.members) == len(range(1, PEOPLE, 7))


def test_a_part_on_another_server_hides_nobody(serve: Serve, tree: Tree) -> None:
    place = f"ou=branch,ou=People,{tree.base}"
    classes = ["referral", "extensibleObject"]
    away = f"ldap://elsewhere.example.org/{place}"
    slapd = serve(ldif(place, {"objectClass": classes, "ou": "branch", "ref": away}))
    source = source_of(slapd)
    names = source.account_names()
    assert (len(names.names), names.complete) == (PEOPLE, False)
    assert "elsewhere.example.org" in names.why
    assert not person(source, "user0001").groups_complete
    assert "is on another server" in why_unreadable(lambda: source.account("user9999"))


def test_another_server_that_is_pointed_to_is_not_asked(serve: Serve, tree: Tree) -> None:
    place = f"ou=branch,ou=People,{tree.base}"
    entry = {"objectClass": ["referral", "extensibleObject"], "ou": "branch"}
    with ScriptedDirectory(lambda _: (["stranger"], b"")) as elsewhere:
        slapd = serve(ldif(place, {**entry, "ref": f"{elsewhere.uri}/{place}"}))
        names = source_of(slapd).account_names()
        assert (elsewhere.pages, "stranger" in names.names) == (0, False)
    assert f"is on another server ({elsewhere.uri}" in names.why


def test_an_alias_entry_brings_nobody_from_outside_the_base(serve: Serve, tree: Tree) -> None:
    place = f"ou=Elsewhere,{tree.base}"
    stranger = {
        "objectClass": ["inetOrgPerson", "posixAccount"],
        **dict.fromkeys(("uid", "cn", "sn"), "stranger"),
        **dict.fromkeys(("uidNumber", "gidNumber"), "9001"),
        "homeDirectory": "/home/stranger",
    }
    alias = {
        "objectClass": ["alias", "extensibleObject"],
        "uid": "stranger",
        "aliasedObjectName": f"uid=stranger,{place}",
    }
    slapd = serve(
        unit(place),
        ldif(f"uid=stranger,{place}", stranger),
        ldif(f"uid=stranger,ou=People,{tree.base}", alias),
    )
    names = source_of(slapd, user_base=f"ou=People,{tree.base}").account_names()
    assert (len(names.names), names.complete) == (PEOPLE, True)


# --- what is hidden from us -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hidden", "sentence"),
    [
        ('dn.subtree="ou=People,dc=example,dc=org"', "no people can be seen below"),
        ('dn.children="ou=People,dc=example,dc=org"', "no people can be seen below"),
        ("attrs=uid", "no people can be seen below"),
        ("attrs=objectClass", "no people can be seen below"),
        ("attrs=entryUUID", "has no entryUUID that we may read"),
        ('dn.subtree="dc=example,dc=org"', "hides it from us"),
    ],
)
def test_people_who_are_hidden_are_not_gone(serve: Serve, hidden: str, sentence: str) -> None:
    if hidden == "attrs=uid":
        sentence = "has no uid that we may read"
    source = source_of(serve(access=hide(hidden)))
    names = source.account_names()
    assert not names.complete
    assert sentence in names.why
    if hidden not in {"attrs=uid", "attrs=entryUUID"}:
        assert sentence in why_unreadable(lambda: source.account("user9999"))
        assert sentence in why_unreadable(lambda: source.account("user0001"))


def test_a_base_that_is_not_there_is_named(slapd: Slapd) -> None:
    source = source_of(slapd, user_base="ou=Nowhere,dc=example,dc=org")
    sentence = why_unreadable(lambda: source.account("user0001"))
    assert "ou=Nowhere,dc=example,dc=org" in sentence
    assert "source.base" in sentence
    assert not source.account_names().complete


def test_a_filter_that_finds_nobody_suspends_nobody(slapd: Slapd) -> None:
    source = source_of(slapd, user_filter="(objectClass=sambaSamAccount)")
    names = source.account_names()
    assert (names.names, names.complete) == ((), False)
    assert "no people can be seen" in why_unreadable(lambda: source.account("user0001"))


def test_an_enabling_group_that_is_not_seen_takes_nobody_out(slapd: Slapd, serve: Serve) -> None:
    rule = EnabledSettings(group="no such group")
    assert not is_enabled(person(source_of(slapd, rule), "user0001"), rule)
    assert is_enabled(person(source_of(slapd, rule), "user0001"), rule) is not False
    hidden = source_of(serve(access=hide("attrs=member")), rule := EnabledSettings(group="inner"))
    for source in (hidden, whole(hidden)):
        account = person(source, "user0001")
        assert not account.groups_complete
        assert is_enabled(account, rule) is not False
    assert "are hidden from us" in why_unreadable(lambda: hidden.group("inner"))


def whole(source: Source) -> Source:
    """Everything read at once."""
    snapshot = source.snapshot()
    snapshot.account_names()
    snapshot.group_names()
    return snapshot


def test_members_that_no_group_shows_are_still_members(serve: Serve) -> None:
    tree = active_directory(crowd(22))
    rule = EnabledSettings(group="inner")
    source = source_of(
        serve(of=tree, access=hide("attrs=member", tree.base)), rule, preset="active-directory"
    )
    for asked in (source, whole(source)):
        assert is_enabled(person(asked, "user0001"), rule) is not False
        assert "are hidden from us" in why_unreadable(partial(asked.group, "inner"))


def test_an_empty_group_beside_others_is_empty(serve: Serve) -> None:
    tree = active_directory(crowd(22))
    rule = EnabledSettings(group="empty")
    entry = {"objectClass": "group", "cn": "empty", "sAMAccountName": "empty"}
    source = source_of(
        serve(ldif(f"cn=empty,cn=Users,{tree.base}", entry), of=tree),
        rule,
        preset="active-directory",
    )
    for asked in (source, whole(source)):
        assert is_enabled(person(asked, "user0001"), rule) is False
        empty = asked.group("empty")
        assert empty is not None
        assert empty.members == ()


def test_groups_that_are_in_each_other_have_an_end(serve: Serve, tree: Tree) -> None:
    place, people = f"ou=Groups,{tree.base}", f"ou=People,{tree.base}"
    members = {
        "first": [f"cn=third,{place}", f"uid=user0001,{people}"],
        "second": [f"cn=first,{place}"],
        "third": [f"cn=second,{place}", f"cn=third,{place}"],
    }
    slapd = serve(
        *(
            ldif(f"cn={name},{place}", {"objectClass": "groupOfNames", "cn": name, "member": dns})
            for name, dns in members.items()
        )
    )
    source = source_of(slapd, EnabledSettings(group="third"))
    for asked in (source, whole(source)):
        groups = person(asked, "user0001").groups
        assert isinstance(groups, tuple)
        assert members.keys() <= set(groups)
        third = asked.group("third")
        assert third is not None
        assert third.members == (Member("group:second"), Member("group:third"))


def test_a_flag_that_nobody_shows_takes_nobody_out(serve: Serve) -> None:
    tree = clearos(crowd(22))
    hidden = hide("attrs=clearGoogleAppsState", tree.base)
    rule = EnabledSettings(attribute="clearGoogleAppsState")
    source = source_of(serve(of=tree, access=hidden), rule, preset="clearos")
    for asked in (source, whole(source)):
        assert is_enabled(person(asked, "user0001"), rule) is not False


@pytest.mark.parametrize("name", ["rfc822Mailbox", "0.9.2342.19200300.100.1.3"])
def test_what_the_server_answers_under_another_name_is_not_known(serve: Serve, name: str) -> None:
    tree = clearos(crowd(22))
    rule = EnabledSettings(attribute=name, value="user0001@example.org")
    attributes = AttributeSettings(email=(name,))
    source = source_of(serve(of=tree), rule, preset="clearos", attributes=attributes)
    for asked in (source, whole(source)):
        account = person(asked, "user0001")
        assert is_enabled(account, rule) is UNSET
        assert (account.email, account.aliases) == (UNSET, UNSET)


def test_two_people_of_one_name_are_nobody_until_they_are_told_apart(
    serve: Serve, tree: Tree
) -> None:
    entry = {
        "objectClass": ["inetOrgPerson", "posixAccount"],
        "uid": "user0001",
        "cn": "Another",
        "sn": "Another",
        "uidNumber": "9001",
        "gidNumber": "9001",
        "homeDirectory": "/home/another",
    }
    slapd = serve(ldif(f"cn=Another,ou=People,{tree.base}", entry))
    source = source_of(slapd)
    for asked in (source, source.snapshot()):
        names = asked.account_names()
        assert not names.complete
        assert "user0001 is the name of" in names.why
        assert "tell them apart" in why_unreadable(partial(asked.account, "user0001"))
        assert person(asked, "user0002")


# --- the way there --------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["starttls", "ldaps", "ldapi"])
def test_every_way_to_the_server_works(slapd: Slapd, way: str) -> None:
    ways: dict[str, dict[str, Any]] = {
        "starttls": {"starttls": True, "ca_file": slapd.ca_file},
        "ldaps": {"uri": slapd.tls_uri, "ca_file": slapd.ca_file},
        "ldapi": {
            "uri": slapd.socket_uri,
            "sasl": "external",
            "bind_dn": None,
            "password_file": None,
        },
    }
    source = source_of(slapd, **ways[way])
    assert source.account_names().complete
    assert source.stored_password("user0001") is not None


def test_nobody_sees_the_hashes_without_signing_in(slapd: Slapd) -> None:
    source = source_of(slapd, bind_dn=None, password_file=None)
    assert person(source, "user0001")
    assert source.stored_password("user0001") is None


@pytest.mark.parametrize("way", ["starttls", "ldaps"])
@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_server_that_cannot_prove_who_it_is_is_told_nothing(
    serve: Serve, tmp_path: Path, way: str, wrong: str
) -> None:
    slapd = serve()
    slapd.stop()
    if wrong == "name":
        make_certificates(slapd.folder, "elsewhere.example.org")
    slapd.start()
    (tmp_path / "other").mkdir()
    make_certificates(tmp_path / "other")
    believed = slapd.ca_file if wrong == "name" else tmp_path / "other" / "ca.pem"
    more: dict[str, Any] = {"ca_file": believed}
    more |= {"starttls": True} if way == "starttls" else {"uri": slapd.tls_uri}
    sentence = why_unreadable(lambda: source_of(slapd, **more).account("user0001"))
    assert "does not prove by its certificate that it is that server" in sentence
    assert "source.ca_file" in sentence
    assert person(source_of(slapd, **more, verify=False), "user0001")


@pytest.mark.parametrize("verify", [True, False])
def test_certificates_that_cannot_be_read_are_named(
    slapd: Slapd,
    tmp_path: Path,
    verify: bool,  # noqa: FBT001 - a case
) -> None:
    for file in (tmp_path / "nowhere.pem", tmp_path / "broken.pem"):
        source = source_of(slapd, starttls=True, ca_file=file, verify=verify)
        names = source.account_names()
        assert (names.names, names.complete) == ((), False)
        assert f"{file} has no certificates (PEM) that we can read" in names.why
        (tmp_path / "broken.pem").write_text(
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        )


def test_a_directory_of_the_systems_certificates_is_believed_where_there_is_no_file(
    slapd: Slapd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ca.pem").write_bytes(slapd.ca_file.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert person(source_of(slapd, uri=slapd.tls_uri), "user0001")


@pytest.mark.parametrize("way", ["ldap", "starttls", "ldaps"])
def test_a_server_that_never_answers_is_waited_for_within_bounds(slapd: Slapd, way: str) -> None:
    with Wire(None) as silence:
        scheme = "ldaps" if way == "ldaps" else "ldap"
        uri = f"{scheme}://127.0.0.1:{silence.port}"
        source = source_of(slapd, uri=uri, starttls=way == "starttls", timeout=0.5)
        began = time.monotonic()
        sentence = why_unreadable(lambda: source.account("user0001"))
        assert time.monotonic() - began < 10
    assert uri in sentence


def test_a_server_that_is_silent_once_it_has_agreed_to_encrypt_is_waited_for_within_bounds(
    slapd: Slapd,
) -> None:
    # what slapd itself answers to StartTLS, with no handshake to follow
    agreed = bytes.fromhex("300c02010178070a010004000400")
    with Wire(None, greeting=agreed) as silence:
        source = source_of(
            slapd, uri=f"ldap://127.0.0.1:{silence.port}", starttls=True, timeout=0.5
        )
        began = time.monotonic()
        sentence = why_unreadable(lambda: source.account("user0001"))
        assert time.monotonic() - began < 10
    assert "did not answer in time" in sentence


def test_nobody_there_and_a_wrong_password_are_told_with_their_remedy(
    slapd: Slapd, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    gone = source_of(slapd, uri=f"ldap://127.0.0.1:{closed}")
    assert "cannot be reached" in why_unreadable(lambda: gone.account("user0001"))
    assert "cannot be reached" in gone.account_names().why
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong secret\n")
    wrong.chmod(0o600)
    sentence = why_unreadable(lambda: source_of(slapd, password_file=wrong).account("user0001"))
    assert "source.password_file" in sentence
    assert "wrong secret" not in sentence


def test_a_password_file_that_others_may_read_is_not_used(slapd: Slapd, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(slapd.password_file.read_bytes())
    file.chmod(0o640)
    source = source_of(slapd, password_file=file)
    assert "keep it private" in why_unreadable(lambda: source.account("user0001"))
    file.chmod(0o600)
    for nothing in ("", "\n"):  # which a server would take for anonymous
        (tmp_path / "empty").write_text(nothing)
        (tmp_path / "empty").chmod(0o600)
        unsigned = source_of(slapd, password_file=tmp_path / "empty")
        assert "is empty" in why_unreadable(partial(unsigned.account, "user0001"))
    assert person(source, "user0001")
    file.unlink()
    assert person(source, "user0001"), "it is signed in already"


# --- connections that break -----------------------------------------------------------------------


@pytest.mark.parametrize("hold", [False, True])
def test_a_connection_that_is_lost_in_the_middle_hides_nobody(slapd: Slapd, hold: bool) -> None:  # noqa: FBT001 - a case
    with Wire(slapd.port, most=12_000, hold=hold) as wire:
        source = source_of(slapd, uri=f"ldap://127.0.0.1:{wire.port}", page_size=5, timeout=1.0)
        names = source.account_names()
    assert not names.complete
    assert 0 < len(names.names) < PEOPLE
    assert "did not answer in time" in names.why if hold else "cannot be reached" in names.why


def test_a_server_that_was_started_anew_is_asked_again(serve: Serve) -> None:
    slapd = serve()
    source = source_of(slapd)
    assert person(source, "user0001")
    slapd.stop()
    assert "cannot be reached" in why_unreadable(lambda: source.account("user0001"))
    slapd.start()
    assert person(source, "user0001")
    slapd.stop()
    slapd.start()
    assert person(source, "user0001"), "the idle connection was lost without anybody's noticing"
    assert source.account_names().complete


@pytest.mark.parametrize("whose", ["the source's", "a snapshot's"])
def test_another_thread_cuts_a_question_short(slapd: Slapd, whose: str) -> None:
    with Wire(slapd.port, most=2_000, hold=True) as wire:
        source = source_of(slapd, uri=f"ldap://127.0.0.1:{wire.port}", timeout=60.0)
        asked = source if whose == "the source's" else source.snapshot()
        answers: list[Names] = []
        thread = threading.Thread(target=lambda: answers.append(asked.account_names()))
        thread.start()
        assert wire.held.wait(30)
        source.cut_short()
        thread.join(30)
        assert not thread.is_alive()
        assert not answers[0].complete
        assert "was left" in answers[0].why
        assert "was left" in why_unreadable(lambda: source.account("user0001"))


def test_several_threads_ask_one_source(slapd: Slapd) -> None:
    source = source_of(slapd, page_size=3)
    complete: list[bool] = []

    def ask() -> None:
        complete.append(source.account_names().complete)
        complete.append(source.account("user0001") is not None)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert complete == [True] * 8


def test_a_failure_that_somebody_keeps_does_not_keep_others_from_asking(
    serve: Serve, tree: Tree
) -> None:
    place = f"ou=branch,ou=People,{tree.base}"
    entry = {"objectClass": ["referral", "extensibleObject"], "ou": "branch"}
    club = {"objectClass": ["organizationalRole", "posixGroup"], "gidNumber": "4100"}
    slapd = serve(
        ldif(place, {**entry, "ref": f"ldap://elsewhere.example.org/{place}"}),
        ldif(f"cn=club,ou=Groups,{tree.base}", {**club, "cn": "club", "memberUid": "gone"}),
    )
    source = source_of(slapd, user_base=f"ou=People,{tree.base}", page_size=5)
    with pytest.raises(SourceUnreadable) as kept:
        source.group("club")  # looks for those whose primary group it is
    thread = threading.Thread(target=lambda: source.account("user0001"), daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), kept.value


# --- settings that change the layout --------------------------------------------------------------


def test_every_field_can_be_taken_from_elsewhere(slapd: Slapd) -> None:
    attributes = AttributeSettings(
        id=("uidNumber",),
        given_name=("sn",),
        email=("uid",),
        aliases=("cn", "displayName"),
        employee_id=("homeDirectory",),
        phones=("gidNumber",),
        org_unit=("homeDirectory",),
    )
    account = person(source_of(slapd, attributes=attributes), "user0001")
    assert account.id == Identity("uid", "2001")
    assert account.given_name == account.family_name
    assert account.email == "user0001"
    assert account.phones == ("3000",)
    assert account.org_unit == account.employee_id == "/home/user0001"


def test_the_rule_and_the_policy_see_further_attributes(slapd: Slapd) -> None:
    rule = EnabledSettings(attribute="gidNumber", value="3000")
    source = source_of(slapd, rule, more_attributes=("objectClass", "title"))
    account = person(source, "user0001")
    assert is_enabled(account, rule) is True
    assert account.attributes["gidNumber"] == "3000"
    assert "posixAccount" in account.attributes["objectClass"]
    assert "title" not in account.attributes, "nobody shows one, so nothing is known of it"


def test_a_change_is_seen_at_once(serve: Serve, tree: Tree) -> None:
    slapd = serve()
    source = source_of(slapd)
    before = person(source, "user0002")
    dn = f"uid=user0002,ou=People,{tree.base}"
    slapd.modify(f"dn: {dn}", "changetype: modrdn", "newrdn: uid=renamed", "deleteoldrdn: 1")
    assert source.account("user0002") is None
    assert before.id is not None
    renamed = source.account_by(before.id)
    assert renamed == replace(before, username="renamed", groups=renamed.groups if renamed else ())


def test_a_password_of_any_bytes_hides_nobody(serve: Serve, tree: Tree) -> None:
    slapd = serve()
    dn = f"uid=user0002,ou=People,{tree.base}"
    slapd.modify(f"dn: {dn}", "changetype: modify", "add: userPassword", "userPassword:: /wD+")
    source = source_of(slapd)
    assert source.account_names().complete
    assert source.stored_password("user0002") is not None


def test_a_page_is_not_asked_for_on_another_connection(slapd: Slapd) -> None:
    with Wire(slapd.port, most=12_000) as wire:
        source = source_of(slapd, uri=f"ldap://127.0.0.1:{wire.port}", page_size=5)
        assert person(source, "user0001")
        wire.forgive()
        names = source.account_names()
    assert not names.complete
    assert len(set(names.names)) == len(names.names)
