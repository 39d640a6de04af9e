"""What may stand in the settings file, and what is said of everything else."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapps_hooks.errors import BadSettings
from gapps_hooks.settings import Bound, Settings, known_keys, load_settings

REFERENCE = Path(__file__).parents[2] / "docs" / "settings.md"
SMALLEST = """
domain = "example.org"
admin = "admin@example.org"
[google]
credentials = "{directory}/key.json"
[source]
type = "nss"
[enabled]
all = true
[state]
directory = "/var/lib/gapps-hooks"
"""
KEY = {
    "type": "service_account",
    "client_email": "hook@project.iam.gserviceaccount.com",
    "private_key": "-----BEGIN SECRET-----",
    "token_uri": "https://oauth2.googleapis.com/token",
}

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a settings file beside a good key file."""
    key = tmp_path / "key.json"
    key.write_text(json.dumps(KEY))
    key.chmod(0o600)

    def write_settings(text: str) -> Path:
        path = tmp_path / "gapps-hooks.toml"
        path.write_text(text.replace("{directory}", str(tmp_path)))
        path.chmod(0o644)
        return path

    return write_settings


def complaints(path: Path) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        load_settings(path)
    return [str(complaint) for complaint in caught.value.complaints]


def only_complaint(path: Path) -> str:
    (complaint,) = complaints(path)
    return complaint


def test_the_smallest_file_works_and_has_the_documented_defaults(
    write: Write, tmp_path: Path
) -> None:
    settings = load_settings(write(SMALLEST))
    assert settings.path == tmp_path / "gapps-hooks.toml"
    assert (settings.domain, settings.domains) == ("example.org", ("example.org",))
    assert (settings.mode, settings.existing_accounts) == ("deliver", "adopt")
    assert (settings.administrators, settings.protected) == ("leave", ())
    assert {"abuse", "postmaster", "admin", "billing"} <= settings.role_addresses
    assert settings.policy_directory == tmp_path / "policy.d"
    google = settings.google
    assert google.credentials == tmp_path / "key.json"
    assert (google.timeout, google.rate, google.burst, google.creation_rate) == (10, 38, 100, 9.8)
    assert (google.api_endpoint, google.ca_bundle) == (None, None)
    assert (settings.source.directory, settings.source.max_bytes) == (Path("/etc"), 1 << 26)
    assert (settings.enabled.all, settings.enabled.filter) == (True, ())
    groups = settings.groups
    assert (groups.which, groups.external_posting) == (None, False)
    assert (groups.removed, groups.exact) == ("empty", False)
    assert (settings.state.owner, settings.hooks.wait) == (None, 5.0)
    assert settings.state.keep_hashes == 30.0
    assert (settings.agent.watch, settings.agent.log) == (True, "text")
    assert settings.bounds.suspend == Bound(share=0.10, most=50, least=3)
    assert settings.bounds.remove_member == Bound(share=0.10, most=500, least=50)
    assert settings.bounds.create is None


def test_the_settings_cannot_be_changed(write: Write) -> None:
    settings: Any = load_settings(write(SMALLEST))
    with pytest.raises(AttributeError):
        settings.domain = "evil.example"


