"""What ``gapps-hooks check`` says of a directory, and that it changes nothing there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from organisation import Organisation, organise
from slapd import Slapd
from trees import MAKERS, crowd

from gapps_hooks.cli.program import program
from gapps_hooks.examination import examine
from gapps_hooks.finding import Finding

PASSWORD = "bob's own secret"


def served(tmp_path: Path, preset: str, rules: str = "") -> Slapd:
    tree = MAKERS[preset](crowd(22))
    slapd = Slapd(tmp_path / "slapd", tree.base, tree.schemas, self_written=rules)
    slapd.fill(tree.entries)
    (tmp_path / "bob").write_text(PASSWORD)
    (tmp_path / "bob").chmod(0o600)
    return slapd


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[tuple[Organisation, Slapd]]:
    """ClearOS as it comes: everybody may write nearly all of their own entry."""
    rules = (
        "access to attrs=mail,uid,objectClass,entry by * read\naccess to * by self write by * read"
    )
    slapd = served(tmp_path, "clearos", rules)
    with slapd:
        rule = '---\n[enabled]\nattribute = "clearGoogleAppsState"\n'
        yield found(tmp_path, slapd, "clearos", rule), slapd


def found(tmp_path: Path, slapd: Slapd, preset: str, more: str = "") -> Organisation:
    (tmp_path / "house").mkdir()
    return organise(tmp_path / "house", source=slapd.source(preset), more=more)


def bob(slapd: Slapd, dn: str) -> None:
    slapd.modify(
        *(f"dn: {dn}", "changetype: modify", "replace: userPassword", f"userPassword: {PASSWORD}")
    )


def everything(slapd: Slapd) -> bytes:
    """The whole database, operational attributes too."""
    command = ["/usr/sbin/slapcat", "-f", str(slapd.folder / "slapd.conf"), "-b", slapd.base]
    return subprocess.run(command, check=True, capture_output=True).stdout


def finding(house: Organisation, what: str, ordinary: tuple[str, Path] | None = None) -> Finding:
    path = house.folder / "gapps-hooks.toml"
    house.state.close()
    (one,) = [one for one in examine(path, ordinary) if one.what == what]
    return one


def dn_of(slapd: Slapd, preset: str) -> str:
    one = crowd(22)[1]
    if preset == "clearos":
        return f"cn={one.full},ou=Users,ou=Accounts,{slapd.base}"
    return f"uid={one.name},ou=People,{slapd.base}"


def test_what_people_can_write_themselves_is_found_out_without_writing(
    open_house: tuple[Organisation, Slapd], tmp_path: Path
) -> None:
    house, slapd = open_house
    dn = dn_of(slapd, "clearos")
    bob(slapd, f"{dn}")
    before = everything(slapd)
    said = finding(house, "self-service", (dn, tmp_path / "bob"))
    assert everything(slapd) == before
    assert not said.fine
    wrong, _, rest = said.text.partition("; may change")
    for attribute in ("clearGoogleAppsState", "clearMailAliases", "clearAccountStatus"):
        assert attribute in wrong
    assert "mail," not in wrong
    assert "entryUUID" not in wrong
    assert "givenName" in rest.partition("; cannot write: ")[0]
    for attribute in ("uid", "mail", "entryUUID"):
        assert attribute in rest.partition("; cannot write: ")[2]
    assert said.text.endswith("(source.attributes)")


@pytest.mark.parametrize("right", ["", "add", "delete"])
def test_a_right_to_add_or_to_remove_is_a_right_to_write(tmp_path: Path, right: str) -> None:
    letter = {"add": "a", "delete": "z"}.get(right, "")
    rules = f"access to attrs=employeeNumber by self ={letter}rscxd by * read"
    slapd = served(tmp_path, "rfc2307bis", rules if right else "")
    with slapd:
        dn = dn_of(slapd, "rfc2307bis")
        bob(slapd, dn)
        slapd.modify(
            *(f"dn: {dn}", "changetype: modify", "add: employeeNumber", "employeeNumber: 7")
        )
        before = everything(slapd)
        house = found(tmp_path, slapd, "rfc2307bis")
        said = finding(house, "self-service", (dn, tmp_path / "bob"))
        assert everything(slapd) == before
    assert said.fine is (not right)
    assert ("account: employeeNumber;" in said.text) is bool(right)


def test_joining_the_enabling_group_oneself_is_found_out(tmp_path: Path) -> None:
    rules = 'access to dn.exact="cn=google,ou=Groups,dc=example,dc=org" by users write by * read'
    slapd = served(tmp_path, "rfc2307bis", rules)
    with slapd:
        dn = dn_of(slapd, "rfc2307bis")
        bob(slapd, dn)
        before = everything(slapd)
        house = found(tmp_path, slapd, "rfc2307bis", '---\n[enabled]\ngroup = "google"\n')
        said = finding(house, "self-service", (dn, tmp_path / "bob"))
        assert everything(slapd) == before
    assert not said.fine
    assert "member of cn=google" in said.text


def test_one_who_cannot_sign_in_is_told(tmp_path: Path) -> None:
    slapd = served(tmp_path, "rfc2307bis")
    with slapd:
        house = found(tmp_path, slapd, "rfc2307bis")
        said = finding(house, "self-service", (dn_of(slapd, "rfc2307bis"), tmp_path / "bob"))
    assert not said.fine
    assert "refuses the sign-in; see --ordinary-user and --password-file" in said.text
    assert PASSWORD not in said.text


def test_hashes_are_counted_and_the_option_is_offered(
    open_house: tuple[Organisation, Slapd],
) -> None:
    house, _ = open_house
    path = str(house.folder / "gapps-hooks.toml")
    house.state.close()
    result = CliRunner().invoke(program, ["--config", path, "check"])
    assert "ok       source: ldap, 22 accounts" in result.output
    enabled = sum(one.active and one.google for one in crowd(22))
    counted = f"passwords: {enabled} of {enabled} enabled people have a hash that Google takes"
    assert f"ok       {counted}\n" in result.output
    assert "ok       enabled: attribute clearGoogleAppsState, " in result.output
    assert "--ordinary-user DN --password-file FILE" in result.output
    result = CliRunner().invoke(program, ["--config", path, "check", "--ordinary-user", "cn=x"])
    assert "belong together" in result.output
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("attribute", "named"),
    [
        ("shadowExpire", "shadowExpire (status)"),
        ("employeeNumber", "employeeNumber (employee_id)"),
        ("title", "title (enabled)"),
        ("memberUid", "memberUid (members)"),
    ],
)
def test_an_attribute_that_cannot_be_read_is_named(
    tmp_path: Path, attribute: str, named: str
) -> None:
    reader = "cn=sync,dc=example,dc=org"
    rule = f'access to attrs={attribute} by dn.exact="{reader}" none by * read'
    slapd = served(tmp_path, "rfc2307bis", rule)
    with slapd:
        enabled = '---\n[enabled]\nattribute = "title"\nvalue = "yes"\n'
        said = finding(found(tmp_path, slapd, "rfc2307bis", enabled), "attributes")
    assert not said.fine
    assert f"cannot be read in anybody: {named}; let {reader} read and compare that" in said.text


@pytest.mark.parametrize("right", ["=scd", "read"])
def test_a_right_to_search_is_none_to_read(tmp_path: Path, right: str) -> None:
    rule = f'access to attrs=displayName by dn.exact="cn=sync,dc=example,dc=org" {right} by * read'
    slapd = served(tmp_path, "rfc2307bis", rule)
    with slapd:
        all_of_them = "---\n[enabled]\nall = true\n"
        said = finding(found(tmp_path, slapd, "rfc2307bis", all_of_them), "attributes")
    assert said.fine is (right == "read")
    assert ("displayName (full_name); let" in said.text) is not said.fine


def test_a_name_that_the_server_does_not_answer_with_is_named(tmp_path: Path) -> None:
    slapd = served(tmp_path, "rfc2307bis")
    slapd_source = slapd.source("rfc2307bis")
    (tmp_path / "house").mkdir()
    with slapd:
        house = organise(
            tmp_path / "house",
            source=slapd_source,
            more='---\n[source.attributes]\nfamily_name = "surname"\n[enabled]\nall = true\n',
        )
        said = finding(house, "attributes")
    assert not said.fine
    assert "surname (family_name); let" in said.text
    assert "call it as the server does" in said.text


@pytest.mark.parametrize("preset", ["clearos", "active-directory", "freeipa"])
def test_where_all_can_be_read_nothing_is_named(tmp_path: Path, preset: str) -> None:
    slapd = served(tmp_path, preset)
    with slapd:
        said = finding(found(tmp_path, slapd, preset, "---\n[enabled]\nall = true\n"), "attributes")
    assert (said.fine, said.text) == (True, "whatever is relied on can be read, or is not there")


def test_who_is_enabled_is_not_known_where_the_attribute_cannot_be_read(tmp_path: Path) -> None:
    rule = 'access to attrs=title by dn.exact="cn=sync,dc=example,dc=org" none by * read'
    slapd = served(tmp_path, "rfc2307bis", rule)
    with slapd:
        enabled = '---\n[enabled]\nattribute = "title"\nvalue = "yes"\n'
        house = found(tmp_path, slapd, "rfc2307bis", enabled)
        house.state.close()
        examined = {one.what: one for one in examine(house.folder / "gapps-hooks.toml")}
    said, hashes = examined["enabled"], examined["passwords"]
    assert (said.fine, hashes.fine) == (False, False)
    assert said.text.startswith("attribute title, not known of ")
    assert said.text.endswith("; see attributes")
    assert hashes.text == "not known, because it is not known who is enabled; see enabled"


def test_a_scheme_that_google_does_not_take_has_its_remedy(tmp_path: Path) -> None:
    slapd = served(tmp_path, "rfc2307bis")
    with slapd:
        slapd.modify(
            *(f"dn: {dn_of(slapd, 'rfc2307bis')}", "changetype: modify"),
            *("replace: userPassword", "userPassword: {SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3"),
        )
        said = finding(
            found(tmp_path, slapd, "rfc2307bis", "---\n[enabled]\nall = true\n"), "passwords"
        )
    assert said.fine
    assert "; 1 salted SHA; let the directory store {CRYPT} with the salt format" in said.text
