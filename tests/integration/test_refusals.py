"""Bad input and a bad disk, met by the real scripts of hooks.d: one sentence, nothing changed."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from real_hooks import Message, Site

from gapps_hooks.outbox import entries

CHECKOUT = Path(__file__).resolve().parents[2]
EVENTS = ("user-add", "user-modify", "user-delete", "group-change", "password-set")
ROOT = os.geteuid() == 0


@pytest.fixture
def hooks(installation: Path) -> Path:
    """The scripts of an installation that holds the real package."""
    (package,) = installation.glob("lib/python3.*/site-packages/gapps_hooks")
    shutil.rmtree(package)
    package.symlink_to(CHECKOUT / "gapps_hooks")
    (package.parent / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    assert sys.prefix != str(installation)
    return installation / "share" / "gapps-hooks" / "hooks.d"


def run(
    hooks: Path, site: Site, event: str, name: str, payload: bytes
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [hooks / event, "--", name],
        input=payload,
        capture_output=True,
        env={"GAPPS_HOOKS_CONFIG": str(site.settings)},
        check=False,
        timeout=60,
    )


def nothing_is_recorded(site: Site) -> bool:
    if not (site.state / "state.db").exists():
        return True
    with site.wiring() as wiring:
        return entries.all_entries(wiring.state) == () and not wiring.state.rows(
            "SELECT * FROM subjects"
        )


DEEP = b'{"phones": ' + b"[" * 5000 + b"]" * 5000 + b"}"
SHA = "$6$rounds=50000$salt$" + "a" * 86
PAYLOADS: dict[str, tuple[str, bytes, bytes]] = {
    "no object": ("user-add", b"[1]", b"object"),
    "no json": ("user-add", b"given_name=Alice", b"JSON"),
    "broken": ("user-add", b'{"given_name": "Al', b"JSON"),
    "no utf-8": ("user-add", b'{"given_name": "\xff"}', b"UTF-8"),
    "10 MB": ("user-add", b'{"given_name": "' + b"x" * 10_000_000 + b'"}', b"1048576"),
    "deep": ("user-add", DEEP, b""),
    "nul": ("user-modify", b'{"given_name": "a\\u0000b"}', b"given_name"),
    "newline": ("user-modify", b'{"given_name": "a\\nb"}', b"given_name"),
    "unknown key": ("user-modify", b'{"given_nam": "a"}', b"given_name"),
    "wrong type": ("user-modify", b'{"enabled": "yes"}', b"enabled"),
    "twice": ("user-modify", b'{"email": "a@example.org", "email": "b@example.org"}', b"email"),
    "no members": ("group-change", b'{"description": "x"}', b"members"),
    "too short": ("password-set", b'{"password": "seven77"}', b"8"),
    "too long": ("password-set", json.dumps({"password": "x" * 101}).encode(), b"100"),
    "not ascii": ("password-set", '{"password": "pässwörter"}'.encode(), b"ASCII"),
    "salted": (
        "password-set",
        b'{"password_hash": "{SSHA}c2VjcmV0c2VjcmV0c2FsdA=="}',
        b"salted SHA",
    ),
    "yescrypt": ("password-set", b'{"password_hash": "$y$j9T$c2FsdA$aaaaaaaa"}', b"yescrypt"),
    "bcrypt": ("password-set", b'{"password_hash": "$2b$12$aaaaaaaaaaaaaaaaaaaa"}', b"bcrypt"),
    "unknown hash": ("password-set", b'{"password_hash": "hunter2hunter2"}', b"password_hash"),
    "rounds": ("password-set", json.dumps({"password_hash": SHA}).encode(), b"10000"),
    "none at all": ("password-set", b"", b"password"),
}
SECRETS = (b"seven77", b"x" * 101, "pässwörter".encode(), b"c2VjcmV0", b"aaaaaaaa", b"hunter2")


@pytest.mark.parametrize("title", PAYLOADS)
def test_a_bad_payload_is_refused_with_one_sentence_and_nothing_is_recorded(
    hooks: Path, site: Site, title: str
) -> None:
    event, payload, word = PAYLOADS[title]
    finished = run(hooks, site, event, "alice", payload)
    assert finished.returncode == 64, finished.stderr
    assert finished.stdout == b""
    assert finished.stderr.count(b"\n") == 1
    assert word in finished.stderr
    assert len(finished.stderr) < 500
    assert not any(secret in finished.stderr for secret in SECRETS)
    assert nothing_is_recorded(site)


@pytest.mark.parametrize("name", ["", "a\nb", "a\x1b[2Jb", "x" * 256, "a\x7fb", " "])
@pytest.mark.parametrize("event", EVENTS)
def test_a_hostile_name_is_refused_by_every_script(
    hooks: Path, site: Site, event: str, name: str
) -> None:
    payload = b'{"members": []}' if event == "group-change" else b""
    finished = run(hooks, site, event, name, payload)
    assert finished.returncode == 64, finished.stderr
    assert finished.stderr.count(b"\n") == 1
    assert b"\x1b" not in finished.stderr
    assert nothing_is_recorded(site)


# --- the disk ------------------------------------------------------------------------------------

MESSAGE = Message.of("user-add", "bob", {"id": "entryUUID:b"})


def refused(site: Site, *prefix: str) -> str:
    """Run a hook that must not claim anything, and one that shows that nothing is broken."""
    with site.start(MESSAGE, prefix=prefix) as process:
        output, complaint = process.communicate(timeout=60)
    assert (process.returncode, output) == (1, b""), complaint
    assert complaint.startswith(b"not recorded: ")
    assert complaint.count(b"\n") == 1
    assert site.created() == ["alice"]
    return complaint.decode()


@pytest.fixture
def begun(site: Site) -> Site:
    site.configure(wait=30.0)  # a whole program has to start, beside whatever else runs
    assert site.run(Message.of("user-add", "alice", {"id": "entryUUID:a"}))[0] == 0
    return site


def test_a_limit_on_files_is_not_success(begun: Site) -> None:
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("prlimit is not installed")
    refused(begun, prlimit, "--fsize=0")
    assert begun.run(MESSAGE)[0] == 0
    assert begun.created() == ["alice", "bob"]


MOUNTS = {
    "full": "mount -t tmpfs -o size=16k,mode=700 none {state}",
    "read-only": "mount --bind {state} {state} && mount -o remount,bind,ro {state}",
    "full later": "mount -t tmpfs -o size=400k,mode=700 none {state} && cp -a {copy}/. {state}"
    " && head -c 1M /dev/zero 2>/dev/null >{state}/filler; true",
}


@pytest.mark.skipif(not ROOT, reason="only root may mount")
@pytest.mark.parametrize("mount", MOUNTS)
def test_a_disk_that_takes_nothing_is_not_success(begun: Site, mount: str) -> None:
    copy = begun.folder / "copy"
    shutil.copytree(begun.state, copy)
    prepare = MOUNTS[mount].format(state=begun.state, copy=copy)
    alone = subprocess.run(["/usr/bin/unshare", "-m", "true"], check=False, capture_output=True)
    if alone.returncode:
        pytest.skip("there are no mount namespaces here")
    refused(begun, "/usr/bin/unshare", "-m", "/bin/sh", "-c", f'{prepare}; exec "$@"', "sh")
    assert begun.run(MESSAGE)[0] == 0
    assert begun.created() == ["alice", "bob"]


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_a_state_that_others_may_reach_is_refused(begun: Site, mode: int) -> None:
    begun.state.chmod(mode)
    assert "chmod 700" in refused(begun)


@pytest.mark.skipif(not ROOT, reason="only root may give files away")
def test_a_state_of_somebody_else_is_refused(begun: Site) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(begun.state, nobody.pw_uid, nobody.pw_gid)
    assert "chown" in refused(begun)


def test_settings_or_a_key_that_others_may_read_are_refused(begun: Site) -> None:
    (begun.folder / "key.json").chmod(0o644)
    assert "key.json" in refused(begun)
    (begun.folder / "key.json").chmod(0o600)
    begun.settings.write_text(begun.settings.read_text() + "\n[enabled\n")
    assert "gapps-hooks.toml" in refused(begun)