def test_everything_can_be_set(write: Write, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    text = """
    domain = "Example.org"
    domains = ["b.example", "example.ORG"]
    admin = "Admin@b.example"
    mode = "observe"
    existing_accounts = "refuse"
    administrators = "profile"
    protected = ["CEO@example.org", "*-admin@example.org"]
    role_addresses = ["Abuse"]
    policy_directory = "/srv/policy"
    [google]
    credentials = "{directory}/key.json"
    api_endpoint = "http://127.0.0.1:8085/"
    timeout = 3
    rate = 10
    burst = 1800
    creation_rate = 1
    ca_bundle = "{directory}/ca.pem"
    [source]
    type = "json"
    command = ["/usr/bin/list-users", "--json"]
    timeout = 60.5
    max_bytes = 1000
    [enabled]
    filter = { org_unit = ["/Staff", "/Staff/*"], email = "*@example.org" }
    [groups]
    which = ["team-*"]
    external_posting = true
    removed = "delete"
    exact = true
    [state]
    directory = "/srv/state"
    owner = "nobody"
    keep_hashes = 7
    [hooks]
    wait = 0
    [agent]
    watch = false
    log = "json"
    [bounds]
    create = 7
    [bounds.suspend]
    share = 0.5
    [bounds.remove_member]
    share = 1
    """
    settings = load_settings(write(text))
    assert settings.domains == ("example.org", "b.example")
    assert settings.admin == "admin@b.example"
    assert settings.protected == ("ceo@example.org", "*-admin@example.org")
    assert settings.role_addresses == {"abuse"}
    assert settings.policy_directory == Path("/srv/policy")
    assert settings.google.api_endpoint == "http://127.0.0.1:8085"
    assert settings.source.command == ("/usr/bin/list-users", "--json")
    assert settings.enabled.filter == (
        ("org_unit", "/Staff"),
        ("org_unit", "/Staff/*"),
        ("email", "*@example.org"),
    )
    assert settings.groups.which == ("team-*",)
    assert settings.state.keep_hashes == 7
    assert (settings.agent.watch, settings.agent.log) == (False, "json")
    assert settings.bounds.create == 7
    assert settings.bounds.suspend == Bound(share=0.5, most=50, least=3)
    assert settings.bounds.remove_member == Bound(share=1.0, most=500, least=50)


def test_every_complaint_comes_in_one_error(write: Write) -> None:
    text = "\n" + "\n".join(
        complaints(
            write("""
            domain = "nowhere"
            mode = "sometimes"
            admni = "admin@example.org"
            [google]
            credentials = "key.json"
            timeout = "long"
            [source]
            type = "ldpa"
            [enabled]
            all = 1
            [state]
            direktory = "/x"
            [hooks]
            wait = 61
            [bounds.suspend]
            share = 1.5
            """)
        )
    )
    for key in (
        "domain = 'nowhere'",
        "mode = 'sometimes'",
        "admin: is missing",
        "admni: is not a known key; did you mean admin?",
        "google.credentials = 'key.json': must be an absolute path",
        "google.timeout = 'long': must be a number",
        "source.type = 'ldpa': must be 'nss', 'ldap', 'json' or 'none'",
        "enabled.all = 1: must be true or false",
        "state.directory: is missing",
        "state.direktory: is not a known key; did you mean directory?",
        "hooks.wait = 61: must be at most 60",
        "bounds.suspend.share = 1.5: must be at most 1",
    ):
        assert f"\n{key}" in text


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("domain =", "path = 'x'\ndomain =", "path: is not a known key"),
        ("domain =", "credentials = 'x'\ndomain =", "credentials belongs into [google]"),
        ("all = true", "all = true\nadmin = 'x'", "belongs into the top of the file"),
        ("admin@example.org", "admin@else.example", "is not in example.org"),
        (
            "[google]",
            "protected = ['*-x', 'CEO']\n[google]",
            "has 'ceo', which is no address and protects nobody; write ceo@example.org, or ceo@*",
        ),
        ("admin@example.org", "admin", "is not an address"),
        ('"example.org"', '"exam ple.org"', "is not a domain"),
        ('"example.org"', '"exämple.org"', "punycode"),
        ('"example.org"', "7", "domain = 7: must be a text"),
        ("all = true", "all = false", "exactly one of"),
        ("all = true", 'all = true\ngroup = "g"', "exactly one of"),
        ("all = true", 'all = true\nvalue = "g"', "without an attribute"),
        ("all = true", 'attribute = "google"', "never has"),
        ("all = true", "filter = {}", "is empty"),
        ("all = true", "filter = { email = [] }", "without a pattern"),
        ("all = true", 'filter = { colour = "red" }', "never has"),
        ("all = true", 'group = ""', "is empty"),
        ('type = "nss"', 'type = "json"', "either file or command"),
        ('type = "nss"', 'type = "json"\nfile="/a"\ncommand=["/b"]', "either file or command"),
        ('type = "nss"', 'type = "json"\ncommand=[]', "names no program"),
        ('type = "nss"', 'type = "json"\ncommand=["list"]', "absolute path"),
        ('type = "nss"', 'type = "nss"\nfile="/a"', "neither file nor command"),
        ('type = "nss"', 'type = "nss"\ndirectory="etc"', "absolute path"),
        ("[source]", "rate = 40\n[source]", "at most 2400"),
        ("[source]", "burst = 1000\n[source]", "at most 2400"),
        ("[source]", "rate = nan\n[source]", "finite"),
        ("[source]", "timeout = 0\n[source]", "google.timeout"),
        ("[source]", "creation_rate = 11\n[source]", "google.creation_rate"),
        ("[source]", 'api_endpoint = "ftp://x"\n[source]', "google.api_endpoint"),
        ("[source]", 'api_endpoint = "http://[x"\n[source]', "google.api_endpoint"),
        ("[source]", 'ca_bundle = "/nowhere/ca.pem"\n[source]', "certificates in PEM"),
        ("[state]", '[groups]\nwhich = "some"\n[state]', 'must be "none", "all"'),
        ("[state]", "[groups]\nwhich = []\n[state]", 'must be "none", "all"'),
        ("[state]", '[groups]\nwhich = ["a", ""]\n[state]', 'must be "none", "all"'),
        ("[state]", "[hooks]\nwait = true\n[state]", "hooks.wait = true: must be a number"),
        ("[state]", "[bounds]\nsuspend = 5\n[state]", "bounds.suspend = 5: must be a table"),
        ("[state]", "[state]\nowner = 'no such user'", "is not a user of this system"),
        ('type = "nss"', "", "source.type: is missing"),
        ("/var/lib/gapps-hooks", "state", "absolute path"),
        ("domain =", "domain", "is not TOML"),
        ("domain =", "domain = 'a.b'\ndomain =", "is not TOML"),
        ("domain =", "role_addresses = ['a@b']\ndomain =", "before the @"),
    ],
)
def test_a_single_mistake_makes_a_single_complaint_that_names_it(
    write: Write, old: str, new: str, complaint: str
) -> None:
    assert old in SMALLEST
    assert complaint in only_complaint(write(SMALLEST.replace(old, new, 1)))


