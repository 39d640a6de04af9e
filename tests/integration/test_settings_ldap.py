"""What may be set of an LDAP source, and what is said of everything else."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from gapps_hooks.errors import BadSettings
from gapps_hooks.settings import PRESETS, Settings, load_settings, taken
from gapps_hooks.sources import open_source
from gapps_hooks.sources.ldap_source import LdapSource

ROOT = Path(__file__).parents[2]
SETTINGS = """
domain = "example.org"
admin = "admin@example.org"
[google]
credentials = "{directory}/key.json"
[source]
type = "ldap"
preset = "rfc2307bis"
uri = "ldaps://ldap.example.org"
base = "dc=example,dc=org"
bind_dn = "cn=sync,dc=example,dc=org"
password_file = "{directory}/password"
[enabled]
all = true
[state]
directory = "/var/lib/gapps-hooks"
"""
KEY = {"type": "service_account", "client_email": "a@b", "private_key": "x", "token_uri": "y"}

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    for name, text in {"key.json": json.dumps(KEY), "password": "secret\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)

    def write_settings(text: str) -> Path:
        path = tmp_path / "gapps-hooks.toml"
        path.write_text(text.replace("{directory}", str(tmp_path)))
        path.chmod(0o644)
        return path

    return write_settings


def only_complaint(path: Path) -> str:
    with pytest.raises(BadSettings) as caught:
        load_settings(path)
    (complaint,) = caught.value.complaints
    return str(complaint)


def test_the_documented_defaults_hold(write: Write) -> None:
    source = load_settings(write(SETTINGS)).source
    assert (source.starttls, source.verify, source.page_size) == (False, True, 500)
    assert (source.ca_file, source.sasl, source.more_attributes) == (None, None, ())
    assert taken(source) == PRESETS["rfc2307bis"].attributes


def test_a_field_is_taken_from_elsewhere_or_from_nowhere(write: Write) -> None:
    text = (
        SETTINGS
        + '[source.attributes]\nemail = "mail"\nphones = ["mobile", "pager"]\npassword = []\n'
    )
    fields = taken(load_settings(write(text)).source)
    assert fields["email"] == ("mail",)
    assert fields["phones"] == ("mobile", "pager")
    assert fields["password"] == ()
    assert fields["username"] == ("uid",)


def test_nothing_is_asked_when_the_source_is_opened(write: Write) -> None:
    source = open_source(load_settings(write(SETTINGS)))
    assert isinstance(source, LdapSource)
    source.cut_short()


def test_clearos_brings_its_own_rule_which_can_be_replaced(write: Write) -> None:
    text = SETTINGS.replace("rfc2307bis", "clearos")
    bare = text.replace("[enabled]\nall = true\n", "")
    assert load_settings(write(bare)).enabled.attribute == "clearGoogleAppsState"
    assert load_settings(write(text)).enabled.all
    assert "enabled: is missing" in only_complaint(write(bare.replace("clearos", "freeipa")))


def test_the_rule_may_look_at_any_attribute_of_a_directory(write: Write) -> None:
    for rule in ('attribute = "employeeType"', 'filter = { departmentNumber = "7*", email = "*" }'):
        assert load_settings(write(SETTINGS.replace("all = true", rule)))
    strange = 'filter = { "a b" = "7" }'
    assert "cannot be an attribute" in only_complaint(
        write(SETTINGS.replace("all = true", strange))
    )


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('uri = "ldaps://ldap.example.org"\n', "", "needs uri"),
        ('preset = "rfc2307bis"\n', "", "needs preset, one of rfc2307"),
        ('base = "dc=example,dc=org"\n', "", "needs base"),
        ("rfc2307bis", "openldap", "source.preset = 'openldap': must be 'rfc2307'"),
        ("ldaps://ldap.example.org", "https://x", "is not an address such as ldaps://"),
        ("ldaps://ldap.example.org", "ldap://", "is not an address such as ldaps://"),
        ("ldaps://ldap.example.org", "ldap://a@b", "is not an address such as ldaps://"),
        ("ldaps://ldap.example.org", "ldap://a/dc=x", "is not an address such as ldaps://"),
        ("ldaps://ldap.example.org", "ldapi://slapd", "is not an address such as ldaps://"),
        ("ldaps://ldap.example.org", "ldap://ldap.example.org", "in clear text; set starttls"),
        ('base = "', 'starttls = true\nbase = "', "starttls, which is for ldap:// only"),
        ('base = "', 'base = "x', None),
        ("dc=example,dc=org", "example.org", "is not a distinguished name"),
        ('bind_dn = "cn=sync,dc=example,dc=org"\n', "", "needs both bind_dn and password_file"),
        ('password_file = "{directory}/password"\n', "", "needs both bind_dn and password_file"),
        ('base = "', 'sasl = "external"\nbase = "', "needs a socket"),
        ('base = "', 'sasl = "gssapi"\nbase = "', "must be 'external'"),
        ('base = "', 'page_size = 0\nbase = "', "source.page_size = 0: must be at least 1"),
        ('base = "', 'user_filter = "uid=*"\nbase = "', "is not a filter"),
        ('base = "', 'user_filter = "(uid=*))"\nbase = "', "is not a filter"),
        ('base = "', 'group_filter = "(a=b)(c=d)"\nbase = "', "is not a filter"),
        ('base = "', 'ca_file = "/nowhere/ca.pem"\nbase = "', "certificates in PEM"),
        ('base = "', 'file = "/list.json"\nbase = "', "takes neither file nor command"),
        ('base = "', 'more_attributes = ["a b"]\nbase = "', "cannot be an attribute of LDAP"),
        ('type = "ldap"', 'type = "nss"', "of type nss takes no uri; that is for ldap"),
        ("[enabled]", '[source.attributes]\nemial = "mail"\n[enabled]', "did you mean email?"),
        ("[enabled]", "[source.attributes]\nemail = 7\n[enabled]", "must be the name of an"),
        ("[enabled]", '[source.attributes]\nemail = "a b"\n[enabled]', "cannot be an attribute"),
        ("[enabled]", "[source.attributes]\nmembers = []\n[enabled]", "takes members from nowhere"),
    ],
)
def test_a_mistake_makes_one_complaint_with_its_remedy(
    write: Write, old: str, new: str, complaint: str | None
) -> None:
    assert old in SETTINGS
    path = write(SETTINGS.replace(old, new, 1))
    if complaint is None:
        assert load_settings(path)
    else:
        assert complaint in only_complaint(path)


def test_a_filter_may_be_nested(write: Write) -> None:
    nested = "(&(objectClass=person)(|(ou=a)(!(ou=b))))"
    text = SETTINGS.replace('base = "', f'user_filter = "{nested}"\nbase = "', 1)
    assert load_settings(write(text)).source.user_filter == nested


@pytest.mark.parametrize("uri", ["ldap://127.0.0.1", "ldap://[::1]:1389", "ldap://localhost"])
def test_a_password_may_stay_on_this_machine_in_clear_text(write: Write, uri: str) -> None:
    assert load_settings(write(SETTINGS.replace("ldaps://ldap.example.org", uri))).source.uri == uri


def test_a_socket_needs_no_password(write: Write) -> None:
    lines = [line for line in SETTINGS.splitlines() if not line.startswith(("bind", "password"))]
    text = "\n".join(lines).replace("ldaps://ldap.example.org", "ldapi://%2Frun%2Fslapd%2Fldapi")
    text = text.replace('base = "', 'sasl = "external"\nbase = "', 1)
    assert load_settings(write(text)).source.sasl == "external"


@pytest.mark.parametrize(
    ("mode", "content", "complaint"),
    [
        (0o640, "secret", "keep it private"),
        (0o600, "\n", "is empty; put the password of source.bind_dn there"),
        (None, "", "put the password of source.bind_dn there"),
    ],
)
def test_the_password_file_is_judged_like_the_credentials(
    write: Write, tmp_path: Path, mode: int | None, content: str, complaint: str
) -> None:
    path, file = write(SETTINGS), tmp_path / "password"
    file.write_text(content)
    if mode is None:
        file.unlink()
    else:
        file.chmod(mode)
    text = only_complaint(path)
    assert text.startswith("source.password_file = ")
    assert complaint in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("key", "name"), [("status", "loginShell"), ("password_changed", "modifyTimestamp")]
)
def test_only_attributes_that_are_understood_tell_status_and_time(
    write: Write, key: str, name: str
) -> None:
    settings = load_settings(write(f'{SETTINGS}[source.attributes]\n{key} = "{name}"\n'))
    with pytest.raises(BadSettings, match=f"source.attributes.{key} = '{name}'"):
        open_source(settings)


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_has_an_example_in_the_documentation(preset: str) -> None:
    text = (ROOT / "docs" / "examples" / f"ldap-{preset}.toml").read_text()
    assert tomllib.loads(text)["source"]["preset"] == preset
    page = (ROOT / "docs" / "ldap.md").read_text()
    assert f"| `{preset}` |" in page
    assert f"examples/ldap-{preset}.toml" in page


def test_every_attribute_of_a_preset_is_in_the_documentation() -> None:
    page = (ROOT / "docs" / "ldap.md").read_text()
    names = {
        name
        for preset in PRESETS.values()
        for names in preset.attributes.values()
        for name in names
    }
    assert {name for name in names if f"`{name}`" not in page} <= {"cn", "description"}


def test_settings_made_in_code_need_no_file(write: Write) -> None:
    read = load_settings(write(SETTINGS))
    made = Settings(
        path=read.path,
        domain="example.org",
        admin="admin@example.org",
        google=read.google,
        source=read.source,
        enabled=read.enabled,
        state=read.state,
    )
    assert made == read
