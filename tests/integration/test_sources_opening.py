"""Which source the settings open."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gapps_hooks.settings import (
    EnabledSettings,
    GoogleSettings,
    Settings,
    SourceSettings,
    StateSettings,
)
from gapps_hooks.sources import JsonSource, NssSource, open_source


def settings_with(source: SourceSettings) -> Settings:
    return Settings(
        path=Path("/etc/gapps-hooks/gapps-hooks.toml"),
        domain="example.org",
        admin="admin@example.org",
        google=GoogleSettings(credentials=Path("/key.json")),
        source=source,
        enabled=EnabledSettings(all=True),
        state=StateSettings(directory=Path("/state")),
    )


def test_without_a_source_there_is_none() -> None:
    assert open_source(settings_with(SourceSettings(type="none"))) is None


def test_nss_reads_the_directory_that_is_set(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("alice:x:1001:1001::/home/alice:/bin/sh\n")
    (tmp_path / "group").write_text("alice:x:1001:\n")
    source = open_source(settings_with(SourceSettings(type="nss", directory=tmp_path)))
    assert isinstance(source, NssSource)
    assert source.account_names().names == ("alice",)


@pytest.mark.parametrize("origin", ["file", "command"])
def test_json_reads_the_file_or_runs_the_command(tmp_path: Path, origin: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"users": [{"username": "alice"}]}))
    by_file = SourceSettings(type="json", file=path)
    by_command = SourceSettings(type="json", command=("/bin/cat", str(path)))
    source = open_source(settings_with(by_file if origin == "file" else by_command))
    assert isinstance(source, JsonSource)
    assert source.account_names().names == ("alice",)


WITHOUT_LDAP = """
import sys
from pathlib import Path
sys.modules["ldap"] = None  # as if it were not installed
from gapps_hooks.errors import BadSettings
from gapps_hooks.settings import *
from gapps_hooks.sources import open_source
try:
    open_source(Settings(
        path=Path("/x"), domain="example.org", admin="admin@example.org",
        google=GoogleSettings(credentials=Path("/k")), enabled=EnabledSettings(all=True),
        source=SourceSettings(type="ldap", preset="rfc2307", uri="ldapi://", base="dc=x"),
        state=StateSettings(directory=Path("/s")),
    ))
except BadSettings as error:
    print(error)
"""


def test_without_the_packages_of_ldap_its_source_says_how_to_get_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LDAP], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("source.type = 'ldap': needs python-ldap")
    assert "pip install '.[ldap]'" in done.stdout
    assert "libldap-dev" in done.stdout