def test_the_enabled_group_needs_a_source(write: Write) -> None:
    text = SMALLEST.replace("all = true", 'group = "g"').replace('"nss"', '"none"')
    assert "without a source" in only_complaint(write(text))


# --- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_settings_file_that_others_may_write_is_refused(write: Write, mode: int) -> None:
    path = write(SMALLEST)
    path.chmod(mode)
    assert "may be written by others" in only_complaint(path)
    assert load_settings(path, check_files=False).domain == "example.org"


def test_a_directory_above_that_others_may_write_is_refused(write: Write, tmp_path: Path) -> None:
    path = write(SMALLEST)
    tmp_path.chmod(0o777)
    found = complaints(path)
    assert len(found) == 2
    assert all(f"{tmp_path}: may be written by others" in text for text in found)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_of_another_user_are_refused(write: Write, tmp_path: Path) -> None:
    path = write(SMALLEST)
    os.chown(path, 65534, 65534)
    os.chown(tmp_path / "key.json", 65534, 65534)
    assert [text.partition(" =")[0] for text in complaints(path)] == [
        "settings",
        "google.credentials",
    ]
    path = write(SMALLEST + 'owner = "nobody"\n')
    os.chown(path, 0, 0)
    assert load_settings(path).state.owner == "nobody"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_is_not_private_is_refused(write: Write, tmp_path: Path, mode: int) -> None:
    (tmp_path / "key.json").chmod(mode)
    assert "keep it private" in only_complaint(write(SMALLEST))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "is not a key file"),
        ("[]", "is not a key file"),
        ("[" * 100_000, "is not a key file"),
        (json.dumps({**KEY, "type": "authorized_user"}), "not the key of a service account"),
        (json.dumps({**KEY, "private_key": ""}), "has no private_key"),
        (json.dumps({**KEY, "token_uri": 7}), "has no token_uri"),
    ],
)
def test_a_file_that_is_no_key_is_refused_without_being_shown(
    write: Write, tmp_path: Path, content: str, complaint: str
) -> None:
    (tmp_path / "key.json").write_text(content)
    text = only_complaint(write(SMALLEST))
    assert complaint in text
    assert "SECRET" not in text


def test_a_missing_file_is_named(write: Write, tmp_path: Path) -> None:
    (tmp_path / "key.json").unlink()
    assert "key.json: cannot be read (No such file" in only_complaint(write(SMALLEST))
    assert "nowhere: cannot be read (No such file" in only_complaint(tmp_path / "nowhere")
    assert "cannot be read (Is a directory)" in only_complaint(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in only_complaint(tmp_path / "pipe")


@pytest.mark.parametrize("content", [b"\xff", b"a = " + b"[" * 100_000, b"a = " + b"9" * 5000])
def test_a_file_that_cannot_be_decoded_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    assert only_complaint(path).startswith("settings = ")


# --- values ------------------------------------------------------------------------------------


def test_settings_can_be_made_in_code_too(write: Write) -> None:
    read = load_settings(write(SMALLEST))
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


@given(
    st.floats(min_value=0, max_value=1),
    st.integers(min_value=0, max_value=1000),
    st.integers(min_value=0, max_value=1000),
    st.integers(min_value=0, max_value=10**6),
)
def test_a_bound_lies_between_its_ends_and_grows_with_the_population(
    share: float, most: int, least: int, population: int
) -> None:
    bound = Bound(share=share, most=most, least=least)
    assert least <= bound.limit(population) <= max(least, most)
    assert bound.limit(population) <= bound.limit(population + 1)


@pytest.mark.parametrize(("population", "limit"), [(0, 3), (30, 3), (100, 10), (10_000, 50)])
def test_the_usual_bound_is_a_tenth_from_3_to_50(population: int, limit: int) -> None:
    assert Bound().limit(population) == limit


# --- the reference -----------------------------------------------------------------------------


@pytest.mark.parametrize("key", known_keys())
def test_every_key_is_in_the_reference(key: str) -> None:
    assert f"`{key}`" in REFERENCE.read_text()


def test_the_reference_begins_with_a_file_that_works(write: Write, tmp_path: Path) -> None:
    text = REFERENCE.read_text().split("```toml\n")[1].split("```")[0]
    assert tomllib.loads(text) == tomllib.loads(
        SMALLEST.replace("{directory}", "/etc/gapps-hooks").replace(
            "/key.json", "/service-account.json"
        )
    )
    path = write(text.replace("/etc/gapps-hooks/service-account.json", f"{tmp_path}/key.json"))
    assert load_settings(path).domain == "example.org"
